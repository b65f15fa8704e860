"""Away from the collector: bounds of the outbox, hold and closed, and the way out through a proxy."""
import datetime
import json
import os
import re
import subprocess
import time

import pytest

from country import (Agent, Broken, Country, accepts, ask, configure, expected, free_port, Clients, metric, post, soap,
                     wait_for)

SYSTEM = "H26.motcua"
LOGINS = [f"canbo{i}" for i in range(4)]


def start(stage, **settings):
    country = Country(stage, systems=(SYSTEM,), accounts=4, agents=False)
    country.agents = [Agent(stage, country.collector, country.npd, SYSTEM)]
    configure(country.agents[0], **settings)
    country.agents[0].start()
    return country, country.agents[0]


def status(agent, *more):
    """(exit status, what it printed)"""
    done = subprocess.run([f"{agent.stage.bin}/chot-agent", "status", "--config", agent.config, *more],
                          capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout or done.stderr


def report(agent):
    return json.loads(status(agent, "--format", "json")[1])


def troubles(agent):
    return {t["kind"] for t in report(agent)["troubles"]}


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def silent_seconds(agent):
    return metric(agent, "chot_agent_collector_silent_seconds")


def signed(country):
    return country.collector.json("agent", "list")[0]["seq"]


def test_what_waited_comes_back_whole_and_in_few_summaries(stage):
    country, agent = start(stage)
    wait_for("the first summary", lambda: signed(country) > 0, 10)
    country.collector.process.stop()
    intervals = []
    with Clients(country, threads=2, logins=LOGINS, seed=7, pause=0.02) as clients:
        for _ in range(24):  # a push interval is a second
            clients.more("allow", 10)
            intervals.append(report(agent)["details"]["backlog"]["intervals"])
        agent.process.kill9()
        agent.start()
        clients.more("allow", 20)
        counts = clients.join()
    # They are put together as they pile up, not only when they are sent.
    assert max(intervals) <= 2 + 8
    before = country.collector.start() and signed(country)
    country.wait_complete()
    assert {k: v[0] for k, v in country.totals().items()} == {k: v[0] for k, v in expected(counts).items()}
    sent = signed(country) - before
    # An hour or two, cut once by the restart; one that was signed and not sent, and those since the return.
    assert sent <= 12, sent
    assert not country.alerts("I1")


def test_a_full_outbox_drops_the_oldest_and_says_so(stage):
    country, agent = start(stage, outbox={"bytesMax": "64KiB"})
    asked = 0
    for login in LOGINS:
        assert ask(agent, login) == "allow"
        asked += 1
    wait_for("the first totals", lambda: sum(a for a, _ in country.totals().values()) == 4, 10)
    country.collector.process.stop()
    flood = 0
    while metric(agent, "chot_agent_outbox_dropped_total", '{what="queries"}') == 0:
        assert flood < 20_000
        time.sleep(0.5)  # one interval alone is never dropped
        for _ in range(40):
            flood += 1
            # Not registered: refused, and counted under its own name.
            assert post(agent.gateway_port, soap(f"gia{flood}"), path="/npd/" + SYSTEM)[0] == 500
            asked += 1

    def is_bounded():
        backlog = report(agent)["details"]["backlog"]
        return backlog["dropped"]["queries"] > 0 and backlog["bytes"] <= backlog["bytes_max"] == 65536
    # Each time an interval is taken; what is signed meanwhile is a third larger for a moment.
    wait_for("the bound", is_bounded, 5)
    assert "dropped" in troubles(agent)
    code, text = status(agent, "--lang", "vi")
    assert code == 1 and "hàng chờ gửi đầy" in text
    assert "the outbox is full" in agent.process.tail(200)
    assert ask(agent, "canbo0") == "allow"
    asked += 1
    country.collector.start()
    alert = wait_for("the alert", lambda: country.alerts("I1", "spool"), 30)[0]
    dropped = report(agent)["details"]["backlog"]["dropped"]["queries"]
    assert str(dropped) in alert["message"]["vi"].replace(".", "")

    def counted():
        return sum(sum(row) for row in country.totals().values())
    wait_for("all the rest", lambda: counted() == asked - dropped, 30)
    missing = country.usage("system")["coverage"]["missing"]
    assert [gap["agent"] for gap in missing] == [SYSTEM + "/1"]
    wait_for("nothing untold", lambda: "dropped" not in troubles(agent), 10)
    assert not country.alerts("I1", "gap") and not country.alerts("I1", "overlap")


def test_the_grace_goes_on_over_restarts_and_closed_opens_by_itself(stage):
    country, agent = start(stage, offline={"mode": "closed", "grace": "25s"})
    assert ask(agent, "canbo0") == "allow"
    country.collector.process.stop()
    wait_for("some silence", lambda: silent_seconds(agent) >= 5, 20)
    assert ask(agent, "canbo0") == "allow"
    offline = report(agent)["details"]["offline"]
    for crash in (False, True):
        before = silent_seconds(agent)
        agent.process.kill9() if crash else agent.process.stop()
        agent.start()
        # A crash forgets a tenth of the grace at most.
        assert silent_seconds(agent) >= before - (3 if crash else 0)
    wait_for("it to close", lambda: ask(agent, "canbo0") == "deny", 40)
    headers, body = post(agent.gateway_port, soap("canbo0"), path="/npd/" + SYSTEM)[1:]
    assert headers["X-Chot-Reason"] == "offline" and "25" not in headers and b"m\xe1\xba\xa5t li\xc3\xaan l\xe1\xba\xa1c" in body
    agent.process.stop()
    agent.start()
    assert ask(agent, "canbo0") == "deny", "a restart opened it"
    code, text = status(agent)
    assert code == 1 and "closed, out of contact since" in text and "every query is refused" in text
    assert troubles(agent) >= {"closed", "collector"}
    assert offline["mode"] == "closed"
    country.collector.start()
    wait_for("it to open", lambda: ask(agent, "canbo0") == "allow", 40)
    wait_for("no trouble", lambda: status(agent)[0] == 0, 20)


def test_hold_goes_on_and_status_says_since_when_and_until_when(stage):
    country, agent = start(stage, offline={"mode": "closed", "grace": "2h"})
    assert report(agent)["details"]["offline"].get("closes_at") is None
    country.collector.process.stop()
    agent.process.stop()
    agent.start()  # an agent that never heard of the collector in this run says away at once
    details = report(agent)["details"]
    assert not details["contact"]["connected"] and details["contact"]["why"]
    grace = seconds(details["offline"]["closes_at"]) - seconds(details["at"]) + details["contact"]["silent_seconds"]
    assert abs(grace - 7200) <= 2
    assert "closes at" in status(agent)[1] and "sẽ đóng lúc" in status(agent, "--lang", "vi")[1]
    assert ask(agent, "canbo0") == "allow"


class Proxy:
    """Debian's tinyproxy. What goes through it comes from an address of its own, so that the collector's front tells."""

    ADDRESS = "127.0.0.9"

    def __init__(self, stage, allowed_port):
        self.stage, self.port, self.log = stage, free_port(), stage.path("tinyproxy.log")
        self.config = stage.path("tinyproxy.conf")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(f"Port {self.port}\nListen 127.0.0.1\nBind {self.ADDRESS}\nTimeout 600\nMaxClients 50\n"
                    f'LogFile "{self.log}"\nLogLevel Connect\nAllow 127.0.0.1\nConnectPort {allowed_port}\n')
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = self.stage.start("tinyproxy", "/usr/bin/tinyproxy", "-d", "-c", self.config)
        wait_for("the proxy", lambda: accepts(self.port))

    def connects(self):
        with open(self.log, encoding="utf-8") as f:
            return re.findall(r"CONNECT (\S+) HTTP", f.read())


def front_log(country):
    with open(os.path.join(country.collector.state, "nginx/access.log"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def test_everything_goes_through_the_proxy(stage):
    country = Country(stage, systems=(SYSTEM,), accounts=4, agents=False)
    collector = country.collector
    proxy = Proxy(stage, collector.port)
    # The stage's way to make an agent enrols one without the proxy; ours takes its place.
    agent = Agent(stage, collector, country.npd, SYSTEM)
    seen = len(wait_for("the front's log", lambda: (lambda log: log if any(
        line["path"] == "/v1/enroll" for line in log) else None)(front_log(country)), 5))
    token = stage.path("token")
    with open(token, "w", encoding="ascii") as f:
        f.write(collector.cli("agent", "token", SYSTEM))
    state = stage.path("agent-behind")
    stage.program("chot-agent", "enroll", "--collector", collector.url, "--token-file", token, "--state", state,
                  "--proxy", proxy.url)
    with open(agent.config, encoding="utf-8") as f:
        settings = json.load(f)
    agent.state = settings["state"] = state
    settings["collector"]["proxy"] = proxy.url
    settings["authorize"]["listen"] = f"unix:{state}/authorize.sock"
    with open(agent.config, "w", encoding="utf-8") as f:
        json.dump(settings, f)
    agent.start()
    assert ask(agent, "canbo0") == "allow"
    lock = country.lock(f"account=canbo1@{SYSTEM}", "--for", "1h")
    wait_for("the lock, by long-poll", lambda: ask(agent, "canbo1") == "deny", 5, 0.05)
    wait_for("the counts", lambda: country.totals().get((SYSTEM, "canbo0", "TraCuuThongTinCongDan")) == (1, 0), 10)
    ways = {"/v1/enroll", "/v1/summaries", "/v1/lockset", "/v1/policy"}
    wait_for("the front's log", lambda: {line["path"] for line in front_log(country)[seen:]} >= ways, 10)
    assert {line["from"] for line in front_log(country)[seen:]} == {Proxy.ADDRESS}
    # One for each of its connections, all to the collector.
    assert len(proxy.connects()) >= 4 and set(proxy.connects()) == {f"127.0.0.1:{collector.port}"}

    # Down: said, and everything kept.
    proxy.process.stop()
    for _ in range(5):
        assert ask(agent, "canbo0") == "allow"
    why = wait_for("the reason", lambda: (lambda w: w if w and "proxy" in w else None)(
        report(agent)["details"]["contact"].get("why")), 40)
    assert f"through the proxy http://127.0.0.1:{proxy.port}" in why or f"through the proxy 127.0.0.1:{proxy.port}" in why
    assert ask(agent, "canbo1") == "deny"
    proxy.start()
    wait_for("the counts", lambda: country.totals().get((SYSTEM, "canbo0", "TraCuuThongTinCongDan")) == (6, 0), 60)
    assert {line["from"] for line in front_log(country)[seen:]} == {Proxy.ADDRESS}
    collector.cli("lock", "release", lock["id"], "--reason", "xong")
    wait_for("the release", lambda: ask(agent, "canbo1") == "allow", 60, 0.2)


def test_a_proxy_that_is_none_is_refused_before_anything_starts(stage):
    country = Country(stage, systems=(SYSTEM,), accounts=1, agents=False)
    agent = Agent(stage, country.collector, country.npd, SYSTEM)
    token = country.collector.cli("agent", "token", SYSTEM).strip()
    for wrong in ("proxy.example:3128", "ftp://proxy:21", "http://user:geheim@", "http://a b:1"):
        configure(agent, collector={"proxy": wrong})
        with pytest.raises(Broken, match="status 78") as refused:
            stage.program("chot-agent", "check-config", "--config", agent.config)
        assert "collector.proxy is <redacted>" in str(refused.value) and "geheim" not in str(refused.value)
        with pytest.raises(Broken, match="--proxy must be an address like"):
            stage.program("chot-agent", "enroll", "--collector", country.collector.url, "--token", token,
                          "--state", stage.path("nowhere"), "--proxy", wrong)
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Broken, match="through the proxy"):
        stage.program("chot-agent", "enroll", "--collector", country.collector.url, "--token", token,
                      "--state", stage.path("nowhere"), "--proxy", nobody)
    configure(agent, collector={"proxy": "http://user:geheim@127.0.0.1:3128"})
    assert "valid" in stage.program("chot-agent", "check-config", "--config", agent.config)


def test_status_tells_what_is_asked_at_night(stage):
    country, agent = start(stage)
    country.write("accounts", "system,login,full_name,cccd,per_day",
                  [(SYSTEM, f"canbo{i}", "NGUYENVANMAU", f"0000{i:08d}", 10) for i in range(14)])
    country.collector.cli("registry", "import", country.registry + "/accounts.csv")
    wait_for("the accounts", lambda: ask(agent, "canbo13") == "allow", 10)
    for i in range(13):
        for _ in range(i + 1):
            assert ask(agent, f"canbo{i}") == "allow"
    assert ask(agent, "nguoila") == "deny"
    lock = country.lock(f"account=canbo3@{SYSTEM}", "--for", "1h")
    forever = country.lock(f"ip=10.9.8.7@{SYSTEM}", "--indefinite")
    wait_for("the lock", lambda: ask(agent, "canbo3") == "deny", 5)
    wait_for("both locks", lambda: len(report(agent)["details"]["locks"]["items"]) == 2, 5)
    code, text = status(agent)
    assert code == 0, text
    told = report(agent)
    details = told["details"]
    assert told["troubles"] == [] and told["agent"] == SYSTEM + "/1" and told["collector"] == "connected"
    assert {k["id"]: k["scope"] for k in details["locks"]["items"]} == {
        lock["id"]: f"account=canbo3@{SYSTEM}", forever["id"]: f"ip=10.9.8.7@{SYSTEM}"}
    accounts = details["today"]["accounts"]
    assert [(a["name"], a["allowed"], a["registered"], a["refused_at"]) for a in accounts["items"][:2]] == [
        ("canbo12", 13, 10, 20), ("canbo11", 12, 10, 20)]
    assert len(accounts["items"]) == 10 and accounts["more"] == 4
    # How often canbo13 was asked for before the accounts were there, is not known here.
    assert {r["reason"]: r["count"] for r in details["refusals"]} == told["denied"] and told["denied"]["lock"] >= 1
    assert details["clock"]["trust"] == "proven" and details["standing"]["policy"]["version"] == told["held"]["policy"]
    assert details["storage"]["failing"] == [] and details["storage"]["free_bytes"] > 0
    for words in ("State: fine", f"{lock['id']}  account=canbo3@{SYSTEM}  staff  since 20", "until a release notice",
                  "canbo12", "130", "and 4 more", "the account is not registered", "agrees with the collector"):
        assert words in text, words
    vietnamese = status(agent, "--lang", "vi")[1]
    for words in ("Tình trạng: bình thường", "đến khi có thông báo mở khóa", "và 4 dòng nữa", "tài khoản chưa đăng ký",
                  "Đang áp dụng:", "Chờ gửi:"):
        assert words in vietnamese, words
    assert len(text.splitlines()) < 60 and len(vietnamese.splitlines()) < 60
    # Names are shown over the socket of the state folder only.
    import http.client
    line = http.client.HTTPConnection("127.0.0.1", agent.status_port, timeout=5)
    for path in ("/healthz", "/status", "/metrics"):
        line.request("GET", path)
        assert b"canbo" not in line.getresponse().read()
    assert os.stat(os.path.join(agent.state, "status.sock")).st_mode & 0o777 == 0o660
    agent.gateway.stop()
    code, text = status(agent)
    assert code == 1 and "no gateway answers on" in text
    agent.process.stop()
    code, text = status(agent, "--lang", "vi")
    assert code == 69 and "điểm chốt không chạy" in text
