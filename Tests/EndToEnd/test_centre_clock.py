"""The clock of the collector's own machine is moved: what ends, what moves, who is blamed."""
import time

import fakeclock
from country import Agent, Country, ask, metric, wait_for

TWO_DAYS = 2 * 86_400


def country_of(stage, centre, systems=("H26.motcua",)):
    with centre.of("chot-collector"):
        country = Country(stage, systems=systems, accounts=3, agents=False)
        country.agents = [Agent(stage, country.collector, country.npd, s).start() for s in systems]
    return country


def clock(country):
    return country.collector.json("clock", "show")


def blamed(country):
    return [a for a in country.alerts("I1") if a["figures"]["kind"] in ("clock", "token")]


def test_a_centre_two_days_ahead_ends_no_lock_moves_no_count_and_blames_nobody(stage):
    centre = fakeclock.Settable(stage.path("centre"))
    country = country_of(stage, centre)
    agent = country.agents[0]
    lock = country.lock("account=canbo1@H26.motcua", "--for", "24h")
    country.wait_enforced(lock)
    assert ask(agent, "canbo0") == "allow"
    country.wait_complete()
    centre.step(TWO_DAYS)
    told = wait_for("the alert of its own clock", lambda: country.alerts("I1", "centre"), 20)
    assert told[0]["scope"] == "nation"
    wait_for("the agent to settle it", lambda: not clock(country)["doubted"], 70)
    assert abs(clock(country)["off_s"] - TWO_DAYS) < 5
    assert ask(agent, "canbo0") == "allow"
    assert ask(agent, "canbo1") == "deny"
    country.wait_complete()
    rows = country.usage("account,date")["rows"]
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600))
    assert {row["date"] for row in rows} == {today}
    assert sum(row["allowed"] for row in rows if row["account"] == "canbo0") == 2
    assert {k["id"]: k["state"] for k in country.collector.json("lock", "list")} == {lock["id"]: "active"}
    assert not blamed(country)
    assert metric(country.collector.state + "/run/status.sock", "chot_collector_clock_error_seconds") > TWO_DAYS - 10

    # It starts again with that clock: what it knew of the time is kept.
    country.collector.process.stop()
    with centre.of("chot-collector"):
        country.collector.start()
    wait_for("the agent to settle it again", lambda: not clock(country)["doubted"], 70)
    assert ask(agent, "canbo1") == "deny"
    assert [k["state"] for k in country.collector.json("lock", "list")] == ["active"]

    centre.step(-TWO_DAYS)
    wait_for("the alert to resolve itself", lambda: country.alerts("I1", "centre")[0]["state"] == "resolved", 70)
    assert abs(clock(country)["off_s"]) < 5 and not blamed(country)


def test_staff_vouch_for_a_clock_that_nobody_else_can_judge(stage):
    centre = fakeclock.Settable(stage.path("centre"))
    country = country_of(stage, centre)
    lock = country.lock("account=canbo1@H26.motcua", "--for", "24h")
    country.wait_enforced(lock)
    country.agents[0].process.stop(60)
    centre.step(TWO_DAYS)
    wait_for("the doubt", lambda: clock(country)["doubted"], 20)
    time.sleep(3)
    assert [k["state"] for k in country.collector.json("lock", "list")] == ["active"]
    country.collector.cli("clock", "accept", "--reason", "NTP sửa giờ")
    told = clock(country)
    assert not told["doubted"] and abs(told["off_s"]) < 5
    wait_for("the lock's end", lambda: not country.collector.json("lock", "list"), 20)
    entry = country.collector.json("audit", "list", "--action", "clock.accept")[-1]
    assert "NTP sửa giờ" in entry["reason"]
