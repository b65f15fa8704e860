"""One party's storm at a collector while others go about their work: pushes of honest agents, locks that must be
enforced. Used by Benchmarks/storms.py with a nation's sizes and by test_storms.py with small ones."""
import os
import random
import re
import socket
import subprocess
import threading
import time

import python_agent
from country import metrics
from rogue import Rogue
from socket_agent import SocketAgent
from stage import Broken, Collector, policy_around_now, wait_for

HONEST = tuple(f"H{number}.motcua" for number in (29, 10, 14, 15))
ROGUE, GATEWAY = "H26.la", "H26.motcua"
SERVICE = "TraCuuThongTinCongDan"
ACCOUNTS, ROWS = 200, 50
# Asked for often, so that a gap of the watchdog's is one of the process.
WATCHDOG_S = 4


class Watchdog:
    """What systemd would hear of a service: the longest time between two signs of life."""

    def __init__(self, folder):
        self.path, self.longest, self.last = os.path.join(folder, "notify"), 0, None
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            if b"WATCHDOG=1" in self.socket.recv(4096):
                self._heard(time.monotonic())

    def _heard(self, now):
        if self.last is not None:
            self.longest = max(self.longest, now - self.last)
        self.last = now

    def begin(self):
        self.longest, self.last = 0, time.monotonic()

    def end(self):
        """Seconds; silence that goes on still is one."""
        return max(self.longest, time.monotonic() - self.last)


class StormAgent(SocketAgent):
    """Fetches policies and does not read them: one of 50,000 accounts keeps this process's Python busy for more than a
    second, in which no other agent's push here is timed as what the collector took."""

    def adopt_policy(self, jws):
        assert jws


class Storm(Rogue):
    """A collector with honest agents that push 50 rows four times a second each, and a system whose lock is tried."""

    def __init__(self, stage, policy=None):
        self.stage = stage
        self.watchdog = Watchdog(stage.dir)
        os.environ["NOTIFY_SOCKET"] = self.watchdog.path
        os.environ["WATCHDOG_USEC"] = str(WATCHDOG_S * 1_000_000)
        try:
            self.collector = Collector(stage, policy_around_now(policy)).start()
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        self.run = self.collector.state + "/run"
        self.pid = self.collector.process.pid
        systems = (*HONEST, ROGUE, GATEWAY)
        units = sorted({s.split(".")[0] for s in systems})
        self.write("units", "code,name,kind,province_code", [(u, f"Don vi {u}", "province", "") for u in units])
        self.write("systems", "code,unit,name", [(s, s.split(".")[0], f"He thong {s}") for s in systems])
        self.write("services", "system,service,office_per_day,off_per_day,purpose",
                   [(s, SERVICE, 10_000_000, 300, "thu nghiem") for s in systems])
        self.write("accounts", "system,login,full_name,cccd,per_day", self.account_rows(systems, ACCOUNTS))
        self.cli("registry", "import", stage.path("registry"))
        for system in systems:
            self.cli("agent", "mode", system, "enforce")
        self.honest = [self.agent(system) for system in HONEST]
        self.waiter = self.agent(GATEWAY, self.run + "/wait.sock")
        self.waiter.wait(0)
        self.sent = {}
        self.latencies, self.errors, self.locks, self.releases = [], [], [], []
        self.over = threading.Event()

    @staticmethod
    def account_rows(systems, count, first=0):
        return [(s, f"canbo{i}", "NGUYENVANMAU", f"{index:04d}{i:08d}", 1_000_000)
                for index, s in enumerate(systems) for i in range(first, first + count)]

    def write(self, kind, head, rows, folder="registry"):
        os.makedirs(self.stage.path(folder), exist_ok=True)
        path = self.stage.path(folder, kind + ".csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write(head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
        return path

    def cli(self, *args, seconds=900):
        """As Collector.cli, with the time that a nation's import may take."""
        done = subprocess.run([os.path.join(self.stage.bin, "chot-collector"), *map(str, args), "--config",
                               self.collector.config], capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise Broken(f"chot-collector {args[0]} {args[1]}: {(done.stderr or done.stdout)[-800:]}")
        return done.stdout

    def agent(self, system, wait=None):
        return StormAgent(self.run + "/api.sock", self.cli("agent", "token", system), wait)

    # what goes on all the time

    def _pushing(self, agent, seed):
        rng, system = random.Random(seed), agent.identity["system"]
        try:
            while not self.over.wait(0.25):
                rows = [agent.row(f"canbo{login}", SERVICE, agent.at, "office", allowed=rng.randrange(1, 6))
                        for login in rng.sample(range(ACCOUNTS), ROWS)]
                agent.seal(rows)
                begin = time.monotonic()
                self.push(agent)
                self.latencies.append((time.monotonic() - begin) * 1000)
                self.sent[system] = self.sent.get(system, 0) + sum(row["allowed"] for row in rows)
        except Exception as error:
            self.errors.append(f"{system}: {error!r}")

    def push(self, agent):
        """All that waits, said again while the collector asks for time. How often it asked."""
        asked = 0
        while True:
            try:
                agent.push()
                return asked
            except python_agent.Refused as refused:
                if refused.status not in (429, 503):
                    raise
                asked += 1
                time.sleep(0.2)

    def _locking(self):
        """A lock after the other: seconds from the command to the agent that holds the verified set."""
        try:
            while not self.over.is_set():
                begin = time.monotonic()
                lock = self.collector.json("lock", "add", "--scope", f"system={GATEWAY}", "--reason", "storm",
                                           "--for", "1h")["id"]
                while not any(held["id"] == lock for s in self.waiter.sets.values() if s for held in s["locks"]):
                    self.waiter.wait(5)
                self.locks.append(time.monotonic() - begin)
                begin = time.monotonic()
                self.cli("lock", "release", lock, "--reason", "storm")
                self.releases.append(time.monotonic() - begin)
                self.over.wait(0.5)
        except Exception as error:
            self.errors.append(f"lock: {error!r}")

    def processor(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def writer_rows(self):
        """Rows that the writer wrote, all classes; 0 where the collector does not tell."""
        found = re.findall(r"^chot_collector_writer_rows\{.*\} (\d+)$", metrics(self.run + "/status.sock"), re.M)
        return sum(map(int, found))

    def during(self, storm, least_locks=3):
        """Runs `storm` beside the daily work; its figures. The storm goes on until enough locks were tried."""
        self.over.clear()
        for old in (self.latencies, self.locks, self.releases):
            old.clear()
        self.watchdog.begin()
        rows, processor, begin = self.writer_rows(), self.processor(), time.monotonic()
        threads = [threading.Thread(target=self._pushing, args=(agent, number), daemon=True)
                   for number, agent in enumerate(self.honest)]
        threads.append(threading.Thread(target=self._locking, daemon=True))
        for thread in threads:
            thread.start()
        try:
            more = storm() or {}
            ended = time.monotonic()
            wait_for("enough locks", lambda: self.errors or len(self.locks) >= least_locks, 300)
        finally:
            self.over.set()
            for thread in threads:
                thread.join(300)
        if self.errors:
            raise Broken("; ".join(self.errors))
        latencies = sorted(self.latencies)
        figures = {"seconds": ended - begin, "locks": len(self.locks), "lock_s": max(self.locks),
                   "release_s": max(self.releases, default=0),
                   "pushes": len(latencies), "p99_ms": latencies[max(0, -(-len(latencies) * 99 // 100) - 1)],
                   "watchdog_s": self.watchdog.end(), "writer_rows": self.writer_rows() - rows,
                   "processor_s": self.processor() - processor, **more}
        self.check()
        return figures

    def totals(self):
        rows = self.collector.json("usage", "--by", "system")["rows"]
        return {row["system"]: row["allowed"] + row["denied"] + row.get("passed", 0) for row in rows}

    def check(self):
        """Counted is what was sent, of every system that spoke."""
        totals = self.totals()
        wrong = {s: (count, totals.get(s, 0)) for s, count in self.sent.items() if totals.get(s, 0) != count}
        if wrong:
            raise Broken(f"sent and counted differ: {wrong}")

    # storms

    def flood(self, row, count, each, trickles):
        """`count` rows of one rogue agent, each of another login, `each` a summary. Before and after, so many pushes of
        sixteen summaries of one row, of which none brings more than the other: what one of these costs in the end is
        compared with what it cost at the beginning."""
        if not hasattr(self, "rogue"):
            self.rogue = self.agent(ROGUE)
        first = self._trickle(row, trickles)
        for begin in range(0, count, each):
            self._seal([row(self.rogue, number) for number in range(begin, min(begin + each, count))])
            self.push(self.rogue)
        last = self._trickle(row, trickles)
        return {"rows": count, "written_first": first[0], "written_last": last[0],
                "us_first": first[1], "us_last": last[1]}

    def _seal(self, rows):
        self.rogue.seal(rows)
        self.sent[ROGUE] = self.sent.get(ROGUE, 0) + sum(
            r["allowed"] + r["passed"] + sum(r["denied"].values()) for r in rows)

    def _trickle(self, row, pushes):
        """Rows written and microseconds of the collector's a summary; the daily work beside it is shared out alike."""
        written, processor, daily = self.writer_rows(), self.processor(), len(self.latencies)
        for _ in range(pushes):
            for number in range(16):
                self._seal([row(self.rogue, number)])
                # Signed faster than a millisecond each: an interval takes some time.
                time.sleep(0.001)
            self.push(self.rogue)
        summaries = pushes * 16 + (len(self.latencies) - daily)
        return (self.writer_rows() - written) / summaries, (self.processor() - processor) / summaries * 1e6

    def unregistered(self, count, each=1000, trickles=20):
        """R8: made-up logins."""
        def row(agent, number):
            return agent.row(f"gia{number}", SERVICE, agent.at, "office", denied={"R8.account": 1})
        return self.flood(row, count, each, trickles)

    def rates(self, count, each=1000, trickles=20):
        """R9 of so many logins, and notes of R10."""
        def row(agent, number):
            if number % 2:
                return agent.row(f"nhanh{number}", SERVICE, agent.at, "office", denied={"R9.account": 1})
            return {**agent.row(f"nhanh{number}", SERVICE, agent.at, "office", allowed=1), "would": {"R10": 1}}
        return self.flood(row, count, each, trickles)

    def accounts(self, count, name="many"):
        """An import of so many accounts of one system."""
        path = self.write("accounts", "system,login,full_name,cccd,per_day",
                          self.account_rows([ROGUE], count, first=ACCOUNTS), folder=name)
        begin = time.monotonic()
        self.cli("registry", "import", path)
        return {"rows": count, "import_s": time.monotonic() - begin}

    def one_row(self):
        """One account of another system."""
        path = self.write("accounts", "system,login,full_name,cccd,per_day",
                          self.account_rows([GATEWAY], 1, first=ACCOUNTS), folder="one")
        begin = time.monotonic()
        self.cli("registry", "import", path)
        return {"import_s": time.monotonic() - begin}

    def grant(self):
        """More for a day, for one system."""
        begin = time.monotonic()
        self.cli("quota", "grant", "--scope", f"system={GATEWAY}", "--queries", 1000, "--for", "1h",
                 "--reason", "storm")
        return {"grant_s": time.monotonic() - begin}

    def readers(self, seconds, readers=2):
        """Heavy questions one after another, and twelve requests on the admin socket that never end."""
        halves = []
        for _ in range(12):
            half = socket.socket(socket.AF_UNIX)
            half.connect(self.run + "/admin.sock")
            half.sendall(b"POST /admin HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            halves.append(half)
        end, asked = time.monotonic() + seconds, []

        def read():
            while time.monotonic() < end:
                for words in (("alerts", "list"), ("usage", "--by", "account")):
                    try:
                        self.cli(*words, "--format", "json")
                        asked.append(words)
                    except Broken:
                        asked.append(None)
        threads = [threading.Thread(target=read) for _ in range(readers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for half in halves:
            half.close()
        return {"rows": len(asked), "refused": asked.count(None)}

    def backups(self, seconds, *options):
        """A backup after the other."""
        end, made = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self.cli("backup", self.stage.path(f"storm-{made}.backup"), *options)
            made += 1
        return {"rows": made}
