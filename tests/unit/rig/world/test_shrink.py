"""A plan that fails is made small, and goes on failing in the same promise."""

from dataclasses import replace

import pytest
from tests.unit.rig.broken_cores import forgets_its_boot, publishes_before_it_persists

from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.run import run
from seamline.rig.world.shrink import shrink, size
from seamline.rig.world.world import Outcome, Parts, World

NOISE = (
    Fault(31_000, Kind.LOSSY, 0, 60_000, {"permille": 300}),
    Fault(40_000, Kind.DOUBLING, 1, 90_000, {"permille": 400}),
    Fault(52_000, Kind.BROKER_DOWN, -1, 5_000),
    Fault(63_000, Kind.SLOW, 2, 100_000, {"by_ms": 900}),
    Fault(70_000, Kind.LINK_CUT, 1),
)
REBOOT = Fault(95_000, Kind.POWER_CUT, 2, 20_000)


def failing(families, core, *faults, **changes):
    parts = Parts(families, make_core=core)
    plan = replace(Plan(7, 4, 180_000, tuple(sorted(faults, key=lambda fault: fault.at_ms))), **changes)
    outcome = World(plan, parts).run()
    assert outcome.broken is not None
    return outcome, parts


@pytest.fixture(scope="module")
def rebooted(families):
    """A failure that takes one fault of six and one device of four, and what it was made into."""
    whole, parts = failing(families, forgets_its_boot, *NOISE, REBOOT)
    tries = []
    return whole, shrink(whole, parts, tries.append), tries, parts


def test_it_keeps_the_faults_and_devices_that_it_takes(rebooted):
    whole, small, _, _ = rebooted
    assert small.broken.promise == whole.broken.promise == "boot-rises"
    assert [fault.kind for fault in small.plan.faults] == [Kind.POWER_CUT]
    assert small.plan.present == (2,)


def test_what_is_left_is_short_mild_and_early(rebooted):
    whole, small, _, _ = rebooted
    (fault,) = small.plan.faults
    assert fault.lasts_ms < REBOOT.lasts_ms
    assert fault.at_ms < REBOOT.at_ms
    assert small.plan.duration_ms < whole.plan.duration_ms // 2


def test_no_fault_goes_on_when_everything_is_to_be_delivered(rebooted):
    _, small, tries, _ = rebooted
    for outcome in [small, *(tried.best for tried in tries)]:
        assert all(fault.at_ms + fault.lasts_ms <= outcome.plan.duration_ms for fault in outcome.plan.faults)
        assert all(fault.at_ms >= 0 for fault in outcome.plan.faults)


def test_the_small_plan_is_exactly_repeatable(rebooted):
    _, small, _, parts = rebooted
    again = World(small.plan, parts).run()
    assert (again.digest, str(again.broken)) == (small.digest, str(small.broken))


def test_each_smaller_plan_is_told_and_the_last_is_the_result(rebooted):
    whole, small, tries, _ = rebooted
    assert [tried.runs for tried in tries] == list(range(1, len(tries) + 1))
    kept = [size(tried.best.plan) for tried in tries if tried.is_smaller]
    assert kept[-1] == size(small.plan) < size(whole.plan)


def test_a_defect_that_needs_no_fault_is_left_with_none(families):
    whole, parts = failing(families, publishes_before_it_persists, *NOISE)
    small = shrink(whole, parts)
    assert small.plan.faults == ()
    assert len(small.plan.present) == 1


def test_it_runs_no_more_plans_than_it_may_and_stops_when_told(families):
    whole, parts = failing(families, forgets_its_boot, *NOISE, REBOOT)
    tries = []
    small = shrink(whole, parts, tries.append, runs_max=3)
    assert len(tries) == 3
    assert small.broken.promise == whole.broken.promise
    assert shrink(whole, parts, go_on=lambda: False) is whole


def test_what_broke_nothing_comes_back_as_it_is(families):
    outcome = World(Plan(7, 1, 60_000), Parts(families)).run()
    assert outcome.broken is None
    assert shrink(outcome, Parts(families)) is outcome


def test_a_fault_that_only_moves_another_to_its_moment_is_not_needed(families):
    """Two reboots in a row fail; each alone does, at another time."""
    first = replace(REBOOT, at_ms=60_000, device=0)
    whole, parts = failing(families, forgets_its_boot, first, replace(first, at_ms=110_000))
    assert len(shrink(whole, parts).plan.faults) == 1


# -- how it looks for a smaller plan, with a defect that is a rule about plans ------------------------------------------------


class Rule:
    """Stands where worlds run: a plan breaks the promise when the rule says so."""

    def __init__(self, breaks):
        self.breaks, self.ran = breaks, []

    def do(self, _work, plan, **_how):
        self.ran.append(plan)
        broken = BrokenPromise("books", "is wrong") if self.breaks(plan) else None
        return Outcome(plan, "", Marks(), plan.duration_ms * 1_000, 0, 0, 0, broken)


def shrunk(families, plan, breaks):
    rule = Rule(breaks)
    parts = Parts(families, apart=rule)
    return shrink(run(plan, parts), parts).plan, len(rule.ran)


def test_whole_kinds_go_first(families):
    faults = tuple(Fault(60_000 + 10 * at, (Kind.LINK_CUT, Kind.STOP, Kind.WISH)[at % 3], at % 8, 1) for at in range(300))
    plan, runs = shrunk(families, Plan(7, 8, 3_600_000, faults), lambda plan: any(f.kind is Kind.STOP for f in plan.faults))
    assert [fault.kind for fault in plan.faults] == [Kind.STOP]
    assert len(plan.present) == 1
    assert runs < 40


def test_a_kill_counts_everybodys_effects_and_finds_its_place_again_among_fewer_devices(families):
    kill = Fault(60_000, Kind.HUB_KILL, -1, 200, {"effects": 40})
    plan, _ = shrunk(
        families,
        Plan(7, 8, 120_000, (kill,)),
        lambda plan: any(fault.numbers.get("effects") == 5 * len(plan.present) for fault in plan.faults),
    )
    assert (len(plan.present), plan.faults[0].numbers["effects"]) == (1, 5)
