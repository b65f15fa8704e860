"""Each sentence of the letter that binds, and the scenario that shows it.

LETTER is the table: the phrase of 6383/CV-TCT, and the names of the tests that show it, here or elsewhere.
LATER names what binds and is not built yet. test_every_sentence_has_its_scenario holds that the phrases stand in
docs/domain.md, which quotes the letter clause by clause, and that the tests exist.
"""
import glob
import os
import re

import pytest

import fakeclock
from country import Agent, Broken, Country, SERVICES, Stage, ask, configure, post, soap, wait_for

LETTER = {
    "tự động khóa kết nối từ tài khoản các hệ thống có truy vấn bất thường":
        ["test_an_account_passes_twice_its_volume_and_is_locked_until_its_day_ends"],
    "hệ thống phát sinh số lượng lớn kết nối khai thác ngoài giờ hành chính":
        ["test_a_service_passes_twice_its_off_hours_volume"],
    "thống nhất phương án triển khai": ["test_an_accepted_notice_excuses_and_a_plan_lifts_the_cap"],
    "giới hạn lượt khai thác với từng IP, tài khoản":
        ["test_too_fast_is_throttled_challenged_and_denied",
         "test_each_address_is_limited_where_client_addresses_are_trusted"],
    "captcha": ["test_too_fast_is_throttled_challenged_and_denied"],
    "Danh sách tài khoản đăng ký sử dụng khai thác dịch vụ dân cư":
        ["test_who_or_what_is_not_registered_is_refused"],
    "Phiếu đăng ký sử dụng dịch vụ trong CSDLQG về dân cư":
        ["test_who_or_what_is_not_registered_is_refused"],
    "gỡ bỏ quyền truy cập khi không còn cần thiết":
        ["test_an_account_taken_off_the_list_is_refused_at_once"],
    "Giờ hành chính từ 07h00-18h00": ["test_rows_fall_into_the_right_windows"],
    "vượt quá ngưỡng 02 lần/ngày sẽ bị khóa":
        ["test_an_account_passes_twice_its_volume_and_is_locked_until_its_day_ends",
         "test_a_service_passes_twice_its_office_volume"],
    "Ngoài giờ hành chính từ 18h00 đến 07h00 ngày hôm sau":
        ["test_a_service_passes_twice_its_off_hours_volume", "test_rows_fall_into_the_right_windows"],
    "không được đăng ký quá 1000 truy vấn/ngày":
        ["test_off_hours_beyond_the_letters_cap_are_refused",
         "test_exactly_a_thousand_queries_of_a_system_pass_off_hours"],
    "chạy tiến trình tự động đều phải thông báo":
        ["test_an_accepted_notice_excuses_and_a_plan_lifts_the_cap"],
    "Lưu giữ nhật ký truy cập để phục vụ công tác điều tra":
        ["test_each_query_leaves_one_line_that_can_be_found",
         "test_each_search_is_logged_with_who_what_and_how_many"],
    "Số lần truy vấn trong ngày":
        ["test_an_account_passes_twice_its_volume_and_is_locked_until_its_day_ends"],
}
# Sentences that bind and have no scenario yet, and what they wait for.
LATER = {
    "sẽ bị khóa kết nối, tạm ngừng khai thác dịch vụ dân cư": "R7, the profile's deadline",
    "định kỳ 3 tháng thực hiện rà soát danh sách đăng ký": "R7, the review of accounts",
    "các chương trình chạy tự động, hệ thống có lượng truy vấn tăng đột biến": "R4, R5: detectors",
    "chống vét cạn dữ liệu": "X6: enumeration",
}
HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN = os.path.join(HERE, "../../docs/domain.md")
SYSTEMS = ("H26.motcua", "H26.dvc", "H29.motcua")
MAIN = SERVICES[0]


def test_every_sentence_has_its_scenario():
    tests = "".join(open(path, encoding="utf-8").read() for path in glob.glob(HERE + "/test_*.py"))
    for phrase, names in LETTER.items():
        for name in names:
            assert re.search(rf"^def {name}\(", tests, re.M), f"{phrase}: no test {name}"
    quoted = " ".join(open(DOMAIN, encoding="utf-8").read().split())
    for phrase in [*LETTER, *LATER]:
        assert phrase in quoted, phrase


def registered(stage, rules=None):
    """Three systems with small volumes, enforcing, under the letter's own hours."""
    country = Country(stage, systems=SYSTEMS, accounts=4, per_day=1000, agents=False,
                      policy={"calendar": {"office_from": 7, "office_to": 18},
                              "rules": {"X1": {"effect": "observe"}, **(rules or {})}})
    country.write("services", "system,service,office_per_day,off_per_day",
                  [("H26.motcua", MAIN, 6, 4), ("H26.motcua", SERVICES[1], 100, 300),
                   ("H26.dvc", MAIN, 1000, 900), ("H29.motcua", MAIN, 100, 100)])
    country.write("accounts", "system,login,full_name,cccd,per_day", [
        (s, f"canbo{i}", "NGUYENVANMAU", f"0000{n:04d}{i:04d}", 5 if i == 3 else 5000)
        for n, s in enumerate(SYSTEMS) for i in range(4)])
    country.collector.cli("registry", "import", country.registry, "--replace", "--confirm", "5")
    country.agents = [Agent(stage, country.collector, country.npd, s).start() for s in SYSTEMS]
    return country


@pytest.fixture(scope="module")
def morning():
    rules = {"R9": {"effect": "throttle", "challenge_at": 3, "deny_at": 6,
                    "account": {"limit": 40, "period": "1h"}}}
    with Stage("chot-test-") as stage, fakeclock.at("09:00"):
        yield registered(stage, rules)


@pytest.fixture(scope="module")
def evening():
    with Stage("chot-test-") as stage, fakeclock.at("20:00"):
        yield registered(stage)


def asked(agent, login, count, service=MAIN):
    verdicts = [ask(agent, login, service) for _ in range(count)]
    return verdicts.count("allow"), verdicts.count("deny")


def the_lock(country, scope):
    return wait_for(f"the lock of {scope}", lambda: [
        lock for lock in country.collector.json("lock", "list") if lock["scope"] == scope], 10)[0]


def test_an_account_passes_twice_its_volume_and_is_locked_until_its_day_ends(morning):
    agent = morning.agents[2]
    assert asked(agent, "canbo3", 14) == (10, 4)
    lock = the_lock(morning, "account=canbo3@H29.motcua")
    assert (lock["reason"], lock["state"]) == ("R1", "active")
    assert lock["expires_at"] == fakeclock.day(1) + "T07:00:00.000+07:00"
    assert asked(agent, "canbo0", 1) == (1, 0), "another account of the system is free"
    wait_for("the account's alerts", lambda: morning.alerts("R1", "breach")
             and morning.alerts("R1", "lock"), 10)


def test_a_service_passes_twice_its_office_volume(morning):
    agent = morning.agents[0]
    allowed = sum(asked(agent, f"canbo{i}", 5)[0] for i in range(3))
    assert allowed == 12
    lock = the_lock(morning, f"service={MAIN}@H26.motcua")
    assert (lock["reason"], lock["expires_at"]) == ("R2", fakeclock.day() + "T18:00:00.000+07:00")
    assert asked(agent, "canbo0", 3, SERVICES[1]) == (3, 0), "other services still work"
    status, headers, body = post(agent.gateway_port, soap("canbo0"))
    assert status == 500 and headers["X-Chot-Reason"] == lock["id"]
    assert "hết 2 lần mức đăng ký 6 lượt/ngày, nên bị khóa" in body.decode()


def test_who_or_what_is_not_registered_is_refused(morning):
    agent = morning.agents[2]
    status, headers, body = post(agent.gateway_port, soap("nguoila"))
    assert (status, headers["X-Chot-Reason"]) == (500, "R8") and "nguoila" in body.decode()
    assert asked(agent, "canbo1", 1, SERVICES[2]) == (0, 1)
    wait_for("both alerts", lambda: morning.alerts("R8", "account") and morning.alerts("R8", "service"), 10)


def test_an_account_taken_off_the_list_is_refused_at_once(morning):
    agent = morning.agents[1]
    assert asked(agent, "canbo2", 1) == (1, 0)
    path = os.path.join(morning.registry, "ngay-moi.csv")
    with open(path, "w", encoding="utf-8") as f:
        f.write("system,login,full_name,cccd,per_day\n" + "".join(
            f"H26.dvc,canbo{i},NGUYENVANMAU,00000001000{i},5000\n" for i in (0, 1, 3)))
    morning.collector.cli("registry", "import", path, "--as", "accounts", "--replace", "--confirm", "1")
    wait_for("the refusal", lambda: ask(agent, "canbo2") == "deny", 5)


def test_too_fast_is_throttled_challenged_and_denied(morning):
    agent = morning.agents[1]
    verdicts = []
    for _ in range(48):
        _, headers, _ = post(agent.gateway_port, soap("canbo1"))
        verdicts.append(headers.get("X-Chot-Verdict", "allow"))
        if verdicts[-1] in ("throttle", "deny"):
            assert int(headers["Retry-After"]) > 0 and headers["X-Chot-Reason"] == "R9"
    assert verdicts == ["allow"] * 40 + ["throttle"] * 2 + ["challenge"] * 3 + ["deny"] * 3
    assert not [k for k in morning.collector.json("lock", "list") if "canbo1@H26.dvc" in k["scope"]]
    wait_for("the alert", lambda: morning.alerts("R9", "account"), 10)


def test_each_address_is_limited_where_client_addresses_are_trusted(stage):
    limit = {"R9": {"effect": "throttle", "ip": {"limit": 3, "period": "1h"}}}
    country = Country(stage, systems=("H26.motcua",), accounts=4, policy={"rules": limit}, agents=False)
    agent = Agent(stage, country.collector, country.npd, "H26.motcua")

    def verdicts(forwarded, count):
        return [post(agent.gateway_port, soap("canbo1"), {"X-Forwarded-For": forwarded})[1]
                .get("X-Chot-Verdict", "allow") for _ in range(count)]
    agent.start()
    assert verdicts("198.51.100.7", 6) == ["allow"] * 6, "an address that anybody can claim is no source"
    agent.process.stop()
    agent.gateway.stop()
    agent.gateway = None
    configure(agent, gateway={"trustedProxies": ["127.0.0.1"]})
    agent.start()
    assert verdicts("198.51.100.7", 5) == ["allow"] * 3 + ["throttle"] * 2
    assert verdicts("203.0.113.9, 198.51.100.7", 1) == ["throttle"], "what the client adds in front is not believed"
    assert verdicts("198.51.100.8", 1) == ["allow"]
    wait_for("the alert", lambda: country.alerts("R9", "ip"), 10)


def test_a_service_passes_twice_its_off_hours_volume(evening):
    agent = evening.agents[0]
    assert asked(agent, "canbo0", 12) == (8, 4)
    lock = the_lock(evening, f"service={MAIN}@H26.motcua")
    assert (lock["reason"], lock["expires_at"]) == ("R3", fakeclock.day(1) + "T07:00:00.000+07:00")
    assert evening.alerts("R3", "lock")


def test_exactly_a_thousand_queries_of_a_system_pass_off_hours(evening):
    agent = evening.agents[1]
    assert asked(agent, "canbo0", 1010) == (1000, 10)
    lock = the_lock(evening, "system=H26.dvc")
    assert lock["reason"] == "R3" and evening.alerts("R3", "cap")

    def counted():
        rows = {r["system"]: r for r in evening.usage("system,window")["rows"]}
        row = rows.get("H26.dvc", {})
        return row if row.get("denied") == 10 else None
    row = wait_for("the totals", counted, 10)
    assert (row["window"], row["allowed"]) == ("off", 1000)


def test_an_accepted_notice_excuses_and_a_plan_lifts_the_cap(evening):
    agent = evening.agents[2]
    assert asked(agent, "canbo0", 210) == (200, 10)
    lock = the_lock(evening, f"service={MAIN}@H29.motcua")
    path = os.path.join(evening.registry, "notices.csv")

    def announce(status, number):
        with open(path, "w", encoding="utf-8") as f:
            f.write("system,service,from,to,hours,per_day,contact,status,number,plan\n"
                    f"H29.motcua,{MAIN},{fakeclock.day()},{fakeclock.day()},20-23,100,Đầu mối,{status},{number},\n")
        return evening.collector.cli("registry", "import", path)
    announce("received", "")
    assert ask(agent, "canbo0") == "deny", "a notice that was not accepted excuses nothing"
    assert lock["id"] in announce("accepted", "12/TB")
    wait_for("the excused query", lambda: ask(agent, "canbo0") == "allow", 5)
    with pytest.raises(Broken, match="number"):
        announce("accepted", "")
