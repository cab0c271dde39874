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
from seamline.rig.crew import Finished, run_seeds
from seamline.rig.gate.bad_days import EVERYTHING
from seamline.rig.gate.verdict import SeedRun
from seamline.rig.plugin.elsewhere import parts_apart
from seamline.rig.plugin.named import parts_of
from seamline.rig.plugin.twice import one_twice
from seamline.rig.world.aims import reachable
from seamline.rig.world.apart import CrewError, check_repeated
from seamline.rig.world.draw import draw
from seamline.rig.world.fitting import fitted
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Plan
from seamline.rig.world.promises import ALWAYS, EVENTUALLY
from seamline.rig.world.run import contracts_digest, run
from seamline.rig.world.scenarios import DAYS, Day
from seamline.rig.world.shrink import shrink
from seamline.rig.world.world import Parts

SEEDS: Final = 4
"""Seeds of each day when nobody says how many: heater's thirteen days then take about a minute of one core."""
EXTRA_SEEDS: Final = 12
"""A day whose states were not reached is run over so many seeds more."""
SENDS: Final = 12
"""Faults go on for as long as a device takes for so many of its most frequent periods, and an hour at least."""
HOURS: Final = (1, 24)
HOUR_MS: Final = 3_600_000
LONG_MS: Final = 24 * HOUR_MS
LONG_DEVICES: Final = 2
"""A silence of days is the same for every device: so many are enough."""


TOGETHER: Final = 10_000
"""As many whole devices as one world holds in half a minute of one core and 1 GB."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is run: of each day `seeds` that are demanded, up to `seeds_max`, from `first_seed` on; `devices` in each world.

    `hours` is how long faults go on in a world (None: by the contract). `together`: devices at most in the one world at fleet size.
    """

    seeds: int = SEEDS
    seeds_max: int = SEEDS
    first_seed: int = 1
    devices: int = 8
    hours: int | None = None
    together: int = TOGETHER

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
    why_not: str = ""
    """Why the product cannot have this day; empty: it can."""
    reachable: tuple[str, ...] = ()
    """Of faults of every kind: the rare states that the product can come to."""
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
        if self.day is None:
            return draw(seed, devices, duration_ms)
        return self.day.plan(seed, min(devices, LONG_DEVICES) if self.day.silent_ms > LONG_MS else devices, duration_ms)


def days(family: Family) -> list[DayRuns]:
    """Every day that the rig makes, as this product can have it, and the mixture of all faults."""
    fits = {name: fitted(name, family) for name in DAYS}
    return [
        *(DayRuns(name, fit.day, fit.why_not) for name, fit in fits.items()),
        DayRuns(EVERYTHING, None, reachable=reachable([family])),
    ]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the rig is given: the product, how much to run, whether to begin another run, and who is told.

    `core` is a user's own, by its name. With `jobs` above 1 worlds run in so many processes; the verdict does not depend on it.
    `make_parts` replaces what worlds are made of, in this process only.
    """

    family: Family
    effort: Effort
    folder: str | None = None
    make_parts: Callable[[Sequence[Family]], Parts] | None = None
    go_on: Callable[[], bool] = lambda: True
    told: Callable[[DayRuns, SeedRun, str], None] = lambda _day, _run, _broken: None
    core: str | None = None
    jobs: int = 1

    def parts(self) -> Parts:
        """What a world is made of; a user's core has a process of its own. Raises CoreError."""
        if self.make_parts is not None:
            return self.make_parts([self.family])
        return Parts([self.family]) if self.core is None else parts_apart(self.core, [self.family])

    def worlds(self, plans: Sequence[Plan], parts: Parts) -> Iterator[Finished]:
        """Run plans while `go_on`; what became of each, in order. Raises CrewError."""
        work: Plans | InThisProcess = Plans(tuple(plans), self.family, self.core)
        jobs = self.jobs
        if self.make_parts is not None or (self.core is None and jobs == 1):
            work, jobs = InThisProcess(plans, parts), 1
        return run_seeds(work, range(len(plans)), jobs, lambda _beats: None, self.go_on, to_the_end=True)


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans for other processes."""

    plans: tuple[Plan, ...]
    family: Family
    core: str | None

    def parts(self) -> Parts:
        """See Work."""
        return parts_of(self.core, [self.family])

    def plan(self, seed: int, _families: Sequence[Family], /) -> Plan:
        """See Work."""
        return self.plans[seed]


@dataclass(frozen=True, slots=True)
class InThisProcess:
    """Plans for this process, with the parts that it has."""

    plans: Sequence[Plan]
    made: Parts
    core: None = None

    def parts(self) -> Parts:
        """See Work."""
        return self.made

    def plan(self, seed: int, _families: Sequence[Family], /) -> Plan:
        """See Work."""
        return self.plans[seed]


def carry_out(bench: Bench) -> list[DayRuns]:
    """Run every day that the product can have; return what came of each. What a day ran after it broke does not count.

    Raises CoreError, CrewError.
    """
    found = days(bench.family)
    parts = bench.parts()
    shrunk: set[str] = set()
    for rounds in _rounds(bench.effort):
        due = [(day, number) for number in rounds for day in found if _is_due(day, number, bench.effort)]
        plans = [_plan(bench, day, bench.effort.first_seed + number) for day, number in due]
        ran = 0
        worlds = bench.worlds(plans, parts)
        if rounds.start == 0:
            worlds = one_twice(worlds, plans.__getitem__, parts, bench.jobs)
        for ran, finished in enumerate(worlds, 1):
            day, plan = due[ran - 1][0], plans[ran - 1]
            if day.broken is None:
                _enter(bench, day, plan, finished)
                if finished.broken:
                    day.broken = _break(bench, plan, parts, shrunk, finished)
        if ran < len(plans):
            break
    return found


def _rounds(effort: Effort) -> Iterator[range]:
    """Rounds over all days, by their numbers: together those of the seeds that are run in any case, then one after the other."""
    in_any_case = min(effort.seeds, effort.seeds_max)
    yield range(in_any_case)
    for number in range(in_any_case, max(effort.seeds_max, effort.seeds + EXTRA_SEEDS)):
        yield range(number, number + 1)


def _is_due(day: DayRuns, number: int, effort: Effort) -> bool:
    if day.why_not or day.broken is not None:
        return False
    return number < effort.seeds_max or not day.has_come


def _plan(bench: Bench, day: DayRuns, seed: int) -> Plan:
    drawn = day.plan(seed, bench.effort.devices, bench.effort.duration_ms(bench.family.current))
    digest = contracts_digest([bench.family])
    return replace(drawn, contracts=digest, folder=bench.folder, code=seamline.__version__, core=bench.core)


def _enter(bench: Bench, day: DayRuns, plan: Plan, finished: Finished) -> None:
    for name, times in finished.marks.items():
        day.marks.hit(name, times)
    run = SeedRun(plan.seed, len(plan.faults), finished.device_hours, finished.numbered, not finished.broken, plan.devices)
    day.seeds.append(run)
    bench.told(day, run, finished.broken)


def _break(bench: Bench, plan: Plan, parts: Parts, shrunk: set[str], finished: Finished) -> Break:
    """What broke, by a plan as small as it will go: once for each promise. Raises CrewError when it does not break again."""
    if parts.apart is not None:
        parts.apart.remember(plan, finished.ended)
    outcome = run(plan, parts)
    check_repeated(plan.core, plan.seed, finished, outcome)
    if outcome.broken is None:
        raise CrewError(f"seed {plan.seed} broke ({finished.broken}) and held when it was run again")
    promise = outcome.broken.promise
    small = outcome
    if promise not in shrunk:
        small = shrink(outcome, parts, go_on=bench.go_on)
        if plan.core is not None and promise != "yields":  # while a plan is made small, a call has less time
            check_repeated(plan.core, plan.seed, small, run(small.plan, parts))
    shrunk.add(promise)
    last = small.broken or outcome.broken
    return Break(last.promise, last.what, plan.seed, small.plan)
