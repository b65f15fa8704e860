#!/usr/bin/env python3
"""`make bench`: first figures of agent and collector, each beside a peer in the same run.

Prints name | ours | peer or limit | ratio | bar | held?. Rounds are interleaved, figures are medians.
Every line checks that its answer is right: what was counted is what was asked. Loopback only.
"""
import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.join(ROOT, "Benchmarks")
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "EndToEnd"))
sys.path.insert(0, HERE)

import collector_bars  # noqa: E402
import instructions  # noqa: E402
import storms  # noqa: E402
from stage import (Agent, Broken, Collector, NPD, Stage, free_port,  # noqa: E402
                   policy_around_now, user_line, wait_for)

SERVICES = ("TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh")
PARTS = ("authorize", "flood", "idle", "size", "soap", "count", "gateway", "intake", "nation", "disk", "questions",
         "instructions", "storms")
# Parts with a stage of their own.
ALONE = ("instructions", "storms")
CONNECTIONS = 32
PEER = """daemon off; @USER@ worker_processes 1; pid @DIR@/pid; error_log @DIR@/error.log;
events { worker_connections 1024; }
http {
    access_log off; keepalive_requests 10000000; client_body_buffer_size 320k;
    client_body_temp_path @DIR@/b; proxy_temp_path @DIR@/p; fastcgi_temp_path @DIR@/f;
    uwsgi_temp_path @DIR@/u; scgi_temp_path @DIR@/s;
    upstream npd { server 127.0.0.1:@NPD@; keepalive 32; keepalive_requests 10000000; }
    server { listen 127.0.0.1:@PORT@; listen unix:@DIR@/sock; location / { @WHAT@ } }
}"""


class Load:
    """The sum of wrk's runs against one address."""

    def __init__(self, port, script, pids):
        self.port, self.script, self.pids = port, script, pids
        self.requests, self.runs, self.rates, self.p99s, self.cpu = 0, 0, [], [], []

    def run(self, seconds, seed, measured=True):
        before = cpu_seconds(self.pids)
        out = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency",
             "-s", os.path.join(HERE, self.script), f"http://127.0.0.1:{self.port}/"],
            capture_output=True, text=True, check=True, env={**os.environ, "SEED": str(seed)}).stdout
        if "Non-2xx" in out or "Socket errors" in out:
            raise Broken(f"wrk against port {self.port}:\n{out}")
        requests = int(re.search(r"(\d+) requests in", out)[1])
        self.requests += requests
        self.runs += 1
        if measured:
            self.rates.append(float(re.search(r"Requests/sec: *([\d.]+)", out)[1]))
            self.p99s.append(milliseconds(re.search(r"99% *(\S+)", out)[1]))
            self.cpu.append((cpu_seconds(self.pids) - before) / requests * 1e6)

    rate = property(lambda self: statistics.median(self.rates))
    p99 = property(lambda self: statistics.median(self.p99s))
    cpu_us = property(lambda self: statistics.median(self.cpu))


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def cpu_seconds(pids):
    """User and system time of processes and their children (an nginx master's workers)."""
    total = 0
    for pid in pids:
        family = [pid]
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            family += f.read().split()
        for member in family:
            with open(f"/proc/{member}/stat", encoding="ascii") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024


class Bench:
    def __init__(self, stage, options):
        self.stage, self.options = stage, options
        self.lines = []

    def line(self, name, ours, peer, ratio, bar, held):
        cells = (name, ours, peer, ratio, bar, "yes" if held else "NO")
        self.lines.append(held)
        print(" | ".join(cells), flush=True)

    def set_up(self):
        stage = self.stage
        self.npd = NPD(stage)
        self.silence(self.npd)
        policy = policy_around_now()
        calendar = policy["calendar"]
        office = calendar["office_from"] <= time.gmtime(time.time() + 7 * 3600).tm_hour \
            < calendar["office_to"]
        self.window = "office" if office else "off"
        self.collector = Collector(stage, policy).start()
        self.systems = ["H26.bench", "H29.bench", "H26.flood", "H29.flood"]
        self.register()

    def silence(self, npd):
        """The mock NPD's log would be what is measured."""
        conf = self.stage.path("npd.conf")
        with open(conf, encoding="utf-8") as f:
            text = re.sub(r"access_log .*;", "access_log off;", f.read())
        npd.process.stop()
        npd.process = self.stage.start_nginx("npd", text, npd.port)

    def register(self):
        folder = self.stage.path("registry")
        os.mkdir(folder)
        per_day = 10_000_000
        tables = {
            "systems": ["code,unit,name,contact,phone,email"] + [
                f"{s},{s[:3]},Bench {s},NGUYEN VAN MAU,0000000000,mau@example.invalid"
                for s in self.systems],
            "services": ["system,service,office_per_day,off_per_day,purpose"] + [
                f"{s},{v},{per_day},300,bench" for s in self.systems for v in SERVICES],
            "accounts": ["system,login,full_name,cccd,officer_code,phone,per_day"] + [
                f"{s},canbo{i},NGUYEN VAN MAU,{n:04d}{i:08d},,0000000000,{per_day}"
                for n, s in enumerate(self.systems)
                for i in range(10_000 if s == "H26.bench" else 1_000)],
        }
        for kind, rows in tables.items():
            with open(os.path.join(folder, kind + ".csv"), "w", encoding="utf-8") as f:
                f.write("\n".join(rows) + "\n")
        shutil.copy(os.path.join(ROOT, "deploy", "registry", "units.csv"), folder)
        self.collector.cli("registry", "import", folder)
        for system in self.systems:
            self.collector.cli("agent", "mode", system, "enforce")

    def peer(self, name, what):
        """An nginx with one worker; returns its port, its socket and its process."""
        folder, port = self.stage.path(name), free_port()
        os.mkdir(folder)
        text = PEER
        for key, value in (("USER", user_line()), ("DIR", folder), ("NPD", self.npd.port),
                           ("PORT", port), ("WHAT", what)):
            text = text.replace(f"@{key}@", str(value))
        return port, folder + "/sock", self.stage.start_nginx(name, text, port)

    def rounds(self, *loads):
        for load in loads:
            load.run(1, self.options.seed, measured=False)
        for number in range(self.options.rounds):
            for load in loads:
                load.run(self.options.seconds, self.options.seed + number)

    def counted(self, agent, load):
        """All that wrk got an answer for was counted, and no more than was in flight at its stops."""
        system = agent.system

        def total():
            rows = self.collector.json("usage", "--by", "system")["rows"]
            return sum(r["allowed"] for r in rows if r["system"] == system)
        wait_for(f"the count of {system}", lambda: total() >= load.requests, seconds=90, every=0.5)
        yield  # counted: what is to be measured after a summary is measured now
        agent.process.stop()  # cuts and pushes what is left: nothing may come on top
        most = load.requests + load.runs * CONNECTIONS
        if not load.requests <= total() <= most:
            raise Broken(f"{system}: wrk had {load.requests} answers (at most {most} asked), "
                         f"counted {total()}")

    def wants(self, name):
        return self.options.only in (None, name)

    def authorize(self):
        address = f"127.0.0.1:{free_port()}"
        agent = Agent(self.stage, self.collector, self.npd, "H26.bench", mode="headers",
                      authorize=address, every="60s")
        agent.start()
        port, _, nginx = self.peer("return204", "return 204;")
        ours = Load(int(address.rsplit(":", 1)[1]), "authorize.lua", [agent.process.pid])
        peer = Load(port, "authorize.lua", [nginx.pid])
        self.rounds(ours, peer)
        for _ in self.counted(agent, ours):
            time.sleep(3)  # what the summary needed for a moment is given back
            self.memory(f"agent resident after {ours.requests / 1e6:.1f} M queries", agent, 24)
        self.ratio("authorize, header mode, rate", ours.rate, peer.rate, "/s", 0.8)
        self.ratio("authorize, header mode, p99", ours.p99, peer.p99, "ms", 2, at_most=True)
        self.ratio("authorize, CPU a decision", ours.cpu_us, peer.cpu_us, "µs", 1.4, at_most=True)

    def flood(self):
        """Made-up accounts and addresses, a million of each, while registered accounts go on; in a system that
        refuses them, and in one that only observes."""
        self.flood_of("H26.flood", "made-up accounts and addresses refused")
        self.collector.cli("agent", "mode", "H29.flood", "observe")
        self.flood_of("H29.flood", "made-up accounts and addresses let pass (observe)")

    def flood_of(self, system, what):
        port, name = free_port(), "flood-" + system
        agent = Agent(self.stage, self.collector, self.npd, system, name=name, mode="headers",
                      authorize=f"127.0.0.1:{port}", every="60s").start()
        answered = allowed = runs = 0
        while answered < 2_000_000:
            out = subprocess.run(
                ["wrk", "-t1", f"-c{CONNECTIONS}", "-d10s",
                 "-s", os.path.join(HERE, "flood.lua"), f"http://127.0.0.1:{port}/"],
                capture_output=True, text=True, check=True,
                env={**os.environ, "FIRST": str(answered + 1000 * runs)}).stdout
            answered += int(re.search(r"(\d+) requests in", out)[1])
            allowed += int(re.search(r"allowed (\d+)", out)[1])
            runs += 1

        def rows():
            return [r for r in self.collector.json("usage", "--by", "account")["rows"]
                    if r["system"] == system]

        def total():
            return sum(r["allowed"] + r["denied"] for r in rows())
        wait_for("the count of the flood", lambda: total() >= answered, seconds=90, every=0.5)
        time.sleep(3)
        self.memory(f"the same after {answered / 2e6:.1f} M {what}", agent, 36)
        agent.process.stop()
        real = sum(r["allowed"] for r in rows() if r["account"].startswith("canbo"))
        other = sum(r["allowed"] + r["denied"] for r in rows() if r["account"] == "*other")
        most = runs * CONNECTIONS
        # Every second query is a registered account's.
        least = allowed if system == "H26.flood" else answered // 2 - most
        if not (least <= real <= least + 2 * most and answered <= total() <= answered + most
                and other > answered / 4):
            raise Broken(f"flood: answered {answered}, counted {total()}; registered accounts had "
                         f"{allowed} answers, counted {real}; folded {other}")

    def idle(self):
        agent = Agent(self.stage, self.collector, self.npd, "H29.bench", name="idle",
                      every="60s").start()
        time.sleep(5)
        before = cpu_seconds([agent.process.pid])
        time.sleep(60)
        share = (cpu_seconds([agent.process.pid]) - before) / 60 * 100
        agent.process.stop()
        self.line("idle CPU of the agent, no traffic, over 60 s", f"{share:.3f} %", "0.2 %",
                  f"{share / 0.2:.2f}", "≤ 0.2 %", share <= 0.2)

    def size(self):
        stripped = self.stage.path("stripped")
        subprocess.run(["strip", "-o", stripped, os.path.join(self.stage.bin, "chot-agent")],
                       check=True)
        mib = os.path.getsize(stripped) / 2**20
        self.line("size of the agent, static Swift runtime, stripped", f"{mib:.1f} MiB", "25 MiB",
                  f"{mib / 25:.2f}", "≤ 25 MiB", mib <= 25)

    def soap(self):
        """In-process, so a program of its own; one run takes both in turns and checks its count."""
        sample = os.path.join(HERE, "sample.request.xml")
        runs = []
        for number in range(self.options.rounds):
            folder = self.stage.path(f"soap-{number}")
            os.mkdir(folder)
            ours, parser = self.stage.program("soap-bench", sample, folder).split()
            runs.append((int(ours), int(parser)))
        ours, parser = sorted(runs, key=lambda run: run[0] / run[1])[len(runs) // 2]
        self.ratio("SOAP read + decide + count, in-process, beside libxml2 SAX alone", ours / 1000,
                   parser / 1000, "µs", 1.6, at_most=True)

    def count(self):
        """Two million combined lines in the page cache, by account and service: processor time, beside mawk."""
        path, rng, lines = self.stage.path("combined.log"), random.Random(self.options.seed), 2_000_000
        with open(path, "w", encoding="ascii") as f:
            for i in range(lines):
                at = time.strftime("%d/%b/%Y:%H:%M:%S +0700", time.gmtime(1795460000 + i // 20))
                f.write(f'10.1.{i % 4}.{rng.randrange(250)} - canbo{int(rng.random() ** 2 * 10_000)} [{at}] "POST /npd/'
                        f'{rng.choice(SERVICES)} HTTP/1.1" 200 {rng.randrange(300, 5000)} "-" "Apache-HttpClient/4.5.13"\n')
        mawk = '{ split($7, p, "/"); n[$3 "," p[3]]++ } END { for (k in n) print k "," n[k] }'
        ways = {"ours": [os.path.join(self.stage.bin, "chot-agent"), "count", "--output", "csv", path],
                "mawk": ["mawk", mawk, path]}
        seconds, rows = {way: [] for way in ways}, {}
        for number in range(self.options.rounds + 1):
            for way, args in ways.items():
                before = os.times()
                out = subprocess.run(args, capture_output=True, check=True, text=True,
                                     env={**os.environ, "LC_ALL": "C"}).stdout
                after = os.times()
                rows[way] = sorted(out.split())
                if number > 0:  # the first round fills the page cache
                    seconds[way].append(after.children_user + after.children_system
                                        - before.children_user - before.children_system)
        rows["ours"].remove("account,service,count")
        if rows["ours"] != rows["mawk"] or sum(int(r.rsplit(",", 1)[1]) for r in rows["ours"]) != lines:
            raise Broken("count and mawk do not count the same")
        ours, peer = (lines / statistics.median(seconds[way]) for way in ("ours", "mawk"))
        self.ratio("count, combined log, lines a second of one core, beside mawk", ours, peer, "/s", 1.5)

    def gateway(self):
        agent = Agent(self.stage, self.collector, self.npd, "H29.bench").start()
        _, sock, _ = self.peer("verdict204", "add_header X-Accel-Redirect @npd; return 204;")
        with open(self.stage.path("gateway-H29.bench.conf"), encoding="utf-8") as f:
            text = f.read()
        other, port = self.stage.path("gateway-peer"), free_port()
        shutil.copytree(agent.state + "/nginx", other + "/nginx")
        text = (text.replace(agent.state + "/authorize.sock", sock)
                .replace(agent.state + "/nginx", other + "/nginx")
                .replace(f"127.0.0.1:{agent.gateway_port}", f"127.0.0.1:{port}"))
        same_gateway = self.stage.start_nginx("gateway-peer", text, port)
        plain_port, _, plain = self.peer(
            "plain",
            "proxy_pass http://npd; proxy_http_version 1.1; proxy_set_header Connection '';")
        ours = Load(agent.gateway_port, "soap.lua", [agent.gateway.pid, agent.process.pid])
        njs = Load(port, "soap.lua", [same_gateway.pid])
        proxy = Load(plain_port, "soap.lua", [plain.pid])
        self.rounds(ours, njs, proxy)
        for _ in self.counted(agent, ours):
            self.memory("agent resident, SOAP", agent, 24)
        self.ratio("gateway SOAP, beside same nginx asking return 204", ours.rate, njs.rate, "/s",
                   0.85)
        self.ratio("gateway SOAP, beside proxy_pass alone", ours.rate, proxy.rate, "/s", 0.33)
        self.ratio("gateway SOAP, p99, beside proxy_pass alone", ours.p99, proxy.p99, "ms", None)

    def intake(self):
        collector_bars.intake(self)

    def nation(self):
        collector_bars.delivery(self, 10_000)
        collector_bars.delivery(self, 2_000, tls=True)

    def disk(self):
        collector_bars.disk(self)

    def questions(self):
        collector_bars.dashboard(self)

    def instructions(self):
        instructions.report(self.line)

    def storms(self):
        storms.report(self.line)

    def ratio(self, name, ours, peer, unit, bar, at_most=False):
        ratio = ours / peer
        held = bar is None or (ratio <= bar if at_most else ratio >= bar)
        digits = ",.0f" if unit == "/s" else ".2f"
        self.line(name, f"{ours:{digits}} {unit}", f"{peer:{digits}} {unit}", f"{ratio:.2f}",
                  "–" if bar is None else f"{'≤' if at_most else '≥'} {bar}×", held)

    def memory(self, name, agent, bar):
        mib = resident_mib(agent.process.pid)
        self.line(name, f"{mib:.1f} MiB", f"{bar} MiB", f"{mib / bar:.2f}", f"≤ {bar} MiB",
                  mib <= bar)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                            capture_output=True, text=True, check=False).stdout.strip()
    return f"{os.cpu_count()} × {model[1] if model else 'CPU'}, commit {commit or 'none'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=6383)
    options = parser.parse_args()
    print(f"{machine()}, seed {options.seed}, {options.rounds} rounds of {options.seconds} s\n")
    try:
        with Stage("chot-bench-") as stage:
            bench = Bench(stage, options)
            try:
                if options.only not in ALONE:
                    bench.set_up()
                print("name | ours | peer or limit | ratio | bar | held?")
                for name in PARTS:
                    if bench.wants(name):
                        getattr(bench, name)()
            except Exception:
                for process in stage.processes:
                    print(process.tail(), end="", file=sys.stderr)
                raise
    except Broken as problem:
        print(f"\nbench: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nBars held: {sum(bench.lines)} of {len(bench.lines)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
