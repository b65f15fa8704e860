"""Clocks far ahead for a while, the agency's or the Centre's, and summaries that the collector refuses."""
import base64
import calendar
import hashlib
import json
import re
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import fakeclock
from country import Agent, Country, ask, configure, metric, metrics, wait_for
from forger import Forger

TEN_YEARS = 300_000_000
FAR = {"2036": TEN_YEARS, "2105": 4260000000 - fakeclock.MIDNIGHT}


def country_of(stage, clock, collector_clock=None, **settings):
    with clock.of("chot-agent"), (collector_clock or clock).of("chot-collector"):
        country = Country(stage, systems=("H26.motcua",), accounts=3, agents=False)
        agent = Agent(stage, country.collector, country.npd, "H26.motcua")
        if settings:
            configure(agent, gateway=settings)
        agent.start()
    return country, agent


def report(stage, agent):
    done = subprocess.run([stage.bin + "/chot-agent", "status", "--config", agent.config, "--format", "json"],
                          capture_output=True, text=True, check=False)
    return json.loads(done.stdout), done.returncode


def is_well(stage, agent):
    told, code = report(stage, agent)
    return told["details"]["at"][:4] == time.strftime("%Y") and told["details"]["contact"]["connected"] and code == 0


def pushed_twice(agent):
    """Waits until the agent has asked the collector twice more, whatever it heard: it has learned what time that says."""
    def pushes():
        return sum(float(count) for count in re.findall(r"^chot_agent_pushes_total\S* (\S+)$", metrics(agent), re.M))
    before = pushes()
    wait_for("two more pushes", lambda: pushes() >= before + 2, 20, 0.1)


def total(country):
    return sum(row["allowed"] for row in country.usage("system")["rows"])


def test_a_machine_that_starts_in_2036_is_not_kept_there(stage):
    clock = fakeclock.Settable(stage.path("clock"))
    country, agent = country_of(stage, clock, fakeclock.Settable(stage.path("centre")))
    assert ask(agent, "canbo0") == "allow"
    agent.process.stop(60)
    clock.set(TEN_YEARS)
    fakeclock.machine_was_off(agent)
    with clock.of("chot-agent"):
        agent.start()
    # The collector's certificate has expired in 2036, and it is heard all the same.
    wait_for("the collector's time", lambda: abs(metric(agent, "chot_agent_clock_error_seconds") - TEN_YEARS) < 60, 20)
    assert ask(agent, "canbo0") == "allow"
    agent.process.stop(60)
    clock.set(0)
    fakeclock.machine_was_off(agent)
    with clock.of("chot-agent"):
        agent.start()
    assert ask(agent, "canbo0") == "allow"
    wait_for("all well", lambda: is_well(stage, agent), 20)
    wait_for("every count", lambda: total(country) == 3, 20)


def test_a_centre_in_2036_for_some_seconds_takes_no_agent_along(stage):
    clock, centre = fakeclock.Settable(stage.path("clock")), fakeclock.Settable(stage.path("centre"))
    country, agent = country_of(stage, clock, centre, onAgentDown="pass")
    assert ask(agent, "canbo0") == "allow"
    wait_for("the first count", lambda: total(country) == 1, 20)
    centre.set(TEN_YEARS)
    pushed_twice(agent)
    agent.process.kill9()
    with clock.of("chot-agent"):
        agent.start()
    assert ask(agent, "canbo0") == "allow"
    pushed_twice(agent)
    centre.set(0)
    wait_for("all well", lambda: is_well(stage, agent), 40)
    assert ask(agent, "canbo0") == "allow"
    wait_for("every count", lambda: total(country) == 3, 20)
    # An outage after it is named as missing.
    start = time.time()
    agent.process.kill9()
    assert ask(agent, "canbo1") == "allow", "the gateway lets pass"
    time.sleep(3)
    with clock.of("chot-agent"):
        agent.start()
    assert ask(agent, "canbo0") == "allow"
    wait_for("the gap", lambda: [g for g in country.usage("system")["coverage"]["missing"]
                                 if stamp(g["from"]) <= start + 3 and stamp(g["to"]) >= start + 2], 30)
    assert country.usage("system")["coverage"]["complete_to"][:4] == time.strftime("%Y")


def stamp(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - 7 * 3600


@pytest.mark.parametrize("ahead", FAR.values(), ids=FAR)
def test_counts_of_a_machine_far_ahead_without_its_collector_are_counted_once(stage, ahead):
    clock = fakeclock.Settable(stage.path("clock"))
    country, agent = country_of(stage, clock, fakeclock.Settable(stage.path("centre")))
    assert ask(agent, "canbo0") == "allow"
    wait_for("the first count", lambda: total(country) == 1, 20)
    agent.process.stop(60)
    country.collector.process.stop()
    clock.set(ahead)
    fakeclock.machine_was_off(agent)
    with clock.of("chot-agent"):
        agent.start()
    assert [ask(agent, "canbo0") for _ in range(2)] == ["allow"] * 2
    time.sleep(2)
    agent.process.stop(60)
    clock.set(0)
    fakeclock.machine_was_off(agent)
    country.collector.start()
    with clock.of("chot-agent"):
        agent.start()
    assert [ask(agent, "canbo0") for _ in range(3)] == ["allow"] * 3
    wait_for("every count", lambda: total(country) == 6, 40)
    wait_for("all well", lambda: is_well(stage, agent), 20)
    epoch = Forger(country, agent).push(["x"])[1]["epoch"]
    assert epoch == 1, "its summaries were refused"
    assert not {a["figures"]["kind"] for a in country.alerts("I1")} & {"overlap", "fork", "refused"}


# What the collector takes, from outside.

def rows(login, count):
    hour = int(time.time()) // 3600 * 3_600_000
    return [{"login": login, "service": "TraCuuThongTinCongDan", "hour": hour, "window": "off", "allowed": count,
             "denied": {}, "passed": 0, "would": {}}]


class Line:
    """A chain of summaries of a stopped agent, made by hand."""

    def __init__(self, country, agent):
        self.forger = Forger(country, agent)
        self.epoch, self.seq, self.prev = 0, 0, ""
        self.country = country
        self.new_epoch()

    def new_epoch(self):
        status, body, _ = self.ask_epoch()
        assert status == 200, body
        self.epoch, self.seq, self.prev = json.loads(body)["epoch"], 0, ""

    def ask_epoch(self):
        request = urllib.request.Request(
            self.forger.url + "/v1/epoch", json.dumps({"epoch": self.epoch, "last_seq": 0, "last_hash": ""}).encode(),
            {"Authorization": "Bearer " + self.forger.token(), "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=self.forger.tls) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    def push(self, start, end, login="canbo0", count=1, **more):
        identity = self.forger.identity
        self.seq += 1
        raw = self.forger.sign({
            "v": 1, "agent": identity["agent"], "system": identity["system"], "epoch": self.epoch, "seq": self.seq,
            "part": {"n": 1, "of": 1}, "prev": self.prev, "from": start, "to": end, "every_ms": 60000, "held": {},
            "dropped": {}, "refused_sets": {}, "breaches": [], "rows": rows(login, count), **more},
            "chot-summary+jws")
        self.prev = base64.urlsafe_b64encode(hashlib.sha256(raw.encode()).digest()).rstrip(b"=").decode()
        answer = self.forger.push([raw])[1]
        item = answer["items"][0]
        return item["status"], item.get("problem"), answer.get("returns")


def stopped(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=3)
    agent = country.agents[0]
    assert ask(agent, "canbo0") == "allow"
    wait_for("the count", lambda: total(country) == 1, 20)
    agent.process.stop(60)
    return country, Line(country, agent)


def test_a_time_that_comes_back_is_no_overlap_and_a_snapshot_still_is(stage):
    country, line = stopped(stage)
    now = int(time.time() * 1000)
    year_ms = 365 * 86_400_000
    assert line.push(now, now + year_ms, count=10)[0] == "accepted"
    assert country.usage("system")["coverage"]["complete_to"][:4] == time.strftime("%Y")
    assert line.push(now + 1000, now + 2000, count=100)[:2] == ("accepted", "quarantined"), "it does not say so"
    assert line.push(now + 2000, now + 3000, count=1000, returns=1) == ("accepted", None, 1)
    assert line.push(now + 3000, now + 4000, count=10_000, returns=1) == ("accepted", None, 1)
    line.new_epoch()
    assert line.push(now + 2000, now + 3000, count=1000, returns=1)[1] == "quarantined"
    assert line.push(now, now + year_ms, count=10)[1] == "quarantined"
    assert total(country) == 11_011
    missing = country.usage("system")["coverage"]["missing"]
    assert missing and all(stamp(g["to"]) <= time.time() + 5 for g in missing)
    assert "clock" in {a["figures"]["kind"] for a in country.alerts("I1")}


def test_the_parts_of_a_seal_are_each_counted_once_over_epochs(stage):
    country, line = stopped(stage)
    now = int(time.time() * 1000)

    def part(n, count):
        return line.push(now, now + 1000, count=count, part={"n": n, "of": 3})[:2]
    assert part(1, 10) == ("accepted", None)
    line.new_epoch()
    assert part(2, 100) == ("accepted", None)
    line.new_epoch()
    assert [part(1, 10), part(2, 100), part(3, 1000)] == [("accepted", "quarantined")] * 2 + [("accepted", None)]
    assert line.push(now + 1000, now + 2000, count=10_000)[:2] == ("accepted", None)
    # Cut otherwise: a snapshot of the same time.
    line.new_epoch()
    assert line.push(now, now + 1000, count=1, part={"n": 1, "of": 2})[1] == "quarantined"
    assert line.push(now, now + 1000, count=1, part={"n": 2, "of": 2})[1] == "quarantined"
    assert total(country) == 11_111


def test_what_an_agent_says_was_refused_is_shown_and_epochs_are_limited(stage):
    country, line = stopped(stage)
    now = int(time.time() * 1000)
    assert line.push(now, now + 1000, dropped={"refused": 77, "refused_summaries": 2})[0] == "accepted"
    alert = wait_for("the alert", lambda: country.alerts("I1", "refused"), 10)
    assert "77" in json.dumps(alert[0], ensure_ascii=False)
    answers = [line.ask_epoch() for _ in range(40)]
    codes = [code for code, _, _ in answers]
    assert 20 <= codes.count(200) <= 31 and codes[-1] == 429
    assert 0 < int(answers[-1][2]["Retry-After"]) <= 60
    assert json.loads(answers[-1][1])["type"] == "urn:chot:problem:too-many-epochs"


def test_refused_summaries_are_a_trouble_and_told(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=3)
    agent = country.agents[0]
    assert ask(agent, "canbo0") == "allow"
    wait_for("the count", lambda: total(country) == 1, 20)
    assert report(stage, agent)[1] == 0
    agent.process.stop(60)
    with sqlite3.connect(agent.state + "/agent.db") as db:  # as if the collector had refused it
        db.execute("UPDATE summary SET state = 2 WHERE seq = 1")
        db.execute("INSERT INTO loss VALUES ('refused', 7, 7), ('refused_summaries', 1, 1)")
    agent.start()
    told, code = report(stage, agent)
    assert code == 1 and [t["kind"] for t in told["troubles"]] == ["refused"]
    assert "1 summaries refused" in told["troubles"][0]["message"]["en"]
    assert told["details"]["backlog"]["refused"] == {"summaries": 1, "queries": 7, "kept": 1}
    alert = wait_for("the alert", lambda: country.alerts("I1", "refused"), 20)
    assert "7" in json.dumps(alert[0]["message"], ensure_ascii=False)
