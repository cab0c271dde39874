"""The hash over a world's events, and the last of them."""

from collections import deque
from hashlib import blake2b
from struct import pack

import pytest
from hypothesis import given, strategies as st

from seamline.rig.world.trace import HASH_AT_ONCE, LAST_EVENTS, Event, Trace

EVENTS = st.lists(
    st.builds(
        Event,
        st.integers(0, 1 << 50),
        st.integers(-1, 1 << 20),
        st.sampled_from(["data", "birth", "größe"]),
        st.binary(max_size=9),
    ),
    max_size=30,
)


def noted(events, **options):
    trace = Trace(**options)
    for event in events:
        trace.note(*event)
    return trace


@given(EVENTS)
def test_the_hash_is_that_of_every_events_time_device_name_and_bytes_in_order(events):
    expected = blake2b(digest_size=16)
    for at_us, device, what, data in events:
        name = what.encode()
        expected.update(pack("<qiHI", at_us, device, len(name), len(data)) + name + data)
    assert noted(events).digest() == expected.hexdigest()


@given(EVENTS, st.integers(0, 30))
def test_asking_for_the_hash_in_between_changes_nothing(events, at):
    trace = noted(events[:at])
    trace.digest()
    assert list(trace.last) == events[:at]
    for event in events[at:]:
        trace.note(*event)
    assert trace.digest() == noted(events).digest()


@pytest.mark.parametrize("count", [HASH_AT_ONCE - 1, HASH_AT_ONCE, 3 * HASH_AT_ONCE + 7])
def test_only_the_last_events_are_kept_however_many_are_hashed_at_once(count):
    events = [Event(at, 0, "data", b"%d" % at) for at in range(count)]
    assert list(noted(events).last) == events[-LAST_EVENTS:]
    assert list(noted(events, keep_all=True).last) == events


def test_a_recorder_gets_each_event_as_it_happens_and_the_hash_stays_the_same():
    trace, live = Trace(), deque()
    trace.note(1, 0, "before")
    trace.last = live
    trace.note(2, 0, "after", b"x")
    assert list(live) == [Event(2, 0, "after", b"x")]
    assert trace.last is live
    assert trace.digest() == noted([Event(1, 0, "before", b""), Event(2, 0, "after", b"x")]).digest()
