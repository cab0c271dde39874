"""Runs the rig for the gate: each bad day over seeds, round after round, within a budget; keeps and shrinks what breaks.

A day is run over as many seeds as were asked for, and over more while its states are missing: a seed may draw a plan in which the day
hardly comes. Rounds go over all days, so that a budget that ends takes from each alike. Nothing here reads the wall clock: `go_on`
says whether another run may begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import seamline
from seamline.contract import Contract, Family
from seamline.rig.gate.bad_days import EVERYTHING
from seamline.rig.gate.verdict import SeedRun
from seamline.rig.world.draw import draw
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Plan
from seamline.rig.world.promises import ALWAYS, EVENTUALLY, BrokenPromise
from seamline.rig.world.run import contracts_digest, run
from seamline.rig.world.scenarios import DAYS, Day
from seamline.rig.world.shrink import shrink
from seamline.rig.world.world import Outcome, Parts

SEEDS: Final = 4
"""Seeds of each day when nobody says how many: heater's thirteen days then take about a minute of one core."""
EXTRA_SEEDS: Final = 12
"""A day whose states were not reached is run over so many seeds more."""
SENDS: Final = 12
"""Faults go on for as long as a device takes for so many of its most frequent periods, and an hour at least."""
HOURS: Final = (1, 24)
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is run: of each day `seeds` that are demanded, up to `seeds_max`, from `first_seed` on; `devices` in each world.

    `hours` is how long faults go on in a world (None: by the contract).
    """

    seeds: int = SEEDS
    seeds_max: int = SEEDS
    first_seed: int = 1
    devices: int = 8
    hours: int | None = None

    def duration_ms(self, contract: Contract) -> int:
        """How long faults go on in each world."""
        if self.hours is not None:
            return self.hours * HOUR_MS
        low, high = (hours * HOUR_MS for hours in HOURS)
        return min(high, max(low, SENDS * contract.heartbeat_ms))


@dataclass(frozen=True, slots=True)
class Break:
    """A promise that did not hold: which, what was found, in which seed, and the plan that shows it, as small as it would go."""

    promise: str
    what: str
    seed: int
    plan: Plan

    @property
    def promised(self) -> str:
        """What was promised."""
        return (ALWAYS | EVENTUALLY).get(self.promise, self.promise)


@dataclass(slots=True)
class DayRuns:
    """What was run of one day."""

    name: str
    day: Day | None
    """None: faults of every kind."""
    seeds: list[SeedRun] = field(default_factory=list[SeedRun])
    marks: Marks = field(default_factory=Marks)
    broken: Break | None = None

    @property
    def faults(self) -> int:
        """Faults in all its plans."""
        return sum(seed.faults for seed in self.seeds)

    @property
    def device_hours(self) -> float:
        """Simulated hours of all its devices."""
        return sum(seed.device_hours for seed in self.seeds)

    @property
    def readings(self) -> int:
        """Readings that its devices took."""
        return sum(seed.readings for seed in self.seeds)

    @property
    def states(self) -> tuple[str, ...]:
        """The rare states that make it this day."""
        return () if self.day is None else self.day.states

    @property
    def lacking(self) -> tuple[str, ...]:
        """Those of them that no run has reached."""
        return () if self.day is None else self.day.unproved(self.marks)

    @property
    def has_come(self) -> bool:
        """Whether something went wrong at all, and every state was reached."""
        return self.faults > 0 and not self.lacking

    def plan(self, seed: int, devices: int, duration_ms: int) -> Plan:
        """The plan of a seed."""
        return draw(seed, devices, duration_ms) if self.day is None else self.day.plan(seed, devices, duration_ms)


def days() -> list[DayRuns]:
    """Every day that the rig makes, and the mixture of all faults."""
    return [*(DayRuns(name, day) for name, day in DAYS.items()), DayRuns(EVERYTHING, None)]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the rig is given: the product, how much to run, whether to begin another run, and who is told."""

    family: Family
    effort: Effort
    folder: str | None = None
    make_parts: Callable[[Sequence[Family]], Parts] = Parts
    go_on: Callable[[], bool] = lambda: True
    told: Callable[[DayRuns, Outcome], None] = lambda _day, _outcome: None


def carry_out(bench: Bench) -> list[DayRuns]:
    """Run every day; return what came of each. A day that broke is not run further."""
    found = days()
    parts = bench.make_parts([bench.family])
    shrunk: set[str] = set()
    for day, seed in _rounds(found, bench.effort):
        if not bench.go_on():
            break
        drawn = day.plan(seed, bench.effort.devices, bench.effort.duration_ms(bench.family.current))
        plan = replace(drawn, contracts=contracts_digest([bench.family]), folder=bench.folder, code=seamline.__version__)
        outcome = run(plan, parts)
        _enter(day, outcome)
        bench.told(day, outcome)
        if outcome.broken is not None:
            small = outcome if outcome.broken.promise in shrunk else shrink(outcome, parts, go_on=bench.go_on)
            shrunk.add(outcome.broken.promise)
            day.broken = _break(seed, small, outcome.broken)
    return found


def _rounds(found: Sequence[DayRuns], effort: Effort) -> Iterator[tuple[DayRuns, int]]:
    """Which day to run next, with which seed."""
    for number in range(max(effort.seeds_max, effort.seeds + EXTRA_SEEDS)):
        for day in found:
            if day.broken is None and (number < effort.seeds_max or not day.has_come):
                yield day, effort.first_seed + number


def _enter(day: DayRuns, outcome: Outcome) -> None:
    day.marks.add(outcome.marks)
    day.seeds.append(
        SeedRun(outcome.plan.seed, len(outcome.plan.faults), outcome.device_hours, outcome.numbered, outcome.broken is None)
    )


def _break(seed: int, small: Outcome, broken: BrokenPromise) -> Break:
    last = small.broken or broken
    return Break(last.promise, last.what, seed, small.plan)
