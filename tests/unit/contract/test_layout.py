"""Layouts: canonical text, fingerprint, bytes, ranges."""

import pickle
import struct
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given, strategies as st

from seamline.contract import LOSSES, Field, FieldType, Layout, LayoutError, Value, standard_layout
from seamline.contract.layout import shortest


def layout(*fields, version=1):
    return Layout(product="lamp", message="light", message_id=7, version=version, fields=fields)


DRIVE = Field(
    name="drive",
    type=FieldType.I16,
    scale=Decimal("0.010"),
    offset=Decimal(5),
    unit="W",
    range=(Decimal("-0"), Decimal("20.50")),
    since="2.0.0",
)
MODE = Field(name="mode", type=FieldType.U16, enum={300: "far", 0: "off"}, enum_name="mode")
WARMTH = Field(name="warmth", type=FieldType.U8, calibration="ntc", calibration_form="linear", calibrated=True)
LIGHT = layout(DRIVE, MODE, WARMTH, version=3)


def test_the_canonical_text_is_exactly_that_of_the_wire():
    assert LIGHT.canonical == (
        "seamline-layout/1\n"
        "lamp light 7 3\n"
        "drive i16 0.01 5 W 0 20.5 - -\n"
        "mode u16 - - - - - - 0=off,300=far\n"
        "warmth u8 - - - - - ntc:linear -\n"
    )


def test_the_fingerprint_is_the_first_four_bytes_of_sha256_little_endian():
    assert LIGHT.fingerprint == struct.unpack("<I", sha256(LIGHT.canonical.encode()).digest()[:4])[0]


def test_since_is_no_part_of_the_fingerprint():
    older = Field(name="drive", type=FieldType.I16, since="1.0.0")
    assert layout(older).fingerprint == layout(Field(name="drive", type=FieldType.I16)).fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        {"scale": Decimal("0.1")},
        {"offset": Decimal(1)},
        {"unit": "kW"},
        {"range": (Decimal(0), Decimal(1))},
        {"calibration": "ntc", "calibration_form": "linear", "calibrated": True},
        {"calibration": "ntc", "calibration_form": "polynomial", "calibrated": True},
        {"enum": {0: "off"}},
        {"enum": {0: "on"}},
        {"type": FieldType.I16},
        {"name": "other"},
    ],
)
def test_whatever_changes_the_meaning_changes_the_fingerprint(changed):
    plain = {"name": "value", "type": FieldType.U16}
    variants = [plain, plain | {"unit": "W"}, plain | {"enum": {0: "off", 1: "on"}}]
    others = {layout(Field(**variant)).fingerprint for variant in variants}
    assert layout(Field(**(plain | changed))).fingerprint not in others


def test_losses_1_is_the_layout_of_the_wire():
    assert LOSSES.canonical == (
        "seamline-layout/1\n"
        "seamline losses 0 1\n"
        "channel u8 - - - - - - -\n"
        "reason u8 - - - - - - 1=buffer_full,2=expired,3=corrupted,4=power_loss\n"
        "boot u32 - - - - - - -\n"
        "first u32 - - - - - - -\n"
        "count u32 - - - - - - -\n"
    )
    body = LOSSES.pack({"channel": 1, "reason": 4, "boot": 9, "first": 100, "count": 3})
    assert body == bytes.fromhex("01 04 09000000 64000000 03000000") + bytes(6)
    assert (LOSSES.record_bytes, LOSSES.fingerprint) == (24, 3711488397)


def test_a_standard_layout_takes_the_products_name_and_channel():
    vitals = standard_layout("vitals/1", "lamp", "health", 9)
    assert (vitals.product, vitals.message, vitals.message_id, vitals.version) == ("lamp", "health", 9, 1)
    assert vitals.record_bytes == 24
    with pytest.raises(KeyError):
        standard_layout("vitals/9", "lamp", "health", 9)


def test_a_record_is_offset_fields_without_gaps_and_padding():
    record = LIGHT.pack_record(258, {"drive": -500, "mode": 300, "warmth": 255})
    assert record == bytes.fromhex("02010000 0cfe 2c01 ff") + bytes(7)
    assert LIGHT.record_bytes == 16
    assert LIGHT.unpack_record(record) == (258, {"drive": -500, "mode": 300, "warmth": 255})


def test_a_layout_that_fills_its_record_has_no_padding():
    full = layout(Field(name="count", type=FieldType.U32))
    assert (full.record_bytes, full.pack({"count": 1})) == (8, b"\x01\0\0\0")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"drive": 1551, "mode": 0, "warmth": 0}, r"field 'drive': 1551 is not allowed; .* -500 to 1550 \(0 to 20.5 W\)"),
        ({"drive": -501, "mode": 0, "warmth": 0}, "field 'drive': -501 is not allowed"),
        ({"drive": 0, "mode": 1, "warmth": 0}, r"field 'mode': 1 is not allowed; allowed is 0 \(off\), 300 \(far\)"),
        ({"drive": 0, "mode": 0, "warmth": 256}, "field 'warmth': 256 is not allowed; allowed is 0 to 255$"),
        ({"drive": 0.5, "mode": 0, "warmth": 0}, "field 'drive': 0.5 is not an integer"),
        ({"drive": None, "mode": 0, "warmth": 0}, "field 'drive': None is not an integer"),
        ({"drive": 0, "mode": 0}, r"light/3: missing \['warmth'\], unknown nothing"),
        ({"drive": 0, "mode": 0, "warmth": 0, "x": 1}, r"missing nothing, unknown \['x'\]"),
        ({"drive": 0, "mode": 0, "x": 1}, r"missing \['warmth'\], unknown \['x'\]"),
    ],
)
def test_values_that_are_not_allowed_are_refused_by_name(values, message):
    with pytest.raises(LayoutError, match=message):
        LIGHT.pack(values)


@pytest.mark.parametrize("offset_ms", [-1, 1 << 32])
def test_an_offset_beyond_32_bits_is_refused(offset_ms):
    with pytest.raises(LayoutError, match="offset_ms"):
        LIGHT.pack_record(offset_ms, {"drive": 0, "mode": 0, "warmth": 0})


@pytest.mark.parametrize("size", [0, 11, 13])
def test_bytes_of_another_length_are_refused(size):
    with pytest.raises(LayoutError, match=f"{size} bytes are not a record body of 12"):
        LIGHT.unpack(bytes(size))
    with pytest.raises(LayoutError, match=f"{size + 4} bytes are not a record of 16"):
        LIGHT.unpack_record(bytes(size + 4))


def test_bools_are_integers_0_and_1():
    flag = layout(Field(name="on", type=FieldType.BOOL))
    assert flag.pack({"on": True}) == flag.pack({"on": 1}) == b"\1\0\0\0"
    with pytest.raises(LayoutError, match="0 to 1"):
        flag.pack({"on": 2})


def test_a_calibrated_value_may_be_any_raw_count_and_is_its_own_physical_value():
    value = Value(name="x", type=FieldType.U16, range=(Decimal(-20), Decimal(60)), calibrated=True)
    assert (value.raw_range, value.physical(4095)) == ((0, 65535), Decimal(4095))


def test_a_negative_scale_turns_the_range_around():
    value = Value(name="x", type=FieldType.I8, scale=Decimal("-0.3"), range=(Decimal(-1), Decimal(2)))
    assert value.raw_range == (-6, 3)


def test_layouts_can_be_compared_hashed_and_sent_to_another_process():
    assert pickle.loads(pickle.dumps(LIGHT)) == LIGHT
    assert len({LIGHT, pickle.loads(pickle.dumps(LIGHT)), LOSSES}) == 2


exact = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)


@given(exact)
def test_the_shortest_form_is_exact_and_has_no_exponent(number):
    text = shortest(number)
    assert Decimal(text) == number
    assert not text.endswith(".0")
    assert set(text) <= set("-0123456789.")
    assert text != "-0"


@pytest.mark.parametrize(("number", "text"), [("100", "100"), ("1E+2", "100"), ("0.10", "0.1"), ("-0.0", "0")])
def test_numbers_are_written_shortest(number, text):
    assert shortest(Decimal(number)) == text


@given(
    st.sampled_from(list(FieldType)),
    exact.filter(bool),
    exact,
    st.tuples(exact, exact).map(lambda pair: tuple(sorted(pair))),
)
def test_raw_range_is_exactly_the_raw_values_whose_physical_value_is_in_range(kind, scale, offset, limits):
    value = Value(name="x", type=kind, scale=scale, offset=offset, range=limits)
    low, high = value.raw_range
    for raw in {kind.low, kind.high, low, high, low - 1, high + 1, 0}:
        if kind.low <= raw <= kind.high:
            physical = Fraction(raw) * Fraction(scale) + Fraction(offset)
            assert value.allows(raw) == (Fraction(limits[0]) <= physical <= Fraction(limits[1]))
            assert Fraction(value.physical(raw)) == physical


@st.composite
def layouts_with_values(draw):
    types = draw(st.lists(st.sampled_from(list(FieldType)), min_size=1, max_size=12))
    fields = tuple(Field(name=f"f{index}", type=kind) for index, kind in enumerate(types))
    values = {item.name: draw(st.integers(item.type.low, item.type.high)) for item in fields}
    return layout(*fields), values


@given(layouts_with_values(), st.integers(0, 2**32 - 1))
def test_what_is_packed_is_what_is_unpacked(drawn, offset_ms):
    made, values = drawn
    record = made.pack_record(offset_ms, values)
    assert len(record) == made.record_bytes
    assert made.record_bytes % 8 == 0
    assert made.unpack_record(record) == (offset_ms, values)
    assert made.unpack(memoryview(record)[4:]) == values


@given(layouts_with_values(), st.data())
def test_a_value_just_outside_its_type_is_refused_never_truncated(drawn, data):
    made, values = drawn
    item = data.draw(st.sampled_from(made.fields))
    wrong = data.draw(st.sampled_from([item.type.low - 1, item.type.high + 1]))
    with pytest.raises(LayoutError, match=item.name):
        made.pack(values | {item.name: wrong})
