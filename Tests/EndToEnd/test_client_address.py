"""Whose address a query has: the client's, told by a proxy that the configuration names, and by nobody else."""
import http.client

import pytest

from country import Agent, Country, Stage, configure, soap, wait_for

LOCKED, OTHER = "203.0.113.9", "198.51.100.1"  # no host of ours: documentation networks
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
FORWARDED = "X-Forwarded-For"
LIMIT = 20
CASES = {  # from, headers, whether the query has the locked address
    "a trusted proxy names the client": (PROXY, [(FORWARDED, LOCKED)], True),
    "a stranger claims an address": (STRANGER, [(FORWARDED, LOCKED)], False),
    "the last one is the proxy's word": (PROXY, [(FORWARDED, f"{OTHER}, {LOCKED}")], True),
    "the first one is the client's word": (PROXY, [(FORWARDED, f"{LOCKED}, {OTHER}")], False),
    "two proxies": (PROXY, [(FORWARDED, f"{LOCKED}, 10.1.2.3")], True),
    "three proxies and a lie": (PROXY, [(FORWARDED, f"{OTHER}, {LOCKED}, 10.1.2.3,10.255.0.1")], True),
    "a lie beyond the client": (PROXY, [(FORWARDED, f"{LOCKED}, {OTHER}, 10.1.2.3")], False),
    "two lines": (PROXY, [(FORWARDED, OTHER), (FORWARDED, LOCKED)], True),
    "two lines, a lie first": (PROXY, [(FORWARDED, LOCKED), (FORWARDED, OTHER)], False),
    "with a port": (PROXY, [(FORWARDED, LOCKED + ":4711")], True),
    "nonsense last": (PROXY, [(FORWARDED, f"{LOCKED}, unknown")], False),
    "nonsense": (PROXY, [(FORWARDED, "' OR 1=1, \xff")], False),
    "mapped": (PROXY, [(FORWARDED, "::ffff:" + LOCKED)], True),
    "our own header": (PROXY, [("X-Real-IP", LOCKED)], False),
    "another header": (PROXY, [("Forwarded", "for=" + LOCKED), ("X-Client-IP", LOCKED)], False),
    "no header": (PROXY, [], False),
}


class Behind:
    """A system whose gateway knows its proxies and one whose gateway knows none; LOCKED is locked at both."""

    def __init__(self, stage):
        rules = {"R9": {"effect": "throttle", "ip": {"limit": LIMIT, "period": "1h"}}}
        self.country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=1, agents=False,
                               policy={"rules": rules})
        for system in self.country.systems:
            self.country.lock(f"ip={LOCKED}@{system}", "--for", "1h")
        self.knows, self.knows_none = (Agent(stage, self.country.collector, self.country.npd, system)
                                       for system in self.country.systems)
        configure(self.knows, gateway={"trustedProxies": [PROXY, "10.0.0.0/8"]})
        self.knows.start()
        self.knows_none.start()


@pytest.fixture(scope="module")
def behind():
    with Stage("chot-test-") as stage:
        yield Behind(stage)


def ask(agent, come_from, headers):
    """(verdict, reason) of a query from one of this host's own addresses."""
    line = http.client.HTTPConnection("127.0.0.1", agent.gateway_port, timeout=10, source_address=(come_from, 0))
    line.putrequest("POST", "/npd/" + agent.system)
    body = soap("canbo0")
    for name, value in [("Content-Type", "text/xml"), ("Content-Length", str(len(body))), *headers]:
        line.putheader(name, value.encode("latin-1"))
    line.endheaders(body)
    answer = line.getresponse()
    answer.read()
    line.close()
    return "allow" if answer.status == 200 else answer.getheader("X-Chot-Verdict"), answer.getheader("X-Chot-Reason")


@pytest.mark.parametrize("case", CASES)
def test_a_client_has_the_address_that_a_trusted_proxy_names(behind, case):
    come_from, headers, is_locked = CASES[case]
    assert ask(behind.knows, come_from, headers)[0] == ("deny" if is_locked else "allow")


@pytest.mark.parametrize("case", CASES)
def test_a_gateway_without_trusted_proxies_believes_nobody(behind, case):
    come_from, headers, _ = CASES[case]
    assert ask(behind.knows_none, come_from, headers)[0] == "allow"


def test_forged_addresses_do_not_outrun_the_limit_of_the_real_one(behind):
    forger = "127.0.0.3"
    verdicts = [ask(behind.knows, forger, [(FORWARDED, f"198.51.100.{i + 10}")]) for i in range(LIMIT + 5)]
    assert verdicts == [("allow", None)] * LIMIT + [("throttle", "R9")] * 5
    # Clients behind the proxy have a limit each, whatever a forger did.
    assert [ask(behind.knows, PROXY, [(FORWARDED, f"198.51.100.{i + 10}")])[0] for i in range(LIMIT + 5)] \
        == ["allow"] * (LIMIT + 5)
    alerts = wait_for("the alert", lambda: behind.country.alerts("R9", "ip"), 10)
    assert [(a["scope"], a["figures"]["count"]) for a in alerts] == [("system=H26.motcua", 5)]


def test_where_addresses_are_not_those_of_clients_none_is_limited(behind):
    assert {ask(behind.knows_none, "127.0.0.4", []) for _ in range(LIMIT + 5)} == {("allow", None)}
