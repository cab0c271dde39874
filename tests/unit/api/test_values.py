"""Values as people write them and as they travel are the same values; layouts are read back from their canonical text."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from seamline.contract import LayoutError, load_family
from seamline.contract.layout import FieldType
from seamline.contract.model import Property
from seamline.hub.api.layouts import parse
from seamline.hub.api.property_values import ValueRefusedError, limits, shown, to_raw

FAMILY = load_family(Path(__file__).resolve().parents[3] / "examples" / "heater")
SET_POINT = FAMILY.current.state["set_point"]
MODE = Property(name="mode", type=FieldType.U8, enum={0: "off", 1: "heating"}, conflict="newest")


@given(st.integers(*SET_POINT.raw_range))
def test_a_value_shown_and_asked_for_again_is_the_same_value(raw):
    assert to_raw(SET_POINT, shown(SET_POINT, raw)) == raw


def test_enums_and_truth_values_go_by_name():
    lock = FAMILY.current.state["child_lock"]
    assert (to_raw(MODE, "heating"), shown(MODE, 1), shown(MODE, 7)) == (1, "heating", "7")
    assert (to_raw(lock, True), shown(lock, 0)) == (1, False)
    assert limits(lock).low is None


@pytest.mark.parametrize("value", [4.99, 30.01, 1e300, -1e300, "1e5000", "-1e99999999", "Infinity", "sNaN", "warm"])
def test_a_value_out_of_range_is_refused(value):
    with pytest.raises((LayoutError, ValueRefusedError)):
        to_raw(SET_POINT, value)


@given(st.one_of(st.booleans(), st.text(), st.floats(), st.integers()))
def test_anything_asked_for_is_a_raw_value_in_range_or_refused(value):
    try:
        raw = to_raw(SET_POINT, value)
    except (ValueRefusedError, LayoutError):
        return
    assert SET_POINT.raw_range[0] <= raw <= SET_POINT.raw_range[1]


def test_every_registered_layout_is_read_back_from_its_canonical_text():
    for layout in FAMILY.layouts.values():
        read = parse(layout.canonical)
        assert (read.product, read.message, read.channel, read.version) == (
            layout.product,
            layout.message,
            layout.message_id,
            layout.version,
        )
        assert [item.name for item in read.fields] == [item.name for item in layout.fields]
        for mine, theirs in zip(read.fields, layout.fields, strict=True):
            if not mine.calibration:
                assert Decimal(str(mine.physical(7))) == theirs.physical(7)


def test_another_text_is_no_layout():
    with pytest.raises(ValueError, match="not a canonical layout"):
        parse("hello\nworld 1 2 3\n")
