"""Reads what a number means: enums, calibrations, and the type, scale, unit and range of a value."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from seamline.contract.keys import Keys, one
from seamline.contract.layout import FieldType, Value, shortest
from seamline.contract.limits import ENUM_MEMBERS_MAX, NAMES_MAX
from seamline.contract.model import Calibration
from seamline.contract.nodes import Broken
from seamline.contract.scalars import DECIMAL, NAME, SHORT_NAME, UNIT, Kind, amount, integer_between, word

Enums = dict[str, dict[int, str]]

_TYPES = {item.value: item for item in FieldType}
_KINDS = ("linear", "polynomial", "table", "steinhart_hart")
_VOLTAGE = Kind("SL110", "a voltage such as '3.3 V'", lambda text: amount(text, {"mV": 1, "V": 1000}, "a voltage"), 1)
_OHMS = {"Ohm": 1, "kOhm": 1000, "MOhm": 1_000_000}
_RESISTANCE = Kind("SL110", "a resistance such as '10 kOhm'", lambda text: amount(text, _OHMS, "a resistance"), 1)
_PAIR = 2


class Parts(TypedDict):
    """The arguments that `Value`, `Field` and `Property` share."""

    name: str
    type: FieldType
    scale: Decimal | None
    offset: Decimal | None
    unit: str | None
    range: tuple[Decimal, Decimal] | None
    enum: dict[int, str] | None
    enum_name: str | None
    calibrated: bool


def enums(keys: Keys) -> Enums:
    """Read `enums`: names with their numbered members."""
    found: Enums = {}
    for name, members in keys.each(SHORT_NAME, items_max=NAMES_MAX):
        if name in _TYPES:
            text = f"'{name}' is a type of the language"
            keys.report.add("SL118", members.span, text, fix="give the enum another name")
            continue
        found[name] = _members(members)
        if not found[name] and not members.broken:
            keys.report.add("SL104", members.span, f"enum '{name}' has no members", fix="add '0: off'")
    return found


def _members(keys: Keys) -> dict[int, str]:
    found: dict[int, str] = {}
    for raw, key, node in keys.entries(integer_between(0, FieldType.U16.high), items_max=ENUM_MEMBERS_MAX):
        name = one(keys.report, node, NAME, f"member {key.text} of '{keys.path}'")
        if name in found.values() and name != NAME.placeholder:
            keys.report.add("SL116", node.span, f"member '{name}' is given twice", fix="give it another name")
        found.setdefault(raw, name)
    return found


def calibrations(keys: Keys) -> dict[str, Calibration]:
    """Read `calibrations`: the kind and the terms fixed for the product; coefficients belong to each device."""
    found: dict[str, Calibration] = {}
    for name, calibration in keys.each(NAME, items_max=NAMES_MAX):
        before = keys.report.count
        kind = calibration.one("kind", word(*_KINDS))
        terms: dict[str, str] = {}
        if kind == "polynomial":
            terms["degree"] = str(calibration.one("degree", integer_between(1, 9)))
        if kind == "table":
            terms["points"] = str(calibration.one("points", integer_between(2, 256)))
        if kind == "steinhart_hart" or calibration.has("adc"):
            terms |= _adc(calibration.mapping("adc"), divided=kind == "steinhart_hart")
        if keys.report.count == before:
            calibration.done()  # with an unknown kind nobody knows its keys
        found[name] = Calibration(name, kind, terms)
    return found


def _adc(keys: Keys, *, divided: bool) -> dict[str, str]:
    terms = {
        "adc.bits": str(keys.one("bits", integer_between(1, 32))),
        "adc.reference": f"{keys.one('reference', _VOLTAGE)}mV",
    }
    if divided or keys.has("divider"):
        terms["adc.divider"] = f"{keys.one('divider', _RESISTANCE)}Ohm"
    keys.done()
    return terms


def parts(keys: Keys, name: str, known: Enums, *, calibrated: bool = False) -> Parts:
    """Read type, scale, offset, unit and range of one value; a range must be one the type can hold."""
    before = keys.report.count
    node = keys.node("type")
    chosen = keys.reference(node, (*_TYPES, *known), NAME, "a type or an enum")
    members = known.get(chosen)
    scale, offset = keys.maybe("scale", DECIMAL), keys.maybe("offset", DECIMAL)
    found: Parts = {
        "name": name,
        "type": _TYPES.get(chosen, FieldType.U8 if max(members or (0,)) <= FieldType.U8.high else FieldType.U16),
        "scale": scale or None,
        "offset": offset,
        "unit": keys.maybe("unit", UNIT),
        "range": _range(keys),
        "enum": members or None,
        "enum_name": chosen if members else None,
        "calibrated": calibrated,
    }
    if scale is not None and not scale:
        keys.report.add("SL120", keys.report.place(keys.inside("scale")), "a scale of 0 loses every value", fix="0.1")
    if keys.report.count == before:
        _consistent(keys, found)
    return found


def _range(keys: Keys) -> tuple[Decimal, Decimal] | None:
    items = keys.list("range", required=False)
    if not items:
        return None
    span = keys.report.place(keys.inside("range"))
    if len(items) != _PAIR:
        keys.report.add("SL119", span, f"a range of {len(items)} numbers", fix="write [LOWEST, HIGHEST]")
        return None
    before = keys.report.count
    low, high = (one(keys.report, item, DECIMAL, "an end of the range") for item in items)
    if keys.report.count > before or any(isinstance(item, Broken) for item in items):
        return None
    if low > high:
        keys.report.add("SL119", span, f"the range ends at {high}, below its start {low}", fix=f"[{high}, {low}]")
        return None
    return low, high


def _consistent(keys: Keys, found: Parts) -> None:
    """Refuse what contradicts itself: a scaled enum, a calibrated and scaled value, a range the type cannot hold."""
    scaled = [key for key in ("scale", "offset", "range", "unit") if found[key] is not None]
    if scaled and (found["enum"] is not None or found["type"] is FieldType.BOOL):
        span = keys.report.place(keys.inside(scaled[0]))
        keys.report.add("SL121", span, f"an enum or bool has no {scaled[0]}", fix=f"remove '{scaled[0]}'")
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
    value = Value(**found)
    low, high = value.raw_range
    ends = sorted((value.physical(value.type.low), value.physical(value.type.high)))
    span = keys.report.place(keys.inside("range"))
    if limits[0] < ends[0] or limits[1] > ends[1]:
        text = f"{value.type.value} holds {shortest(ends[0])} to {shortest(ends[1])} here, less than the range"
        keys.report.add("SL123", span, text, fix="take a wider type, another scale or offset, or another range")
    elif low > high:
        keys.report.add("SL123", span, "no value that can be sent lies in the range", fix="widen it, or scale finer")
