"""When records leave: what a frame that goes late, or before a more urgent one, breaks, and what excuses it."""

import pytest

from seamline.contract import policy
from seamline.device import Policy
from seamline.rig.world.leaving import LATE_MS, Leaving, Sent

READING, VITALS = 1, 2
OWN, ENDED = (7, 5), (7, 4)
LIVE_MS = 100_000


@pytest.fixture
def heater(families):
    return Policy(policy(families[0].current))


@pytest.fixture
def leaving(heater):
    made = Leaving(heater)
    made.answered(LIVE_MS)
    return made


def frame(first_ms, *, channel=READING, boot=OWN, end=5, records=5, last_ms=None):
    return Sent((*boot, channel), end, records, first_ms, first_ms + 1_000 if last_ms is None else last_ms)


def goes(leaving, now_ms, sent, *, again=False):
    late = leaving.sends(now_ms, sent, is_own=sent.whose[:2] == OWN, is_again=again)
    return None if late is None else late.promise


def due_ms(heater, first_ms, channel=READING):
    return first_ms + heater.channels[channel].every_ms


def test_a_frame_leaves_when_it_is_due_and_no_later(leaving, heater):
    first_ms = LIVE_MS + 10
    assert goes(leaving, due_ms(heater, first_ms) + LATE_MS, frame(first_ms)) is None
    assert goes(leaving, due_ms(heater, first_ms) + LATE_MS + 1, frame(first_ms, end=10)) == "in-time"


def test_what_became_due_before_the_session_leaves_with_its_answer(leaving):
    assert goes(leaving, LIVE_MS, frame(0)) is None
    assert goes(leaving, LIVE_MS + LATE_MS + 1, frame(0, end=10)) == "in-time"


def test_a_busy_excuses_and_the_answer_to_a_birth_does_not_end_it(heater):
    leaving = Leaving(heater)
    leaving.silent(LIVE_MS + 20_000)
    leaving.answered(LIVE_MS)
    assert goes(leaving, LIVE_MS + 20_000, frame(0)) is None
    assert goes(leaving, LIVE_MS + 20_000 + LATE_MS + 1, frame(0, end=10)) == "in-time"


def test_full_places_in_flight_excuse_until_marks_make_room(leaving, heater):
    for number in range(heater.flight_frames - 1):
        assert goes(leaving, LIVE_MS, frame(0, end=5 * number + 5)) is None
    leaving.accounted(LIVE_MS + 30_000, OWN[0], [[OWN[1], READING, 10]])
    assert goes(leaving, LIVE_MS + 30_000, frame(0, end=500)) is None
    leaving.accounted(LIVE_MS + 60_000, OWN[0], [[OWN[1], READING, 500]])
    leaving.accounted(LIVE_MS + 90_000, OWN[0], [[OWN[1], READING, 500]])
    assert goes(leaving, LIVE_MS + 90_000, frame(0, end=505)) == "in-time"


def test_a_frame_that_goes_again_and_one_of_an_ended_boot_are_never_late(leaving):
    assert goes(leaving, LIVE_MS + 500_000, frame(0), again=True) is None
    assert goes(leaving, LIVE_MS + 500_000, frame(0, boot=ENDED)) is None


def test_declared_losses_and_channels_of_an_older_firmware_have_no_due_time(leaving):
    assert goes(leaving, LIVE_MS + 500_000, frame(0, channel=0)) is None
    assert goes(leaving, LIVE_MS + 500_000, frame(0, channel=200)) is None


def test_what_waited_for_the_session_goes_by_priority(leaving):
    assert goes(leaving, LIVE_MS, frame(0, channel=VITALS, boot=ENDED)) is None
    assert goes(leaving, LIVE_MS, frame(0, boot=ENDED)) == "urgent-first"


def test_a_full_batch_of_the_running_boot_waits_too_and_one_that_fills_later_does_not(leaving, heater):
    full = heater.channels[READING].batch_max
    assert goes(leaving, LIVE_MS, frame(0, channel=VITALS, boot=ENDED)) is None
    assert goes(leaving, LIVE_MS + 50, frame(LIVE_MS - 10, records=full, last_ms=LIVE_MS + 50)) is None
    assert goes(leaving, LIVE_MS + 50, frame(LIVE_MS - 99, records=full, last_ms=LIVE_MS, end=9)) == "urgent-first"


def test_a_new_session_begins_anew(leaving):
    assert goes(leaving, LIVE_MS, frame(0, channel=VITALS, boot=ENDED)) is None
    leaving.answered(LIVE_MS + 5)
    assert goes(leaving, LIVE_MS + 5, frame(0, boot=ENDED)) is None
