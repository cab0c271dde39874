"""The stage `build`: the contract breaks no rule, nothing in the field breaks, and everything that it promises can be reckoned."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.evolution.difference import said
from seamline.contract.evolution.releases import Releases, differences
from seamline.contract.problems import Problem, Span
from seamline.contract.rules import RULES
from seamline.rig.gate.budgets import BUDGET_RULES, reckoned
from seamline.rig.gate.codecs import Disagreement, compared, generated
from seamline.rig.gate.criteria import BUDGETS, CHECK, CODECS, EVOLUTION
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import Criterion, Evidence, Judgement, failed, not_judged, passed

BREAKING: frozenset[str] = frozenset({"SL321", "SL322", "SL323", "SL324"})
CHANGES_SHOWN = 40


def judge(subject: Subject) -> list[Judgement]:
    """Judge the build."""
    releases = subject.releases
    if releases is None:
        unread = [_unread(criterion, subject) for criterion in (EVOLUTION, CODECS)]
        return [_check(subject), *unread, _budgets_unread(subject)]
    return [_check(subject), _evolution(subject, releases), _codecs(releases), _budgets(releases)]


def _unread(criterion: Criterion, subject: Subject) -> Judgement:
    return not_judged(criterion, f"the contract does not hold: {_counted(len(subject.problems))}", mend=CHECK.remedy)


def _counted(number: int) -> str:
    return f"{number} problem{'s' if number > 1 else ''}"


def _evidence(problem: Problem) -> Evidence:
    fix = f" (fix: {problem.fix})" if problem.fix else ""
    return Evidence(f"{problem.message}{fix}", problem.span, problem.code)


def _check(subject: Subject) -> Judgement:
    if subject.problems:
        return failed(CHECK, _counted(len(subject.problems)), *map(_evidence, subject.problems))
    assert subject.releases is not None  # noqa: S101 - no releases comes with a problem
    family = subject.releases.family
    files = [Evidence(f"{family.current.reference}: {len(RULES)} rules, none broken", subject.place("product"))]
    files += [
        Evidence(f"{version}, as it was released", released_file(subject.releases, version))
        for version in subject.releases.contents
    ]
    return passed(CHECK, *files)


def released_file(releases: Releases, version: str) -> Span:
    """Return the place of a released version's file."""
    return Span(str(releases.released_path(version)), 1, 1, 1, 1)


def _evolution(subject: Subject, releases: Releases) -> Judgement:
    broken = [each for each in subject.problems if each.code in BREAKING]
    if broken:
        return failed(EVOLUTION, f"{len(broken)} changes would break what is in the field", *map(_evidence, broken))
    return passed(EVOLUTION, *_compared(subject, releases))


def _compared(subject: Subject, releases: Releases) -> Iterator[Evidence]:
    current = releases.family.current
    for version in in_field(subject, releases):
        devices = "" if subject.fleet is None else f", {subject.fleet.devices[version]} devices"
        yield Evidence(f"{current.product}/{version} is in the field{devices}", released_file(releases, version))
    changes = differences(releases, None if subject.fleet is None else subject.fleet.devices)
    for each in changes[:CHANGES_SHOWN]:
        text = f"{each.path}: {said(each.old, each.new)}, not breaking: {each.reason}"
        yield Evidence(text, each.place)
    if len(changes) > CHANGES_SHOWN:
        yield Evidence(f"and {len(changes) - CHANGES_SHOWN} differences more, none breaking: seamline contract diff")
    if not changes:
        yield Evidence(f"no difference between {current.reference} and what is in the field")


def in_field(subject: Subject, releases: Releases) -> tuple[str, ...]:
    """The versions in the field: those that devices have, or, without a fleet to ask, all that are not retired."""
    if subject.fleet is not None:
        return tuple(version for version, count in subject.fleet.devices.items() if count)
    return releases.registry.in_field


def _codecs(releases: Releases) -> Judgement:
    try:
        evidence = [*generated(releases.family), *compared(releases.family)]
    except Disagreement as found:
        return failed(CODECS, str(found))
    return passed(CODECS, *evidence)


def _budgets(releases: Releases) -> Judgement:
    return passed(BUDGETS, *reckoned(releases.family.current, releases.place))


def _budgets_unread(subject: Subject) -> Judgement:
    over = [each for each in subject.problems if each.code in BUDGET_RULES]
    if over:
        return failed(BUDGETS, f"{_counted(len(over))} of size, time or cost", *map(_evidence, over))
    return _unread(BUDGETS, subject)
