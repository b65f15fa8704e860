"""The order of rooms that ARCHITECTURE.md gives is what `make lint` checks: an arrow back is told with both rooms and the line."""
import os
import shutil
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture()
def house(tmp_path):
    shutil.copytree(os.path.join(ROOT, "Sources"), tmp_path / "Sources")
    shutil.copy(os.path.join(ROOT, "ARCHITECTURE.md"), tmp_path)
    return tmp_path


def rooms(house):
    done = subprocess.run([os.path.join(ROOT, ".ci", "rooms"), str(house)], capture_output=True, text=True, check=False, cwd=house)
    return done.returncode, done.stderr


def append(path, text):
    """The number of the line that was added."""
    before = path.read_text(encoding="utf-8")
    path.write_text(before + text + "\n", encoding="utf-8")
    return before.count("\n") + 1


def test_the_house_as_it_is(house):
    assert rooms(house) == (0, "")


@pytest.mark.parametrize("room, file, later, line", [
    ("Collector/Locks", "LockBook.swift", "Collector/Detection", "extension LockBook { func back(_ d: Detection) {} }"),
    ("Collector/Store", "Store.swift", "Collector/Intake", "typealias Back = Intake"),
    ("Collector/Detection", "Detection.swift", "Collector/Commands", "let back: CollectorServer? = nil"),
    ("Agent/Gate", "Gate.swift", "Agent/Sending", 'let back = "\\(Courier.self)"'),
    ("Agent/Ledger", "Ledger.swift", "Agent/Status", "extension Ledger { func back() -> AgentReport? { nil } }"),
])
def test_an_arrow_back_names_both_rooms_and_the_line(house, room, file, later, line):
    number = append(house / "Sources" / room / file, line)
    code, told = rooms(house)
    assert code == 1 and f"Sources/{room}/{file}:{number}: {room} names" in told and later in told


def test_a_member_that_a_later_room_adds(house):
    append(house / "Sources/Agent/Sending/Courier.swift", "extension Ledger {\n    func comesFromLater() {}\n}")
    number = append(house / "Sources/Agent/Gate/Gate.swift", "func back(_ ledger: Ledger) { ledger.comesFromLater() }")
    code, told = rooms(house)
    assert code == 1 and f"Gate.swift:{number}: Agent/Gate names comesFromLater of Agent/Sending" in told


@pytest.mark.parametrize("line", ["// Detection comes later", 'let said = "Detection comes later"', "/* CollectorServer */"])
def test_words_of_comments_and_literals_are_no_arrows(house, line):
    append(house / "Sources/Collector/Store/Store.swift", line)
    assert rooms(house) == (0, "")


def test_a_room_that_the_order_does_not_name(house):
    (house / "Sources/Agent/Attic").mkdir()
    code, told = rooms(house)
    assert code == 1 and "Sources/Agent/Attic" in told
