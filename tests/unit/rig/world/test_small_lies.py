"""Time servers that lie by seconds and minutes, which plans seldom draw: no date is off by more than it says."""

import pytest

from seamline.rig.world.draw import draw
from seamline.rig.world.plan import Fault, Kind, Plan
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
