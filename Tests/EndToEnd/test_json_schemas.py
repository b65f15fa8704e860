"""What the collector's commands print as JSON is what docs/json/ says: nothing missing, nothing more, every type."""
import json
import os
import time

import pytest
from jsonschema import Draft202012Validator

from country import ROOT, SERVICES, Country, ask, wait_for
from python_agent import PythonAgent

SYSTEM = "H26.motcua"
FOLDER = os.path.join(ROOT, "docs", "json")


def schema(name):
    with open(os.path.join(FOLDER, name + ".schema.json"), encoding="utf-8") as f:
        return json.load(f)


def mistakes(name, value):
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema(name)).iter_errors(value)]


@pytest.fixture(scope="module")
def country():
    from country import Stage
    with Stage("chot-test-") as stage:
        country = Country(stage, systems=(SYSTEM, "H29.motcua"), accounts=3)
        for _ in range(5):
            assert ask(country.agents[0], "canbo0") == "allow"
        lock = country.lock(f"account=canbo1@{SYSTEM}", "--for", "1h")
        country.wait_enforced(lock)
        assert ask(country.agents[0], "canbo1") == "deny"
        country.collector.cli("lock", "release", country.lock("unit=H29", "--for", "2h", "--confirm", "unit=H29")["id"],
                              "--reason", "đã giải trình", "--outcome", "mistaken")
        # An agent whose key signs two texts of one number.
        agent = PythonAgent("127.0.0.1", country.collector.port, country.collector.cli("agent", "token", SYSTEM))
        agent.seal([agent.row("canbo0", SERVICES[0], int(time.time() * 1000), "office", allowed=1)])
        agent.push()
        payload = agent.kept[-1][0]
        answer = agent.push_lines([agent.sign({**payload, "to": payload["to"] + 1}, "chot-summary+jws")])
        assert answer["items"][0]["problem"] == "fork", answer
        country.forked = payload
        wait_for("the alert", lambda: country.collector.json("alerts", "list"), 10)
        wait_for("the counts", lambda: country.collector.json("usage", "--service", SERVICES[0])["rows"], 10)
        yield country


def test_there_is_a_schema_for_each_and_each_is_one():
    names = sorted(os.listdir(FOLDER))
    assert names == [f"{n}.schema.json" for n in ("agent-list", "alerts-list", "alerts-show", "audit-list", "evidence-show", "lock-list", "lock-show", "usage")]
    for name in names:
        Draft202012Validator.check_schema(schema(name.removesuffix(".schema.json")))


@pytest.mark.parametrize("name, command", [
    ("agent-list", ("agent", "list")), ("alerts-list", ("alerts", "list")), ("audit-list", ("audit", "list")),
    ("lock-list", ("lock", "list", "--all"))])
def test_lists(country, name, command):
    rows = country.collector.json(*command)
    assert rows and mistakes(name, rows) == []
    # The schema is no sieve that lets everything through.
    assert mistakes(name, [{**rows[0], "more": 1}]) and mistakes(name, [dict(list(rows[0].items())[1:])])


def test_an_alert_is_the_one_of_the_list(country):
    for alert in country.collector.json("alerts", "list"):
        shown = country.collector.json("alerts", "show", str(alert["id"]))
        assert mistakes("alerts-show", shown) == [] and {**shown, "at": 0} == {**alert, "at": 0}
    assert mistakes("alerts-show", {**shown, "more": 1}) and mistakes("alerts-show", [shown])
    # What is read is in one language.
    for language, other in (("vi", "en"), ("en", "vi")):
        text = country.collector.cli("alerts", "show", str(shown["id"]), "--lang", language)
        assert shown["message"][language] in text and shown["message"][other] not in text


def test_the_story_of_each_lock(country):
    for lock in country.collector.json("lock", "list", "--all"):
        assert mistakes("lock-show", country.collector.json("lock", "show", lock["id"])) == []


def test_a_summary_and_its_fork(country):
    show = ("evidence", "show", "--agent", country.forked["agent"], "--seq", str(country.forked["seq"]))
    taken = country.collector.json(*show)
    assert mistakes("evidence-show", taken) == [] and [set(r) for r in taken["refused"]] == [
        {"kind", "epoch", "received_at", "hash"}]
    refused = country.collector.json(*show, "--refused")
    assert mistakes("evidence-show", refused) == [] and set(refused) == {"refused"} and refused["refused"][0]["payload"]
    assert mistakes("evidence-show", {**taken, "more": 1}) and mistakes("evidence-show", {"refused": [{}]})


@pytest.mark.parametrize("by", ["unit", "system", "service", "account,hour", "account,day,window", "date"])
def test_totals(country, by):
    for options in ((), ("--from", "2026-01-01T00:30:00+07:00", "--to", "2031-01-01")):
        answer = country.collector.json("usage", "--by", by, *options)
        assert answer["rows"] and mistakes("usage", answer) == []
