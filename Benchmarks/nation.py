#!/usr/bin/env python3
"""`make nation`: thousands of agents for minutes, the collector killed with kill -9 and its disk full once; afterwards totals
are exact, coverage is complete, no agent is stuck (issue D, acceptance 2). Needs root for the small disk."""
import argparse
import json
import os
import random
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "EndToEnd"))

from stage import Broken, Collector, Stage, policy_around_now  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with Stage("chot-nation-") as stage:
        disk = stage.path("disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", disk], check=True)
        try:
            return run(stage, disk, options, rng)
        except Broken as problem:
            print(f"nation: {problem}", file=sys.stderr)
            return 1
        finally:
            for process in reversed(stage.processes):
                process.stop()
            subprocess.run(["umount", "-l", disk], check=False)


def run(stage, disk, options, rng):
    collector = Collector(stage, policy_around_now())
    # The state folder moves to the small disk.
    subprocess.run(["cp", "-a", collector.state + "/.", disk + "/collector"], check=True)
    subprocess.run(["rm", "-rf", collector.state], check=True)
    os.symlink(disk + "/collector", collector.state)
    collector.start()
    run_folder = collector.state + "/run"
    common = ["--state", stage.path("fleet"), "--socket", run_folder + "/api.sock", "--config", collector.config]
    print(stage.program("chot-fleet", "prepare", *common, "--units", os.path.join(ROOT, "deploy/registry/units.csv"),
                        "--agents", options.agents, "--systems", min(280, options.agents), "--accounts", 100).strip())
    seconds = options.minutes * 60
    fleet = subprocess.Popen(
        [os.path.join(stage.bin, "chot-fleet"), "run", *common, "--wait-socket", run_folder + "/wait.sock", "--wait",
         "--rows", str(options.rows), "--every", "30s", "--duration", f"{int(seconds)}s", "--drain", "300s", "--check",
         "--replays", "3", "--forks", "1", "--gaps", "1", "--dead", "5", "--skewed", "5", "--slow", "1",
         "--seed", str(options.seed), "--format", "json"], stdout=subprocess.PIPE, text=True)
    started = time.monotonic()
    events = sorted([(rng.uniform(0.08, 0.9) * seconds, "kill") for _ in range(options.kills)]
                    + [(rng.uniform(0.3, 0.7) * seconds, "full")])
    happened = 0
    for at, what in events:
        time.sleep(max(0, started + at - time.monotonic()))
        if fleet.poll() is not None:
            break
        happened += 1
        print(f"{time.monotonic() - started:5.0f} s: {what}", flush=True)
        if what == "kill":
            collector.process.kill9()
            collector.start()
        else:
            fill(disk)
            time.sleep(min(15, seconds / 20))
            os.unlink(disk + "/filler")
    out, _ = fleet.communicate(timeout=seconds + 600)
    report = json.loads(out)
    for key in ("agents", "summaries", "rate", "p50_ms", "p99_ms", "max_ms", "errors", "statuses", "retry_afters", "stuck", "wrong"):
        if key in report:
            print(f"{key}: {report[key]}")
    # What was not noticed proves nothing.
    noticed = happened == len(events) and report["errors"].get("unreachable", 0) > 0 and report["errors"].get("503", 0) > 0
    if not noticed:
        print(f"only {happened} of {len(events)} events happened, or no agent noticed them; longer, or more agents")
    right = fleet.returncode == 0 and noticed
    print("totals exact, coverage complete, nobody stuck" if right else "WRONG")
    return 0 if right else 1


def fill(disk):
    with open(disk + "/filler", "wb") as f:
        try:
            while True:
                f.write(b"x" * (1 << 20))
                f.flush()
        except OSError:
            pass


if __name__ == "__main__":
    sys.exit(main())
