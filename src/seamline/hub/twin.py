"""The twin: what was asked of a device, what it reports, and which of six states that makes of each property.

Versions of the two directions are separate counters: the hub numbers wishes, the device numbers its reports. A report *answers* wish
v when its `based_on` is v. One that is based on nothing tells of a *local change* when its value is not the one reported before, or when
reports between the two were missed. A local change and a wish are *concurrent* when neither was made in the knowledge of the other:
the wish does not know the report (`known`), the report is not based on the wish. Concurrent edits fall to the property's rule:

    cloud_wins      the wish stands; a later local change is asked back
    device_wins     the local change stands; the wish is given up
    newest          the later edit stands; overlapping error bounds fall to the policy's `tie`; decided once, by the hub, and
                    written down as the wish's resolution, so that dating the report anew changes nothing
    local_override  the local change stands for `override_ms`, then the wish is asked back

The first report of an incarnation that is based on nothing is no edit: the memory is new or erased, and what it reports is a default.

A device applies a wish once. So a wish that stands after the device has seen it and gone elsewhere is asked anew, as the next version.
So is one that was confirmed when the device has done an older wish since, whose document came late.

Times are Unix ms of the hub unless a name says uptime.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from seamline.hub.downlink import TwinDocument, Wish
from seamline.hub.inputs import ReportedValue, TwinReport, Value


class Rule(StrEnum):
    """Who wins when both sides change a property."""

    CLOUD_WINS = "cloud_wins"
    DEVICE_WINS = "device_wins"
    NEWEST = "newest"
    LOCAL_OVERRIDE = "local_override"


class Side(StrEnum):
    """A side of the seam."""

    CLOUD = "cloud"
    DEVICE = "device"


class TwinState(StrEnum):
    """What a property is in, as anyone is shown it."""

    IN_SYNC = "in sync"
    ASKED = "asked, not delivered"
    DELIVERED = "delivered, not confirmed"
    REJECTED = "rejected (fault)"
    EXPIRED = "expired"
    DRIFTED = "drifted"


class Resolution(StrEnum):
    """How a wish ended. A wish without one is delivered again in each document."""

    CONFIRMED = "confirmed"
    """The device answered that it applied it (its value tells whether as asked)."""
    REJECTED = "rejected"
    """The device answered with a fault."""
    EXPIRED = "expired"
    """Its time passed first."""
    DEVICE_WON = "device_won"
    """A local change on the device stands instead."""
    OVERRIDDEN = "overridden"
    """A local change stands for a while; the wish will be asked again."""
    UNKNOWN_PROPERTY = "unknown_property"
    """The device's firmware does not have the property. Other firmware that has it may be asked anew."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the contract says of a property. Times in ms; None: never. `tie` decides `newest` when the times cannot."""

    rule: Rule
    expires_ms: int | None = None
    confirm_within_ms: int | None = None
    override_ms: int = 3_600_000
    tie: Side = Side.CLOUD


class Desired(NamedTuple):
    """A wish. `known` is the reported version its asker knew (0: none), in incarnation `known_in`."""

    value: Value
    version: int
    asked_by: str
    asked_ms: int
    known: int = 0
    known_in: int = 0
    expires_ms: int | None = None
    sent_ms: int | None = None
    seen_ms: int | None = None
    resolved_ms: int | None = None
    resolution: Resolution | None = None


class Reported(NamedTuple):
    """What the device last said of a property. `at_ms` is uptime in (incarnation, boot)."""

    value: Value
    version: int
    based_on: int | None
    fault: str | None
    incarnation: int
    boot: int
    at_ms: int
    received_ms: int


class Twin(NamedTuple):
    """Both directions of one property."""

    desired: Desired | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A property's state and how long it has been in it. `overdue`: not confirmed within the contract's time."""

    state: TwinState
    age_ms: int
    why: str
    overdue: bool = False


UNKNOWN_PROPERTY = "unknown_property"
"""The fault by which a device refuses a wish for a property that its firmware does not have."""

CONTRACTLESS = Policy(Rule.CLOUD_WINS)
"""For a property that the device's contract does not have: wishes for it expire, and can be refused."""

REASSERTED_BY = "seamline"
"""Who asks when the hub asks a wish back by its rule."""


def ask(twin: Twin, policy: Policy, value: Value, by: str, now_ms: int, *, above: int = 0) -> Twin:
    """A person or program asks for a value. It replaces any wish before it, and its version is above that one's and `above`."""
    version = max(above, 0 if twin.desired is None else twin.desired.version) + 1
    reported = twin.reported
    wish = Desired(
        value=value,
        version=version,
        asked_by=by,
        asked_ms=now_ms,
        known=0 if reported is None else reported.version,
        known_in=0 if reported is None else reported.incarnation,
        expires_ms=None if policy.expires_ms is None else now_ms + policy.expires_ms,
    )
    return twin._replace(desired=wish)


def mark_sent(twin: Twin, now_ms: int) -> Twin:
    """The wish left in a document; whether it arrived, only the device can say (`mark_seen`)."""
    wish = twin.desired
    if wish is None or wish.resolution is not None:
        return twin
    return twin._replace(desired=wish._replace(sent_ms=now_ms))


def mark_seen(twin: Twin, version: int, now_ms: int) -> Twin:
    """The device says it has received wish `version`."""
    wish = twin.desired
    if wish is None or wish.version != version or wish.seen_ms is not None:
        return twin
    return twin._replace(desired=wish._replace(seen_ms=now_ms))


def report(twin: Twin, policy: Policy, new: Reported, made: tuple[int, int] | None, now_ms: int) -> Twin:
    """The device reports a property. `made` is when the change was made, (Unix ms, error ms), where its uptime can be dated.

    A report the hub has already, or an older one, changes nothing. Hand in reports of the current incarnation only.
    """
    old = twin.reported
    if old is not None and not _follows(old, new):
        return twin
    after, wish = twin._replace(reported=new), twin.desired
    if wish is not None and new.based_on == wish.version:
        seen = mark_seen(after, wish.version, now_ms)
        return _answered(seen, _resolution(new.fault), now_ms)
    if wish is None or new.based_on is not None or _knows(wish, new):  # nothing asked, another wish, or a state the asker knew
        return _asked_back(after, policy, now_ms) if wish is not None and _went_back(wish, new) else after
    if new.value == wish.value:
        delivered = wish.resolution is None and wish.seen_ms is not None
        return _answered(after, Resolution.CONFIRMED, now_ms) if delivered else after
    if old is None or old.incarnation != new.incarnation:
        return _against_default(after, policy, now_ms)
    return _contested(after, policy, made, now_ms) if _edited(old, new, wish) else after


def receive(
    twins: Mapping[str, Twin],
    policies: Mapping[str, Policy],
    said: TwinReport,
    made: Mapping[str, tuple[int, int] | None],
    now_ms: int,
) -> tuple[Mapping[str, Twin], tuple[str, ...]]:
    """Work a twin message in: the twins that changed, and the names no contract knows (ignored, worth counting).

    A wish left over from another contract is worked in too, when the device refuses it as unknown. `made` dates the reported
    changes as `report` wants it.
    """
    changed: dict[str, Twin] = {}
    refused = {name for name in said.reported if name not in policies and _is_refusal(twins.get(name), said.reported[name])}
    unknown = sorted((said.seen.keys() | said.reported.keys()) - policies.keys() - refused)
    for name, policy in (*policies.items(), *((name, CONTRACTLESS) for name in sorted(refused))):
        if name not in said.seen and name not in said.reported:
            continue
        before = twins.get(name, Twin())
        after = mark_seen(before, said.seen[name], now_ms) if name in said.seen else before
        if name in said.reported:
            new = _reported(said, said.reported[name], now_ms)
            after = report(after, policy, new, made.get(name), now_ms)
        if after != before:
            changed[name] = after
    return changed, tuple(unknown)


def tick(twin: Twin, policy: Policy, now_ms: int) -> Twin:
    """What time alone changes: a wish expires; an override ends and the wish is asked back."""
    wish = twin.desired
    if wish is None:
        return twin
    if wish.resolution is None and wish.expires_ms is not None and now_ms >= wish.expires_ms:
        return twin._replace(desired=wish._replace(resolution=Resolution.EXPIRED, resolved_ms=now_ms))
    if wish.resolution is Resolution.OVERRIDDEN and now_ms >= (wish.resolved_ms or 0) + policy.override_ms:
        return _asked_back(twin, policy, now_ms)
    return twin


def deadline(twin: Twin, policy: Policy) -> int | None:
    """When `tick` next has something to do, Unix ms."""
    wish = twin.desired
    if wish is None:
        return None
    if wish.resolution is None:
        return wish.expires_ms
    if wish.resolution is Resolution.OVERRIDDEN:
        return (wish.resolved_ms or 0) + policy.override_ms
    return None


def status(twin: Twin, policy: Policy, now_ms: int) -> Status | None:
    """The property's state with its age; None when nothing was ever asked or reported."""
    wish, reported = twin.desired, twin.reported
    if wish is None:
        return None if reported is None else _since(TwinState.IN_SYNC, reported.received_ms, now_ms, "nothing asked")
    if wish.resolution is None and not (wish.expires_ms is not None and now_ms >= wish.expires_ms):
        return _pending(wish, policy, now_ms)
    return _settled(wish, reported, now_ms)


def document(twins: Mapping[str, Twin], now_ms: int) -> TwinDocument:
    """Everything desired and not resolved, and every reported version known, for the wire.

    Versions of an earlier boot or incarnation are told too: the device lifts its counters above them.
    """
    desired: dict[str, Wish] = {}
    known: dict[str, int] = {}
    for name, twin in twins.items():
        wish, reported = twin.desired, twin.reported
        if wish is not None and wish.resolution is None and (wish.expires_ms is None or now_ms < wish.expires_ms):
            desired[name] = Wish(wish.value, wish.version, wish.expires_ms)
        if reported is not None:
            known[name] = reported.version
    return TwinDocument(desired, known)


def _pending(wish: Desired, policy: Policy, now_ms: int) -> Status:
    overdue = policy.confirm_within_ms is not None and now_ms - wish.asked_ms > policy.confirm_within_ms
    if wish.seen_ms is None:
        why = "never sent" if wish.sent_ms is None else "sent, not seen by the device"
        return _since(TwinState.ASKED, wish.asked_ms, now_ms, why, overdue=overdue)
    return _since(TwinState.DELIVERED, wish.seen_ms, now_ms, "the device has it", overdue=overdue)


def _settled(wish: Desired, reported: Reported | None, now_ms: int) -> Status:
    """The state of a wish that is resolved, or whose time has passed."""
    if wish.resolution is Resolution.REJECTED:
        fault = "no fault named" if reported is None else reported.fault or "no fault named"
        return _since(TwinState.REJECTED, wish.resolved_ms, now_ms, fault)
    if wish.resolution is Resolution.UNKNOWN_PROPERTY:
        return _since(TwinState.REJECTED, wish.resolved_ms, now_ms, UNKNOWN_PROPERTY)
    if wish.resolution is Resolution.DEVICE_WON:
        return _since(TwinState.IN_SYNC, wish.resolved_ms, now_ms, "a change on the device stands")
    if reported is not None and reported.value == wish.value:
        return _since(TwinState.IN_SYNC, reported.received_ms, now_ms, "as asked")
    if wish.resolution in {None, Resolution.EXPIRED}:
        return _since(TwinState.EXPIRED, wish.expires_ms, now_ms, "not confirmed in time")
    since_ms = wish.resolved_ms if reported is None else reported.received_ms
    return _since(TwinState.DRIFTED, since_ms, now_ms, "the device reports another value")


_STANDS = frozenset({Resolution.EXPIRED, Resolution.REJECTED, Resolution.DEVICE_WON, Resolution.UNKNOWN_PROPERTY})
"""Resolutions that no local change reopens."""


def _contested(twin: Twin, policy: Policy, made: tuple[int, int] | None, now_ms: int) -> Twin:
    """The device was changed locally to another value than the wish, without knowing it."""
    wish = twin.desired
    if wish is None or wish.resolution in _STANDS:
        return twin
    if policy.rule is Rule.DEVICE_WINS:
        return _answered(twin, Resolution.DEVICE_WON, now_ms)
    if policy.rule is Rule.LOCAL_OVERRIDE:
        return _answered(twin, Resolution.OVERRIDDEN, now_ms)
    pending = wish.resolution is None
    if policy.rule is Rule.NEWEST and (not pending or _newer_side(wish, made, policy) is Side.DEVICE):
        return _answered(twin, Resolution.DEVICE_WON, now_ms)
    return twin if pending and wish.seen_ms is None else _asked_back(twin, policy, now_ms)


def _against_default(twin: Twin, policy: Policy, now_ms: int) -> Twin:
    """A new memory reports its default: a wish under way will be delivered to it, one that was settled is asked anew.

    So is one that was seen when earlier reports were missed: its answer may have been among them.
    """
    wish, reported = twin.desired, twin.reported
    if wish is None or wish.resolution in _STANDS:
        return twin
    if wish.resolution is None:
        missed = wish.seen_ms is not None and reported is not None and reported.version > 1
        return _asked_back(twin, policy, now_ms) if missed else twin
    if policy.rule is Rule.DEVICE_WINS:
        return _answered(twin, Resolution.DEVICE_WON, now_ms)
    return _asked_back(twin, policy, now_ms)


def _edited(old: Reported, new: Reported, wish: Desired) -> bool:
    """Whether a report based on nothing tells of a change: another value, or, once the wish was seen, reports missed between.

    The count goes on over boots: a device lifts its counter above what the hub knows before it reports.
    """
    missed = wish.seen_ms is not None and new.version > old.version + 1
    return new.value != old.value or missed


def _went_back(wish: Desired, new: Reported) -> bool:
    """Whether a device that did as it was asked has then done an older wish: a late document met a boot that knew of no other."""
    stands = wish.resolution is Resolution.CONFIRMED and new.fault is None and new.value != wish.value
    return stands and new.based_on is not None and new.based_on < wish.version


def _newer_side(wish: Desired, made: tuple[int, int] | None, policy: Policy) -> Side:
    """Which edit is the later one; where the error bound covers both orders, or nothing dates the report, the tie decides."""
    if made is None or abs(made[0] - wish.asked_ms) <= made[1]:
        return policy.tie
    return Side.DEVICE if made[0] > wish.asked_ms else Side.CLOUD


def _asked_back(twin: Twin, policy: Policy, now_ms: int) -> Twin:
    wish = twin.desired
    return twin if wish is None else ask(twin, policy, wish.value, REASSERTED_BY, now_ms)


def _answered(twin: Twin, resolution: Resolution, now_ms: int) -> Twin:
    wish = twin.desired
    return twin if wish is None else twin._replace(desired=wish._replace(resolution=resolution, resolved_ms=now_ms))


def _resolution(fault: str | None) -> Resolution:
    if fault == UNKNOWN_PROPERTY:
        return Resolution.UNKNOWN_PROPERTY
    return Resolution.CONFIRMED if fault is None else Resolution.REJECTED


def _is_refusal(twin: Twin | None, said: ReportedValue) -> bool:
    """Whether the device says that its firmware lacks a property which something was asked of."""
    return twin is not None and twin.desired is not None and said.fault == UNKNOWN_PROPERTY


def _follows(old: Reported, new: Reported) -> bool:
    """Whether a report is newer than the one known. Counters of another incarnation, or a later boot, begin anew."""
    if old.incarnation != new.incarnation:
        return True
    return new.boot > old.boot or (new.boot == old.boot and new.version > old.version)


def _knows(wish: Desired, new: Reported) -> bool:
    """Whether the wish was made in the knowledge of the report."""
    return wish.known_in == new.incarnation and wish.known >= new.version


def _reported(said: TwinReport, value: ReportedValue, now_ms: int) -> Reported:
    return Reported(value.value, value.version, value.based_on, value.fault, said.incarnation, said.boot, value.at_ms, now_ms)


def _since(state: TwinState, since_ms: int | None, now_ms: int, why: str, *, overdue: bool = False) -> Status:
    return Status(state, max(0, now_ms - (now_ms if since_ms is None else since_ms)), why, overdue)
