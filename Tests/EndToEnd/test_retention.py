"""What is old is compressed and deleted by the running collector; nothing that was counted turns into nothing unsaid."""
import os
import sqlite3

from country import Country, ask, metric, wait_for

DAY_MS = 86_400_000
SYSTEM = "H26.motcua"


def restart(country, change):
    """The collector stopped, its database changed, and started again."""
    country.collector.process.stop()
    db = sqlite3.connect(os.path.join(country.collector.state, "collector.db"))
    with db:
        change(db)
    db.close()
    country.collector.start()


def database(country):
    return sqlite3.connect(f"file:{country.collector.state}/collector.db?mode=ro", uri=True)


def one(country, sql):
    db = database(country)
    try:
        return db.execute(sql).fetchone()[0]
    finally:
        db.close()


def test_old_hours_and_summaries_go_what_is_cited_stays(stage):
    country = Country(stage, systems=(SYSTEM,), accounts=2)
    for _ in range(5):
        assert ask(country.agents[0], "canbo0") == "allow"
    wait_for("the totals", lambda: sum(r["allowed"] for r in country.usage("account")["rows"]) == 5, 20)
    wait_for("some summaries", lambda: one(country, "SELECT count(*) FROM summary") >= 6, 30)
    before = country.collector.json("evidence", "show", "--agent", SYSTEM + "/1", "--seq", "2")
    raw = country.collector.cli("evidence", "show", "--agent", SYSTEM + "/1", "--seq", "2", "--raw")

    def two_days_on(db):
        db.execute("UPDATE summary SET received_at = received_at - ?", (2 * DAY_MS,))

    restart(country, two_days_on)
    wait_for("a block", lambda: one(country, "SELECT count(*) FROM evidence_block") >= 1, 40)
    assert one(country, "SELECT jws FROM summary WHERE seq = 2") == ""
    assert country.collector.cli(
        "evidence", "show", "--agent", SYSTEM + "/1", "--seq", "2", "--raw") == raw
    after = country.collector.json("evidence", "show", "--agent", SYSTEM + "/1", "--seq", "2")
    assert after["payload"] == before["payload"] and after["hash"] == before["hash"]

    def thirteen_months_on(db):
        db.execute("UPDATE summary SET received_at = received_at - ? WHERE jws = ''", (400 * DAY_MS,))
        db.execute("UPDATE evidence_block SET received_to = received_to - ?", (400 * DAY_MS,))
        db.execute("UPDATE usage_hour SET hour = hour - 100 * 24")
        db.execute("UPDATE usage_date SET date = date - 100")
        db.execute("UPDATE usage_system_hour SET hour = hour - 100 * 24")
        db.execute(
            "INSERT INTO alert (rule, kind, scope, key, state, from_ms, at_ms, confidence, vi, en, figures, evidence)"
            " VALUES ('R1', 'x', 'account=canbo0@H26.motcua', 'k', 'open', 0,"
            " (SELECT max(received_at) FROM summary) , 1, '', '', '{}',"
            " '[{\"agent\":\"H26.motcua/1\",\"epoch\":1,\"seq\":2}]')")

    restart(country, thirteen_months_on)
    wait_for("the hours gone", lambda: one(country, "SELECT count(*) FROM usage_hour") == 0, 40)
    wait_for("the block gone", lambda: one(
        country, "SELECT count(*) FROM evidence_block WHERE first_seq <= 2") == 0, 40)
    assert one(country, "SELECT count(*) FROM summary WHERE epoch = 1 AND seq IN (1, 3)") == 0
    assert country.collector.cli(
        "evidence", "show", "--agent", SYSTEM + "/1", "--seq", "2", "--raw") == raw
    hours = country.usage("account,hour")
    assert hours["rows"] == [] and hours["detail_from"]
    assert "such detail is kept since" in country.collector.cli("usage", "--by", "account,hour")
    for by in ("account", "account,date", "unit,hour", "day", "service,window"):
        answer = country.usage(by)
        assert sum(r["allowed"] for r in answer["rows"]) == 5 and "detail_from" not in answer, by
    pruned = metric(country.collector.state + "/run/status.sock", "chot_collector_pruned_total", '{what="hours"}')
    assert pruned >= 1
    assert ask(country.agents[0], "canbo0") == "allow"
    wait_for("counting goes on", lambda: sum(r["allowed"] for r in country.usage("account")["rows"]) == 6, 30)


def test_floors_of_retention(stage):
    country = Country(stage, systems=(SYSTEM,), accounts=1)
    path = country.collector.config + ".d/60-retention.json5"
    with open(path, "w", encoding="utf-8") as f:
        f.write('{ retention: { hourly: "3d" } }')
    try:
        country.collector.cli("check-config")
        raise AssertionError("3 days are taken")
    except AssertionError:
        raise
    except Exception as problem:  # the stage's own Broken, with what the program said
        assert "hourly" in str(problem) and "40d" in str(problem)
