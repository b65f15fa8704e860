"""The agency's own log of accesses (letter: "Lưu giữ nhật ký truy cập"): real queries through the real gateway leave
one line each, which `chot-agent log search` finds; nobody's number stands in it, and who looked is known."""
import glob
import gzip
import json
import os
import re
import subprocess
import time
import uuid

import pytest

from country import (SERVICES, Agent, Broken, Clients, Country, configure, expected, metric, post, wait_for)
from test_systems import SYSTEMS, Door, make

SYSTEM = "H26.motcua"
SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://dancuquocgia.bca"><e:Body>
<d:{service}><d:MaYeuCau>{id}</d:MaYeuCau>{fields}<d:MaCanBo>{officer}</d:MaCanBo><d:TaiKhoan>{login}</d:TaiKhoan>
<d:SoDinhDanh>{subject}</d:SoDinhDanh></d:{service}></e:Body></e:Envelope>"""


def subject(n):
    return f"0000991{n:05d}"


def officer(n):
    return f"0000881{n:05d}"


def query(agent, login, n, service=SERVICES[0]):
    """Asks for subject n; (message id, http status)."""
    message = uuid.uuid4().hex
    door = agent if isinstance(agent, Door) else Door(agent.system, agent.gateway_port)
    body = SOAP.format(service=service, id=message, officer=officer(n % 5), login=login, subject=subject(n),
                       fields=door.fields)
    status, _, _ = post(door.gateway_port, body.encode(), door.headers, path="/npd/" + door.system)
    return message, status


class Desk:
    """An inspector at the agent's host."""

    def __init__(self, stage, agent):
        self.stage, self.agent = stage, agent
        self.folder = os.path.join(agent.state, "log")
        self.numbers = stage.path("numbers")

    def search(self, *words):
        return json.loads(self.stage.program("chot-agent", "log", "search", "--config", self.agent.config,
                                             "--format", "json", *words))

    def subjects(self, *numbers):
        with open(self.numbers, "w", encoding="utf-8") as f:
            f.writelines(f"{subject(n)}\n" for n in numbers)
        return "--subject-file", self.numbers

    def hits(self, *words):
        return self.search(*words)["hits"]

    def wait_hits(self, count, *words):
        wait_for(f"{count} lines of the query log", lambda: self.hits("--limit", "1000000", *words) >= count, 20, 0.2)

    def records(self):
        with open(os.path.join(self.folder, "searches.log"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def files(self):
        return sorted(os.path.basename(path) for path in glob.glob(self.folder + "/queries-*"))


def start(stage, **settings):
    country = Country(stage, systems=(SYSTEM,), accounts=10, agents=False)
    agent = Agent(stage, country.collector, country.npd, SYSTEM)
    if settings:
        configure(agent, queryLog=settings)
    country.agents = [agent.start()]
    return country, agent, Desk(stage, agent)


def stands_in_clear(folder, text):
    """Files below the folder that hold this text, compressed ones included."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.isfile(path):
                continue
            with (gzip.open if name.endswith(".gz") else open)(path, "rb") as f:
                if text.encode() in f.read():
                    found.append(path)
    return found


def test_each_query_leaves_one_line_that_can_be_found(stage):
    country, agent, desk = start(stage)
    sent = [(n, *query(agent, "khongco" if n % 10 == 9 else f"canbo{n % 10}", n % 20, SERVICES[n % 3]))
            for n in range(60)]
    assert all(status == (500 if n % 10 == 9 else 200) for n, _, status in sent)
    desk.wait_hits(60)

    rows = desk.search()["rows"]
    assert [row["message"] for row in rows] == [message for _, message, _ in sent]
    for (n, _, _), row in zip(sent, rows):
        assert row["account"] == ("khongco" if n % 10 == 9 else f"canbo{n % 10}")
        assert row["service"] == SERVICES[n % 3]
        assert (row["verdict"], row.get("reason")) == (("deny", "R8.account") if n % 10 == 9 else ("allow", None))
        assert row["source"] == "127.0.0.1" and row["request"]
    assert len({row["subject"] for row in rows}) == 20

    found = desk.search(*desk.subjects(7, 100, 11))["rows"]
    assert [(row["message"], row["subject_line"]) for row in found] == [
        (message, 1 if n % 20 == 7 else 3) for n, message, _ in sent if n % 20 in (7, 11)]
    assert desk.hits("--account", "canbo3") == desk.hits("--account", "canbo3@" + SYSTEM) == 6
    assert desk.hits("--verdict", "deny") == desk.hits("--account", "khongco") == 6
    assert desk.hits("--request", sent[5][1]) == 1

    record = next(r for r in desk.records() if "subjects" in r)
    assert record["hits"] == 6 and record["by"]["uid"] == os.getuid() and len(record["subjects"]) == 3

    # Stopped, everything that was asked for is there all the same.
    agent.process.stop()
    assert desk.hits() == 60
    for number in [subject(n) for n in range(20)] + [officer(n) for n in range(5)]:
        assert stands_in_clear(agent.state, number) == []
    assert os.stat(os.path.join(agent.state, "querylog.key")).st_mode & 0o777 == 0o600
    for name in os.listdir(desk.folder):
        assert os.stat(os.path.join(desk.folder, name)).st_mode & 0o027 == 0
    assert subject(7) not in agent.process.tail(10_000) and officer(1) not in agent.process.tail(10_000)


def test_what_could_not_be_read_leaves_a_line_too(stage):
    _, agent, desk = start(stage)
    assert post(agent.gateway_port, b"<nothing/>")[0] == 400
    desk.wait_hits(1)
    row = desk.search()["rows"][0]
    assert (row["verdict"], row["reason"], row["account"], row["service"]) == ("deny", "malformed", "?", "?")


def test_a_killed_agent_loses_about_a_second_of_lines_and_no_count(stage):
    country, agent, desk = start(stage)
    may_miss = 0
    with Clients(country, threads=2, logins=[f"canbo{i}" for i in range(10)], seed=3, pause=0.005) as clients:
        for _ in range(3):
            clients.more("allow", 100)
            before = clients.total("allow")
            desk.wait_hits(before - may_miss)
            agent.process.kill9()
            may_miss += clients.total("allow") + clients.total("unknown") - before
            agent.start()
        clients.more("allow", 50)
        counts = clients.join()
    answered = sum(row["allow"] for row in counts.values())
    desk.wait_hits(answered - may_miss)
    found = desk.search("--limit", "1000000")
    messages = [row["message"] for row in found["rows"]]
    assert len(set(messages)) == len(messages), "a line was doubled"
    assert found["coverage"]["unreadable_lines"] <= 3 and may_miss < answered
    country.wait_complete()
    assert len(messages) <= sum(sum(row) for row in country.totals().values())


def test_a_full_disk_costs_lines_that_are_counted_and_no_count(stage, small_disk):
    disk = small_disk("agent-" + SYSTEM, 48)
    country, agent, desk = start(stage)
    with Clients(country, threads=4, logins=[f"canbo{i}" for i in range(10)], seed=4) as clients:
        clients.more("allow", 200)
        # Until lines are dropped: what an old ledger or a finished file frees is taken again.
        wait_for("dropped lines", lambda: (disk.fill(), metric(agent, "chot_agent_query_log_dropped_total"))[1], 120)
        clients.more("allow", 100)
        disk.free()
        clients.more("allow", 300)
        counts = clients.join()
    asked = sum(row["allow"] + row["deny"] for row in counts.values())
    country.wait_complete()
    assert country.totals() == expected(counts)
    time.sleep(1.5)
    found = desk.search("--limit", "10000000")
    dropped = int(metric(agent, "chot_agent_query_log_dropped_total"))
    assert dropped > 0 and found["coverage"]["lost_lines"] == dropped
    assert found["hits"] + dropped == asked
    assert len({row["message"] for row in found["rows"]}) == found["hits"]


def test_a_full_file_is_compressed_while_the_agent_runs(stage):
    country, agent, desk = start(stage, fileMax="1MiB")
    with Clients(country, threads=4, logins=[f"canbo{i}" for i in range(10)], seed=6) as clients:
        wait_for("a compressed file", lambda: any(name.endswith(".gz") for name in desk.files()), 120, 0.5)
        counts = clients.join()
    asked = sum(row["allow"] + row["deny"] for row in counts.values())
    desk.wait_hits(asked)
    found = desk.search("--limit", "10000000")
    assert found["hits"] == asked == len({row["message"] for row in found["rows"]})
    packed = [name for name in desk.files() if name.endswith(".gz")]
    assert subprocess.run(["gzip", "-t", *packed], cwd=desk.folder).returncode == 0
    country.wait_complete()
    assert country.totals() == expected(counts)


def test_status_and_metrics_tell_how_it_is_doing(stage):
    if time.gmtime(time.time() + 7 * 3600 + 120).tm_yday != time.gmtime(time.time() + 7 * 3600).tm_yday:
        pytest.skip("a new day begins within two minutes")
    _, agent, desk = start(stage)
    for n in range(7):
        query(agent, "canbo1", n)
    desk.wait_hits(7)
    status = json.loads(stage.program("chot-agent", "status", "--config", agent.config, "--format", "json"))
    assert status["query_log"]["lines_today"] == 7 and status["query_log"]["dropped"] == 0
    assert status["query_log"]["enabled"] and re.match(r"\d{4}-\d\d-\d\d$", status["query_log"]["oldest"])
    assert "7 lines today" in stage.program("chot-agent", "status", "--config", agent.config)
    assert "hôm nay 7 dòng" in stage.program("chot-agent", "status", "--config", agent.config, "--lang", "vi")
    assert metric(agent, "chot_agent_query_log_lines_total") == 7
    agent.process.stop()
    agent.start()
    query(agent, "canbo1", 8)
    desk.wait_hits(8)

    def lines():
        text = stage.program("chot-agent", "status", "--config", agent.config, "--format", "json")
        return json.loads(text)["query_log"]["lines_today"]
    wait_for("the lines of both runs", lambda: lines() == 8, 10)
    assert len(desk.files()) == 1


def test_it_can_be_turned_off(stage):
    _, agent, desk = start(stage, enabled=False)
    assert query(agent, "canbo1", 1)[1] == 200
    agent.process.stop()
    assert not os.path.exists(desk.folder) and not os.path.exists(os.path.join(agent.state, "querylog.key"))
    with pytest.raises(Broken, match="no query log is kept here"):
        desk.search()


def test_each_of_several_systems_has_its_own_log_and_they_are_searched_together(stage):
    country, province = make(stage)
    desk = Desk(stage, province)
    sent = {(door.system, query(door, f"canbo{n}", n)[0]) for door in country.agents for n in range(4)}
    desk.wait_hits(12)
    rows = desk.search()["rows"]
    assert {(row["system"], row["message"]) for row in rows} == sent
    assert len({row["subject"] for row in rows}) == 12, "each system has a key of its own"
    found = desk.search(*desk.subjects(2))["rows"]
    assert [(row["system"], row["account"], row["subject_line"]) for row in found] == [
        (system, "canbo2", 1) for system in SYSTEMS]
    assert desk.hits("--system", SYSTEMS[1]) == desk.hits("--account", "canbo1@" + SYSTEMS[0]) * 4 == 4
    assert desk.hits("--account", "canbo1") == 3
    limited = desk.search("--limit", "5")
    assert (limited["hits"], limited["limited"]) == (5, True)
    for system, searches in zip(SYSTEMS, (1, 2, 1)):
        with open(province.folder(system, "log", "searches.log"), encoding="utf-8") as f:
            assert sum(1 for _ in f) >= searches
    table = stage.program("chot-agent", "log", "search", "--config", province.config, "--limit", "12")
    assert table.splitlines()[0].startswith("system ") and all(system in table for system in SYSTEMS)
    assert all(block["query_log"]["lines_today"] >= 0 for block in province.health()["systems"])
    for words in (["--system", "H29.khac"], ["--account", "canbo1@H29.khac"]):
        with pytest.raises(Broken, match="status 64"):
            desk.search(*words)
    province.process.stop()
    for number in [subject(n) for n in range(4)] + [officer(n) for n in range(5)]:
        assert stands_in_clear(province.state, number) == []
