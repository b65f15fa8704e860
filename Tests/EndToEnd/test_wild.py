"""The wild run in small (`make wild` is the whole of it); CHOT_WILD_SEED takes another seed.

Of which it is sure that it can fail: a query that a client forgets is found, and one that the
collector does.
"""
import copy
import os

import pytest

from country import Broken
from wild import RESTORED, Plan, run_wild
from wild_check import Known
from wild_clients import ALLOWED

PLAN = Plan(30_000, 300, int(os.environ.get("CHOT_WILD_SEED", "5")), kills=4, fulls=1, outages=1,
            rate=1500, seconds=(2, 4), every="1s", megabytes=64)


def finds_one_query_too_many_or_too_few(wild):
    doubtful = {key for key, row in wild.known.by_name.items() if row.doubt or row.maybe_allowed}
    names = {code: wild.load.names(code // 8) for code in set(wild.notes[2::3])}
    place = next(i for i in range(2, len(wild.notes), 3) if wild.notes[i] % 8 == ALLOWED
                 and names[wild.notes[i]] not in doubtful)
    forgotten = wild.notes[:place - 2] + wild.notes[place + 1:]
    with pytest.raises(Broken, match="keys differ"):
        Known(wild.load, forgotten, wild.gaps, wild.window).compare(wild.rows)
    for change in (1, -1):
        rows = copy.deepcopy(wild.rows)
        row = next(r for r in rows if r["allowed"] > 0
                   and (r["system"], r["account"], r["service"]) not in doubtful)
        row["allowed"] += change
        with pytest.raises(Broken, match="keys differ"):
            wild.known.compare(rows)
    # Without the gap that coverage names, what the snapshot lost would be missing.
    if wild.known.in_gap[ALLOWED] > 100:
        with pytest.raises(Broken, match=RESTORED):
            Known(wild.load, wild.notes, {}, wild.window).compare(wild.rows)


def test_totals_are_exact_or_what_is_missing_is_said(stage):
    table = run_wild(PLAN, stage, then=finds_one_query_too_many_or_too_few)
    print(table)
    assert len({event[2] for event in PLAN.events() if event[1] == "kill"}) > 1
