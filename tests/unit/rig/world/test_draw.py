"""What a seed draws: how many faults, of which kinds, when, on whom and how long; and that each purpose draws for itself."""

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from seamline.rig.world.draw import ONCE, OWN_STREAMS, draw
from seamline.rig.world.plan import HOUSE, SPECS, Kind

HOUR_MS = 3_600_000
SEEDS = range(60)
MIXED = [kind for kind in Kind if SPECS[kind].is_mixed]
COMMON = [kind for kind in MIXED if kind not in OWN_STREAMS and not SPECS[kind].is_wish]
OF_DEVICES = [kind for kind in COMMON if not SPECS[kind].house and kind not in ONCE]
OF_HOUSE = [kind for kind in COMMON if SPECS[kind].house and kind not in ONCE]


def faults(kinds, devices, duration_ms, seeds=SEEDS):
    """The faults that each seed draws of these kinds."""
    return [list(draw(seed, devices, duration_ms, kinds).faults) for seed in seeds]


def without(plan, kinds):
    return [fault for fault in plan.faults if fault.kind not in kinds]


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(60_000, 4 * HOUR_MS))
def test_a_plan_is_in_order_and_every_fault_is_in_its_time_on_somebody_there(seed, devices, duration_ms):
    plan = draw(seed, devices, duration_ms)
    assert (plan.seed, plan.devices, plan.duration_ms, plan.only) == (seed, devices, duration_ms, None)
    assert list(plan.faults) == sorted(plan.faults, key=lambda fault: (fault.at_ms, fault.kind, fault.device))
    for fault in plan.faults:
        spec = SPECS[fault.kind]
        assert duration_ms // 50 <= fault.at_ms < duration_ms, "the fleet boots before the first fault"
        assert fault.at_ms + fault.lasts_ms <= duration_ms
        assert fault.lasts_ms <= spec.lasts_ms[1]
        assert fault.lasts_ms >= min(spec.lasts_ms[0], duration_ms - fault.at_ms)
        assert fault.device == HOUSE if spec.house else fault.device in range(devices)
        assert fault.numbers.keys() == spec.numbers.keys()


@pytest.mark.parametrize("once", sorted(ONCE))
def test_what_happens_once_is_in_a_plan_at_most_once(once):
    counts = [sum(fault.kind is once for fault in own) for own in faults([once], 4, 400 * HOUR_MS)]
    assert set(counts) == {0, 1}


@pytest.mark.parametrize("apart", sorted(OWN_STREAMS))
def test_what_is_drawn_apart_changes_nothing_else_that_a_seed_draws(apart):
    others = [kind for kind in MIXED if kind is not apart]
    for seed in range(8):
        assert without(draw(seed, 4, HOUR_MS, [*others, apart]), {apart}) == list(draw(seed, 4, HOUR_MS, others).faults)


def test_wishes_and_faults_change_nothing_of_each_other():
    wishes = [kind for kind in MIXED if SPECS[kind].is_wish]
    for seed in range(8):
        both = draw(seed, 4, HOUR_MS, [*COMMON, *wishes])
        assert without(both, wishes) == list(draw(seed, 4, HOUR_MS, COMMON).faults)
        assert without(both, COMMON) == list(draw(seed, 4, HOUR_MS, wishes).faults)


@pytest.mark.parametrize(
    ("kinds", "every_ms", "struck"),
    [
        (OF_DEVICES, 600_000, 6),
        (OF_HOUSE, 900_000, 1),
        ([Kind.WISH], 300_000, 6),
        ([Kind.FLAPPING], 1_200_000, 6),
        ([Kind.CLOCK_OFF], 1_800_000, 6),
    ],
    ids=["faults of devices", "faults of the house", "wishes", "flapping", "clocks that are off"],
)
def test_faults_come_as_often_as_their_rate_between_a_quarter_and_twice_of_it(kinds, every_ms, struck):
    middle = 24 * HOUR_MS * struck // every_ms
    counts = [len(own) for own in faults(kinds, 6, 24 * HOUR_MS) if own]
    assert all(middle // 4 <= count <= 2 * middle for count in counts)
    assert min(counts) < middle // 2
    assert max(counts) > middle * 3 // 2
    assert 0.9 < sum(counts) / len(counts) / (middle * 9 / 8) < 1.1, "the rate is even between the two"


def test_the_house_has_its_own_rate_whatever_the_devices_are():
    for seed in range(8):
        alone, many = (without(draw(seed, devices, 10 * HOUR_MS, OF_HOUSE), OF_DEVICES) for devices in (1, 50))
        assert len(alone) == len(many)


def test_each_kind_is_left_out_of_half_the_plans_and_what_is_in_has_a_weight_of_its_own():
    drawn = [Counter(fault.kind for fault in own) for own in faults(OF_DEVICES, 10, 24 * HOUR_MS)]
    shares = [sum(bool(own[kind]) for own in drawn) / len(drawn) for kind in OF_DEVICES]
    assert all(0.25 < share < 0.75 for share in shares)
    assert 0.45 < sum(shares) / len(shares) < 0.55
    ratios = {round(max(own.values()) / min(own.values())) for own in drawn if len(own) > 1}
    assert max(ratios) >= 7, "the heaviest is eight times the lightest"
    assert min(ratios) <= 4, "not in every plan"


def test_every_device_is_struck_alike_and_at_all_times():
    own = [fault for each in faults(OF_DEVICES, 5, 24 * HOUR_MS) for fault in each]
    devices, hours = Counter(fault.device for fault in own), Counter(fault.at_ms // (6 * HOUR_MS) for fault in own)
    assert sorted(devices) == list(range(5))
    assert sorted(hours) == list(range(4))
    for counts in (devices, hours):
        assert max(counts.values()) < 1.15 * min(counts.values())


def test_short_faults_are_as_frequent_as_long_ones():
    """Half of the outages are within the shortest 32nd of the range, and some are nearly as long as they may be."""
    low, high = SPECS[Kind.PARTITION].lasts_ms
    lasting = [fault.lasts_ms for own in faults([Kind.PARTITION], 10, 48 * HOUR_MS) for fault in own]
    assert min(lasting) < 2 * low
    assert max(lasting) > high // 2
    assert sum(ms < high // 32 for ms in lasting) > len(lasting) // 4
    assert sum(ms > high // 4 for ms in lasting) > len(lasting) // 50


def test_without_a_kind_nothing_is_drawn_and_without_a_list_everything_mixed():
    assert list(draw(1, 5, HOUR_MS, []).faults) == []
    assert {fault.kind for seed in range(40) for fault in draw(seed, 5, 4 * HOUR_MS).faults} == set(MIXED)
    rare = next(kind for kind in Kind if not SPECS[kind].is_mixed and kind not in ONCE)
    assert {fault.kind for own in faults([rare], 5, 8 * HOUR_MS) for fault in own} == {rare}
