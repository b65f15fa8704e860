"""Somebody hears it: each alert and lock reaches each channel, once, whatever happens in between."""
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import time

import pytest

from country import Broken, Country, ask, metrics, wait_for
from sinks import LogSocket, Mail, Webhook

SECRET = "một bí mật dài và ngẫu nhiên"


def notify(stage, hook=None, mail=None, log=None):
    settings = {}
    if hook:
        secret = stage.path("hook.secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(SECRET + "\n")
        settings["webhook"] = [{"url": hook.url, "secret_file": secret}]
    if mail:
        password = stage.path("mail.password")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write("mat-khau\n")
        settings["email"] = {"server": mail.url, "from": "chot@trungtam.example", "user": "chot",
                             "password_file": password, "min_severity": "warning",
                             "to": ["truc@trungtam.example", "lanhdao@trungtam.example"]}
    if log:
        settings["syslog"] = {"socket": log.path, "min_severity": "critical"}
    return {"notify": settings}


def told(country):
    """What the outbox must have told: (event, alert or lock), from the alerts and locks themselves."""
    alerts = country.collector.json("alerts", "list")
    locks = country.collector.json("lock", "list", "--all")
    return ({("alert.new", a["id"]) for a in alerts}
            | {("lock.issued", lock["id"]) for lock in locks if lock["state"] not in ("proposed", "rejected")}
            | {("lock.proposed", lock["id"]) for lock in locks if lock["state"] == "proposed"}
            | {("lock.released", lock["id"]) for lock in locks if lock["state"] == "released"})


def heard(letters):
    return [(n["event"], n.get("alert", n.get("lock"))) for n in letters]


def settled(country, hook):
    """All that is to be told is there; returns it."""
    wait_for("all notifications", lambda: set(heard(hook.letters())) >= told(country), 40, 0.3)
    time.sleep(1.5)  # whatever would come twice has come by now
    return hook.letters()


def waiting(country):
    text = metrics(os.path.join(country.collector.state, "run/status.sock"))
    return int(re.search(r"^chot_collector_notifications_waiting (\d+)$", text, re.M)[1])


def test_each_alert_and_lock_reaches_each_channel_once(stage):
    with Webhook() as hook, Mail() as mail, LogSocket(stage.path("log.sock")) as log:
        country = Country(stage, systems=("H26.motcua",), accounts=3, per_day=2,
                          config=notify(stage, hook, mail, log))
        agent = country.agents[0]
        for _ in range(6):
            ask(agent, "canbo0")
            ask(agent, "nguoila")
            time.sleep(0.4)  # several pushes: the figures of one alert are renewed
        lock = wait_for("the lock", lambda: country.collector.json("lock", "list"), 15)[0]
        country.collector.cli("lock", "release", lock["id"], "--reason", "xong", "--outcome", "mistaken")
        letters = settled(country, hook)

        assert sorted(map(str, heard(letters))) == sorted(map(str, told(country))), "once each"
        assert len(set(hook.ids())) == len(letters)
        by = {(n["event"], n["rule"], n["kind"]): n for n in letters}
        assert by[("alert.new", "R1", "breach")]["severity"] == "warning"
        assert by[("alert.new", "R1", "lock")]["severity"] == "critical"
        assert by[("alert.new", "R8", "account")]["severity"] == "info"
        issued = by[("lock.issued", "R1", "lock")]
        assert lock["id"] in issued["message"]["vi"] and "canbo0" in issued["message"]["en"]
        assert "khóa nhầm" in by[("lock.released", "R1", "lock")]["message"]["vi"]
        for letter in hook.all():
            signature = hmac.new(SECRET.encode(), letter["body"], hashlib.sha256).hexdigest()
            assert letter["headers"]["X-Chot-Signature"] == "sha256=" + signature
            assert letter["headers"]["Idempotency-Key"] == letter["json"]["id"]

        wanted = {n["id"] for n in letters if n["severity"] != "info"}
        wait_for("the mails", lambda: set(mail.ids()) == wanted, 15)
        assert len(mail.ids()) == len(wanted) and mail.logins
        for got in mail.all():
            message = got["message"]
            assert got["envelope"]["to"] == ["truc@trungtam.example", "lanhdao@trungtam.example"]
            assert not message.defects and max(map(len, got["raw"].split(b"\r\n"))) <= 78
            assert message["Subject"].startswith("[Chốt] ") and " / " in message["Subject"]
            note = next(n for n in letters if n["id"] == message["X-Chot-Notification"])
            body = message.get_content().replace("\r\n", "\n")
            assert note["message"]["vi"] in body and note["message"]["en"] in body
            assert message["Message-ID"] == f"<{note['id']}@trungtam.example>"

        critical = {n["id"] for n in letters if n["severity"] == "critical"}
        wait_for("the log lines", lambda: len(log.all()) == len(critical), 10)
        assert all(line.startswith("<26>chot-collector[") for line in log.all())
        assert {re.search(r"id=(\S+):", line)[1] for line in log.all()} == critical
        wait_for("an empty outbox", lambda: waiting(country) == 0, 10)
        text = metrics(os.path.join(country.collector.state, "run/status.sock"))
        assert f'chot_collector_notifications_total{{channel="webhook",status="sent"}} {len(letters)}' in text


def test_sinks_away_and_the_collector_killed_lose_none_and_double_none(stage):
    hook, mail = Webhook(), Mail()
    country = Country(stage, systems=("H26.motcua",), accounts=6, per_day=1, config=notify(stage, hook, mail))
    agent = country.agents[0]
    for i in range(3):
        for _ in range(3):
            ask(agent, f"canbo{i}")
    wait_for("three locks", lambda: len(country.collector.json("lock", "list")) == 3, 15)
    wait_for("what waits", lambda: waiting(country) >= 18, 10)
    country.collector.process.kill9()
    country.collector.start()
    assert waiting(country) >= 18, "the crash lost notifications"
    with hook, mail:
        # The other side is overloaded, then answers nothing at all, then wants none of one body.
        hook.answers[:] = [503, 429, 422]
        for i in range(3, 6):
            for _ in range(3):
                ask(agent, f"canbo{i}")
        wait_for("six locks", lambda: len(country.collector.json("lock", "list")) == 6, 15)
        country.collector.process.kill9()
        country.collector.start()
        wait_for("all but what was refused", lambda: waiting(country) <= 1, 60, 0.3)
        # Both sinks go, and come back to what happened meanwhile.
        hook.close(), mail.close()
        lock = country.lock("system=H26.motcua", "--for", "1h")
        country.collector.cli("lock", "release", lock["id"], "--reason", "xong")
        country.collector.process.stop()
        country.collector.start()
        hook.open(), mail.open()
        wait_for("everything", lambda: waiting(country) == 0, 60, 0.3)
        ids = hook.ids()
        assert len(ids) == len(set(ids)), "told twice"
        singles = heard(n for n in hook.letters() if n["event"] != "digest")
        told_now = told(country)
        assert set(singles) <= told_now and len(ids) == len(told_now)
        digests = [n for n in hook.letters() if n["event"] == "digest"]
        assert len(singles) + sum(d["count"] for d in digests) == len(told_now)
        mails = mail.ids()
        assert len(mails) == len(set(mails))


def test_an_answer_that_was_lost_repeats_the_same_id(stage):
    with Webhook() as hook:
        hook.answers[:] = ["drop"]
        country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False, config=notify(stage, hook))
        country.lock("system=H26.motcua", "--for", "1h")
        letter = wait_for("the letter", hook.letters, 15)[0]
        assert [r["json"] for r in hook.refused] == [letter], "another body or id than before"


def test_over_tls_with_an_authority_of_its_own(stage):
    state = stage.path("collector")
    hook, mail = Webhook(tls=state), Mail(tls=state)
    config = notify(stage, hook, mail)
    config["notify"]["webhook"][0]["ca_file"] = config["notify"]["email"]["ca_file"] = state + "/ca.pem"
    stranger = Webhook(tls=state)
    config["notify"]["webhook"].append({"url": stranger.url})
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False, config=config)
    with hook, mail, stranger:
        country.lock("system=H26.motcua", "--for", "1h")
        wait_for("the letter", hook.letters, 15)
        wait_for("the mail", mail.ids, 15)
        assert hook.ids() == mail.ids()
        wait_for("the doubt", lambda: any(
            "certificate" in (c["problem"] or "")
            for c in country.collector.json("shift", "report")["notifications"]["channels"]), 15)
        assert not stranger.all(), "the alert went to a server that nobody vouches for"


def test_forty_incidents_of_one_rule_are_one_digest(stage):
    hook = Webhook()
    country = Country(stage, systems=("H26.motcua",), accounts=30, per_day=1, config=notify(stage, hook))
    for i in range(30):
        ask(country.agents[0], f"canbo{i}")
        ask(country.agents[0], f"canbo{i}")
    wait_for("thirty alerts", lambda: len(country.alerts("R1", "breach")) == 30, 20, 0.3)
    with hook:
        wait_for("the outbox is empty", lambda: waiting(country) == 0, 40, 0.3)
        digests = [n for n in hook.letters() if n["event"] == "digest"]
        singles = [n for n in hook.letters() if n["event"] != "digest"]
        # The one that was tried while the sink was away is not told apart from the others.
        assert len(digests) == 1 and len(singles) <= 1
        digest = digests[0]
        assert digest["count"] + len(singles) == 30 and len(digest["notifications"]) == digest["count"]
        assert digest["rule"] == "R1" and str(digest["count"]) in digest["message"]["vi"]
        assert len(digest["first"]) == 5 and "canbo" in digest["message"]["en"]


def test_watch_follows_alerts_over_a_restart(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=3, per_day=1)
    out = stage.path("seen.txt")
    command = f'printf "%s|%s|%s\\n" "$CHOT_ALERT_RULE" "$CHOT_ALERT_SCOPE" "$(cat)" >> {out}'
    program = os.path.join(stage.bin, "chot-collector")
    watch = [program, "alerts", "watch", "--config", country.collector.config]
    runner = stage.start("watch-exec", *watch, "--exec", command)
    printer = stage.start("watch", *watch, "--lang", "vi")
    time.sleep(1.5)
    agent = country.agents[0]
    ask(agent, "canbo0"), ask(agent, "canbo0")
    # A login from the wire that a shell would run.
    evil = "$(touch pwned)"
    ask(agent, evil)
    wait_for("both alerts", lambda: len(country.collector.json("alerts", "list")) >= 2, 15)
    country.collector.process.stop()
    time.sleep(1.5)
    country.collector.start()
    ask(agent, "canbo1"), ask(agent, "canbo1")

    def seen():
        with open(out, encoding="utf-8") as f:
            return [line.split("|", 2) for line in f.read().splitlines()]
    wait_for("the alerts", lambda: os.path.exists(out) and len(seen()) >= 3, 20, 0.2)
    wait_for("all alerts", lambda: len(seen()) == len(country.collector.json("alerts", "list")), 10)
    alerts = {a["id"]: a for a in country.collector.json("alerts", "list")}
    got = [json.loads(line[2]) for line in seen()]
    assert sorted(a["id"] for a in got) == sorted(alerts), "one line each"
    assert {line[0] for line in seen()} == {"R1", "R8"}
    assert all(a["message"] == alerts[a["id"]]["message"] or a["rule"] == "R8" for a in got)
    assert not os.path.exists("pwned")
    time.sleep(1.2)
    for process in (runner, printer):
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(5) == 0
    with open(printer.log, encoding="utf-8") as f:
        lines = [line for line in f if line.startswith("20")]
    assert len(lines) == len(alerts) and any("Tài khoản canbo0" in line for line in lines)


def test_shift_report_tells_what_the_next_officer_must_know(stage):
    hook = Webhook()
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=3, per_day=1,
                      config=notify(stage, hook))
    agent = country.agents[0]
    for _ in range(4):
        ask(agent, "canbo0")
    lock = wait_for("the lock", lambda: country.collector.json("lock", "list"), 15)[0]
    ask(agent, "canbo0")
    country.collector.cli("lock", "release", lock["id"], "--reason", "xong", "--outcome", "justified")
    alert = country.alerts("R1", "breach")[0]
    country.collector.cli("alerts", "resolve", str(alert["id"]), "--note", "đã gọi")
    wait_for("a sign of life", lambda: all(a["last_seen"] for a in country.collector.json("agent", "list")), 10)
    country.agents[1].process.kill9()
    report = wait_for("the silence", lambda: (lambda r: r if r["agents"]["silent"] else None)(
        country.collector.json("shift", "report")), 30, 0.5)
    assert sum(r["allowed"] for r in report["usage"]["rows"]) == 2
    assert report["usage"]["coverage"]["expected"] == 2
    assert {r["rule"]: r["count"] for r in report["alerts"]["opened"]}["R1"] == 2
    assert report["alerts"]["resolved"] == [{"rule": "R1", "count": 1}]
    assert [x["id"] for x in report["locks"]["issued"]] == [lock["id"]]
    released = report["locks"]["released"]
    assert [(x["id"], x["outcome"]) for x in released] == [(lock["id"], "justified")]
    assert [a["agent"] for a in report["agents"]["silent"]] == ["H29.motcua/1"]
    assert report["notifications"]["waiting"] == 4 and report["notifications"]["channels"][0]["problem"]
    assert "token-in-the-path" not in json.dumps(report)
    vietnamese = country.collector.cli("shift", "report", "--lang", "vi")
    english = country.collector.cli("shift", "report", "--lang", "en")
    assert "BÁO CÁO GIAO CA" in vietnamese and "khóa đúng" in vietnamese and lock["id"] in vietnamese
    assert "SHIFT REPORT" in english and "silent since" in english and "4 waiting" in english
    before = country.collector.json("shift", "report", "--from", "2026-01-01", "--to", "2026-01-02")
    assert not before["usage"]["rows"] and not before["locks"]["issued"] and not before["alerts"]["opened"]
    with pytest.raises(Broken, match="64"):
        country.collector.cli("shift", "report", "--from", "2026-01-02", "--to", "2026-01-01")


def test_check_config_names_what_is_wrong_and_no_secret(stage):
    program = os.path.join(stage.bin, "chot-collector")
    state = stage.path("state")
    stage.program("chot-collector", "init", "--state", state, "--listen", "127.0.0.1:1")
    config = os.path.join(state, "collector.json5")
    with open(config + ".d/60-test.json5", "w") as f:
        json.dump({"notify": {
            "webhook": [{"url": "https://me:hunter2@hook.example/x"}, {"min_severity": "loud"},
                        {"url": "https://hook.example/y", "secret_file": "none"}],
            "email": {"server": "mail.example", "from": "nobody", "to": [], "user": "u"},
            "syslog": {"sockets": "/dev/log"}}}, f)
    done = subprocess.run([program, "check-config", "--config", config], capture_output=True, text=True)
    assert done.returncode == 78
    for path in ["webhook[0].url", "webhook[1].url", "webhook[1].min_severity", "webhook[2].secret_file",
                 "email.server", "email.from", "email.to", "email.password_file", "syslog.sockets"]:
        assert f"notify.{path} " in done.stderr, path
    assert "hunter2" not in done.stderr
    with open(config + ".d/60-test.json5", "w") as f:
        json.dump({"notify": {"webhook": [{"url": "https://hook.example/y", "secret_file": "/none"}]}}, f)
    done = subprocess.run([program, "check-config", "--config", config], capture_output=True, text=True)
    assert done.returncode == 78 and "notify.webhook[0].secret_file" in done.stderr and "/none" in done.stderr
