"""A user's core that does not do the same twice is found where no promise breaks, too: one plan of a set is run again."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline.rig.crew import CrewError, Task, run_seeds
from seamline.rig.plugin.elsewhere import parts_apart
from seamline.rig.plugin.twice import one_twice
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.world import Outcome, Parts

HEATER = Path(__file__).parents[4] / "examples" / "heater"
TASK = Task((HEATER,), 2, 120_000, "drop-mid-publish")
BROKEN = BrokenPromise("books", "is wrong")


# -- which plan is run again -------------------------------------------------------------------------------------------------


class Again:
    """Stands where worlds run: notes the seeds, and gives the same events each time."""

    def __init__(self):
        self.seeds = []

    def do(self, _work, plan, **_how):
        self.seeds.append(plan.seed)
        return outcome(plan)


def outcome(plan, digest="same", broken=None):
    return Outcome(plan, digest, Marks(), 7, 0, 0, 0, broken)


class Done:
    """A finished plan, by its number."""

    def __init__(self, seed, broken=None, digest="same"):
        self.seed, self.broken, self.digest = seed, broken, digest
        self.virtual_us, self.numbered = 7, 0


def plan(seed):
    return replace(Plan(seed, 1, 1_000), core="app.py:App")


@pytest.mark.parametrize(
    ("broken", "jobs", "again"),
    [
        ((), 1, [6]),
        ((), 3, [8]),
        ((), 4, [8]),
        ((6,), 1, [7]),
        ((8,), 3, []),
    ],
    ids=["the second", "the fourth", "all at once", "the first that held behind one", "whoever broke is run again by others"],
)
def test_one_plan_is_run_again(broken, jobs, again):
    there = Again()
    done = [Done(seed, BROKEN if seed in broken else None) for seed in range(5, 9)]
    assert list(one_twice(done, plan, Parts([], apart=there), jobs)) == done
    assert there.seeds == again


def test_nothing_is_run_again_of_seamlines_own_core_nor_of_no_plan():
    there = Again()
    assert list(one_twice([], plan, Parts([], apart=there), 1)) == []
    done = [Done(5), Done(6)]
    assert list(one_twice(done, plan, Parts([]), 1)) == done
    assert there.seeds == []


def test_other_events_are_an_error_before_the_plan_counts_as_held():
    ran = one_twice([Done(5), Done(6, digest="other"), Done(7)], plan, Parts([], apart=Again()), 1)
    assert next(ran).seed == 5
    with pytest.raises(
        CrewError, match=r"^the core app.py:App is not deterministic: the same plan of seed 6 gave no broken promise"
    ):
        next(ran)


# -- real cores --------------------------------------------------------------------------------------------------------------


CORES = {
    "the clock": "lambda: time.time_ns() & 0xFFFFFFFF",
    "hashes, which differ by process": "lambda: random() ^ hash(name) & 0xFFFFFFFF",
    "what its module keeps": "lambda: KEPT.setdefault(name, Random(7)).getrandbits(32)",
    "what it is given": "random",
}


@pytest.mark.parametrize("source", CORES)
def test_a_core_that_draws_from_something_else_than_it_is_given_is_named(source, families, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    path = tmp_path / "app.py"
    path.write_text(
        "import time\nfrom random import Random\nfrom seamline.device import Core\n\nKEPT = {}\n\n"
        f"def make(policy, name, random, stored):\n    return Core(policy, name, {CORES[source]}, stored)\n"
    )
    task = replace(TASK, core=f"{path}:make")
    parts = parts_apart(task.core, families)
    ran = one_twice(run_seeds(task, range(5, 7), 1, lambda _beats: None), lambda seed: task.plan(seed, families), parts, 1)
    try:
        if source == "what it is given":
            assert [(each.seed, each.broken) for each in ran] == [(5, ""), (6, "")]
        else:
            with pytest.raises(CrewError, match=r"app.py:make is not deterministic: .* gave no broken promise .*, and then no"):
                list(ran)
    finally:
        parts.apart.end()
