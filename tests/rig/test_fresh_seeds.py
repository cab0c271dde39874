"""New plans in every run of the tests. The run's header names the first seed; SEAMLINE_TEST_RIG_SEED and SEAMLINE_TEST_RIG_SEEDS choose others."""

import os

from tests.rig.failing import explain

from seamline.rig.world.run import plan_of, run
from seamline.rig.world.world import Parts

DEVICES = 5
HALF_HOUR_MS = 1_800_000
FIRST = int(os.environ["SEAMLINE_TEST_RIG_SEED"])
COUNT = int(os.environ.get("SEAMLINE_TEST_RIG_SEEDS", "25"))


def test_every_promise_holds_under_plans_that_nobody_has_seen(families):
    for seed in range(FIRST, FIRST + COUNT):
        outcome = run(plan_of(seed, DEVICES, HALF_HOUR_MS, families), Parts(families))
        assert outcome.broken is None, explain(outcome)
