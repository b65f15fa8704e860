"""Floods at the TLS front by those who are nobody and by those with a good token, while honest agents push through the same
front: what is refused there never comes to the collector, and the honest are counted."""
import collections
import contextlib
import http.client
import os
import re
import threading
import time

import pytest
from joserfc.jwk import OKPKey

from country import Country, Stage, metrics
from python_agent import PythonAgent, Refused
from test_front import BODY, answer, client, head, kept, limits, problem

PUSHES_MS = 3000  # p99 of the honest, on a machine that others use; beside a flood that is not bounded they time out


class NearAgent(PythonAgent):
    """From an address of its own."""
    source = "127.0.0.9"

    def request(self, method, path, body=None, headers=None, authorize=True):
        line = http.client.HTTPSConnection(self.host, self.port, timeout=60, context=self.tls,
                                           source_address=(self.source, 0))
        try:
            all_headers = {"Authorization": "Bearer " + self.token()} if authorize else {}
            line.request(method, path, body, {**all_headers, **(headers or {})})
            said = line.getresponse()
            return said.status, dict(said.getheaders()), said.read()
        finally:
            line.close()


@pytest.fixture(scope="module")
def country():
    with Stage("chot-test-") as stage:
        country = Country(stage, systems=("H26.motcua", "H29.motcua"), agents=False)
        port = country.collector.port
        country.honest = NearAgent("127.0.0.1", port, country.collector.cli("agent", "token", "H29.motcua"))
        country.rogue = NearAgent("127.0.0.1", port, country.collector.cli("agent", "token", "H26.motcua"))
        yield country


def refused(country):
    """Requests that the collector itself refused, by reason: those that came to it."""
    said = metrics(os.path.join(country.collector.state, "run/status.sock"))
    return {why: int(n) for why, n in re.findall(r'chot_collector_refused_total\{why="(\w+)"\} (\d+)', said)}


@contextlib.contextmanager
def honest_pushes(country):
    """Pushes of the honest agent as long as the block lasts; all of them are counted, none waits long."""
    agent, over, latencies, errors, sent = country.honest, threading.Event(), [], [], [0]

    def pushing():
        while not over.wait(0.1):
            begin = time.monotonic()
            agent.seal([agent.row("canbo1", "TraCuuThongTinCongDan", agent.at, "office", allowed=1)])
            try:
                agent.push()
            except (OSError, Refused) as error:
                errors.append(repr(error))
                continue
            latencies.append((time.monotonic() - begin) * 1000)
            sent[0] += 1

    def counted():
        return sum(r["allowed"] for r in country.usage("system")["rows"] if r["system"] == "H29.motcua")
    before = counted()
    thread = threading.Thread(target=pushing)
    thread.start()
    try:
        yield
        time.sleep(0.5)
    finally:
        over.set()
        thread.join()
    assert not errors, errors[:3]
    assert len(latencies) >= 3 and sorted(latencies)[int(len(latencies) * 0.99)] <= PUSHES_MS, latencies
    assert counted() - before == sent[0]


def addresses(many):
    """Of one /24, or one alone."""
    return [f"127.7.7.{i}" for i in range(1, 251)] if many else ["127.7.7.1"]


@pytest.mark.parametrize("many", [False, True], ids=["one address", "one /24"])
@pytest.mark.parametrize("said", [None, "x y"])
def test_nobody_comes_to_the_collector(country, many, said):
    """No token, or what is none: 60 connections with a body each, told by the front alone."""
    before, (_, memory) = refused(country), kept(country.collector)
    with honest_pushes(country), contextlib.ExitStack() as stack:
        seen = collections.Counter()
        lines = []
        for i in range(60):
            line = stack.enter_context(client(country.collector.port, addresses(many)[i % len(addresses(many))]))
            line.settimeout(5)
            line.sendall(head("/v1/summaries", BODY, said))
            with contextlib.suppress(OSError):
                line.sendall(b"x" * 65536)
            lines.append(line)
        disk, after = kept(country.collector)
        assert disk == 0 and after - memory < 64 << 20
        for line in lines:
            status, asked, told = problem(answer(line))
            seen[status, asked, told["type"].rsplit(":", 1)[-1]] += 1
    assert seen == {(401, 1, "token-malformed" if said else "token-missing"): 60}
    assert refused(country) == before


@pytest.mark.parametrize("path", ["/v1/lockset?wait=25", "/v1/policy", "/v1/none"])
def test_nor_do_questions_without_a_token(country, path):
    before = refused(country)
    for _ in range(20):
        with client(country.collector.port) as line:
            line.sendall(head(path, 0, method="GET"))
            assert problem(answer(line))[0] == 401
    assert refused(country) == before


def test_tokens_of_nobody(country):
    """Well made, by a key that nobody enrolled: the collector is asked about each, reads no body and writes nothing."""
    agent, now = country.rogue, int(time.time())
    token = agent.sign({"sub": agent.identity["agent"], "aud": agent.identity["collector"], "iat": now, "exp": now + 50},
                       "chot-auth+jwt", kid=OKPKey.generate_key("Ed25519").thumbprint())
    before, seen = refused(country), collections.Counter()
    end = time.monotonic() + 3

    def ask(source):
        while time.monotonic() < end:
            with contextlib.suppress(OSError), client(country.collector.port, source) as line:
                for _ in range(50):
                    line.sendall(head("/v1/epoch", 2, token) + b"{}")
                    seen[problem(answer(line))[0]] += 1
    with honest_pushes(country):
        threads = [threading.Thread(target=ask, args=(f"127.7.7.{i}",)) for i in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(seen) == {401} and seen[401] > 50
    assert refused(country)["token_unknown"] - before.get("token_unknown", 0) == seen[401]


def test_slow_bodies_with_a_good_token(country):
    """Of one address as many wait as it may have, the others hear 429 from the front; an agent at another address goes on."""
    token, seen, before = country.rogue.token(), collections.Counter(), refused(country)
    with limits(country, bodies_per_address=20), honest_pushes(country), contextlib.ExitStack() as stack:
        lines = []
        for _ in range(50):
            line = stack.enter_context(client(country.collector.port, "127.7.7.1"))
            line.sendall(head("/v1/summaries", 1000, token) + b"x")
            lines.append(line)
        time.sleep(0.5)
        for line in lines:
            line.settimeout(0.1)
            try:
                seen[line.recv(100)[9:12]] += 1
            except TimeoutError:
                seen["waits"] += 1
    assert seen == {"waits": 20, b"429": 30}, seen
    assert refused(country) == before


def test_large_bodies_of_a_whole_24_with_one_good_token(country):
    """Of each address its share; what one agent brings is one push at a time, whoever sends it."""
    token, seen = country.rogue.token(), collections.Counter()
    body = b"\n".join([b"x" * 4000] * 1000)

    def send(source):
        with contextlib.suppress(OSError), client(country.collector.port, source) as line:
            line.settimeout(20)
            line.sendall(head("/v1/summaries", len(body), token) + body)
            seen[answer(line)[9:12]] += 1
    with honest_pushes(country):
        threads = [threading.Thread(target=send, args=(source,)) for source in addresses(True)[:24]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(seen) <= {b"200", b"503"} and seen[b"200"] >= 1 and sum(seen.values()) >= 20, seen
