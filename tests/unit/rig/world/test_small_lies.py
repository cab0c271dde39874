"""Time servers that lie by seconds and minutes: no date is off by more than it says."""

import pytest

from seamline.rig.world.draw import draw
from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan
from seamline.rig.world.streams import Stream
from seamline.rig.world.world import Parts, World

HALF_HOUR_MS, DEVICES, LIES = 1_800_000, 4, 12
SEEN_MS, DOUBLINGS = 20_000, 5
"""What a slow answer of the hub may leave open is less than the former; so many doublings later it is ten minutes."""


def small_lies(seed):
    """Lies with the link cut in the middle of each, so that they are told, among faults that leave the hub's own word uncertain."""
    stream = Stream(seed, "test", "lies")
    for _ in range(LIES):
        at_ms, device = stream.between(60_000, HALF_HOUR_MS - 120_000), stream.below(DEVICES)
        by_ms = stream.between(SEEN_MS, 2 * SEEN_MS) << stream.below(DOUBLINGS)
        yield Fault(at_ms, Kind.CLOCK_STEP, device, 120_000, {"by_ms": by_ms if stream.chance(500) else -by_ms})
        yield Fault(at_ms + 1_000, Kind.LINK_CUT, device)
    yield from draw(seed, DEVICES, HALF_HOUR_MS, [Kind.SLOW, Kind.DEAF, Kind.POWER_CUT, Kind.NTP_BLOCKED]).faults


@pytest.mark.parametrize("seed", range(6))
def test_a_lie_of_seconds_or_minutes_dates_no_record_wrongly(seed, families):
    faults = tuple(sorted(small_lies(seed), key=lambda fault: fault.at_ms))
    outcome = World(Plan(seed, DEVICES, HALF_HOUR_MS, faults), Parts(families)).run()
    assert outcome.broken is None
    assert outcome.marks.counts["clock-lied"] >= LIES // 3


@pytest.mark.parametrize(("late", "why"), [(0, "future"), (1, "disagrees")])
def test_a_clock_that_is_a_little_off_is_told_at_once_and_not_believed(late, why, families):
    off = Fault(120_000, Kind.CLOCK_OFF, 0, 60_000, {"by_ms": SEEN_MS, "late": late})
    world = World(Plan(4, 1, 300_000, (off,)), Parts(families))
    outcome = world.run()
    assert outcome.broken is None
    assert outcome.marks.counts["clock-lied"] == 1
    told = [row for row in world.hub.database.tables.anchor.rows.values() if row.source == "ntp"]
    assert sorted((row.accepted, row.why) for row in told) == [(False, why), (True, None)]
    assert world.devices[0].clock.is_right


def test_of_two_small_lies_the_last_one_counts(families):
    early = Fault(120_000, Kind.CLOCK_OFF, 0, 60_000, {"by_ms": SEEN_MS + 2_000, "late": 0})
    late = Fault(121_000, Kind.CLOCK_OFF, 0, 59_000, {"by_ms": SEEN_MS, "late": 1})
    world = World(Plan(4, 1, 300_000, (early, late)), Parts(families))
    assert world.run().broken is None
    told = [row for row in world.hub.database.tables.anchor.rows.values() if row.source == "ntp"]
    assert {row.why for row in told} == {None, "future", "disagrees"}


@pytest.mark.parametrize(
    "in_the_way",
    [
        Fault(0, Kind.NTP_BLOCKED, HOUSE, 290_000),
        Fault(90_000, Kind.POWER_CUT, 0, 60_000),
        Fault(110_000, Kind.FLAPPING, 0, 30_000, {"down_ms": 20_000, "up_ms": 75_000}),
    ],
)
def test_a_clock_that_is_a_little_off_is_not_told_where_nobody_can_be_asked(in_the_way, families):
    off = Fault(120_000, Kind.CLOCK_OFF, 0, 5_000, {"by_ms": SEEN_MS, "late": 1})
    outcome = World(Plan(4, 1, 300_000, (in_the_way, off)), Parts(families)).run()
    assert outcome.broken is None
    assert outcome.marks.counts["clock-lied"] == 0


def test_a_good_share_of_small_lies_in_mixed_plans_is_told(families):
    plans = (draw(seed, 5, HALF_HOUR_MS) for seed in range(100))
    plan = next(plan for plan in plans if sum(fault.kind is Kind.CLOCK_OFF for fault in plan.faults) >= LIES // 2)
    lies = tuple(fault for fault in plan.faults if fault.kind is Kind.CLOCK_OFF)
    outcome = World(Plan(plan.seed, 5, HALF_HOUR_MS, lies), Parts(families)).run()
    assert outcome.broken is None
    assert outcome.marks.counts["clock-lied"] >= len(lies) - 1
