"""The bound of events is kept where they arise: what is beyond it gets no number, and everything else its place."""

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import channel
from tests.unit.device.hand import BODY, Hand, rules

from seamline.device import OVER_RATE, Core, Policy, PolicyError
from seamline.device.events import Allowance

HOUR_MS = 3_600_000


def events(events_max, events_per_ms):
    bound = {"events_max": events_max, "events_per_ms": events_per_ms}
    door = {**channel(1, 16, 0, 1, 0), **bound}
    return {"channels": [channel(0, 24, 0, 4, 0), door, channel(2, 16, 100, 4, 1)], "drop_first": [2, 1]}


@given(st.integers(1, 20), st.integers(1, 500), st.lists(st.integers(0, 200), max_size=120))
def test_in_no_stretch_of_time_are_more_taken_than_a_burst_and_the_rate(events_max, per_ms, gaps):
    allowance = Allowance(events_max, per_ms)
    now_ms, taken = 0, []
    for gap in gaps:
        now_ms += gap
        if allowance.take(now_ms):
            taken.append(now_ms)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= events_max + (taken[last] - taken[first]) * events_max / per_ms


@given(st.integers(1, 20), st.integers(20, 500), st.integers(0, 10_000), st.lists(st.integers(0, 50), max_size=60))
def test_events_at_the_rate_or_slower_are_all_taken(events_max, per_ms, start_ms, waits):
    allowance = Allowance(events_max, per_ms)
    now_ms = start_ms
    for wait_ms in waits:
        assert allowance.take(now_ms)
        now_ms += -(-per_ms // events_max) + wait_ms


def test_a_burst_is_taken_whole_and_the_next_waits_its_share():
    allowance = Allowance(10, HOUR_MS)
    assert [allowance.take(5) for _ in range(12)] == [True] * 10 + [False] * 2
    assert not allowance.take(5 + HOUR_MS // 10 - 1)
    assert allowance.take(5 + HOUR_MS // 10)


def test_time_that_goes_back_gives_nothing():
    allowance = Allowance(1, 100)
    assert allowance.take(1_000)
    assert not allowance.take(500)
    assert not allowance.take(1_099)
    assert allowance.take(1_100)


def test_an_event_beyond_the_bound_gets_no_number_and_is_counted():
    hand = Hand(**events(2, HOUR_MS))
    assert [hand.record() for _ in range(4)] == [0, 1, OVER_RATE, OVER_RATE]
    assert hand.record(2) == 0
    books = hand.core.books()
    assert books["over_rate"] == 2
    assert books["channels"][1]["numbered"] == 2
    assert hand.at(HOUR_MS).record() == 2


def test_a_boot_begins_with_a_full_allowance():
    hand = Hand(**events(1, HOUR_MS))
    assert [hand.record(), hand.record()] == [0, OVER_RATE]
    assert Hand(stored=hand.flash, **events(1, HOUR_MS)).record() == 0


def test_what_cannot_be_recorded_takes_nothing_of_the_allowance():
    hand = Hand(**events(1, HOUR_MS))
    with pytest.raises(ValueError, match="a body of 3 bytes"):
        hand.record(body=b"abc")
    assert hand.record(body=BODY) == 0


def test_an_event_is_sealed_at_once():
    hand = Hand(**events(5, HOUR_MS))
    assert hand.record() == 0
    assert hand.core._outbox.lanes[1].open is None


def test_a_channel_without_a_bound_takes_everything():
    hand = Hand()
    assert [hand.record() for _ in range(300)] == list(range(300))
    assert hand.core.books()["over_rate"] == 0


@pytest.mark.parametrize(("bound", "message"), [
    ((0, 1000), "channel 1: events_max is 0"),
    ((1.5, 1000), "channel 1: events_max is 1.5"),
    ((1, 0), "channel 1: events_per_ms is 0"),
    ((1, None), "channel 1: events_per_ms is None"),
])  # fmt: skip
def test_a_bound_that_cannot_be_kept_is_refused(bound, message):
    with pytest.raises(PolicyError, match=message):
        Policy(rules(**events(*bound)))


def test_a_policy_of_before_events_is_still_read():
    assert Policy(rules()).channels[1].events_max == 0
    assert Core(rules(), "d", lambda: 1, {}).state == "offline"
