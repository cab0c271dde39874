import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.rig.storm import plan
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


@pytest.fixture(scope="session")
def given_up(heater):
    """A plan of which each policy is given up, after 309, 309, 349 and 66 s; what would help is not searched for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["seamline.rig.storm.plan"], "advise", lambda *_: ())
        patch.setattr(sys.modules["seamline.rig.storm.plan"], "smallest_spread_ms", lambda *_: None)
        return plan(heater, 200_000, 0, policies=("equal-jitter", "fixed"))
