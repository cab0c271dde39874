"""Values of the model in the words of the file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import cast

from seamline.contract.checks.words import spoken
from seamline.contract.layout import shortest
from seamline.contract.scalars import BYTES

TEXT_CHARS_MAX = 60
"""Longer texts are cut: a line says that they differ, the files say how."""


def written(attribute: str, value: object) -> str | None:
    """Return a value as a person would write it; the attribute's name tells times (`_ms`) and sizes (`_bytes`)."""
    if value is None:
        return None
    text = _quantity(attribute, value) if type(value) is int else _written(value)
    return text if len(text) <= TEXT_CHARS_MAX else f"{text[: TEXT_CHARS_MAX - 1]}…"


def _quantity(attribute: str, value: int) -> str:
    if attribute.endswith("_ms"):
        return spoken(value)
    if not attribute.endswith("_bytes"):
        return str(value)
    unit = next(unit for unit, size in reversed(BYTES.items()) if (value and value % size == 0) or size == 1)
    return f"{value // BYTES[unit]} {unit}"


def _written(value: object) -> str:
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
        case _:
            return str(getattr(value, "name", value))
