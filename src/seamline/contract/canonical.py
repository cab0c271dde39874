"""A layout from its canonical text (docs/wire.md): what a registry keeps is enough to read every record of that layout."""

from __future__ import annotations

from decimal import Decimal

from seamline.contract.field_types import FieldType
from seamline.contract.fields import Field, OutOfRange
from seamline.contract.inferred import Inferred
from seamline.contract.layout import Layout, Order, Reserved
from seamline.contract.scalars import decimal

_COLUMNS = 9
"""Words of a field's line; what stands behind them are marks such as `count=2` or `optional`."""
_FLAGS = "flags:"


def parse(text: str) -> Layout:
    """Return the layout whose `canonical` is `text`. Raises ValueError for a text that reads or would be written otherwise."""
    head, name, *lines = [*text.removesuffix("\n").split("\n"), ""]
    if head != "seamline-layout/1":
        message = f"not a canonical layout: {head[:40]!r}"
        raise ValueError(message)
    product, kind, channel, version, *order = name.split(" ")
    fields: list[Field] = []
    gaps: list[Reserved] = []
    for line in lines[:-1]:
        words = line.split(" ")
        if len(words) < _COLUMNS:
            gaps.append(Reserved(len(fields), int(line.removeprefix("reserved "))))
        else:
            fields.append(_field(words))
    layout = Layout(
        product=product,
        message=kind,
        message_id=int(channel),
        version=int(version),
        fields=tuple(fields),
        reserved=tuple(gaps),
        order=Order(order[0].removeprefix("order=")) if order else Order.LITTLE,
    )
    if layout.canonical != text:
        message = f"not a canonical layout, it would be written otherwise: {name[:80]!r}"
        raise ValueError(message)
    return layout


def _field(words: list[str]) -> Field:
    name, kind, *columns = words[:_COLUMNS]
    scale, offset, unit, low, high, calibration, members = (None if word == "-" else word for word in columns)
    marks = {key: value for key, _, value in (word.partition("=") for word in words[_COLUMNS:])}
    calibrated, _, form = (calibration or "").partition(":")
    flags = None if members is None or not members.startswith(_FLAGS) else _members(members.removeprefix(_FLAGS))
    return Field(
        name=name,
        type=FieldType(kind),
        scale=_number(scale),
        offset=_number(offset),
        unit=unit,
        quantity=marks.get("quantity"),
        range=None if low is None or high is None else (decimal(low), decimal(high)),
        enum=None if members is None or flags is not None else _members(members),
        flags=flags,
        calibrated=bool(calibrated),
        calibration=calibrated or None,
        calibration_form=form or None,
        count=int(marks["count"]) if "count" in marks else None,
        optional="optional" in marks,
        out_of_range=OutOfRange(marks.get("out_of_range", OutOfRange.REJECT)),
        inferred=_inferred(marks["inferred"]) if "inferred" in marks else None,
    )


def _inferred(text: str) -> Inferred:
    model, version, confidence = text.split(":")
    return Inferred(model, version, confidence)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else decimal(text)


def _members(text: str) -> dict[int, str]:
    return {int(raw): name for raw, _, name in (item.partition("=") for item in text.split(","))}
