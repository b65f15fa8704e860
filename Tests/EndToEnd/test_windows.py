"""Rows fall into the right windows when the office closes and opens (acceptance 8)."""
import time

import pytest

import fakeclock
from country import Country, ask, wait_for


@pytest.mark.parametrize("start,windows", [
    ("17:59:50", {(fakeclock.day(), "office"), (fakeclock.day(), "off")}),
    ("06:59:50", {(fakeclock.day(-1), "off"), (fakeclock.day(), "office")}),
])
def test_rows_fall_into_the_right_windows(stage, start, windows):
    # Setting up takes a few seconds; both programs start a little earlier than the time named.
    with fakeclock.at(start, earlier=10) as offset:
        boundary = fakeclock.moment(start) + 10 - offset
        check(stage, boundary, windows)


def check(stage, boundary, windows):
    country = Country(stage, systems=("H26.motcua",), accounts=2,
                      policy={"calendar": {"office_from": 7, "office_to": 18}})
    sent = 0
    while time.time() < boundary + 3:
        assert ask(country.agents[0], "canbo0") == "allow"
        sent += 1
        time.sleep(0.1)
    rows = wait_for("the rows", lambda: (lambda r: r if sum(x["allowed"] for x in r) == sent else None)(
        country.usage("day,window")["rows"]), 20)
    assert {(r["day"], r["window"]) for r in rows} == windows
