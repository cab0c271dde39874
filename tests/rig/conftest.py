from pathlib import Path

import pytest

from seamline.contract import load_family

EXAMPLE = Path(__file__).parents[2] / "examples" / "heater"


@pytest.fixture(scope="session")
def families():
    return [load_family(EXAMPLE)]


@pytest.fixture(scope="module", autouse=True)
def at_full_speed(unmeasured):
    """What is here runs whole worlds by the hundred: see `unmeasured`."""
