"""A backup under load, more counts and locks, everything destroyed, restored: nothing is lost or doubled, no lock forgotten
(issue D, acceptance 6)."""
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import stat

import pyrage
import pytest

from country import Broken, Clients, Country, ask, assert_counted, wait_for


def destroy(collector):
    """All of the state folder but its configuration is gone."""
    for name in os.listdir(collector.state):
        path = os.path.join(collector.state, name)
        if name.startswith("collector.json5") or name == "nginx":
            continue
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


def sealed(stage, collector, file):
    """Sealed for a key of its own, which lies in the stage as `key`."""
    if not os.path.exists(stage.path("key")):
        stage.program("chot-collector", "backup-key", stage.path("key"))
    return collector.cli("backup", file, "--recipient", stage.path("key") + ".pub")


def test_a_backup_under_load_is_restored_and_agents_bring_the_rest(stage):
    country = Country(stage, systems=("H26.motcua", "H29.motcua", "G15.hotich"), accounts=6)
    collector = country.collector
    file = stage.path("monday.backup")
    before = country.lock("account=canbo5@H26.motcua", "--for", "2h")
    kept = country.lock("account=canbo4@H26.motcua", "--for", "2h")
    with Clients(country, 3, [f"canbo{i}" for i in range(3)], seed=7, pause=0.005) as clients:
        clients.more("allow", 200)
        stage.program("chot-collector", "backup-key", stage.path("key"))
        said = collector.cli("backup", file, "--recipient", stage.path("key") + ".pub")
        clients.more("allow", 300)
        # After the backup: two locks, a release, a new epoch of one agent.
        one = country.lock("account=canbo3@H29.motcua", "--for", "2h")
        two = country.lock("unit=G15", "--for", "2h", "--confirm", "unit=G15")
        collector.cli("lock", "release", before["id"], "--reason", "đã giải trình", "--outcome", "justified")
        wait_for("the locks", lambda: ask(country.agents[1], "canbo3") == ask(country.agents[2], "canbo0") == "deny"
                 and ask(country.agents[0], "canbo5") == "allow", 10)
        clients.more("allow", 200)
        versions = {a["id"]: a["lockset"] for a in collector.json("agent", "list")}
        collector.process.kill9()
        destroy(collector)
        with pytest.raises(Broken, match="init"):
            stage.program("chot-collector", "serve", "--config", collector.config)
        told = stage.program("chot-collector", "restore", file, "--identity", stage.path("key"), "--config", collector.config)
        clients.more("allow", 100)
        collector.start()
        wait_for("an agent's word", lambda: any(
            k["id"] == two["id"] for k in collector.json("lock", "list", "--all")), 40)
        collector.process.kill9()  # in the middle of it
        collector.start()
        clients.more("allow", 200)
    assert "sealed to" in said and not os.path.exists(collector.state + "/backup.scratch") and stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert "Lost:" in told
    counts = clients.counts

    def locks():
        return {k["id"]: k["state"] for k in collector.json("lock", "list", "--all")}
    wait_for("the locks of after the backup", lambda: locks().get(one["id"]) == locks().get(two["id"]) == "active", 60)
    wait_for("the release of after the backup", lambda: locks()[before["id"]] == "released", 30)
    assert locks()[kept["id"]] == "active"
    for lock in (one, two, kept):
        country.wait_enforced(lock)
    assert ask(country.agents[1], "canbo3") == ask(country.agents[2], "canbo0") == "deny"
    assert ask(country.agents[0], "canbo4") == "deny" and ask(country.agents[0], "canbo5") == "allow"

    def have_gone_forward():
        after = {a["id"]: a["lockset"] for a in collector.json("agent", "list")}
        return all(int(after[k].split(".")[0]) > int(versions[k].split(".")[0]) for k in versions)
    wait_for("sets of the new generation at every agent", have_gone_forward, 60, 0.5)

    # Some queries were asked by hand as well.
    def only_clients():
        totals = country.totals()
        return all(
            totals.get(key, (0, 0))[0] >= seen["allow"] for key, seen in counts.items())
    wait_for("the counts of after the backup", only_clients, 60, 0.5)
    country.wait_complete(60)
    by_hand = {("H29.motcua", "canbo3"), ("G15.hotich", "canbo0"), ("H26.motcua", "canbo4"), ("H26.motcua", "canbo5")}
    real = country.totals

    class Seen:
        collector = country.collector

        @staticmethod
        def totals():
            return {k: v for k, v in real().items() if k[:2] not in by_hand}
    assert_counted(Seen, {k: v for k, v in counts.items() if k[:2] not in by_hand})
    assert "restore" in {e["action"] for e in collector.json("audit", "list")}
    collector.cli("audit", "verify")
    assert collector.json("alerts", "list") is not None
    epochs = {a["id"]: a["epoch"] for a in collector.json("agent", "list")}
    assert all(e <= 4 for e in epochs.values()), f"an epoch loop: {epochs}"
    # A new lock gets a number of its own.
    fresh = country.lock("account=canbo1@H26.motcua", "--for", "1h")
    assert fresh["id"] not in {one["id"], two["id"], before["id"], kept["id"]}


def write(path, content, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as f:
        os.fchmod(f.fileno(), mode)
        f.write(content)
    return path


def test_a_sealed_backup_opens_by_its_key_alone_ours_or_ages(stage):
    collector = Country(stage, systems=("H26.motcua",), accounts=1, agents=False).collector
    words = write(stage.path("words"), "một mật khẩu đủ dài\n".encode())
    with pytest.raises(Broken, match="not written in clear; name who can open it: --recipient"):
        collector.cli("backup", stage.path("clear"))
    with pytest.raises(Broken, match="only one of --recipient"):
        collector.cli("backup", stage.path("clear"), "--unsealed", "--passphrase-file", words)
    by_key, by_words = stage.path("key.backup"), stage.path("words.backup")
    sealed(stage, collector, by_key)
    key = stage.path("key")
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    assert "sealed to" in collector.cli("backup", by_words, "--passphrase-file", words)
    reasons = {e["subject"]: e["reason"] for e in collector.json("audit", "list", "--action", "backup")}
    with open(key + ".pub", encoding="ascii") as f:
        public = f.read().strip()
    for file, how in ((by_key, "sealed for " + public), (by_words, "sealed with a passphrase")):
        with open(file, "rb") as f:
            content = f.read()
        assert reasons[file] == f"{how}, sha256 {hashlib.sha256(content).hexdigest()}"
        assert b"SQLite" not in content and stat.S_IMODE(os.stat(file).st_mode) == 0o600
    # Another program reads what we seal, and seals what we read.
    with open(key, encoding="ascii") as f:
        identity = pyrage.x25519.Identity.from_str(f.read().splitlines()[-1])
    with open(by_key, "rb") as f:
        clear = pyrage.decrypt(f.read(), [identity])
    with open(by_words, "rb") as f:
        assert pyrage.passphrase.decrypt(f.read(), "một mật khẩu đủ dài")[:15] == clear[:15] == b"SQLite format 3"
    ours = write(stage.path("age.backup"), pyrage.encrypt(clear, [pyrage.x25519.Recipient.from_str(public)]))
    collector.process.stop()
    state = {n: os.stat(os.path.join(collector.state, n)).st_mtime_ns for n in ("collector.db", "keys.jws", "sign.key")}

    def refused(why, file, *how):
        with pytest.raises(Broken, match=why):
            stage.program("chot-collector", "restore", file, "--config", collector.config, *how)
        assert state == {n: os.stat(os.path.join(collector.state, n)).st_mtime_ns for n in state}
        assert not [n for n in os.listdir(collector.state) if "restoring" in n or "scratch" in n]
    refused("is sealed; name what opens it: --identity FILE", by_key)
    refused("sealed with a passphrase: use --passphrase-file", by_words, "--identity", key)
    refused("sealed for the owner of a key: use --identity", by_key, "--passphrase-file", words)
    other = write(stage.path("other"), b"another passphrase\n")
    refused("status 65: .*the passphrase is wrong", by_words, "--passphrase-file", other)
    stage.program("chot-collector", "backup-key", stage.path("key2"))
    refused("status 65: .*was sealed for another key", by_key, "--identity", stage.path("key2"))
    refused("holds no private key", by_key, "--identity", key + ".2" if os.path.exists(key + ".2") else words)
    os.chmod(key, 0o640)
    refused("may read it .mode 640.; chmod g-r", by_key, "--identity", key)
    os.chmod(key, 0o600)
    with open(by_key, "rb") as f:
        whole = f.read()
    for name, content in (("cut", whole[:-70000]), ("flipped", whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])):
        refused("status 65: .*is damaged or cut short", write(stage.path(name), content), "--identity", key)
    for file, how in ((by_words, ("--passphrase-file", words)), (by_key, ("--identity", key)), (ours, ("--identity", key))):
        stage.program("chot-collector", "restore", file, "--config", collector.config, *how)
    collector.start()
    collector.cli("audit", "verify")


def test_a_backup_that_somebody_wrote_into_is_refused_and_what_is_taken_is_on_record(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1)
    collector, file = country.collector, stage.path("b.backup")
    assert ask(country.agents[0], "canbo0") == "allow"
    wait_for("the count", lambda: sum(v[0] for v in country.totals().values()) == 1, 20)
    collector.cli("backup", file, "--unsealed")
    collector.process.stop()

    def spoilt(name, sql):
        path = shutil.copy(file, stage.path(name))
        with sqlite3.connect(path) as base:
            base.executescript(sql)
        return path

    def restore(path, *more):
        return stage.program("chot-collector", "restore", path, "--config", collector.config, *more)
    for name, sql, why in (
            ("trigger", "CREATE TRIGGER spy AFTER INSERT ON audit BEGIN DELETE FROM lock; END", "trigger spy"),
            ("number", "UPDATE usage_system_hour SET allowed = 9223372036854775807", "usage_system_hour.allowed"),
            ("chain", "UPDATE audit SET who = 'nobody' WHERE number = 2", "audit log: entry 2 was changed"),
            ("total", "UPDATE usage_system_hour SET allowed = allowed + 5", "allowed 5, denied 0.*--accept-mismatch")):
        with pytest.raises(Broken, match=f"(?s)status 65: .*{why}"):
            restore(spoilt(name, sql))
    with pytest.raises(Broken, match="needs a reason"):
        restore(stage.path("total"), "--accept-mismatch", "")
    assert "accepted: H26.motcua total" in restore(stage.path("total"), "--accept-mismatch", "chỉ còn bản này")
    restore(file)
    with open(file, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    with sqlite3.connect(collector.state + "/collector.db") as base:
        base.execute("CREATE TRIGGER spy AFTER INSERT ON audit BEGIN DELETE FROM lock; END")
    with pytest.raises(Broken, match="status 78: .*trigger spy"):
        stage.program("chot-collector", "serve", "--config", collector.config)
    with sqlite3.connect(collector.state + "/collector.db") as base:
        base.execute("DROP TRIGGER spy")
    collector.start()
    reason = collector.json("audit", "list", "--action", "restore")[-1]["reason"]
    assert f"sha256 {digest}" in reason and "1 agents" in reason
    collector.cli("audit", "verify")


def test_what_a_killed_backup_left_is_gone_when_the_collector_starts(stage):
    collector = Country(stage, systems=("H26.motcua",), accounts=1, agents=False).collector
    collector.process.kill9()
    left = [collector.state + "/backup.scratch" + part for part in ("", "-journal")]
    for path in left:
        write(path, b"clear")
    collector.start()
    assert not any(map(os.path.exists, left))


def test_a_backup_does_not_fill_the_disk(stage, small_disk):
    disk = small_disk("collector", 40)
    collector = Country(stage, systems=("H26.motcua",), accounts=1, agents=False).collector
    elsewhere = small_disk("elsewhere", 16)
    # On its own disk the collector must have room to go on; elsewhere the copy alone has to find some.
    with pytest.raises(Broken, match="b: there is no room for a backup: .* with what must stay free, and 3. MiB are free"):
        sealed(stage, collector, collector.state + "/backups/b")
    assert os.listdir(collector.state + "/backups") == [] and not disk.is_full()
    with pytest.raises(Broken, match="backup.scratch: there is no room for a backup"):
        sealed(stage, collector, os.path.join(elsewhere.path, "b.backup"))
    collector.cli("backup", os.path.join(elsewhere.path, "b.backup"), "--unsealed")
    elsewhere.fill()
    with pytest.raises(Broken, match="c.backup: there is no room for a backup: it takes up to . MiB, and 0 MiB are free"):
        collector.cli("backup", os.path.join(elsewhere.path, "c.backup"), "--unsealed")
    assert sorted(os.listdir(elsewhere.path)) == ["b.backup", "ballast"]
    assert len(collector.json("audit", "list", "--action", "backup")) == 1


def test_a_backup_goes_nowhere_where_the_collector_reads_its_own(stage):
    collector = Country(stage, systems=("H26.motcua",), accounts=1, agents=False).collector
    state, link = collector.state, stage.path("link")
    os.symlink(state, link)
    os.mkdir(state + "/backups")
    os.symlink("../collector.json5.d", state + "/backups/sub")
    for path in (f"/{state}/collector.json5.d/zz.json5", f"{state}/./zz", f"{state}//zz", f"//{state}/zz",
                 f"{link}/collector.json5.d/zz.json5", f"{link}/zz", f"{state}/backups/sub/zz.json5",
                 f"/proc/self/root{state}/zz"):
        with pytest.raises(Broken, match="only .*/backups/ may be used"):
            collector.cli("backup", path, "--unsealed")
    assert os.listdir(state + "/collector.json5.d") == ["50-stage.json5"] and not os.path.exists(state + "/zz")
    for number, path in enumerate((f"/{state}/backups/", f"{link}/backups/", stage.path("") + "/./")):
        collector.cli("backup", f"{path}{number}", "--unsealed")
        assert os.path.getsize(f"{path}{number}") > 0


def test_after_a_backup_nobody_who_looks_into_the_database_takes_its_log_away(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False)
    collector = country.collector
    sealed(stage, collector, stage.path("b.backup"))

    def seen():
        base = sqlite3.connect(collector.state + "/collector.db")
        try:
            return base.execute("SELECT count(*) FROM lock").fetchone()[0]
        finally:
            base.close()  # deletes the log if it believes to be the last
    assert seen() == 0 and os.path.exists(collector.state + "/collector.db-wal")
    country.lock("account=canbo0@H26.motcua", "--for", "1h")
    collector.process.kill9()
    assert seen() == 1


def test_two_restores_in_one_second_keep_every_former_database(stage):
    collector = Country(stage, systems=("H26.motcua",), accounts=1, agents=False).collector
    file = stage.path("b.backup")
    collector.cli("backup", file, "--unsealed")
    collector.process.stop()
    inodes = set()
    for _ in range(4):
        inodes.add(os.stat(collector.state + "/collector.db").st_ino)
        stage.program("chot-collector", "restore", file, "--config", collector.config)
    asides = [n for n in os.listdir(collector.state) if n.startswith("collector.db.before-")]
    assert {os.stat(os.path.join(collector.state, n)).st_ino for n in asides} == inodes and len(inodes) == 4


def test_a_server_opens_no_database_while_a_restore_is_at_work(stage):
    collector = Country(stage, systems=("H26.motcua",), accounts=1, agents=False).collector
    collector.process.stop()
    path, away = collector.state + "/collector.db", collector.state + "/collector.db.away"
    base = sqlite3.connect(path)
    base.execute("SELECT count(*) FROM audit").fetchone()
    base.close()  # the last to close it: nothing is left beside it, until somebody opens it
    assert not os.path.exists(path + "-wal")
    with open(collector.state + "/lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for present in (True, False):
            with pytest.raises(Broken, match="another process works in this state folder"):
                stage.program("chot-collector", "serve", "--config", collector.config)
            assert os.path.exists(path) == present and not os.path.exists(path + "-wal")
            if present:
                os.rename(path, away)
    with pytest.raises(Broken, match="collector.db is missing"):
        stage.program("chot-collector", "serve", "--config", collector.config)
    assert not os.path.exists(path)
    os.rename(away, path)
    collector.start()


def test_what_is_no_backup_is_refused_and_nothing_is_touched(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False)
    collector = country.collector
    file = stage.path("b.backup")
    collector.cli("backup", file, "--unsealed")
    with pytest.raises(Broken, match="never overwrites"):
        collector.cli("backup", file, "--unsealed")
    with pytest.raises(Broken, match="backups/"):
        collector.cli("backup", collector.state + "/collector.json5.d/99.json5", "--unsealed")
    with pytest.raises(Broken, match="status 66: chot-collector: backup /nodir/x.db: the folder /nodir does not exist"):
        collector.cli("backup", "/nodir/x.db", "--unsealed")
    collector.cli("backup", collector.state + "/backups/b", "--unsealed")
    with pytest.raises(Broken, match="another process"):
        stage.program("chot-collector", "restore", file, "--config", collector.config)
    collector.process.stop()
    state = {n: os.path.getsize(os.path.join(collector.state, n)) for n in ("collector.db", "keys.jws", "sign.key")}

    def refused(path, why):
        with pytest.raises(Broken, match=why):
            stage.program("chot-collector", "restore", path, "--config", collector.config)
        assert state == {n: os.path.getsize(os.path.join(collector.state, n)) for n in state}
        assert not os.path.exists(collector.state + "/collector.db.restoring")
    refused(stage.path("none"), "no such file")
    with open(stage.path("text"), "w", encoding="utf-8") as f:
        f.write("không phải bản sao lưu\n" * 100)
    refused(stage.path("text"), "no backup of a collector")
    refused(collector.state + "/collector.db", "no backup of a collector")
    with open(file, "rb") as f:
        content = bytearray(f.read())
    content[len(content) // 2:len(content) // 2 + 4096] = b"x" * 4096
    with open(stage.path("damaged"), "wb") as f:
        f.write(content)
    refused(stage.path("damaged"), "damaged|no backup")
    shutil.copy(file, stage.path("newer"))
    with sqlite3.connect(stage.path("newer")) as base:
        base.execute("PRAGMA user_version = 99")
    refused(stage.path("newer"), f"status 65: .*{stage.path('newer')} was written by a newer program")
    refused(stage.dir, f"status 65: chot-collector: {stage.dir} is a folder")
    with pytest.raises(Broken, match=f"status 65: chot-collector: {stage.dir} is a folder"):
        stage.program("chot-collector", "evidence", "verify-pack", stage.dir)
    shutil.copy(file, stage.path("unkeyed"))
    with sqlite3.connect(stage.path("unkeyed")) as base:
        base.execute("UPDATE state_file SET content = x'00' WHERE name = 'keys.jws'")
    refused(stage.path("unkeyed"), f"status 65: .*{stage.path('unkeyed')} is damaged: keys.jws")
    # A new state folder is as init makes it.
    with open(stage.path("new.json5"), "w", encoding="utf-8") as f:
        f.write(f'{{ state: "{stage.path("new")}" }}')
    stage.program("chot-collector", "restore", file, "--config", stage.path("new.json5"))
    assert stat.S_IMODE(os.stat(stage.path("new")).st_mode) == 0o711


@pytest.mark.parametrize("version", [2, 3])
def test_a_database_of_an_earlier_schema_is_migrated(stage, version):
    country = Country(stage, systems=("H26.motcua",), accounts=2, agents=False)
    collector = country.collector
    lock = country.lock("account=canbo1@H26.motcua", "--for", "1h")
    collector.process.stop()
    with sqlite3.connect(collector.state + "/collector.db") as base:
        # What a program of then had: no generation, one table of totals, in schema 2 no keys of the day.
        # Lists of accounts, services and notices were tables without registrations.
        for table, columns in (
                ("account", "system, login, full_name, cccd, officer_code, phone, per_day, kind, person"),
                ("service", "system, service, office_per_day, off_per_day, purpose"),
                ("notice", "system, service, from_date, to_date, hours, per_day, contact, status, number, plan")):
            base.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM registered_{table}")
            base.execute(f"DROP TABLE registered_{table}")
        for table in ("registration", "state", "former_set", "unserved", "usage_hour", "usage_date", "usage_system_hour",
                      "usage_kept", "evidence_block", "pin", "denial_name", "denial_sum", "near_quota", "overdue",
                      "counted_name", "policy_pending", "policy_ground") + (("day_key", "sketch") if version == 2 else ()):
            base.execute(f"DROP TABLE IF EXISTS {table}")
        for index in ("summary_raw", "summary_content", "gap_end"):
            base.execute(f"DROP INDEX {index}")
        base.execute("ALTER TABLE summary DROP COLUMN content")
        base.execute("DROP TABLE sender")
        base.execute("""CREATE TABLE usage (
            system TEXT NOT NULL, login TEXT NOT NULL, hour INTEGER NOT NULL, service TEXT NOT NULL,
            win TEXT NOT NULL, agent TEXT NOT NULL, allowed INTEGER NOT NULL, denied INTEGER NOT NULL,
            passed INTEGER NOT NULL, PRIMARY KEY (system, login, hour, service, win, agent)) STRICT, WITHOUT ROWID""")
        hour = 1795500000000 // 3600000 * 3600000
        for agent in ("H26.motcua/1", "H26.motcua/2"):
            base.execute("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         ("H26.motcua", "canbo0", hour, "Tra", "office", agent, 20, 3, 1))
        for login, count in (("ma1", 5), ("ma2", 7)):
            base.execute("INSERT INTO denial VALUES (?, ?, ?, ?, ?, ?)",
                         ("H26.motcua", hour, "R8.account", login, "Tra", count))
        base.execute(f"PRAGMA user_version = {version}")
    base.close()  # nothing is left in its log
    backup = stage.path("old.backup")
    shutil.copy(collector.state + "/collector.db", backup)
    with sqlite3.connect(backup) as base:
        base.execute("CREATE TABLE state_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID")
        base.execute("CREATE TABLE backup_note (at_ms INTEGER NOT NULL) STRICT")
        base.execute("INSERT INTO backup_note VALUES (1795500000000)")
        for name in ("keys.jws", "sign.key"):
            with open(os.path.join(collector.state, name), "rb") as f:
                base.execute("INSERT INTO state_file VALUES (?, ?)", (name, f.read()))
    base.close()
    told = stage.program("chot-collector", "restore", backup, "--state", stage.path("restored"))
    assert f"totals of schema {version} are taken over when the collector starts" in told
    collector.start()
    rows = country.usage("account,service,hour")["rows"]
    assert [(r["account"], r["allowed"], r["denied"], r["passed"]) for r in rows] == [("canbo0", 40, 6, 2)]
    assert {k["id"]: k["state"] for k in collector.json("lock", "list")} == {lock["id"]: "active"}
    collector.cli("audit", "verify")
    with sqlite3.connect(collector.state + "/collector.db") as base:
        assert base.execute("PRAGMA user_version").fetchone() == (5,)
        assert json.dumps(base.execute(
            "SELECT value FROM state WHERE name = 'generation'").fetchall()) == "[[1]]"
        # Running sums begin with what was refused before there were any.
        assert base.execute("SELECT count, names, most, most_count FROM denial_sum").fetchall() == [(12, 2, "ma2", 7)]
    assert [(a["login"], a["per_day"]) for a in collector.json("registry", "list", "accounts")] == \
        [("canbo0", "100000"), ("canbo1", "100000")]


def test_a_database_of_another_schema_is_refused(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False)
    collector = country.collector
    collector.process.stop()
    for version, why in ((99, "newer program"), (1, "older than anything")):
        with sqlite3.connect(collector.state + "/collector.db") as base:
            base.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(Broken, match=why):
            stage.program("chot-collector", "serve", "--config", collector.config)
