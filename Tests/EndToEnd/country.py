"""A small country for the end-to-end tests: real collector, agents, nginx; on the stage of deploy/demo."""
import calendar
import csv
import http.client
import json
import os
import random
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/demo"))
from stage import Agent, Broken, Collector, NPD, Stage, calendar_around_now, wait_for  # noqa: E402,F401

SERVICES = ["TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh"]
SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://dancuquocgia.bca"><e:Body>
<d:{service}><d:MaYeuCau>{id}</d:MaYeuCau>{login}<d:SoDinhDanh>000099000001</d:SoDinhDanh></d:{service}>
</e:Body></e:Envelope>"""


def soap(login, service=SERVICES[0]):
    element = "" if login is None else f"<d:TaiKhoan>{login}</d:TaiKhoan>"
    return SOAP.format(service=service, id=uuid.uuid4().hex, login=element).encode()


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
    """allow, deny or unknown (no answer, or one that says the agent is down)."""
    status, headers, _ = post(agent.gateway_port, soap(login, service), connection=connection,
                              path="/npd/" + agent.system)
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
        self.collector = Collector(stage, {"calendar": calendar_around_now(), **(policy or {})})
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

    def alerts(self, rule, kind=None):
        return [a for a in self.collector.json("alerts", "list")
                if a["rule"] == rule and kind in (None, a["figures"]["kind"])]

    def lock(self, scope, *more):
        return self.collector.json("lock", "add", "--scope", scope, "--reason", "thử nghiệm", *more)


class Clients:
    """Concurrent clerks; each verdict is remembered by system, login and service."""

    def __init__(self, country, threads, each, logins, seed):
        self.country, self.counts, self.guard = country, {}, threading.Lock()
        self.threads = [threading.Thread(target=self.work, args=(random.Random(seed + i), each, logins))
                        for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, rng, each, logins):
        lines = {a.system: http.client.HTTPConnection("127.0.0.1", a.gateway_port, timeout=10)
                 for a in self.country.agents}
        for _ in range(each):
            agent = rng.choice(self.country.agents)
            login, service = rng.choice(logins), rng.choice(SERVICES)
            verdict = ask(agent, login, service, lines[agent.system])
            with self.guard:
                key = (agent.system, login, service)
                row = self.counts.setdefault(key, {"allow": 0, "deny": 0, "unknown": 0})
                row[verdict] += 1
            if verdict == "unknown":
                time.sleep(0.02)

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.counts


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


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)
