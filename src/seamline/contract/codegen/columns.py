"""A message's columns over all versions of a product: what a table, a type or a decoder of it must hold."""

from __future__ import annotations

from dataclasses import dataclass

from seamline.contract.family import Family
from seamline.contract.layout import Field, Layout
from seamline.contract.standard import LOSSES_ID


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name as in `Layout.places`, the newest field of that name, and the layouts that have it.

    `always` says that every record of every layout has a value.
    """

    name: str
    field: Field
    layouts: frozenset[int]
    always: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """One message in all its layouts, oldest first, with their columns in order of appearance."""

    product: str
    message: str
    message_id: int
    layouts: tuple[Layout, ...]
    columns: tuple[Column, ...]


def streams(family: Family) -> tuple[Stream, ...]:
    """Return every message of the product's versions by message id; `losses` is not one of its own."""
    grouped: dict[int, list[Layout]] = {}
    for key in sorted(family.layouts):
        if key[0] != LOSSES_ID:
            grouped.setdefault(key[0], []).append(family.layouts[key])
    return tuple(_stream(tuple(layouts)) for layouts in grouped.values())


def _stream(layouts: tuple[Layout, ...]) -> Stream:
    fields = {place.name: place.field for layout in layouts for place in layout.places}
    columns: list[Column] = []
    for name, field in fields.items():
        places = [next((p for p in layout.places if p.name == name), None) for layout in layouts]
        versions = frozenset(layout.version for layout, place in zip(layouts, places, strict=True) if place is not None)
        columns.append(Column(name, field, versions, all(p is not None and not p.field.may_miss for p in places)))
    return Stream(layouts[0].product, layouts[0].message, layouts[0].message_id, layouts, tuple(columns))
