"""A line of values becomes exactly one record, or one error that names the field and the remedy."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from seamline.agent.readings import ReadingError, choose_message, pack_line
from seamline.contract import Field, FieldType, Layout, Message, load

CONTRACT = load(Path(__file__).resolve().parents[3] / "examples" / "heater" / "contract.yaml")
READING = CONTRACT.messages["reading"]
GOOD = '{"room": 2048, "element": 1100, "power": 850.5, "mode": "heating", "set_point": 21.5}'


def unpacked(line: str, *, raw: bool = False) -> dict[str, int]:
    return READING.layout.unpack(pack_line(line, READING, raw=raw))


def test_physical_values_become_the_nearest_raw_ones() -> None:
    assert unpacked(GOOD) == {"room": 2048, "element": 1100, "power": 8505, "mode": 1, "set_point": 2150}


def test_a_value_between_two_raw_ones_goes_to_the_nearest() -> None:
    assert unpacked(GOOD.replace("21.5", "21.5049"))["set_point"] == 2150
    assert unpacked(GOOD.replace("21.5", "21.5051"))["set_point"] == 2151


def test_raw_values_are_the_integers_of_the_wire() -> None:
    line = '{"room": 2048, "element": 1100, "power": 8505, "mode": 1, "set_point": 2150}'
    assert unpacked(line, raw=True) == unpacked(GOOD)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (GOOD.replace('"room"', '"rom"'), "unknown field 'rom'; missing 'room'"),
        (GOOD.replace("21.5", "40"), "field 'set_point': 4000 is not allowed; allowed is 500 to 3000 (5 to 30 Cel)"),
        (GOOD.replace("850.5", "1e999999999"), "out of any range"),
        (GOOD.replace("850.5", "1e99999999999999999999"), "1e99999999999999999999 is out of any range"),
        (GOOD.replace("850.5", "NaN"), "NaN is not a number"),
        (GOOD.replace("850.5", '"warm"'), "field 'power': warm is not a number"),
        (GOOD.replace("850.5", "true"), "field 'power': True is a truth value"),
        (GOOD.replace("850.5", "null"), "field 'power': None is not a number"),
        (GOOD.replace("2048", "20.5"), "room_ntc is applied by the hub, so its raw count is expected"),
        (GOOD.replace('"heating"', '"boiling"'), "field 'mode': boiling is none of off, heating, holding, fault"),
        (GOOD.replace('"room": 2048', '"room": 2048, "room": 2049'), "a field is given twice"),
        ("21.5", "a JSON object"),
        ("[1, 2]", "a JSON object"),
        ("{", "not JSON"),
        ("[" * 100_000, "characters; at most"),
        ("[" * 60_000, "not JSON"),
    ],
)
def test_what_is_no_reading_is_refused_with_the_place_and_the_remedy(line: str, says: str) -> None:
    with pytest.raises(ReadingError) as caught:
        pack_line(line, READING, raw=False)
    assert says in str(caught.value)


def test_raw_refuses_fractions() -> None:
    with pytest.raises(ReadingError, match="--raw takes the integers of the wire"):
        pack_line(GOOD.replace('"heating"', "1"), READING, raw=True)


@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(ReadingError):
        pack_line(text, READING, raw=False)


@given(st.decimals(min_value=5, max_value=30, places=2))
def test_every_value_that_the_wire_can_carry_arrives_exactly(value: Decimal) -> None:
    raw = unpacked(GOOD.replace("21.5", str(value)))["set_point"]
    assert READING.layout.fields[-1].physical(raw) == value


def test_the_message_is_the_contracts_own_unless_said() -> None:
    assert choose_message(CONTRACT, None).name == "reading"
    assert choose_message(CONTRACT, "vitals").name == "vitals"
    with pytest.raises(ReadingError, match=r"heater/1\.3\.0 has no message 'temperature'; it has reading, vitals"):
        choose_message(CONTRACT, "temperature")


PACKED = Message(
    name="packed",
    id=3,
    layout=Layout(
        product="probe",
        message="packed",
        message_id=3,
        version=1,
        fields=(
            Field(name="counts", type=FieldType("u12"), scale=Decimal("0.5"), count=3),
            Field(name="alarms", type=FieldType("u3"), flags={0: "hot", 2: "open"}, flags_name="alarms"),
            Field(name="on", type=FieldType("u1")),
            Field(name="spare", type=FieldType.I8, optional=True),
        ),
    ),
    sample_ms=1000,
    publish_every_ms=1000,
    batch_max=1,
    priority="normal",
)
LINE = '{"counts": [1, 2.5, 3], "alarms": ["open", "hot"], "on": true, "spare": -5}'
RAWS = {"counts_0": 2, "counts_1": 5, "counts_2": 6, "alarms": 5, "on": 1, "spare": -5}


def packed(line: str) -> dict[str, int]:
    return PACKED.layout.unpack(pack_line(line, PACKED, raw=False))


def test_arrays_are_lists_and_flags_the_names_of_those_set() -> None:
    assert packed(LINE) == RAWS
    assert packed(LINE.replace('["open", "hot"]', "[]"))["alarms"] == 0
    assert packed(LINE.replace('["open", "hot"]', "4"))["alarms"] == 4


@pytest.mark.parametrize("line", [LINE.replace(', "spare": -5', ""), LINE.replace("-5", "null")])
def test_an_optional_value_may_be_left_out_or_null(line: str) -> None:
    assert packed(line) == {name: raw for name, raw in RAWS.items() if name != "spare"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (LINE.replace("[1, 2.5, 3]", "[1, 2]"), "field 'counts': [1, 2] is not a list of 3 values"),
        (LINE.replace("[1, 2.5, 3]", "7"), "field 'counts': 7 is not a list of 3 values"),
        (LINE.replace("2.5", '"x"'), "field 'counts': x is not a number"),
        (LINE.replace('"hot"', '"wet"'), "field 'alarms': wet is none of hot, open"),
        (LINE.replace('["open", "hot"]', "2"), "field 'alarms': 2 is not allowed; allowed is any sum of 1 (hot), 4 (open)"),
        (LINE.replace("-5", "[1]"), "field 'spare': [1] is not a number"),
        (LINE.replace('"on": true', '"on": 2'), "field 'on': 2 is not allowed; allowed is 0 to 1"),
        (LINE.replace('"on": true, ', ""), "missing 'on'"),
    ],
)
def test_what_is_no_packed_reading_is_refused_with_the_place(line: str, says: str) -> None:
    with pytest.raises(ReadingError) as caught:
        packed(line)
    assert says in str(caught.value)
