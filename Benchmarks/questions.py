#!/usr/bin/env python3
"""The dashboard's questions on 400 days of totals: hours by account for 90 days, dates by account beyond.

`measure()` fills the database of a collector that was never started, starts it, and asks. Times are those of one
request on the admin socket, from connect to the last byte of the answer; the client's own start is not in them. Asked on a
quiet collector, then while agents push.
Alone: CHOT_BIN=… Benchmarks/questions.py [--days 90] [--accounts 28000] [--keep FOLDER].
"""
import argparse
import http.client
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time

HOUR_MS, ZONE = 3_600_000, 7
UNITS, SYSTEMS = 70, 280
DAYS, HOURLY_DAYS, ACCOUNTS = 400, 90, 28_560
# Hours of a day with queries of an account, and its services: 20 rows of hours a day.
HOURS, SERVICES = tuple(range(8, 18)), ("TraCuuThongTinCongDan", "XacThucThongTinCongDan")
BAR_MS, AIM_MS, RESTART_S = 200, 30, 3
KEYS = ("allowed", "denied", "passed")


class Filled:
    """A database with totals as the collector writes them, the newest hour being that of now."""

    def __init__(self, path, accounts=ACCOUNTS, hourly_days=HOURLY_DAYS, days=DAYS):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.accounts, self.hourly_days, self.days = accounts, hourly_days, days
        self.hour = int(time.time() * 1000) // HOUR_MS
        self.today = (self.hour + ZONE) // 24

    def fill(self):
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000;"
                              "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=20000;")
        per = self.accounts // SYSTEMS
        with_all = "WITH RECURSIVE "
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO usage_system (id, code) VALUES (?, ?)",
                            ((i + 1, code(i)) for i in range(SYSTEMS)))
        self.db.executemany("INSERT INTO usage_service (id, name) VALUES (?, ?)",
                            ((i + 1, name) for i, name in enumerate(SERVICES)))
        self.db.executemany("INSERT INTO usage_account (id, system, login) VALUES (?, ?, ?)",
                            ((i + 1, i // per + 1, f"canbo{i % per}") for i in range(self.accounts)))
        self.db.execute("COMMIT")
        for date in range(self.today - self.days + 1, self.today + 1):
            detailed = date > self.today - self.hourly_days
            last = min(23, self.hour - (date * 24 - ZONE))
            hours = [h for h in HOURS if h <= last]
            if not hours:
                continue
            self.db.execute("BEGIN")
            if detailed:
                for hour in hours:
                    self.db.execute(
                        "INSERT INTO usage_hour SELECT ?1, a.system, a.id, s.id, 0, "
                        "1 + abs(a.id * 7919 + ?1 * 31 + s.id) % 40, abs(a.id + ?1) % 97 = 0, 0 "
                        "FROM usage_account a CROSS JOIN usage_service s ORDER BY a.id, s.id",
                        (date * 24 - ZONE + hour,))
                self.db.execute(
                    "INSERT INTO usage_date SELECT ?1, 2, system, account, service, sum(allowed), sum(denied),"
                    " sum(passed) FROM usage_hour WHERE hour >= ?2 AND hour < ?3"
                    " GROUP BY system, account, service", (date, date * 24 - ZONE, date * 24 - ZONE + 24))
                self.db.execute(
                    "INSERT INTO usage_system_hour SELECT system, hour, service, win, sum(allowed), sum(denied),"
                    " sum(passed) FROM usage_hour WHERE hour >= ?1 AND hour < ?2"
                    " GROUP BY system, hour, service, win", (date * 24 - ZONE, date * 24 - ZONE + 24))
            else:
                self.db.execute(
                    "INSERT INTO usage_date SELECT ?1, 2, a.system, a.id, s.id, 10 + abs(a.id * 7919 + ?1 + s.id) % 400,"
                    " 0, 0 FROM usage_account a CROSS JOIN usage_service s ORDER BY a.id, s.id", (date,))
                self.db.execute(
                    with_all + "h (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM h WHERE i + 1 < ?2) "
                    "INSERT INTO usage_system_hour SELECT y.id, h.i, s.id, 0, 100 * 20, 1, 0 "
                    "FROM usage_system y CROSS JOIN h CROSS JOIN usage_service s",
                    (date * 24 - ZONE + HOURS[0], date * 24 - ZONE + HOURS[-1] + 1))
            self.db.execute("COMMIT")
        kept = (self.today - self.hourly_days + 1) * 24 - ZONE
        self.db.execute("INSERT OR REPLACE INTO usage_kept (id, hours_from, dates_from) VALUES (1, ?, NULL)",
                        (kept,))
        rows = {table: self.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("usage_hour", "usage_date", "usage_system_hour")}
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return rows

    def questions(self):
        """Each with the sum of `allowed` that it must give, worked out by plain SQL."""
        def text(date):
            return time.strftime("%Y-%m-%dT00:00:00+07:00", time.gmtime(date * 86_400))

        def total(sql, *values):
            return self.db.execute("SELECT sum(allowed) FROM " + sql, values).fetchone()[0] or 0

        midnight = self.today * 24 - ZONE
        month, week = self.today - 30, self.today - 7
        of_unit = "system IN (SELECT id FROM usage_system WHERE code LIKE 'H10.%')"
        top = self.db.execute(
            "SELECT sum(allowed) FROM usage_date WHERE date >= ? AND date < ? GROUP BY account"
            " ORDER BY 1 DESC LIMIT 10", (week, self.today)).fetchall()
        return {
            "today by unit": ({"from": text(self.today), "by": "unit"},
                              total("usage_hour WHERE hour >= ?", midnight)),
            "a unit's month by day": (
                {"from": text(month), "to": text(self.today), "unit": "H10", "by": "day"},
                total(f"usage_hour WHERE hour >= ? AND hour < ? AND {of_unit}", month * 24 - ZONE, midnight)),
            "top accounts of a week": (
                {"from": text(week), "to": text(self.today), "by": "account", "top": "10"},
                sum(row[0] for row in top)),
        }


def code(index):
    return f"H{10 + index % UNITS}.he{index // UNITS}"


def register(state):
    """Forms for all units and systems, in a folder."""
    folder = os.path.join(state, "forms")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "units.csv"), "w", encoding="utf-8") as f:
        f.write("code,name,kind,province_code\n")
        f.writelines(f"H{10 + i},Don vi mau {i},province,{i:02d}\n" for i in range(UNITS))
    with open(os.path.join(folder, "systems.csv"), "w", encoding="utf-8") as f:
        f.write("code,unit,name,contact,phone,email\n")
        f.writelines(f"{code(i)},{code(i).split('.')[0]},He thong mau {i},,,\n" for i in range(SYSTEMS))
    return folder


class Connection(http.client.HTTPConnection):
    """HTTP over the admin socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(path, options):
    body = json.dumps({"command": "usage", "options": {k: [v] for k, v in options.items()}, "flags": [],
                       "arguments": [], "files": []})
    begin = time.perf_counter()
    connection = Connection(path)
    connection.request("POST", "/admin", body, {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    spent = time.perf_counter() - begin
    connection.close()
    return spent * 1000, json.loads(answer)


def serve(program, config, log):
    return subprocess.Popen([program, "serve", "--config", config], stdout=log, stderr=log)


def first_answer(program, config, path, options, log):
    """Starts the collector; seconds until it has answered a question."""
    begin = time.perf_counter()
    process = serve(program, config, log)
    while True:
        if process.poll() is not None:
            raise RuntimeError(f"the collector ended with {process.returncode}; see {log.name}")
        try:
            _, answer = ask(path, options)
            if answer.get("exit", 0) == 0:
                return process, time.perf_counter() - begin
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.005)


def stop(process):
    process.terminate()
    process.wait(timeout=30)


def measure(folder, binaries, rounds=60, accounts=ACCOUNTS, hourly_days=HOURLY_DAYS):
    """Fills, starts and asks in `folder`: figures by name, see `report`."""
    program, state = os.path.join(binaries, "chot-collector"), os.path.join(folder, "collector")
    config, path = os.path.join(state, "collector.json5"), os.path.join(state, "run", "admin.sock")
    figures = {}
    with open(os.path.join(folder, "collector.log"), "w", encoding="utf-8") as log:
        if not os.path.exists(state):
            subprocess.run([program, "init", "--state", state], check=True, stdout=log, stderr=log)
            process = serve(program, config, log)
            try:
                forms = register(folder)
                for _ in range(200):
                    done = subprocess.run([program, "registry", "import", forms, "--config", config],
                                          stdout=log, stderr=log, check=False)
                    if done.returncode == 0:
                        break
                    time.sleep(0.1)
                else:
                    raise RuntimeError(f"the forms are not taken; see {log.name}")
            finally:
                stop(process)
        begin = time.perf_counter()
        filled = Filled(os.path.join(state, "collector.db"), accounts, hourly_days)
        figures["rows"] = filled.fill()
        figures["fill_s"] = time.perf_counter() - begin
        figures["bytes"] = os.path.getsize(os.path.join(state, "collector.db"))
        questions = filled.questions()
        filled.db.close()
        starts = []
        for _ in range(3):
            process, seconds = first_answer(program, config, path, questions["today by unit"][0], log)
            starts.append(seconds)
            if len(starts) < 3:
                stop(process)
        figures["restart_s"] = statistics.median(starts)
        try:
            for name, question in questions.items():
                figures[name] = spread([checked(path, name, *question) for _ in range(rounds)])
            pushing = Pushing(binaries, folder, state, config)
            times = {name: [] for name in questions}
            while pushing.goes_on():
                for name, question in questions.items():
                    times[name].append(checked(path, name, *question, grows=name.startswith("today")))
            figures["pushed_per_s"] = pushing.rate()
            figures |= {f"{name}, while agents push": spread(taken) for name, taken in times.items()}
        finally:
            stop(process)
    return figures


def checked(path, name, options, total, grows=False):
    """Milliseconds of one question whose answer is right. `grows`: agents push to what it asks about."""
    spent, answer = ask(path, options)
    got = sum(row["allowed"] for row in answer["json"]["rows"])
    if answer.get("exit", 0) or got < total or got > total and not grows:
        raise RuntimeError(f"{name}: {got} allowed instead of {total}")
    return spent


def spread(times):
    times = sorted(times)
    return {"p50_ms": statistics.median(times), "p95_ms": times[max(0, int(len(times) * 0.95) - 1)], "asked": len(times)}


class Pushing:
    """2,000 agents that push 50 rows every 12 s, long-polls held: as many pushes as of 10,000 agents a minute."""

    def __init__(self, binaries, folder, state, config, agents=2000, every=12, seconds=60):
        fleet = [os.path.join(binaries, "chot-fleet")]
        common = ["--state", os.path.join(folder, "fleet"), "--socket", state + "/run/api.sock",
                  "--wait-socket", state + "/run/wait.sock", "--config", config]
        units = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "deploy", "registry", "units.csv")
        subprocess.run([*fleet, "prepare", *common, "--units", units, "--agents", str(agents), "--systems", "200",
                        "--accounts", "100"], check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [*fleet, "run", *common, "--wait", "--every", f"{every}s", "--duration", f"{seconds}s", "--format", "json"],
            stdout=subprocess.PIPE, text=True)

    def goes_on(self):
        return self.process.poll() is None

    def rate(self):
        """Summaries a second that were acknowledged."""
        report = json.loads(self.process.communicate()[0])
        if self.process.returncode or report["errors"]:
            raise RuntimeError(f"chot-fleet: {report}")
        return report["rate"]


def report(figures):
    """Lines for the table of bench.py: name, ours, bar, held."""
    rows = ", ".join(f"{count:,} {table}" for table, count in figures["rows"].items())
    yield (f"totals of {DAYS} days: {rows}", f"{figures['bytes'] / 1e9:.2f} GB", "filled in "
           f"{figures['fill_s']:.0f} s", True)
    for name, value in figures.items():
        if isinstance(value, dict) and "p95_ms" in value:
            yield (f"{name}, p50 / p95 of {value['asked']}", f"{value['p50_ms']:.1f} / {value['p95_ms']:.1f} ms",
                   f"p95 ≤ {BAR_MS} ms, aim {AIM_MS}", value["p95_ms"] <= BAR_MS)
    yield ("summaries pushed meanwhile", f"{figures['pushed_per_s']:.0f}/s", "", True)
    yield ("restart to first answer", f"{figures['restart_s']:.2f} s", f"≤ {RESTART_S} s",
           figures["restart_s"] <= RESTART_S)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=HOURLY_DAYS, help="days of hours by account")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--keep", help="a new folder that stays")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="chot-questions-")
    os.makedirs(folder, exist_ok=True)
    try:
        for line in report(measure(folder, os.environ["CHOT_BIN"], accounts=options.accounts,
                                   hourly_days=options.days)):
            print(" | ".join(str(cell) for cell in line))
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
