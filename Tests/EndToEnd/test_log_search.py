"""`chot-agent log search` on a query log that was written from docs/store-format.md alone: no agent runs here."""
import base64
import csv
import gzip
import hmac
import io
import json
import os
import re
import subprocess

import pytest

KEY = bytes(range(32))
HEAD = "time verdict reason login service source request message subject".split()
MAIN = "TraCuuThongTinCongDan"
SUBJECTS = [f"0000990{n:05d}" for n in range(40)]


def keyed(subject, key=KEY):
    return base64.urlsafe_b64encode(hmac.digest(key, subject.encode(), "sha256")[:16]).rstrip(b"=").decode()


def head(key=KEY):
    name = base64.urlsafe_b64encode(hmac.digest(key, b"chot query log key id", "sha256")[:6]).decode()
    return "\t".join(["#chot-query-log", "1", "key=" + name, *HEAD]) + "\n"


def line(n, date="2026-11-24", subject=None):
    """The nth query of a date, one a second."""
    time = f"{date}T{8 + n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.{n % 1000:03d}+07:00"
    verdict, reason = ("deny", "R8.account") if n % 10 == 9 else ("allow", "-")
    return "\t".join([time, verdict, reason, f"canbo{n % 4}", MAIN, "10.0.0.7", f"cong-{date}-{n}", f"ma-{date}-{n}",
                      keyed(subject or SUBJECTS[n % 40])]) + "\n"


class Log:
    """A state folder as an agent leaves it: its key, a compressed file, one that is being written."""

    def __init__(self, stage, state=None):
        self.program = os.path.join(stage.bin, "chot-agent")
        self.state = state or stage.path("state")
        self.folder = os.path.join(self.state, "log")
        os.makedirs(self.folder)
        self.config = stage.path("agent.json5")
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({"state": self.state, "collector": {"url": "https://collector.invalid:8470"}}, f)
        with open(os.path.join(self.state, "querylog.key"), "wb") as f:
            f.write(base64.urlsafe_b64encode(KEY).rstrip(b"=") + b"\n")
        self.numbers = stage.path("numbers")
        self.write("2026-11-23", [line(n, "2026-11-23") for n in range(200)], packed=True)
        self.write("2026-11-24", [line(n) for n in range(200)])

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, date, lines, packed=False, key=KEY):
        text = (head(key) + "".join(lines)).encode()
        with open(self.path(f"queries-{date}.log" + (".gz" if packed else "")), "wb") as f:
            f.write(gzip.compress(text) if packed else text)

    def subjects(self, *numbers):
        with open(self.numbers, "w", encoding="utf-8") as f:
            f.writelines(number + "\n" for number in numbers)
        return "--subject-file", self.numbers

    def run(self, *words, **more):
        return subprocess.run([self.program, "log", "search", "--config", self.config, *words],
                              capture_output=True, text=True, timeout=60, **more)

    def search(self, *words):
        done = self.run("--format", "json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def messages(self, *words):
        return [row["message"] for row in self.search(*words)["rows"]]

    def searches(self):
        if not os.path.exists(self.path("searches.log")):
            return []
        with open(self.path("searches.log"), encoding="utf-8") as f:
            return [json.loads(text) for text in f]


@pytest.fixture
def log(stage):
    return Log(stage)


def test_a_log_written_from_the_documentation_alone_is_searched(log):
    found = log.search()
    assert [row["message"] for row in found["rows"]] == [
        f"ma-{date}-{n}" for date in ("2026-11-23", "2026-11-24") for n in range(200)]
    assert found["hits"] == 400 and not found["limited"]
    assert found["coverage"] == {"files": 2, "files_of_other_keys": 0, "lost_lines": 0, "oldest": "2026-11-23",
                                 "unreadable_files": [], "unreadable_lines": 0}
    assert found["rows"][9] == {
        "time": "2026-11-23T08:00:09.009+07:00", "verdict": "deny", "reason": "R8.account", "account": "canbo1",
        "service": MAIN, "source": "10.0.0.7", "request": "cong-2026-11-23-9", "message": "ma-2026-11-23-9",
        "subject": keyed(SUBJECTS[9])}


def test_filters_narrow(log):
    assert log.messages("--account", "canbo3", "--verdict", "deny", "--to", "2026-11-24") == [
        f"ma-2026-11-23-{n}" for n in range(19, 200, 20)]
    assert log.messages("--from", "2026-11-24T08:00:05", "--to", "2026-11-24T01:00:07Z") == [
        "ma-2026-11-24-5", "ma-2026-11-24-6"]
    assert log.messages("--request", "ma-2026-11-24-7", "--request", "cong-2026-11-23-8") == [
        "ma-2026-11-23-8", "ma-2026-11-24-7"]
    assert log.messages("--service", "KhacHan") == []


def test_subjects_come_from_a_file_and_are_named_by_its_line(log):
    found = log.search(*log.subjects("", SUBJECTS[3], "000000000000", SUBJECTS[8]), "--from", "2026-11-24")
    assert {(row["subject"], row["subject_line"]) for row in found["rows"]} == {
        (keyed(SUBJECTS[3]), 2), (keyed(SUBJECTS[8]), 4)}
    assert len(found["rows"]) == 10
    table = log.run(*log.subjects(SUBJECTS[3])).stdout
    assert len(re.findall(r" line 1$", table, re.M)) == 10 and SUBJECTS[3] not in table
    rows = list(csv.DictReader(io.StringIO(log.run(*log.subjects(SUBJECTS[3]), "--format", "csv").stdout)))
    assert len(rows) == 10 and {row["subject_line"] for row in rows} == {"1"}
    done = subprocess.run([log.program, "log", "search", "--config", log.config, "--subject-file", "-",
                           "--format", "json"], input=SUBJECTS[3], capture_output=True, text=True)
    assert json.loads(done.stdout)["hits"] == 10


def test_each_search_is_logged_with_who_what_and_how_many(log):
    log.search(*log.subjects(SUBJECTS[3], SUBJECTS[8]), "--account", "canbo3", "--from", "2026-11-24")
    assert log.run("--limit", "7", env={**os.environ, "SUDO_UID": "4711"}).returncode == 0
    first, second = log.searches()
    assert first["by"]["uid"] == os.getuid() and first["by"]["login"] == "root"
    assert first["subjects"] == [keyed(SUBJECTS[3]), keyed(SUBJECTS[8])]
    assert (first["accounts"], first["from"], first["hits"]) == (["canbo3"], "2026-11-24T00:00:00.000+07:00", 5)
    assert (second["hits"], second["limited"], second["by"]["sudo_uid"]) == (7, True, "4711")
    with open(log.path("searches.log"), encoding="utf-8") as f:
        assert "0000990" not in f.read()
    assert os.stat(log.path("searches.log")).st_mode & 0o777 == 0o600
    assert sorted(os.listdir(log.folder)) == [
        "queries-2026-11-23.log.gz", "queries-2026-11-24.log", "searches.lock", "searches.log"]


def test_a_search_that_cannot_be_logged_shows_nothing(log):
    os.mkdir(log.path("searches.log"))
    for form in ("table", "json", "csv"):
        done = log.run("--format", form)
        assert (done.returncode, done.stdout) == (1, "")
        assert "cannot be logged" in done.stderr and "searches.log" in done.stderr


def test_a_search_on_a_full_disk_shows_nothing(stage, small_disk):
    disk = small_disk("small", 8)
    log = Log(stage, os.path.join(disk.path, "state"))
    disk.fill()
    done = log.run()
    assert (done.returncode, done.stdout) == (1, "") and "No space left" in done.stderr
    assert log.searches() == []
    disk.free()
    assert log.search()["hits"] == 400
    assert len(log.searches()) == 1


def test_what_root_makes_belongs_to_the_owner_of_the_folder(log):
    if os.getuid() != 0:
        pytest.skip("needs root")
    os.chown(log.folder, 4711, 4712)
    log.search()
    for name in ("searches.log", "searches.lock"):
        status = os.stat(log.path(name))
        assert (status.st_uid, status.st_gid) == (4711, 4712)


def test_a_crash_left_both_files(log):
    with open(log.path("queries-2026-11-24.log"), "rb") as f, open(log.path("queries-2026-11-24.log.gz"), "wb") as out:
        out.write(gzip.compress(f.read()))
    with open(log.path("queries-2026-11-23.log.gz.new"), "wb") as f:
        f.write(b"half")
    assert log.search()["hits"] == 400


def test_what_is_missing_is_named(log):
    log.write("2026-11-25", [line(1, "2026-11-25"), "#lost\t2026-11-25T09:00:00.000+07:00\tlines=17\n", "rubbish\n",
                             line(2, "2026-11-25")[:-1]], key=b"x" * 32)
    done = log.run(*log.subjects(SUBJECTS[1]), "--format", "json")
    coverage = json.loads(done.stdout)["coverage"]
    assert done.returncode == 0
    assert (coverage["lost_lines"], coverage["unreadable_lines"], coverage["files_of_other_keys"]) == (17, 1, 1)
    assert "17 lines" in done.stderr and "another key" in done.stderr
    with open(log.path("queries-2026-11-23.log.gz"), "r+b") as f:
        f.truncate(os.path.getsize(f.name) - 20)
    done = log.run("--format", "json")
    assert done.returncode == 1 and "queries-2026-11-23.log.gz" in done.stderr
    assert "ma-2026-11-24-199" in done.stdout


def test_a_large_log_is_searched_in_little_memory(log):
    lines = [line(n, "2026-10-01") for n in range(36_000)]
    with open(log.path("queries-2026-10-01.log"), "w", encoding="utf-8") as f:
        f.write(head())
        for _ in range(8):
            f.writelines(lines)
    subprocess.run(["gzip", "-1", log.path("queries-2026-10-01.log")], check=True)
    process = subprocess.Popen([log.program, "log", "search", "--config", log.config, "--limit", "100000000"],
                               stdout=subprocess.PIPE)
    peak = shown = 0
    while piece := process.stdout.read(1 << 20):
        shown += piece.count(b"\n")
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as f:
            peak = max(peak, *(int(text.split()[1]) for text in f if text.startswith("VmHWM")), 0)
    assert process.wait() == 0
    assert log.searches()[-1]["hits"] == shown - 1 == 8 * 36_000 + 400
    assert 0 < peak < 32 << 10, f"{peak} KiB for {shown} lines"


@pytest.mark.parametrize("words, code, says", [
    (["--from", "gestern"], 64, "--from"), (["--verdict", "perhaps"], 64, "--verdict"),
    (["--limit", "0"], 64, "--limit"), (["--from", "2026-11-25", "--to", "2026-11-24"], 64, "not before"),
    (["--subject-fil", "1"], 64, "--subject-file?"), (["--subject-file", "/nonexistent"], 66, "/nonexistent"),
])
def test_mistakes_are_named(log, words, code, says):
    done = log.run(*words)
    assert (done.returncode, done.stdout) == (code, "") and says in done.stderr
    assert log.searches() == []


def test_a_subject_file_is_checked_and_its_numbers_are_not_repeated(log):
    for text, says in (("", "no subject number"), ("000099000001\n0000 9900 0002\n", "line 2"),
                       ("\n".join(map(str, range(10_001))), "at most 10000"), ("7" * (1 << 20) + "7", "larger than")):
        with open(log.numbers, "w", encoding="utf-8") as f:
            f.write(text)
        done = log.run("--subject-file", log.numbers)
        assert done.returncode in (1, 65) and says in done.stderr and "9900" not in done.stderr and done.stdout == ""


def test_without_log_or_key_it_says_what_is_missing(log):
    os.unlink(os.path.join(log.state, "querylog.key"))
    assert log.search()["hits"] == 400
    done = log.run(*log.subjects(SUBJECTS[1]))
    assert done.returncode == 66 and "querylog.key" in done.stderr
    os.rename(log.folder, log.folder + ".away")
    done = log.run()
    assert done.returncode == 66 and log.folder in done.stderr


def test_the_floor_of_three_months_names_its_law(log):
    os.mkdir(log.config + ".d")
    for keep, code in (("2 months", 78), ("3 months", 0), ("121 months", 78)):
        with open(log.config + ".d/60.json5", "w", encoding="utf-8") as f:
            json.dump({"queryLog": {"keep": keep}}, f)
        done = subprocess.run([log.program, "check-config", "--config", log.config],
                              capture_output=True, text=True)
        assert done.returncode == code
        assert code == 0 or ("queryLog.keep" in done.stderr and "6383/CV-TCT" in done.stderr
                             and "331/2026" in done.stderr)


def test_help_in_both_languages(log):
    for words, says in ((["--help"], "itself logged"), (["--help", "--lang", "vi"], "nhật ký truy cập")):
        done = log.run(*words)
        assert done.returncode == 0 and "--subject-file" in done.stdout and says in done.stdout
    table = log.run("--lang", "vi", "--limit", "3")
    assert "tài khoản" in table.stdout.splitlines()[0] and "3 dòng đầu" in table.stderr
