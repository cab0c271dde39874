"""Columns hold exactly what a record says bit by bit, in both orders, and rows of COPY hold exactly the columns."""

import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.contract.packed_layouts import VECTORS, layouts, of_vector, sendable
from tests.unit.hub_decode.test_decode import make

from seamline.contract import Field, FieldType, Layout, LayoutError, Order, OutOfRange, Reserved
from seamline.hub import decode
from seamline.hub.binary_copy import Writer
from seamline.hub.columns import Decoder, missing_column
from seamline.hub.reading_columns import READING_COLUMNS
from seamline.hub.tables import SQL_TYPES, reading_tables


def decoded(layout, bodies):
    frames = decode.frames([make(layout, bodies)])
    decoder = Decoder(layout)
    return decoder, decoder.fields(decode.records(frames, np.arange(1), layout.record_bytes))


def rows_of(layout, fields):
    """What the columns say of each record: one value a place, None where it is missing."""
    rows = []
    for record in fields:
        names = [place.name for place in layout.places]
        gone = [place.field.may_miss and bool(record[missing_column(place.name)]) for place in layout.places]
        rows.append(tuple(None if absent else int(record[name]) for name, absent in zip(names, gone, strict=True)))
    return rows


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['order']}-{vector['body']}")
def test_columns_are_those_worked_out_by_hand(vector):
    layout, body = of_vector(vector), bytes.fromhex(vector["body"])
    _, fields = decoded(layout, [body])
    assert rows_of(layout, fields) == [tuple(vector["values"].get(place.name) for place in layout.places)]


@given(layouts(), st.data())
@settings(deadline=None)
def test_columns_are_what_the_scalar_reading_stores(layout, data):
    bodies = [layout.pack(one) for one in data.draw(st.lists(sendable(layout), min_size=1, max_size=4))]
    decoder, fields = decoded(layout, bodies)
    assert rows_of(layout, fields) == [layout.stored(body) for body in bodies]
    assert not decoder.impossible(fields).any()
    assert decoder.why(fields[0]) == "every value is allowed"


@given(layouts(), st.data())
@settings(deadline=None)
def test_any_bits_are_stored_or_refused_as_the_scalar_reading_does(layout, data):
    size = layout.body_bytes
    bodies = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=1, max_size=4))
    decoder, fields = decoded(layout, bodies)
    assert rows_of(layout, fields) == [layout.stored(body) for body in bodies]
    for body, wrong, record in zip(bodies, decoder.impossible(fields), fields, strict=True):
        try:
            layout.admitted(layout.unpack(body))
        except LayoutError:
            assert wrong
            assert "allowed are" in decoder.why(record)
        else:
            assert not wrong


MIXED = Layout(
    product="p",
    message="m",
    message_id=1,
    version=2,
    fields=(
        Field(name="a", type=FieldType("u5"), range=(Decimal(0), Decimal(9)), out_of_range=OutOfRange.MISSING),
        Field(name="s", type=FieldType("i12"), count=2),
        Field(name="big", type=FieldType.U64, optional=True),
    ),
    reserved=(Reserved(1, 3),),
    order=Order.BIG,
)
VALUES = [{"a": 9, "s_0": -1, "s_1": 5, "big": 2**64 - 1}, {"a": 10, "s_0": 2047, "s_1": -2048}, {"a": 0, "s_0": 0, "s_1": 0}]


def read_rows(data, columns):
    """Rows of a binary COPY as lists of bytes or None."""
    rows, at = [], 0
    while at < len(data):
        count = struct.unpack_from(">h", data, at)[0]
        assert count == columns
        at += 2
        row = []
        for _ in range(count):
            size = struct.unpack_from(">i", data, at)[0]
            at += 4
            row.append(None if size < 0 else data[at : at + size])
            at += max(size, 0)
        rows.append(row)
    return rows


def number(value):
    """An integer, or a numeric, of a binary COPY."""
    if value is None or len(value) in {2, 4, 8}:
        return None if value is None else int.from_bytes(value, "big", signed=True)
    digits = struct.unpack(">5h", value[8:])
    return sum(digit * 10_000 ** (4 - at) for at, digit in enumerate(digits))


@pytest.mark.parametrize("dated", [[True] * 3, [False] * 3, [True, False, True]])
def test_a_missing_value_is_null_in_its_row_alone(dated):
    _, fields = decoded(MIXED, [MIXED.pack(one) for one in VALUES])
    keys = {name: np.arange(3) for name, _ in READING_COLUMNS if name != "layout"}
    data = Writer(MIXED).rows(keys, np.array(dated), fields)
    found = [[number(value) for value in row[-4:]] for row in read_rows(data, len(READING_COLUMNS) + 4)]
    wanted = [[9, -1, 5, 2**64 - 1], [None, 2047, -2048, None], [0, 0, 0, None]]
    assert found == sorted(wanted, key=lambda row: not dated[wanted.index(row)])


def test_a_table_has_a_column_for_each_item_and_the_versions_that_have_it():
    older = Layout(product="p", message="m", message_id=1, version=1, fields=MIXED.fields[:1])
    (table,) = reading_tables([MIXED, older])
    assert [name for name, _ in table.columns] == ["a", "s_0", "s_1", "big"]
    assert table.versions == {"a": {1, 2}, "s_0": {2}, "s_1": {2}, "big": {2}}


@pytest.mark.parametrize(
    ("word", "sql_type"),
    [
        *[
            ("u8", "int2"),
            ("u15", "int2"),
            ("u16", "int4"),
            ("u31", "int4"),
            ("u32", "int8"),
            ("u63", "int8"),
            ("u64", "numeric"),
        ],
        *[("i8", "int2"), ("i16", "int2"), ("i17", "int4"), ("i32", "int4"), ("i33", "int8"), ("i64", "int8"), ("bool", "int2")],
    ],
)
def test_a_column_has_the_narrowest_type_that_holds_every_raw_value(word, sql_type):
    assert SQL_TYPES[FieldType(word)] == sql_type


def test_a_layout_of_whole_bytes_is_a_view_and_no_copy():
    fields = (Field(name="a", type=FieldType.U16), Field(name="b", type=FieldType.I32))
    for order in Order:
        layout = Layout(product="p", message="m", message_id=1, version=1, fields=fields, reserved=(Reserved(1, 8),), order=order)
        frames = decode.frames([make(layout, [layout.pack({"a": 258, "b": -3})])])
        run = decode.records(frames, np.arange(1), layout.record_bytes)
        read = Decoder(layout).fields(run)
        assert np.shares_memory(read, run.words)
        assert rows_of(layout, read) == [(258, -3)]
