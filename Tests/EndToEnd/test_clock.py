"""Clocks that are set while the agent runs, and clocks that are plainly wrong when it starts (docs/decisions/0013)."""
import time

import pytest

import fakeclock
from country import SERVICES, Country, ask, metric, wait_for

CALENDAR = {"calendar": {"office_from": 7, "office_to": 18}}
DAY, HOUR = 86400, 3600


def start(stage, clock, per_day=1000, collector_clock=None):
    """A country of one system on this clock; the collector may have another."""
    with (collector_clock or clock).of("chot-collector"), clock.of("chot-agent"):
        return Country(stage, systems=("H26.motcua",), accounts=4, per_day=per_day, policy=CALENDAR)


def asked(agent, login, count):
    verdicts = [ask(agent, login) for _ in range(count)]
    return verdicts.count("allow"), verdicts.count("deny")


def windows(country):
    return {(r["day"], r["window"]): r["allowed"] for r in country.usage("day,window")["rows"] if r["allowed"]}


def error_seconds(agent):
    return metric(agent, "chot_agent_clock_error_seconds")


def is_proven(agent):
    return metric(agent, "chot_agent_clock_proven") == 1


def integrity(country):
    return {a["figures"]["kind"] for a in country.alerts("I1")}


def follow(agent):
    """Until the agent goes by the machine's clock, with the collector's agreement."""
    # Twice a second it looks at its clock.
    time.sleep(1.2)
    wait_for("a proven clock", lambda: is_proven(agent) and error_seconds(agent) == 0, 20)


@pytest.mark.parametrize("minutes", [3, 120], ids=["mild", "hours"])
@pytest.mark.parametrize("boundary,before,after", [
    ("07:00", (fakeclock.day(-1), "off"), (fakeclock.day(), "office")),
    ("18:00", (fakeclock.day(), "office"), (fakeclock.day(), "off")),
])
def test_a_clock_set_to_and_fro_over_a_boundary_counts_in_the_right_windows(stage, boundary, before, after, minutes):
    hour = int(boundary[:2])
    clock = fakeclock.Settable(stage.path("clock"))
    clock.set_to(f"{hour - 1}:{60 - minutes // 2}" if minutes < 60 else f"{hour - 1}:00")
    country = start(stage, clock, per_day=5)
    agent = country.agents[0]
    follow(agent)
    assert asked(agent, "canbo0", 4) == (4, 0)
    clock.step(minutes * 60)
    follow(agent)
    assert asked(agent, "canbo1", 3) == (3, 0)
    clock.step(-minutes * 60)
    follow(agent)
    # R1 goes on with the day's count: at 07:00 the day before is meant, at 18:00 the same.
    assert asked(agent, "canbo0", 2) == (2, 0)
    clock.step(minutes * 60)
    follow(agent)
    assert asked(agent, "canbo1", 4) == (4, 0)
    expected = {before: 6, after: 7}
    wait_for("the counts in their windows", lambda: windows(country) == expected, 20)
    # Exactly twice the registered five of a day pass, however often the clock went to and fro.
    assert asked(agent, "canbo1", 6) == (3, 3)
    wait_for("every count", lambda: windows(country) == {**expected, after: 10}, 20)
    assert not integrity(country) & {"overlap", "gap", "fork", "chain"}


@pytest.mark.parametrize("step", [-11 * HOUR, 11 * HOUR, -DAY, 2 * DAY])
def test_a_machine_set_wrong_while_it_runs_is_not_followed(stage, step):
    right, wrong = fakeclock.Settable(stage.path("right")), fakeclock.Settable(stage.path("wrong"))
    for clock in (right, wrong):
        clock.set_to("08:00")
    country = start(stage, wrong, collector_clock=right)
    agent = country.agents[0]
    follow(agent)
    assert asked(agent, "canbo0", 2) == (2, 0)
    country.collector.front.stop()  # the collector's word is known, and not asked for again
    wrong.step(step)
    wait_for("the error to be seen", lambda: abs(error_seconds(agent) - step) < 60, 10)
    assert asked(agent, "canbo0", 3) == (3, 0)
    # A restart of the agent alone keeps what is known of the time.
    agent.process.stop()
    with wrong.of("chot-agent"):
        agent.start()
    assert abs(error_seconds(agent) - step) < 60
    assert asked(agent, "canbo0", 4) == (4, 0)
    start_front(country)
    wait_for("the counts", lambda: windows(country) == {(fakeclock.day(), "office"): 9}, 30)
    wait_for("the alert", lambda: "clock" in integrity(country), 20)
    assert integrity(country) == {"clock"}
    wrong.step(-step)
    follow(agent)
    assert country.usage("system")["coverage"]["missing"] == []


def start_front(country):
    collector = country.collector
    collector.front = country.stage.start_nginx("front", collector.cli("nginx-config", "--standalone"), collector.port)


YEARS = {"1970": -fakeclock.MIDNIGHT + 40 * DAY, "2000": 946684800 - fakeclock.MIDNIGHT, "a day back": -DAY}


@pytest.mark.parametrize("away", [False, True], ids=["with collector", "without"])
@pytest.mark.parametrize("error", [*YEARS.values(), 2 * DAY], ids=[*YEARS, "two days ahead"])
def test_a_machine_that_starts_with_a_wrong_clock(stage, error, away):
    right, wrong = fakeclock.Settable(stage.path("right")), fakeclock.Settable(stage.path("wrong"))
    for clock in (right, wrong):
        clock.set_to("08:00")
    country = start(stage, wrong, collector_clock=right)
    agent = country.agents[0]
    follow(agent)
    lock = country.lock("account=canbo3@H26.motcua", "--for", "1h")
    country.wait_enforced(lock)
    assert asked(agent, "canbo0", 2) == (2, 0)
    wait_for("the first counts", lambda: windows(country) == {(fakeclock.day(), "office"): 2}, 10)
    if away:
        country.collector.front.stop()
    agent.process.stop()
    fakeclock.machine_was_off(agent)
    wrong.step(error)
    with wrong.of("chot-agent"):
        agent.start()
    assert ask(agent, "canbo3") == "deny", "a wrong clock ended a lock"
    is_hidden = away and error > 0
    if is_hidden:
        # Nobody can know; what it counts meanwhile stands two days ahead.
        assert error_seconds(agent) == 0 and not is_proven(agent)
    else:
        assert abs(error_seconds(agent) - error) < 60
    assert asked(agent, "canbo0", 3) == (3, 0)
    agent.process.kill9()
    with wrong.of("chot-agent"):
        agent.start()
    assert ask(agent, "canbo3") == "deny", "a second start ended a lock"
    if away:
        start_front(country)
    wait_for("the error to be known", lambda: abs(error_seconds(agent) - error) < 60, 30)
    assert asked(agent, "canbo0", 4) == (4, 0)
    ahead = {(fakeclock.day(2), "office"): 3} if is_hidden else {}
    rightly = 6 if is_hidden else 9
    wait_for("the counts", lambda: windows(country) == {(fakeclock.day(), "office"): rightly, **ahead}, 30)
    wait_for("the alert", lambda: "clock" in integrity(country), 20)
    assert integrity(country) <= {"clock"}
    wrong.step(-error)
    follow(agent)
    assert asked(agent, "canbo0", 1) == (1, 0)
    wait_for("the last count", lambda: windows(country)[(fakeclock.day(), "office")] == rightly + 1, 20)
    # What was counted two days ahead is counted there: its own time is not complete, and named so.
    assert bool(country.usage("system")["coverage"]["missing"]) == is_hidden
    country.collector.cli("lock", "release", lock["id"], "--reason", "xong")
    wait_for("the release", lambda: ask(agent, "canbo3") == "allow", 10)


def test_a_lock_ends_in_time_once_its_time_has_passed_for_certain(stage):
    clock = fakeclock.Settable(stage.path("clock"))
    clock.set_to("08:00")
    country = start(stage, clock)
    agent = country.agents[0]
    follow(agent)
    country.wait_enforced(country.lock("account=canbo3@H26.motcua", "--for", "10s"))
    country.collector.front.stop()
    agent.process.stop()
    fakeclock.machine_was_off(agent)
    clock.step(2 * DAY)
    with clock.of("chot-agent"):
        agent.start()
    assert ask(agent, "canbo3") == "deny"
    wait_for("ten seconds of this machine's own time", lambda: ask(agent, "canbo3") == "allow", 20, 0.2)
    assert ask(agent, "canbo0", SERVICES[1]) == "allow"
