"""I3: agents that are silent, and systems without any (docs/domain.md#i3)."""
import sqlite3

from country import Country, wait_for


def test_silent_agents_and_systems_without_one_are_told_and_resolved(stage):
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=2,
                      policy={"rules": {"I3": {"effect": "propose", "within": "3s"}}})
    hanoi, saigon = country.agents
    country.wait_complete()
    assert country.alerts("I3") == []

    hanoi.process.kill9()
    alert = wait_for("the silence", lambda: country.alerts("I3", "silent"), 20)[0]
    assert alert["scope"] == "system=H26.motcua" and alert["figures"]["agent"] == "H26.motcua/1"
    assert "mất liên lạc" in alert["message"]["vi"] and "silent since" in alert["message"]["en"]
    proposals = country.collector.json("lock", "list")
    assert [(k["state"], k["scope"], k["reason"]) for k in proposals] == [
        ("proposed", "system=H26.motcua", "I3")]
    country.collector.cli("lock", "reject", proposals[0]["id"], "--reason", "máy đang bảo trì")

    hanoi.start()
    wait_for("its voice", lambda: all(a["state"] == "resolved" for a in country.alerts("I3")), 20)
    assert len(country.alerts("I3")) == 1, "one silence, one alert"

    # Its only agent is revoked: from then on the system is without one; told after a day.
    country.collector.cli("agent", "revoke", "H29.motcua/1", "--reason", "thay máy")
    saigon.process.stop()
    db = country.collector.state + "/collector.db"

    def unserved():
        with sqlite3.connect(db) as base:
            return base.execute("SELECT system FROM unserved").fetchall()
    assert wait_for("the note", unserved, 20) == [("H29.motcua",)]
    assert country.alerts("I3", "none") == []
    with sqlite3.connect(db, timeout=10) as base:
        base.execute("UPDATE unserved SET since_ms = since_ms - 90000000")
    alert = wait_for("the alert", lambda: country.alerts("I3", "none"), 20)[0]
    assert alert["scope"] == "system=H29.motcua" and "has had no agent" in alert["message"]["en"]
