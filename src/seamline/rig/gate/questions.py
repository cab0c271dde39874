"""The seven questions, answered for one product: what its contract says, what was judged of it, and what cannot be proved yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from seamline.contract import Contract, Family
from seamline.contract.codegen.map.lines import ends
from seamline.contract.codegen.wording import duration, listed, phrase, size
from seamline.rig.gate.bad_days import COMMANDS, IDENTITY, SCREENS, UPDATES
from seamline.rig.gate.offline import after_an_hour
from seamline.rig.gate.runs import DayRuns
from seamline.rig.gate.subject import Subject
from seamline.rig.gate.verdict import Answer, Evidence, Judgement
from seamline.rig.storm import StormPlan
from seamline.rig.world.aims import reachable
from seamline.rig.world.marks import Marks

QUESTIONS: Final = (
    "Who owns the protocol, and how does it change after launch?",
    "What happens in an update that loses power half way?",
    "How does a unit get its identity, and what happens when it is reset and resold?",
    "What does the app show after an hour offline, and where do commands go meanwhile?",
    "What happens when the whole fleet reconnects at once?",
    "How is the integration tested?",
    "How many firmware versions can the backend handle at once, and for how long?",
)


ABSENT: Final = frozenset({2})
"""Questions about what this version does not have at all."""


def answered(
    subject: Subject, judgements: Sequence[Judgement], runs: Sequence[DayRuns], storm: StormPlan | None
) -> tuple[Answer, ...]:
    """Answer all seven. A contract that cannot be read says nothing, and each answer says that."""
    family = subject.family
    if family is None:
        unread = (Evidence("the contract does not hold, so it says nothing", subject.place("")),)
        return tuple(Answer(at, text, unread, _proof(judgements, at)) for at, text in enumerate(QUESTIONS, 1))
    current = family.current
    says: tuple[Callable[[], Iterator[Evidence]], ...] = (
        lambda: _protocol(subject, current), lambda: _update(subject, current), lambda: _identity(subject, current),
        lambda: after_an_hour(subject.place, current), lambda: _storm(subject, current, storm), lambda: _tests(subject, runs, family),
        lambda: _versions(subject, current),
    )  # fmt: skip
    lacking = {2: (UPDATES,), 3: (IDENTITY,), 4: _unshown(current)}
    return tuple(
        Answer(at, text, tuple(say()), _proof(judgements, at), lacking.get(at, ()), at in ABSENT)
        for at, (text, say) in enumerate(zip(QUESTIONS, says, strict=True), 1)
    )


def _proof(judgements: Sequence[Judgement], question: int) -> tuple[Judgement, ...]:
    return tuple(each for each in judgements if each.criterion.question == question)


def _unshown(contract: Contract) -> tuple[str, ...]:
    return (*((COMMANDS,) if contract.commands else ()), SCREENS)


def _protocol(subject: Subject, contract: Contract) -> Iterator[Evidence]:
    releases = subject.releases
    for boundary in contract.boundaries.values():
        if ends(boundary.name) == ("broker", "hub"):
            text = f"{boundary.owner} ({boundary.contact}) owns {boundary.name}, where firmware's words become the cloud's: {boundary.promise}"
            yield Evidence(text, subject.place(f"boundaries.{boundary.name}"))
    if releases is None or not releases.registry.releases:
        yield Evidence("nothing is released yet: contract.yaml may still change freely", subject.place("version"))
        return
    released = [f"{each.version} ({each.date})" for each in releases.registry.releases.values()]
    yield Evidence(
        f"{contract.product} is released as {', '.join(released)}; each frozen with its file's SHA-256 in a registry that is only appended to"
    )
    field = listed(releases.registry.in_field) or "none"
    yield Evidence(f"a change is compared with every version in the field ({field}); one that breaks any of them is not released")


def _update(subject: Subject, contract: Contract) -> Iterator[Evidence]:
    update = contract.update
    if update is None:
        yield Evidence("the contract declares no updates", subject.place(""))
        return
    slots = f"{update.slot_count} slots of {size(update.slot_bytes)}"
    back = "one to fall back to" if update.slot_count > 1 else "none to fall back to"
    text = f"{slots}, {back}; an image counts as healthy when {listed(tuple(map(phrase, update.healthy_when)))}"
    yield Evidence(text, subject.place("update"))
    text = f"{update.attempts} attempts, at most {size(update.bytes_per_month)} a month, on {update.power} power"
    yield Evidence(text, subject.place("update.attempts"))
    yield from _boundaries(subject, contract, "power-cut-anywhere")


def _identity(subject: Subject, contract: Contract) -> Iterator[Evidence]:
    identity = contract.identity
    if identity is None:
        yield Evidence("the contract declares no identity", subject.place(""))
        return
    text = f"a certificate lives {duration(identity.lifetime_ms)}, is renewed at {duration(identity.renew_at_ms)}; claimed: {phrase(identity.claim)}"
    yield Evidence(text, subject.place("identity"))
    if identity.offline_max_ms is not None:
        text = f"a unit may be off for {duration(identity.offline_max_ms)} and still get in"
        yield Evidence(text, subject.place("identity.offline_max"))
    yield Evidence("a unit whose flash is wiped is a new incarnation: its numbers begin anew, and none is taken for an old one's")
    yield from _boundaries(subject, contract, "reset-and-resale")


def _boundaries(subject: Subject, contract: Contract, name: str) -> Iterator[Evidence]:
    """The boundaries that name a bad day as their proof."""
    for each in contract.boundaries.values():
        if name in each.proven_by:
            text = f"{each.owner} owns {each.name}: {each.promise}; else {each.on_failure or 'nothing is said'}"
            yield Evidence(text, subject.place(f"boundaries.{each.name}"))


def _storm(subject: Subject, contract: Contract, storm: StormPlan | None) -> Iterator[Evidence]:
    fleet, backoff = contract.fleet, contract.backoff
    text = (
        f"{fleet.devices_max:,} devices spread their first connect over {duration(fleet.recovery_ms // 2)} until the hub says otherwise;"
        f" the cloud accepts {fleet.accept_rate:,}/s, and all are to be back within {duration(fleet.recovery_ms)}"
    )
    yield Evidence(text, subject.place("fleet"))
    text = f"a connect that fails is tried again after 0 to {duration(backoff.base_ms)}, doubled up to {duration(backoff.cap_ms)}, with full jitter"
    yield Evidence(text, subject.place("backoff"))
    if contract.busy is not None:
        text = f"a busy cloud is waited for as it asks, at most {duration(contract.busy.wait_max_ms)}, plus jitter"
        yield Evidence(text, subject.place("busy"))
    if storm is not None:
        told = storm.of("told")
        gone = f"not all are back{f', {told.given_up_words}' if told.given_up_words else ''}"
        last = gone if told.last_ms is None else f"the last device is back after {told.last_ms / 1000:.0f} s"
        yield Evidence(
            f"the storm of {storm.terms.devices:,}: {last}; at most {told.accepted_peak:,} connects accepted in a second,"
            f" {told.broker_peak:,} waiting at the broker, {told.hub_peak:,} messages at the hub, {told.attempts_max} tries of one device"
        )


def _tests(subject: Subject, runs: Sequence[DayRuns], family: Family) -> Iterator[Evidence]:
    named = dict.fromkeys(name for boundary in family.current.boundaries.values() for name in boundary.proven_by)
    text = f"the contract names {len(named)} bad days as proof of its boundaries: {', '.join(named) or 'none'}"
    yield Evidence(text, subject.place("boundaries"))
    if not runs:
        yield Evidence("at this stage the rig was not run")
        return
    marks = Marks()
    for day in runs:
        marks.add(day.marks)
    yield Evidence(
        f"{len(runs)} kinds of day ran with the real device core and the hub's real ingest in virtual time:"
        f" {sum(len(day.seeds) for day in runs)} worlds, {sum(day.device_hours for day in runs):,.0f} device-hours,"
        f" {sum(day.faults for day in runs):,} faults, {sum(day.readings for day in runs):,} readings followed to the table"
    )
    yield Evidence(marks.told(reachable([family])))


def _versions(subject: Subject, contract: Contract) -> Iterator[Evidence]:
    releases, fleet = subject.releases, subject.fleet
    if releases is None:
        return
    family = releases.family
    text = (
        f"{len(family.versions)} versions are read side by side, {len(family.layouts)} layouts: {listed(tuple(family.versions))}"
    )
    yield Evidence(text, subject.place("version"))
    if fleet is None:
        field, gone = listed(releases.registry.in_field) or "none", listed(releases.registry.retired) or "none"
        yield Evidence(f"in the field by the registry: {field}; retired: {gone}")
    else:
        counted = ", ".join(f"{version} ({count})" for version, count in fleet.devices.items()) or "none"
        yield Evidence(f"in the field by the hub: {counted}; {fleet.unheard} devices have never said their version")
    yield Evidence(
        f"for as long as a device has it: {contract.product}'s versions leave the field at zero devices, by seamline contract retire"
    )
