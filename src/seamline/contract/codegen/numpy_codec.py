"""A NumPy module that decodes and encodes whole batches of frames, in every layout of a product's versions.

The module is a table of places with a fixed text around it (`numpy_codec.txt`): nothing of it is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from seamline.contract.bits import Order
from seamline.contract.codegen.columns import Column, Stream, streams
from seamline.contract.family import Family
from seamline.contract.layout import OFFSET_BYTES, Layout, OutOfRange, Place
from seamline.contract.model import Contract

SMALL_BATCH = 10
"""Below about so many frames NumPy's fixed cost of a call exceeds what a loop takes."""
_RULES = {OutOfRange.REJECT: 0, OutOfRange.MISSING: 1, OutOfRange.KEEP: 2}


def numpy_codec(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `numpy`: `<product>_codec.py`."""
    found = streams(family)
    layouts = [_layout(layout) for stream in found for layout in stream.layouts]
    columns = [f"    {stream.message_id}: (\n{_columns(stream)}    ),\n" for stream in found]
    template = files("seamline.contract.codegen").joinpath("numpy_codec.txt").read_text(encoding="utf-8")
    text = template.format(
        product=contract.product,
        small=SMALL_BATCH,
        layouts=f"{{\n{''.join(layouts)}}}",
        columns=f"{{\n{''.join(columns)}}}",
    )
    return {f"{contract.product}_codec.py": text}


def _key(layout: Layout) -> str:
    return f"({layout.message_id}, {layout.version}, 0x{layout.fingerprint:08X})"


def _layout(layout: Layout) -> str:
    return f'    {_key(layout)}: ("{layout.message}", {layout.record_bytes // 8}, {layout.order is Order.BIG}),\n'


def _columns(stream: Stream) -> str:
    return "".join(f"        {_column(stream, column)},\n" for column in stream.columns)


def _column(stream: Stream, column: Column) -> str:
    """The column's type holds its values in every layout: an enum that grows may need a second byte."""
    kinds = [place.field.type for layout in stream.layouts for place in layout.places if place.name == column.name]
    size = next(size for size in (1, 2, 4, 8) if all(kind.bits <= size * 8 for kind in kinds))
    dtype = f"{'i' if column.field.type.signed else 'u'}{size}"
    places = ", ".join(
        f"{_key(layout)}: {_place(place)}" for layout in stream.layouts for place in layout.places if place.name == column.name
    )
    return f'("{column.name}", "{dtype}", {{{places}}})'


def _place(place: Place) -> str:
    field, first = place.field, OFFSET_BYTES * 8
    presence = -1 if place.presence_bit is None else first + place.presence_bit
    low, high = field.raw_range
    members: tuple[int, ...] | None = None
    if field.enum is not None:
        members = tuple(sorted(field.enum))
    elif field.flags is not None:
        members = (-1, field.flags_mask)
    limits = f"{low}, {high}, {members}, {_RULES[field.out_of_range]}, {field.type.high}"
    return f"({first + place.bit}, {place.bits}, {field.type.signed}, {presence}, {limits})"
