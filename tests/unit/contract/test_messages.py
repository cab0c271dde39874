"""What the file says about packed messages becomes exactly that layout, with the defaults of the language."""

import pytest
from tests.unit.contract.corpus.marks import edited

from seamline.contract import FieldType, Order, OutOfRange, Reserved, loads
from seamline.contract.units import QUANTITIES

FIELDS = """    encoding: {order: big}
    fields:
      - {reserved: 2}
      - {name: kind, type: mode, bits: 3, out_of_range: keep}
      - {name: samples, type: i12, count: 2, scale: 0.1, unit: mV, quantity: voltage, range: [-100, 100], out_of_range: missing}
      - {reserved: 3}
      - {name: alarms, type: alarm}
      - {name: tight, type: alarm, bits: 12}
      - {name: probe, type: u10, calibration: lux, unit: lx, range: [0, 5], out_of_range: missing, optional: true}
      - {name: many, type: code, optional: true, since: 2.1.0}
"""
START = "    fields:\n      - {name: warmth, type: u16, calibration: ntc, unit: Cel, range: [-20, 60]}\n"
PACKED = edited(
    *("messages:\n", "flags:\n  alarm: {0: hot, 9: open}\nmessages:\n", START, FIELDS + START.partition("\n")[2]),
    *("points: 16}", "points: 16, unit: lx}"),
    *("      - {name: drive, type: i16, scale: 0.01, offset: 5, unit: W, range: [0, 20]}\n", ""),
    *("      - {name: mode, type: mode}\n", "", "      - {name: seen, type: bool, since: 2.0.0}\n", ""),
).replace(START.partition("\n")[2], "")


def test_a_packed_message_is_read_whole():
    contract = loads(PACKED)
    layout = contract.messages["light"].layout
    fields = {field.name: field for field in layout.fields}
    assert contract.flags == {"alarm": {0: "hot", 9: "open"}}
    assert (layout.order, layout.reserved) == (Order.BIG, (Reserved(0, 2), Reserved(2, 3)))
    assert [field.type.value for field in layout.fields] == ["u3", "i12", "u16", "u12", "u10", "u16"]
    assert (fields["kind"].enum_name, fields["kind"].out_of_range) == ("mode", OutOfRange.KEEP)
    assert (fields["samples"].count, fields["samples"].quantity, fields["samples"].raw_range) == (2, "voltage", (-1000, 1000))
    assert (fields["alarms"].flags_name, fields["alarms"].raw_range) == ("alarm", (0, 513))
    assert fields["probe"].calibration_form == "table,points=16,unit=lx"
    assert [field.optional for field in layout.fields] == [False] * 4 + [True] * 2
    assert [place.name for place in layout.places][1:3] == ["samples_0", "samples_1"]


def test_a_message_says_how_it_travels():
    light = loads(edited("batch_max: 12,", "batch_max: 12, qos: 0, frame_max: 512 B,")).messages["light"]
    assert (light.qos, light.frame_bytes_max, light.batch_max) == (0, 512, 12)
    plain = loads(edited()).messages["light"]
    assert (plain.qos, plain.frame_bytes_max) == (1, 8192)


def test_a_small_frame_makes_a_small_batch():
    light = loads(edited("batch_max: 12,", "frame_max: 100 B,")).messages["light"]
    assert light.batch_max == (100 - 36) // light.layout.record_bytes


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("{kind: linear, unit: bar}", "linear,unit=bar"),
        ("{kind: polynomial, degree: 2}", "polynomial,degree=2"),
        (
            "{kind: steinhart_hart, adc: {bits: 12, reference: 3.3 V, divider: 10 kOhm, thermistor: high}, unit: K}",
            "steinhart_hart,adc.bits=12,adc.divider=10000Ohm,adc.reference=3300mV,adc.thermistor=high,unit=K",
        ),
        (
            "{kind: steinhart_hart, adc: {bits: 12, reference: 3.3 V, divider: 10 kOhm, thermistor: low}}",
            "steinhart_hart,adc.bits=12,adc.divider=10000Ohm,adc.reference=3300mV",
        ),
        (
            "{kind: linear, adc: {bits: 10, reference: 800 mV, divider: 1 MOhm}}",
            "linear,adc.bits=10,adc.divider=1000000Ohm,adc.reference=800mV",
        ),
    ],
)
def test_a_calibrations_form_names_every_term(written, form):
    assert loads(edited("  lux:", f"  further: {written}\n  lux:")).calibrations["further"].form == form


def test_values_of_twin_and_commands_may_be_packed_types_and_flags():
    text = edited(
        *("messages:\n", "flags:\n  alarm: {0: hot}\nmessages:\n", "ends_at: time", "ends_at: u12"),
        *(
            "state:\n",
            "state:\n  alarms: {type: alarm, conflict: newest}\n",
            "type: u8, range: [1, 9]",
            "type: u4, range: [1, 9]",
        ),
    )
    contract = loads(text)
    assert contract.state["alarms"].flags == {0: "hot"}
    assert contract.commands["blink"].body["times"].type is FieldType("u4")
    assert contract.commands["blink"].result == {"ends_at": "u12"}


def test_quantities_have_names_of_the_language():
    assert all(name.replace("_", "").isalpha() and name.islower() for name in QUANTITIES)
