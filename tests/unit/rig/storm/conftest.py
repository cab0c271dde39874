from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.rig.storm.terms import terms_of

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture(scope="session")
def heater():
    return load_family(EXAMPLES / "heater").current


@pytest.fixture(scope="session")
def make_terms(heater):
    """The heater's terms for a small fleet that meets a broker as small, with no backlog; anything else by name."""

    def make(devices=2_000, **changes):
        few = terms_of(heater, devices, 0)
        return replace(few, **{"accept_rate": max(1, devices // 25), "told_spread_ms": 31_250, **changes})

    return make
