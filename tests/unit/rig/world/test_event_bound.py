"""How often events come in a world, and how often they may be recorded."""

from hypothesis import given, strategies as st

from seamline.contract.quantities import EventRate
from seamline.device.events import Allowance
from seamline.rig.world.event_bound import Events
from seamline.rig.world.streams import Stream

STREAM = Stream(1, "d", "events")


@given(st.integers(1, 50), st.integers(1, 100_000), st.lists(st.integers(0, 200_000), max_size=80))
def test_the_bound_is_the_one_that_the_device_core_keeps(events_max, per_ms, gaps):
    bound, allowance, now_ms = Events(EventRate(events_max, per_ms), 1, STREAM), Allowance(events_max, per_ms), 0
    for gap_ms in gaps:
        now_ms += gap_ms
        assert bound.may_record(now_ms) == allowance.take(now_ms)


def test_all_may_come_at_once_and_then_one_a_spacing():
    bound = Events(EventRate(3, 60_000), 20_000, STREAM)
    assert [bound.may_record(5) for _ in range(4)] == [True, True, True, False]
    assert [bound.may_record(now_ms) for now_ms in (20_004, 20_005, 40_004, 40_005)] == [False, True, False, True]


def test_events_come_close_together_and_far_apart():
    events = Events(EventRate(1, 3_600_000), 3_600_000, Stream(4, "d", "events"))
    waits = [events.wait_us() for _ in range(1_000)]
    assert min(waits) == 3_600_000_000 >> 16
    assert sum(wait < 1_000_000 for wait in waits) > 300
    assert sum(wait > 60_000_000 for wait in waits) > 30
    assert max(waits) <= 3_600_000_000


def test_the_closest_are_a_millisecond_apart():
    assert Events(EventRate(1_000, 1_000), 1, STREAM).wait_us() == 1_000
