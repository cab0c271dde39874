"""What generated code is asked, and what Python answers.

`Case.asked` is what the C runner reads (see runner.c), `Case.answer` what it must write. `Case.values` and `Case.body` say the
same for MicroPython.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.conformance.codegen.layouts import SEED, contract

from seamline.contract.codegen.c.pieces import c_range
from seamline.contract.codegen.senders import sendable
from seamline.contract.layout import Layout, LayoutError, Place
from seamline.contract.standard import LOSSES

VECTORS = 1000
WILD = 200
PACK, UNPACK = 0, 1
UNTOUCHED = 0xA5
"""What a record is filled with before a pack, to see that a refused one writes nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question about a message: pack these values, or unpack this body. An answer of None is a refusal."""

    message: int
    asked: bytes
    answer: bytes
    values: dict[str, int] | None
    body: bytes | None


def layouts(product: str) -> list[Layout]:
    """Return the layouts of a product in the order of the generated code."""
    return [LOSSES, *(message.layout for message in contract(product).messages.values())]


@cache
def cases(product: str) -> tuple[Case, ...]:
    """Return every case of a product; the same at every call."""
    draw = random.Random(SEED)
    return tuple(case for index, layout in enumerate(layouts(product)) for case in _cases(draw, index, layout))


def _cases(draw: random.Random, index: int, layout: Layout) -> Iterator[Case]:
    for _ in range(VECTORS):
        yield from _pair(draw, index, layout, drawn(draw, layout))
    for place in layout.places:
        for raw in _edges(place):
            yield from _pair(draw, index, layout, {**drawn(draw, layout, full=True), place.name: raw})
    for _ in range(WILD):
        values, place = drawn(draw, layout, full=True), draw.choice(layout.places)
        values[place.name] = draw.randint(*c_range(place.field.type))
        yield from _pair(draw, index, layout, values)
        yield _unpack(draw, index, layout, draw.randbytes(layout.body_bytes))


def drawn(draw: random.Random, layout: Layout, *, full: bool = False) -> dict[str, int]:
    """Draw values that may be sent; optional ones are there or not, unless all must be."""
    absent = {field.name for field in layout.fields if field.optional and not full and draw.random() < 0.4}
    return {place.name: _raw(draw, place) for place in layout.places if place.field.name not in absent}


def _raw(draw: random.Random, place: Place) -> int:
    allowed = sendable(place.field)
    raw = draw.randint(*draw.choice(allowed.runs))
    return raw if allowed.mask is None else raw & allowed.mask


def _edges(place: Place) -> set[int]:
    """Return the ends of everything, and their neighbours, as far as a C program can say them."""
    allowed, kind = sendable(place.field), place.field.type
    ends = {0, kind.low, kind.high, *c_range(kind), *(end for run in allowed.runs for end in run), allowed.mask or 0}
    low, high = c_range(kind)
    return {raw for end in ends for raw in (end - 1, end, end + 1) if low <= raw <= high}


def _pair(draw: random.Random, index: int, layout: Layout, values: dict[str, int]) -> Iterator[Case]:
    offset_ms = draw.choice((0, 1, 0xFFFF_FFFF, draw.getrandbits(32)))
    asked = bytes((index, PACK)) + offset_ms.to_bytes(4, "little") + _said(layout, values)
    try:
        record = layout.pack_record(offset_ms, values)
    except LayoutError:
        yield Case(index, asked, bytes((0,)) + bytes((UNTOUCHED,)) * layout.record_bytes, values, None)
        return
    yield Case(index, asked, bytes((1,)) + record, values, record[4:])
    yield _unpack(draw, index, layout, record[4:])


def _unpack(draw: random.Random, index: int, layout: Layout, body: bytes) -> Case:
    offset = draw.getrandbits(32).to_bytes(4, "little")
    values = layout.unpack(body)
    try:
        layout.pack(values)
        sound = 1
    except LayoutError:
        sound = 0
    return Case(index, bytes((index, UNPACK)) + offset + body, bytes((sound,)) + offset + _said(layout, values), None, body)


def _said(layout: Layout, values: dict[str, int]) -> bytes:
    """Write values as the runner reads and writes them: eight bytes each, a byte for each optional field, zero where absent."""
    parts = []
    for place in layout.places:
        if place.field.optional and place.index == 0:
            parts.append(bytes((place.name in values,)))
        parts.append((values.get(place.name, 0) & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8, "little"))
    return b"".join(parts)
