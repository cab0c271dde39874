"""Quarantine is not for ever: what a layout that is registered by now can read becomes rows, and the books follow."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.stage import NOW_MS, Ledger, Stage
from tests.unit.hub.ingest.test_values import correct

from seamline.hub.drive import drive
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.params import Int8s
from seamline.hub.steps import redate as redating
from seamline.hub.steps.redate import redate
from seamline.hub.steps.release import release
from seamline.hub.steps.revalue import revalue

MINUTE = 60_000


@pytest.fixture
def early(families):
    """A hub that has heard nothing for ten minutes."""
    return Stage(families, now_ms=NOW_MS + 10 * MINUTE)


def forget(stage, families):
    """Have the hub's catalogue know no reading layout."""
    known = {key: one for key, one in families[0].layouts.items() if one.message != "reading"}
    stage.catalogue = Catalogue([replace(families[0], layouts=known)])
    return stage.start()


def learn(stage, families):
    """The layouts are registered: the hub starts with them."""
    stage.catalogue = Catalogue(families)
    return stage.start()


def sent(stage, first, count=1, **head):
    return ("data", frame(stage.reading, first, [{}] * count, uptime_ms=1_000 + 10 * first, **head))


def released(stage):
    return drive(release(*stage.stores(), stage.catalogue))


def test_frames_that_nobody_could_read_become_rows_once_their_layout_is_registered(early, families):
    forget(early, families).take(("birth", birth()), sent(early, 0, 2), sent(early, 2, 3))
    assert early.ledger() == Ledger(5, 5, [], 0, 5, 0, 0, 0)
    assert released(early) == 0
    assert released(learn(early, families)) == 2
    assert early.ledger() == Ledger(5, 5, [], 5, 0, 0, 0, 0)
    assert [(row["seq"], row["uptime_ms"]) for row in early.readings()] == [(at, 1_000 + 10 * at) for at in range(5)]
    assert all(resolved is not None for (resolved,) in early.quarantine("resolved_at"))
    assert released(early) == 0


def test_released_rows_have_the_arrival_and_the_digest_of_their_frame(early, families):
    forget(early, families)
    arrival_us = early.now_ms * 1000
    early.take(sent(early, 0))
    early.now_ms += MINUTE
    released(learn(early, families))
    (row,) = early.readings()
    assert (row["arrival"], row["measured"], row["quality"], row["revision"]) == (arrival_us, None, 0, 0)
    early.take(sent(early, 0))
    assert early.quarantine("reason") == [("unregistered",)]
    assert early.ledger().duplicates == 1


def test_released_rows_are_dated_with_the_next_turn(early, families):
    forget(early, families).take(("birth", birth(uptime_ms=10)), sent(early, 0))
    early.take(
        ("anchor", said(uptime_ms=9 * MINUTE, at_ms=9 * MINUTE, unix_ms=NOW_MS + 9 * MINUTE, source="ntp", uncertainty_ms=5))
    )
    drive(redate(*early.stores(), early.catalogue))
    released(learn(early, families))
    assert drive(redate(*early.stores(), early.catalogue)) == 1
    assert early.readings()[0]["measured"] == (NOW_MS + 1_000) * 1000


def test_what_is_released_of_a_boot_that_is_closed_moves_in_its_fold(early, families):
    forget(early, families).take(("birth", birth()), sent(early, 0, 2))
    early.take(("birth", birth(boot=2)))
    assert (early.fold()["quarantined"], early.ledger()) == (2, None)
    assert released(learn(early, families)) == 1
    fold = early.fold()
    assert (fold["stored"], fold["quarantined"], fold["numbered"]) == (2, 0, 2)


def test_records_that_cannot_be_stay_in_quarantine_alone_with_their_own_reason(early, families):
    whole = bytearray(frame(early.reading, 0, [{}, {}, {}]))
    power = next(place for place in early.reading.places if place.name == "power")
    start = 32 + early.reading.record_bytes + 4 + power.bit // 8
    whole[start : start + 2] = b"\xff\xff"
    forget(early, families).take(("data", bytes(whole)))
    assert released(learn(early, families)) == 1
    assert [row["seq"] for row in early.readings()] == [0, 2]
    assert early.ledger() == Ledger(3, 3, [], 2, 1, 0, 0, 0)
    open_ones = [row for row in early.tables.quarantine.rows.values() if row["resolved_at"] is None]
    assert [(row["reason"], row["first"], row["count"], row["counted"]) for row in open_ones] == [("out_of_range", 1, 1, True)]
    assert "power" in open_ones[0]["detail"]
    assert released(early) == 0


def test_a_frame_whose_records_have_another_size_than_the_layout_stays_as_that(early, families):
    whole = bytearray(frame(early.reading, 0))
    whole[30:32] = (early.reading.record_bytes + 8).to_bytes(2, "little")
    forget(early, families).take(("data", bytes(whole) + bytes(8)))
    assert released(learn(early, families)) == 1
    assert early.readings() == []
    assert early.ledger().quarantined == 1
    open_ones = [row for row in early.tables.quarantine.rows.values() if row["resolved_at"] is None]
    assert [(row["reason"], row["first"], row["count"]) for row in open_ones] == [("record-size", 0, 1)]
    assert released(early) == 0


def test_each_device_boot_and_channel_has_its_own_count_moved(early, families):
    forget(early, families)
    early.take(sent(early, 0, 2), sent(early, 0, 3, boot=2), (*sent(early, 0, 4), "other"), sent(early, 2, 1))
    assert released(learn(early, families)) == 4
    assert [early.ledger().stored, early.ledger(boot=2).stored, early.ledger(device="other").stored] == [3, 3, 4]
    assert len(early.readings()) == 10


def test_released_rows_are_valued_with_the_coefficients_in_force(early, families):
    forget(early, families).take(("birth", birth()), ("data", frame(early.reading, 0, [{"element": 1_000}])))
    correct(early, -40)
    while drive(revalue(early.worker())):
        pass
    released(learn(early, families))
    assert drive(revalue(early.worker())) == 1
    (row,) = early.readings()
    assert (row["_physical_element"], row["_version_element_ntc"]) == (pytest.approx(10.0), 1)


# -- dating anew, many rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("few", "most"), [(200, 5_000), (3, 2), (1, 1), (4, 4), (5, 3)])
def test_every_row_of_a_boot_is_dated_anew_however_many_are_looked_at_at_once(families, few, most):
    stage = Stage(families, now_ms=NOW_MS + 10 * MINUTE)
    stage.take(("birth", birth(uptime_ms=10)), ("birth", birth(uptime_ms=10), "other"))
    stage.take(*(sent(stage, at) for at in range(9)), *((*sent(stage, at), "other") for at in range(2)))
    for device in ("dev", "other"):
        anchor = said(uptime_ms=9 * MINUTE, at_ms=9 * MINUTE, unix_ms=NOW_MS + 9 * MINUTE, source="ntp", uncertainty_ms=5)
        stage.take(("anchor", anchor, device))
    with patch.object(redating, "ROWS_FEW", few), patch.object(redating, "ROWS_MAX", most):
        assert drive(redate(*stage.stores(), stage.catalogue)) == 11
    for row in stage.readings():
        assert row["measured"] == (NOW_MS + row["uptime_ms"]) * 1000
    assert {row["revision"] for row in stage.readings()} == {1}


def test_a_boot_that_an_anchor_moved_again_meanwhile_is_due_again(families):
    stage = Stage(families, now_ms=NOW_MS + 10 * MINUTE)
    stage.take(("birth", birth(uptime_ms=10)), sent(stage, 0))
    anchor = said(uptime_ms=9 * MINUTE, at_ms=9 * MINUTE, unix_ms=NOW_MS + 9 * MINUTE, source="ntp", uncertainty_ms=5)
    stage.take(("anchor", anchor))
    version = stage.boot()["redate_version"]
    stage.take(("anchor", {**anchor, "at_ms": 8 * MINUTE, "unix_ms": NOW_MS + 8 * MINUTE}))
    assert stage.boot()["redate_version"] > version
    worker, _ = stage.stores()
    named = {
        name: Int8s([value]) for name, value in (("device", stage.no()), ("incarnation", 7), ("boot", 1), ("version", version))
    }
    drive(worker.run("redated", named))
    assert stage.boot()["redate_from_ms"] == 0
    drive(redate(*stage.stores(), stage.catalogue))
    assert stage.boot()["redate_from_ms"] is None


def test_rows_of_a_device_that_has_not_said_yet_what_it_is_are_dated_as_well(stage):
    began_ms = NOW_MS - 1_000
    anchor = said(uptime_ms=9 * MINUTE, at_ms=9 * MINUTE, unix_ms=began_ms + 9 * MINUTE, source="ntp", uncertainty_ms=5)
    stage.take(sent(stage, 0))
    assert stage.readings()[0]["measured"] is None
    stage.now_ms = began_ms + 9 * MINUTE
    stage.take(("anchor", anchor))
    assert drive(redate(*stage.stores(), stage.catalogue)) == 1
    assert stage.readings()[0]["measured"] == (began_ms + 1_000) * 1000
