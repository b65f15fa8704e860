"""Rows fall into the right windows when the office closes and opens (acceptance 8)."""
import os
import time

import pytest

import stage as stage_module
from country import Country, ask, wait_for

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


@pytest.mark.skipif(not os.path.exists(LIBRARY), reason="faketime is not installed")
@pytest.mark.parametrize("start,windows", [
    ("17:59:50", {("2026-11-24", "office"), ("2026-11-24", "off")}),
    ("06:59:50", {("2026-11-23", "off"), ("2026-11-24", "office")}),
])
def test_rows_fall_into_the_right_windows(stage, monkeypatch, start, windows):
    hour, minute, second = (int(p) for p in start.split(":"))
    moment = 1795453200 + (hour * 60 + minute) * 60 + second  # 2026-11-24T00:00:00+07:00
    assert time.strftime("%Y-%m-%dT%H", time.gmtime(1795453200)) == "2026-11-23T17"
    # Setting up takes a few seconds; both programs start a little earlier than the boundary less ten seconds.
    offset = moment - time.time() - 15
    real = stage_module.Process.__init__

    def faked(self, name, args, log):
        if args[0].endswith(("chot-agent", "chot-collector")):
            args = ["/usr/bin/env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME={offset:+.0f}", *args]
        real(self, name, args, log)

    monkeypatch.setattr(stage_module.Process, "__init__", faked)
    country = Country(stage, systems=("H26.motcua",), accounts=2,
                      policy={"calendar": {"office_from": 7, "office_to": 18}})
    sent = 0
    boundary = (moment + 10) - offset
    while time.time() < boundary + 3:
        assert ask(country.agents[0], "canbo0") == "allow"
        sent += 1
        time.sleep(0.1)
    rows = wait_for("the rows", lambda: (lambda r: r if sum(x["allowed"] for x in r) == sent else None)(
        country.usage("day,window")["rows"]), 20)
    assert {(r["day"], r["window"]) for r in rows} == windows
