"""Features for detection and sketches of the day, from the agent to the collector's store.

docs/domain.md#promise-4
"""
import base64
import json
import os
import random
import time
import urllib.request
import uuid

import fakeclock
from country import SERVICES, Country, metric, metrics, post, wait_for
from forger import Forger
from sketches import (day_keys, features, keyed, minimum, minimum_text, payload, rows, sketch_hash, summaries)

BODY = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://dancuquocgia.bca"><e:Body>
<d:{service}><d:MaYeuCau>{id}</d:MaYeuCau><d:MaDVC>{unit}</d:MaDVC><d:MaCanBo>{officer}</d:MaCanBo>
<d:TaiKhoan>{login}</d:TaiKhoan><d:SoDinhDanh>{subject}</d:SoDinhDanh></d:{service}></e:Body></e:Envelope>"""


def query(agent, login, subject, officer="000099000001", unit="1.001234.H26"):
    """True when it was allowed."""
    body = BODY.format(service=SERVICES[0], id=uuid.uuid4().hex, unit=unit, officer=officer, login=login,
                       subject=subject).encode()
    status, _, _ = post(agent.gateway_port, body, path="/npd/" + agent.system)
    return status == 200


def told(country, system, login):
    return [f for s in summaries(country, system) for f in map(features, s.get("features", []))
            if f["login"] == login]


def files_holding(folder, needles):
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
                found += [(path, n) for n in needles if n.encode() in content]
    return found


def test_a_sweep_and_a_clerk_from_gateway_to_store(stage):
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=4)
    hanoi, saigon = country.agents
    rng = random.Random(4)
    sweep = [f"001099{number:06}" for number in range(500000, 500060)]
    for number, subject in enumerate(sweep):
        assert query(hanoi, f"canbo{number % 2}", subject)
        time.sleep(0.02)
    clerk = [f"0790{rng.randrange(10)}9{rng.randrange(10**6):06}" for _ in range(25)]
    for number, subject in enumerate(clerk):
        assert query(hanoi, "canbo2", subject, officer=f"00009900000{number % 2}", unit=f"1.00{number % 3}")
    assert not query(hanoi, "khongdangky", "001099777777")
    # The other system asks for thirty of the same people.
    for subject in sweep[:30]:
        assert query(saigon, "canbo0", subject)
    country.wait_complete()

    robots = [told(country, "H26.motcua", login) for login in ("canbo0", "canbo1")]
    assert [sum(f["attempts"] for f in r) for r in robots] == [30, 30]
    assert [sum(f["allowed"] for f in r) for r in robots] == [30, 30]
    assert [sum(f["subjects"] for f in r) for r in robots] == [30, 30]
    assert sum(f["home"] for r in robots for f in r) == 60
    assert max(f["longest"] for r in robots for f in r) == 60
    assert sum(f["in_runs"] for r in robots for f in r) == 60
    people = told(country, "H26.motcua", "canbo2")
    assert sum(f["attempts"] for f in people) == sum(f["elsewhere"] for f in people) == 25
    assert max(f["longest"] for f in people) == 0
    assert max(f["officers"] for f in people) == 2 and max(f["sources"] for f in people) == 1
    assert {u.split(":")[0] for f in people for u in f["units"].split(",")} == {"1.000", "1.001", "1.002"}
    stranger = told(country, "H26.motcua", "khongdangky")
    assert [(f["attempts"], f["allowed"], f["subjects"]) for f in stranger] == [(1, 0, 0)]
    assert all(not f["more"] for r in robots for f in r), "sketches of accounts stay at the agent"
    assert not any("sketch" in s["dropped"] or "sightings" in s["dropped"] for s in summaries(country, "H26.motcua"))

    # Stopping seals the day's sketch; the collector holds it, and we can make it anew from the key of the day.
    keys = day_keys(hanoi)
    assert keys == day_keys(saigon), "one key for the nation"
    for agent in country.agents:
        agent.process.stop()
    stored = {agent: (date, text) for date, agent, text in rows(country, "SELECT date, agent, text FROM sketch")}
    signed = {s["sketch_sha256"] for s in summaries(country, "H26.motcua") + summaries(country, "H29.motcua")
              if "sketch_sha256" in s}
    sets = {}
    for agent, asked in (("H26.motcua/1", sweep + clerk), ("H29.motcua/1", sweep[:30])):
        text = stored[agent][1]
        assert sketch_hash(text) in signed
        mark, date, subjects, sources, top = text.split(" ")
        assert mark == "chot-sketch-1" and date in keys
        expected = [keyed(keys[date], "s", subject) for subject in asked]
        assert subjects == minimum_text(1024, expected)
        assert minimum(sources) == (512, [keyed(keys[date], "i", "127.0.0.1")])
        sets[agent] = set(minimum(subjects)[1])
    assert len(sets["H26.motcua/1"] & sets["H29.motcua/1"]) == 30

    # Nobody's number lies anywhere in clear: agents' state, the collector's database, logs.
    needles = sweep[:5] + clerk[:5] + ["001099777777"]
    for folder in [hanoi.state, saigon.state, country.collector.state]:
        assert not files_holding(folder, needles)
    assert os.stat(os.path.join(hanoi.state, "sketches")).st_mode & 0o077 == 0

    # A restart on the same day goes on with the sketch; a subject asked for again adds nothing.
    hanoi.start()
    assert query(hanoi, "canbo0", sweep[0]) and query(hanoi, "canbo0", "001099888888")
    hanoi.process.stop()
    again = dict(rows(country, "SELECT agent, text FROM sketch"))["H26.motcua/1"]
    if again.split(" ")[1] == stored["H26.motcua/1"][1].split(" ")[1]:
        assert len(minimum(again.split(" ")[2])[1]) == 86
    assert metric(os.path.join(country.collector.state, "run/status.sock"), "chot_collector_sketches_total",
                  '{status="stored"}') >= 3


def test_sketches_that_nobody_signed_are_refused(stage):
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=1)
    agent, other = country.agents
    assert query(agent, "canbo0", "001099000001")
    wait_for("the sketch", lambda: rows(country, "SELECT 1 FROM sketch"), 20)
    seq, hash_ = next((s["seq"], s["sketch_sha256"]) for s in summaries(country, "H26.motcua")
                      if "sketch_sha256" in s)
    (text,), = rows(country, "SELECT text FROM sketch")
    assert sketch_hash(text) == hash_
    forger, stranger = Forger(country, agent), Forger(country, other)
    epoch = forger.identity["epoch"]

    def send(body, who=forger):
        request = urllib.request.Request(
            who.url + "/v1/sketches", body if isinstance(body, bytes) else json.dumps(body).encode(),
            {"Authorization": "Bearer " + who.token(), "Content-Type": "application/json"})
        status, answer = who.send(request)
        return status, json.loads(answer or b"{}")

    honest = {"agent": "H26.motcua/1", "epoch": epoch, "seq": seq, "sketch": text}
    assert send(honest) == (200, {"status": "stored"})
    mark, date, subjects, sources, top = text.split(" ")
    made_up = " ".join([mark, date, minimum_text(1024, [1, 2, 3]), sources, top])
    assert send({**honest, "sketch": made_up})[0] == 409
    assert send({**honest, "seq": seq + 1000})[0] == 404
    assert send({**honest, "epoch": epoch + 1})[0] == 404
    assert send(honest, stranger)[0] == 403
    # The other agent's summary of that number told no sketch.
    wait_for("the other's summary", lambda: any(s["seq"] >= seq for s in summaries(country, "H29.motcua")), 20)
    assert send({**honest, "agent": "H29.motcua/1"}, stranger)[0] == 409
    for broken in [b"", b"{", b"[]", json.dumps({**honest, "sketch": text[:-1] + "?"}).encode(),
                   json.dumps({**honest, "sketch": text + " "}).encode(),
                   json.dumps({**honest, "seq": "1"}).encode()]:
        assert send(broken)[0] == 400
    assert send({**honest, "sketch": "A" * 70000})[0] == 413
    assert [t for (t,) in rows(country, "SELECT text FROM sketch")] == [text]
    # An honest summary with dishonest features is refused whole.
    agent.process.stop()
    last = summaries(country, "H26.motcua")[-1]
    raw = rows(country, "SELECT jws, seq FROM summary WHERE agent = 'H26.motcua/1' ORDER BY epoch, seq")[-1][0]
    line = next(s["features"][0] for s in summaries(country, "H26.motcua") if s.get("features"))
    for bad in [line + ";", line.replace(" ", ";AA,AA,AA,AA ", 1), line.replace(",", ",99999999", 1), "", 7]:
        lying = {**last, "seq": last["seq"] + 1, "prev": sketch_hash(raw), "features": [bad],
                 "from": last["to"], "to": last["to"] + 1, "rows": []}
        _, answer = forger.push([forger.sign(lying, "chot-summary+jws")])
        item = answer["items"][0]
        if bad == line + ";":
            # Not even a lie: the login ends in a semicolon.
            assert item["status"] == "accepted"
            raw, last = forger.sign(lying, "chot-summary+jws"), lying
        else:
            assert (item["status"], item["problem"]) == ("refused", "malformed"), bad
    assert 'chot_collector_sketches_total{status="refused"}' in metrics(
        os.path.join(country.collector.state, "run/status.sock"))


def test_the_key_of_yesterday_goes_within_the_first_hour(stage):
    # H26.motcua's minute is the 12th after midnight (FNV-1a of its code, modulo 60).
    with fakeclock.at("00:12", earlier=25):
        country = Country(stage, systems=("H26.motcua",), accounts=1)
        agent = country.agents[0]
        assert list(day_keys(agent)) == [fakeclock.day(-1), fakeclock.day()]
        assert query(agent, "canbo0", "001099000001")
        before = day_keys(agent)
        wait_for("keys to change", lambda: list(day_keys(agent)) == [fakeclock.day(), fakeclock.day(1)], 60, 0.5)
        assert day_keys(agent)[fakeclock.day()] == before[fakeclock.day()], "the day's sketch stays comparable"
        wait_for("the sketch", lambda: rows(country, "SELECT 1 FROM sketch"), 20)
        # What agents drop the centre keeps for seven days.
        assert [n for (n,) in rows(country, "SELECT COUNT(*) FROM day_key")] == [3]
        old = before[fakeclock.day(-1)]
        needle = base64.urlsafe_b64encode(old).decode().rstrip("=")
        with open(os.path.join(agent.state, "policy.jws"), encoding="utf-8") as f:
            assert needle not in json.dumps(payload(f.read()))
        for name in os.listdir(agent.state):
            path = os.path.join(agent.state, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
                assert old not in content and needle.encode() not in content, name
