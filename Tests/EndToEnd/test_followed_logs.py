"""Logs that are followed, and what passed while no agent answered: in the totals, each query once.

docs/domain.md#counting
"""
import json
import os
import random
import signal
import subprocess
import time

from country import SERVICES, Agent, Country, ask, configure, metric, read_json, wait_for

SYSTEM = "H26.motcua"
SERVICE = SERVICES[0]


def line(login, status=200, stamp=None):
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(stamp))
    return f'10.0.0.1 - {login} [{now}] "POST /npd/{SERVICE} HTTP/1.1" {status} 17 "-" "x"\n'


class Follower:
    """A system without a gateway of ours: an nginx of its own writes a log, the agent counts it."""

    def __init__(self, stage, **log):
        self.country = Country(stage, systems=(SYSTEM,), accounts=5, agents=False)
        self.path = stage.path("followed.log")
        self.agent = Agent(stage, self.country.collector, self.country.npd, SYSTEM)
        settings = read_json(self.agent.config)
        del settings["gateway"]
        with open(self.agent.config, "w", encoding="utf-8") as f:
            json.dump(settings, f)
        self.configure({"path": self.path, "format": "combined", "service": "$request_path[2]", **log})
        self.agent.gateway = "none"  # and so none is started
        self.written = {}
        self.write_raw(line("truoc", 200))  # before the agent's time: not counted
        self.agent.start()
        # Once it was seen, all that is appended is new.
        wait_for("the log to be followed", lambda: self.log()["state"] == "reading")

    def configure(self, *logs):
        configure(self.agent, logs=logs)

    def write_raw(self, text, path=None):
        with open(path or self.path, "a", encoding="utf-8") as f:
            f.write(text)

    def write(self, login, count=1, path=None):
        self.write_raw(line(login) * count, path)
        self.written[login] = self.written.get(login, 0) + count

    def status(self):
        done = subprocess.run([os.path.join(self.agent.stage.bin, "chot-agent"), "status", "--format", "json",
                               "--config", self.agent.config], capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout) if done.stdout else None

    def text(self, language):
        return subprocess.run([os.path.join(self.agent.stage.bin, "chot-agent"), "status", "--lang", language,
                               "--config", self.agent.config], capture_output=True, text=True).stdout

    def log(self):
        return self.status()[1]["details"]["logs"][0]

    def rotate(self, how):
        old = self.path + ".1"
        for number in range(8, 0, -1):
            if os.path.exists(f"{self.path}.{number}"):
                os.rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")
        if how == "rename":
            os.rename(self.path, old)
            return old
        with open(self.path, encoding="utf-8") as f, open(old, "w", encoding="utf-8") as copy:
            copy.write(f.read())
        os.truncate(self.path, 0)
        return None

    def kill(self):
        self.agent.process.kill9()

    def assert_total(self):
        """Now, and when one more line has come, behind which none is left."""
        wait_for(f"{self.written} in the totals", lambda: self.totals() == self.written, 40, 0.3)
        self.write("canbo4")
        wait_for("one more line in the totals", lambda: self.totals() == self.written, 40, 0.3)

    def totals(self):
        rows = self.country.usage("account,service")["rows"]
        assert all(r["service"] == SERVICE and r["denied"] == r["passed"] == 0 for r in rows)
        return {r["account"]: r["allowed"] for r in rows}


def test_followed_log_is_in_the_totals_once_through_rotation_and_kills(stage):
    follower = Follower(stage)
    follower.write("canbo0", 40)
    follower.kill()
    follower.write("canbo1", 7)  # while nobody follows
    follower.agent.start()
    # Renamed: nginx writes to the old file until it is told.
    old = follower.rotate("rename")
    follower.write("canbo2", 5, path=old)
    follower.write("canbo0", 3)
    follower.kill()
    follower.rotate("rename")  # once more while it is down
    follower.write("canbo3", 2)
    follower.agent.start()
    wait_for("it to reach the present file", lambda: follower.log()["behind"] == 0 and
             metric(follower.agent, "chot_agent_log_lines") > 0, 40)
    follower.assert_total()
    # copytruncate, with all read and with lines that were not.
    follower.rotate("copytruncate")
    follower.write("canbo4", 9)
    follower.assert_total()
    follower.write("canbo4", 4)
    follower.kill()
    follower.write("canbo1", 6)
    follower.rotate("copytruncate")
    follower.write("canbo2", 1)
    follower.agent.start()
    follower.assert_total()
    assert follower.log()["gaps_total"] == 0
    # A stop takes the last lines along.
    follower.write("canbo0", 11)
    follower.agent.process.stop()
    wait_for("the last lines", lambda: follower.totals() == follower.written)


def test_lines_are_counted_once_when_the_agent_is_killed_amid_them(stage):
    follower = Follower(stage)
    rng = random.Random(7)
    for turn in range(6):
        for _ in range(rng.randrange(3, 9)):
            follower.write(f"canbo{rng.randrange(5)}", rng.randrange(200, 900))
            time.sleep(rng.random() * 0.15)
        follower.kill()
        if turn % 2:
            follower.rotate("rename")
            follower.write("canbo0", 50)
        follower.agent.start()
    follower.assert_total()


def test_status_tells_of_logs_and_their_bad_lines(stage):
    follower = Follower(stage)
    follower.write("canbo0", 3)
    follower.write_raw(line("canbo0", 401) + line("canbo0", 403) + line("-", 503))
    wait_for("the lines", lambda: follower.log()["unforwarded"] == 3)
    code, status = follower.status()
    log = status["details"]["logs"][0]
    assert code == 0 and status["troubles"] == [] and log["lines"] == 3
    assert log["last_line"].endswith("+07:00")
    # Times that no clock shows, and what is no line at all; the summary is accepted all the same.
    follower.write_raw(line("canbo0", 200, 157_766_400) + line("canbo0", 200, 5_680_281_600) + "hỏng 000099000001\n")
    wait_for("the bad lines", lambda: follower.log()["bad"] == 3)
    samples = follower.log()["samples"]
    assert "before 2020" in samples[0]["why"] and "000099000001" not in json.dumps(samples)
    follower.assert_total()
    assert "4 lines counted, 3 never forwarded, 3 bad" in follower.text("en")
    assert "đã đếm 4 dòng, 3 dòng chưa tới CSDLQGVDC, 3 dòng hỏng" in follower.text("vi")
    assert metric(follower.agent, "chot_agent_log_lines_bad") == 3
    # Another format than the one configured, and a log that is not there: something to look after.
    follower.agent.process.stop()
    follower.configure({"path": follower.path, "format": "$msec $remote_user $request_uri", "service": SERVICE},
                       {"path": follower.path + ".none", "service": SERVICE})
    follower.agent.start()
    follower.write_raw(line("canbo0"))
    wait_for("the bad line", lambda: follower.log()["bad"] == 1)
    code, status = follower.status()
    assert code == 1 and [t["kind"] for t in status["troubles"]] == ["log", "log"]
    assert "no line fits" in follower.text("en") and "chưa có nhật ký" in follower.text("vi")


def test_an_agent_follows_other_logs_as_often_as_its_configuration_changes(stage):
    follower = Follower(stage)
    for turn in range(3):
        paths = [stage.path(f"log-{turn}-{n}") for n in range(15)]
        follower.agent.process.stop()
        for path in paths:
            open(path, "w").close()
        follower.configure(*({"path": path, "service": "$request_path[2]"} for path in paths))
        follower.agent.start()
        wait_for("the logs to be followed", lambda: all(
            log["state"] == "reading" for log in follower.status()[1]["details"]["logs"]))
        for path in paths:
            follower.write("canbo1", 2, path)
        follower.path = paths[0]
        follower.assert_total()


def test_several_systems_follow_each_their_own_log(stage):
    systems = ("H26.motcua", "H26.hotich")
    country = Country(stage, systems=systems, accounts=3, agents=False)
    state, config = stage.path("agent-two"), stage.path("agent-two.json5")
    paths = {s: stage.path(f"{s}.log") for s in systems}
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"state": state, "collector": {"url": country.collector.url}, "push": {"every": "1s"},
                   "authorize": {"listen": f"unix:{state}/a.sock"}, "status": {"listen": f"unix:{state}/s.sock"},
                   "systems": [{"system": systems[0], "match": {"MaTichHop": "037"}}, {"system": systems[1]}],
                   "logs": [{"path": paths[s], "system": s, "service": "$request_path[2]"} for s in systems]}, f)
    for system in systems:
        token = stage.path(f"token-{system}")
        with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(country.collector.cli("agent", "token", system))
        stage.program("chot-agent", "enroll", "--systems", "--collector", country.collector.url,
                      "--token-file", token, "--state", state)
    stage.start("agent-two", os.path.join(stage.bin, "chot-agent"), "run", "--config", config)

    def are_waited_for():
        done = subprocess.run([os.path.join(stage.bin, "chot-agent"), "status", "--format", "json", "--config", config],
                              capture_output=True, text=True)
        systems = json.loads(done.stdout)["systems"] if done.stdout else []
        return [log["state"] for s in systems if "details" in s for log in s["details"]["logs"]] == ["missing"] * 2
    wait_for("the logs to be waited for", are_waited_for)
    for number, system in enumerate(systems):
        with open(paths[system], "a", encoding="utf-8") as f:
            f.write(line("canbo0") * (number + 1))
    expected = {(s, "canbo0", SERVICE): (n + 1, 0) for n, s in enumerate(systems)}
    wait_for("each line at its system", lambda: country.totals() == expected)


class Passing:
    """A gateway that lets pass what no agent answers."""

    def __init__(self, stage):
        self.country = Country(stage, systems=(SYSTEM,), accounts=5, agents=False)
        self.agent = Agent(stage, self.country.collector, self.country.npd, SYSTEM)
        configure(self.agent, gateway={"onAgentDown": "pass"})
        self.agent.start()

    def passed_lines(self):
        try:
            with open(os.path.join(self.agent.state, "nginx", "passed.log"), encoding="utf-8") as f:
                return len(f.readlines())
        except FileNotFoundError:
            return 0

    def totals(self):
        rows = self.country.usage("account,service")["rows"]
        return sum(r["allowed"] for r in rows), sum(r["passed"] for r in rows if r["account"] == "?")

    def received(self):
        return self.country.npd.counts().get(SYSTEM, 0)


def test_what_passed_while_the_agent_was_down_is_in_the_totals_once(stage):
    passing = Passing(stage)
    agent = passing.agent
    for _ in range(5):
        assert ask(agent, "canbo0") == "allow"
    agent.process.kill9()
    for _ in range(30):
        assert ask(agent, "canbo1") == "allow"
    assert passing.passed_lines() == 30
    agent.start()
    wait_for("what passed in the totals", lambda: passing.totals() == (5, 30))
    assert metric(agent, "chot_agent_queries_passed") == 30
    code = subprocess.run([os.path.join(stage.bin, "chot-agent"), "status", "--format", "json", "--config",
                           agent.config], capture_output=True, text=True)
    assert json.loads(code.stdout)["details"]["logs"][0]["kind"] == "passed"
    # Again, with a kill while the lines are counted, and a rotation.
    agent.process.kill9()
    log = os.path.join(agent.state, "nginx", "passed.log")
    os.rename(log, log + "-20261124-1")
    os.kill(agent.gateway.pid, signal.SIGUSR1)
    wait_for("a new log", lambda: os.path.exists(log))
    for _ in range(20):
        assert ask(agent, "canbo1") == "allow"
    for _ in range(4):
        agent.start()
        agent.process.kill9()
        assert ask(agent, "canbo2") == "allow"
    agent.start()
    wait_for("all of it", lambda: passing.totals() == (5, 54))
    assert ask(agent, "canbo0") == "allow"
    wait_for("the last", lambda: passing.totals() == (6, 54))
    assert passing.received() == 60


def test_queries_are_counted_once_while_the_agent_is_killed_under_load(stage):
    """Allowed or passed, one of both: whatever was on its way to the agent when it died."""
    import threading
    passing = Passing(stage)
    agent = passing.agent
    enough, answered = threading.Event(), []

    def clerk():
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", agent.gateway_port, timeout=20)
        while not enough.is_set():
            answered.append(ask(agent, "canbo3", connection=connection))
    clerks = [threading.Thread(target=clerk) for _ in range(6)]
    for thread in clerks:
        thread.start()
    try:
        for _ in range(6):
            goal = len(answered) + 150
            wait_for("more answers", lambda: len(answered) > goal)
            agent.process.kill9()
            goal = len(answered) + 60
            wait_for("more answers", lambda: len(answered) > goal)
            agent.start()
    finally:
        enough.set()
        for thread in clerks:
            thread.join()
    assert set(answered) == {"allow"}
    wait_for("every query in the totals", lambda: sum(passing.totals()) >= len(answered))
    assert ask(agent, "canbo4") == "allow"
    answered.append("allow")
    wait_for("the last query in the totals", lambda: "canbo4" in {
        r["account"] for r in passing.country.usage("account")["rows"]})
    allowed, passed = passing.totals()
    assert passing.received() == len(answered) == allowed + passed and allowed > 0 < passed


def test_what_passed_before_pass_was_taken_back_is_counted(stage):
    passing = Passing(stage)
    agent = passing.agent
    agent.process.kill9()
    for _ in range(8):
        assert ask(agent, "canbo0") == "allow"
    configure(agent, gateway={"onAgentDown": "refuse"})
    agent.start()
    wait_for("what passed", lambda: passing.totals() == (0, 8))
