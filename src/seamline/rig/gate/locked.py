"""The stage `lock`: what devices have is frozen, the working copy harms none of it, and no version left while a device had it."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.evolution.fingerprint import fingerprint
from seamline.contract.evolution.releases import Releases
from seamline.contract.problems import Problem, Span
from seamline.rig.gate.built import BREAKING, in_field, released_file
from seamline.rig.gate.criteria import DEPARTURES, FROZEN, WORKING_COPY
from seamline.rig.gate.subject import Fleet, Subject
from seamline.rig.gate.verdict import Criterion, Evidence, Judgement, failed, not_judged, passed

THAWED: frozenset[str] = frozenset({"SL301", "SL302", "SL303", "SL304", "SL310", "SL311", "SL312", "SL313", "SL324"})
"""What is wrong with the registry, or with a file that was released."""


def judge(subject: Subject) -> list[Judgement]:
    """Judge the lock."""
    if subject.releases is None:
        edited = [_evidence(each) for each in subject.problems if each.code in THAWED]
        frozen = failed(FROZEN, "what was released is not as it was", *edited) if edited else _unread(FROZEN)
        return [frozen, _unread(WORKING_COPY), _unread(DEPARTURES)]
    return [
        _frozen(subject, subject.releases),
        _working_copy(subject, subject.releases),
        _departures(subject.fleet, subject.releases),
    ]


def unasked(reason: str) -> list[Judgement]:
    """Say that nobody looked."""
    return [not_judged(criterion, reason) for criterion in (FROZEN, WORKING_COPY, DEPARTURES)]


def _unread(criterion: Criterion) -> Judgement:
    return not_judged(criterion, "the folder's contracts do not hold")


def _registry(releases: Releases) -> Span:
    return Span(str(releases.registry_path), 1, 1, 1, 1)


def _evidence(problem: Problem) -> Evidence:
    return Evidence(problem.message, problem.span, problem.code)


def _frozen(subject: Subject, releases: Releases) -> Judgement:
    broken = [_evidence(each) for each in subject.problems if each.code in THAWED]
    if broken:
        return failed(FROZEN, "the registry and the released files do not agree with each other or with the field", *broken)
    field = in_field(subject, releases)
    loose = [version for version in field if version not in releases.registry.releases]
    if loose:
        places = [Evidence(f"{version} is in the field", releases.place("version")) for version in loose]
        return failed(FROZEN, f"{', '.join(loose)} is in the field and not released", *places)
    if not field:
        return failed(FROZEN, "no version is in the field: there is nothing to lock before the first release")
    return passed(FROZEN, *_seals(releases, field))


def _seals(releases: Releases, field: tuple[str, ...]) -> Iterator[Evidence]:
    for version in field:
        release = releases.registry.releases[version]
        text = f"{version}, released {release.date}: sha256 {release.sha256[:16]}, fingerprint {release.fingerprint[:16]}, as registered"
        yield Evidence(text, released_file(releases, version))
    lines = len(releases.registry.releases) + len(releases.registry.retired)
    yield Evidence(f"{lines} lines of the registry, each sealing the one before")


def _working_copy(subject: Subject, releases: Releases) -> Judgement:
    current = releases.family.current
    harm = [_evidence(each) for each in subject.problems if each.code in BREAKING]
    if harm:
        return failed(WORKING_COPY, f"{current.version} would break what is in the field", *harm)
    if subject.problems:
        return not_judged(WORKING_COPY, "the folder has problems", *map(_evidence, subject.problems))
    place = releases.place("version")
    if current.version in releases.registry.releases:
        return passed(WORKING_COPY, Evidence(f"{current.version} is released, and contract.yaml is unchanged since", place))
    text = f"{current.version} is not released yet; it breaks none of {', '.join(in_field(subject, releases)) or 'no version'}"
    return passed(WORKING_COPY, Evidence(f"{text} (fingerprint {fingerprint(current)[:16]})", place))


def _departures(fleet: Fleet | None, releases: Releases) -> Judgement:
    retired = releases.registry.retired
    if not retired:
        count = len(releases.registry.releases)
        return passed(DEPARTURES, Evidence(f"no version has left the field: {count} released, none retired", _registry(releases)))
    if fleet is None:
        text = f"{', '.join(retired)} left the field by the registry, and no fleet was asked"
        return not_judged(DEPARTURES, text)
    back = {version: fleet.devices.get(version, 0) for version in retired}
    counted = [Evidence(f"{version}: {count} devices", released_file(releases, version)) for version, count in back.items()]
    if any(back.values()):
        names = ", ".join(version for version, count in back.items() if count)
        return failed(DEPARTURES, f"devices have {names}, which is retired", *counted)
    if fleet.unheard:
        return not_judged(DEPARTURES, f"{fleet.unheard} of the hub's devices have never said their version", *counted)
    return passed(DEPARTURES, *counted)
