"""Since when the hub has not heard or stored, when one thing after another goes wrong."""

import asyncio

import pytest
from tests.unit.hub.test_hearing import CREATED, T0, Broker

from seamline.hub.hearing import EARLIER_MAX, GRACE_MS, LOOK_MS, Hearing, Known, Place
from seamline.hub.ingest.nats import NatsError
from seamline.hub.presence import Outage

COMMITTED_ALL = Place(0, CREATED, 9, T0)


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def look(broker):
    hearing = Hearing(lambda: broker, lambda: broker.now_ms)

    def at(ms, *places):
        broker.now_ms = T0 + ms
        return asyncio.run(hearing.look(Known(places)))

    return at


def test_what_waits_when_the_broker_goes_is_the_beginning_of_the_outage(broker, look):
    broker.kept = [(1, 0, 1_000)]
    assert look(4_000, Place(0, CREATED, 0, T0)).outage is None
    broker.error = NatsError("gone")
    assert look(1_000 + GRACE_MS, Place(0, CREATED, 0, T0)).outage is None
    assert look(1_000 + GRACE_MS + LOOK_MS, Place(0, CREATED, 0, T0)).outage == Outage(T0 + 1_000)


def test_the_grace_itself_is_no_outage_and_a_millisecond_more_is_one(broker, look):
    broker.kept = [(1, 0, 0)]
    assert look(GRACE_MS, Place(0, CREATED, 0, T0)).outage is None
    assert look(GRACE_MS + LOOK_MS, Place(0, CREATED, 0, T0)).outage == Outage(T0)


def test_an_outage_begins_at_the_earliest_moment_that_was_found(broker, look):
    broker.error = NatsError("gone")
    assert look(GRACE_MS + 1, COMMITTED_ALL).outage == Outage(T0)
    broker.error, broker.kept = None, [(10, 0, 5_000)]
    assert look(2 * GRACE_MS, COMMITTED_ALL).outage == Outage(T0)


def test_an_outage_is_over_when_all_is_stored_and_the_next_one_begins_anew(broker, look):
    broker.error = NatsError("gone")
    look(GRACE_MS + 1, COMMITTED_ALL)
    broker.error = None
    well_ms = 2 * GRACE_MS
    assert look(well_ms, COMMITTED_ALL).outage == Outage(T0, T0 + well_ms)
    assert look(well_ms + LOOK_MS, COMMITTED_ALL).outage == Outage(T0, T0 + well_ms)
    broker.error = NatsError("gone again")
    again_ms = well_ms + LOOK_MS
    assert look(again_ms + GRACE_MS + 1, COMMITTED_ALL).outage == Outage(T0 + again_ms, None, Outage(T0, T0 + well_ms))


def test_so_many_outages_before_the_latest_are_remembered_and_no_more(broker, look):
    every_ms = 3 * GRACE_MS
    for number in range(EARLIER_MAX + 2):
        broker.error = NatsError("gone")
        look(number * every_ms + GRACE_MS + LOOK_MS + 1, COMMITTED_ALL)
        broker.error = None
        found = look(number * every_ms + 2 * GRACE_MS + LOOK_MS, COMMITTED_ALL).outage
    begun = []
    while found is not None:
        begun.append(found.from_ms)
        found = found.earlier
    assert len(begun) == EARLIER_MAX + 1
    assert begun == sorted(begun, reverse=True)
    assert begun[-1] > T0


@pytest.mark.parametrize(("after_ms", "asks"), [(LOOK_MS - 1, 1), (LOOK_MS, 2), (-1, 2)])
def test_an_answer_is_good_until_the_next_look_is_due_and_none_when_the_clock_stepped_back(broker, look, after_ms, asks):
    look(50_000)
    look(50_000 + after_ms)
    assert broker.asked == asks


def test_the_oldest_of_what_waits_in_any_partition_counts_and_what_is_committed_does_not(broker, look):
    broker.kept = [(1, 0, 100), (2, 1, 200), (3, 0, 300), (4, 1, 400)]
    assert look(1_000, Place(0, CREATED, 1, T0), Place(1, CREATED, 2, T0)).waiting_ms == T0 + 300
    assert look(4_000, Place(0, CREATED, 3, T0), Place(1, CREATED, 2, T0)).waiting_ms == T0 + 400
    assert look(7_000, Place(0, CREATED, 4, T0), Place(1, CREATED, 4, T0 + 9)).waiting_ms is None


def test_the_last_commit_of_any_partition_is_when_something_was_stored(look):
    assert look(0, Place(0, CREATED, 1, T0 - 5), Place(1, CREATED, 1, T0 - 3)).stored_ms == T0 - 3
    assert look(LOOK_MS).stored_ms is None
