"""A full disk costs no count, at either side, and is over by itself (acceptance 5).

What frees a byte while the disk is to be full (an old ledger, a log) loses it to the ballast again.
"""
import os

from country import Agent, Broken, Clients, Country, assert_counted, expected, metric, wait_for
from forger import Forger

LOGINS = [f"canbo{i}" for i in range(10)]
SYSTEM = "H26.motcua"
AGENT_MEGABYTES = 40  # a ledger is 8 MiB, and a spare one lies ready
COLLECTOR_MEGABYTES = 24


def country_with_small_agent(stage, small_disk):
    country = Country(stage, systems=(SYSTEM,), accounts=10, agents=False)
    disk = small_disk("agent-" + SYSTEM, AGENT_MEGABYTES)
    country.agents = [Agent(stage, country.collector, country.npd, SYSTEM).start()]
    return country, disk


def fill_until_it_hurts(disk, who, program, failures=3):
    """Keeps the disk full until the program has failed to write a few times."""
    name = f"chot_{program}_storage_errors_total"
    before = metric(who, name)

    def hurts():
        disk.fill()
        return metric(who, name) >= before + failures
    wait_for("storage errors", hurts, 30)
    assert disk.is_full()


def test_an_agent_counts_on_with_a_full_disk(stage, small_disk):
    country, disk = country_with_small_agent(stage, small_disk)
    agent = country.agents[0]
    with Clients(country, threads=4, logins=LOGINS, seed=5, pause=0.01) as clients:
        clients.more("allow", 200)
        wait_for("the first totals", country.totals, 10)
        fill_until_it_hurts(disk, agent, "agent")
        clients.more("allow", 300)
        disk.fill()
        assert disk.is_full()
        disk.free()
        clients.more("allow", 200)
        counts = clients.join()
    country.wait_complete()
    # 503 (unknown) is allowed while nothing can be counted, but then it must not be counted.
    assert country.totals() == expected(counts)
    assert country.npd.counts() == {SYSTEM: clients.total("allow")}
    assert metric(agent, "chot_agent_storage_errors_total") > 0


def test_an_agent_killed_on_a_full_disk_loses_nothing(stage, small_disk):
    country, disk = country_with_small_agent(stage, small_disk)
    agent = country.agents[0]
    with Clients(country, threads=4, logins=LOGINS, seed=6, pause=0.01) as clients:
        clients.more("allow", 200)
        fill_until_it_hurts(disk, agent, "agent")
        clients.more("allow", 200)
        agent.process.kill9()
        disk.fill()
        try:
            agent.start()
        except Broken as refused:
            assert "No space left" in str(refused).rstrip().splitlines()[-1], refused
            disk.free()
            agent.start()
        else:
            disk.free()
        clients.more("allow", 200)
        counts = clients.join()
    country.wait_complete()
    assert_counted(country, counts)
    allowed = sum(a for a, _ in country.totals().values())
    assert clients.total("allow") <= country.npd.counts()[SYSTEM] <= allowed


def test_agents_keep_everything_while_the_collectors_disk_is_full(stage, small_disk):
    disk = small_disk("collector", COLLECTOR_MEGABYTES)
    country = Country(stage, systems=(SYSTEM, "H29.motcua"), accounts=10)
    status = os.path.join(country.collector.state, "run/status.sock")
    forger = Forger(country, country.agents[0])
    with Clients(country, threads=4, logins=LOGINS, seed=8, pause=0.01) as clients:
        clients.more("allow", 200)
        wait_for("the first totals", country.totals, 10)
        known = country.collector.cli("evidence", "show", "--agent", SYSTEM + "/1", "--seq", "1", "--raw").strip()
        assert forger.push([known])[0] == 200
        fill_until_it_hurts(disk, status, "collector")
        assert forger.push([known])[0] == 503
        clients.more("allow", 300)
        assert all(metric(a, "chot_agent_pushes_total", '{status="failed"}') > 0 for a in country.agents)
        disk.free()
        clients.more("allow", 100)
        counts = clients.join()
    assert clients.total("unknown") == 0, "a gateway noticed the collector's trouble"
    country.wait_complete(90)
    assert country.totals() == expected(counts)
    assert sum(country.npd.counts().values()) == clients.total("allow")
    assert metric(status, "chot_collector_storage_errors_total") > 0
