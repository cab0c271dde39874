"""How changes are judged that are breaking only sometimes. Each says for which pair of firmware and cloud, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from seamline.contract.evolution.part import BOTH, NEW, OLD, Change, Verdict, breaks, holds
from seamline.contract.layout import Value

if TYPE_CHECKING:
    from seamline.contract.layout import Layout
    from seamline.contract.model import Contract, Update

UNKNOWN_LAYOUT = "a hub that does not know the layout yet keeps such frames in quarantine until it does"


def moved(layouts: tuple[Layout, Layout]) -> tuple[str, ...]:
    """Return the columns of both layouts whose bits are not where they were."""
    old, new = ({place.name: (place.bit, place.bits) for place in layout.places} for layout in layouts)
    return tuple(name for name, place in old.items() if name in new and new[name] != place)


def shift(change: Change) -> Verdict:
    """Judge what is breaking only when it moves the bits of other fields."""
    assert change.layouts is not None  # noqa: S101  (only parts of layouts are judged here)
    names = moved(change.layouts)
    if names:
        return Verdict(
            breaking=True, direction=BOTH, reason=f"it moves bits of fields that were there before: {', '.join(names)}"
        )
    return Verdict(breaking=False, direction=NEW, reason=UNKNOWN_LAYOUT)


def field_added(change: Change) -> Verdict:
    """Judge a new field: only behind all the old ones does it leave them where they were."""
    assert change.layouts is not None  # noqa: S101
    old, new = ([field.name for field in layout.fields] for layout in change.layouts)
    if new[: len(old)] != old:
        return Verdict(
            breaking=True, direction=BOTH, reason="new fields come last: everything behind this one means another field"
        )
    return shift(change)


def member(change: Change) -> Verdict:
    """Judge a member of an enum or a set of flags: it may be added, never renamed or removed."""
    if isinstance(change.old, Mapping) or isinstance(change.new, Mapping):
        return holds(NEW, "its users are judged where they are")(change)
    if change.old is None:
        return holds(NEW, "an older hub does not know the member, and shows its number")(change)
    if change.new is None:
        return breaks(OLD, "firmware in the field still sends it, and stored records hold it")(change)
    return breaks(BOTH, "the number means something else: stored records would be read anew")(change)


def members_of_field(change: Change) -> Verdict:
    """Judge the members as a layout restates them: a number that becomes an enum, or no longer is one, is another thing."""
    if isinstance(change.old, Mapping) or isinstance(change.new, Mapping):
        return breaks(BOTH, "a number and a member of an enum are not the same thing")(change)
    return member(change)


def another_set(change: Change) -> Verdict:
    """Judge a value that takes its members from another enum or set of flags: each old member must be there unchanged."""
    names: list[tuple[Mapping[int, str], ...]] = []
    for value in (change.before, change.after):
        assert isinstance(value, Value)  # noqa: S101
        names.append((value.enum or {}, value.flags or {}))
    kept = all(new.get(raw) == name for old, new in zip(*names, strict=True) for raw, name in old.items())
    if change.old is not None and change.new is not None and kept:
        return holds(NEW, "the other set has the same members")(change)
    return breaks(BOTH, "its numbers mean other members, or none")(change)


def calibration(change: Change) -> Verdict:
    """Judge how raw counts become values: breaking for what is stored as soon as a message uses it."""
    assert change.versions is not None  # noqa: S101
    name = change.path.split(".")[1]
    if any(_uses(contract, name) for contract in change.versions):
        return breaks(BOTH, "stored raw counts would turn into other values")(change)
    return holds(BOTH, "no message uses it")(change)


def _uses(contract: Contract, name: str) -> bool:
    return any(field.calibration == name for message in contract.messages.values() for field in message.layout.fields)


def accepted_range(change: Change) -> Verdict:
    """Judge what a value may be when the other side chooses it: narrower is breaking."""
    values = (change.before, change.after)
    assert isinstance(values[0], Value)  # noqa: S101
    assert isinstance(values[1], Value)  # noqa: S101
    (old_low, old_high), (low, high) = (value.raw_range for value in (values[0], values[1]))
    if old_low < low or old_high > high:
        return breaks(NEW, "it refuses what could be asked before, and may still be waiting")(change)
    return holds(OLD, "the hub asks each device within the range of its own contract")(change)


def message_added(change: Change) -> Verdict:
    """Judge a message that comes: its id must not have had another name."""
    return _reused(change, 0) or holds(NEW, UNKNOWN_LAYOUT)(change)


def message_removed(change: Change) -> Verdict:
    """Judge a message that goes: what is stored stays, and its id must not get another name."""
    return _reused(change, 1) or holds(NEW, "new firmware no longer sends it; what is stored stays")(change)


def _reused(change: Change, other: int) -> Verdict | None:
    assert change.versions is not None  # noqa: S101
    number: object = getattr(change.new if change.old is None else change.old, "id", None)
    twin = change.versions[other].message_by_id.get(cast("int", number))
    if twin is None:
        return None
    return breaks(BOTH, f"id {number} was '{twin.name}': the id is the channel of every stored record")(change)


def patience(change: Change) -> Verdict:
    """Judge the waits for an answer: neither side's firmware may give up before the other side's hub may answer (SL203)."""
    assert change.versions is not None  # noqa: S101
    old, new = (contract.timing for contract in change.versions)
    if new.network_ms + new.commit_budget_ms >= old.answer_timeout_ms:
        return breaks(OLD, "old firmware gives up before the new hub must have answered, and sends again")(change)
    if old.network_ms + old.commit_budget_ms >= new.answer_timeout_ms:
        return breaks(NEW, "new firmware gives up before the old hub must have answered, and sends again")(change)
    return holds(BOTH, "each firmware still waits longer than either hub may take")(change)


def return_spread(change: Change) -> Verdict:
    """Judge how many come back how fast: old firmware spreads its connects over half of its own recovery time (SL206)."""
    assert change.versions is not None  # noqa: S101
    old, new = (contract.fleet for contract in change.versions)
    if new.devices_max * 2000 > new.accept_rate * old.recovery_ms:
        return breaks(OLD, "old firmware comes back faster than the new cloud accepts it")(change)
    return holds(BOTH, "old firmware's spread is slow enough for the new cloud")(change)


def slot(change: Change) -> Verdict:
    """Judge the sizes of slot and image: the slot is fixed in devices that are made."""
    old, new = cast("Update", change.before), cast("Update", change.after)
    if (new.image_bytes or new.slot_bytes) > old.slot_bytes:
        return breaks(OLD, "the largest new image does not fit the slot of devices made before")(change)
    return holds(OLD, "the largest new image fits the slot of devices made before")(change)


def repeatable(change: Change) -> Verdict:
    """Judge whether an order may be given twice."""
    if change.old:
        return breaks(NEW, "an older hub gives the order again when it is in doubt")(change)
    return holds(NEW, "an older hub gives the order once, which is right as well")(change)


def outcomes(change: Change) -> Verdict:
    """Judge the words that a command can end with."""
    old, new = (frozenset(cast("tuple[str, ...]", words)) for words in (change.old, change.new))
    if new - old:
        return breaks(NEW, "an older hub or app does not know how the order ended")(change)
    return holds(NEW, "an older hub or app knows every word")(change)
