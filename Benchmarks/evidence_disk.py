"""What a day of a system's signed summaries takes on disk, once they are compressed: 100 active accounts, a summary a minute,
half of the accounts in each, drawn anew. Sent by the Python agent, packed by the collector itself."""
import os
import random
import sqlite3

from country import Country, SERVICES, wait_for
from python_agent import HOUR, PythonAgent

SYSTEM, ACCOUNTS, MINUTES, ROWS = "H26.motcua", 100, 1440, 50


def rows(rng, at):
    """Of half of the accounts; most ask once or twice, some more."""
    made = []
    for account in sorted(rng.sample(range(ACCOUNTS), ROWS)):
        made.append({"login": f"canbo{account}", "service": rng.choices(SERVICES[:3], (6, 3, 1))[0],
                     "hour": at - at % HOUR, "window": "office", "allowed": 1 + int(rng.expovariate(0.7)),
                     "denied": {}, "passed": 0})
    return made


def measure(stage, seed=1):
    """Bytes on disk, bytes as they were signed."""
    country = Country(stage, systems=(SYSTEM,), accounts=ACCOUNTS, agents=False)
    collector = country.collector
    agent = PythonAgent("127.0.0.1", collector.port, collector.cli("agent", "token", SYSTEM))
    rng, signed = random.Random(seed), 0
    for minute in range(MINUTES):
        # A minute is some milliseconds here: no clock runs ahead.
        signed += len(agent.seal(rows(rng, agent.at), to=agent.at + 3))
        if minute % 16 == 15:
            agent.push()
    path = os.path.join(collector.state, "collector.db")

    def unpacked():
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM summary WHERE jws <> ''").fetchone()[0]
        finally:
            db.close()
    wait_for("all to be compressed", lambda: unpacked() == 0, 180, 1)
    copy = stage.path("copy.db")
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM summary").fetchone()[0] == MINUTES
    db.execute("VACUUM INTO ?", (copy,))
    db.close()
    db = sqlite3.connect(copy)
    stored = db.execute(
        "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema"
        " WHERE tbl_name IN ('summary', 'evidence_block'))").fetchone()[0]
    db.close()
    return stored, signed
