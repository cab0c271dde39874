from pathlib import Path

import pytest
from tests.unit.rig.broken_cores import forgets_its_boot

from seamline.contract import load_family
from seamline.rig.timeline.recording import record
from seamline.rig.timeline.telling import tell
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.world import Parts

EXAMPLE = Path(__file__).parents[4] / "examples" / "heater"
FAULTS = (
    Fault(40_000, Kind.LOSSY, 1, 150_000, {"permille": 700}),
    Fault(60_000, Kind.PARTITION, 0, 40_000),
    Fault(150_000, Kind.BROKER_DOWN, -1, 8_000),
    Fault(200_000, Kind.POWER_CUT, 0, 5_000),
)


@pytest.fixture(scope="session")
def families():
    return [load_family(EXAMPLE)]


@pytest.fixture(scope="session")
def held(families):
    """A run in which every promise holds."""
    return record(Plan(3, 2, 300_000, FAULTS), Parts(families))


@pytest.fixture(scope="session")
def broken(families):
    """A run that breaks a promise to device 0 when its power is back."""
    return record(Plan(3, 2, 300_000, FAULTS), Parts(families, make_core=forgets_its_boot))


@pytest.fixture(scope="session")
def held_story(held):
    return tell(held)


@pytest.fixture(scope="session")
def broken_story(broken):
    return tell(broken)
