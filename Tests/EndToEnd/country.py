"""A small country for the end-to-end tests: real collector, agents, nginx; on the stage of deploy/demo."""
import calendar
import csv
import errno
import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/demo"))
from stage import (NGINX, ROOT, Agent, Broken, Collector, NPD, Stage, accepts,  # noqa: E402,F401
                   calendar_around_now, free_port, policy_around_now, user_line, wait_for)

SERVICES = ["TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh"]
SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://dancuquocgia.bca"><e:Body>
<d:{service}><d:MaYeuCau>{id}</d:MaYeuCau>{fields}{login}<d:SoDinhDanh>000099000001</d:SoDinhDanh></d:{service}>
</e:Body></e:Envelope>"""


def soap(login, service=SERVICES[0], fields=""):
    element = "" if login is None else f"<d:TaiKhoan>{login}</d:TaiKhoan>"
    return SOAP.format(service=service, id=uuid.uuid4().hex, login=element,
                       fields=fields).encode()


def post(port, body, headers=None, connection=None, path="/npd/x"):
    """(status, headers, body) of one POST; (None, {}, error) when no answer came."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        own.request("POST", path, body, {"Content-Type": "text/xml; charset=utf-8", **(headers or {})})
        answer = own.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (OSError, http.client.HTTPException) as error:
        own.close()
        return None, {}, str(error)
    finally:
        if connection is None:
            own.close()


def ask(agent, login, service=SERVICES[0], connection=None):
    """allow, deny or unknown (no answer, or one that says the agent is down).

    An agent may have `fields` to be put into the body and `headers` of its own (test_systems.py).
    """
    body = soap(login, service, getattr(agent, "fields", ""))
    status, headers, _ = post(agent.gateway_port, body, getattr(agent, "headers", None), connection,
                              "/npd/" + agent.system)
    if status == 200:
        return "allow"
    if headers.get("X-Chot-Verdict") == "deny" and headers.get("X-Chot-Reason") != "agent-down":
        return "deny"
    return "unknown"


class Country:
    """Registered systems with generous volumes, set to enforce, their agents running."""

    def __init__(self, stage, systems=("H26.motcua", "H29.motcua", "G15.hotich"), accounts=50,
                 per_day=100000, policy=None, persons=None, agents=True, mode="enforce",
                 config=None):
        self.stage = stage
        self.systems = systems
        self.npd = NPD(stage)
        self.collector = Collector(stage, policy_around_now(policy))
        if config:
            with open(self.collector.config + ".d/60-test.json5", "w", encoding="utf-8") as f:
                json.dump(config, f)
        self.collector.start()
        self.registry = stage.path("registry")
        os.mkdir(self.registry)
        units = sorted({s.split(".")[0] for s in systems})
        self.write("units", "code,name,kind,province_code", [(u, f"Đơn vị {u}", "province", "") for u in units])
        self.write("systems", "code,unit,name", [(s, s.split(".")[0], f"Hệ thống {s}") for s in systems])
        self.write("services", "system,service,office_per_day,off_per_day,purpose",
                   [(s, v, 1000000, 300, "thử nghiệm") for s in systems for v in SERVICES])
        person = persons or (lambda system, i: f"0000{systems.index(system):04d}{i:04d}")
        self.write("accounts", "system,login,full_name,cccd,per_day",
                   [(s, f"canbo{i}", "NGUYENVANMAU", person(s, i), per_day)
                    for s in systems for i in range(accounts)])
        self.collector.cli("registry", "import", self.registry)
        for system in systems:
            self.collector.cli("agent", "mode", system, mode)
        self.agents = [Agent(stage, self.collector, self.npd, s).start() for s in systems] if agents else []

    def write(self, kind, head, rows):
        with open(os.path.join(self.registry, kind + ".csv"), "w", newline="", encoding="utf-8") as f:
            writer = csv.writer(f)
            writer.writerow(head.split(","))
            writer.writerows(rows)

    def usage(self, by, *more):
        return self.collector.json("usage", "--by", by, *more)

    def totals(self):
        rows = self.usage("account,service")["rows"]
        return {(r["system"], r["account"], r["service"]): (r["allowed"], r["denied"]) for r in rows}

    def wait_complete(self, seconds=40):
        """Every agent's intervals reach up to now: what was counted until this moment is in the totals."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))

        def complete():
            if time.time() < calendar.timegm(time.strptime(now, "%Y-%m-%dT%H:%M:%SZ")):
                return False
            coverage = self.usage("system", "--to", now)["coverage"]
            return coverage["complete"] == coverage["expected"] and not coverage["missing"]
        wait_for("complete coverage", complete, seconds, 0.3)

    def wait_enforced(self, lock):
        """Until every agent concerned has told that it enforces the lock, and the lock book has noted that it was
        delivered (which the collector writes a few times a second, beside the agents' requests); asks no query."""
        def enforced():
            shown = self.collector.json("lock", "show", lock["id"])
            agents = shown["agents"]
            return agents["concerned"] == agents["enforcing"] > 0 and len(shown["deliveries"]) >= agents["concerned"]
        wait_for(f"every agent to enforce {lock['id']}", enforced, 10, 0.1)

    def alerts(self, rule, kind=None):
        return [a for a in self.collector.json("alerts", "list")
                if a["rule"] == rule and kind in (None, a["figures"]["kind"])]

    def lock(self, scope, *more):
        return self.collector.json("lock", "add", "--scope", scope, "--reason", "thử nghiệm", *more)


class Clients:
    """Concurrent clerks; each verdict is remembered by system, login and service.

    They ask `each` queries, or without `each` until they are joined; `pause`: seconds between two.
    """

    def __init__(self, country, threads, logins, seed, each=None, pause=0):
        self.country, self.each, self.pause = country, each, pause
        self.counts, self.guard, self.enough = {}, threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(random.Random(seed + i), logins))
                        for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, rng, logins):
        lines = {a.system: http.client.HTTPConnection("127.0.0.1", a.gateway_port, timeout=10)
                 for a in self.country.agents}
        asked = 0
        while asked != self.each and not (self.each is None and self.enough.is_set()):
            asked += 1
            agent = rng.choice(self.country.agents)
            login, service = rng.choice(logins), rng.choice(SERVICES)
            verdict = ask(agent, login, service, lines[agent.system])
            with self.guard:
                key = (agent.system, login, service)
                row = self.counts.setdefault(key, {"allow": 0, "deny": 0, "unknown": 0})
                row[verdict] += 1
            time.sleep(max(self.pause, 0.02 if verdict == "unknown" else 0))

    def total(self, verdict):
        with self.guard:
            return sum(row[verdict] for row in self.counts.values())

    def more(self, verdict, count, seconds=30):
        """Waits until so many more queries got this verdict."""
        goal = self.total(verdict) + count
        wait_for(f"{count} more {verdict}", lambda: self.total(verdict) >= goal, seconds)

    def join(self):
        self.enough.set()
        for thread in self.threads:
            thread.join()
        return self.counts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.join()


def expected(counts):
    """What the totals must be when no answer was unknown."""
    return {k: (v["allow"], v["deny"]) for k, v in counts.items() if v["allow"] or v["deny"]}


def assert_counted(country, counts):
    """Each answered query is counted once; only one without an answer may or may not be."""
    totals = country.totals()
    for key, seen in counts.items():
        allowed, denied = totals.pop(key, (0, 0))
        assert seen["allow"] <= allowed <= seen["allow"] + seen["unknown"], key
        assert seen["deny"] <= denied <= seen["deny"] + seen["unknown"], key
    assert not totals, "counted what nobody sent"


def configure(part, **settings):
    """Settings on top of an agent's or the collector's configuration, from its next start on."""
    folder = part.config + ".d"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "60-test.json5"), "w", encoding="utf-8") as f:
        json.dump(settings, f)


class SmallDisk:
    """A file system of so many MiB, to be filled."""

    def __init__(self, path, megabytes):
        self.path, self.ballast = path, os.path.join(path, "ballast")
        os.mkdir(path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "chot-test", path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"mounting a small tmpfs is not permitted here: {done.stderr.strip()}")

    def fill(self):
        """Takes every byte that is free."""
        with open(self.ballast, "ab", buffering=0) as f:
            for size in (1 << 20, 4096):
                try:
                    while f.write(b"x" * size) == size:
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def is_full(self):
        return os.statvfs(self.path).f_bavail == 0

    def free(self):
        os.unlink(self.ballast)

    def unmount(self):
        if subprocess.run(["umount", self.path], capture_output=True).returncode != 0:
            subprocess.run(["umount", "-l", self.path], check=True)


def metrics(agent_or_path):
    """Text of /metrics, from a status port or a unix socket."""
    import socket
    if isinstance(agent_or_path, str):
        line = http.client.HTTPConnection("local")
        line.sock = socket.socket(socket.AF_UNIX)
        line.sock.connect(agent_or_path)
    else:
        line = http.client.HTTPConnection("127.0.0.1", agent_or_path.status_port)
    line.request("GET", "/metrics")
    text = line.getresponse().read().decode()
    line.close()
    return text


def metric(agent_or_path, name, labels=""):
    """The value of one metric; 0 while it has none."""
    found = re.search(rf"^{re.escape(name + labels)} (\S+)$", metrics(agent_or_path), re.M)
    return float(found[1]) if found else 0


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)
