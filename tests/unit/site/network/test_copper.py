"""Power over cables: classes, budgets, voltage drop."""

import pytest
from hypothesis import given, strategies as st

from seamline.site import SiteError
from seamline.site.network.copper import (
    POE_CLASSES,
    Port,
    mm2_needed,
    ohm_per_km,
    poe_budget,
    poe_class,
    voltage_drop,
)


@pytest.mark.parametrize(
    ("watts", "number"),
    [(0, 1), (3.84, 1), (3.85, 2), (6.49, 2), (12.95, 3), (13.1, 4), (25.5, 4), (26, 5), (51, 6), (62, 7), (71.3, 8)],
)
def test_the_lowest_class_that_feeds_a_device_is_taken(watts, number):
    assert poe_class(watts * 1000).number == number


def test_no_class_feeds_more_than_the_highest():
    assert poe_class(71_301) is None


def test_classes_lose_less_in_the_cable_than_they_give():
    assert all(found.device_mw < found.port_mw for found in POE_CLASSES)
    assert [found.number for found in POE_CLASSES] == list(range(1, 9))


SWITCH = Port("sw-1", 4, 60_000, 30_000, 4)


def test_a_switch_that_can_has_no_problems():
    found = poe_budget(SWITCH, {"cam-1": 12_000, "cam-2": 5_000})
    assert (found.devices, found.reserves_mw, found.problems, found.doubts) == (2, 22_400, (), ())
    assert found.draws_mw == pytest.approx(12_000 * 15_400 / 13_000 + 5_000 * 7_000 / 6_490)


def test_all_that_a_switch_cannot_is_said():
    devices = {f"cam-{i}": 12_000 for i in range(5)} | {"heater": 40_000, "oven": 90_000}
    found = poe_budget(SWITCH, devices)
    text = "\n".join(found.problems)
    assert "heater needs class 5" in text
    assert "oven takes 90 W: no class" in text
    assert "7 devices, and sw-1 has 4 ports" in text
    assert "draw 116.1 W, 56.1 W more than sw-1 has" in text
    assert found.reserves_mw == 5 * 15_400 + 45_000
    assert found.doubts == ()


def test_classes_that_reserve_more_than_is_drawn_are_a_doubt():
    devices = dict.fromkeys(("a", "b", "c", "d"), 12_000.0)
    found = poe_budget(SWITCH, devices)
    assert (found.problems, len(found.doubts)) == ((), 1)
    assert "reserve 61.6 W, 1.6 W more" in found.doubts[0]
    asked = poe_budget(SWITCH, {"a": 1_000.0}, {"a": 4})
    assert asked.reserves_mw == 30_000


@pytest.mark.parametrize(("number", "fits"), [(3, True), (2, False), (0, True), (None, True)])
def test_a_ports_class_limits_it(number, fits):
    found = poe_budget(Port("sw", 8, 200_000, 30_000, number), {"cam": 12_000})
    assert (found.problems == ()) is fits


@pytest.mark.parametrize(("mm2", "ohms"), [(0.75, 24.5), (1.0, 18.1), (1.5, 12.1), (2.5, 7.41), (4.0, 4.61), (6.0, 3.08)])
def test_a_conductors_resistance_is_within_iec_60228(mm2, ohms):
    """Table 2 of IEC 60228 (class 2, plain copper) is the most at 20 degrees: pure copper is a little less."""
    assert 0.93 * ohms < ohm_per_km(mm2) <= ohms


def test_warm_copper_resists_more_and_no_copper_is_refused():
    assert ohm_per_km(1.5, 70) == pytest.approx(ohm_per_km(1.5) * 1.1965)
    with pytest.raises(SiteError, match="cross-section"):
        ohm_per_km(0)


def test_the_voltage_at_the_end_is_ohms_law():
    """24 V, 12 W over 2 x 50 m of 12.1 ohm/km, 1.21 ohm: U = (24 + sqrt(576 - 58.08)) / 2."""
    drop = voltage_drop(24, 12_000, 50, 12.1)
    assert drop.volts == pytest.approx((24 + (576 - 4 * 1.21 * 12) ** 0.5) / 2)
    assert drop.amperes * drop.volts == pytest.approx(12)
    assert 24 - drop.volts == pytest.approx(drop.amperes * 1.21)
    assert drop.keeps


def test_a_line_too_thin_to_carry_has_no_answer():
    assert voltage_drop(12, 60_000, 100, 12.1) is None
    assert voltage_drop(12, 10_000, 60, 12.1).keeps is False


@pytest.mark.parametrize("figures", [(0, 1, 1, 1), (12, -1, 1, 1), (12, 1, -1, 1), (12, 1, 1, -1)])
def test_a_line_that_cannot_be_meant_is_refused(figures):
    with pytest.raises(SiteError, match="cannot be meant"):
        voltage_drop(*figures)


def test_the_cross_section_that_is_needed_is_the_smallest_that_keeps():
    needed = mm2_needed(24, 20_000, 60)
    assert needed == 2.5
    assert voltage_drop(24, 20_000, 60, ohm_per_km(needed)).keeps
    assert not voltage_drop(24, 20_000, 60, ohm_per_km(1.5)).keeps
    assert mm2_needed(5, 100_000, 500) is None


@given(st.floats(5, 60), st.floats(1, 50_000), st.floats(1, 300), st.floats(0.1, 30), st.floats(1.01, 3))
def test_more_power_length_or_resistance_never_drops_less(volts, milliwatts, metres, ohms, times):
    here = voltage_drop(volts, milliwatts, metres, ohms)
    for worse in (
        (volts, milliwatts * times, metres, ohms),
        (volts, milliwatts, metres * times, ohms),
        (volts, milliwatts, metres, ohms * times),
    ):
        found = voltage_drop(*worse)
        if here is None:
            assert found is None
        elif found is not None:
            assert found.drop_share >= here.drop_share
