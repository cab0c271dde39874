"""The stage `launch`: what proves each boundary, and the storm of the whole fleet. Bad days beyond the rig are judged in `hardened`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from seamline.contract import Contract
from seamline.rig.gate.criteria import CHECK, PROOFS, STORM
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import Evidence, Judgement, failed, not_judged, passed
from seamline.rig.storm import StormError, StormPlan, plan


class Launch(NamedTuple):
    """What was judged, and the plan of the storm, if there is one."""

    judgements: list[Judgement]
    storm: StormPlan | None


def judge(subject: Subject) -> Launch:
    """Judge the launch: the storm is always that of the largest fleet that the contract allows."""
    releases = subject.releases
    proofs = _proofs(subject)
    if releases is None:
        unread = not_judged(STORM, "the contract does not hold, so its numbers say nothing", mend=CHECK.remedy)
        return Launch([unread, proofs], None)
    current = releases.family.current
    try:
        storm = plan(current)
    except StormError as error:
        return Launch([not_judged(STORM, str(error)), proofs], None)
    return Launch([_storm(subject, current, storm), proofs], storm)


def unasked(reason: str) -> list[Judgement]:
    """Say that nobody looked."""
    return [not_judged(STORM, reason), not_judged(PROOFS, reason)]


def _proofs(subject: Subject) -> Judgement:
    contract = subject.sections("boundaries")
    if contract is None:
        return not_judged(PROOFS, "the boundaries cannot be read")
    bare = [each.name for each in contract.boundaries.values() if not each.proven_by]
    if bare:
        places = [Evidence(f"{name} has no proven_by", subject.place(f"boundaries.{name}")) for name in bare]
        return failed(PROOFS, f"{len(bare)} of {len(contract.boundaries)} boundaries name no bad day that proves them", *places)
    proven = [
        Evidence(f"{each.name}: {', '.join(each.proven_by)}", subject.place(f"boundaries.{each.name}.proven_by"))
        for each in contract.boundaries.values()
    ]
    return passed(PROOFS, *proven) if proven else failed(PROOFS, "no boundary is described")


def _storm(subject: Subject, contract: Contract, storm: StormPlan) -> Judgement:
    evidence = [*_size(contract, storm), *_limits(subject, storm), *_beside(storm)]
    if storm.within_limits:
        return passed(STORM, *evidence)
    advice = [Evidence("would do: " + "; ".join(map(str, changes))) for changes in storm.advice]
    return failed(STORM, "; ".join(storm.reasons), *advice, *evidence)


def _size(contract: Contract, storm: StormPlan) -> Iterator[Evidence]:
    terms = storm.terms
    yield Evidence(
        f"{terms.devices:,} devices come back in the same second, each with {terms.backlog_frames} frames; connects are taken at"
        f" {terms.accept_rate:,}/s, messages at {terms.messages_rate:,}/s"
        + ("" if terms.rate_is_measured else ", as one ingest process was measured: the contract has no messages_rate")
    )
    if storm.smallest_spread_ms is not None:
        spread = storm.smallest_spread_ms / 1000
        yield Evidence(
            f"the shortest spread that would do is {spread:.0f} s; the contract's is {contract.fleet.recovery_ms / 2000:.0f} s"
        )


def _limits(subject: Subject, storm: StormPlan) -> Iterator[Evidence]:
    """Each limit under each of the product's own policies."""
    for figures in storm.policies:
        if figures.ours:
            for limit in figures.limits:
                yield Evidence(f"{figures.title}: {limit.text}", subject.place(limit.path))


def _beside(storm: StormPlan) -> Iterator[Evidence]:
    """What retry policies without the spread would do to the same cloud."""
    naive = [figures for figures in storm.policies if not figures.ours]
    if naive:
        told = ", ".join(f"{each.name} {'holds' if each.within else 'does not'}" for each in naive)
        yield Evidence(f"without the spread: {told}")
