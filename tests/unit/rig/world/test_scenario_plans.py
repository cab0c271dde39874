"""What a bad day adds to what its seed draws: a long silence, what follows a correction at once, outages in any case."""

from dataclasses import replace
from functools import cache

import pytest

from seamline.rig.world.draw import draw
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, parse
from seamline.rig.world.scenarios import CHASE_EFFECTS, CHASE_MS, DAYS, TOGETHER, Day

HOUR_MS = 3_600_000
SEEDS = range(30)
SILENT = [name for name, day in DAYS.items() if day.silent_ms]
CHASED = next(day for day in DAYS.values() if day.chase)
SURELY = next(day for day in DAYS.values() if day.surely)
PLAIN = [name for name, day in DAYS.items() if not (day.silent_ms or day.chase or day.surely)]


def added(day, seed, devices, duration_ms):
    """What the day adds to its seed's faults, in order."""
    left = list(day.plan(seed, devices, duration_ms).faults)
    for fault in draw(seed, devices, duration_ms, day.kinds).faults:
        left.remove(fault)
    return left


@pytest.mark.parametrize("name", PLAIN)
def test_most_days_are_what_their_faults_draw(name):
    assert DAYS[name].plan(3, 4, HOUR_MS) == draw(3, 4, HOUR_MS, DAYS[name].kinds)


@pytest.mark.parametrize("name", DAYS)
def test_a_days_faults_are_in_order_within_its_time_and_within_their_bounds(name):
    for seed in range(6):
        plan = DAYS[name].plan(seed, 4, HOUR_MS)
        assert list(plan.faults) == sorted(plan.faults, key=lambda fault: (fault.at_ms, fault.kind, fault.device))
        assert parse(plan.write()) == plan
        for fault in plan.faults:
            spec = SPECS[fault.kind]
            assert 0 <= fault.at_ms < plan.duration_ms
            assert (fault.device == HOUSE) == spec.house
            assert all(low <= fault.numbers[name] <= high for name, (low, high) in spec.numbers.items())


# -- a long silence ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize(("devices", "silent"), [(1, 1), (2, 1), (3, 1), (8, 4)])
def test_half_the_devices_are_silent_together_and_the_run_is_that_much_longer(name, devices, silent):
    day = DAYS[name]
    for seed in SEEDS:
        plan, silences = day.plan(seed, devices, HOUR_MS), added(day, seed, devices, HOUR_MS)
        assert (plan.seed, plan.devices, plan.duration_ms) == (seed, devices, HOUR_MS + day.silent_ms)
        assert len({fault.device for fault in silences}) == len(silences) == silent
        assert {(fault.kind, fault.lasts_ms) for fault in silences} == {(day.silence, day.silent_ms)}
        (at_ms,) = {fault.at_ms for fault in silences}
        assert HOUR_MS // 4 <= at_ms <= HOUR_MS // 2


def test_silence_comes_at_another_time_and_to_other_devices_with_another_seed():
    silences = [added(DAYS[SILENT[0]], seed, 8, HOUR_MS) for seed in SEEDS]
    begins_ms = sorted(own[0].at_ms for own in silences)
    assert len(set(begins_ms)) > 25
    assert begins_ms[0] < HOUR_MS * 3 // 10
    assert begins_ms[-1] > HOUR_MS * 45 // 100
    assert {fault.device for own in silences for fault in own} == set(range(8))


# -- what follows a correction -----------------------------------------------------------------------------------------------


@cache
def chases():
    """(corrections that may be the one before, what follows it) of the plans of many seeds: only corrections are drawn."""
    day, found = replace(CHASED, kinds=(Kind.CORRECTION,)), []
    for seed in SEEDS:
        corrections = list(draw(seed, 3, 4 * HOUR_MS, day.kinds).faults)
        found += [
            ([one for one in corrections if 0 <= fault.at_ms - one.at_ms < CHASE_MS], fault)
            for fault in added(day, seed, 3, 4 * HOUR_MS)
        ]
    return found


def test_about_half_of_the_corrections_are_followed_within_moments():
    drawn = sum(len(draw(seed, 3, 4 * HOUR_MS, (Kind.CORRECTION,)).faults) for seed in SEEDS)
    assert 0.4 < len(chases()) / drawn < 0.6
    assert all(before for before, _ in chases())
    assert max(fault.at_ms - before[-1].at_ms for before, fault in chases()) > CHASE_MS * 9 // 10
    assert {fault.kind for _, fault in chases()} == set(CHASED.chase)


def test_a_correction_that_follows_is_of_the_same_and_says_something_else():
    again = [(before, fault) for before, fault in chases() if fault.kind is Kind.CORRECTION]
    for before, fault in again:
        others = {**fault.numbers, "permille": 0}
        assert any(fault.device == one.device and others == {**one.numbers, "permille": 0} for one in before)
    assert max(fault.at_ms - before[-1].at_ms for before, fault in again) > CHASE_MS * 9 // 10
    new = [all(fault.numbers["permille"] != one.numbers["permille"] for one in before) for before, fault in again]
    assert sum(new) > len(new) * 9 // 10
    assert max(fault.numbers["permille"] for _, fault in again) <= 1_000


def test_what_ends_the_hub_strikes_it_soon_and_for_no_longer_than_a_pass_takes():
    ends = [fault for _, fault in chases() if fault.kind is not Kind.CORRECTION]
    for fault in ends:
        low, high = SPECS[fault.kind].lasts_ms
        assert fault.device == HOUSE
        assert min(low, CHASE_MS) <= fault.lasts_ms <= min(high, CHASE_MS)
    effects = [fault.numbers["effects"] for fault in ends if fault.kind is Kind.HUB_KILL]
    assert max(effects) == CHASE_EFFECTS
    assert min(effects) == 0


def test_nothing_follows_what_is_no_correction_or_comes_at_the_end():
    nothing = replace(CHASED, kinds=(Kind.HUB_KILL, Kind.DEAD_CLOCK))
    assert [added(nothing, seed, 3, HOUR_MS) for seed in range(8)] == [[]] * 8
    only = replace(CHASED, kinds=(Kind.CORRECTION,))
    late = [fault for seed in range(150) for fault in only.plan(seed, 40, 120_000).faults]
    assert max(fault.at_ms for fault in late) > 119_000
    assert all(fault.at_ms < 120_000 and fault.at_ms + fault.lasts_ms <= 120_000 for fault in late)


# -- what comes in any case --------------------------------------------------------------------------------------------------

DAY_MS = 32 * 60_000
STRETCH_MS, PART_MS = DAY_MS // (len(SURELY.surely) + 2), DAY_MS // 32


@pytest.mark.parametrize("seed", SEEDS)
def test_each_outage_has_a_stretch_of_the_day_and_then_two_come_at_once_with_the_hubs_end(seed):
    outages = added(SURELY, seed, 4, DAY_MS)
    alone, together = outages[: len(SURELY.surely)], outages[len(SURELY.surely) :]
    pair = [fault for fault in together if fault.kind is not Kind.HUB_KILL]
    for number, fault in enumerate(alone, 1):
        begins_ms = fault.at_ms - number * STRETCH_MS
        assert fault.kind is SURELY.surely[number - 1]
        assert begins_ms == 0 if fault.kind in {one.kind for one in pair} else 0 <= begins_ms < PART_MS // 2
    assert len(pair) == 2
    assert {fault.kind for fault in pair} < set(TOGETHER)
    assert {fault.at_ms for fault in pair} == {(len(SURELY.surely) + 1) * STRETCH_MS}
    (kill,) = (fault for fault in together if fault.kind is Kind.HUB_KILL)
    assert 0 <= kill.at_ms - pair[0].at_ms < PART_MS // 2


def test_an_outage_that_comes_in_any_case_lasts_a_small_part_of_the_day_or_two():
    outages = [fault for seed in SEEDS for fault in added(SURELY, seed, 4, DAY_MS)]
    for fault in outages:
        assert min(PART_MS, SPECS[fault.kind].lasts_ms[1]) <= fault.lasts_ms <= min(2 * PART_MS, SPECS[fault.kind].lasts_ms[1])
        assert fault.numbers.get("effects", 0) <= CHASE_EFFECTS
    assert len({fault.lasts_ms for fault in outages}) > len(outages) // 2
    waits_ms = {fault.at_ms % STRETCH_MS for fault in outages}
    assert max(waits_ms) > PART_MS // 4
    assert len(waits_ms) > len(outages) // 4
    assert {fault.device for fault in outages if not SPECS[fault.kind].house} == set(range(4))


def test_every_two_that_can_be_away_together_are_with_some_seed():
    last_ms = (len(SURELY.surely) + 1) * STRETCH_MS
    pairs = {
        frozenset(fault.kind for fault in added(SURELY, seed, 4, DAY_MS) if fault.at_ms == last_ms and fault.kind in TOGETHER)
        for seed in SEEDS
    }
    assert len(pairs) == 3


def test_a_day_of_a_second_still_holds_every_outage():
    plan = SURELY.plan(1, 1, 1_000)
    assert {*SURELY.surely} <= {fault.kind for fault in plan.faults}
    assert all(fault.at_ms + fault.lasts_ms <= 1_000 for fault in plan.faults)


def test_a_day_is_proved_when_each_of_its_states_was_reached():
    day, marks = Day((), ("online",), ("deaf", "busy")), Marks()
    for state, left in (("busy", ("deaf",)), ("deaf", ())):
        marks.hit(state)
        assert day.unproved(marks) == left
    assert Fault(0, Kind.CUT_ALL).device == HOUSE
