"""Values of the model in the words of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import cast

from seamline.contract.checks.words import spoken
from seamline.contract.layout import shortest
from seamline.contract.quantities import EventRate, Money
from seamline.contract.scalars import BYTES

TEXT_CHARS_MAX = 60
"""Longer texts are cut: a line says that they differ, the files say how."""
_SIZES = tuple(reversed(BYTES.items()))
_METRIC = {
    "_uah": (("Ah", 1_000_000), ("mAh", 1000), ("uAh", 1)),
    "_ua": (("A", 1_000_000), ("mA", 1000), ("uA", 1)),
    "link_rate": (("Mbit/s", 1_000_000), ("kbit/s", 1000), ("bit/s", 1)),
}
_UNIT = re.compile("_(ms|bytes|uah|ua|ppm)$")
_BEHIND = {"_ppm": " ppm", "accept_rate": "/s", "messages_rate": "/s"}


def written(attribute: str, value: object) -> str | None:
    """Return a value as a person would write it; the attribute's name tells times (`_ms`), sizes (`_bytes`), currents (`_ua`)."""
    if value is None:
        return None
    text = _quantity(attribute, value) if isinstance(value, int) and not isinstance(value, bool | Enum) else _written(value)
    return text if len(text) <= TEXT_CHARS_MAX else f"{text[: TEXT_CHARS_MAX - 1]}…"


def _quantity(attribute: str, value: int) -> str:
    if attribute.endswith("_ms"):
        return spoken(value)
    if attribute.endswith("_bytes"):
        return _whole(value, _SIZES)
    if attribute in {"bytes_per_month", "data_budget"}:
        return f"{_whole(value, _SIZES)}/month"
    units = next((units for end, units in _METRIC.items() if attribute.endswith(end)), None)
    if units is not None:
        return _whole(value, units)
    return f"{value}{next((unit for end, unit in _BEHIND.items() if attribute.endswith(end)), '')}"


def _whole(value: int, units: tuple[tuple[str, int], ...]) -> str:
    """Return a count in the largest unit that divides it."""
    unit, factor = next(item for item in units if (value and value % item[1] == 0) or item[1] == 1)
    return f"{value // factor} {unit}"


def _written(value: object) -> str:
    if isinstance(value, EventRate):
        return str(value)
    if isinstance(value, Money):
        return f"{shortest(value.amount)} {value.currency}"
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in pairs) + "}"
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return "[" + ", ".join(_written(item) for item in items) + "]"
    return _single(value)


def _single(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return shortest(value)
        case Enum():
            return str(value.value)
        case _ if is_dataclass(value) and not hasattr(value, "name"):
            parts = {item.name: cast("object", getattr(value, item.name)) for item in fields(value)}
            told = (f"{_UNIT.sub('', key)}: {written(key, part)}" for key, part in parts.items() if part is not None)
            return "{" + ", ".join(told) + "}"
        case _:
            return str(getattr(value, "name", value))
