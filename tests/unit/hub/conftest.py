"""Property tests judge promises, not the machine: a busy one may take its time for an example."""

from pathlib import Path

import pytest
from hypothesis import settings
from tests.unit.hub.ingest.stage import Stage

from seamline.contract import load_family

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="session")
def families():
    return [load_family(EXAMPLES / "heater")]


@pytest.fixture
def stage(families):
    """A hub that has heard nothing yet."""
    return Stage(families)
