"""New plans in every run of the tests, for at most five minutes of the clock on the wall.

The run's header names the first seed; SEAMLINE_TEST_RIG_SEED and SEAMLINE_TEST_RIG_SEEDS choose others, and how many. A machine that is too
slow for all of them runs fewer, and says how many in a warning.
"""

import os
import time
import warnings

from tests.rig.budget import Budget
from tests.rig.failing import explain

from seamline.rig.world.run import plan_of, run
from seamline.rig.world.world import Parts

DEVICES = 5
HALF_HOUR_MS = 1_800_000
FIRST = int(os.environ["SEAMLINE_TEST_RIG_SEED"])
COUNT = int(os.environ.get("SEAMLINE_TEST_RIG_SEEDS", "25"))
BUDGET_S = 270
"""No seed begins after it: with the last one it is less than the five minutes that fresh seeds may take."""


def test_every_promise_holds_under_plans_that_nobody_has_seen(families, record_property):
    budget = Budget(BUDGET_S, clock=time.monotonic)
    for seed in budget.within(range(FIRST, FIRST + COUNT)):
        outcome = run(plan_of(seed, DEVICES, HALF_HOUR_MS, families), Parts(families))
        assert outcome.broken is None, explain(outcome)
    record_property("fresh seeds", f"{budget.runs} of {COUNT} from {FIRST} on, in {budget.spent:.0f} s")
    if budget.runs < COUNT:
        warnings.warn(f"{budget.runs} of {COUNT} fresh seeds from {FIRST} on ran in {BUDGET_S} s", stacklevel=1)
    assert budget.runs
