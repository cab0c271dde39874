"""Gaps that stay open: when somebody must have been told, and how often."""

import pytest

from seamline.hub.steps.tell import GAP_AGE_MS
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.gap_audit import LATELY_MS, OPEN_US, TOGETHER_MS, GapAudit
from seamline.rig.world.heap import MS, SECOND
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_rows import EventRow

FROM_US = 1_000 * SECOND
SINCE_MS = unix_ms(FROM_US) - GAP_AGE_MS


@pytest.fixture
def tables(ran):
    """Its tables, in which one ledger row has a hole since SINCE_MS."""
    tables = ran.hub.database.tables
    key, row = next((key, row) for key, row in tables.ledger.rows.items() if key[3] and row["mark"] > 9)
    presence = tables.presence.rows[key[0]]
    tables.ledger.put(key, {**row, "mark": 3, "gaps": [3, 5], "owed_since_ms": SINCE_MS})
    yield tables
    tables.ledger.put(key, row)
    tables.presence.put(key[0], presence)


@pytest.fixture
def key(tables):
    (key,) = tables.ledger.waiting
    return key


@pytest.fixture
def audit(ran, tables):
    return GapAudit(tables, ran.hub.index)


def heard(tables, key, at_us):
    tables.presence.put(key[0], {**tables.presence.rows[key[0]], "last_heard": unix_ms(at_us) * MS})


def event(key, at_ms, since_ms=SINCE_MS, kind="gap"):
    detail = {"incarnation": key[1], "boot": key[2], "channel": key[3], "missing": [[3, 5]], "since_ms": since_ms}
    return EventRow(1, at_ms * MS, key[0], kind, None, None, None, detail)


def looked(audit, tables, key, until_us=FROM_US + OPEN_US + 1, quiet_us=0):
    """Look every 5 s and then at `until_us`, the device heard `quiet_us` before each look."""
    for at_us in (*range(FROM_US, until_us, 5 * SECOND), until_us):
        heard(tables, key, at_us - quiet_us)
        audit.look(at_us)


def untold(act, *about, **more):
    with pytest.raises(BrokenPromise) as broken:
        act(*about, **more)
    assert (broken.value.promise, broken.value.device) == ("told-once", 0)
    return broken.value.what


def test_a_gap_that_stays_open_and_is_told_to_nobody_is_found(audit, tables, key):
    looked(audit, tables, key, FROM_US + OPEN_US)
    what = untold(audit.look, FROM_US + OPEN_US + 1)
    assert what == f"boot {key[2]}, channel {key[3]}, from record 3 on: a gap has been open for 80000 ms, and nobody was told"


def test_one_that_was_told_is_in_order(audit, tables, key):
    audit.heard(event(key, SINCE_MS + GAP_AGE_MS))
    looked(audit, tables, key)


def test_one_that_was_told_and_opened_anew_is_not(audit, tables, key):
    audit.heard(event(key, SINCE_MS - 1, SINCE_MS - 1 - GAP_AGE_MS))
    assert "nobody was told" in untold(looked, audit, tables, key)


def test_of_a_device_that_is_not_heard_nobody_need_be_told(audit, tables, key):
    looked(audit, tables, key, quiet_us=(LATELY_MS + 1) * MS)
    assert untold(looked, audit, tables, key, quiet_us=LATELY_MS * MS)


def test_the_hole_must_have_been_there_all_the_while(audit, tables, key):
    looked(audit, tables, key, FROM_US + OPEN_US)
    tables.ledger.put(key, {**tables.ledger.rows[key], "mark": 4, "gaps": [4, 5]})
    audit.look(FROM_US + OPEN_US + 1)


def test_and_nothing_in_the_hubs_way(audit, tables, key):
    looked(audit, tables, key, FROM_US + OPEN_US)
    audit.unsettle()
    audit.look(FROM_US + OPEN_US + 1)


def test_after_a_restore_what_was_told_is_not(audit, tables, key):
    audit.heard(event(key, SINCE_MS + GAP_AGE_MS))
    audit.restored()
    assert "nobody was told" in untold(looked, audit, tables, key)


def test_a_gap_that_is_told_of_too_early_is_found(audit, key):
    audit.heard(event(key, SINCE_MS, kind="loss"))
    assert "has been there for 59999 ms" in untold(audit.heard, event(key, SINCE_MS + GAP_AGE_MS - 1))


def test_a_gap_that_is_told_of_twice_is_found(audit, key):
    told_ms = SINCE_MS + GAP_AGE_MS
    audit.heard(event(key, told_ms))
    what = untold(audit.heard, event(key, told_ms + GAP_AGE_MS, told_ms - TOGETHER_MS - 1))
    assert "is told of again 60000 ms after it was" in what
    audit.heard(event(key, told_ms + GAP_AGE_MS, told_ms - TOGETHER_MS))
