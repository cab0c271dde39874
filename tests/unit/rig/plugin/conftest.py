from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.rig.plugin.alarm import Alarm
from seamline.rig.plugin.guard import Guarded
from seamline.rig.world.world import models_of

ROOT = Path(__file__).parents[4]
FIRMWARE = ROOT / "firmware" / "rig"


@pytest.fixture(scope="session")
def families():
    return [load_family(ROOT / "examples" / "heater")]


@pytest.fixture(scope="session")
def heater(families):
    """What the newest heater's cores are built with."""
    return models_of(families)[-1].policy


@pytest.fixture
def guarded(heater):
    """A core of a class, under guard, as device 3."""

    def make(factory, alarm=None):
        return Guarded("app.py:make", factory, alarm or Alarm(), heater, "d00003", lambda: 7, {})

    return make
