"""Products to judge: the heater with what it lacks for a launch, and whatever a test does to its text."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from seamline.contract.evolution.releases import open_releases, planned_release, write
from seamline.rig.gate import runs
from seamline.rig.gate.bad_days import EVERYTHING
from seamline.rig.gate.judge import Request, judge
from seamline.rig.gate.runs import Effort
from seamline.rig.gate.subject import look_at
from seamline.rig.gate.verdict import Stage

EXAMPLES = Path(__file__).parents[4] / "examples"
HEATER = (EXAMPLES / "heater" / "contract.yaml").read_text()
READY = HEATER.replace("on_failure: fault sensor_open}", "on_failure: fault sensor_open, proven_by: [wearing-out]}").replace(
    "    on_failure: the last value with its age, marked as old\n",
    "    on_failure: the last value with its age, marked as old\n    proven_by: [online-but-deaf]\n",
)
"""The heater with a bad day for each boundary."""
SMALL = Effort(seeds=1, seeds_max=1, devices=2, hours=1, together=8)
EVERY = runs.days


@pytest.fixture
def product(tmp_path):
    """Make a product's folder from its contract's text; `released` freezes that text first."""

    def make(text=READY, *, released=None):
        folder = tmp_path / "heater"
        folder.mkdir()
        contract = folder / "contract.yaml"
        if released is not None:
            contract.write_text(released)
            write(planned_release(open_releases(folder), contract.read_bytes(), date(2026, 11, 21).isoformat()))
        contract.write_text(text)
        return folder

    return make


@pytest.fixture(scope="session", autouse=True)
def two_days():
    """Only two kinds of day: a unit test is about the gate. tests/integration/gate has them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            runs, "days", lambda family: [each for each in EVERY(family) if each.name in {"regional-power-cut", EVERYTHING}]
        )
        yield


@pytest.fixture(scope="session")
def verdict(tmp_path_factory, two_days):
    """The heater that is ready, judged at the last stage; nobody changes its folder."""
    folder = tmp_path_factory.mktemp("gate") / "heater"
    shutil.copytree(EXAMPLES / "heater", folder)
    shutil.rmtree(folder / "released")
    contract = folder / "contract.yaml"
    contract.write_text(READY)
    write(planned_release(open_releases(folder), contract.read_bytes(), "2026-11-21"))
    request = Request(
        Stage.LOCK,
        keep=unbroken,
        effort=Effort(seeds=1, seeds_max=1, devices=3, hours=1, together=8),
        when="2026-11-21T19:00:00",
        command="seamline gate heater",
    )
    return judge(look_at(folder), request)


def unbroken(name, plan):
    raise AssertionError(f"{name} broke: {plan.write()}")


@pytest.fixture
def judged():
    """Judge a folder up to a stage, with as little effort as there is."""

    def run(folder, stage, fleet=None, **changes):
        return judge(look_at(folder, fleet), Request(Stage(stage), **{"keep": unbroken, "effort": SMALL, **changes}))

    return run


@pytest.fixture
def outcome_of(judged):
    """The judgement of one criterion."""

    def find(folder, stage, name, **changes):
        (found,) = (each for each in judged(folder, stage, **changes).judgements if each.criterion.id == name)
        return found

    return find
