"""What a process that starts knows of the time before it: when the hub heard stands in the database."""

import asyncio

import pytest
from hypothesis import given, strategies as st
from tests.unit.hub.test_hearing import CREATED, T0, Broker

from seamline.hub.hearing import BEAT_MS, EARLIER_MAX, GRACE_MS, LOOK_MS, Hearing, Known, Place, Span, listen
from seamline.hub.ingest.nats import NatsError
from seamline.hub.presence import Outage
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore

HOUR_MS = 3_600_000
ALL = (Place(0, CREATED, 9, T0),)


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def look(broker):
    return looks(broker)


def looks(broker):
    hearing = Hearing(lambda: broker, lambda: broker.now_ms)

    def at(ms, *heard, places=ALL):
        broker.now_ms = T0 + ms
        known = None if heard == (None,) else Known(places, [Span(T0 + since, T0 + until) for since, until in heard])
        return asyncio.run(hearing.look(known)).outage

    at.hearing = hearing
    return at


def out(from_ms, until_ms=None, earlier=None):
    return Outage(T0 + from_ms, None if until_ms is None else T0 + until_ms, earlier)


def test_time_in_which_no_process_lived_was_an_outage(look):
    assert look(HOUR_MS, (0, 5_000)) == out(5_000, HOUR_MS)
    assert look(HOUR_MS + LOOK_MS, (0, 5_000)) == out(5_000, HOUR_MS)


def test_it_lasts_until_the_broker_answers_and_all_is_stored(broker, look):
    broker.error = NatsError("gone")
    assert look(HOUR_MS, (0, 5_000)) == out(5_000)
    broker.error, broker.kept = None, [(10, 0, 15_000)]
    assert look(HOUR_MS + LOOK_MS, (0, 5_000)) == out(5_000)
    broker.kept = []
    assert look(HOUR_MS + 2 * LOOK_MS, (0, 5_000)) == out(5_000, HOUR_MS + 2 * LOOK_MS)


def test_a_restart_within_the_grace_is_none(look):
    assert look(5_000 + GRACE_MS, (0, 5_000)) is None


def test_a_gap_between_two_processes_is_an_outage_by_the_same_grace(broker, look):
    assert look(HOUR_MS, (0, 5_000), (5_000 + GRACE_MS, HOUR_MS - 1)) is None
    assert looks(broker)(HOUR_MS, (0, 5_000), (5_001 + GRACE_MS, HOUR_MS - 1)) == out(5_000, 5_001 + GRACE_MS)


def test_while_another_process_heard_there_was_no_outage(broker, look):
    assert look(0, (0, 0)) is None
    assert look(HOUR_MS, (0, HOUR_MS - BEAT_MS)) is None
    broker.error = NatsError("gone")  # from here: the other one has its own connection
    assert look(2 * HOUR_MS, (0, 2 * HOUR_MS - BEAT_MS)) is None
    assert look(3 * HOUR_MS, (0, 2 * HOUR_MS)) == out(2 * HOUR_MS)


def test_a_commit_after_the_outage_hides_nothing(look):
    assert look(HOUR_MS, (0, 5_000), places=(Place(0, CREATED, 9, T0 + HOUR_MS),)) == out(5_000, HOUR_MS)


def test_a_process_that_slept_with_its_host_knows_it(look):
    assert look(0) is None
    assert look(LOOK_MS) is None
    assert look(HOUR_MS) == out(LOOK_MS, HOUR_MS)


def test_outages_before_the_process_are_known_with_those_it_saw_itself(broker, look):
    spans = (0, 5_000), (60_000, 90_000)
    earlier = out(5_000, 60_000)
    assert look(HOUR_MS, *spans) == out(90_000, HOUR_MS, earlier)
    broker.error = NatsError("gone")
    assert look(2 * HOUR_MS, *spans) == out(HOUR_MS, None, out(90_000, HOUR_MS, earlier))


def test_what_another_process_found_to_be_over_is(look):
    assert look(0) is None
    assert look(HOUR_MS, (0, 1_000), (HOUR_MS - 5_000, HOUR_MS - 1_000)) == out(1_000, HOUR_MS - 5_000)


def test_without_its_database_the_hub_hears_nothing_whatever_the_broker_says(look):
    assert look(0) is None
    assert look(GRACE_MS, None) is None
    assert look(GRACE_MS + LOOK_MS, None) == out(0)
    assert look(HOUR_MS, (0, 0)) == out(0, HOUR_MS)


def test_a_process_that_began_without_its_database_has_an_outage_of_its_own_and_writes_nothing_of_it(look):
    assert look(GRACE_MS + 1, None) == out(0)
    assert look.hearing.unwritten(Known()) == ([], [])
    assert look(HOUR_MS, (-HOUR_MS, -5_000)) == out(-5_000, HOUR_MS)


def test_a_clock_that_went_back_leaves_no_time_to_come(broker, look):
    assert look(HOUR_MS) is None
    assert look(0, (-HOUR_MS, HOUR_MS)) is None
    broker.error = NatsError("gone")
    assert look(GRACE_MS + 1) == out(0)


def begun(outage):
    """When it began, and those before it."""
    return [] if outage is None else [outage.from_ms - T0, *begun(outage.earlier)]


def test_so_many_are_remembered(broker, look):
    spans = [(number * HOUR_MS, number * HOUR_MS + 1_000) for number in range(EARLIER_MAX + 5)]
    found = look(spans[-1][1] + HOUR_MS, *spans)
    broker.error = NatsError("gone")
    ends = [until for _, until in reversed(spans)][: EARLIER_MAX + 1]
    assert begun(found) == ends
    assert begun(look(spans[-1][1] + 2 * HOUR_MS, *spans)) == [spans[-1][1] + HOUR_MS, *ends[:-1]]
    (*_, last), gone = look.hearing.unwritten(Known((), [Span(T0 + since, T0 + until) for since, until in spans]))
    assert last == Span(T0 + spans[-1][1] + HOUR_MS, T0 + spans[-1][1] + HOUR_MS)
    assert gone == [T0 + since for since, _ in spans[: -EARLIER_MAX - 1]]


def test_it_is_written_down_so_often_and_no_more(look):
    look(0)
    assert look.hearing.unwritten(Known()) == ([Span(T0, T0)], [])
    written = Known((), [Span(T0, T0)])
    look(BEAT_MS - 1)
    assert look.hearing.unwritten(written) == ([], [])
    look(BEAT_MS - 1 + LOOK_MS)
    assert look.hearing.unwritten(written) == ([Span(T0, T0 + BEAT_MS - 1 + LOOK_MS)], [])


def test_the_end_of_a_span_is_written_down_as_it_was(look):
    look(0, (0, 0))
    look(LOOK_MS, (0, 0))
    look(HOUR_MS, (0, 0))
    end, anew = Span(T0, T0 + LOOK_MS), Span(T0 + HOUR_MS, T0 + HOUR_MS)
    assert look.hearing.unwritten(Known((), [Span(T0, T0)])) == ([end, anew], [])


LIVES = st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 60_000)), min_size=1, max_size=6)


@given(LIVES)
def test_processes_one_after_the_other_know_each_time_in_which_none_lived(lives):
    broker, database = Broker(), MemoryDatabase(lambda: T0 * 1_000)
    store, died_ms, now_ms, outages = MemoryStore(database.connect(), "hearing"), None, 0, []
    for down_ms, lives_ms in lives:
        now_ms += down_ms
        hearing = Hearing(lambda: broker, lambda: broker.now_ms)
        if died_ms is not None and now_ms - died_ms > GRACE_MS:
            outages.append((died_ms, now_ms))
        for at_ms in range(now_ms, now_ms + lives_ms + 1, LOOK_MS):
            broker.now_ms = T0 + at_ms
            asyncio.run(listen(store, hearing))
            died_ms = at_ms
        now_ms += lives_ms
    found, outage = [], hearing.outage
    while outage is not None:
        found.append((outage.from_ms - T0, outage.until_ms - T0))
        outage = outage.earlier
    for from_ms, until_ms in outages:
        assert any(0 <= from_ms - a < BEAT_MS and b == until_ms for a, b in found)
    assert all(any(a >= from_ms - BEAT_MS and b == until_ms for from_ms, until_ms in every_gap(lives)) for a, b in found)


def every_gap(lives):
    """When no process lived, between the last look of one and the first of the next."""
    now_ms, died_ms = 0, None
    for down_ms, lives_ms in lives:
        now_ms += down_ms
        if died_ms is not None:
            yield died_ms, now_ms
        died_ms = now_ms + lives_ms // LOOK_MS * LOOK_MS
        now_ms += lives_ms
