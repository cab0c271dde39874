"""Worlds of the days that a camera's contract makes longer than a heater's."""

from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.rig.world.fitting import fitted
from seamline.rig.world.marks import Marks
from seamline.rig.world.run import run
from seamline.rig.world.scenarios import HOUR_MS
from seamline.rig.world.world import Parts

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture(scope="module")
def family():
    return load_family(Path(__file__).parents[4] / "examples" / "trailcam")


@pytest.mark.parametrize("name", ["week-offline", "two-day-fiction", "online-but-deaf"])
def test_the_camera_meets_the_days_that_its_numbers_stretch(name, family):
    met = Marks()
    day = fitted(name, family).day
    for seed in range(1, 7):
        outcome = run(day.plan(seed, 8, 3 * HOUR_MS), Parts([family]))
        assert outcome.broken is None
        met.add(outcome.marks)
        if not day.unproved(met):
            return
    assert day.unproved(met) == ()
