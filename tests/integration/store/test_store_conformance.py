"""One conformance suite for every store that the hub's logic is driven on: PostgreSQL, and the tables in memory.

What a statement does is said in SQL, so PostgreSQL is right: each statement is called on both with the
same parameters, after the same calls before, and results, refusals and whole tables must be the same.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.integration.store.calls import NOW_MS, Calibrate, Call, calls, grounding, names_of
from tests.integration.store.grounds import outcome, repr_of

from seamline.hub.params import Int8s
from seamline.rig.world.memory_store import STATEMENTS
from seamline.rig.world.tables import CARDINALITY, NOT_NULL

FILES = ("ingest", "worker", "calibration", "hearing")
NAMES = [(file, name) for file in FILES for name in names_of(file)]
QUICK = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

OF_ROWS = [("refused", CARDINALITY), ("refused", NOT_NULL)]
"""What a row alone may be refused for. Of rows that are wrong in both ways PostgreSQL names the first one's, the tables any."""


def compare(both, sequence):
    """The same calls on both; the last one's outcome, and every table, must be the same."""
    for ground in both:
        ground.reset()
    for call in sequence:
        if isinstance(call, Calibrate):
            for ground in both:
                ground.calibrate(call.rows)
            continue
        found = [outcome(ground, call.on(ground.store(call.file))) for ground in both]
        if call.is_query and not call.is_ordered:
            found = [one if isinstance(one, tuple) else sorted(one, key=repr_of) for one in found]
        assert found[0] == found[1] or all(one in OF_ROWS for one in found), call
    real, made = (ground.dump() for ground in both)
    for tables in (real, made):
        for row in tables["revaluation"]:
            del row["id"]  # a step asks for several at once, in no order that it promises
        tables["revaluation"].sort(key=repr_of)
    for table, rows in real.items():
        assert in_columns(made[table], rows) == rows, table


def in_columns(made, real):
    """Rows with the columns that PostgreSQL has: those of layouts that no row has are NULL there."""
    names = real[0] if real else ()
    assert all(row.keys() <= set(names) for row in made) or not real
    return sorted(({name: row.get(name) for name in names} for row in made), key=repr_of) if real else made


def test_every_statement_is_there():
    for file in FILES:
        assert sorted(STATEMENTS[file]) == names_of(file), file


@pytest.mark.parametrize(("file", "name"), NAMES, ids=lambda part: part)
def test_a_statement_does_in_memory_what_it_does_on_postgresql(both, families, file, name):

    @QUICK
    @given(grounding(families, name), st.lists(calls(file, name), min_size=1, max_size=3))
    def hold(before, now):
        compare(both, [*before, *now])

    hold()


LEDGER = {"mark": 1, "high": 4, "gaps": [1, 3], "upper": None, "stored": 2, "quarantined": 0, "declined": 0, "lost": 0, "was": 0}
BOOT = {"device_no": 1, "incarnation": 7, "boot": 1}
PRESENCE = {"session": 1, "born_ms": NOW_MS, "last_heard_ms": NOW_MS, "unanswered": 0, "failures": []}
ANCHOR = {**BOOT, "at_ms": 5, "unix_ms": NOW_MS, "source": "hub", "uncertainty_ms": 5}
GAP = {"boot": 1, "channel": 1, "since_ms": NOW_MS - 90_000}


def called(name, *rows, file="ingest", **given):
    return Call(file, name, {**given, **({"rows": list(rows)} if rows else {})})


def found_by(both, call):
    found = [outcome(ground, call.on(ground.store(call.file))) for ground in both]
    assert found[0] == found[1], call
    return found[0]


def test_a_gap_is_found_until_it_is_told(both):
    ledger = {**BOOT, **LEDGER, "channel": 1, "version": 1, "duplicates": 0, "arrival": 1, "owed_since_ms": NOW_MS - 90_000}
    find = called("untold_gaps", file="worker", before_ms=NOW_MS - 60_000, most=9)
    before = [called("new_devices", ids=["d1"]), called("write_rows", ledger), called("presence", {"device_no": 1, **PRESENCE})]
    compare(both, before)
    assert found_by(both, find) == [(1, None, 7, 1, 1, [1, 3], NOW_MS - 90_000)]
    compare(both, [*before, called("add_events", {"at_ms": NOW_MS, "device_no": 1, "kind": "gap", "detail": GAP})])
    assert found_by(both, find) == []


def test_an_anchor_stands_or_falls_beside_another(both):
    fallen = {**ANCHOR, "accepted": False, "why": "disagrees"}
    compare(both, [called("add_anchors", {**ANCHOR, "received_ms": NOW_MS, "accepted": True, "why": None})])
    assert found_by(both, called("stand_anchors", fallen)) == 1
    assert found_by(both, called("stand_anchors", fallen)) == 0
    assert len(found_by(both, called("anchors_of", device=Int8s([1]), incarnation=Int8s([7])))) == 1


def test_evidence_is_kept_once_of_each_device(both):
    kept = {"device_no": 1, "device_id": "d1", "arrival_us": 1, "reason": "crc", "counted": False, "bytes": "YWJj"}
    compare(both, [])
    assert found_by(both, called("add_quarantine", kept, kept)) == 2
    assert found_by(both, called("add_quarantine", kept, {**kept, "device_no": None}, {**kept, "counted": True})) == 2


def test_a_judged_device_is_due_again_when_something_came_meanwhile(both):
    compare(both, [called("new_devices", ids=["d1"]), called("presence", {"device_no": 1, **PRESENCE})])
    due = called("due_presence", file="worker", now_ms=NOW_MS + 1, most=9)
    ((*_, check_at),) = found_by(both, due)
    judged = {"device_no": 1, "state": "online", "next_ms": NOW_MS + 60_000}
    assert found_by(both, called("announce", {**judged, "was": "2000-01-01 00:00:00+00"}, file="worker")) == 1
    assert len(found_by(both, due)) == 1
    assert found_by(both, called("announce", {**judged, "was": check_at}, file="worker")) == 1
    assert found_by(both, due) == []


TIMED = {"publish_every_ms": 60_000, "answer_timeout_ms": 12_000, "presumed_lost_after_ms": 180_000}


@pytest.mark.parametrize(
    ("row", "state", "now_ms", "goes_on"),
    [
        ({}, "online", 72_000, True),
        ({"unanswered": 1}, "online", 72_000, True),
        ({"unanswered": -1}, "online", 72_000, True),
        ({"born_ms": NOW_MS - 36_000}, "online", 72_000, True),
        ({"born_ms": NOW_MS - 90_000, "last_answered_ms": NOW_MS - 36_000}, "online", 72_000, True),
        ({}, "online", 72_001, False),  # silent
        ({}, "deaf", 72_000, False),
        ({"died_ms": NOW_MS}, "online", 72_000, False),
        ({"unanswered": 2}, "online", 72_000, False),
        ({"born_ms": NOW_MS - 36_001}, "online", 72_000, False),  # perhaps deaf
        ({"publish_every_ms": None}, "online", 72_000, False),
    ],
)
def test_a_device_that_certainly_goes_on_being_online_need_not_be_judged(both, row, state, now_ms, goes_on):
    known = [called("new_devices", ids=["d1"]), called("presence", {"device_no": 1, **PRESENCE, **TIMED, **row})]
    told = called("announce", {"device_no": 1, "state": state, "next_ms": None, "was": None}, file="worker")
    compare(both, [*known, told])
    at_ms = NOW_MS + now_ms
    assert found_by(both, called("still_online", file="worker", now_ms=at_ms, most=9)) == int(goes_on)
    due = called("due_presence", file="worker", now_ms=at_ms, most=9)
    assert len(found_by(both, due)) == int(not goes_on)
    later = called("due_presence", file="worker", now_ms=NOW_MS + 72_001, most=9)
    assert len(found_by(both, later)) == 1
