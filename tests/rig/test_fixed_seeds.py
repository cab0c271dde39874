"""The same plans in every run of the tests: each bad day, all kinds of fault together, and every rare state reached between them.

All of them run, always: together they may take BUDGET_S of CPU time, and a test that passes it fails. That is far more than they need, and
does not depend on what else the machine does.
"""

from dataclasses import replace

import pytest
from tests.rig.budget import Budget
from tests.rig.failing import explain

from seamline.rig.world.aims import AIMS, reachable
from seamline.rig.world.marks import CATALOGUE, Marks
from seamline.rig.world.run import contracts_digest, plan_of, run
from seamline.rig.world.scenarios import DAYS
from seamline.rig.world.world import Parts

DEVICES = 5
HALF_HOUR_MS = 1_800_000
DAY_SEEDS = range(1, 4)
DAY_SEEDS_MAX = 24
"""After them a day has been met, or never is."""
SEEDS = range(1, 41)

BUDGET_S = 300
"""Of CPU time, in the process that runs them."""

REACHED = Marks()


@pytest.fixture(scope="module")
def budget():
    """What this module's worlds may take, from its first test on."""
    return Budget(BUDGET_S)


@pytest.fixture(autouse=True)
def within_the_budget(budget):
    """Hold each test against what is left after it; none is left out."""
    yield
    assert budget.is_left, f"the fixed seeds have taken {budget.spent:.0f} s of CPU, and may take {budget.seconds}"


def run_one(plan, families):
    """Run a plan and count its marks; it has to hold."""
    outcome = run(plan, Parts(families))
    REACHED.add(outcome.marks)
    assert outcome.broken is None, explain(outcome)
    return outcome.marks


@pytest.mark.parametrize("name", DAYS)
def test_every_promise_holds_on_a_bad_day_that_was_really_met(name, families):
    day, met = DAYS[name], Marks()
    for seed in range(1, DAY_SEEDS_MAX):
        if seed not in DAY_SEEDS and not day.unproved(met):
            break
        plan = replace(day.plan(seed, DEVICES, HALF_HOUR_MS), contracts=contracts_digest(families))
        met.add(run_one(plan, families))
    assert day.unproved(met) == ()


def test_every_promise_holds_under_all_kinds_of_fault_and_every_rare_state_is_reached(families):
    for seed in SEEDS:
        run_one(plan_of(seed, DEVICES, HALF_HOUR_MS, families), families)
    assert reachable(families) == tuple(CATALOGUE)
    for name in REACHED.missed(CATALOGUE):
        for seed in AIMS[name].seeds(1, families):
            if REACHED.counts[name]:
                break
            run_one(replace(AIMS[name].plan(seed, families), contracts=contracts_digest(families)), families)
    assert REACHED.missed(CATALOGUE) == ()
