#!/usr/bin/env python3
"""`make nation`: thousands of agents for minutes, the collector killed with kill -9 and its disk full once; afterwards totals
are exact, coverage is complete, no agent is stuck (issue D, acceptance 2). With --restore instead: a backup under load, two
locks later, everything destroyed and restored: totals are exact, both locks enforced (acceptance 6). Needs root for the small
disk."""
import argparse
import json
import os
import random
import shutil
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
    parser.add_argument("--restore", action="store_true")
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
    if options.restore:
        events = [(share * seconds, what) for share, what in ((0.08, "backup"), (0.3, "lock"), (0.6, "lock"), (0.9, "restore"))]
    else:
        events = sorted([(rng.uniform(0.08, 0.9) * seconds, "kill") for _ in range(options.kills)]
                        + [(rng.uniform(0.3, 0.7) * seconds, "full")])
    happened, disasters = 0, Disasters(stage, collector, disk, min(15, seconds / 20))
    for at, what in events:
        time.sleep(max(0, started + at - time.monotonic()))
        if fleet.poll() is not None:
            break
        happened += 1
        print(f"{time.monotonic() - started:5.0f} s: {what}", flush=True)
        getattr(disasters, what)()
    out, _ = fleet.communicate(timeout=seconds + 600)
    report = json.loads(out)
    for key in ("agents", "summaries", "rate", "p50_ms", "p99_ms", "max_ms", "errors", "statuses", "retry_afters", "stuck", "wrong"):
        if key in report:
            print(f"{key}: {report[key]}")
    # What was not noticed proves nothing.
    expected = ("unreachable",) if options.restore else ("unreachable", "503")
    noticed = happened == len(events) and all(report["errors"].get(what, 0) > 0 for what in expected)
    if not noticed:
        print(f"only {happened} of {len(events)} events happened, or no agent noticed them; longer, or more agents")
    right = fleet.returncode == 0 and noticed and disasters.locks_stand()
    print("totals exact, coverage complete, nobody stuck, locks enforced" if right else "WRONG")
    return 0 if right else 1


class Disasters:
    def __init__(self, stage, collector, disk, full_seconds):
        self.stage, self.collector, self.disk, self.full_seconds = stage, collector, disk, full_seconds
        self.saved, self.key, self.locks = stage.path("nation.backup"), stage.path("nation.key"), []

    def kill(self):
        self.collector.process.kill9()
        self.collector.start()

    def full(self):
        with open(self.disk + "/filler", "wb") as f:
            try:
                while True:
                    f.write(b"x" * (1 << 20))
                    f.flush()
            except OSError:
                pass
        time.sleep(self.full_seconds)
        os.unlink(self.disk + "/filler")

    def backup(self):
        self.stage.program("chot-collector", "backup-key", self.key)
        print(self.collector.cli("backup", self.saved, "--recipient", self.key + ".pub").strip().splitlines()[0])

    def lock(self):
        scope = ("unit=H26", "unit=H29")[len(self.locks)]
        self.locks.append(self.collector.json("lock", "add", "--scope", scope, "--confirm", scope, "--reason", "nation",
                                              "--for", "2h")["id"])

    def restore(self):
        self.collector.process.kill9()
        for name in os.listdir(self.collector.state):
            path = os.path.join(self.collector.state, name)
            if not name.startswith("collector.json5") and name != "nginx":
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.stage.program("chot-collector", "restore", self.saved, "--identity", self.key, "--config", self.collector.config)
        self.collector.start()

    def locks_stand(self):
        """Each is active, and held by all whom it concerns."""
        stand = True
        for number in self.locks:
            story = self.collector.json("lock", "show", number)
            agents = story["agents"]
            print(f"{number}: {story['state']}, {agents}")
            stand = stand and story["state"] == "active" and agents["enforcing"] == agents["concerned"] > 0
        return stand


if __name__ == "__main__":
    sys.exit(main())
