"""A plan of several faults is made small one at a time: what a step does to one of them leaves the others as they are."""

from dataclasses import replace

import pytest
from tests.unit.rig.world.test_shrink_pieces import CUT, DOWN, HOUR_MS, KILL, LOSSY, PLAN, Defect, after, begun

from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan
from seamline.rig.world.run import run
from seamline.rig.world.shrink import FIRST_FAULT_MS, shrink
from seamline.rig.world.world import Parts

SEVERAL = tuple(replace(LOSSY, at_ms=LOSSY.at_ms + 10_000 * at, device=at % 4, lasts_ms=90_000 + at) for at in range(6))


@pytest.mark.parametrize("needed", [(), (0,), (5,), (1, 4), (0, 2, 3), range(6)])
def test_faults_of_one_kind_go_one_by_one_and_the_rest_stay_as_they_are(families, needed):
    kept = tuple(SEVERAL[at] for at in needed)
    plan, tried = after(families, replace(PLAN, faults=SEVERAL), lambda plan: set_of(kept) <= set_of(plan.faults), "fewer_faults")
    assert plan.faults == kept
    assert plan.present == PLAN.present
    assert len(tried) < 25


def set_of(faults):
    return {fault.lasts_ms for fault in faults}


@pytest.mark.parametrize("place", range(3))
def test_a_fault_that_is_made_plainer_leaves_the_others_alone(families, place):
    def breaks(plan):
        others = [at for at in range(3) if at != place]
        return len(plan.faults) == 3 and all(plan.faults[at] == PLAN.faults[at] for at in others)

    plan, _ = after(families, PLAN, breaks, "plainer_faults")
    least = {0: (5_000, {"permille": 20}), 1: (50, {}), 2: (500, {})}[place]
    assert (plan.faults[place].lasts_ms, plan.faults[place].numbers) == least
    assert [fault for at, fault in enumerate(plan.faults) if at != place] == [
        fault for at, fault in enumerate(PLAN.faults) if at != place
    ]


def test_a_kill_that_is_found_elsewhere_leaves_the_faults_around_it(families):
    before, behind = replace(CUT, at_ms=50_000, device=0), replace(CUT, device=0)
    whole = Plan(7, 8, HOUR_MS, (before, KILL, behind))

    def breaks(plan):
        return plan == whole or (plan.faults[1].numbers["effects"] == 3 and plan.faults[::2] == (before, behind))

    plan, _ = after(families, whole, breaks, "killed_elsewhere", device=0)
    assert (plan.only, [fault.numbers.get("effects") for fault in plan.faults]) == ((0,), [None, 3, None])


@pytest.mark.parametrize(("least_ms", "at_ms"), [(70_000, 75_000), (50_000, 55_000), (0, FIRST_FAULT_MS), (80_000, 95_000)])
def test_a_fault_comes_sooner_by_all_its_wait_by_half_or_by_a_quarter_of_it(families, least_ms, at_ms):
    late = Fault(95_000, Kind.BROKER_DOWN, HOUSE, 5_000)
    plan, _ = after(families, replace(PLAN, faults=(late,)), lambda plan: plan.faults[0].at_ms >= least_ms, "sooner")
    assert plan.faults[0].at_ms == at_ms


@pytest.mark.parametrize("steps", ["fewer_kinds", "fewer_devices", "fewer_faults", "plainer_faults", "sooner"])
def test_no_step_goes_on_when_the_runs_are_used_up(families, steps):
    shrinking, found = begun(families, PLAN, lambda plan: plan == PLAN)
    shrinking._runs_left = 1
    getattr(shrinking, f"_{steps}")()
    assert len(found.ran) == 1


def test_each_run_can_be_given_up_by_whoever_waits(families):
    defect, asked = Defect(lambda plan: DOWN in plan.faults), []

    def go_on():
        asked.append(True)
        return len(asked) < 40

    shrink(run(PLAN, Parts(families, apart=defect)), Parts(families, apart=defect), go_on=go_on)
    assert {how["go_on"] for how in defect.how[1:]} == {go_on}
