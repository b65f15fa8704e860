"""Bad input gets a clear error and loses nothing (acceptance 7)."""
import csv
import gzip
import io
import json
import os
import re
import socket
import subprocess

import pytest

from country import Agent, Country, SERVICES, ask, configure, metric, post, soap, wait_for

BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>""" + \
    soap("canbo0").split(b"?>", 1)[1].replace(b"canbo0", b"&b;")
NESTED = soap("canbo0").replace(b"<d:SoDinhDanh>", b"<d:X><d:TaiKhoan>canbo1</d:TaiKhoan></d:X><d:SoDinhDanh>")
CASES = {
    "not xml": (b"hello", {}, 400),
    "truncated": (soap("canbo0")[:-30], {}, 400),
    "two accounts": (soap("canbo0").replace(b"<d:SoDinhDanh>", b"<d:TaiKhoan>x</d:TaiKhoan><d:SoDinhDanh>"), {}, 400),
    "nested account": (NESTED, {}, 400),
    "foreign account": (soap("canbo0").replace(b"<d:SoDinhDanh>", b"<TaiKhoan>x</TaiKhoan><d:SoDinhDanh>"), {}, 400),
    "dtd and entities": (BOMB, {}, 400),
    "two operations": (soap("canbo0").replace(b"</e:Body>", b"<d:X/></e:Body>"), {}, 400),
    "deep": (b"<a>" * 5000, {}, 400),
    "utf-16": (soap("canbo0").decode().replace("UTF-8", "UTF-16").encode("utf-16"), {}, 415),
    "latin declaration": (soap("canbo0").replace(b"UTF-8", b"ISO-8859-1"), {}, 415),
    "gzip": (gzip.compress(soap("canbo0")), {"Content-Encoding": "gzip"}, 415),
    "multipart": (soap("canbo0"), {"Content-Type": "multipart/related; boundary=x"}, 415),
    "charset behind a byte that is no text":
        (soap("canbo0"), {"Content-Type": "text/xml; charset=utf-7; a=\xff"}, 415),
    "encoding that is no text": (soap("canbo0"), {"Content-Encoding": "gzip\xff"}, 415),
    "charset": (soap("canbo0"), {"Content-Type": "text/xml; charset=utf-16"}, 415),
    "too large": (b"x" * 2_000_000, {}, 413),
    # canbo1 to one reader, canbo10 to the other; MaTichHop and the subject alike.
    "comment in the account": (soap("canbo1<!---->0"), {}, 400),
    "cdata behind the account": (soap("canbo1<![CDATA[0]]>"), {}, 400),
    "two cdata": (soap("<![CDATA[canbo1]]><![CDATA[0]]>"), {}, 400),
    "reference to a plain character": (soap("canbo1&#48;"), {}, 400),
    "nil beside text": (soap("canbo1").replace(b"<d:TaiKhoan>", b"<d:TaiKhoan xmlns:i='urn:i' i:nil='1'>"), {}, 400),
    "multiref": (soap("canbo1").replace(b"<d:TaiKhoan>", b"<d:TaiKhoan href='#id0'>"), {}, 400),
    "comment in MaTichHop": (soap("canbo1", fields="<d:MaTichHop>03<!-- -->7</d:MaTichHop>"), {}, 400),
    "twin of the account": (soap("canbo1", fields="<d:taikhoan>canbo0</d:taikhoan>"), {}, 400),
    "xml 1.1": (soap("canbo1").replace(b'"1.0"', b'"1.1"'), {}, 400),
    "soap 1.2": (soap("canbo1").replace(b"http://schemas.xmlsoap.org/soap/envelope/",
                                        b"http://www.w3.org/2003/05/soap-envelope"), {}, 415),
}


@pytest.fixture(scope="module")
def country():
    from country import Stage
    with Stage("chot-test-") as stage:
        yield Country(stage, systems=("H26.motcua",), accounts=2)


@pytest.mark.parametrize("case", CASES)
def test_unreadable_queries_are_refused_and_never_forwarded(country, case):
    body, headers, wanted = CASES[case]
    status, answer, _ = post(country.agents[0].gateway_port, body, headers, path="/npd/unreadable")
    assert status == wanted
    if status in (400, 415):
        assert answer["X-Chot-Verdict"] == "deny"
    # The NPD's nginx writes its log after it has answered: a later query sees to that.
    assert ask(country.agents[0], "canbo1") == "allow"
    assert "unreadable" not in country.npd.counts()


@pytest.fixture(scope="module")
def asked_directly():
    """An agent of mode "headers" that somebody's own proxy asks over its socket."""
    from country import Stage
    with Stage("chot-test-") as stage:
        country = Country(stage, systems=("H26.motcua",), accounts=2, agents=False)
        agent = Agent(stage, country.collector, country.npd, "H26.motcua")
        configure(agent, authorize={"mode": "headers"})
        agent.start()
        yield agent


def asks(agent, *headers):
    """(status, answer) of what a proxy asks by these headers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"{agent.state}/authorize.sock")
        line.sendall("".join(["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", *[h + "\r\n" for h in headers], "\r\n"])
                     .encode())
        answer = b"".join(iter(lambda: line.recv(65536), b"")).decode()
    return int(answer.split(" ")[1]), answer


def test_what_a_proxy_says_twice_is_refused(asked_directly):
    account, service = "X-Chot-Account: canbo1", f"X-Chot-Service: {SERVICES[0]}"
    assert asks(asked_directly, account, service)[0] == 204
    assert asks(asked_directly, "X-Chot-Account: \tcanbo1 \t", service + " ")[0] == 204  # blanks are not part of it
    for twin in ("X-Chot-Account: canbo0", account, "x-chot-account: canbo0", "X_Chot_Account: canbo0", service,
                 "X-Chot-Subject: 1\r\nX-Chot-Subject: 2", "X-Real-IP: 10.0.0.1\r\nx-real-ip: 10.0.0.2",
                 "X-Request-Id: 1\r\nX-Request-Id: 2"):
        status, answer = asks(asked_directly, account, service, twin)
        assert status == 400 and "is there twice" in answer and "có hai lần" in answer, twin
    assert asks(asked_directly, "X-Chot-Account: can\x01bo1", service)[0] == 400
    unread = metric(asked_directly, "chot_agent_unread_addresses_total")
    for address in ("::FFFF:10.0.0.1", "[2001:DB8::1]:443", "fe80::1%eth0", "", "unix:"):
        assert asks(asked_directly, account, service, "X-Real-IP: " + address)[0] == 204
    assert metric(asked_directly, "chot_agent_unread_addresses_total") == unread
    assert asks(asked_directly, account, service, "X-Real-IP: 10.0.0.1, 10.0.0.2")[0] == 204
    assert metric(asked_directly, "chot_agent_unread_addresses_total") == unread + 1
    assert asks(asked_directly, account, service, "X-Chot-Subject: 00009900000")[0] == 204
    assert metric(asked_directly, "chot_agent_malformed_subjects_total") == 1


@pytest.mark.parametrize("way,wanted", [("@npd", 204), ("", 204), ("malformed", 400), ("body-on-disk", 413), ("@npd2", 400)])
def test_a_way_that_no_gateway_sends_is_refused_and_named(asked_directly, way, wanted):
    status, answer = asks(asked_directly, "X-Chot-Account: canbo1", f"X-Chot-Service: {SERVICES[0]}", f"X-Chot-Way: {way}")
    assert status == wanted, answer
    assert ("X-Accel-Redirect" in answer) == (way == "@npd")
    assert ("X-Chot-Way @npd2" in answer) == (way == "@npd2")


def test_a_gigabyte_is_refused_without_being_read(country):
    with socket.create_connection(("127.0.0.1", country.agents[0].gateway_port)) as line:
        line.sendall(b"POST /npd/x HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: 1073741824\r\n\r\n")
        assert b" 413 " in line.recv(200)


def test_configuration_mistakes_are_all_told_at_once(country, tmp_path):
    config = tmp_path / "agent.json5"
    config.write_text('{ state: "/tmp/x", colector: {}, collector: { url: "https://a:1" }, push: { every: "0s" } }')
    done = subprocess.run([f"{country.stage.bin}/chot-agent", "check-config", "--config", config],
                          capture_output=True, text=True)
    assert done.returncode == 78
    assert "colector is unknown; did you mean collector?" in done.stderr
    assert 'push.every is "0s"; must be between 1s and 5m' in done.stderr
    config.write_text('{ state: "/tmp/x", policy: { rules: { R1: { efect: "lock" }, R99: {} } } }')
    done = subprocess.run([f"{country.stage.bin}/chot-collector", "check-config", "--config", config],
                          capture_output=True, text=True)
    assert done.returncode == 78
    assert "policy.rules.R1.efect is unknown; did you mean effect?" in done.stderr and "R99" in done.stderr


def test_one_bad_row_of_seven_thousand_imports_nothing(country, tmp_path):
    path = tmp_path / "accounts.csv"
    rows = [f"H26.motcua,moi{i},NGUYENVANMAU,0000{i:08d},10" for i in range(7000)]
    rows[4709] = "H26.motcua,moi4709,NGUYENVANMAU,000000004709,nhieu"
    path.write_text("\n".join(["system,login,full_name,cccd,per_day"] + rows), encoding="utf-8")
    before = country.collector.cli("registry", "list", "accounts")
    done = subprocess.run([f"{country.stage.bin}/chot-collector", "registry", "import", path,
                           "--config", country.collector.config], capture_output=True, text=True)
    assert done.returncode == 65
    assert 'accounts.csv:4711: per_day: "nhieu" is not a whole number' in done.stderr
    assert country.collector.cli("registry", "list", "accounts") == before
    assert "000000000000" not in before and "NGUYENVANMAU" not in before


def test_off_hours_beyond_the_letters_cap_are_refused(country, tmp_path):
    path = tmp_path / "services.csv"
    path.write_text("system,service,office_per_day,off_per_day\n"
                    + "".join(f"H26.motcua,{s},10,400\n" for s in SERVICES))
    done = subprocess.run([f"{country.stage.bin}/chot-collector", "registry", "import", path,
                           "--config", country.collector.config], capture_output=True, text=True)
    assert done.returncode == 65 and "1200" in done.stderr and "1000" in done.stderr


def test_a_second_agent_on_one_state_folder_is_refused(country):
    done = subprocess.run([f"{country.stage.bin}/chot-agent", "run", "--config", country.agents[0].config],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "another process works in this state folder" in done.stderr


def test_sigterm_drains(country):
    agent = country.agents[0]
    for _ in range(20):
        assert ask(agent, "canbo0", SERVICES[1]) == "allow"
    assert agent.process.stop() == 0
    key = ("H26.motcua", "canbo0", SERVICES[1])
    assert country.totals()[key] == (20, 0)
    agent.start()
    wait_for("the agent", lambda: ask(agent, "canbo0") == "allow", 10)
    assert country.collector.process.stop() == 0
    country.collector.start()


def test_a_question_that_says_otherwise_than_it_means(country):
    def usage(*options):
        return subprocess.run([f"{country.stage.bin}/chot-collector", "usage", *options, "--config",
                               country.collector.config], capture_output=True, text=True, timeout=30)
    twice = usage("--by", "unit,unit")
    assert twice.returncode == 64 and "twice" in twice.stderr
    backwards = usage("--from", "2026-11-25", "--to", "2026-11-24")
    assert backwards.returncode == 64 and "later than" in backwards.stderr
    within = usage("--from", "2026-11-24T08:10:00+07:00", "--to", "2026-11-24T09:10:00+07:00")
    assert within.returncode == 0
    assert "2026-11-24T09:00:00.000+07:00 – 2026-11-24T10:00:00.000+07:00" in within.stdout + within.stderr
    # However wide, it is answered at once.
    assert usage("--account", "canbo0@H26.motcua", "--by", "account,hour", "--from", "0001-01-01", "--to",
                 "9999-12-31").returncode in (0, 64)


def test_not_running_is_exit_69(country, tmp_path):
    config = tmp_path / "collector.json5"
    config.write_text(f'{{ state: "{tmp_path}" }}')
    done = subprocess.run([f"{country.stage.bin}/chot-collector", "usage", "--config", config],
                          capture_output=True, text=True)
    assert done.returncode == 69 and "not running" in done.stderr
    assert not os.path.exists(tmp_path / "collector.db")


def told(country, *args, program="chot-collector", language="en"):
    """(exit, standard output, standard error) of a command line."""
    config = country.collector.config if program == "chot-collector" else country.agents[0].config
    done = subprocess.run([f"{country.stage.bin}/{program}", *map(str, args), "--config", config, "--lang", language],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.returncode, done.stdout, done.stderr


ADD = ("lock", "add", "--for", "1h", "--reason", "thử", "--scope")
MISTAKES = [
    (("lock", "add", "--scope", "account=canbo1@H26.motcua", "--reason", "cong", "van", "12", "--for", "24h"), 64,
     '"van" is one word too many; put a text with spaces in quotes: --reason "cong van 12"'),
    (("usage", "extra"), 64, '"extra" is one word too many'),
    (("usage", "--from"), 64, "usage: --from needs a value"),
    (("help", "nonsense"), 64, "'nonsense' is no command"),
    (("lock",), 64, "lock add, lock list"),
    ((*ADD, "account=a@NOSYS"), 65, "NOSYS is not a registered system; see registry list systems"),
    ((*ADD, "system=NOSYS"), 65, "NOSYS is not a registered system"),
    ((*ADD, "account=a@H26.khongco"), 65, "H26.khongco is not a registered system"),
    ((*ADD, "account=a"), 64, "a scope is account="),
    (("lock", "preview", "--scope", "service=a@H26.khongco"), 65, "H26.khongco is not a registered system"),
    (("quota", "grant", "--queries", "5", "--for", "1h", "--reason", "x", "--scope", "account=a@NOSYS"), 65,
     "NOSYS is not a registered system"),
    (("usage", "--from", "hôm qua"), 64, "is no time like"),
    (("usage", "--system", "H26.khongco"), 65, "H26.khongco is not registered; see registry list systems"),
    (("usage", "--unit", "Z99"), 65, "Z99 is not registered; see registry list units"),
    (("usage", "--service", "KhongCo"), 65, "KhongCo is not registered; see registry list services"),
    (("usage", "--account", "khongco@H26.motcua"), 65, "khongco@H26.motcua is not registered; see registry list accounts"),
    (("usage", "--account", "canbo0@H26.motcua", "--system", "H26.khongco"), 64, "is of another system than --system"),
    (("evidence", "show", "--agent", "H26.khongco/1", "--seq", "1"), 65, "there is no agent H26.khongco/1; see agent list"),
    (("evidence", "show", "--agent", "H26.motcua/1", "--seq", "x"), 64, '--seq "x" is not a number'),
    (("evidence", "show", "--agent", "H26.motcua/1", "--seq", "1", "--epoch", "x"), 64, '--epoch "x" is not a number'),
    (("evidence", "show", "--agent", "H26.motcua/1", "--seq", "1", "--refused"), 65, "was refused"),
    (("lockset", "export", "--system", "H26.motcua", "--out", "/nodir/f"), 66, "/nodir/f: the folder /nodir does not exist"),
    (("lockset", "export", "--system", "H26.motcua", "--out", "/etc/passwd"), 65, "/etc/passwd exists"),
]


@pytest.mark.parametrize("args,exit_code,words", MISTAKES, ids=lambda v: " ".join(v)[-40:] if isinstance(v, tuple) else None)
def test_a_command_line_that_is_wrong_says_how(country, args, exit_code, words):
    code, out, said = told(country, *args)
    assert (code, out) == (exit_code, "") and words in said, said
    assert said.count("chot-collector: ") == 1
    code, _, vietnamese = told(country, *args, language="vi")
    assert code == exit_code and vietnamese != said and vietnamese.count("chot-collector: ") == 1
    assert not country.collector.json("lock", "list") and not country.collector.json(
        "audit", "list", "--action", "lockset.export")


def test_the_agents_command_line_is_read_alike(country):
    assert told(country, "lockset", "import", "a", "b", program="chot-agent")[0] == 64
    code, out, _ = told(country, "help", "status", program="chot-agent")
    assert code == 0 and out.startswith("chot-agent status [--would-refuse]") and "bypass" not in out
    code, out, _ = told(country, "log", "--help", program="chot-agent", language="vi")
    assert code == 0 and "log search" in out and "bypass" not in out


def test_names_that_were_counted_or_stand_for_none_are_known(country):
    assert ask(country.agents[0], "canbo0", "DichVuMoi") in ("allow", "deny")
    wait_for("the count", lambda: told(country, "usage", "--service", "DichVuMoi")[0] == 0, 10)
    for question in (("--account", "-"), ("--account", "?"), ("--service", "?"), ("--account", "canbo1"),
                     ("--service", "XacThucThongTinCongDan"), ("--unit", "H26")):
        assert told(country, "usage", *question)[0] == 0, question


def test_spreadsheets_get_whole_cells_and_the_rest_beside_them(country):
    code, out, said = told(country, "usage", "--format", "csv")
    assert code == 0 and said.startswith("coverage: ") and "coverage" not in out
    assert "mức đầy đủ của số liệu" in told(country, "usage", "--format", "csv", language="vi")[2]
    lock = country.lock("account=canbo1@H26.motcua", "--indefinite")
    rows = list(csv.DictReader(io.StringIO(country.collector.cli("lock", "list", "--format", "csv"))))
    assert [(r["message"], r["expires_at"]) for r in rows] == [(lock["message"]["en"], "")]
    assert len(rows[0]["message"]) > 128
    table = country.collector.cli("lock", "list")
    assert "issued_by" in table and "uid " in table and "…" in table
    country.collector.cli("lock", "release", lock["id"], "--reason", "xong")


def test_a_preview_asks_for_nothing_and_a_wide_lock_tells_its_end(country):
    code, out, _ = told(country, "lock", "preview", "--scope", "account=canbo1@H26.motcua")
    assert code == 0 and out.startswith("Locking account=canbo1@H26.motcua would refuse about ")
    assert "again" not in out and "release notice" not in out and "reason" not in out
    assert "--confirm 'unit=H26'" in told(country, "lock", "preview", "--scope", "unit=H26")[1]
    code, _, said = told(country, *ADD, "unit=H26")
    assert code == 64 and re.search(r"Locking unit=H26 until \d\d:\d\d on 2\d{3}-", said), said
    assert "release notice" not in said and "--confirm 'unit=H26'" in said
    code, _, said = told(country, "lock", "add", "--indefinite", "--reason", "thử", "--scope", "unit=H26")
    assert code == 64 and "until a release notice is given" in said


def test_an_unusual_lock_is_made_and_said(country):
    code, out, said = told(country, *ADD, "account=nguoila@H26.motcua", "--format", "json")
    first = json.loads(out)
    assert code == 0 and "warning: nguoila@H26.motcua is not registered" in said and "already" not in said
    code, out, said = told(country, *ADD, "account=nguoila@H26.motcua", "--format", "json", language="vi")
    assert code == 0 and f"cảnh báo: {first['id']} đang khóa cùng phạm vi" in said
    code, _, said = told(country, "lock", "replace", first["id"], "--scope", "service=KhongCo@H26.motcua", "--reason", "x")
    assert code == 0 and "warning: KhongCo@H26.motcua is not registered" in said
    assert told(country, *ADD, "account=canbo1@H26.motcua")[2] == ""
    for lock in country.collector.json("lock", "list"):
        country.collector.cli("lock", "release", lock["id"], "--reason", "xong")


def test_agents_that_were_never_heard_are_told_so(country):
    Agent(country.stage, country.collector, country.npd, "H26.motcua", name="silent")
    rows = list(csv.DictReader(io.StringIO(country.collector.cli("agent", "list", "--format", "csv"))))
    assert rows[1]["id"] == "H26.motcua/2" and [rows[1][c] for c in ("last_seen", "lockset", "skew_ms")] == [""] * 3
    assert "-/-" in country.collector.cli("agent", "list")
    lock = country.lock("account=canbo1@H26.motcua", "--for", "1h")
    shown = lambda *more: country.collector.cli("lock", "show", lock["id"], *more)
    wait_for("the other agent", lambda: "1 agents have never confirmed: H26.motcua/2" in shown(), 10)
    assert "1 điểm chốt chưa từng xác nhận" in shown("--lang", "vi")
