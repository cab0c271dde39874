"""Waits: each connect says how long it was waited for, and what broke `jitter` has its rows."""

import re

import pytest
from tests.unit.rig.world.planted import comes_back_in_step

from seamline.rig.timeline import rows
from seamline.rig.timeline.page import page
from seamline.rig.timeline.recording import record
from seamline.rig.timeline.rows import rows_of
from seamline.rig.timeline.telling import tell
from seamline.rig.timeline.text import lines
from seamline.rig.timeline.waits import Wait, broke, offenders, read
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.trace import Event
from seamline.rig.world.world import Parts, World

FAULTS = tuple(Fault(60_000 + 90_000 * at, Kind.CUT_ALL) for at in range(8))


@pytest.fixture(scope="module")
def recorded(families):
    """Eight devices that come back all at the same time, as often as all are cut off."""
    return record(Plan(1, 8, 900_000, FAULTS), Parts(families, make_core=comes_back_in_step))


@pytest.fixture(scope="module")
def story(recorded):
    return tell(recorded)


def test_waits_that_are_told_are_those_that_the_run_counts(families, recorded):
    world = World(recorded.outcome.plan, Parts(families, make_core=comes_back_in_step))
    alone = world.run()
    assert (alone.digest, str(alone.broken)) == (recorded.outcome.digest, str(recorded.outcome.broken))
    told = [read(event.what).cause for event in recorded.events if event.what.startswith("wait ")]
    assert {cause: told.count(cause) for cause in world.around.waits.count} == world.around.waits.count


def test_the_waits_that_broke_the_promise_are_rows_of_the_timeline(story, monkeypatch):
    assert story.broken.promise == "jitter"
    about = [moment for moment in story.moments if moment.offends]
    assert len(about) >= 5
    assert all(f" after a {broke(story.broken)}, of a window of " in moment.what for moment in about)
    monkeypatch.setattr(rows, "ROWS_MAX", 2)
    shown = [row.moment for row in rows_of(story)]
    assert all(any(moment is each for each in shown) for moment in about)
    text = page(story)
    assert text.count(" offends") == len(about)
    assert f"the first of the {len(about):,} waits that it is about" in text


def test_the_text_marks_them_too(story):
    assert sum(re.search(r"  ! connects ", line) is not None for line in lines(story)) == sum(
        moment.offends for moment in story.moments
    )


def test_a_story_that_holds_marks_no_wait(held_story):
    assert not any(moment.offends for moment in held_story.moments)
    assert any(re.search(r"^connects .* after a \w+, of a window of ", moment.what) for moment in held_story.moments)


def test_a_wait_says_how_much_of_its_window_it_took():
    wait = Wait("failure", 1_200, 8_000)
    assert str(wait) == "1.2 s after a failure, of a window of 8 s (15%)"
    assert read("wait failure 1200 8000") == wait


@pytest.mark.parametrize(
    ("promise", "what", "cause"),
    [
        ("jitter", "40 waits after a session take 0.02 of their windows on average, not one half", "session"),
        ("jitter", "30 devices that were told to wait asked again as soon as that was over", ""),
        ("paced", "connects 9 ms after a boot; its window was 5 ms", ""),
    ],
)
def test_the_cause_is_read_from_what_broke(promise, what, cause):
    assert broke(BrokenPromise(promise, what)) == cause
    assert broke(None) == ""


def test_the_devices_that_waited_so_most_often_come_first():
    events = [
        Event(1, 3, "connect", b""), Event(1, -1, "wait boot 1 500", b""), Event(2, 3, "connect", b""),
        Event(2, -1, "wait failure 1 500", b""), Event(3, 5, "connect", b""), Event(3, -1, "wait failure 1 500", b""),
        Event(4, 5, "connect", b""), Event(4, -1, "mark x", b""), Event(4, -1, "wait failure 1 500", b""),
    ]  # fmt: skip
    assert offenders(events, "failure") == [5, 3]
    assert offenders(events, "session") == []
    assert offenders(events, "") == []


def test_devices_that_waited_equally_often_come_by_their_index():
    waits = []
    for at, index in enumerate((7, 0, 7, 0, 4)):
        waits += [Event(at, index, "connect", b""), Event(at, -1, "wait boot 1 500", b"")]
    assert offenders(waits, "boot") == [0, 7, 4]


def test_a_wait_whose_connect_was_not_kept_is_no_devices():
    assert all(index < 0 for index in offenders([Event(1, -1, "wait boot 1 500", b"")], "boot"))


def test_what_is_recorded_of_the_fleet_is_no_devices(recorded):
    told = [event for event in recorded.events if event.what.startswith(("wait ", "mark "))]
    assert {event.device for event in told} == {-1}


def test_the_page_leads_to_the_first_of_the_waits(story):
    text = page(story)
    (first,) = re.findall(r'href="#m(\d+)">the first of the ', text)
    marked = [int(number) for number in re.findall(r'offends" id="m(\d+)"', text)]
    assert int(first) == marked[0] < marked[-1]
