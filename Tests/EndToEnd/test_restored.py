"""What an agent is told by which it knows that one side was restored; and what it told of twice.

docs/domain.md#promise-2
"""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import time
import urllib.request

from joserfc import jws
from joserfc.jwk import OKPKey

from country import Country, ask, wait_for
from forger import Forger


def test_where_the_collector_stands_and_overlaps_of_a_clock_that_is_ahead(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=2)
    agent = country.agents[0]
    assert ask(agent, "canbo0") == "allow"
    collector = country.collector
    wait_for("the count", lambda: country.totals(), 10)
    agent.process.stop()
    forger = Forger(country, agent)

    def raw(seq):
        return collector.cli("evidence", "show", "--agent", "H26.motcua/1", "--seq", str(seq), "--raw").strip()

    answer = forger.push([raw(1)])[1]
    last = answer["next_seq"] - 1
    assert (answer["epoch"], answer["last"]) == (1, {"epoch": 1, "seq": last})

    # Its clock is three minutes ahead, which is told apart from a wrong one and followed.
    key = OKPKey.import_key(json.loads(collector.cli("agent", "show", "H26.motcua/1", "--jwk")))
    payload = json.loads(jws.deserialize_compact(raw(last), key, algorithms=["EdDSA"]).payload)
    hour = int(time.time()) // 3600 * 3_600_000
    row = {"login": "canbo1", "service": "TraCuuThongTinCongDan", "hour": hour, "window": "off",
           "allowed": 7, "denied": {}, "passed": 0, "would": {}}

    def summary(before, start, end):
        chain = base64.urlsafe_b64encode(hashlib.sha256(before.encode()).digest()).rstrip(b"=").decode()
        number = payload["seq"] + (1 if before == raw(last) else 2)
        return forger.sign({**payload, "seq": number, "prev": chain, "from": start, "to": end, "rows": [row],
                            "breaches": [], "downtime": None}, "chot-summary+jws")

    now = int(time.time() * 1000)
    ahead = summary(raw(last), payload["to"], now + 180_000)
    assert forger.push([ahead])[1]["items"] == [{"seq": last + 1, "status": "accepted"}]
    totals = country.totals()
    # A snapshot tells of the same time once more.
    again = summary(ahead, now + 120_000, now + 190_000)
    assert forger.push([again])[1]["items"][0] == {"seq": last + 2, "status": "accepted", "problem": "quarantined"}
    assert country.totals() == totals, "counted twice"

    request = urllib.request.Request(
        forger.url + "/v1/epoch", json.dumps({"epoch": 1, "last_seq": 1, "last_hash": ""}).encode(),
        {"Authorization": "Bearer " + forger.token(), "Content-Type": "application/json"})
    status, body = forger.send(request)
    assert status == 200 and json.loads(body) == {"epoch": 2, "last": {"epoch": 1, "seq": last + 2}}
    # The new epoch has nothing yet; what the collector has is still told.
    answer = forger.push([raw(1)])[1]
    assert (answer["epoch"], answer["next_seq"], answer["last"]) == (2, 1, {"epoch": 1, "seq": last + 2})

    # The agent itself, which knows nothing of it, tells of that time once more: it learns that this is not counted.
    agent.start()

    def status():
        done = subprocess.run([stage.bin + "/chot-agent", "status", "--config", agent.config], capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout
    wait_for("the trouble", lambda: "does not count them" in status()[1] or "không tính vào tổng" in status()[1], 30)
    assert status()[0] == 1


def test_what_an_agent_forgot_by_a_snapshot_is_named_as_missing(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=2)
    agent, collector = country.agents[0], country.collector

    def asked(count):
        assert [ask(agent, "canbo0") for _ in range(count)] == ["allow"] * count

    def total():
        return sum(allowed for allowed, _ in country.totals().values())
    asked(5)
    wait_for("the first count", lambda: total() == 5, 10)
    agent.process.kill9()
    shutil.copytree(agent.state, stage.path("snapshot"), ignore=shutil.ignore_patterns("*.sock", "nginx"))
    agent.start()
    asked(7)
    wait_for("the second count", lambda: total() == 12, 10)
    collector.process.stop()
    asked(3)
    agent.process.kill9()
    os.rename(agent.state + "/nginx", stage.path("snapshot/nginx"))
    os.rename(agent.state, agent.state + ".lost")
    os.rename(stage.path("snapshot"), agent.state)
    agent.start()
    collector.start()
    asked(2)
    # The three are nowhere; it says that it was down at the time, but it told of the seven then.
    gap = wait_for("the gap", lambda: country.usage("system")["coverage"]["missing"], 20)
    assert [g["agent"] for g in gap] == ["H26.motcua/1"] and country.alerts("I1", "gap")
    wait_for("the last count", lambda: total() == 14, 10)
    assert len(country.usage("system")["coverage"]["missing"]) == 1
