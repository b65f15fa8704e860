"""Part B of `make bench`: what a collector carries, by chot-fleet on the same cores. Every run checks that the collector's
totals are what was sent. Prints through the bench's own `line`."""
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time

import evidence_disk
import questions
from stage import Collector, Stage, policy_around_now, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNITS = os.path.join(ROOT, "deploy", "registry", "units.csv")


class Nation:
    """A collector of its own and so many enrolled agents."""

    def __init__(self, stage, agents):
        self.stage, self.agents = stage, agents
        self.collector = Collector(stage, policy_around_now()).start()
        self.folder = stage.path("fleet")
        self.sockets = ["--socket", self.collector.state + "/run/api.sock",
                        "--wait-socket", self.collector.state + "/run/wait.sock"]
        self.tls = ["--url", self.collector.url, "--ca", self.collector.state + "/ca.pem"]
        self.stage.program("chot-fleet", "prepare", "--state", self.folder, *self.sockets, "--config",
                           self.collector.config, "--units", UNITS, "--agents", agents,
                           "--systems", min(280, agents), "--accounts", 100)

    def start(self, where, *options):
        return subprocess.Popen(
            [os.path.join(self.stage.bin, "chot-fleet"), "run", "--state", self.folder, *where, "--config",
             self.collector.config, "--format", "json", "--check", *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, where, *options):
        return self.result(self.start(where, *options))

    @staticmethod
    def result(process):
        out, said = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"chot-fleet: {out[-1500:]} {said[-1500:]}")
        return json.loads(out)

    def processor(self):
        with open(f"/proc/{self.collector.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        with open(f"/proc/{self.collector.process.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20

    def waiting(self):
        connection = http.client.HTTPConnection("collector", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.collector.state + "/run/status.sock")
        connection.request("GET", "/metrics")
        out = connection.getresponse().read().decode()
        connection.close()
        return next(int(line.split()[1]) for line in out.splitlines() if line.startswith("chot_collector_waiting "))


def intake(bench):
    """Summaries a second, and what one costs; a hundred agents, so that their tokens are known after the first push."""
    with Stage("chot-bench-intake-") as stage:
        nation = Nation(stage, 100)
        nation.run(nation.sockets, "--scenario", "burst", "--duration", "3s", "--batch", 8)
        for where, name, bar in ((nation.sockets, "on the socket", 1000), (nation.tls, "behind nginx TLS", 700)):
            rates, costs = [], []
            for _ in range(bench.options.rounds):
                before = nation.processor()
                report = nation.run(where, "--scenario", "burst", "--duration", f"{bench.options.seconds}s",
                                    "--batch", 8, "--in-flight", 32)
                rates.append(report["rate"])
                costs.append((nation.processor() - before) / report["summaries"] * 1e6)
            rate, cost = sorted(rates)[len(rates) // 2], sorted(costs)[len(costs) // 2]
            bench.line(f"signed 50-row summaries, durable, {name}", f"{rate:,.0f}/s", f"{bar:,}/s", f"{rate / bar:.2f}",
                       f"≥ {bar:,}/s", rate >= bar)
            if where is nation.sockets:
                bench.line("CPU of the collector a 50-row summary", f"{cost:.0f} µs", "900 µs", f"{cost / 900:.2f}",
                           "≤ 900 µs", cost <= 900)


def delivery(bench, agents, tls=False):
    """A lock while so many wait and push every minute; then all of them come back at once."""
    with Stage("chot-bench-nation-") as stage:
        nation = Nation(stage, agents)
        where = nation.tls if tls else nation.sockets
        steady = None
        if not tls:
            process = nation.start(where, "--wait", "--every", "60s", "--duration", "60s")
            wait_for("all to wait", lambda: nation.waiting() >= agents * 0.99, 60, 0.5)
            time.sleep(30)
            resident = nation.resident()
            steady = nation.result(process)
        process = nation.start(where, "--wait", "--every", "60s", "--duration", "30s")
        wait_for("all to wait", lambda: nation.waiting() >= agents * 0.99, 60, 0.5)
        time.sleep(5)
        waiting = nation.waiting()
        nation.collector.cli("lock", "add", "--scope", "unit=H26", "--confirm", "unit=H26", "--reason", "bench",
                             "--for", "1h")
        report = nation.result(process)
        seen = max((s for s in report["sets"] if s["audience"] == "nation"), key=lambda s: s["agents"])
        if seen["agents"] < waiting * 0.98:
            raise RuntimeError(f"only {seen['agents']} of {waiting} saw the lock")
        name = f"{agents:,} through nginx TLS" if tls else f"{agents:,} on the socket"
        bench.line(f"lock issued → the last of {name} holds it", f"{seen['last_ms']} ms", "2,000 ms",
                   f"{seen['last_ms'] / 2000:.2f}", "≤ 2 s", seen["last_ms"] <= 2000)
        if tls:
            return
        p99 = steady["p99_ms"]
        bench.line(f"p99 of a push while {agents:,} wait and push every 60 s", f"{p99} ms", "300 ms",
                   f"{p99 / 300:.2f}", "≤ 300 ms", p99 <= 300)
        bench.line(f"collector resident with {waiting:,} waiting", f"{resident:.0f} MiB", "250 MiB",
                   f"{resident / 250:.2f}", "≤ 250 MiB", resident <= 250)
        report = nation.run(where, "--scenario", "herd", "--duration", "120s")
        bench.line(f"herd of {agents:,}, all acknowledged", f"{report['seconds']:.1f} s", "60 s",
                   f"{report['seconds'] / 60:.2f}", "≤ 60 s", report["seconds"] <= 60)


def disk(bench):
    with Stage("chot-bench-disk-") as stage:
        stored, signed = evidence_disk.measure(stage)
        bench.line("evidence on disk a day, 100 active accounts", f"{stored / 1e6:.2f} MB", f"{signed / 1e6:.1f} MB signed",
                   f"{stored / signed:.2f}", "≤ 2 MB", stored <= 2e6)


def dashboard(bench):
    with tempfile.TemporaryDirectory(prefix="chot-bench-questions-") as folder:
        figures = questions.measure(folder, bench.stage.bin)
        print(f"totals: {figures['rows']}; {figures['pushed_per_s']:.0f} summaries a second while agents push")
        for name in (n for n in figures if "p95_ms" in (figures[n] if isinstance(figures[n], dict) else {})):
            p95 = figures[name]["p95_ms"]
            bench.line(f"{name}, p95", f"{p95:.1f} ms", "200 ms", f"{p95 / 200:.2f}",
                       "≤ 200 ms", p95 <= 200)
        seconds = figures["restart_s"]
        bench.line("restart on that data to the first answer", f"{seconds:.2f} s", "3 s", f"{seconds / 3:.2f}", "≤ 3 s",
                   seconds <= 3)
