"""Imports of registry files: what staff are asked, what is refused, and what it means to agents."""
import os
import subprocess
import threading
import time

import pytest

from country import Country, Stage, ask, wait_for

HEAD = "system,login,full_name,cccd,per_day\n"


@pytest.fixture(scope="module")
def country():
    with Stage() as stage:
        yield Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=20)


def do(country, tmp_path, name, text, *more):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return subprocess.run([f"{country.stage.bin}/chot-collector", "registry", "import", path,
                           "--config", country.collector.config, *more], capture_output=True, text=True)


def accounts(numbers, per_day=100000, system="H26.motcua", number="0000"):
    place = {"H26.motcua": 0, "H29.motcua": 1}[system]
    return "".join(f"{system},canbo{i},NGUYENVANMAU,{number}{place:03d}{i:05d},{per_day}\n" for i in numbers)


def logins(country):
    return {(a["system"], a["login"]) for a in country.collector.json("registry", "list", "accounts")}


def test_a_shorter_list_is_asked_and_the_audit_log_tells_who_went(country, tmp_path):
    before = logins(country)
    text = HEAD + accounts(range(15))
    for language, words in (("en", "5 of 20 accounts (canbo15, canbo16"), ("vi", "5 trong 20 tài khoản (canbo15")):
        done = do(country, tmp_path, "accounts.csv", text, "--replace", "--lang", language)
        assert done.returncode == 64 and words in done.stderr and "--confirm 5" in done.stderr, done
    dry = do(country, tmp_path, "accounts.csv", text, "--replace", "--dry-run")
    assert dry.returncode == 0 and "--confirm 5" in dry.stderr
    assert do(country, tmp_path, "accounts.csv", text, "--replace", "--confirm", "4").returncode == 64
    assert logins(country) == before
    done = do(country, tmp_path, "accounts.csv", text, "--replace", "--confirm", "5")
    assert done.returncode == 0, done
    assert before - logins(country) == {("H26.motcua", f"canbo{i}") for i in range(15, 20)}
    wait_for("the refusal", lambda: ask(country.agents[0], "canbo17") == "deny", 5)
    entry = country.collector.json("audit", "list", "--action", "registry.import")[-1]
    assert "-canbo15@H26.motcua" in entry["reason"] and "per_day 100000" in entry["reason"]
    assert "NGUYENVANMAU" not in str(entry) and "000000000015" not in str(entry)
    country.collector.cli("audit", "verify")


def test_names_that_look_like_others(country, tmp_path):
    for name, point in (("\u0441anbo1", "U+0441 (c)"), ("csv21\u200b", "U+200B"), ("\u202ecsv21b", "U+202E"),
                        ("can\u00a0bo1", "U+00A0"), ("c\uff41nbo1", "U+FF41 (a)")):
        done = do(country, tmp_path, "accounts.csv", HEAD + f"H26.motcua,{name},NGUYENVANMAU,000077770001,1\n",
                  "--confirm", "1")
        assert done.returncode == 65 and point in done.stderr and "nothing of accounts.csv" in done.stderr, name
    twin = HEAD + "H26.motcua,CANBO1,NGUYENVANMAU,000077770002,1\n"
    done = do(country, tmp_path, "accounts.csv", twin)
    assert done.returncode == 64 and '"CANBO1" ~ "canbo1" @H26.motcua' in done.stderr
    both = HEAD + ("H26.motcua,hà,NGUYENVANMAU,000077770003,1\nH26.motcua,ha\u0300,NGUYENVANMAU,000077770004,1\n")
    done = do(country, tmp_path, "accounts.csv", both)
    assert done.returncode == 64 and "U+0300" in done.stderr and "--confirm 1" in done.stderr
    assert do(country, tmp_path, "accounts.csv", both, "--confirm", "1").returncode == 0
    assert {("H26.motcua", "hà"), ("H26.motcua", "ha\u0300")} <= logins(country)
    # Unregistered, and told with its code points.
    assert ask(country.agents[0], "\u0441anbo1") == "deny"
    wait_for("the usage", lambda: "\u0441anbo1 (U+0441)" in country.collector.cli("usage", "--by", "account"), 10)


def test_a_service_by_its_vietnamese_name_is_asked(country, tmp_path):
    text = "system,service,office_per_day,off_per_day\nH26.motcua,Tra cứu thông tin công dân,10,0\n"
    done = do(country, tmp_path, "services.csv", text)
    assert done.returncode == 64 and "did you mean TraCuuThongTinCongDan?" in done.stderr
    assert "Tra cứu" not in country.collector.cli("registry", "list", "services")


def test_a_list_of_strangers_is_asked_of_a_system_that_enforces(country, tmp_path):
    assert ask(country.agents[1], "canbo1") == "allow"
    wait_for("the count", lambda: country.usage("account", "--system", "H29.motcua")["rows"], 10)
    text = HEAD + "H29.motcua,nguoimoi,NGUYENVANMAU,000077770005,1\n"
    done = do(country, tmp_path, "accounts.csv", text, "--replace", "--confirm", "20")
    assert done.returncode == 64 and "none of the 1 logins" in done.stderr and "--confirm 21" in done.stderr


def test_units_and_systems_go_or_it_is_said_why_not(country, tmp_path):
    done = do(country, tmp_path, "units.csv", "code,name,kind\nH26,x,province\n", "--replace")
    assert done.returncode == 65 and "H29 is not in it and cannot be removed: it has systems" in done.stderr
    done = do(country, tmp_path, "systems.csv", "code,unit,name\nH26.khac,H26,x\n", "--replace")
    assert done.returncode == 65 and "H26.motcua is not in it and cannot be removed: it has agents" in done.stderr


def test_a_policy_beyond_what_agents_take_is_refused_by_name(country, tmp_path):
    before = logins(country)
    text = HEAD + accounts(range(20)) + accounts(range(1000, 5000)) + "".join(
        f"H26.motcua,{'x' * 120}{i},NGUYENVANMAU,0000{i:08d},1\n" for i in range(5000, 65000))
    done = do(country, tmp_path, "accounts.csv", text)
    assert done.returncode == 65 and "H26.motcua" in done.stderr and "16777216" in done.stderr, done.stderr[:500]
    assert logins(country) == before


def test_a_lock_waits_for_no_import_and_a_second_import_is_refused(country, tmp_path):
    text = HEAD + accounts(range(1000, 9000), system="H29.motcua")
    ended = []
    thread = threading.Thread(target=lambda: ended.append(do(country, tmp_path, "accounts.csv", text)))
    thread.start()
    took, refused = [], []
    while thread.is_alive():
        start = time.monotonic()
        lock = country.lock("account=canbo2@H29.motcua", "--for", "1h")
        took.append(time.monotonic() - start)
        country.collector.cli("lock", "release", lock["id"], "--reason", "thử nghiệm")
        other = tmp_path / "units.csv"
        other.write_text("code,name,kind\nH26,Đơn vị H26,province\n")
        refused.append(subprocess.run(
            [f"{country.stage.bin}/chot-collector", "registry", "import", other, "--config",
             country.collector.config], capture_output=True, text=True))
        time.sleep(0.2)
    thread.join()
    assert ended[0].returncode == 0, ended
    assert any(r.returncode == 1 and "another import is under way" in r.stderr for r in refused), took
    assert len([a for a in logins(country) if a[0] == "H29.motcua"]) == 8020
    assert os.path.exists(country.collector.state)
