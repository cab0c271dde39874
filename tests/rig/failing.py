"""What a test says of a run that broke a promise: the plan is kept, and the line that repeats it is named."""

import os
from pathlib import Path


def explain(outcome):
    """Keep the plan; return seed, what broke, and how to repeat and to shrink it."""
    folder = Path(os.environ.get("SEAMLINE_TEST_OUTPUT", "test-output")) / "rig"
    folder.mkdir(parents=True, exist_ok=True)
    plan = outcome.plan
    path = folder / f"{plan.seed}-{outcome.broken.promise}.json"
    path.write_text(plan.write(), encoding="utf-8")
    at_s = outcome.virtual_us / 1e6
    return (
        f"seed {plan.seed}, {at_s:.1f} s, device {outcome.broken.device}: {outcome.broken}\nseamline rig replay {path.resolve()}"
    )
