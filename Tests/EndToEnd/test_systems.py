"""Several systems behind one agent and one gateway: a stream and a key each (issue C, capabilities)."""
import http.client
import json
import os
import random
import re
import subprocess
import time

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from country import (ROOT, SERVICES, Agent, Broken, Clients, Country, accepts, ask, assert_counted, free_port, metric,
                     metrics, post, read_json, soap, wait_for)

MOTCUA, HOTICH, DAT = SYSTEMS = ("H26.motcua", "H26.hotich", "H26.dat")
LOGINS = [f"canbo{i}" for i in range(10)]
SERVICE = SERVICES[0]


class Door:
    """How queries of one system come to the gateway."""

    def __init__(self, system, gateway_port, fields="", headers=None):
        self.system, self.gateway_port = system, gateway_port
        self.fields, self.headers = fields, headers


class Province:
    """One agent process and one gateway of three systems: by MaTichHop, by a header, by an address."""

    def __init__(self, country, systems=SYSTEMS):
        self.country, self.stage, self.name = country, country.stage, "province"
        self.state = self.stage.path("agent-province")
        self.config = self.stage.path("agent-province.json5")
        self.gateway_port, self.second_port, self.status_port = free_port(), free_port(), free_port()
        self.process = self.gateway = None
        self.matches = {
            MOTCUA: {"MaTichHop": ["037", "038"]},
            HOTICH: {"header": {"name": "X-Road-Client", "value": "VN/GOV/H26/hotich"}},
            DAT: {"listen": f"127.0.0.1:{self.second_port}"},
        }
        self.doors = {
            MOTCUA: Door(MOTCUA, self.gateway_port, "<d:MaTichHop>038</d:MaTichHop>"),
            HOTICH: Door(HOTICH, self.gateway_port, headers={"X-Road-Client": "VN/GOV/H26/hotich"}),
            DAT: Door(DAT, self.second_port),
        }
        self.configure(systems)

    def configure(self, systems):
        self.systems = systems
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({
                "state": self.state,
                "collector": {"url": self.country.collector.url},
                "authorize": {"listen": f"unix:{self.state}/authorize.sock"},
                "gateway": {"listen": f"127.0.0.1:{self.gateway_port}", "upstream": self.country.npd.url},
                "push": {"every": "1s"},
                "status": {"listen": f"127.0.0.1:{self.status_port}"},
                "systems": [{"system": s, "match": self.matches[s]} for s in systems],
            }, f, indent=2)

    def token(self, system):
        path = self.stage.path(f"token-{system}")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(self.country.collector.cli("agent", "token", system))
        return path

    def enrol(self, system, token=None):
        return self.stage.program(
            "chot-agent", "enroll", "--systems", "--collector", self.country.collector.url,
            "--token-file", token or self.token(system), "--state", self.state)

    def folder(self, system, *more):
        return os.path.join(self.state, "systems", system, *more)

    def run(self):
        self.process = self.stage.start("agent-province", os.path.join(self.stage.bin, "chot-agent"),
                                        "run", "--config", self.config)
        return self

    def start(self):
        self.run()
        wait_for("the agent of the province", self.is_healthy)
        if self.gateway is None:
            text = self.cli("nginx-config", "--standalone")
            self.gateway = self.stage.start_nginx("gateway-province", text, self.gateway_port)
            if DAT in self.systems:
                wait_for("the second address", lambda: accepts(self.second_port))
        return self

    def is_healthy(self):
        self.process.check()
        try:
            return self.health() is not None
        except (OSError, http.client.HTTPException):
            return False

    def health(self):
        line = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=5)
        try:
            line.request("GET", "/healthz")
            return json.loads(line.getresponse().read())
        finally:
            line.close()

    def cli(self, *args):
        return self.stage.program("chot-agent", *args, "--config", self.config)


def make(stage, systems=SYSTEMS, **more):
    country = Country(stage, systems=SYSTEMS, accounts=10, agents=False, **more)
    province = Province(country, systems)
    for system in systems:
        assert province.enrol(system).strip() == f"enrolled as {system}/1"
    country.agents = [province.doors[s] for s in systems]
    return country, province.start()


def test_every_system_has_its_own_stream_key_and_locks(stage):
    country, province = make(stage)
    with Clients(country, threads=6, logins=LOGINS + ["nguoila"], seed=5, pause=0.002) as clients:
        clients.more("allow", 300)
        lock = country.lock(f"system={HOTICH}", "--for", "1h")
        country.wait_enforced(lock)
        for kill in range(4):
            time.sleep(random.Random(kill).uniform(0.2, 0.7))
            province.process.kill9()
            province.start()
        assert [ask(d, "canbo1") for d in country.agents] == ["allow", "deny", "allow"]
        for door in country.agents:
            row = clients.counts.setdefault((door.system, "canbo1", SERVICE), {"allow": 0, "deny": 0, "unknown": 0})
            with clients.guard:
                row["deny" if door.system == HOTICH else "allow"] += 1
        country.collector.cli("lock", "release", lock["id"], "--reason", "xong")
        wait_for("the release", lambda: ask_and_note(clients, province.doors[HOTICH], "canbo2") == "allow", 10)
        clients.more("allow", 200)
        counts = clients.join()
    country.wait_complete(90)
    assert_counted(country, counts)
    assert clients.total("unknown") > 0, "the kills hit nothing"
    rows = {r["system"]: r["allowed"] for r in country.usage("system")["rows"]}
    received = country.npd.counts()
    for system in SYSTEMS:
        sent = sum(row["allow"] for key, row in counts.items() if key[0] == system)
        assert sent <= received[system] <= rows[system]
    assert_signed_by_three_keys(country, province)


def ask_and_note(clients, door, login):
    verdict = ask(door, login)
    with clients.guard:
        row = clients.counts.setdefault((door.system, login, SERVICE), {"allow": 0, "deny": 0, "unknown": 0})
        row[verdict] += 1
    return verdict


def assert_signed_by_three_keys(country, province):
    collector = country.collector
    agents = {a["id"]: a for a in collector.json("agent", "list")}
    assert set(agents) == {f"{s}/1" for s in SYSTEMS}
    thumbprints = set()
    for system in SYSTEMS:
        agent = agents[f"{system}/1"]
        assert (agent["system"], agent["state"]) == (system, "active")
        key = OKPKey.import_key(json.loads(collector.cli("agent", "show", agent["id"], "--jwk")))
        own = OKPKey.import_key(read_json(province.folder(system), "agent.key"))
        assert own.thumbprint() == key.thumbprint()
        raw = collector.cli("evidence", "show", "--agent", agent["id"], "--epoch", str(agent["epoch"]),
                            "--seq", str(agent["seq"]), "--raw").strip()
        payload = json.loads(jws.deserialize_compact(raw, key, algorithms=["EdDSA"]).payload)
        assert (payload["agent"], payload["system"]) == (agent["id"], system)
        thumbprints.add(key.thumbprint())
    assert len(thumbprints) == 3
    assert not os.path.exists(os.path.join(province.state, "agent.key"))


def test_what_belongs_to_no_system_is_refused_said_and_counted(stage):
    country, province = make(stage)
    for fields, said in [("", "không có MaTichHop"), ("<d:MaTichHop>0388</d:MaTichHop>", "MaTichHop 0388")]:
        status, headers, body = post(province.gateway_port, soap("canbo1", fields=fields),
                                     {"X-Road-Client": "bimat"})
        text = body.decode()
        assert status == 500 and headers["X-Chot-Verdict"] == "deny" and headers["X-Chot-Reason"] == "unmatched"
        assert said in text and "none" not in text and "bimat" not in text
        assert "thuộc hệ thống thông tin nào" in text and "cannot be assigned" in text
        assert "tiêu đề x-road-client" in text and f"127.0.0.1:{province.gateway_port}" in text
    # A client cannot say by which address it came, nor name two systems at once.
    for header in ("X-Chot-System-Listen", "x_chot_system_listen"):
        assert post(province.gateway_port, soap("canbo1"), {header: f"127.0.0.1:{province.second_port}"})[0] == 400
    line = http.client.HTTPConnection("127.0.0.1", province.gateway_port, timeout=10)
    for other in ("X-Road-Client", "x_road_client"):
        line.putrequest("POST", "/npd/x")
        body = soap("canbo1")
        for name, value in [("Content-Type", "text/xml"), ("Content-Length", str(len(body))),
                            ("X-Road-Client", "VN/GOV/H26/hotich"), (other, "VN/GOV/H26/khac")]:
            line.putheader(name, value)
        line.endheaders(body)
        answer = line.getresponse()
        assert answer.status == 400 and answer.read() is not None
    # Two codes could show the agent one system and the NPD another; what cannot be read is the first's.
    twice = "<d:MaTichHop>037</d:MaTichHop><d:MaTichHop>040</d:MaTichHop>"
    assert post(province.gateway_port, soap("canbo1", fields=twice))[0] == 400
    assert post(province.second_port, b"<x", {})[0] == 400
    # The first that is listed wins.
    assert ask(Door(MOTCUA, province.second_port, "<d:MaTichHop>037</d:MaTichHop>",
                    {"X-Road-Client": "VN/GOV/H26/hotich"}), "canbo1") == "allow"
    country.wait_complete()
    assert country.totals() == {(MOTCUA, "?", "?"): (0, 5), (DAT, "?", "?"): (0, 1),
                                (HOTICH, "?", "?"): (0, 2),  # named by the first of the two headers
                                (MOTCUA, "canbo1", SERVICE): (1, 0)}
    raw = country.collector.cli("evidence", "show", "--agent", MOTCUA + "/1", "--seq", "1", "--raw")
    assert raw.count(".") == 2
    health = province.health()
    assert health["status"] == "ok" and [s["agent"] for s in health["systems"]] == [s + "/1" for s in SYSTEMS]
    assert health["systems"][0]["denied"] == {"unmatched": 2, "malformed": 3}
    assert metric(province, "chot_agent_queries_denied", f'{{system="{MOTCUA}"}}') == 5
    assert metric(province, "chot_agent_queries_allowed", f'{{system="{DAT}"}}') == 0
    assert "canbo" not in metrics(province)


def test_a_system_that_is_not_enrolled_is_named_with_the_way_out(stage):
    country = Country(stage, systems=SYSTEMS, accounts=2, agents=False)
    province = Province(country)
    province.enrol(MOTCUA)
    with pytest.raises(Broken) as refused:
        province.cli("run")
    text = str(refused.value)
    assert "status 78" in text and MOTCUA not in text.split("systems:")[1]
    for system in (HOTICH, DAT):
        assert f"{system} is not enrolled" in text and f"chot-collector agent token {system}" in text
    assert f"chot-agent enroll --systems --collector {country.collector.url}" in text
    said = province.cli("check-config", "--lang", "vi")
    assert f"{MOTCUA}: đã ghi danh là {MOTCUA}/1" in said and f"{DAT} chưa ghi danh" in said
    # A system is added while the agent of others runs; the same command once more changes nothing.
    province.configure([MOTCUA])
    country.agents = [province.doors[MOTCUA]]
    province.start()
    token = province.token(HOTICH)
    first = province.enrol(HOTICH, token)
    key = read_json(province.folder(HOTICH), "agent.key")
    assert province.enrol(HOTICH, token) == first == f"enrolled as {HOTICH}/1\n"
    assert read_json(province.folder(HOTICH), "agent.key") == key
    # A lost answer: the collector has enrolled the key, the agent did not hear of it.
    token = province.token(DAT)
    province.enrol(DAT, token)
    workshop = sorted(set(os.listdir(province.folder("."))))
    assert workshop == sorted(SYSTEMS), "nothing is left of enrolments"
    with open(province.folder(DAT, "enrolled-by")) as f:
        lost = province.folder(".enrolling-" + f.read())
    os.rename(province.folder(DAT), lost)
    for name in ("identity.json", "enrolled-by"):
        os.unlink(os.path.join(lost, name))
    assert province.enrol(DAT, token) == f"enrolled as {DAT}/1\n"
    assert [a["id"] for a in country.collector.json("agent", "list")] == sorted(f"{s}/1" for s in SYSTEMS)
    # A second enrolment of a system does not take the place of the first.
    token = province.token(DAT)
    with pytest.raises(Broken, match=f"already belongs to {DAT}/1"):
        province.enrol(DAT, token)
    os.rename(province.folder(DAT), province.folder("..", "former"))
    assert province.enrol(DAT, token) == f"enrolled as {DAT}/2\n"
    os.rename(province.folder(HOTICH), province.folder("H26.khac"))
    os.rename(province.folder(DAT), province.folder(HOTICH))
    with pytest.raises(Broken, match=f"{HOTICH} belongs to {DAT}/2, not to {HOTICH}"):
        province.configure([MOTCUA, HOTICH])
        province.cli("run")


def test_what_troubles_one_system_stops_no_other(stage):
    country = Country(stage, systems=SYSTEMS, accounts=2, agents=False)
    province = Province(country)
    province.enrol(MOTCUA)
    province.configure([MOTCUA])
    province.start()
    assert ask(province.doors[MOTCUA], "canbo1") == "allow"
    province.process.stop()
    for system in (HOTICH, DAT):
        province.enrol(system)
    database = province.folder(DAT, "agent.db")
    with open(database, "wb") as f:
        f.write(b"no database" * 1000)
    # Enrolled, and never heard of the collector since: no orders.
    country.collector.process.stop()
    province.configure(SYSTEMS)
    province.gateway.stop()
    province.gateway = None
    province.start()
    country.agents = [province.doors[s] for s in SYSTEMS]
    assert [ask(d, "canbo1") for d in country.agents] == ["allow", "unknown", "unknown"]
    status, headers, body = post(province.second_port, soap("canbo1"))
    assert status == 503 and headers["X-Chot-Reason"] == "agent-down" and "H26.dat" in body.decode()
    assert [s["status"] for s in province.health()["systems"]] == ["ok", "no orders", "storage trouble"]
    assert metric(province, "chot_agent_system_open", f'{{system="{HOTICH}"}}') == 0
    # One look tells all three, and that there is trouble (exit 1).
    with pytest.raises(Broken, match="ended with status 1") as told:
        province.cli("status", "--lang", "vi")
    for system in SYSTEMS:
        assert f"Điểm chốt {system}/1" in str(told.value)
    assert "chưa nhận được lệnh khóa" in str(told.value) and "agent.db" in str(told.value)
    country.collector.start()
    wait_for("the orders", lambda: ask(province.doors[HOTICH], "canbo1") == "allow", 20)
    assert ask(province.doors[DAT], "canbo1") == "unknown"
    os.unlink(database)
    wait_for("the third", lambda: ask(province.doors[DAT], "canbo1") == "allow", 20)
    assert province.health()["status"] == "ok"
    country.wait_complete()
    assert {key[0]: allowed for key, (allowed, _) in country.totals().items()} == {
        MOTCUA: 2, HOTICH: 1, DAT: 1}
    # Stopped together, nothing is left unsent.
    assert [ask(d, "canbo1") for d in country.agents] == ["allow"] * 3
    assert province.process.stop() == 0
    assert {key[0]: allowed for key, (allowed, _) in country.totals().items()} == {
        MOTCUA: 3, HOTICH: 2, DAT: 2}


def test_a_damaged_key_of_one_system_stops_no_other(stage):
    country, province = make(stage)
    assert [ask(d, "canbo1") for d in country.agents] == ["allow"] * 3
    province.process.stop()
    key = province.folder(HOTICH, "agent.key")
    os.rename(key, key + ".whole")
    with open(key, "w", encoding="utf-8") as f:
        f.write("{")
    province.start()
    assert [ask(d, "canbo1") for d in country.agents] == ["allow", "unknown", "allow"]
    health = province.health()
    assert health["status"] == "damaged"
    assert {s["agent"]: s["status"] for s in health["systems"]} == {
        MOTCUA + "/1": "ok", DAT + "/1": "ok", HOTICH + "/0": "damaged"}
    assert metric(province, "chot_agent_system_open", f'{{system="{HOTICH}"}}') == 0
    with pytest.raises(Broken, match="ended with status 1") as told:
        province.cli("status")
    assert f"{HOTICH}: every query is refused" in str(told.value) and "agent.key" in str(told.value)
    assert "restore it from a backup" in str(told.value)
    province.process.stop()
    os.replace(key + ".whole", key)
    province.start()
    assert ask(province.doors[HOTICH], "canbo1") == "allow"
    country.wait_complete()
    assert {key[0]: allowed for key, (allowed, _) in country.totals().items()} == {
        MOTCUA: 2, HOTICH: 2, DAT: 2}


def test_orders_of_an_administrator_are_for_one_system(stage):
    country, province = make(stage)
    motcua, hotich, dat = country.agents
    assert [ask(d, "nguoila") for d in country.agents] == ["deny"] * 3
    with pytest.raises(Broken, match=f"--system is needed, one of {', '.join(SYSTEMS)}"):
        province.cli("bypass", "--for", "5m", "--reason", "diễn tập")
    province.cli("bypass", "--for", "5m", "--reason", "diễn tập", "--system", HOTICH)
    wait_for("the bypass", lambda: ask(hotich, "nguoila") == "allow", 5)
    assert [ask(d, "nguoila") for d in (motcua, dat)] == ["deny"] * 2
    province.cli("bypass", "--end", "--system", HOTICH)
    wait_for("its end", lambda: ask(hotich, "nguoila") == "deny", 5)
    # A lock carried by hand goes to the system that its file names.
    country.collector.front.stop()
    country.lock(f"account=canbo1@{DAT}", "--for", "1h")
    carried = stage.path("orders.json")
    country.collector.cli("lockset", "export", "--system", DAT, "--out", carried)
    assert ask(dat, "canbo1") == "allow"
    assert "in force now" in province.cli("lockset", "import", carried)
    wait_for("the lock", lambda: ask(dat, "canbo1") == "deny", 5)
    assert [ask(d, "canbo1") for d in (motcua, hotich)] == ["allow"] * 2
    # Also while the agent stands still.
    country.lock(f"account=canbo2@{DAT}", "--for", "1h")
    carried = stage.path("orders-2.json")
    country.collector.cli("lockset", "export", "--system", DAT, "--out", carried)
    assert province.process.stop() == 0
    assert "system: in force now" in province.cli("lockset", "import", carried)
    province.start()
    assert [ask(d, "canbo2") for d in country.agents] == ["allow", "allow", "deny"]


def test_an_agent_of_one_system_becomes_one_of_several_and_keeps_its_stream(stage):
    country = Country(stage, systems=SYSTEMS, accounts=2, agents=False)
    single = Agent(stage, country.collector, country.npd, MOTCUA).start()
    assert ask(single, "canbo1") == "allow"
    assert single.process.stop() == 0
    province = Province(country)
    province.state = single.state
    province.configure([MOTCUA, HOTICH])
    with pytest.raises(Broken, match=f"{MOTCUA}/1 lies in {single.state} itself: move its files into"):
        province.cli("run")
    with open(os.path.join(ROOT, "docs/en/operating.md"), encoding="utf-8") as f:
        command = " ".join(re.search(r"'cd /var/lib/chot-agent && (mkdir[^']*)'", f.read())[1].split())
    subprocess.run(command, shell=True, cwd=single.state, check=True)
    assert {"agent.key", "agent.db", "ledger", "policy.jws"} <= set(os.listdir(province.folder(MOTCUA)))
    province.enrol(HOTICH)
    province.start()
    country.agents = [province.doors[s] for s in (MOTCUA, HOTICH)]
    assert [ask(d, "canbo1") for d in country.agents] == ["allow", "allow"]
    country.wait_complete()
    assert {key[0]: allowed for key, (allowed, _) in country.totals().items()} == {MOTCUA: 2, HOTICH: 1}
    assert [a["id"] for a in country.collector.json("agent", "list")] == [f"{HOTICH}/1", f"{MOTCUA}/1"]
    assert not country.alerts("I1")
