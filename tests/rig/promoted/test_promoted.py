"""Every promoted plan is run: what once broke holds, and each says what that was (`seamline rig promote`)."""

from pathlib import Path

import pytest

from seamline.cli.rig_plans import plans_in, read_plan
from seamline.rig.world.plan import parse
from seamline.rig.world.world import Parts, World

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("path", plans_in([FOLDER]), ids=lambda path: path.stem)
def test_what_once_broke_holds(path):
    plan, families = read_plan(path)
    outcome = World(plan, Parts(families)).run()
    assert outcome.broken is None, f"{plan.kept.story}; see it with: seamline rig replay {path}"


@pytest.mark.parametrize("path", plans_in([FOLDER]), ids=lambda path: path.stem)
def test_a_promoted_plan_says_what_it_broke_and_is_free_of_versions(path):
    plan = parse(path.read_text())
    assert plan.kept.promise
    assert plan.kept.on
    assert plan.kept.why
    assert (plan.code, plan.contracts, plan.folder) == ("", "", None)
