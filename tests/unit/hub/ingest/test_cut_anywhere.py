"""A database that goes away at any statement of a batch: nothing of the batch is kept, and taken again it is as if nothing had been."""

from __future__ import annotations

import json

import pytest
from tests.integration.hub.harness import birth, frame, losses, said
from tests.unit.hub.ingest.cut_store import CutStore
from tests.unit.hub.ingest.stage import NOW_MS, Stage
from tests.unit.hub.ingest.test_how_the_stream_is_cut import books, highest

from seamline.hub.drive import drive
from seamline.hub.ingest.reader import Position
from seamline.hub.store_port import AwayError, FencedError


def sent(stage, first, *records, **head):
    return ("data", frame(stage.reading, first, records or [{}], uptime_ms=1_000 + 10 * first, **head))


def anchor(unix_ms, **given):
    return (
        "anchor",
        said(**{"uptime_ms": 5_000, "at_ms": 5_000, "unix_ms": unix_ms, "source": "ntp", "uncertainty_ms": 20, **given}),
    )


def before(stage):
    """What was there: a device with a hole, and one in order."""
    stage.take(("birth", birth()), sent(stage, 0), sent(stage, 3), ("birth", birth(), "b"), (*sent(stage, 0), "b"))
    stage.now_ms = NOW_MS + 10_000


def batch(stage):
    """One of everything: a device that is new, one that goes on, ends a boot, is out of order, repeats, conflicts, loses, reports."""
    report = {"value": 2_000, "version": 1, "at_ms": 900, "based_on": None, "fault": None}
    unknown = frame(stage.reading, 1)
    return [
        (*sent(stage, 1), "b"),
        sent(stage, 0),
        sent(stage, 3, {"power": 7}),
        sent(stage, 8),
        ("data", losses(0, (1, 1, 1, 5, 2))),
        ("data", unknown[:3] + b"\x09" + unknown[4:], "b"),
        ("data", b"nonsense"),
        anchor(NOW_MS + 9_000),
        ("twin", said(seen={}, reported={"set_point": report})),
        ("birth", birth(boot=2, held=[[1, 1, 8, 1]], ended=[[1, 1, 1, 12]], uptime_ms=50)),
        sent(stage, 0, boot=2),
        ("probe", said(boot=2, probe=1, unanswered=0)),
        (*sent(stage, 0), "new"),
        ("death", said(), "b"),
    ]


def everything(stage):
    """Every row of every table that is not a matter of when it was written."""
    tables = stage.tables
    names = {row["no"]: name for name, row in tables.device.rows.items()}
    return {
        **books(stage),
        "anchors": sorted(stage.anchors("at_ms", "unix_ms", "accepted", "why"), key=str),
        "twins": {(names[no], prop): row["value"] for (no, prop), row in tables.twin_reported.rows.items()},
        "presence": {
            names[no]: (row["session"], row["boot"], row["died_at"] is None) for no, row in tables.presence.rows.items()
        },
        "quarantine": sorted(stage.quarantine("reason", "counted", "first", "count"), key=str),
        "events": sorted(stage.events()),
    }


def whole(families):
    """What the batch comes to when nothing goes wrong."""
    stage = Stage(families)
    before(stage)
    downs = stage.take(*batch(stage))
    return everything(stage), downs


def read(said_after):
    """Downlinks as (device, kind, content)."""
    return [(*subject.split(".")[1:], json.loads(bytes(payload))) for subject, payload in said_after]


def statements(families):
    """The statements of that batch, in order."""
    stage = Stage(families)
    before(stage)
    store = CutStore(stage.database.connect(), 10**6)
    drive(stage.commits.attach(store, Position("made at noon", stage.seq), stage.holds))
    store.done.clear()
    drive(stage.commits.take(stage.commits.begin(store), stage.batch(*batch(stage)), list))
    return store.done


def test_the_batch_meets_every_kind_of_statement(families):
    assert {"advance", "copy", "write_rows", "add_folds", "add_losses", "add_quarantine", "add_anchors", "presence"} <= set(
        statements(families)
    )


@pytest.mark.parametrize("late", [False, True], ids=["before a statement", "after it was done"])
def test_cut_at_any_statement_nothing_is_kept_and_taken_again_all_of_it_is(families, late):
    wanted, downs = whole(families)
    for left in range(len(statements(families))):
        stage = Stage(families)
        before(stage)
        untouched, writes = everything(stage), dict(stage.tables.ingest_position.rows)
        messages = stage.batch(*batch(stage))
        said_before = []
        cut = CutStore(stage.database.connect(), left, late=late)
        with pytest.raises(AwayError):
            drive(stage.commits.take(stage.commits.begin(cut), messages, said_before.extend))
        drive(cut.close())
        assert (said_before, everything(stage), dict(stage.tables.ingest_position.rows)) == ([], untouched, writes)
        said_after = []
        parts = stage.start().commits.parts
        drive(stage.commits.take(parts, messages, said_after.extend))
        assert everything(stage) == wanted
        assert highest(read(said_after)) == highest(downs)


def test_a_commit_whose_answer_was_lost_is_found_done_and_read_behind(families):
    stage = Stage(families)
    before(stage)
    messages = stage.batch(*batch(stage))
    drive(stage.commits.take(stage.commits.parts, messages, list))
    wanted = everything(stage)
    stage.commits.position = Position("made at noon", stage.seq)
    with pytest.raises(FencedError):
        drive(stage.commits.take(stage.commits.begin(stage.store()), messages, list))
    assert everything(stage) == wanted
    stage.seq = messages.seqs[-1]
    assert stage.start().commits.position.seq == messages.seqs[-1]
