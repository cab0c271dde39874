"""Any bytes can be taken apart: a good frame wholly, a bad one with the reason."""

from pathlib import Path

from hypothesis import example, given, strategies as st

from seamline.contract import load_family
from seamline.hub.api.coefficients import Coefficients
from seamline.hub.api.dissect import SHOWN_BYTES_MAX, Sender, dissect
from seamline.hub.api.layouts import parse
from seamline.hub.calibrations import Version
from seamline.testing.device_story import data_frame, heater_frame

FAMILY = load_family(Path(__file__).resolve().parents[3] / "examples" / "heater")
LAYOUTS = {key: parse(layout.canonical) for key, layout in FAMILY.layouts.items()}


def test_a_whole_frame_has_every_byte_named_once_and_its_values_decoded():
    payload = heater_frame(FAMILY, 12)
    view = dissect(payload, LAYOUTS)
    assert view.fault is None
    assert [place for part in view.parts for place in range(part.start, part.end)] == list(range(len(payload)))
    assert all(part.ok for part in view.parts)
    assert [record.raw["room"] for record in view.records] == list(range(2_100, 2_106))


def test_counts_are_shown_with_their_values_by_the_senders_coefficients_of_the_moment():
    line = {"c0": 0.0, "c1": 0.01, "c2": 0.0, "c3": 0.0}
    versions = [Version(1, line, to_us=5_000_000), Version(2, line | {"c0": 1.0}, from_us=5_000_000)]
    known = Coefficients({("heater", "element_ntc"): versions})
    before, after = (dissect(heater_frame(FAMILY, 12), LAYOUTS, Sender(known, at_ms)) for at_ms in (4_999, 5_000))
    assert [view.records[0].values["element"] for view in (before, after)] == [29.0, 30.0]
    assert [view.records[0].versions for view in (before, after)] == [{"element_ntc": 1}, {"element_ntc": 2}]
    assert before.records[0].values["room"] is None, "no coefficients, no value"
    text = next(part.text for part in before.parts if part.name == "record 12")
    assert text.startswith("uptime 0.000 s, ")
    assert ", power 900 W, mode heating, set_point 21.5 °C" in text
    assert "element 29 °C (count 2900, version 1)" in text
    assert "room (count 2100, no coefficients)" in text
    assert {field.name: field.unit for field in before.fields}["element"] == "Cel"


def test_a_changed_byte_is_told_by_its_checksum():
    payload = bytearray(heater_frame(FAMILY, 0))
    payload[40] ^= 1
    view = dissect(bytes(payload), LAYOUTS)
    assert "CRC32" in view.fault
    assert [part.name for part in view.parts if not part.ok] == ["CRC32"]


def test_an_unknown_fingerprint_is_named_and_its_records_are_not_guessed():
    view = dissect(heater_frame(FAMILY, 0, fingerprint=0x0BADCAFE), LAYOUTS)
    assert view.fault == "layout 1/3 with fingerprint 0badcafe is not registered"
    assert view.records == []


def test_an_enum_member_of_the_future_is_shown_by_its_number():
    layout = FAMILY.current.messages["reading"].layout
    payload = bytearray(data_frame(layout, 0, [{"room": 1, "element": 2, "power": 3, "mode": 1, "set_point": 500}]))
    payload[42] = 9
    assert dissect(bytes(payload), LAYOUTS).records[0].values["mode"] == "9"


@given(st.binary(max_size=200))
@example(heater_frame(FAMILY, 0)[:61])
@example(b"\xa1" + bytes(31))
def test_no_bytes_raise_and_parts_stay_within_them(payload):
    view = dissect(payload, LAYOUTS)
    assert bytes.fromhex(view.hex) == payload
    assert view.fault
    assert all(part.start < len(payload) for part in view.parts)


def test_a_long_frame_is_shown_in_part_and_says_so():
    view = dissect(bytes(SHOWN_BYTES_MAX + 1), LAYOUTS)
    assert (view.truncated, len(view.hex) // 2, view.size_bytes) == (True, SHOWN_BYTES_MAX, SHOWN_BYTES_MAX + 1)
