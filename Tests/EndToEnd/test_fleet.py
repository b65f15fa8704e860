"""A simulated nation against the real collector: replays, forks, gaps, wrong clocks, absences and a kill -9 change no total;
a lock reaches all that wait, and the lock book agrees with what the fleet saw (issue D, acceptance 2 and 3)."""
import json
import os
import subprocess

from country import Country, metric, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNITS = os.path.join(ROOT, "deploy", "registry", "units.csv")


class Fleet:
    """chot-fleet on the collector's sockets."""

    def __init__(self, stage, collector, agents, systems):
        self.stage, self.collector = stage, collector
        self.program = os.path.join(stage.bin, "chot-fleet")
        run = collector.state + "/run"
        self.common = ["--state", stage.path("fleet"), "--socket", run + "/api.sock", "--config", collector.config]
        self.waits = ["--wait-socket", run + "/wait.sock", "--wait"]
        stage.program("chot-fleet", "prepare", *self.common, "--units", UNITS, "--agents", agents, "--systems", systems,
                      "--accounts", "40")

    def start(self, *options):
        return subprocess.Popen([self.program, "run", *self.common, *self.waits, "--format", "json", *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def result(process):
        out, said = process.communicate(timeout=300)
        assert out, said
        report = json.loads(out)
        assert process.returncode == 0 and "wrong" not in report, report
        return report


def test_a_misbehaving_nation_and_a_killed_collector_change_no_total(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False)
    fleet = Fleet(stage, country.collector, "200", "20")
    process = fleet.start("--rows", "20", "--every", "2s", "--duration", "24s", "--check", "--replays", "10", "--forks", "5",
                          "--gaps", "5", "--dead", "10", "--skewed", "10", "--slow", "5", "--seed", "7")
    wait_for("the nation to wait", lambda: waiting_count(country) > 150, 30)
    lock = country.lock("unit=H26", "--for", "1h", "--confirm", "unit=H26")
    held = wait_for("the acknowledgements", lambda: next((s for s in [
        country.collector.json("lock", "show", lock["id"])]
        if len(s["deliveries"]) == s["agents"]["concerned"] > 0), None), 20)
    country.collector.process.kill9()
    country.collector.start()
    report = fleet.result(process)
    statuses = report["statuses"]
    assert statuses["wrong duplicate"] > 0 and statuses["wrong refused"] > 0 and statuses["wrong resync"] > 0
    assert report["stuck"] == 0 and report["forged_sets"] == 0 and report["summaries"] > 1000
    # Every agent of the nation's set saw it; the book lists those that it concerns.
    nation = max((s for s in report["sets"] if s["audience"] == "nation"), key=lambda s: s["agents"])
    assert nation["agents"] >= len(held["deliveries"])
    assert {d["agent"].split(".")[0] for d in held["deliveries"]} == {"H26"}


def waiting_count(country):
    return metric(os.path.join(country.collector.state, "run/status.sock"), "chot_collector_waiting")
