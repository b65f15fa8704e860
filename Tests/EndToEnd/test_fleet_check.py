"""The simulated nation against a real collector: what it sent is what is counted, whatever happens on the way."""
import json
import os
import subprocess

from country import ROOT, Collector, policy_around_now, wait_for

AGENTS, SYSTEMS = 200, 20


def fleet(stage, collector, command, *words):
    return [os.path.join(stage.bin, "chot-fleet"), command, "--state", stage.path("fleet"),
            "--socket", os.path.join(collector.state, "run/api.sock"),
            "--config", collector.config, "--collector", os.path.join(stage.bin, "chot-collector"), *words]


def prepared(stage):
    collector = Collector(stage, policy_around_now(None)).start()
    subprocess.run(fleet(stage, collector, "prepare", "--units", os.path.join(ROOT, "deploy/registry/units.csv"),
                         "--agents", str(AGENTS), "--systems", str(SYSTEMS), "--accounts", "20"),
                   check=True, timeout=120)
    with open(os.path.join(stage.path("fleet"), "fleet.json"), encoding="utf-8") as f:
        state = json.load(f)
    assert len(state["agents"]) == AGENTS
    return collector, state


def test_a_nation_is_counted_exactly_through_a_kill_and_all_acknowledge_a_lock(stage):
    collector, state = prepared(stage)
    system = state["agents"][0]["system"]
    run = subprocess.Popen(
        fleet(stage, collector, "run", "--wait-socket", os.path.join(collector.state, "run/wait.sock"), "--wait",
              "--rows", "20", "--every", "2s", "--duration", "25s", "--drain", "60s", "--replays", "20",
              "--forks", "5", "--gaps", "5", "--skewed", "5", "--dead", "5", "--slow", "2", "--seed", "7",
              "--check", "--format", "json"), stdout=subprocess.PIPE, text=True)
    try:
        def counted():
            rows = collector.json("usage", "--by", "system")["rows"]
            return len(rows) == SYSTEMS
        wait_for("the first counts of every system", counted, 20, 0.5)
        collector.process.kill9()
        collector.start()
        lock = collector.json("lock", "add", "--scope", f"account=canbo1@{system}", "--reason", "thử nghiệm",
                              "--for", "1h")
        out, _ = run.communicate(timeout=150)
    finally:
        if run.poll() is None:
            run.kill()
            run.communicate()
    seen = json.loads(out)
    assert run.returncode == 0 and "wrong" not in seen, out
    assert seen["stuck"] == 0 and seen["forged_sets"] == 0
    statuses = seen["statuses"]
    for status in ("accepted", "wrong duplicate", "wrong refused", "wrong resync"):
        assert statuses.get(status, 0) > 0, statuses
    assert seen["errors"].get("unreachable", 0) > 0, "the kill was not noticed"
    agents = collector.json("lock", "show", lock["id"])["agents"]
    ours = sum(1 for a in state["agents"] if a["system"] == system)
    assert agents["concerned"] == agents["enforcing"] == ours, agents
    assert max(s["holders"] for s in seen["sets"] if s["audience"] == system) == ours, seen["sets"]


def test_a_later_run_goes_on_and_a_difference_is_told(stage):
    collector, state = prepared(stage)
    once = fleet(stage, collector, "run", "--rows", "5", "--every", "1s", "--duration", "3s", "--check")
    for _ in range(2):
        done = subprocess.run(once, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and "totals: exact" in done.stdout, done.stdout + done.stderr
    # Somebody else pushes while the fleet counts: that must not pass for exact.
    other = fleet(stage, collector, "run", "--rows", "5", "--every", "1s", "--duration", "4s")
    with open(os.path.join(stage.path("fleet"), "fleet.json"), encoding="utf-8") as f:
        state = json.load(f)
    half = stage.path("half")
    os.mkdir(half)
    state["agents"].reverse()
    with open(os.open(os.path.join(half, "fleet.json"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        json.dump(state, f)
    other[other.index("--state") + 1] = half
    beside = subprocess.Popen(other + ["--agents", "50"], stdout=subprocess.DEVNULL)
    try:
        done = subprocess.run(once[:-1] + ["--duration", "6s", "--agents", "100", "--check"],
                              capture_output=True, text=True, timeout=120)
    finally:
        beside.wait(timeout=120)
    assert done.returncode == 1 and "WRONG: " in done.stdout, done.stdout + done.stderr
