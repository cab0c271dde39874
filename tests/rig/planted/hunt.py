"""Hunts planted mutations: seed after seed until the rig finds one, then shrinks the plan that did."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.rig.planted.mutation import FIRST_SEED, Mutation, planted

from seamline.contract import Family, load_family
from seamline.rig.world.plan import Plan
from seamline.rig.world.run import plan_of, run
from seamline.rig.world.scenarios import DAYS
from seamline.rig.world.shrink import Try, shrink
from seamline.rig.world.world import Outcome, Parts

ROOT = Path(__file__).parents[3]
FAULTS_MAX, DEVICES_MAX = 3, 2
"""A plan of so few faults and devices is small: shrinking goes no further."""
SHARE = 0.8
"""Of the mutations, those whose plan has to become small."""


@dataclass(frozen=True, slots=True)
class Find:
    """How a mutation was found: at which seed, and the small run."""

    seed: int
    small: Outcome

    @property
    def is_small(self) -> bool:
        """Whether a person can take it in at one look."""
        return len(self.small.plan.faults) <= FAULTS_MAX and len(self.small.plan.present) <= DEVICES_MAX


@cache
def families() -> list[Family]:
    """The product they are hunted in."""
    return [load_family(ROOT / "examples" / "heater")]


@cache
def hunt(chosen: Mutation) -> Find | None:
    """The find of a mutation within its budget, or None. Found is what breaks a promise that the mutation must break."""
    parts = Parts(families())
    with planted(chosen):
        for seed in range(FIRST_SEED, FIRST_SEED + chosen.budget):
            outcome = run(_plan(chosen, seed), parts)
            if outcome.broken is not None and outcome.broken.promise in chosen.breaks:
                return Find(seed, _shrunk(outcome, parts))
    return None


def _plan(chosen: Mutation, seed: int) -> Plan:
    duration_ms = chosen.minutes * 60_000
    if chosen.scenario is not None:
        return DAYS[chosen.scenario].plan(seed, chosen.devices, duration_ms)
    return plan_of(seed, chosen.devices, duration_ms, families(), chosen.kinds)


def _shrunk(outcome: Outcome, parts: Parts) -> Outcome:
    best = [outcome.plan]

    def told(step: Try) -> None:
        best[0] = step.best.plan

    def go_on() -> bool:
        return len(best[0].faults) > FAULTS_MAX or len(best[0].present) > DEVICES_MAX

    return shrink(outcome, parts, told, go_on=go_on)


def table(finds: dict[str, Find | None], mutations: list[Mutation]) -> str:
    """What was found, a line a mutation."""
    lines = [f"{'mutation':46} {'seed':>4} {'of':>3} {'faults':>6} {'devices':>7}  promise"]
    for one in mutations:
        find = finds[one.name]
        if find is None:
            lines.append(f"{one.name:46} {'-':>4} {one.budget:3}")
            continue
        plan, broken = find.small.plan, find.small.broken
        promise = "" if broken is None else broken.promise
        lines.append(f"{one.name:46} {find.seed:4} {one.budget:3} {len(plan.faults):6} {len(plan.present):7}  {promise}")
    return "\n".join(lines) + "\n"


def keep(name: str, text: str) -> None:
    """Put a table where the results of tests go."""
    folder = Path(os.environ.get("SEAMLINE_TEST_OUTPUT", "test-output")) / "rig"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
