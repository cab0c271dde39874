"""What the background steps tell and judge: presence over time, quarantine, losses and holes, each told once to its owner."""

import pytest
from tests.integration.hub.harness import birth, frame, losses, said
from tests.unit.hub.ingest.stage import NOW_MS

from seamline.hub.drive import drive
from seamline.hub.presence import Outage
from seamline.hub.steps.presence import AGAIN_MS, judge_presence
from seamline.hub.steps.tell import GAP_AGE_MS, tell_gaps, tell_losses, tell_quarantine
from seamline.hub.steps.turns import Step, due

PUBLISH_MS, ANSWER_MS, PRESUMED_MS = 60_000, 12_000, 180_000
SILENT_MS = PUBLISH_MS + ANSWER_MS
"""The heater's contract: published every minute, answered within 12 s, presumed lost after 3 publishes."""


def sent(stage, first, count=1, **head):
    return ("data", frame(stage.reading, first, [{}] * count, uptime_ms=1_000 + 10 * first, **head))


def judge(stage, after_ms, outage=None):
    """Judge so long after the device was heard; returns how many devices were due."""
    return drive(judge_presence(stage.worker(), stage.catalogue, NOW_MS + after_ms, outage))


@pytest.fixture
def alive(stage):
    """A device that was born, has heard us, and was judged to be online."""
    stage.take(("birth", birth()))
    stage.now_ms = NOW_MS
    stage.take(("anchor", said(heard_ms=1_000, at_ms=1_000, unix_ms=NOW_MS, source="hub", uncertainty_ms=10)))
    assert judge(stage, 1) == 1
    return stage


# -- presence ------------------------------------------------------------------------------------------------------------------


def test_a_device_that_comes_is_announced_and_nobody_is_told(alive):
    assert alive.presence()["announced"] == "online"
    assert alive.events() == []


def test_a_device_is_judged_again_only_when_its_claim_ends(alive):
    assert judge(alive, SILENT_MS) == 0
    assert judge(alive, SILENT_MS + 1) == 1
    assert alive.presence()["announced"] == "silent"


def test_silence_is_told_to_nobody_and_presumed_loss_to_the_owner_once(alive):
    judge(alive, SILENT_MS + 1)
    assert alive.events() == []
    for after_ms in (PRESUMED_MS + 1, PRESUMED_MS + 2, 10 * PRESUMED_MS):
        judge(alive, after_ms)
    assert alive.events("was", "heard_ms") == [("presumed_lost", "silent", NOW_MS)]
    (row,) = alive.tables.event.rows.values()
    assert (row.boundary, row.owner, row.contact) == ("radio-broker", "firmware", "device@example.com")
    assert alive.presence()["check_at"] is None


def test_coming_back_from_a_loss_that_was_told_is_told_and_from_silence_it_is_not(alive):
    judge(alive, SILENT_MS + 1)
    alive.now_ms = NOW_MS + SILENT_MS + 5_000
    alive.take(("birth", birth(session=2)))
    judge(alive, SILENT_MS + 6_000)
    assert alive.events() == []
    judge(alive, SILENT_MS + 5_000 + PRESUMED_MS + 1)
    alive.now_ms = NOW_MS + 10 * PRESUMED_MS
    alive.take(("birth", birth(session=3)))
    judge(alive, 10 * PRESUMED_MS + 10)
    assert alive.events("was") == [("presumed_lost", "online"), ("online", "presumed_lost")]


def test_a_silent_device_is_looked_at_again_when_it_would_be_presumed_lost(alive):
    judge(alive, SILENT_MS + 1)
    assert alive.presence()["check_at"] == (NOW_MS + PRESUMED_MS + 1) * 1000


def test_who_came_back_and_fell_silent_before_anybody_looked_is_not_told_as_silent(alive):
    judge(alive, PRESUMED_MS + 1)
    alive.now_ms = NOW_MS + 10 * PRESUMED_MS
    alive.take(("birth", birth(session=2)))
    judge(alive, 10 * PRESUMED_MS + SILENT_MS + 1)
    assert (alive.presence()["announced"], alive.events()) == ("silent", [("presumed_lost",)])


@pytest.mark.parametrize("silences", [1, 2])
def test_who_came_back_and_was_judged_silent_before_it_was_there_again_is_told_as_online_once(alive, silences):
    judge(alive, PRESUMED_MS + 1)
    for session in range(2, 2 + silences):
        back_ms = 10 * session * PRESUMED_MS
        alive.now_ms = NOW_MS + back_ms
        alive.take(("birth", birth(session=session)))
        judge(alive, back_ms + SILENT_MS + 1)
    alive.now_ms = NOW_MS + back_ms + SILENT_MS + 5_000
    alive.take(("birth", birth(session=9)))
    judge(alive, back_ms + SILENT_MS + 6_000)
    assert alive.events("was") == [("presumed_lost", "online"), ("online", "silent")]
    alive.now_ms += SILENT_MS
    judge(alive, back_ms + 2 * SILENT_MS + 6_002)
    alive.take(("birth", birth(session=10)))
    judge(alive, back_ms + 2 * SILENT_MS + 7_000)
    assert len(alive.events()) == 2


def test_a_death_is_told_as_lost_at_once(alive):
    alive.now_ms = NOW_MS + 5_000
    alive.take(("death", said()))
    judge(alive, 5_001)
    assert alive.events("was", "why") == [("lost", "online", "its connection ended")]
    assert alive.presence()["check_at"] is None


def test_a_device_that_asks_in_vain_is_told_as_deaf_and_as_online_when_it_hears(alive):
    alive.now_ms = NOW_MS + 30_000
    alive.take(("probe", said(uptime_ms=31_000, heard_ms=1_000, probe=3, unanswered=2)))
    judge(alive, 30_010)
    alive.now_ms = NOW_MS + 40_000
    alive.take(("anchor", said(uptime_ms=41_000, heard_ms=40_990, at_ms=40_000, unix_ms=NOW_MS, source="hub", uncertainty_ms=10)))
    judge(alive, 40_010)
    assert alive.events("was") == [("deaf", "online"), ("online", "deaf")]


def test_what_the_hub_could_not_hear_is_held_against_nobody_and_looked_at_again(alive):
    outage = Outage(NOW_MS + 1_000)
    assert judge(alive, SILENT_MS + 1, outage) == 1
    assert (alive.presence()["announced"], alive.events()) == ("online", [])
    assert alive.presence()["check_at"] == (NOW_MS + SILENT_MS + 1 + AGAIN_MS) * 1000
    assert judge(alive, SILENT_MS + AGAIN_MS, outage) == 0
    ended = Outage(NOW_MS + 1_000, NOW_MS + PRESUMED_MS)
    judge(alive, 5 * PRESUMED_MS, ended)
    assert alive.events() == [("presumed_lost",)]


def test_what_a_batch_wrote_meanwhile_is_judged_by_its_own_time(alive):
    """The claim that was judged is not the one that stands now: its moment is left as the batch set it."""
    worker = alive.worker()
    alive.now_ms = NOW_MS + SILENT_MS
    alive.take(("birth", birth(session=2)))
    before = alive.presence()["check_at"]
    drive(
        worker.write("announce", [{"device_no": alive.no(), "state": "silent", "next_ms": 1, "was": "2001-01-01T00:00:00+00:00"}])
    )
    assert alive.presence()["check_at"] == before


def test_devices_without_a_contract_are_judged_by_the_defaults(stage):
    stage.take(sent(stage, 0))
    stage.now_ms += 1_100
    stage.take(sent(stage, 1))
    presence = stage.presence()
    assert (presence["session"], presence["publish_every_ms"], presence["answer_timeout_ms"]) == (0, 60_000, 12_000)
    judge(stage, 60_000 + 12_000 + 200_000)
    assert stage.presence()["announced"] == "presumed_lost"


# -- quarantine and losses -------------------------------------------------------------------------------------------------------


def test_quarantine_is_told_once_by_device_and_reason_with_how_much_there_is(stage):
    unknown = [bytes([*whole[:3], 9, *whole[4:]]) for whole in (frame(stage.reading, 0, [{}] * 3), frame(stage.reading, 3))]
    stage.take(
        ("birth", birth()), *(("data", one) for one in unknown), ("data", frame(stage.reading)[:-1]), ("data", unknown[0], "b")
    )
    assert drive(tell_quarantine(stage.worker(), stage.catalogue, NOW_MS)) == 3
    assert sorted(stage.events("reason", "frames", "records")) == [
        ("quarantine", "truncated", 1, 0),
        ("quarantine", "unregistered", 1, 3),
        ("quarantine", "unregistered", 2, 4),
    ]
    assert drive(tell_quarantine(stage.worker(), stage.catalogue, NOW_MS)) == 0


def test_losses_are_told_once_by_reason_and_channel_with_every_record_of_every_boot(stage):
    stage.take(("birth", birth(boot=9, ended=[[1, 4, 1, 5], [1, 1, 2, 3]])))
    stage.take(("data", losses(0, (1, 1, 9, 0, 4), (1, 1, 9, 6, 1), (1, 2, 9, 10, 2), boot=9)))
    assert drive(tell_losses(stage.worker(), stage.catalogue, NOW_MS)) == 4
    assert sorted(stage.events("reason", "channel", "records")) == [
        ("loss", "buffer_full", 1, 5),
        ("loss", "expired", 1, 2),
        ("loss", "power_loss", 1, 20),
        ("loss", "power_loss", 2, 3),
    ]
    assert drive(tell_losses(stage.worker(), stage.catalogue, NOW_MS)) == 0


# -- holes -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def holed(stage):
    """A device with holes since NOW_MS that was heard again when they were old enough to be told."""
    stage.take(("birth", birth()))
    stage.now_ms = NOW_MS
    stage.take(sent(stage, 2, 2), sent(stage, 6))
    stage.now_ms = NOW_MS + GAP_AGE_MS + 2_000
    stage.take(("birth", birth(session=2)))
    return stage


def tell(stage, after_ms):
    return drive(tell_gaps(stage.worker(), stage.catalogue, NOW_MS + after_ms))


def test_holes_are_told_once_when_they_have_stayed_open_although_the_device_is_there(holed):
    assert tell(holed, GAP_AGE_MS) == 0
    assert tell(holed, GAP_AGE_MS + 1) == 1
    assert holed.events("incarnation", "boot", "channel", "missing", "since_ms") == [
        ("gap", 7, 1, 1, [[0, 2], [4, 6]], NOW_MS),
    ]
    assert tell(holed, GAP_AGE_MS + 5_000) == 0


def test_holes_of_a_device_that_was_not_heard_since_are_not_told(stage):
    stage.take(("birth", birth()), sent(stage, 2))
    assert tell(stage, 10 * GAP_AGE_MS) == 0


def test_a_hole_that_closed_is_not_told(holed):
    holed.take(sent(holed, 0, 2), sent(holed, 4, 2))
    assert tell(holed, GAP_AGE_MS + 5_000) == 0


# -- turns -------------------------------------------------------------------------------------------------------------------------


def test_a_step_is_due_again_its_period_after_it_has_run_and_not_after_it_was_due():
    now_s, ran = [0.0], []
    steps = [Step("often", 0.5, None), Step("seldom", 5.0, None)]

    def turn(at_s, takes_s):
        now_s[0] = at_s
        for step in due(steps, lambda: now_s[0]):
            ran.append((now_s[0], step.name))
            now_s[0] += takes_s

    for at_s, takes_s in ((0.0, 0.25), (0.5, 0.0), (0.75, 0.0), (1.25, 0.0), (5.25, 0.0), (5.5, 0.0)):
        turn(at_s, takes_s)
    assert ran == [(0.0, "often"), (0.25, "seldom"), (0.75, "often"), (1.25, "often"), (5.25, "often"), (5.5, "seldom")]
