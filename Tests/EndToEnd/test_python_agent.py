"""A stranger's agent in Python, written from docs/wire-format.md: it counts, waits and obeys, and what it sends wrongly gets
the documented answer (issue D, acceptance 4)."""
import json
import sqlite3
import threading
import time

import pytest

from country import Country, SERVICES, ask, wait_for
from python_agent import HOUR, PythonAgent, Refused, b64, compact_json, digest, unb64

SYSTEM, MAIN = "H26.motcua", SERVICES[0]


def country_of(stage, **more):
    return Country(stage, systems=(SYSTEM,), accounts=3, agents=False, **more)


def python_agent(country, token=None):
    return PythonAgent("127.0.0.1", country.collector.port, token or country.collector.cli("agent", "token", SYSTEM))


def window(country):
    """Which window it is now by the collector's own calendar, read from its policy."""
    config = json.loads(open(country.collector.config + ".d/50-stage.json5", encoding="utf-8").read())
    calendar = config["policy"]["calendar"]
    hour = time.gmtime(time.time() + 7 * 3600).tm_hour
    return "office" if calendar["office_from"] <= hour < calendar["office_to"] else "off"


def test_it_counts_waits_and_obeys(stage):
    country = country_of(stage)
    agent = python_agent(country)
    agent.wait(0)
    assert agent.policy["mode"] == "enforce" and {a["login"] for a in agent.policy["accounts"]} == {
        "canbo0", "canbo1", "canbo2"}
    kind = window(country)
    for _ in range(5):
        agent.seal([agent.query("canbo0", MAIN, kind), agent.query("canbo1", MAIN, kind)])
        agent.push()
    assert country.totals() == {(SYSTEM, "canbo0", MAIN): (5, 0), (SYSTEM, "canbo1", MAIN): (5, 0)}
    coverage = country.usage("system")["coverage"]
    assert (coverage["expected"], coverage["complete"], coverage["missing"]) == (1, 1, [])

    changed = []
    waiting = threading.Thread(target=lambda: changed.append(agent.wait(25)))
    waiting.start()
    time.sleep(0.5)
    lock = country.lock(f"account=canbo1@{SYSTEM}", "--for", "1h")
    waiting.join(20)
    assert changed == [True] and agent.lock_of("canbo1", MAIN)["id"] == lock["id"]
    assert agent.lock_of("canbo0", MAIN) is None
    assert {"vi", "en"} <= set(agent.lock_of("canbo1", MAIN)["message"])
    agent.seal([agent.query("canbo0", MAIN, kind), agent.query("canbo1", MAIN, kind)])
    agent.push()
    story = wait_for("the acknowledgement", lambda: next(iter(
        s for s in [country.collector.json("lock", "show", lock["id"])] if s["deliveries"]), None), 10)
    assert story["agents"]["enforcing"] == story["agents"]["concerned"] == 1 and story["refused"] == 1
    assert country.totals()[(SYSTEM, "canbo1", MAIN)] == (5, 1)

    country.collector.cli("lock", "release", lock["id"], "--reason", "đã giải trình", "--outcome", "justified")
    assert agent.wait(5) and agent.lock_of("canbo1", MAIN) is None
    assert agent.wait(0) is False, "nothing changed since"


def test_a_lost_answer_a_gap_and_a_new_epoch_lose_and_double_nothing(stage):
    country = country_of(stage)
    agent = python_agent(country)
    kind = window(country)

    def seal():
        agent.seal([agent.row("canbo0", MAIN, int(time.time() * 1000), kind, allowed=1)])
    for _ in range(3):
        seal()
    lines = [jws for _, jws in agent.waiting]
    answer = agent.push_lines(lines)  # the answer is lost
    assert [i["status"] for i in answer["items"]] == ["accepted"] * 3 and answer["next_seq"] == 4
    assert agent.push_lines(lines)["items"][0]["status"] == "duplicate"
    agent.push()
    seal()
    seal()
    assert [i["status"] for i in agent.push_lines([agent.waiting[1][1]])["items"]] == ["resync"]
    agent.push()
    agent.new_epoch()
    seal()
    assert agent.push()["last"] == {"epoch": agent.epoch, "seq": 1}
    assert country.totals() == {(SYSTEM, "canbo0", MAIN): (6, 0)}
    assert country.usage("system")["coverage"]["missing"] == []


def test_two_agents_of_a_system_hear_of_each_other(stage):
    country = Country(stage, systems=(SYSTEM,), accounts=2, per_day=20)
    swift = country.agents[0]
    agent = python_agent(country)
    for _ in range(15):
        assert ask(swift, "canbo0") == "allow"
    wait_for("the count", lambda: country.totals().get((SYSTEM, "canbo0", MAIN)) == (15, 0), 15)
    kind = window(country)
    agent.seal([agent.row("canbo0", MAIN, int(time.time() * 1000), kind, allowed=1)])
    others = agent.push()["others"]
    assert any(o["rule"] == "R1" and o["scope"] == f"account=canbo0@{SYSTEM}" and o["count"] == 15 for o in others)


def test_a_wrong_clock_is_corrected_by_the_answer(stage):
    country = country_of(stage)
    agent = python_agent(country)
    agent.offset = -7200
    agent.seal([agent.row("canbo0", MAIN, int(time.time() * 1000), window(country), allowed=1)])
    agent.push()
    assert abs(agent.offset) <= 2 and country.totals() == {(SYSTEM, "canbo0", MAIN): (1, 0)}


def test_bad_summaries_get_the_documented_answer_and_count_nothing(stage):
    country = country_of(stage)
    agent, other = python_agent(country), python_agent(country)
    kind = window(country)

    def rows(n=1):
        return [agent.row(f"canbo{i}", MAIN, int(time.time() * 1000), kind, allowed=1) for i in range(n)]
    agent.seal(rows())
    agent.push()
    payload, first = agent.kept[0]
    totals = country.totals()
    head, body, signature = first.split(".")
    now = int(time.time() * 1000)
    big = agent.payload([agent.row("x" * 200 + str(i), MAIN, now, kind, allowed=1) for i in range(900)])

    def signed(**changes):
        return agent.sign({**agent.payload(rows()), **changes}, "chot-summary+jws")
    table = [
        ("replayed", first, "duplicate", None),
        ("forked", agent.sign({**payload, "to": payload["to"] + 1}, "chot-summary+jws"), "refused", "fork"),
        ("broken chain", signed(prev=digest("x")), "refused", "chain"),
        ("gap", signed(seq=9), "resync", None),
        ("other epoch", signed(epoch=99), "refused", "epoch"),
        ("other agent", signed(agent=other.identity["agent"]), "refused", "agent"),
        ("other system", signed(system="H29.motcua"), "refused", "agent"),
        ("other key", other.sign(agent.payload(rows()), "chot-summary+jws"), "refused", "signature"),
        ("forged", f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}", "refused", "signature"),
        ("other use", agent.sign(agent.payload(rows()), "chot-auth+jwt"), "refused", "typ"),
        ("alg none", agent.sign(agent.payload(rows()), "chot-summary+jws", alg="none"), "refused", "algorithm"),
        ("no signature", f"{head}.{body}.", "refused", "signature"),
        ("alg HS256", agent.sign(agent.payload(rows()), "chot-summary+jws", alg="HS256"), "refused", "algorithm"),
        ("no JWS", "hello", "refused", "malformed"),
        ("two parts", f"{head}.{body}", "refused", "malformed"),
        ("padded base64", f"{head}.{body}=.{signature}", "refused", "malformed"),
        ("no JSON", agent.sign(b"{", "chot-summary+jws"), "refused", "malformed"),
        ("a field missing", agent.sign({k: v for k, v in agent.payload(rows()).items() if k != "to"},
                                       "chot-summary+jws"), "refused", "malformed"),
        ("another version", signed(v=2), "refused", "malformed"),
        ("negative count", signed(rows=[{**rows()[0], "allowed": -1}]), "refused", "malformed"),
        ("too large a count", signed(rows=[{**rows()[0], "allowed": 1 << 41}]), "refused", "malformed"),
        ("half an hour", signed(rows=[{**rows()[0], "hour": now - now % HOUR + 1}]), "refused", "malformed"),
        ("the year 2200", signed(to=7_258_118_400_000), "refused", "malformed"),
        ("backwards", signed(**{"from": now, "to": now - 1}), "refused", "malformed"),
        ("no window", signed(rows=[{**rows()[0], "window": "night"}]), "refused", "malformed"),
        ("oversized", agent.sign(big, "chot-summary+jws"), "refused", "too large"),
        ("an hour to come", signed(rows=[{**rows()[0], "hour": now - now % HOUR + 2 * HOUR}]), "refused", "hours"),
        ("an hour of 2021", signed(rows=[{**rows()[0], "hour": 1_609_434_000_000}]), "refused", "hours"),
        ("an hour of 2099", signed(rows=[{**rows()[0], "hour": 4_070_883_600_000}]), "refused", "hours"),
        ("until 2099", signed(to=4_070_883_600_000), "refused", "times"),
        ("since 2021", signed(**{"from": 1_609_434_000_000}), "refused", "times"),
        ("another system's breach", signed(breaches=[
            {"rule": "R1", "scope": "account=canbo0@H29.motcua", "key": "2026-11-24", "k": 1, "at": now, "count": 1,
             "threshold": 1}]), "refused", "scope"),
        ("a reason with a blank", signed(rows=[{**rows()[0], "denied": {"a b": 1}}]), "refused", "malformed"),
        ("crit", agent.sign(agent.payload(rows()), "chot-summary+jws", crit=["exp"]), "refused", "malformed"),
        ("b64", agent.sign(agent.payload(rows()), "chot-summary+jws", b64=True), "refused", "malformed"),
    ]
    for name, line, status, problem in table:
        item = agent.push_lines([line])["items"][0]
        assert (item["status"], item.get("problem")) == (status, problem), name
        assert country.totals() == totals, name
    kinds = {a["figures"]["kind"] for a in country.alerts("I1")}
    assert {"fork", "chain", "line", "content"} <= kinds
    chain, = [a for a in country.alerts("I1") if a["figures"]["kind"] == "chain" and a["evidence"]]
    assert [e["seq"] for e in chain["evidence"]] == [2]
    # None of it hinders what is right, nor is any time missing for it.
    agent.seal(rows())
    agent.push()
    assert country.totals() == {(SYSTEM, "canbo0", MAIN): (2, 0)}
    missing = country.collector.json("usage", "--by", "system")["coverage"]["missing"]
    assert agent.identity["agent"] not in {gap["agent"] for gap in missing}, missing


def test_bad_requests_get_the_documented_answer(stage):
    country = country_of(stage)
    agent, other = python_agent(country), python_agent(country)
    kind = window(country)
    line = agent.sign(agent.payload([agent.row("canbo0", MAIN, int(time.time() * 1000), kind, allowed=1)]),
                      "chot-summary+jws")
    now = int(time.time())

    def post(body, token=None, path="/v1/summaries", method="POST", **headers):
        return agent.request(method, path, body, {"Authorization": "Bearer " + (token or agent.token()), **headers})
    table = [
        ("no token", post(line, Authorization=""), 401, "token-missing"),
        ("no JWT", post(line, "x.y"), 401, "token-malformed"),
        ("expired", post(line, agent.token(iat=now - 600, exp=now - 540)), 401, "clock-skew"),
        ("from the future", post(line, agent.token(iat=now + 600, exp=now + 650)), 401, "clock-skew"),
        ("too long a life", post(line, agent.token(exp=now + 3600)), 401, "clock-skew"),
        ("another audience", post(line, agent.token(aud="chot-elsewhere")), 401, "token-audience"),
        ("another subject", post(line, agent.token(sub=other.identity["agent"])), 401, "token-subject"),
        ("unknown key", post(line, PythonStranger(agent).token()), 401, "token-unknown"),
        ("wrong use", post(line, agent.sign({"sub": agent.identity["agent"], "aud": agent.identity["collector"],
                                             "iat": now, "exp": now + 50}, "chot-summary+jws")), 401,
         "token-signature"),
        ("empty", post(b"\n"), 400, "empty"),
        ("too many lines", post("x\n" * 1025), 400, "too-many"),
        ("unknown endpoint", post(line, path="/v1/nothing"), 404, "not-found"),
        ("wrong method", agent.request("GET", "/v1/summaries"), 405, "method"),
        ("epoch without numbers", post(b"{}", path="/v1/epoch"), 400, "malformed"),
        ("a sketch that nobody signed", post(compact_json({
            "agent": agent.identity["agent"], "epoch": 1, "seq": 1, "sketch": "chot-sketch-1 2026-11-25 AEAA AEAA AEAA"}),
            path="/v1/sketches"), 400, "malformed"),
        ("too large an epoch request", post(b" " * 70_000, path="/v1/epoch"), 413, "too-large"),
        ("too large a push", post(b"x" * (4 << 20) + b"x"), 413, "too-large"),
        ("too long a query", agent.request("GET", "/v1/keys?" + "a=1&" * 300), 414, "too-long"),
        ("too long a query of a long-poll", agent.request("GET", "/v1/lockset?" + "a" * 600), 414, "too-long"),
    ]
    for name, (status, headers, body), expected, kind_ in table:
        assert status == expected, (name, status, body)
        problem = json.loads(body)
        assert problem["type"] == "urn:chot:problem:" + kind_, name
        assert problem["status"] == status and problem["title"] and problem["detail"], name
        assert headers["Content-Type"] == "application/problem+json", name
        if status == 401:
            assert headers["WWW-Authenticate"] == "Bearer", name
        if kind_ == "clock-skew":
            assert abs(problem["server_time"] / 1000 - time.time()) < 60, name
    assert agent.request("GET", "/v1/keys?" + "a" * 599)[0] == 200
    assert country.totals() == {}

    statuses = []
    for _ in range(32):
        try:
            agent.call("POST", "/v1/epoch", compact_json({"epoch": 1, "last_seq": 0, "last_hash": ""}))
            statuses.append(200)
        except Refused as refused:
            statuses.append(refused.status)
    assert statuses[:30] == [200] * 30 and 429 in statuses[30:], statuses
    with pytest.raises(Refused) as too_many:
        agent.call("POST", "/v1/epoch", compact_json({"epoch": 1, "last_seq": 0, "last_hash": ""}))
    assert too_many.value.kind == "too-many-epochs" and int(too_many.value.headers["Retry-After"]) > 0

    country.collector.cli("agent", "revoke", agent.identity["agent"], "--reason", "thử nghiệm")
    status, _, body = post(line)
    assert status == 403 and json.loads(body)["type"].endswith("agent-revoked")
    assert "key" in {a["figures"]["kind"] for a in country.alerts("I1")}
    assert country.totals() == {}


class PythonStranger:
    """Signs with a key that nobody enrolled."""

    def __init__(self, agent):
        self.agent = agent

    def token(self):
        import copy
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        stranger = copy.copy(self.agent)
        stranger.key = Ed25519PrivateKey.generate()
        stranger.jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(stranger.key.public_key().public_bytes_raw())}
        return stranger.token()


def test_enrolment_tokens(stage):
    country = country_of(stage)
    token = country.collector.cli("agent", "token", SYSTEM)
    python_agent(country, token)

    def refused(text):
        with pytest.raises(Refused) as refusal:
            python_agent(country, text)
        return refusal.value
    again = refused(token)
    assert (again.status, again.kind) == (403, "enrolment") and "was used" in again.problem["detail"]
    number, secret, root = country.collector.cli("agent", "token", SYSTEM).strip().split(".")
    assert "not known" in refused(f"{number}.{b64(b'x' * len(unb64(secret)))}.{root}").problem["detail"]
    assert refused(f"{number}.{secret}.{b64(b'x' * 32)}").problem == {"type": "root"}, "the pin was not checked"
    short = country.collector.cli("agent", "token", SYSTEM)
    with sqlite3.connect(country.collector.state + "/collector.db", timeout=10) as base:
        base.execute("UPDATE token SET expires_at = expires_at - 90000000 WHERE id = ?", [short.split(".")[0]])
    assert "expired" in refused(short).problem["detail"]
