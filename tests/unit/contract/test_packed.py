"""Packed layouts: bits in both orders, gaps, arrays, flags, optional fields, values out of range."""

import pickle
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from tests.unit.contract.packed_layouts import VECTORS, layouts, of_vector, sendable

from seamline.contract import Field, FieldType, Layout, LayoutError, Order, OutOfRange, Reserved, canonical
from seamline.contract.field_types import byte_type, unsigned
from seamline.contract.inferred import Inferred

U3, U4, U12, I10 = (FieldType(word) for word in ("u3", "u4", "u12", "i10"))


def layout(*fields, reserved=(), order=Order.LITTLE, version=1):
    return Layout(
        product="lamp", message="light", message_id=7, version=version, fields=fields, reserved=tuple(reserved), order=order
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['order']}-{vector['body']}")
def test_bytes_are_those_worked_out_by_hand(vector):
    made = of_vector(vector)
    assert made.pack(vector["values"]).hex() == vector["body"]
    assert made.unpack(bytes.fromhex(vector["body"])) == vector["values"]
    assert f"{made.fingerprint:08x}" == vector["fingerprint"]


def test_every_width_has_its_limits():
    assert [kind.value for kind in FieldType][:9] == ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "bool"]
    assert len(FieldType) == 64 + 63 + 1
    assert (U12.bits, U12.size, U12.signed, U12.low, U12.high, U12.code) == (12, 2, False, 0, 4095, "")
    assert (I10.bits, I10.size, I10.signed, I10.low, I10.high) == (10, 2, True, -512, 511)
    assert (FieldType.BOOL.bits, FieldType.BOOL.high, FieldType.I64.low) == (8, 1, -(1 << 63))
    assert pickle.loads(pickle.dumps(U12)) is U12 is unsigned(12)
    with pytest.raises(ValueError, match="i1"):
        FieldType("i1")


@pytest.mark.parametrize(("high", "word"), [(0, "u8"), (255, "u8"), (256, "u16"), (1 << 16, "u24"), ((1 << 64) - 1, "u64")])
def test_members_take_as_many_bytes_as_they_need(high, word):
    assert byte_type(high).value == word


def test_the_canonical_text_says_everything_that_newer_layouts_have():
    made = layout(
        Field(name="raw", type=U12, count=2, unit="V", quantity="voltage"),
        Field(name="alarms", type=U3, flags={2: "open", 0: "hot"}, out_of_range=OutOfRange.KEEP),
        Field(name="late", type=FieldType.U8, range=(Decimal(0), Decimal(9)), optional=True, out_of_range=OutOfRange.MISSING),
        reserved=[Reserved(1, 5), Reserved(3, 2)],
        order=Order.BIG,
    )
    assert made.canonical == (
        "seamline-layout/1\n"
        "lamp light 7 1 order=big\n"
        "raw u12 - - V - - - - count=2 quantity=voltage\n"
        "reserved 5\n"
        "alarms u3 - - - - - - flags:0=hot,2=open out_of_range=keep\n"
        "late u8 - - - 0 9 - - optional out_of_range=missing\n"
        "reserved 2\n"
    )


A, B = Field(name="a", type=U4), Field(name="b", type=U4, flags={0: "x", 1: "y"})
CHANGED = {
    "nothing": layout(A, B),
    "order of bits": layout(A, B, order=Order.BIG),
    "order of fields": layout(B, A),
    "width": layout(Field(name="a", type=FieldType("u5")), B),
    "sign": layout(Field(name="a", type=FieldType("i4")), B),
    "count": layout(Field(name="a", type=U4, count=2), B),
    "an array of one": layout(Field(name="a", type=U4, count=1), B),
    "presence": layout(A, Field(name="b", type=U4, flags={0: "x", 1: "y"}, optional=True)),
    "presence of all": layout(
        Field(name="a", type=U4, optional=True), Field(name="b", type=U4, flags={0: "x", 1: "y"}, optional=True)
    ),
    "rule keep": layout(A, Field(name="b", type=U4, flags={0: "x", 1: "y"}, out_of_range=OutOfRange.KEEP)),
    "rule missing": layout(A, Field(name="b", type=U4, flags={0: "x", 1: "y"}, out_of_range=OutOfRange.MISSING)),
    "a flag's name": layout(A, Field(name="b", type=U4, flags={0: "x", 1: "z"})),
    "a flag's bit": layout(A, Field(name="b", type=U4, flags={0: "x", 2: "y"})),
    "a flag more": layout(A, Field(name="b", type=U4, flags={0: "x", 1: "y", 2: "z"})),
    "an enum for flags": layout(A, Field(name="b", type=U4, enum={0: "x", 1: "y"})),
    "a gap in front": layout(A, B, reserved=[Reserved(0, 1)]),
    "a gap between": layout(A, B, reserved=[Reserved(1, 1)]),
    "a gap at the end": layout(A, B, reserved=[Reserved(2, 1)]),
    "a wider gap": layout(A, B, reserved=[Reserved(1, 2)]),
    "quantity": layout(Field(name="a", type=U4, quantity="count"), B),
    "another quantity": layout(Field(name="a", type=U4, quantity="index"), B),
    "a guess": layout(Field(name="a", type=U4, inferred=Inferred("net", "1.0.0", "b")), B),
    "another version of the model": layout(Field(name="a", type=U4, inferred=Inferred("net", "1.1.0", "b")), B),
    "another model": layout(Field(name="a", type=U4, inferred=Inferred("nut", "1.0.0", "b")), B),
    "another confidence": layout(Field(name="a", type=U4, inferred=Inferred("net", "1.0.0", "c")), B),
    "a field called reserved": layout(A, Field(name="reserved", type=U4), B),
}


def test_whatever_changes_the_meaning_changes_the_fingerprint():
    assert len({made.fingerprint for made in CHANGED.values()}) == len(CHANGED)


def test_names_of_enums_and_flag_sets_and_since_are_no_meaning():
    named = Field(name="b", type=U4, flags={0: "x", 1: "y"}, flags_name="alarms", since="1.0.0")
    assert layout(A, named).fingerprint == layout(A, B).fingerprint


def test_places_are_the_columns_with_their_bits():
    made = layout(
        A,
        Field(name="s", type=U12, count=2),
        Field(name="o", type=FieldType.U8, optional=True),
        Field(name="p", type=U3, count=2, optional=True),
        reserved=[Reserved(1, 3)],
    )
    assert [(place.name, place.index, place.bit, place.bits, place.presence_bit) for place in made.places] == [
        ("a", 0, 0, 4, None),
        ("s_0", 0, 7, 12, None),
        ("s_1", 1, 19, 12, None),
        ("o", 0, 39, 8, 31),
        ("p_0", 0, 47, 3, 32),
        ("p_1", 1, 50, 3, 32),
    ]
    assert (made.body_bits, made.presence, made.record_bytes, made.body_bytes) == (53, (31, 8), 16, 12)


def test_nine_optional_fields_have_a_presence_group_of_two_bytes():
    made = layout(*(Field(name=f"f{n}", type=FieldType.U8, optional=True) for n in range(9)))
    assert (made.presence, made.places[8].presence_bit, made.body_bits) == ((0, 16), 8, 16 + 9 * 8)
    assert made.pack({"f8": 7}) == b"\x00\x01" + bytes(8) + b"\x07" + bytes(1)


def test_a_field_behind_an_optional_one_must_be_optional():
    with pytest.raises(LayoutError, match="'b' follows an optional field"):
        layout(Field(name="a", type=U4, optional=True), B)


def test_layouts_of_whole_bytes_are_packed_by_struct_in_both_orders():
    fields = (Field(name="a", type=FieldType.U8), Field(name="b", type=FieldType.I16), Field(name="c", type=FieldType.U32))
    assert layout(*fields).format == "<BhI5x"
    assert layout(*fields, order=Order.BIG, reserved=[Reserved(1, 16), Reserved(3, 8)]).format == ">B2xhI3x"
    assert layout(*fields, reserved=[Reserved(1, 4)]).format is None
    assert layout(Field(name="a", type=FieldType("u24"))).format is None


def test_flags_that_nobody_declared_are_refused():
    made = layout(Field(name="alarms", type=U4, flags={0: "hot", 3: "open"}))
    assert made.unpack(made.pack({"alarms": 9})) == {"alarms": 9}
    with pytest.raises(LayoutError, match=r"field 'alarms': 2 is not allowed; allowed is any sum of 1 \(hot\), 8 \(open\)"):
        made.pack({"alarms": 2})


@pytest.mark.parametrize("rule", [OutOfRange.MISSING, OutOfRange.KEEP])
def test_a_value_out_of_range_is_sent_unless_it_is_rejected_but_never_truncated(rule):
    made = layout(Field(name="x", type=U4, range=(Decimal(2), Decimal(9)), out_of_range=rule))
    assert made.unpack(made.pack({"x": 15})) == {"x": 15}
    with pytest.raises(LayoutError, match="field 'x': 16 is not allowed; u4 holds 0 to 15"):
        made.pack({"x": 16})
    with pytest.raises(LayoutError, match="field 'x': 'y' is not an integer"):
        made.pack({"x": "y"})


def test_what_is_stored_of_a_value_out_of_range_is_the_contracts_choice():
    def made(rule):
        return layout(Field(name="x", type=U4, range=(Decimal(2), Decimal(9)), out_of_range=rule), A)

    body = made(OutOfRange.KEEP).pack({"x": 12, "a": 1})
    assert made(OutOfRange.KEEP).admitted({"x": 12, "a": 1}) == {"x": 12, "a": 1}
    assert made(OutOfRange.KEEP).stored(body) == (12, 1)
    assert made(OutOfRange.MISSING).admitted({"x": 12, "a": 1}) == {"a": 1}
    assert made(OutOfRange.MISSING).admitted({"x": 9, "a": 1}) == {"x": 9, "a": 1}
    assert made(OutOfRange.MISSING).stored(body) == (None, 1)
    with pytest.raises(LayoutError, match="field 'x': 12 is not allowed"):
        made(OutOfRange.REJECT).admitted({"x": 12, "a": 1})


def test_an_optional_array_is_there_or_not_as_a_whole():
    made = layout(A, Field(name="s", type=U3, count=2, optional=True))
    assert made.unpack(made.pack({"a": 1})) == {"a": 1}
    assert made.stored(made.pack({"a": 1})) == (1, None, None)
    assert made.admitted({"a": 1}) == {"a": 1}
    with pytest.raises(LayoutError, match=r"missing \['s_1'\], unknown nothing"):
        made.pack({"a": 1, "s_0": 2})
    with pytest.raises(LayoutError, match=r"missing \['a'\], unknown \['s'\]"):
        made.pack({"s": 2})


def test_gaps_and_padding_of_presence_are_not_looked_at():
    made = layout(A, Field(name="o", type=U4, optional=True), reserved=[Reserved(1, 4)])
    assert made.unpack(b"\xf5\xff\x03\xff") == {"a": 5, "o": 3}
    assert made.unpack(b"\xf5\xfe\x03\xff") == {"a": 5}


@given(layouts(), st.data())
def test_what_is_packed_is_what_is_unpacked(made, data):
    values = data.draw(sendable(made))
    offset_ms = data.draw(st.integers(0, 2**32 - 1))
    record = made.pack_record(offset_ms, values)
    assert len(record) == made.record_bytes
    assert made.record_bytes % 8 == 0
    assert made.unpack_record(record) == (offset_ms, values)
    kept = made.admitted(values)
    assert made.stored(memoryview(record)[4:]) == tuple(kept.get(place.name) for place in made.places)


@given(layouts(), st.data())
def test_a_bit_belongs_to_one_column_or_to_none(made, data):
    values = data.draw(sendable(made))
    body = bytearray(made.pack(values))
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    body[bit // 8] ^= 1 << bit % 8
    changed = made.unpack(bytes(body))
    differing = {name for name in values.keys() | changed.keys() if values.get(name) != changed.get(name)}
    assert len({name.partition("_")[0] for name in differing}) <= 1


@given(layouts(), st.data())
def test_a_value_just_outside_its_type_is_refused_never_truncated(made, data):
    values = data.draw(sendable(made).filter(bool))
    place = data.draw(st.sampled_from([place for place in made.places if place.name in values]))
    wrong = data.draw(st.sampled_from([place.field.type.low - 1, place.field.type.high + 1]))
    with pytest.raises(LayoutError, match=place.field.name):
        made.pack(values | {place.name: wrong})


@given(layouts())
def test_the_canonical_text_is_enough_to_read_records_by(made):
    read = canonical.parse(made.canonical)
    assert (read.canonical, read.fingerprint, read.presence) == (made.canonical, made.fingerprint, made.presence)
    assert read.places == made.places


def test_what_stands_in_the_text_of_a_calibrated_scaled_field_is_read_back():
    made = layout(
        Field(name="a", type=U12, calibration="ntc", calibration_form="table,points=4", calibrated=True, unit="Cel"),
        Field(name="b", type=I10, scale=Decimal("0.10"), offset=Decimal(-5), quantity="count"),
        Field(name="c", type=U3, inferred=Inferred("net", "1.0.0", "b")),
    )
    assert "c u3 - - - - - - - inferred=net:1.0.0:b\n" in made.canonical
    read = canonical.parse(made.canonical)
    assert read.canonical == made.canonical
    assert read.fields[2].inferred == Inferred("net", "1.0.0", "b")


@pytest.mark.parametrize(
    "text",
    [
        *["", "hello", "hello\nworld 1 2 3\n", "seamline-layout/1", "seamline-layout/1\n", "seamline-layout/1\np m 1\n"],
        "seamline-layout/1\np m 1 1\na u8 - - - - - - -",
        "seamline-layout/1\np m 1 1\na u99 - - - - - - -\n",
        "seamline-layout/1\np m 1 1\na u8 0.10 - - - - - -\n",
        "seamline-layout/1\np m 1 1\na u8 x - - - - - -\n",
        "seamline-layout/1\np m 1 1\na u8 - - - - - - - loud\n",
        "seamline-layout/1\np m 1 1\na u8 - - - - - - - inferred=net\n",
        "seamline-layout/1\np m 1 1 order=middle\n",
        "seamline-layout/1\np m 1 1\nreserved\n",
    ],
)
def test_another_text_is_no_layout(text):
    with pytest.raises(ValueError, match=r"."):
        canonical.parse(text)
