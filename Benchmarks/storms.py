"""`make bench ONLY=storms`: one unit, one clerk or one import does not hold the nation. In each storm four honest agents push
50 rows four times a second and locks are issued one after another; bars: the slowest lock is held by its agent within a
second, 99 of 100 pushes are acknowledged within 300 ms, the watchdog is silent for at most 5 s. Counted in work too: a
summary of one row costs no more after a flood than before, in rows written and in processor time. Every storm checks that the
totals are what was sent. Alone: CHOT_BIN=… Benchmarks/storms.py [STORM…]
"""
import argparse
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "EndToEnd"))

from stage import NPD, Agent, Broken, Stage, free_port, wait_for  # noqa: E402
from storm import HONEST, ROGUE, Storm  # noqa: E402

LOCK_S, P99_MS, WATCHDOG_S = 1, 300, 5
# What a row may cost in the end beside the beginning; time is less exact than rows.
MORE_WRITTEN, MORE_TIME = 1.2, 1.5


def gateway(storm, seconds):
    """A client without credentials through an honest gateway: made-up accounts, each of them new."""
    port = free_port()
    agent = Agent(storm.stage, storm.collector, NPD(storm.stage), ROGUE, mode="headers",
                  authorize=f"127.0.0.1:{port}").start()

    def asks():
        answered = runs = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            out = subprocess.run(
                ["wrk", "-t1", "-c8", "-d5s", "-s", os.path.join(HERE, "flood.lua"), f"http://127.0.0.1:{port}/"],
                capture_output=True, text=True, check=True, env={**os.environ, "FIRST": str(answered + 1000 * runs)}).stdout
            answered += int(re.search(r"(\d+) requests in", out)[1])
            runs += 1
        wait_for("the flood to be counted", lambda: storm.totals().get(ROGUE, 0) >= answered, 120, 0.5)
        if storm.totals()[ROGUE] > answered + 8 * runs:
            raise Broken(f"{answered} answers, counted {storm.totals()[ROGUE]}")
        rows = storm.collector.json("usage", "--by", "account")["rows"]
        return {"rows": answered, "names": sum(row["system"] == ROGUE for row in rows)}
    figures = storm.during(asks)
    agent.process.stop()
    return figures


def registered(storm):
    """200,000 are registered: one row more, and a quota granted."""
    for part in range(2):
        storm.cli("registry", "import", storm.write(
            "accounts", "system,login,full_name,cccd,per_day",
            storm.account_rows(HONEST, 25_000, first=1000 + 25_000 * part), folder=f"many-{part}"))

    def small():
        return {**storm.one_row(), **storm.grant()}
    return storm.during(small, least_locks=5)


def backups(storm):
    storm.unregistered(20_000)
    key = storm.stage.path("passphrase")
    with open(key, "w", encoding="ascii") as f:
        f.write("correct horse battery staple of the bench\n")
    os.chmod(key, 0o600)
    return storm.during(lambda: storm.backups(15, "--passphrase-file", key))


STORMS = {
    "R8": ("100,000 made-up logins of one agent", lambda s: s.during(lambda: s.unregistered(100_000))),
    "gateway": ("made-up accounts through an honest gateway", lambda s: gateway(s, 15)),
    "R9": ("R9 and notes of R10, 40,000 logins", lambda s: s.during(lambda: s.rates(40_000))),
    "import": ("import of 100,000 accounts", lambda s: s.during(lambda: s.accounts(100_000))),
    "one-row": ("200,000 registered; one row and a quota", registered),
    "readers": ("alerts and usage read all the time, 12 half requests", lambda s: s.during(lambda: s.readers(15))),
    "backup": ("a backup after the other", backups),
    "few": ("16 connections × 4 MiB of one agent, 16 summaries each", lambda s: s.during(lambda: s.bodies("few", 15))),
    "many": ("the same, 1,000 summaries each", lambda s: s.during(lambda: s.bodies("many", 15))),
    "forged": ("the same, not signed by its key", lambda s: s.during(lambda: s.bodies("forged", 15))),
    "alerts": ("all that one agent can have alerted", lambda s: s.during(lambda: s.alert_flood(15))),
    "gaps": ("gaps and times that come back of one agent", lambda s: s.during(lambda: s.gap_flood(15))),
}


def report(line, names=tuple(STORMS)):
    """Prints through the bench's own `line`."""
    for name in names:
        title, run = STORMS[name]
        with Stage("chot-storm-") as stage:
            storm = Storm(stage)
            if name == "readers":
                storm.unregistered(20_000)
            try:
                figures = run(storm)
            except (Broken, OSError, subprocess.SubprocessError) as problem:
                line(f"storm, {title}", str(problem)[:300], "–", "–", "–", False)
                continue
        print(f"  {name}: " + ", ".join(f"{k} {v:,.2f}" if isinstance(v, float) else f"{k} {v:,}" for k, v in figures.items()))
        for what, key, unit, bar in (("slowest lock → enforced", "lock_s", "s", LOCK_S),
                                     ("slowest release of a lock", "release_s", "s", LOCK_S),
                                     ("p99 of others' pushes", "p99_ms", "ms", P99_MS),
                                     ("longest silence of the watchdog", "watchdog_s", "s", WATCHDOG_S)):
            line(f"storm, {title}: {what}", f"{figures[key]:,.2f} {unit}", f"{bar} {unit}", f"{figures[key] / bar:.2f}",
                 f"≤ {bar} {unit}", figures[key] <= bar)
        if "held" in figures:
            # One at a time and one whose answer is on its way, and what the honest send meanwhile.
            held, bar = figures["held"], figures["bytes"] * 2.5
            line(f"storm, {title}: bodies held at once", f"{held:,} bytes", f"{bar:,.0f} bytes", f"{held / bar:.2f}",
                 "≤ 2.5 bodies", held <= bar)
        if "us_first" in figures:
            for what, key, unit, bar in (("rows written a summary", "written", "", MORE_WRITTEN),
                                         ("processor a summary", "us", " µs", MORE_TIME)):
                first, last = figures[key + "_first"], figures[key + "_last"]
                ratio = last / first if first else 0
                line(f"storm, {title}: {what} after the flood beside before", f"{last:,.2f}{unit}", f"{first:,.2f}{unit}",
                     f"{ratio:.2f}", f"≤ {bar}×", ratio <= bar)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("storms", nargs="*", metavar="STORM", help=", ".join(STORMS))
    options = parser.parse_args()
    report(lambda *cells: print(" | ".join((*cells[:-1], "yes" if cells[-1] else "NO")), flush=True),
           options.storms or tuple(STORMS))


if __name__ == "__main__":
    main()
