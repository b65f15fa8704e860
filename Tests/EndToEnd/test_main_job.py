"""Promises 1 to 3 and the locks, from outside, on real processes."""
import os
import random
import subprocess
import time

from country import (Broken, Clients, Country, ask, assert_counted, calendar_around_now, expected, metric, post,
                     soap, wait_for)

LOGINS = [f"canbo{i}" for i in range(50)]


def window_now():
    office = calendar_around_now()
    hour = time.gmtime(time.time() + 7 * 3600).tm_hour
    return "office" if office["office_from"] <= hour < office["office_to"] else "off"


def test_totals_equal_what_the_clients_sent(stage):
    country = Country(stage)
    country.wait_enforced(country.lock("account=canbo3@H29.motcua", "--for", "1h"))
    clients = Clients(country, threads=8, each=1250, logins=LOGINS + ["nguoila"], seed=7)
    counts = clients.join()
    country.wait_complete()
    rows = country.usage("account,service,window")["rows"]
    assert clients.total("unknown") == 0
    assert clients.total("allow") + clients.total("deny") == 10_000
    totals = {(r["system"], r["account"], r["service"]): (r["allowed"], r["denied"]) for r in rows}
    assert totals == expected(counts)
    assert len(totals) == len(rows) and {r["window"] for r in rows} == {window_now()}
    assert all((denied > 0) == (account == "nguoila" or (system, account) == ("H29.motcua", "canbo3"))
               for (system, account, _), (_, denied) in totals.items())
    assert not any(r["passed"] for r in rows)
    allowed = {r["system"]: r["allowed"] for r in country.usage("system")["rows"]}
    assert country.npd.counts() == allowed


def test_kill_storm_loses_nothing_that_was_answered(stage):
    country = Country(stage, accounts=10)
    status = os.path.join(country.collector.state, "run/status.sock")
    clients = Clients(country, threads=8, logins=LOGINS[:10], seed=11, pause=0.005)
    rng = random.Random(11)
    with clients:
        for kill in range(14):
            victim = country.collector if kill % 3 == 2 else rng.choice(country.agents)
            if kill % 2:
                a_push_arrives(status)
            else:
                time.sleep(rng.uniform(0.2, 0.6))
            victim.process.kill9()
            victim.start()
        clients.more("allow", 100)
        counts = clients.join()
    country.wait_complete(90)
    assert_counted(country, counts)
    received, allowed = country.npd.counts(), sum(a for a, _ in country.totals().values())
    assert clients.total("allow") <= sum(received.values()) <= allowed
    assert clients.total("unknown") > 0, "the kills hit nothing"


def a_push_arrives(status):
    """Returns right after the collector has taken a summary: its answer is on the way to the agent."""
    def taken():
        return metric(status, "chot_collector_summaries_total", '{status="accepted"}')
    before = taken()
    wait_for("a push", lambda: taken() > before, 20, 0)


def test_gateways_go_on_without_the_collector(stage):
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=10)
    agent = country.agents[0]
    country.wait_enforced(country.lock("account=canbo1@H26.motcua", "--for", "1h"))
    with Clients(country, threads=4, logins=LOGINS[:10], seed=13, pause=0.05) as clients:
        clients.more("allow", 50)
        country.collector.process.stop()
        minute_over = time.monotonic() + 60
        wait_for("a minute to pass", lambda: time.monotonic() > minute_over, 70, 1)
        counts = clients.join()
    assert clients.total("unknown") == 0
    assert min(clients.total("allow"), clients.total("deny")) > 0
    agent.process.kill9()
    agent.start()
    assert ask(agent, "canbo1") == "deny", "a restart without the collector forgot the lock"
    counts[("H26.motcua", "canbo1", "TraCuuThongTinCongDan")]["deny"] += 1
    country.collector.start()
    country.wait_complete(90)
    assert country.totals() == expected(counts)
    assert sum(country.npd.counts().values()) == clients.total("allow")


def test_locks_reach_every_agent_concerned_and_releases_too(stage):
    country = Country(stage, systems=("H26.motcua", "H26.dvc", "H29.motcua"), accounts=5)
    motcua, dvc, other = country.agents
    for scope, hit, free, more in [
        ("account=canbo1@H26.motcua", [motcua], [dvc, other], []),
        ("service=TraCuuThongTinCongDan@H26.dvc", [dvc], [motcua, other], []),
        ("system=H29.motcua", [other], [motcua, dvc], []),
        ("unit=H26", [motcua, dvc], [other], ["--confirm", "unit=H26"]),
    ]:
        start = time.monotonic()
        lock = country.lock(scope, "--for", "1h", *more)
        wait_for(scope, lambda: all(ask(a, "canbo1") == "deny" for a in hit), 5, 0.02)
        assert time.monotonic() - start < 5
        assert all(ask(a, "canbo1") == "allow" for a in free), scope
        wait_for("acknowledgement", lambda: country.collector.json("lock", "show", lock["id"])["agents"]
                 == {"concerned": len(hit), "enforcing": len(hit), "stale": 0}, 10)
        country.collector.cli("lock", "release", lock["id"], "--reason", "xong")
        wait_for("release", lambda: all(ask(a, "canbo1") == "allow" for a in hit), 5, 0.02)
    audit = country.collector.json("audit", "list")
    assert {"lock.add", "lock.release"} <= {e["action"] for e in audit}
    assert all(e["who"].startswith("uid 0 root") for e in audit if e["action"].startswith("lock."))
    try:
        country.lock("unit=H26", "--for", "1h")
        raise AssertionError("a unit was locked without --confirm")
    except Broken as refused:
        assert "status 64" in str(refused)


def test_r1_lets_twice_the_registered_volume_pass_and_locks(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=3, per_day=5)
    agent = country.agents[0]
    verdicts = [ask(agent, "canbo0") for _ in range(14)]
    assert verdicts == ["allow"] * 10 + ["deny"] * 4
    lock = wait_for("the lock", lambda: country.collector.json("lock", "list"), 10)[0]
    assert (lock["scope"], lock["reason"]) == ("account=canbo0@H26.motcua", "R1")
    assert country.alerts("R1", "breach") and country.alerts("R1", "lock")
    status, headers, body = post(agent.gateway_port, soap("canbo0"))
    text = body.decode()
    assert status == 500 and headers["X-Chot-Verdict"] == "deny"
    assert "Tài khoản canbo0" in text and "Account canbo0" in text
    country.collector.cli("lock", "release", lock["id"], "--reason", "xong", "--outcome", "justified")
    wait_for("the release", lambda: ask(agent, "canbo0") == "allow", 5, 0.02)
    assert ask(agent, "nguoila") == "deny"
    wait_for("the R8 alert", lambda: country.alerts("R8", "account"), 10)


def test_observe_refuses_nothing_but_locks_bind(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=3, per_day=2, mode="observe")
    agent = country.agents[0]
    assert [ask(agent, "canbo0") for _ in range(6)] == ["allow"] * 6
    assert ask(agent, "nguoila") == "allow"
    country.lock("account=canbo1@H26.motcua", "--for", "1h")
    wait_for("the lock", lambda: ask(agent, "canbo1") == "deny", 5)
    assert not country.collector.json("lock", "list", "--all")[1:]
    for language, words in (("en", "rules refuse nothing, locks bind"), ("vi", "lệnh khóa vẫn áp dụng")):
        done = subprocess.run([f"{stage.bin}/chot-agent", "status", "--config", agent.config, "--lang", language],
                              capture_output=True, text=True)
        assert words in done.stdout, done.stderr


def test_one_person_at_two_units_is_one_alert_and_an_equal_login_is_none(stage):
    same = lambda system, i: "000011112222" if i == 0 else f"0000{hash(system) % 5000:04d}{i:04d}"
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=2, persons=same)
    for agent in country.agents:
        assert ask(agent, "canbo0") == "allow" and ask(agent, "canbo1") == "allow"
    alerts = wait_for("the X1 alert", lambda: country.alerts("X1"), 10)
    assert len(alerts) == 1
    assert "canbo0" in alerts[0]["message"]["vi"] and "same person" in alerts[0]["message"]["en"]
    assert {e["agent"] for e in alerts[0]["evidence"]} == {"H26.motcua/1", "H29.motcua/1"}
