"""Ten tries to get more privilege over the admin socket, ten to tamper with the audit log (acceptance 6)."""
import contextlib
import http.client
import json
import os
import pwd
import resource
import select
import socket
import sqlite3
import subprocess
import time

import pytest

from country import Country, Stage, ask, wait_for
from people import open_to_all, temporary_users

GROUPS = ["chot", "chot-read", "chot-operate", "chot-privacy"]
USERS = {"chottest-none": [], "chottest-chot": ["chot"], "chottest-read": ["chot", "chot-read"],
         "chottest-oper": ["chot", "chot-operate"], "chottest-priv": ["chot", "chot-privacy"]}


@pytest.fixture(scope="module")
def people():
    """Invented members of staff; gone afterwards."""
    with temporary_users(GROUPS, list(USERS.items())):
        yield USERS


@pytest.fixture(scope="module")
def country(people):
    with Stage("chot-test-") as stage:
        open_to_all(stage)
        yield Country(stage, systems=("H26.motcua",), accounts=2)


def as_user(country, user, *args):
    """(exit, what was printed) of a command line by somebody else."""
    done = subprocess.run(["runuser", "-u", user, "--", f"{country.stage.bin}/chot-collector", *args,
                           "--config", country.collector.config], capture_output=True, text=True,
                          cwd="/", env={"PATH": os.environ["PATH"], "LANG": "C", "USER": "root", "HOME": "/root"})
    return done.returncode, done.stdout + done.stderr


LOCK = ("lock", "add", "--scope", "account=canbo1@H26.motcua", "--for", "1h", "--reason", "thử")
TRIES = [
    ("chottest-none", ("usage",), 69),
    ("chottest-chot", ("usage",), 77),
    ("chottest-chot", LOCK, 77),
    ("chottest-read", LOCK, 77),
    ("chottest-read", ("agent", "token", "H26.motcua"), 77),
    ("chottest-read", ("agent", "revoke", "H26.motcua/1"), 77),
    ("chottest-read", ("agent", "mode", "H26.motcua", "observe"), 77),
    ("chottest-oper", ("registry", "list", "accounts", "--unmask", "--reason", "xem"), 77),
    ("chottest-priv", ("alerts", "resolve", "1", "--note", "x"), 77),
]


@pytest.mark.parametrize("user,args,exit_code", TRIES, ids=lambda v: v if isinstance(v, str) else None)
def test_nobody_does_more_than_their_group_may(country, user, args, exit_code):
    code, said = as_user(country, user, *args)
    assert code == exit_code, said
    assert "NGUYENVANMAU" not in said and "000000000000" not in said
    if code == 77:
        assert "group chot-" in said
        refused = [e for e in country.collector.json("audit", "list", "--action", "refused") if user in e["who"]]
        assert refused and refused[-1]["who"].startswith("uid ")
    assert ask(country.agents[0], "canbo1") == "allow"


def test_a_request_cannot_say_who_it_comes_from(country):
    """The tenth try: the socket itself, spoken to without our client, as a member of chot-read."""
    body = json.dumps({"command": "lock add", "who": "uid 0 root", "uid": 0, "options": {
        "scope": ["account=canbo1@H26.motcua"], "for": ["1h"], "reason": ["thử"]},
        "flags": [], "arguments": [], "files": []})
    script = ("import http.client,socket,sys\nc=http.client.HTTPConnection('collector')\n"
              "c.sock=socket.socket(socket.AF_UNIX)\nc.sock.connect(sys.argv[1])\n"
              "c.request('POST','/admin',sys.argv[2].encode(),{'X-Remote-User':'root'})\n"
              "print(c.getresponse().read().decode())")
    path = os.path.join(country.collector.state, "run/admin.sock")
    done = subprocess.run(["runuser", "-u", "chottest-read", "--", "python3", "-c", script, path, body],
                          capture_output=True, text=True, cwd="/")
    assert json.loads(done.stdout)["exit"] == 77, done.stderr
    for odd in ("lock  add", "LOCK ADD", "lock add ", "", "x" * 100_000):
        line = http.client.HTTPConnection("collector")
        line.sock = socket.socket(socket.AF_UNIX)
        line.sock.connect(path)
        line.request("POST", "/admin", json.dumps({**json.loads(body), "command": odd}))
        assert json.loads(line.getresponse().read())["exit"] == 64
    assert not country.collector.json("lock", "list")


def test_each_may_what_their_group_says(country):
    assert as_user(country, "chottest-read", "usage")[0] == 0
    assert as_user(country, "chottest-oper", "usage")[0] == 0
    code, said = as_user(country, "chottest-priv", "registry", "list", "accounts", "--unmask", "--reason", "đối chiếu")
    assert code == 0 and "NGUYENVANMAU" in said
    assert country.collector.json("audit", "list", "--action", "registry.unmask")[0]["reason"] == "đối chiếu"
    code, said = as_user(country, "chottest-oper", *LOCK)
    assert code == 0, said
    entry = country.collector.json("audit", "list", "--action", "lock.add")[0]
    assert "chottest-oper" in entry["who"]


HASH = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
TAMPERINGS = {
    "who": "UPDATE audit SET who = 'uid 7 khac' WHERE number = 5",
    "what": "UPDATE audit SET action = 'usage' WHERE number = 5",
    "subject": "UPDATE audit SET subject = 'H29' WHERE number = 5",
    "reason": "UPDATE audit SET reason = 'x' WHERE number = 5",
    "time": "UPDATE audit SET at = at + 1 WHERE number = 5",
    "hash": f"UPDATE audit SET hash = '{HASH}' WHERE number = 5",
    "first removed": "DELETE FROM audit WHERE number = 1",
    "middle removed and renumbered": "DELETE FROM audit WHERE number = 5; UPDATE audit SET number = -number WHERE "
                                     "number > 5; UPDATE audit SET number = -number - 1 WHERE number < 0",
    "end cut off": "DELETE FROM audit WHERE number > 7",
    "two swapped": "UPDATE audit SET number = 0 WHERE number = 5; UPDATE audit SET number = 5 WHERE number = 6; "
                   "UPDATE audit SET number = 6 WHERE number = 0",
}


@pytest.fixture(scope="module")
def archive():
    """A collector with a log of some entries, stopped; its database as it was."""
    with Stage("chot-test-") as stage:
        country = Country(stage, systems=("H26.motcua",), accounts=2)
        for account in ("canbo0", "canbo1"):
            lock = country.lock(f"account={account}@H26.motcua", "--for", "1h")
            country.collector.cli("lock", "release", lock["id"], "--reason", "xong")
        assert "intact" in country.collector.cli("audit", "verify")
        # A digest rides in the nation's set, renewed hourly and with each lock of the nation.
        country.lock("ip=192.0.2.1@*", "--for", "1h", "--confirm", "ip=192.0.2.1@*")
        digests = os.path.join(country.agents[0].state, "audit-digests.jsonl")
        wait_for("the agent's digest", lambda: os.path.exists(digests), 10)
        assert "digests" in country.collector.cli("audit", "verify", "--against", digests)
        country.collector.process.stop()
        database = os.path.join(country.collector.state, "collector.db")
        with contextlib.closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(database, "rb") as f:
            country.original = f.read()
        country.database, country.digests = database, digests
        yield country


def verify(archive, change, *more):
    """What `audit verify` says of the log after a change behind the collector's back."""
    for suffix in ("-wal", "-shm"):
        if os.path.exists(archive.database + suffix):
            os.unlink(archive.database + suffix)
    with open(archive.database, "wb") as f:
        f.write(archive.original)
    with contextlib.closing(sqlite3.connect(archive.database)) as db:
        change(db)
        db.commit()
    archive.collector.start()
    done = subprocess.run([f"{archive.stage.bin}/chot-collector", "audit", "verify", *more,
                           "--config", archive.collector.config], capture_output=True, text=True)
    archive.collector.process.kill9()
    return done.returncode, done.stderr


def test_a_database_put_back_from_a_copy_is_found(archive):
    head = os.path.join(archive.collector.state, "audit-head.jws")
    before = open(head, "rb").read()
    code, said = verify(archive, lambda db: db.execute("DELETE FROM audit WHERE number > 5"))
    assert code == 1 and "cut short or rewritten" in said, said
    assert open(head, "rb").read() == before, "the signed head was renewed over a log that it does not fit"


@pytest.mark.parametrize("how", TAMPERINGS)
def test_what_was_changed_in_the_log_is_found(archive, how):
    code, said = verify(archive, lambda db: db.executescript(TAMPERINGS[how]))
    assert code == 1 and "audit verify: " in said, said


def test_a_log_rewritten_by_the_centre_itself_is_found_by_what_agents_keep(archive):
    """Whoever holds the signing key can make a whole new log; an agent's digest does not agree with it."""
    os.unlink(os.path.join(archive.collector.state, "audit-head.jws"))
    code, said = verify(archive, lambda db: db.execute("DELETE FROM audit"), "--against", archive.digests)
    assert code == 1 and "an agent keeps" in said, said


def hold(path, user, count, ready, done):
    """A process of `user` that holds so many connections to the admin socket, half of them with half a request."""
    pid = os.fork()
    if pid:
        return pid
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        held = []

        def one(number):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(1)
            with contextlib.suppress(OSError):
                line.connect(path)
                if number % 2:
                    line.sendall(b"POST /admin HTTP/1.1\r\nHost: collector\r\nContent-Length: 1000\r\n\r\n{")
                held.append(line)
        for number in range(count):
            one(number)
        os.write(ready, b"x")
        # Whatever was closed is opened again, until it is over.
        os.set_blocking(done, False)
        while True:
            with contextlib.suppress(BlockingIOError):
                if os.read(done, 1):
                    break
            gone, _, _ = select.select(held[:50], [], [], 0.05)
            for line in gone:
                held.remove(line)
                line.close()
                one(1)
    finally:
        os._exit(0)


@pytest.mark.parametrize("user", ["chottest-read", "chottest-chot"])
def test_a_flood_of_a_reader_keeps_no_operator_from_locking(country, user):
    path = country.collector.state + "/run/admin.sock"
    assert os.path.exists(path), os.listdir(os.path.dirname(path))
    ready, told = os.pipe()
    ending, end = os.pipe()

    def locking(times):
        took = []
        for number in range(times):
            begin = time.monotonic()
            code, said = as_user(country, "chottest-oper", *LOCK[:3], f"account=canbo{number % 2}@H26.motcua", *LOCK[4:])
            took.append(time.monotonic() - begin)
            assert code == 0, said
        return took
    # Starting the program is no part of it.
    alone = min(locking(3))
    pid = hold(path, user, 1000, told, ending)
    try:
        assert select.select([ready], [], [], 30)[0], "the flood did not begin"
        took = locking(6)
        assert max(took) - alone <= 1, (alone, took)
        print("alone", alone, "in the flood", took)
    finally:
        os.write(end, b"x")
        os.waitpid(pid, 0)
    # Nobody is kept out afterwards.
    assert as_user(country, "chottest-read", "lock", "list")[0] == 0
