"""Reads what a number means: enums, flags, and the type, scale, unit, quantity and range of a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypedDict

from seamline.contract import units
from seamline.contract.field_types import BITS_MAX, FieldType, byte_type, unsigned
from seamline.contract.fields import Value, shortest
from seamline.contract.keys import Keys, nearest, one
from seamline.contract.limits import ENUM_MEMBERS_MAX, NAMES_MAX
from seamline.contract.nodes import Broken, Scalar
from seamline.contract.problems import shown
from seamline.contract.scalars import DECIMAL, NAME, SHORT_NAME, UNIT, decimal, integer_between

Enums = dict[str, dict[int, str]]


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a value's type may be, besides those of the language."""

    enums: Enums
    flags: Enums


_TYPES = {item.value: item for item in FieldType}
_TYPES_TEXT = "u1 to u64, i2 to i64, bool"
_PAIR = 2
_FLOAT = re.compile("f(loat)?[0-9]+")
_SIZED = re.compile("[a-z_]*[0-9]+(_t)?")


class Parts(TypedDict):
    """The arguments that `Value`, `Field` and `Property` share."""

    name: str
    type: FieldType
    scale: Decimal | None
    offset: Decimal | None
    unit: str | None
    quantity: str | None
    range: tuple[Decimal, Decimal] | None
    enum: dict[int, str] | None
    enum_name: str | None
    flags: dict[int, str] | None
    flags_name: str | None
    calibrated: bool


def enums(keys: Keys) -> Enums:
    """Read `enums`: names with their numbered members."""
    found: Enums = {}
    for name, members in keys.each(SHORT_NAME, items_max=NAMES_MAX):
        if name in _TYPES:
            text = f"'{name}' is a type of the language"
            keys.report.add("SL118", members.span, text, fix="give the enum another name")
            continue
        found[name] = _members(members, FieldType.U16.high)
        if not found[name] and not members.broken:
            keys.report.add("SL104", members.span, f"enum '{name}' has no members", fix="add '0: off'")
    return found


def _members(keys: Keys, highest: int) -> dict[int, str]:
    found: dict[int, str] = {}
    for raw, key, node in keys.entries(integer_between(0, highest), items_max=ENUM_MEMBERS_MAX):
        name = one(keys.report, node, NAME, f"member {key.text} of '{keys.path}'")
        if name in found.values() and name != NAME.placeholder:
            keys.report.add("SL116", node.span, f"member '{name}' is given twice", fix="give it another name")
        found.setdefault(raw, name)
    return found


def flags(keys: Keys, known: Enums) -> Enums:
    """Read `flags`: names with what each bit means; a name is either an enum's or a flag set's."""
    found: Enums = {}
    for name, members in keys.each(SHORT_NAME, items_max=NAMES_MAX):
        if name in _TYPES or name in known:
            text = f"'{name}' is a type of the language" if name in _TYPES else f"'{name}' is an enum"
            keys.report.add("SL118" if name in _TYPES else "SL116", members.span, text, fix="give the flags another name")
            continue
        found[name] = _members(members, BITS_MAX - 1)
        if not found[name] and not members.broken:
            keys.report.add("SL104", members.span, f"flags '{name}' have no members", fix="add '0: over_temp'")
    return found


def parts(keys: Keys, name: str, known: Known, *, calibrated: bool = False) -> Parts:
    """Read type, scale, offset, unit and range of one value; a range must be one the type can hold."""
    before = keys.report.count
    chosen = _chosen(keys, known)
    enum, flag_set = known.enums.get(chosen), known.flags.get(chosen)
    scale, offset = keys.maybe("scale", DECIMAL), keys.maybe("offset", DECIMAL)
    found: Parts = {
        "name": name,
        "type": _type(keys, chosen, enum, flag_set),
        "scale": scale or None,
        "offset": offset,
        "unit": keys.maybe("unit", UNIT),
        "quantity": keys.maybe("quantity", NAME),
        "range": _range(keys),
        "enum": enum or None,
        "enum_name": chosen if enum else None,
        "flags": flag_set or None,
        "flags_name": chosen if flag_set else None,
        "calibrated": calibrated,
    }
    if scale is not None and not scale:
        fix = "scale: 0.1, or whatever one count is worth"
        keys.report.add("SL120", keys.report.place(keys.inside("scale")), "a scale of 0 loses every value", fix=fix)
    if keys.report.count == before:
        measures(keys, found["unit"], found["quantity"])
    if keys.report.count == before:
        _consistent(keys, found)
    return found


def _chosen(keys: Keys, known: Known) -> str:
    """Read `type`: a word of the language, or the name of an enum or a flag set."""
    named = (*known.enums, *known.flags)
    node = keys.node("type")
    if isinstance(node, Scalar) and not node.quoted and node.text in _TYPES:
        return node.text
    before = keys.report.count
    chosen = one(keys.report, node, NAME, "the name of a type, an enum or flags")
    if keys.report.count == before and not {chosen, NAME.placeholder} & set(named) and not isinstance(node, Broken):
        fix = _type_fix(keys, chosen, named)
        keys.report.add("SL115", node.span, f"{shown(chosen)} is not a type, an enum or flags of this contract", fix=fix)
    return chosen


def _type_fix(keys: Keys, chosen: str, named: tuple[str, ...]) -> str:
    """Say which type was meant: no number's width is guessed, for another width is another number."""
    if chosen in {"float", "double", "real"} or _FLOAT.fullmatch(chosen):
        return "write a scaled integer, such as {type: i32, scale: 0.001}: the wire has no floats"
    meant = None if _SIZED.fullmatch(chosen) else nearest(keys.report, chosen, ["bool", *named])
    return f"write '{meant}'" if meant else f"types are {', '.join((_TYPES_TEXT, *named))}"


def _type(keys: Keys, chosen: str, enum: dict[int, str] | None, flag_set: dict[int, str] | None) -> FieldType:
    """Return what the value is stored as: `bits` wide, or in as many bytes as an enum's or a flag set's members need."""
    if enum:
        high = max(enum)
    elif flag_set:
        high = (1 << max(flag_set) + 1) - 1
    else:
        if keys.has("bits"):
            text = f"'{chosen}' has its width in its name"
            keys.report.add(
                "SL129", keys.node("bits").span, text, fix="'bits' is for enums and flags: take u12 or i12 for numbers"
            )
        return _TYPES.get(chosen, FieldType.U8)
    bits = keys.maybe("bits", integer_between(1, BITS_MAX))
    if bits is None:
        return byte_type(high)
    if high >> bits:
        text = f"'{chosen}' needs {high.bit_length()} bits"
        keys.report.add("SL128", keys.report.place(keys.inside("bits")), text, fix=f"bits: {high.bit_length()}")
    return unsigned(bits)


def measures(keys: Keys, unit: str | None, quantity: str | None) -> None:
    """Report a unit that is none, a quantity that nobody knows, and a unit that does not measure the quantity."""
    measured = units.NUMBER if unit is None else known_unit(keys, unit)
    if quantity is None:
        return
    place = keys.report.place(keys.inside("quantity"))
    wanted = units.QUANTITIES.get(quantity)
    if wanted is None:
        meant = nearest(keys.report, quantity, list(units.QUANTITIES))
        fix = f"write '{meant}'" if meant else "docs/contract.md lists the quantities; leave it out when none fits"
        keys.report.add("SL125", place, f"'{quantity}' is no quantity known here", fix=fix)
    elif measured is not None and measured != wanted:
        fitting = units.quantities(measured)
        what = f"{fitting[0]} ({units.spoken(measured)})" if fitting else units.spoken(measured)
        text = f"{unit or 'a value without a unit'} measures {what}, not {quantity} ({units.spoken(wanted)})"
        meant = f"'quantity: {fitting[0]}'" if fitting else "no quantity"
        keys.report.add("SL126", place, text, fix=f"take a unit of {quantity}, or write {meant}")


def known_unit(keys: Keys, unit: str) -> units.Dimension | None:
    """Return what the unit under `unit` measures; report one that is none."""
    try:
        return units.dimension(unit)
    except units.UnitError as error:
        place = keys.report.place(keys.inside("unit"))
        why = str(error).removesuffix(f": {unit!r}")
        keys.report.add("SL124", place, f"{shown(unit)} {why}", fix="write it as UCUM does: Cel, V, m/s2, By, [degF], mm[Hg]")
        return None


def _range(keys: Keys) -> tuple[Decimal, Decimal] | None:
    items = keys.list("range", required=False)
    if not items:
        return None
    told = _ends(*(item.text if isinstance(item, Scalar) and not item.quoted else "" for item in items))
    if told is not None:
        return told
    span = keys.report.place(keys.inside("range"))
    if len(items) != _PAIR:
        keys.report.add("SL119", span, f"a range of {len(items)} numbers", fix="write [LOWEST, HIGHEST]")
        return None
    before = keys.report.count
    low, high = (one(keys.report, item, DECIMAL, "an end of the range") for item in items)
    if keys.report.count == before and not any(isinstance(item, Broken) for item in items):  # two numbers, in the wrong order
        keys.report.add("SL119", span, f"the range ends at {high}, below its start {low}", fix=f"range: [{high}, {low}]")
    return None


@lru_cache(maxsize=1024)  # as above
def _ends(*texts: str) -> tuple[Decimal, Decimal] | None:
    """Return the ends of a range that is right, which nearly every one is; what is wrong with another is found piece by piece."""
    try:
        low, high = map(decimal, texts)
    except ValueError:  # not two, or none that are numbers
        return None
    return (low, high) if low <= high else None


def _consistent(keys: Keys, found: Parts) -> None:
    """Refuse what contradicts itself: a scaled enum, a calibrated and scaled value, a range the type cannot hold."""
    scaled = [key for key in ("scale", "offset", "range", "unit", "quantity") if found[key] is not None]
    if scaled and (found["enum"] or found["flags"] or found["type"] is FieldType.BOOL):
        span = keys.report.place(keys.inside(scaled[0]))
        what = "a set of flags" if found["flags"] else "an enum or bool"
        keys.report.add("SL121", span, f"{what} has no {scaled[0]}", fix=f"remove '{scaled[0]}'")
        return
    scaled = [key for key in ("scale", "offset") if found[key] is not None]
    if scaled and found["calibrated"]:
        span = keys.report.place(keys.inside(scaled[0]))
        text = f"'{scaled[0]}' and 'calibration' both give the physical value"
        keys.report.add("SL122", span, text, fix="keep the calibration: it is per device")
        return
    limits = found["range"]
    if limits is None or found["calibrated"]:
        return
    lowest, highest, sendable = _held(found["type"], found["scale"], found["offset"], limits)
    if limits[0] < lowest or limits[1] > highest:
        text = f"{found['type'].value} holds {shortest(lowest)} to {shortest(highest)} here, less than the range"
        fix = "take a wider type, another scale or offset, or another range"
        keys.report.add("SL123", keys.report.place(keys.inside("range")), text, fix=fix)
    elif not sendable:
        text = "no value that can be sent lies in the range"
        keys.report.add("SL123", keys.report.place(keys.inside("range")), text, fix="widen it, or scale finer")


@lru_cache(maxsize=1024)  # a long contract has few different ranges
def _held(
    kind: FieldType, scale: Decimal | None, offset: Decimal | None, limits: tuple[Decimal, Decimal]
) -> tuple[Decimal, Decimal, bool]:
    """Return the lowest and the highest physical value that the type holds, and whether any that can be sent lies in the limits."""
    value = Value(name="", type=kind, scale=scale, offset=offset, range=limits)
    lowest, highest = sorted((value.physical(kind.low), value.physical(kind.high)))
    low, high = value.raw_range
    return lowest, highest, low <= high
