"""Runs plans: one, or a seed after another within a budget; and makes a plan that fails as small as it will go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Final

import seamline
from seamline.contract import Family
from seamline.rig.world.draw import draw
from seamline.rig.world.plan import Fault, Kind, Plan, PlanError
from seamline.rig.world.world import Outcome, Parts, World

SHRINK_RUNS_MAX: Final = 250
"""Runs that shrinking may take; a plan is small long before, or will not get smaller."""


def contracts_digest(families: Iterable[Family]) -> str:
    """A hash over every version of every contract, as written."""
    documents = [contract.document for family in families for contract in family.versions.values()]
    return blake2b(json.dumps(documents, sort_keys=True).encode(), digest_size=8).hexdigest()


def plan_of(
    seed: int,
    devices: int,
    duration_ms: int,
    families: Sequence[Family],
    kinds: Sequence[Kind] | None = None,
    folder: str | None = None,
) -> Plan:
    """The plan that a seed draws for these contracts."""
    drawn = draw(seed, devices, duration_ms, kinds)
    return replace(drawn, contracts=contracts_digest(families), folder=folder, code=seamline.__version__)


def check(plan: Plan, families: Sequence[Family]) -> None:
    """Raise PlanError when this code or these contracts are not those that the plan was drawn for."""
    if plan.code and plan.code != seamline.__version__:
        message = f"the plan was drawn by Seamline {plan.code}, this is {seamline.__version__}: its events would be others"
        raise PlanError(f"{message}; take `code` out of it to run it all the same")
    digest = contracts_digest(families)
    if plan.contracts and plan.contracts != digest:
        message = f"the plan was drawn for the contracts {plan.contracts}, these are {digest}: its events would be others"
        raise PlanError(f"{message}; take `contracts` out of it to run it all the same")


def run(plan: Plan, parts: Parts) -> Outcome:
    """Run one plan."""
    return World(plan, parts).run()


def run_all(plans: Iterable[Plan], parts: Parts, *, go_on: Callable[[], bool] = lambda: True) -> Iterator[Outcome]:
    """Run plans one after the other while `go_on`; the first that breaks a promise is the last."""
    for plan in plans:
        if not go_on():
            return
        outcome = run(plan, parts)
        yield outcome
        if outcome.broken is not None:
            return


def shrink(outcome: Outcome, parts: Parts, told: Callable[[Plan], None] = lambda _plan: None) -> Outcome:
    """A smaller run that breaks the same promise: fewer faults, fewer devices, less time. Runs at most SHRINK_RUNS_MAX plans.

    `told` hears of each plan that is smaller and still fails. Faults go by halves, quarters and so on (delta debugging, Zeller
    and Hildebrandt, 2002); the random streams of what is left stay what they were.
    """
    return _Shrinking(outcome, parts, told).run()


class _Shrinking:
    """The smallest failing run so far."""

    def __init__(self, outcome: Outcome, parts: Parts, told: Callable[[Plan], None]) -> None:
        self._best = outcome
        self._parts = parts
        self._told = told
        self._runs = 0

    def run(self) -> Outcome:
        """Try everything that makes a plan smaller, until nothing does."""
        self._cut_short()
        before = -1
        while before != self._size() and self._runs < SHRINK_RUNS_MAX:
            before = self._size()
            self._fewer_faults()
            self._fewer_devices()
        return self._best

    def _size(self) -> int:
        return len(self._best.plan.faults) + len(self._best.plan.present)

    def _cut_short(self) -> None:
        """Leave out what comes after the moment at which the promise broke."""
        plan, end_ms = self._best.plan, self._best.virtual_us // 1000 + 1
        if end_ms < plan.duration_ms:
            self._try(replace(plan, duration_ms=end_ms, faults=tuple(fault for fault in plan.faults if fault.at_ms < end_ms)))

    def _fewer_faults(self) -> None:
        for kept in _fewer(lambda: self._best.plan.faults):
            self._try(replace(self._best.plan, faults=tuple(kept)))

    def _fewer_devices(self) -> None:
        for kept in _fewer(lambda: self._best.plan.present):
            if kept:
                faults = tuple(fault for fault in self._best.plan.faults if fault.device < 0 or fault.device in kept)
                self._try(replace(self._best.plan, only=tuple(kept), faults=faults))

    def _try(self, plan: Plan) -> None:
        broken = self._best.broken
        if self._runs >= SHRINK_RUNS_MAX or broken is None:
            return
        self._runs += 1
        outcome = run(plan, self._parts)
        if outcome.broken is not None and outcome.broken.promise == broken.promise:
            self._best = outcome
            self._told(plan)


def _fewer(items: Callable[[], Sequence[int] | Sequence[Fault]]) -> Iterator[list[int] | list[Fault]]:
    """What is left without one half, quarter, … of the items; `items` is asked anew each time, for a try may have been kept."""
    size = max(1, len(items()) // 2)
    while items():
        at = 0
        while at < len(items()):
            now = items()
            yield [*now[:at], *now[at + size :]]  # pyright: ignore[reportReturnType] - of one kind, as it came
            if len(items()) == len(now):
                at += size
        if size == 1:
            return
        size //= 2
