"""The simulated nation against a real collector: what it sent is what is counted, whatever happens on the way."""
import json
import os
import shutil
import signal
import subprocess
import time

from country import ROOT, Collector, free_port, policy_around_now, wait_for

AGENTS, SYSTEMS = 200, 20


def fleet(stage, collector, command, *words):
    return [os.path.join(stage.bin, "chot-fleet"), command, "--state", stage.path("fleet"),
            "--socket", os.path.join(collector.state, "run/api.sock"),
            "--config", collector.config, "--collector", os.path.join(stage.bin, "chot-collector"), *words]


def preparation(stage, collector, agents, systems):
    return fleet(stage, collector, "prepare", "--units", os.path.join(ROOT, "deploy/registry/units.csv"),
                 "--agents", str(agents), "--systems", str(systems), "--accounts", "20", "--format", "json")


def prepared(stage, agents=AGENTS, systems=SYSTEMS):
    collector = Collector(stage, policy_around_now(None)).start()
    done = subprocess.run(preparation(stage, collector, agents, systems), check=True, timeout=120,
                          stdout=subprocess.PIPE, text=True)
    assert json.loads(done.stdout) == {"agents": agents, "systems": systems, "accounts": 20}
    with open(os.path.join(stage.path("fleet"), "fleet.json"), encoding="utf-8") as f:
        state = json.load(f)
    assert len(state["agents"]) == agents
    return collector, state


def ended(words, timeout=60):
    """Its exit status and all that it said, and how many seconds it took."""
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout + done.stderr, time.monotonic() - begun


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


def test_a_run_is_judged_by_itself_though_a_restored_collector_lost_a_former_one(stage):
    collector, _ = prepared(stage, 20, 5)
    once = fleet(stage, collector, "run", "--rows", "5", "--every", "1s", "--duration", "2s", "--check")
    backup = stage.path("backup")
    for lost in (False, True):
        status, said, _ = ended(once)
        assert status == 0 and "coverage: all of 20 agents" in said, said
        if not lost:
            collector.cli("backup", backup, "--unsealed")
    collector.process.stop()
    for name in os.listdir(collector.state):
        path = os.path.join(collector.state, name)
        if not name.startswith("collector.json5") and name != "nginx":
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    stage.program("chot-collector", "restore", backup, "--config", collector.config)
    collector.start()
    for _ in range(2):
        status, said, _ = ended(once)
        assert status == 0 and "totals: exact" in said and "coverage: all of 20 agents" in said, said
    missing = collector.json("usage", "--by", "system")["coverage"]["missing"]
    assert len({gap["agent"] for gap in missing}) == 20, "what was lost is a gap, which is not of the last run"


def test_a_fleet_is_prepared_once(stage):
    collector, _ = prepared(stage, 5, 5)
    path = os.path.join(stage.path("fleet"), "fleet.json")
    with open(path, "rb") as f:
        before = f.read()
    registry = os.listdir(os.path.join(stage.path("fleet"), "registry"))
    status, said, _ = ended(preparation(stage, collector, 20, 20))
    assert status == 65 and path in said and "5 agents" in said and "another --state" in said, said
    with open(path, "rb") as f:
        assert f.read() == before
    assert os.listdir(os.path.join(stage.path("fleet"), "registry")) == registry
    assert len(collector.json("agent", "list")) == 5


def test_a_wrong_address_or_configuration_is_named_at_once(stage):
    collector, _ = prepared(stage, 5, 5)
    begin = [os.path.join(stage.bin, "chot-fleet"), "run", "--state", stage.path("fleet"), "--duration", "2s"]
    nowhere, ca = f"https://127.0.0.1:{free_port()}", os.path.join(collector.state, "ca.pem")
    socket = ["--socket", os.path.join(collector.state, "run/api.sock")]
    missing = stage.path("nofile")
    cases = [(["--socket", missing], 69, missing),
             (["--url", nowhere, "--ca", ca], 69, nowhere),
             (["--url", collector.url, "--ca", missing], 66, "--ca " + missing),
             (["--url", collector.url, "--ca", os.path.join(ROOT, "README.md")], 69, collector.url),
             ([*socket, "--wait", "--wait-socket", missing], 69, "--wait-socket " + missing),
             ([*socket, "--check", "--config", missing], 66, "--config " + missing)]
    if not os.path.exists("/etc/chot/collector.json5"):
        cases.append(([*socket, "--check"], 66, "--config FILE"))
    for words, expected, name in cases:
        status, said, seconds = ended(begin + words)
        assert status == expected and name in said and seconds < 15, (words, status, said, seconds)
    status, said, _ = ended(begin + ["--url", collector.url, "--ca", ca])
    assert status == 0, said


def interrupted(words, collector, until):
    """Exit status and words of a command that got SIGINT once `until` held."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for("something to interrupt", until, 30, 0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return process.returncode, said


def test_an_interrupted_preparation_and_run_keep_what_they_did(stage):
    collector = Collector(stage, policy_around_now(None)).start()
    status, said = interrupted(preparation(stage, collector, 5000, 50), collector,
                               lambda: collector.json("agent", "list"))
    with open(os.path.join(stage.path("fleet"), "fleet.json"), encoding="utf-8") as f:
        kept = len(json.load(f)["agents"])
    assert status == 1 and f"{kept} of 5000 agents were enrolled" in said, (status, said)
    # Those under way when the signal came are kept as well: nobody else has their keys.
    assert 0 < kept < 5000 and len(collector.json("agent", "list")) == kept
    run = fleet(stage, collector, "run", "--rows", "5", "--every", "1s", "--duration", "10m", "--check")
    status, said = interrupted(run, collector, lambda: collector.json("usage", "--by", "system")["rows"])
    assert status == 0 and "stopped by a signal" in said and "totals: exact" in said, (status, said)
    assert f"all of {kept} agents are complete" in said


def test_figures_agree_and_held_long_polls_take_no_push_its_place(stage):
    collector, _ = prepared(stage, 40, 5)

    def figures(*words):
        status, said, _ = ended(fleet(stage, collector, "run", "--rows", "5", "--format", "json", *words))
        assert status == 0, said
        return json.loads(said)

    seen = figures("--every", "60s", "--duration", "100ms")
    assert 40 <= seen["pushes"] <= seen["summaries"] and 0 < seen["pushes_draining"] <= seen["pushes"], seen
    burst = ("--scenario", "burst", "--in-flight", "4", "--duration", "4s")
    alone = figures(*burst)
    assert alone["pushes"] == alone["summaries"] and alone["pushes_draining"] == 0, alone
    beside = figures(*burst, "--wait", "--wait-socket", os.path.join(collector.state, "run/wait.sock"))
    assert beside["pushes"] == beside["summaries"], beside
    # Forty long-polls are held, ten times as many as pushes may be under way.
    assert beside["summaries"] * 4 > alone["summaries"], (alone, beside)


def test_a_preparation_stopped_before_it_enrols_says_so_and_can_be_made_again(stage):
    collector = Collector(stage, policy_around_now(None)).start()
    begun = time.monotonic()
    status, said = interrupted(preparation(stage, collector, 2000, 1500), collector,
                               lambda: os.path.exists(os.path.join(stage.path("fleet"), "registry")))
    assert status == 1 and "stopped by a signal; no agent was enrolled" in said, (status, said)
    # Tokens of 1,500 systems alone would take longer.
    assert time.monotonic() - begun < 15 and not collector.json("agent", "list")
    done = subprocess.run(preparation(stage, collector, 5, 5), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_token_refused_costs_no_other_agent_its_key(stage):
    collector = Collector(stage, policy_around_now(None)).start()
    # A collector's tool that hands out a token twice: the second time it is refused.
    tool = stage.path("tool")
    with open(tool, "w", encoding="utf-8") as f:
        f.write(f"""#!/bin/sh
case "$*" in
"agent token"*) {stage.bin}/chot-collector "$@" | awk 'NR == 60 {{ $0 = first }} NR == 1 {{ first = $0 }} {{ print }}';;
*) exec {stage.bin}/chot-collector "$@";;
esac
""")
    os.chmod(tool, 0o700)
    words = preparation(stage, collector, 400, 2)
    words[words.index("--collector") + 1] = tool
    status, said, _ = ended(words)
    with open(os.path.join(stage.path("fleet"), "fleet.json"), encoding="utf-8") as f:
        kept = len(json.load(f)["agents"])
    assert status == 1 and "the token was used" in said and f"{kept} of 400" in said, said
    assert len(collector.json("agent", "list")) == kept


def test_one_signal_while_the_rest_is_sent_waits_for_it(stage):
    collector, _ = prepared(stage, 20, 5)
    run = fleet(stage, collector, "run", "--rows", "5", "--every", "60s", "--duration", "3s", "--drain", "120s")
    process = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(1)
        collector.process.kill9()
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        assert "a second signal gives that up" in process.stderr.readline()
        time.sleep(0.5)
        assert process.poll() is None
        collector.start()
        said, _ = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0 and "stopped" not in said and "given up" not in said, said
    collector.process.stop()
