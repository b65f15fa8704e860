"""The programs of the wild run: killed at any moment, and started again as systemd would.

A program is told to end with the thread that started it (`die_with_parent`), so these threads last.
"""
import contextlib
import os
import re
import signal
import threading
import time

from country import NGINX, Broken, accepts, metric, wait_for


class Part(threading.Thread):
    """Keeps one program running. Whoever stops it for a while holds `down` or `frozen`."""
    status_when_ended = -signal.SIGKILL

    def __init__(self, name, stage, owner, args):
        super().__init__(daemon=True)
        self.name, self.stage, self.owner, self.args = name, stage, owner, args
        self.guard, self.is_over = threading.RLock(), threading.Event()
        self.starts_refused = self.errors = 0
        self.start()

    process = property(lambda self: self.owner.process)

    def run(self):
        while not self.is_over.wait(0.1):
            with self.guard:
                status = self.process.popen.poll()
                if status is None or self.is_over.is_set():
                    continue
                if status != self.status_when_ended:
                    if not re.search("free some space|its free space", self.process.tail(4)):
                        self.is_over.set()  # seen by is_up, which says how it ended
                        return
                    self.starts_refused += 1
                    time.sleep(0.2)
                self.owner.process = self.stage.start(*self.args)

    def is_up(self):
        """Whether it answers."""
        if self.is_over.is_set():
            self.process.check()
        return self.process.popen.poll() is None and self.answers()

    def kill(self):
        """SIGKILL as soon as it runs; returns the pid that was killed."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            with self.guard:
                if self.process.popen.poll() is None:
                    self.process.kill9()
                    return self.process.pid
            time.sleep(0.02)
        raise Broken(f"{self.name} does not come up\n{self.process.tail()}")

    @contextlib.contextmanager
    def down(self):
        with self.guard:
            self.end()
            yield

    def end(self):
        self.process.kill9()

    @contextlib.contextmanager
    def frozen(self):
        wait_for(self.name, self.is_up, 60)
        with self.guard:
            pid = self.process.pid
            os.kill(pid, signal.SIGSTOP)
            wait_for("it to stop", lambda: re.search(r"\) T ", stat(pid)), 5, 0.005)
            try:
                yield
            finally:
                os.kill(pid, signal.SIGCONT)

    def hurts(self):
        """How often it could not write or start, since the beginning and over its restarts."""
        try:
            errors = metric(self.told_by, f"chot_{self.program}_storage_errors_total")
        except OSError:
            errors = 0
        self.errors = max(self.errors, errors)  # from 0 at each start
        return self.errors + self.starts_refused


def stat(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read()


class CollectorPart(Part):
    program = "collector"

    def __init__(self, wild):
        collector = wild.country.collector
        self.agents = wild.country.agents
        self.told_by = os.path.join(collector.state, "run/status.sock")
        super().__init__("collector", wild.stage, collector,
                         ("collector", os.path.join(wild.stage.bin, "chot-collector"), "serve",
                          "--config", collector.config))

    def answers(self):
        try:
            return self.owner.cli("agent", "list") is not None
        except Broken:
            return False

    def hurts(self):
        """Its front stands before it: what that cannot buffer on the disk it answers with 500."""
        answers = 0
        for agent in self.agents:
            with open(agent.process.log, encoding="utf-8") as f:
                answers += len(re.findall("the collector answered 50[03]", f.read()))
        return super().hurts() + answers


class FrontPart(Part):
    """The collector's TLS front."""
    status_when_ended = 0

    def __init__(self, wild):
        class Front:
            process = wild.country.collector.front
        self.port = wild.country.collector.port
        super().__init__("front", wild.stage, Front(),
                         ("front", NGINX, "-c", wild.stage.path("front.conf")))

    def end(self):
        self.process.stop()  # a killed master would leave its workers

    def answers(self):
        return accepts(self.port)


class AgentPart(Part):
    program = "agent"

    def __init__(self, wild, agent):
        self.agent = self.told_by = agent
        self.collector = wild.country.collector
        super().__init__(agent.system, wild.stage, agent,
                         ("agent-" + agent.name, os.path.join(wild.stage.bin, "chot-agent"), "run",
                          "--config", agent.config))

    def answers(self):
        return self.agent.is_healthy()

    def quarantined(self):
        """What the agent told of a time that had been told of: kept as evidence, not counted."""
        name = self.agent.system + "/1"
        found = {"summaries": 0, "queries": 0, "from": []}
        head = next(a for a in self.collector.json("agent", "list") if a["id"] == name)
        for epoch in range(1, head["epoch"] + 1):
            seq = 0
            while True:
                seq += 1
                try:
                    shown = self.collector.json("evidence", "show", "--agent", name, "--epoch",
                                                epoch, "--seq", seq)
                except Broken:
                    break
                if shown["state"] == "quarantined":
                    found["summaries"] += 1
                    found["from"].append(shown["payload"]["from"])
                    found["queries"] += sum(row["allowed"] + sum(row.get("denied", {}).values())
                                            for row in shown["payload"]["rows"])
        return found
