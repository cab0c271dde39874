"""The stage `map`: who owns what, how the seams lead from device to reader, and what happens when a promise fails."""

from __future__ import annotations

from seamline.contract.codegen.map.lines import Line, lines, zone
from seamline.contract.model import Contract
from seamline.contract.problems import Problem
from seamline.rig.gate.criteria import FAILURES, OWNERS, SEAMS
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import Criterion, Evidence, Judgement, failed, not_judged, passed

SEAMS_MAX = 256
"""As many boundaries as a contract may have: one line is never cut."""
PROBLEMS_SHOWN = 8
ROUTE = (("device", "a sensor or the firmware"), ("cloud", "the broker or the hub"), ("people", "who reads"))
"""The zones that a record passes, by the tiers of the system map."""


def judge(subject: Subject) -> list[Judgement]:
    """Judge the map: it can be drawn long before the rest of the contract holds."""
    found = subject.sections("owners", "boundaries")
    if found is None:
        codes = [each for each in subject.problems if each.code == "SL201"]
        return [
            failed(OWNERS, "a boundary has no owner", *map(_of_problem, codes)) if codes else _unread(OWNERS, subject),
            _unread(SEAMS, subject),
            _unread(FAILURES, subject),
        ]
    return [_owners(subject, found), _seams(subject, found), _failures(subject, found)]


def _of_problem(problem: Problem) -> Evidence:
    return Evidence(problem.message, problem.span, problem.code)


def _unread(criterion: Criterion, subject: Subject) -> Judgement:
    evidence = map(_of_problem, subject.problems[:PROBLEMS_SHOWN])
    return not_judged(criterion, "contract.yaml cannot be read so far", *evidence)


def _owners(subject: Subject, contract: Contract) -> Judgement:
    evidence: list[Evidence] = []
    for owner in contract.owners.values():
        owned = [boundary.name for boundary in contract.boundaries.values() if boundary.owner == owner.name]
        said = f"{owner.name} ({owner.team}, {owner.contact}) owns {', '.join(owned) or 'no boundary'}"
        evidence.append(Evidence(said, subject.place(f"owners.{owner.name}")))
    if subject.report.clean("timing"):
        waits = [*contract.timing.owners.values(), *(wait.owner for wait in contract.timing.further.values())]
        evidence.append(
            Evidence(f"{len(waits)} waits, each with an owner: {', '.join(dict.fromkeys(waits))}", subject.place("timing"))
        )
    if not contract.boundaries:
        return failed(
            OWNERS, "no boundary is described, so nobody owns one", Evidence("no boundaries", subject.place("boundaries"))
        )
    return passed(OWNERS, *evidence)


def _seams(subject: Subject, contract: Contract) -> Judgement:
    drawn = lines(contract, SEAMS_MAX)
    evidence = [Evidence(_route(line), subject.place(f"boundaries.{line.seams[0].boundary.name}")) for line in drawn]
    loose = [seam.boundary.name for line in drawn for seam in line.seams if not seam.target]
    if loose:
        text = f"{', '.join(loose)} does not say between whom: a boundary is named FROM-TO"
        return failed(SEAMS, text, *(Evidence(name, subject.place(f"boundaries.{name}")) for name in loose))
    zones = {zone(tier) for line in drawn for seam in line.seams for tier in (seam.source, seam.target)}
    missing = [who for name, who in ROUTE if name not in zones]
    if missing:
        return failed(SEAMS, f"no boundary is about {', nor about '.join(missing)}", *evidence)
    return passed(SEAMS, *evidence)


def _route(line: Line) -> str:
    """The tiers of a line in order; a dotted link is one that no boundary describes."""
    text = line.seams[0].source
    for at, seam in enumerate(line.seams):
        text += (f" … {seam.source}" if at in line.joins else "") + f" → {seam.target}"
    return text


def _failures(subject: Subject, contract: Contract) -> Judgement:
    silent = [boundary.name for boundary in contract.boundaries.values() if boundary.on_failure is None]
    if silent:
        places = [Evidence(f"{name} has no on_failure", subject.place(f"boundaries.{name}")) for name in silent]
        return failed(
            FAILURES, f"{len(silent)} of {len(contract.boundaries)} boundaries do not say what happens when they fail", *places
        )
    evidence = [
        Evidence(f"{boundary.name}: {boundary.promise}; else {boundary.on_failure}", subject.place(f"boundaries.{boundary.name}"))
        for boundary in contract.boundaries.values()
    ]
    return passed(FAILURES, *evidence)
