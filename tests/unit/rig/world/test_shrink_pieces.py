"""How a failing plan is made small, step by step: what is tried, and when it stops. The defects are rules about plans."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from seamline.rig.world.apart import GivenUpError
from seamline.rig.world.draw import draw
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.run import run
from seamline.rig.world.shrink import (
    ALONE_AT_MS,
    ALONE_OF_MAX,
    FIRST_FAULT_MS,
    _concerned,
    _earlier,
    _ended,
    _fewer,
    _is_worth_more,
    _Shrinking,
    _with_devices,
    shrink,
    size,
)
from seamline.rig.world.world import Outcome, Parts

HOUR_MS = 3_600_000


class Defect:
    """Stands where worlds run: a plan breaks the promise at that time, to that device, when the rule says so."""

    def __init__(self, breaks, at_ms=None, device=HOUSE):
        self.breaks, self.at_ms, self.device, self.ran, self.how = breaks, at_ms, device, [], []

    def do(self, _work, plan, **how):
        self.ran.append(plan)
        self.how.append(how)
        promise = self.breaks(plan)
        broken = BrokenPromise("books" if promise is True else promise, "is wrong", self.device) if promise else None
        at_ms = plan.duration_ms if self.at_ms is None else min(self.at_ms, plan.duration_ms)
        return Outcome(plan, "", Marks(), at_ms * 1_000, 0, 0, 0, broken)


def begun(families, plan, breaks, **defect):
    """(the shrinking of a plan that broke, the defect): nothing is tried yet."""
    found = Defect(breaks, **defect)
    parts = Parts(families, apart=found)
    outcome = run(plan, parts)
    found.ran.clear()
    return _Shrinking(outcome, parts, lambda _try: None, lambda: True, 250), found


def after(families, plan, breaks, *steps, **defect):
    """The smallest plan after these steps alone, and what was tried."""
    shrinking, found = begun(families, plan, breaks, **defect)
    for step in steps:
        getattr(shrinking, f"_{step}")()
    return shrinking._best.plan, found.ran


def shrunk(families, plan, breaks, **how):
    found = Defect(breaks)
    parts = Parts(families, apart=found)
    return shrink(run(plan, parts), parts, **how).plan, found


LOSSY = Fault(60_000, Kind.LOSSY, 1, 400_000, {"permille": 400})
CUT = Fault(90_000, Kind.POWER_CUT, 2, 20_000)
DOWN = Fault(200_000, Kind.BROKER_DOWN, HOUSE, 5_000)
KILL = Fault(60_000, Kind.HUB_KILL, HOUSE, 200, {"effects": 40})
PLAN = Plan(7, 4, HOUR_MS, (LOSSY, CUT, DOWN))


# -- plans cut down ----------------------------------------------------------------------------------------------------------

PLANS = st.builds(draw, st.integers(0, 999), st.integers(1, 6), st.integers(60_000, 4 * HOUR_MS))


@settings(max_examples=40)
@given(PLANS, st.integers(1, 4 * HOUR_MS))
def test_a_plan_that_ends_sooner_has_what_began_before_and_nothing_goes_on(plan, end_ms):
    ended = _ended(plan, end_ms)
    assert ended.duration_ms == end_ms
    assert [replace(fault, lasts_ms=0) for fault in ended.faults] == [
        replace(fault, lasts_ms=0) for fault in plan.faults if fault.at_ms < end_ms
    ]
    for fault, whole in zip(ended.faults, plan.faults, strict=False):
        assert fault.lasts_ms == min(whole.lasts_ms, end_ms - fault.at_ms)


@settings(max_examples=40)
@given(PLANS, st.data())
def test_faults_that_come_earlier_keep_their_distances_and_their_time(plan, data):
    if not plan.faults:
        return
    place = data.draw(st.integers(0, len(plan.faults) - 1))
    by_ms = data.draw(st.integers(0, plan.faults[place].at_ms))
    earlier = _earlier(plan, place, by_ms)
    moves = [was.at_ms - now.at_ms for was, now in zip(plan.faults, earlier.faults, strict=True)]
    assert moves == [0] * place + [by_ms] * (len(moves) - place)
    assert [replace(fault, at_ms=0) for fault in earlier.faults] == [replace(fault, at_ms=0) for fault in plan.faults]
    ends_ms = max(fault.at_ms + max(1, fault.lasts_ms) for fault in earlier.faults)
    assert earlier.duration_ms == max(plan.duration_ms - by_ms, ends_ms)


@settings(max_examples=40)
@given(PLANS, st.sets(st.integers(0, 5)))
def test_with_fewer_devices_what_struck_the_others_goes_with_them(plan, kept):
    kept = sorted(kept & set(range(plan.devices)))
    fewer = _with_devices(plan, kept)
    assert fewer.present == tuple(kept)
    assert list(fewer.faults) == [fault for fault in plan.faults if fault.device in {HOUSE, *kept}]
    assert (fewer.seed, fewer.devices, fewer.duration_ms) == (plan.seed, plan.devices, plan.duration_ms)


@given(st.integers(1, 24), st.data())
def test_what_is_left_after_taking_parts_out_is_exactly_what_it_takes(count, data):
    needed = data.draw(st.sets(st.integers(0, count - 1)))
    kept_so_far, tries = [list(range(count))], 0
    for kept in _fewer(lambda: kept_so_far[-1]):
        tries += 1
        assert len(kept) < len(kept_so_far[-1])
        if needed <= set(kept):
            kept_so_far.append(kept)
    assert kept_so_far[-1] == sorted(needed)
    assert tries <= 2 * count + 2 * (len(needed) + 1) * count.bit_length()


def test_halves_go_first_then_quarters_then_one_by_one():
    items = list(range(5))
    assert list(_fewer(lambda: items)) == [[], [2, 3, 4], [0, 1, 4], [0, 1, 2, 3], *([b for b in items if b != a] for a in items)]


def test_a_plan_is_small_by_its_faults_first_then_devices_then_time():
    assert size(PLAN) == (3, 4, HOUR_MS, 425_000)
    assert size(replace(PLAN, only=(2,))) == (3, 1, HOUR_MS, 425_000)


@pytest.mark.parametrize(
    ("before", "now", "is_worth_more"),
    [
        ((3, 4, 100, 100), (2, 4, 100, 100), True),
        ((3, 4, 100, 100), (3, 3, 100, 100), True),
        ((3, 4, 100, 100), (2, 5, 100, 100), True),
        ((3, 4, 100, 100), (3, 4, 79, 100), True),
        ((3, 4, 100, 100), (3, 4, 80, 100), False),
        ((3, 4, 100, 100), (3, 4, 100, 79), True),
        ((3, 4, 100, 100), (3, 4, 100, 80), False),
        ((3, 4, 100, 100), (3, 4, 100, 100), False),
    ],
)
def test_another_round_is_worth_its_runs_when_the_last_took_out_something_or_a_fifth_of_the_time(before, now, is_worth_more):
    assert _is_worth_more(before, now) is is_worth_more


def test_the_culprit_stays_first_then_those_who_are_struck(families):
    def order(device, **changes):
        plan = replace(PLAN, **changes)
        return _concerned(Outcome(plan, "", Marks(), 0, 0, 0, 0, BrokenPromise("books", "", device)))

    assert order(3) == [3, 1, 2, 0]
    assert order(HOUSE) == [1, 2, 0, 3]
    assert order(1, only=(0, 2, 3)) == [2, 0, 3]


# -- the steps ---------------------------------------------------------------------------------------------------------------


def test_what_comes_after_the_break_is_left_out_at_once(families):
    plan, tried = after(families, PLAN, lambda _plan: True, "cut_short", at_ms=95_000)
    assert [one.duration_ms for one in tried] == [95_001]
    assert plan.faults == (replace(LOSSY, lasts_ms=35_001), replace(CUT, lasts_ms=5_001))


@pytest.mark.parametrize("at_ms", [HOUR_MS - 1, HOUR_MS])
def test_what_breaks_at_the_end_or_while_things_settle_is_not_cut_short(families, at_ms):
    assert after(families, PLAN, lambda _plan: True, "cut_short", at_ms=at_ms)[1] == []


@pytest.mark.parametrize(
    ("device", "only", "tried"), [(2, None, [(2,)]), (HOUSE, None, []), (2, (0, 1), []), (0, (0, 1), [(0,)])]
)
def test_the_device_whose_promise_was_broken_is_tried_alone(families, device, only, tried):
    _, ran = after(families, replace(PLAN, only=only), lambda _plan: True, "culprit_alone", device=device)
    assert [plan.only for plan in ran] == tried


def test_time_is_halved_while_that_helps(families):
    plan = replace(PLAN, duration_ms=801, faults=())
    small, tried = after(families, plan, lambda plan: plan.duration_ms > 150, "half_as_long")
    assert [one.duration_ms for one in tried] == [401, 201, 101]
    assert small.duration_ms == 201


def test_whole_kinds_are_left_out_and_the_rest_stays_as_it_is(families):
    def breaks(plan):
        return {Kind.LOSSY, Kind.POWER_CUT} <= {fault.kind for fault in plan.faults}

    faults = (LOSSY, CUT, replace(LOSSY, at_ms=95_000, device=3), DOWN, replace(CUT, at_ms=300_000, device=0))
    plan, tried = after(families, replace(PLAN, faults=faults), breaks, "fewer_kinds")
    assert plan.faults == tuple(fault for fault in faults if fault is not DOWN)
    assert len(tried) <= 6


@pytest.mark.parametrize(("needs_ms", "at_most_ms"), [(0, 5_000), (5_000, 5_000), (100_000, 202_500), (399_999, 400_000)])
def test_a_fault_is_made_as_short_as_it_may_be_or_by_halves(families, needs_ms, at_most_ms):
    def breaks(plan):
        return plan.faults[0].lasts_ms >= needs_ms

    plan, tried = after(families, replace(PLAN, faults=(LOSSY,)), breaks, "plainer_faults")
    assert needs_ms <= plan.faults[0].lasts_ms <= at_most_ms
    assert plan.faults[0].numbers == {"permille": 20}
    assert len(tried) < 10


PLAINER = {
    Kind.LOSSY: ({"permille": 400}, {"permille": 20}),
    Kind.SLOW: ({"by_ms": 8_000}, {"by_ms": 100}),
    Kind.CLOCK_STEP: ({"by_ms": 86_000_000}, {"by_ms": 0}),
    Kind.COMMIT_UNKNOWN: ({"times": 3}, {"times": 1}),
    Kind.TAIL_LOST: ({"messages": 40}, {"messages": 1}),
    Kind.HUB_KILL: ({"effects": 400}, {"effects": 0}),
    Kind.FLASH_CUT: (
        {"operations": 40, "how": 2, "again": 6, "again_how": 2},
        {"operations": 0, "how": 2, "again": -1, "again_how": 2},
    ),
    Kind.NAT: ({"idle_ms": 50_000}, {"idle_ms": 50_000}),
    Kind.ROT: ({"place": 63, "bit": 4_095}, {"place": 63, "bit": 4_095}),
}  # fmt: skip
"""What of a fault says how much, and what says which or how."""


@pytest.mark.parametrize(("again", "least"), [(-1, -1), (0, -1), (3, -1)])
def test_a_cut_of_the_flash_needs_no_second_one(families, again, least):
    cut = Fault(60_000, Kind.FLASH_CUT, 1, 0, {"operations": 0, "how": 1, "again": again, "again_how": 1})
    plan, tried = after(families, replace(PLAN, faults=(cut,)), lambda _plan: True, "plainer_faults")
    assert (plan.faults[0].numbers["again"], len(tried)) == (least, again != least)


@pytest.mark.parametrize("kind", PLAINER)
def test_a_fault_is_made_as_mild_as_it_may_be_and_stays_of_its_sort(families, kind):
    numbers, milder = PLAINER[kind]
    plan = Plan(7, 4, HOUR_MS, (Fault(60_000, kind, HOUSE, 0, numbers),))
    assert after(families, plan, lambda _plan: True, "plainer_faults")[0].faults[0].numbers == milder


def test_one_of_a_few_faults_is_tried_alone_also_at_other_times(families):
    def breaks(plan):
        return len(plan.faults) == 3 or [(fault.kind, fault.at_ms) for fault in plan.faults] == [(Kind.POWER_CUT, ALONE_AT_MS[1])]

    plan, tried = after(families, replace(PLAN, duration_ms=30_000), breaks, "one_alone")
    assert plan.faults == (replace(CUT, at_ms=8_000),)
    assert plan.duration_ms == 30_000
    assert [(one.faults[0].kind, one.faults[0].at_ms) for one in tried] == [
        *((Kind.BROKER_DOWN, at_ms) for at_ms in (200_000, *ALONE_AT_MS)),
        *((Kind.POWER_CUT, at_ms) for at_ms in (90_000, *ALONE_AT_MS[:2])),
    ]
    assert [one.duration_ms for one in tried] == [205_000, 30_000, 30_000, 35_000, 110_000, 30_000, 30_000]


@pytest.mark.parametrize(("count", "is_tried"), [(1, False), (2, True), (ALONE_OF_MAX, True), (ALONE_OF_MAX + 1, False)])
def test_faults_are_tried_alone_where_they_are_few_and_more_than_one(families, count, is_tried):
    faults = tuple(replace(CUT, at_ms=CUT.at_ms + 100_000 * at) for at in range(count))
    assert bool(after(families, replace(PLAN, faults=faults), lambda plan: len(plan.faults) == count, "one_alone")[1]) is is_tried


@pytest.mark.parametrize(("count", "is_tried"), [(0, False), (1, True), (ALONE_OF_MAX, True), (ALONE_OF_MAX + 1, False)])
def test_kills_are_sought_among_fewer_devices_where_they_are_few(families, count, is_tried):
    faults = tuple(replace(KILL, at_ms=KILL.at_ms + 10_000 * at) for at in range(count))
    whole = replace(PLAN, faults=faults)
    assert bool(after(families, whole, lambda plan: plan == whole, "killed_elsewhere")[1]) is is_tried


def test_a_kill_is_sought_for_one_device_for_two_and_for_half_of_them_at_each_early_effect(families):
    whole = Plan(7, 8, HOUR_MS, (replace(KILL, numbers={"effects": 3}), replace(CUT, device=5)))
    _, tried = after(families, whole, lambda plan: plan == whole, "killed_elsewhere", device=6)
    assert [(plan.only, plan.faults[0].numbers["effects"]) for plan in tried] == [
        (only, effects) for only in ((6,), (5, 6), (0, 1, 5, 6)) for effects in range(3)
    ]
    assert [plan.faults[1:] for plan in tried] == [()] * 3 + [whole.faults[1:]] * 6


def test_the_first_kill_that_is_found_among_fewer_devices_is_enough(families):
    whole = Plan(7, 8, HOUR_MS, (KILL,))

    def breaks(plan):
        return plan == whole or plan.faults[0].numbers["effects"] in {4, 6}

    plan, tried = after(families, whole, breaks, "killed_elsewhere", device=6)
    assert (plan.only, plan.faults[0].numbers, len(tried)) == ((6,), {"effects": 4}, 5)


@pytest.mark.parametrize(
    ("apart_ms", "begins_ms"), [(0, [15_000, 15_000, 15_000]), (50_000, [15_000, 80_000, 150_000])], ids=["any", "far apart"]
)
def test_no_time_is_spent_waiting_for_faults_that_may_come_sooner(families, apart_ms, begins_ms):
    def breaks(plan):
        times = [fault.at_ms for fault in plan.faults]
        return all(later - sooner >= apart_ms for sooner, later in pairwise(times))

    faults = (LOSSY, replace(CUT, at_ms=190_000), replace(DOWN, at_ms=330_000))
    plan, _ = after(families, replace(PLAN, faults=faults), breaks, "sooner")
    assert [fault.at_ms for fault in plan.faults] == begins_ms
    assert plan.faults[0].at_ms == FIRST_FAULT_MS
    assert plan.duration_ms == plan.faults[-1].at_ms + 1 or plan.duration_ms - plan.faults[-1].at_ms <= 1_001


@pytest.mark.parametrize("needs_ms", [1, 200_001, 777_777, HOUR_MS])
def test_a_run_ends_within_a_second_of_when_it_must(families, needs_ms):
    plan, tried = after(families, PLAN, lambda plan: plan.duration_ms >= needs_ms, "shorter")
    least_ms = max(needs_ms, DOWN.at_ms + 1)
    assert least_ms <= plan.duration_ms <= least_ms + 1_000
    assert [fault.kind for fault in plan.faults] == [fault.kind for fault in PLAN.faults]
    assert len(tried) < 16


def test_no_plan_is_run_twice_nor_is_the_one_that_failed(families):
    _, defect = shrunk(families, PLAN, lambda plan: any(fault.kind is Kind.POWER_CUT for fault in plan.faults))
    texts = [plan.write() for plan in defect.ran]
    assert len(set(texts)) == len(texts)


def test_a_plan_that_breaks_another_promise_is_none_of_the_same_defect(families):
    plan, _ = shrunk(families, PLAN, lambda plan: "books" if len(plan.faults) == 3 else "values")
    assert len(plan.faults) == 3


@pytest.mark.parametrize(("promise", "hurry"), [("yields", True), ("books", False)])
def test_only_a_core_that_never_returns_is_waited_for_in_a_hurry(families, promise, hurry):
    _, defect = shrunk(families, PLAN, lambda _plan: promise)
    assert {how["hurry"] for how in defect.how[1:]} == {hurry}


def test_a_run_that_was_given_up_is_no_smaller_plan(families):
    def breaks(plan):
        if not plan.faults:
            raise GivenUpError
        return True

    plan, _ = shrunk(families, PLAN, breaks)
    assert len(plan.faults) == 1


@pytest.mark.parametrize("runs_max", [1, 2, 7])
def test_tries_are_counted_and_end_at_their_bound(families, runs_max):
    tries = []
    _, defect = shrunk(families, PLAN, lambda plan: len(plan.faults) > 1, told=tries.append, runs_max=runs_max)
    assert len(defect.ran) - 1 == len(tries) == runs_max
    assert [one.runs for one in tries] == list(range(1, runs_max + 1))


def test_it_ends_when_it_is_told_to_with_the_smallest_so_far(families):
    tries = []
    plan, _ = shrunk(families, PLAN, lambda _plan: True, told=tries.append, go_on=lambda: len(tries) < 4)
    assert len(tries) == 4
    assert plan == tries[-1].best.plan


@pytest.mark.parametrize("needed", [(), (0,), (2,), (0, 1), (0, 1, 2)])
def test_what_is_left_is_what_the_defect_takes(families, needed):
    faults = [PLAN.faults[place] for place in needed]
    kinds = {fault.kind for fault in faults}
    plan, defect = shrunk(families, PLAN, lambda plan: kinds <= {fault.kind for fault in plan.faults})
    assert {fault.kind for fault in plan.faults} == kinds
    assert len(plan.faults) == len(kinds)
    assert set(plan.present) >= {fault.device for fault in faults if fault.device != HOUSE}
    assert len(plan.present) == max(1, len({fault.device for fault in faults} - {HOUSE}))
    assert plan.duration_ms < HOUR_MS // 2
    assert len(defect.ran) < 100


def test_what_saves_most_is_tried_first_and_everything_is_tried(families):
    """Nothing but the whole plan fails: what was tried shows every way of making one smaller."""
    defect = Defect(lambda plan: plan == PLAN, at_ms=950_000, device=2)
    parts = Parts(families, apart=defect)
    assert shrink(run(PLAN, parts), parts).plan == PLAN
    tried = defect.ran[1:]
    assert [tried[0], tried[1], tried[2]] == [_ended(PLAN, 950_001), _with_devices(PLAN, (2,)), _ended(PLAN, HOUR_MS // 2)]
    assert [plan.faults for plan in tried[3:7]] == [(), (LOSSY, CUT), (CUT, DOWN), (LOSSY, DOWN)]
    assert {plan.only for plan in tried} > {(0, 1), (2, 3), (1, 2, 3), (0, 2, 3)}
    firsts = [plan.faults[0] for plan in tried if plan.faults]
    assert {fault.at_ms for fault in firsts} >= {*ALONE_AT_MS, FIRST_FAULT_MS}
    assert {fault.numbers.get("permille") for fault in firsts} >= {400, 20}
    assert {fault.lasts_ms for fault in firsts} >= {400_000, 5_000}
    assert any(HOUR_MS - 2_000 < plan.duration_ms < HOUR_MS for plan in tried)


def test_what_one_round_made_possible_is_done_in_the_next(families):
    """Devices can be left out only once a fault comes early, which is tried after them."""

    def breaks(plan):
        return plan.faults and (plan.only is None or plan.faults[0].at_ms <= FIRST_FAULT_MS)

    plan, _ = shrunk(families, PLAN, breaks)
    assert len(plan.present) == 1
