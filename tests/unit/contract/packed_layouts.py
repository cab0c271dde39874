"""Layouts with everything the language has, drawn by Hypothesis, and the vectors that were worked out by hand."""

import json
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from seamline.contract import Field, FieldType, Layout, Order, OutOfRange, Reserved

VECTORS = json.loads((Path(__file__).parent / "packed_vectors.json").read_text(encoding="utf-8"))


def of_vector(vector):
    """The layout that a vector describes."""
    fields, gaps = [], []
    for item in vector["items"]:
        if "reserved" in item:
            gaps.append(Reserved(len(fields), item["reserved"]))
        else:
            fields.append(Field(**item | {"type": FieldType(item["type"])}))
    return Layout(
        product="p",
        message="m",
        message_id=1,
        version=1,
        fields=tuple(fields),
        reserved=tuple(gaps),
        order=Order(vector["order"]),
    )


@st.composite
def _fields(draw, index, optional):
    kind = draw(st.sampled_from(list(FieldType)))
    words = {"name": f"f{index}", "type": kind, "optional": optional}
    words["out_of_range"] = draw(st.sampled_from(OutOfRange))
    words["count"] = draw(st.none() | st.integers(1, 3))
    meaning = draw(st.sampled_from(["number", "range", "enum", "flags"]))
    if meaning == "range":
        limits = draw(st.tuples(*[st.integers(kind.low, kind.high)] * 2))
        words["range"] = tuple(Decimal(limit) for limit in sorted(limits))
    elif meaning == "enum" and not kind.signed:
        words["enum"] = {raw: f"m{raw}" for raw in draw(st.sets(st.integers(0, min(kind.high, 65_535)), min_size=1, max_size=4))}
    elif meaning == "flags" and not kind.signed and kind is not FieldType.BOOL:
        words["flags"] = {bit: f"b{bit}" for bit in draw(st.sets(st.integers(0, kind.bits - 1), min_size=1, max_size=4))}
    return Field(**words)


@st.composite
def layouts(draw):
    """Any layout: both orders, gaps anywhere, arrays, enums, flags, ranges with each rule, optional fields at the end."""
    always, optional = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    if not always + optional:
        always = 1
    fields = [draw(_fields(index, index >= always)) for index in range(always + optional)]
    gaps = draw(st.lists(st.builds(Reserved, st.integers(0, len(fields)), st.integers(1, 70)), max_size=3))
    return Layout(
        product="p",
        message="m",
        message_id=1,
        version=1,
        fields=tuple(fields),
        reserved=tuple(gaps),
        order=draw(st.sampled_from(Order)),
    )


@st.composite
def sendable(draw, layout):
    """Values that `pack` takes, by column; whole optional fields are left out."""
    values = {}
    absent = {one.name for one in layout.fields if one.optional and draw(st.booleans())}
    for place in layout.places:
        if place.field.name not in absent:
            values[place.name] = draw(_raws(place.field))
    return values


def _raws(field):
    if field.out_of_range is not OutOfRange.REJECT:
        return st.integers(field.type.low, field.type.high)
    if field.enum is not None:
        return st.sampled_from(sorted(field.enum))
    if field.flags is not None:
        return st.sets(st.sampled_from(sorted(field.flags))).map(lambda bits: sum(1 << bit for bit in bits))
    return st.integers(*field.raw_range)
