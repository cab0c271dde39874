"""The fault plan is data: the same seed gives the same plan, within the time and the fleet it was drawn for."""

from itertools import islice
from random import Random

from hypothesis import given, strategies as st

from seamline.rig.plan import HOUSE, LINK, MILD, ROUND_S, Kind, chaos, mild, rounds

SEEDS = st.integers(0, 2**64)
FLEETS = st.integers(1, 500)


@given(seed=SEEDS, devices=FLEETS, seconds=st.floats(1, 1000))
def test_every_mild_fault_happens_in_every_fleet_within_its_time(seed: int, devices: int, seconds: float) -> None:
    faults = mild(Random(seed), devices, 10.0, seconds)
    assert {fault.kind for fault in faults} == set(MILD)
    assert faults == sorted(faults)
    for fault in faults:
        assert 10 <= fault.at_s <= 10 + seconds
        assert 0 <= fault.device < devices
        assert fault.at_s + fault.lasts_s <= 10 + seconds


@given(seed=SEEDS, devices=FLEETS)
def test_chaos_kills_each_part_once_and_cuts_the_power_of_a_tenth(seed: int, devices: int) -> None:
    faults = chaos(Random(seed), devices, 0.0, 30.0)
    house = [fault.kind for fault in faults if fault.device < 0]
    assert sorted(house) == sorted(HOUSE)
    dark = [fault.device for fault in faults if fault.kind is Kind.POWER_CUT]
    assert len(set(dark)) == len(dark) == max(1, round(devices / 10))


@given(seed=SEEDS)
def test_the_same_seed_gives_the_same_plan(seed: int) -> None:
    first, again = (list(islice(rounds(seed, 50, None, with_chaos=True), 3)) for _ in range(2))
    assert first == again


def test_a_plan_without_end_goes_on_round_by_round_with_chaos_only_once() -> None:
    plans = list(islice(rounds(1, 20, None, with_chaos=True), 3))
    for number, faults in enumerate(plans):
        assert all(number * ROUND_S <= fault.at_s <= (number + 1) * ROUND_S for fault in faults)
        assert any(fault.kind in HOUSE for fault in faults) == (number == 0)


def test_a_plan_of_known_length_is_one_round_and_may_be_free_of_faults() -> None:
    assert len(list(rounds(1, 20, 12.0))) == 1
    assert list(rounds(1, 20, 12.0, mild_faults=False)) == [[]]


def test_power_cuts_strike_both_kinds_of_outbox() -> None:
    dark = [fault.device for fault in mild(Random(3), 200, 0.0, 30.0) if fault.kind is Kind.POWER_CUT]
    assert {device // 2 % 2 for device in dark} == {0, 1}


@given(seed=SEEDS, links=st.integers(1, 50))
def test_the_network_fails_only_for_devices_that_have_a_link(seed: int, links: int) -> None:
    faults = mild(Random(seed), 400, 0.0, 30.0, links=links)
    assert {fault.kind for fault in faults} == set(MILD)
    assert all(fault.device < links for fault in faults if fault.kind in LINK)


def test_a_fleet_that_lives_more_slowly_has_longer_rounds_and_longer_faults() -> None:
    quick, slow = (next(rounds(1, 200, None, stretch=stretch)) for stretch in (1.0, 10.0))
    assert max(fault.at_s for fault in slow) > 5 * max(fault.at_s for fault in quick)
    for kind in (Kind.OUT_OF_REACH, Kind.LATE_ANCHOR):
        short, long = (next(fault.lasts_s for fault in faults if fault.kind is kind) for faults in (quick, slow))
        assert long > 3 * short


def test_in_a_demo_of_half_a_minute_the_unreachable_are_presumed_lost_and_come_back() -> None:
    gone = [fault for fault in next(rounds(1, 200, 30.0)) if fault.kind is Kind.OUT_OF_REACH]
    assert gone
    for fault in gone:
        assert fault.lasts_s > 6 + 2  # three publishes, and the time to see it
        assert fault.at_s + fault.lasts_s < 30


def test_a_fault_reads_as_a_line() -> None:
    faults = [fault for fault in mild(Random(1), 5, 0.0, 30.0) if fault.kind is Kind.DEAF]
    assert "deaf for a while device" in str(faults[0])
