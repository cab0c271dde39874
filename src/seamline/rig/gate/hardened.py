"""The stage `harden`, and what of `launch` is about bad days: each one's runs as a judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from seamline.contract import Contract
from seamline.rig.gate.bad_days import EVERYTHING, part_of, waits_for
from seamline.rig.gate.criteria import FLEET, MIXTURE, of_day
from seamline.rig.gate.fleet import NAME as AT_FLEET_SIZE
from seamline.rig.gate.runs import DayRuns, Effort
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import Criterion, Evidence, Judgement, failed, not_applicable, not_judged, passed
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import Plan
from seamline.rig.world.scenarios import DAYS

Keep = Callable[[str, Plan], str]
"""Keeps the plan of a day that broke; returns the line that repeats it."""


def judge(subject: Subject, runs: Sequence[DayRuns], effort: Effort, keep: Keep) -> list[Judgement]:
    """Judge every day that was run."""
    contract = subject.draft
    found: list[Judgement] = []
    for each in runs:
        named = [] if contract is None else _named(subject, contract, each.name)
        day = _day(each, effort, keep, named, (*part_of(each.name, contract), *_beyond(each, contract)))
        found.append(day if contract is None else replace(day, scale=_scale(each, contract)))
    return found


def _beyond(runs: DayRuns, contract: Contract | None) -> Iterator[str]:
    """Of the world at fleet size: the devices that it did not have."""
    if runs.name == AT_FLEET_SIZE and contract is not None and runs.seeds:
        rest = contract.fleet.devices_max - runs.seeds[0].devices
        if rest > 0:
            yield f"{rest:,} more devices of the fleet, which only the storm reckons with: give --together {contract.fleet.devices_max}"


def _scale(runs: DayRuns, contract: Contract) -> str:
    """How many devices its worlds had, of how many the fleet may have."""
    devices = sorted({each.devices for each in runs.seeds})
    told = " or ".join(f"{count:,}" for count in devices)
    return f"{told} of {contract.fleet.devices_max:,} devices" if devices else ""


def unasked(reason: str) -> list[Judgement]:
    """Say of every day that the rig makes that nobody looked."""
    return [not_judged(_criterion(name), reason) for name in (*DAYS, EVERYTHING)]


def beyond_the_rig(subject: Subject) -> list[Judgement]:
    """The bad days that the contract names as its proof and that the rig cannot make: whoever launches must know."""
    contract = subject.sections("boundaries")
    if contract is None:
        return []
    named = dict.fromkeys(name for boundary in contract.boundaries.values() for name in boundary.proven_by)
    return [
        not_judged(
            of_day(name, made=False), f"the rig cannot make this day: {waits_for(name)}",
            *_named(subject, contract, name),
        )
        for name in named
        if name not in DAYS
    ]  # fmt: skip


def _criterion(name: str) -> Criterion:
    return {EVERYTHING: MIXTURE, AT_FLEET_SIZE: FLEET}.get(name) or of_day(name, made=True)


def _named(subject: Subject, contract: Contract, name: str) -> list[Evidence]:
    """Where the contract gives the day as a proof."""
    named = [boundary for boundary in contract.boundaries.values() if name in boundary.proven_by]
    return [Evidence(f"proves {each.name}", subject.place(f"boundaries.{each.name}.proven_by")) for each in named]


def _day(runs: DayRuns, effort: Effort, keep: Keep, named: Iterable[Evidence], part: tuple[str, ...]) -> Judgement:
    criterion = _criterion(runs.name)
    if runs.why_not:
        return _ruled_out(criterion, runs.why_not, list(named))
    if runs.broken is not None:
        broken = runs.broken
        evidence = [
            Evidence(f"seed {broken.seed}: {broken.what}", replay=keep(runs.name, broken.plan)),
            Evidence(f"promised: {broken.promised}"),
            *(Evidence(f"fault: {fault}".replace("  ", " ")) for fault in broken.plan.faults),
        ]
        return failed(criterion, f"{broken.promise} does not hold", *evidence, *named)
    told = [*_seeds(runs), *named]
    if len(runs.seeds) < effort.seeds:
        return not_judged(criterion, f"the budget ended after {len(runs.seeds)} of {effort.seeds} seeds: give more", *told)
    if not runs.faults:
        return not_judged(criterion, f"no fault was drawn in {len(runs.seeds)} seeds: give more --seeds", *told)
    if runs.lacking:
        states = ", ".join(f"{name} ({CATALOGUE[name]})" for name in runs.lacking)
        return not_judged(
            criterion, f"the day did not come in {len(runs.seeds)} seeds, for want of {states}: give more --seeds", *told
        )
    return passed(criterion, *told, part=part)


def _ruled_out(criterion: Criterion, why: str, named: Sequence[Evidence]) -> Judgement:
    """A day that the product cannot have is owed by nobody, and no proof of a boundary."""
    if named:
        return not_judged(criterion, f"the contract gives it as a proof, and cannot have it: {why}", *named)
    return not_applicable(criterion, why)


def _seeds(runs: DayRuns) -> list[Evidence]:
    """The runs in figures, and how often the rare states were met that make the day."""
    if not runs.seeds:
        return []
    first, last = runs.seeds[0].number, runs.seeds[-1].number
    text = f"seeds {first} to {last}: {runs.faults} faults in {runs.device_hours:.0f} device-hours, {runs.readings:,} readings, every promise held"
    found = [Evidence(text)]
    if runs.states:
        met = ", ".join(f"{CATALOGUE[name]} ({runs.marks.counts[name]} times)" for name in runs.states if runs.marks.counts[name])
        found += [Evidence(f"met: {met}")] if met else []
    if runs.name == EVERYTHING:
        found.append(Evidence(runs.marks.told(runs.reachable)))
    return found
