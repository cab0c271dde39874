from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.rig.world.plan import Plan
from seamline.rig.world.world import Parts, World

EXAMPLE = Path(__file__).parents[4] / "examples" / "heater"


@pytest.fixture(scope="session")
def families():
    return [load_family(EXAMPLE)]


@pytest.fixture(scope="module")
def ran(families):
    """A world of one device in which nothing went wrong."""
    made = World(Plan(4, 1, 300_000), Parts(families))
    assert made.run().broken is None
    return made
