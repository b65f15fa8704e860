"""`make bench ONLY=instructions`: what a request and a summary cost in instructions, counted by callgrind on the built
programs. Seconds depend on the machine and on who else uses it; instructions do not.

Fixed requests over one connection, one after another, so that no two runs batch them differently; Swift's hashes are
seeded alike in every process. Callgrind's counters are dumped after a warm-up and again after the fixed work: start-up falls
out. Everything is done twice, in two processes; how far the two differ is printed and held to be less than a hundredth.

instructions.json holds the figures of the commit before the changes at hand; the bar is that none costs over 8 % more.
To renew them, once a step up is accepted with its reason: build that commit in a clone (same toolchain, --static-swift-stdlib) and
  CHOT_BIN=CLONE/.build/release .venv/bin/python Benchmarks/instructions.py --record COMMIT
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "EndToEnd"))

import stage as stage_module  # noqa: E402
from python_agent import Refused  # noqa: E402
from socket_agent import Line, SocketAgent, request  # noqa: E402
from stage import (Agent, Broken, Collector, NPD, Stage, free_port,  # noqa: E402
                   policy_around_now, user_line, wait_for)

RECORDED = os.path.join(HERE, "instructions.json")
SERVICES = ("TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh")
SYSTEM = "H26.motcua"
ACCOUNTS, REQUESTS, PEER_REQUESTS = 2000, 10_000, 5000
# Agents, summaries of each, rows, summaries a push.
PUSHERS, SUMMARIES, ROWS, BATCH = 4, 64, 50, 8
MORE, SPREAD = 1.08, 0.01
HEADERS, SOAP, SUMMARY, PEER = (
    "authorize, header mode, a request", "authorize, SOAP, a request", "collector, a signed 50-row summary",
    "nginx return 204, a request")
ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:dan="http://dancuquocgia.bca"><soapenv:Header/>
<soapenv:Body><dan:{service}><dan:MaYeuCau>BENCH-{number:08d}</dan:MaYeuCau><dan:MaDVC>VPCP</dan:MaDVC>
<dan:MaTichHop>037</dan:MaTichHop><dan:MaCanBo>000000000001</dan:MaCanBo><dan:MaDonVi>H26</dan:MaDonVi>
<dan:TaiKhoan>{login}</dan:TaiKhoan><dan:SoDienThoai>0000000001</dan:SoDienThoai><dan:SoDinhDanh>{subject}</dan:SoDinhDanh>
<dan:HoVaTen>NGUYENVANMAU</dan:HoVaTen><dan:NgayThangNamSinh><dan:NgayThangNam>19990101</dan:NgayThangNam></dan:NgayThangNamSinh>
</dan:{service}></soapenv:Body></soapenv:Envelope>
"""
NGINX = """daemon off; master_process off; @USER@ pid @DIR@/pid; error_log @DIR@/error.log;
events { worker_connections 64; }
http { access_log off; keepalive_requests 10000000; client_body_temp_path @DIR@/b; proxy_temp_path @DIR@/p;
    fastcgi_temp_path @DIR@/f; uwsgi_temp_path @DIR@/u; scgi_temp_path @DIR@/s;
    server { listen 127.0.0.1:@PORT@; location / { return 204; } } }"""


class Callgrind:
    """Processes of ours that are started inside count instructions."""

    def __init__(self, folder):
        self.folder, self.dumps = folder, 0
        os.makedirs(folder)

    def __enter__(self):
        self.init = init = stage_module.Process.__init__

        def counted(process, name, args, log):
            # A run's end sums up the whole process; what is compared is in the dumps before it.
            init(process, name, ["/usr/bin/env", "SWIFT_DETERMINISTIC_HASHING=1", "valgrind", "-q", "--tool=callgrind",
                                 f"--vgdb-prefix={self.folder}/vgdb", f"--callgrind-out-file={self.folder}/{name}.out",
                                 *args], log)
        stage_module.Process.__init__ = counted
        return self

    def __exit__(self, *_):
        stage_module.Process.__init__ = self.init

    def take(self, process):
        """Instructions of all threads since it was last asked; they begin anew."""
        self.dumps += 1
        subprocess.run(["vgdb", f"--vgdb-prefix={self.folder}/vgdb", f"--pid={process.pid}", "dump"],
                       check=True, capture_output=True, timeout=120)
        path = f"{self.folder}/{process.name}.out.{self.dumps}"
        wait_for(f"callgrind's dump {path}", lambda: os.path.exists(path), 60)
        with open(path, encoding="utf-8", errors="replace") as f:
            return int(re.search(r"^(?:totals|summary): (\d+)", f.read(), re.M)[1])


def queries(soap):
    """The same in every run: each account once with each service first, then at random."""
    rng, made = random.Random(6383), []
    for number in range(REQUESTS + ACCOUNTS * 3):
        login, service = f"canbo{number // 3}", SERVICES[number % 3]
        if number >= ACCOUNTS * 3:
            login, service = f"canbo{rng.randrange(ACCOUNTS)}", rng.choice(SERVICES)
        source, subject = f"10.0.{rng.randrange(4)}.{rng.randrange(1, 251)}", f"000099{rng.randrange(10**6):06d}"
        if soap:
            body = ENVELOPE.format(service=service, number=number, login=login, subject=subject).encode()
            made.append(request("POST", "/authorize/npd", {
                "Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', "X-Real-IP": source}, body))
        else:
            made.append(request("GET", "/", {"X-Chot-Account": login, "X-Chot-Service": service,
                                             "X-Chot-Subject": subject, "X-Real-IP": source}))
    return made[:ACCOUNTS * 3], made[ACCOUNTS * 3:]


def answered(line, requests, status):
    for asked in requests:
        got, body = line.ask(asked)
        if got != status:
            raise Broken(f"answer {got} instead of {status}: {body[:300]!r}")


class Bench:
    def __init__(self, stage):
        self.stage, self.npd, self.asked = stage, NPD(stage), 0
        self.collector = Collector(stage, policy_around_now()).start()
        register(stage, self.collector)

    def agent(self, mode, number):
        """Instructions a request of the real agent, beside its query log, features and counting."""
        port = free_port()
        agent = Agent(self.stage, self.collector, self.npd, SYSTEM, mode=mode, authorize=f"127.0.0.1:{port}",
                      every="5m", name=f"{mode}-{number}")
        # Its gateway is nobody's matter here.
        agent.gateway = agent
        first, fixed = queries(soap=mode == "soap")
        with Callgrind(self.stage.path(f"callgrind-{mode}-{number}")) as callgrind:
            agent.start()
            line = Line(("127.0.0.1", port))
            answered(line, first, 204)
            callgrind.take(agent.process)
            answered(line, fixed, 204)
            cost = callgrind.take(agent.process) / len(fixed)
        self.stop(agent.process)
        self.asked += len(first) + len(fixed)
        # Under callgrind its last push is slower than a stop waits for: the next run sends it.
        agent.start()

        def counted():
            return sum(r["allowed"] for r in self.collector.json("usage", "--by", "system")["rows"])
        wait_for(f"all {self.asked} queries to be counted", lambda: counted() >= self.asked, every=0.3)
        self.stop(agent.process)
        if counted() != self.asked:
            raise Broken(f"asked {self.asked}, counted {counted()}")
        return cost

    def peer(self, number):
        folder, port = self.stage.path(f"peer-{number}"), free_port()
        os.mkdir(folder)
        text = NGINX
        for key, value in (("USER", user_line()), ("DIR", folder), ("PORT", port)):
            text = text.replace(f"@{key}@", str(value))
        fixed = queries(soap=False)[1][:PEER_REQUESTS]
        with Callgrind(folder + "/callgrind") as callgrind:
            process = self.stage.start_nginx(f"peer-{number}", text, port)
            line = Line(("127.0.0.1", port))
            answered(line, fixed[:1000], 204)
            callgrind.take(process)
            answered(line, fixed, 204)
            cost = callgrind.take(process) / len(fixed)
        self.stop(process)
        return cost

    def stop(self, process):
        if process.stop(120) != 0:
            raise Broken(f"{process.name} did not end well:\n{process.tail()}")


def register(stage, collector):
    folder = stage.path("registry")
    os.mkdir(folder)
    tables = {
        "units": ["code,name,kind,province_code", "H26,Don vi mau,province,01"],
        "systems": ["code,unit,name,contact,phone,email", f"{SYSTEM},H26,He thong mau,,,"],
        "services": ["system,service,office_per_day,off_per_day,purpose"] + [
            f"{SYSTEM},{v},10000000,300,bench" for v in SERVICES],
        "accounts": ["system,login,full_name,cccd,officer_code,phone,per_day"] + [
            f"{SYSTEM},canbo{i},NGUYEN VAN MAU,0000{i:08d},,0000000000,10000000" for i in range(ACCOUNTS)],
    }
    for kind, rows in tables.items():
        with open(os.path.join(folder, kind + ".csv"), "w", encoding="utf-8") as f:
            f.write("\n".join(rows) + "\n")
    collector.cli("registry", "import", folder)
    collector.cli("agent", "mode", SYSTEM, "enforce")


def pushed(agents):
    """All that waits, a batch of each agent in turn."""
    while any(agent.waiting for agent in agents):
        for agent in agents:
            batch, agent.waiting = agent.waiting[:BATCH], agent.waiting[BATCH:]
            answer = agent.push_lines([jws for _, jws in batch])
            if any(item["status"] != "accepted" for item in answer["items"]):
                raise Refused(200, {"type": str(answer["items"])})


def collector_cost(number):
    """Instructions a summary; a collector and agents of their own."""
    with Stage("chot-instructions-") as stage:
        collector = Collector(stage, policy_around_now()).start()
        register(stage, collector)
        tokens = [collector.cli("agent", "token", SYSTEM) for _ in range(PUSHERS)]
        collector.process.stop()
        with Callgrind(stage.path(f"callgrind-{number}")) as callgrind:
            # Its front is not asked.
            collector.start()
            path = collector.state + "/run/api.sock"
            agents = [SocketAgent(path, token) for token in tokens]
            time.sleep(0.001 * SUMMARIES + 1)
            rng, counted = random.Random(6383), 0

            def seal(count):
                total = 0
                for agent in agents:
                    for _ in range(count):
                        rows = [agent.row(f"canbo{login}", rng.choice(SERVICES), agent.at, "office",
                                          allowed=rng.randrange(1, 6)) for login in rng.sample(range(ACCOUNTS), ROWS)]
                        total += sum(row["allowed"] for row in rows)
                        agent.seal(rows, to=agent.at + 1)
                return total
            counted += seal(BATCH)
            pushed(agents)
            counted += seal(SUMMARIES)
            callgrind.take(collector.process)
            pushed(agents)
            cost = callgrind.take(collector.process) / PUSHERS / SUMMARIES
            rows = collector.json("usage", "--by", "system")["rows"]
            if sum(row["allowed"] for row in rows) != counted:
                raise Broken(f"sent {counted}, counted {rows}")
        return cost


def toolchain():
    def first_line(*args):
        done = subprocess.run(args, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    return {"swift": first_line("swift", "--version"), "valgrind": first_line("valgrind", "--version"),
            "nginx": first_line("nginx", "-v")}


def measure(runs=2):
    """Name → figures of each run."""
    figures = {name: [] for name in (HEADERS, SOAP, SUMMARY, PEER)}
    with Stage("chot-instructions-") as stage:
        try:
            bench = Bench(stage)
            for number in range(runs):
                figures[HEADERS].append(bench.agent("headers", number))
                figures[SOAP].append(bench.agent("soap", number))
                figures[PEER].append(bench.peer(number))
        except Exception:
            for process in stage.processes:
                print(process.tail(), end="", file=sys.stderr)
            raise
    for number in range(runs):
        figures[SUMMARY].append(collector_cost(number))
    return figures


def report(line):
    """Prints through the bench's own `line`."""
    with open(RECORDED, encoding="utf-8") as f:
        recorded = json.load(f)
    if recorded["toolchain"] != toolchain():
        print(f"instructions: recorded with {recorded['toolchain']}, here is {toolchain()}; renew {RECORDED}", file=sys.stderr)
    figures = measure()
    before = f"commit {recorded['commit'][:7]}"
    for name, runs in figures.items():
        ours, peer = sum(runs) / len(runs), recorded["figures"][name]
        if name == PEER:
            continue
        line(f"instructions: {name}", f"{ours:,.0f}", f"{peer:,.0f} ({before})", f"{ours / peer:.3f}",
             f"≤ {MORE}×", ours / peer <= MORE)
        apart = (max(runs) - min(runs)) / ours
        line(f"instructions: {name}, two runs", " ".join(f"{run:,.0f}" for run in runs), "–", f"{apart:.4f} apart",
             f"< {SPREAD}", apart < SPREAD)
        if name == HEADERS:
            nginx = sum(figures[PEER]) / len(figures[PEER])
            line(f"instructions: {name}, beside nginx return 204", f"{ours:,.0f}", f"{nginx:,.0f}", f"{ours / nginx:.2f}",
                 "–", True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", metavar="COMMIT", help="of which CHOT_BIN was built: writes instructions.json")
    options = parser.parse_args()
    figures = measure()
    for name, runs in figures.items():
        print(name, *(f"{run:,.1f}" for run in runs))
    if options.record:
        with open(RECORDED, "w", encoding="utf-8") as f:
            json.dump({"commit": options.record, "toolchain": toolchain(), "runs": 2,
                       "figures": {name: round(sum(runs) / len(runs)) for name, runs in figures.items()}}, f, indent=2)
            f.write("\n")


if __name__ == "__main__":
    main()
