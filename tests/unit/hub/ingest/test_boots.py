"""Boots that nobody named: so many are taken of a device between two births, what is beyond is evidence, and nobody else pays."""

import pytest
from tests.integration.hub.harness import birth, frame, losses, said
from tests.unit.hub.ingest.stage import marks

from seamline.hub.ingest.boots import UNBORN_BOOTS_MAX


def sent(stage, first, **head):
    return ("data", frame(stage.reading, first, [{}], uptime_ms=1_000 + 10 * first, **head))


def anchor(stage, boot, **given):
    return ("anchor", said(boot=boot, at_ms=5, unix_ms=stage.now_ms, source="ntp", uncertainty_ms=1, **{"uptime_ms": 5, **given}))


def entries(stage):
    return stage.quarantine("reason", "counted", "first", "count")


def refused(stage):
    return {reason: row["count"] for (_, reason), row in stage.tables.refused.rows.items()}


@pytest.fixture
def crowded(stage):
    """A device, born in boot 1, of which as many boots are worked in as may be."""
    stage.take(("birth", birth()), *(sent(stage, 0, boot=100 + at) for at in range(UNBORN_BOOTS_MAX)))
    assert entries(stage) == []
    return stage


def test_boots_that_no_birth_named_are_taken_up_to_the_bound_and_are_evidence_beyond_it(stage):
    many = UNBORN_BOOTS_MAX + 3
    stage.take(("birth", birth()))
    downs = stage.take(*(sent(stage, 0, boot=2 + at) for at in range(many)))
    assert len(marks(downs)) == UNBORN_BOOTS_MAX
    assert entries(stage) == [("unborn-boot", False, 0, 1)] * 3
    assert len(stage.tables.boot.rows) == 1 + UNBORN_BOOTS_MAX
    assert {row["unborn"] for key, row in stage.tables.boot.rows.items() if key[2] > 1} == {True}
    stage.start()
    assert marks(stage.take(sent(stage, 0, boot=900), sent(stage, 1, boot=2), sent(stage, 0))) == {(2, 1): 2, (1, 1): 1}


def test_a_birth_in_the_middle_of_a_batch_begins_the_count_anew_for_what_comes_behind_it(stage):
    first = [sent(stage, 0, boot=100 + at) for at in range(UNBORN_BOOTS_MAX + 1)]
    second = [sent(stage, 0, boot=300 + at) for at in range(UNBORN_BOOTS_MAX + 1)]
    stage.take(("birth", birth()), *first, ("birth", birth(session=2)), *second)
    assert entries(stage) == [("unborn-boot", False, 0, 1)] * 2
    assert (stage.ledger(boot=164), stage.ledger(boot=364)) == (None, None)
    assert [stage.ledger(boot=boot).stored for boot in (163, 300, 363)] == [1, 1, 1]


def test_anchors_of_boots_beyond_the_bound_are_counted_as_refused(stage):
    stage.take(("birth", birth()), *(sent(stage, 0, boot=2 + at) for at in range(UNBORN_BOOTS_MAX)))
    told_of = said(boot=700, at_ms=5, unix_ms=stage.now_ms, source="ntp", uncertainty_ms=1)
    stage.take(("anchor", told_of), ("anchor", {**told_of, "boot": 2, "uptime_ms": 5}))
    assert refused(stage) == {"anchor-unborn-boot": 1}
    assert stage.anchors("boot") == [(2,)]


def test_a_boot_that_a_birth_names_as_held_is_not_counted(stage):
    stage.take(("birth", birth(boot=900, held=[[boot, 1, 0, 1] for boot in range(1, 80)])))
    downs = stage.take(
        *(sent(stage, 0, boot=boot) for boot in range(1, 80)), *(sent(stage, 0, boot=boot) for boot in range(901, 960))
    )
    assert len(marks(downs)) == 79 + 59
    assert entries(stage) == []


def test_each_device_has_its_own_count(stage):
    frames = [sent(stage, 0, boot=2 + at) for at in range(UNBORN_BOOTS_MAX)]
    stage.take(*frames, *((kind, payload, "other") for kind, payload in frames))
    assert entries(stage) == []


def test_losses_that_name_boots_beyond_the_bound_are_evidence_and_those_of_boots_we_know_are_taken(crowded):
    downs = crowded.take(("data", losses(0, (1, 1, 70, 0, 3), boot=163)), ("data", losses(0, (1, 1, 150, 5, 3), boot=162)))
    assert marks(downs) == {(150, 1): 1, (162, 0): 1}
    assert [(row["boot"], row["count"]) for row in crowded.tables.loss.rows.values()] == [(150, 3)]
    assert (crowded.ledger(boot=70), crowded.ledger(boot=163, channel=0)) == (None, None)
    assert entries(crowded) == [("unborn-boot", False, 0, 1)]


def test_losses_of_a_boot_to_come_open_no_boot(crowded):
    crowded.take(("birth", birth(boot=900)), ("data", losses(0, (1, 1, 899, 0, 3), boot=900)))
    assert crowded.boot(899) is None
    assert entries(crowded) == []


def test_losses_in_boots_that_are_closed_cost_nothing_and_are_taken(stage):
    stage.take(("birth", birth(boot=900)))
    stage.take(*(("data", losses(at, (1, 1, 1 + at, 0, 1), boot=900)) for at in range(2 * UNBORN_BOOTS_MAX)))
    assert stage.ledger(boot=900, channel=0).stored == 2 * UNBORN_BOOTS_MAX
    assert entries(stage) == []
    assert set(stage.tables.boot.rows) == {(stage.no(), 7, 900)}


def test_a_boot_that_a_birth_of_the_same_batch_holds_is_not_counted(crowded):
    frames = [sent(crowded, 0, boot=boot) for boot in range(200, 290)]
    held = [[boot, 1, 0, 1] for boot in range(200, 290)]
    downs = crowded.take(*frames, ("birth", birth(boot=300, held=held)))
    assert entries(crowded) == []
    assert {boot for boot, _ in marks(downs)} >= set(range(200, 290))


def test_an_anchor_just_before_the_birth_of_its_boot_is_taken(crowded):
    crowded.take(anchor(crowded, 500), ("birth", birth(boot=500, uptime_ms=5)))
    assert refused(crowded) == {}
    assert crowded.anchors("boot", "accepted") == [(500, True)]


def test_the_first_boot_of_another_incarnation_is_named_by_its_birth_however_far_the_old_one_had_come(stage):
    stage.take(("birth", birth(boot=50)), *(sent(stage, 0, boot=100 + at) for at in range(UNBORN_BOOTS_MAX)))
    downs = stage.take(("birth", birth(incarnation=9, boot=1)), sent(stage, 0, incarnation=9))
    assert entries(stage) == []
    assert (1, 1) in marks(downs)


@pytest.mark.parametrize("kind", ["probe", "death", "twin"])
def test_what_is_said_besides_births_and_anchors_opens_no_boot(stage, kind):
    more = {"probe": {"probe": 1, "unanswered": 0}, "death": {}, "twin": {"seen": {}, "reported": {}}}[kind]
    stage.take(("birth", birth()))
    stage.take((kind, said(boot=800, **more)))
    assert (refused(stage), stage.boot(800)) == ({}, None)


def test_boots_that_are_known_go_on_when_no_more_are_taken(crowded):
    downs = crowded.take(sent(crowded, 0), sent(crowded, 1, boot=100), sent(crowded, 1, boot=163), sent(crowded, 0, boot=164))
    assert marks(downs) == {(1, 1): 1, (100, 1): 2, (163, 1): 2}
    crowded.start()
    assert marks(crowded.take(sent(crowded, 2, boot=120), sent(crowded, 2, boot=163))) == {(120, 1): 1, (163, 1): 3}


def test_a_late_birth_of_an_older_boot_begins_no_new_count(stage):
    stage.take(("birth", birth(boot=90)), *(sent(stage, 0, boot=100 + at) for at in range(UNBORN_BOOTS_MAX)))
    stage.take(("birth", birth(boot=80)), sent(stage, 0, boot=400))
    assert entries(stage) == [("unborn-boot", False, 0, 1)]
    assert stage.ledger(boot=400) is None
