"""A budget ends a set of seeds, and never before the first."""

import pytest
from tests.rig.budget import Budget


@pytest.mark.parametrize(("seconds", "ran"), [(0, [7]), (2, [7, 8]), (2.5, [7, 8, 9]), (99, [7, 8, 9, 10])])
def test_seeds_run_until_the_budget_is_used(seconds, ran):
    now = [100.0]
    budget = Budget(seconds, clock=lambda: now[0])
    seen = []
    for seed in budget.within(range(7, 11)):
        seen.append(seed)
        now[0] += 1
    assert seen == ran
    assert budget.runs == len(ran)
    assert (budget.spent, budget.is_left) == (len(ran), len(ran) < seconds)
