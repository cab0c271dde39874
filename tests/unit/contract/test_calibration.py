"""Calibrations: each formula against figures worked out elsewhere, and every refusal by name."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.contract import Calibration
from seamline.contract.calibration import CalibrationError, check, physical

GAIN = Calibration("shunt", "linear", {})
VOLTS = Calibration("volts", "linear", {"adc.bits": "12", "adc.reference": "3300mV", "unit": "bar"})
CURVE = Calibration("bend", "polynomial", {"degree": "3"})
TABLE = Calibration("lux", "table", {"points": "4", "unit": "lx"})
NTC = Calibration("ntc", "steinhart_hart", {"adc.bits": "12", "adc.reference": "3300mV", "adc.divider": "10000Ohm"})
NTC_10K = {"a": 1.129148e-3, "b": 2.34125e-4, "c": 8.76741e-8}
"""A 10 kOhm thermistor (curve 44006): 25 Cel at 10 kOhm, 0 Cel at 32.65 kOhm."""


def test_a_line_is_gain_and_offset():
    assert physical(GAIN, {"gain": 0.5, "offset": -3.0}, 100) == 47.0


def test_a_converters_count_becomes_a_voltage_first():
    assert physical(VOLTS, {"gain": 2.0, "offset": 1.0}, 4095) == pytest.approx(2 * 3.3 + 1)
    assert (VOLTS.unit_in, GAIN.unit_in, NTC.unit_in) == ("V", "1", "Ohm")


def test_a_polynomial_is_the_sum_of_its_powers():
    assert physical(CURVE, {"c0": 1, "c1": 2, "c2": 3, "c3": 4}, 2) == 1 + 4 + 12 + 32
    assert CURVE.coefficients == ("c0", "c1", "c2", "c3")


@pytest.mark.parametrize(("raw", "value"), [(10, 0.0), (15, 50.0), (20, 100.0), (25, 95.0), (30, 90.0)])
def test_a_table_goes_straight_from_point_to_point(raw, value):
    assert physical(TABLE, {"points": [[10, 0], [20, 100], [30, 90]]}, raw) == value


def raw_of(ohms, full=4095):
    return full * ohms / (ohms + 10_000)


@pytest.mark.parametrize(("ohms", "celsius"), [(10_000, 25.0), (32_650, 0.0), (3_602, 50.0), (678.6, 100.0)])
def test_a_thermistor_follows_steinhart_and_hart(ohms, celsius):
    assert physical(NTC, NTC_10K, raw_of(ohms)) == pytest.approx(celsius, abs=0.15)


def test_a_thermistor_on_the_high_side_and_in_kelvin():
    high = replace(NTC, terms=dict(NTC.terms) | {"adc.thermistor": "high", "unit": "K"})
    assert physical(high, NTC_10K, 4095 - raw_of(32_650)) == pytest.approx(physical(NTC, NTC_10K, raw_of(32_650)) + 273.15)
    assert (NTC.unit, high.unit, GAIN.unit, TABLE.unit) == ("Cel", "K", None, "lx")


SQUARE = {"a": -1.0, "b": 0.0, "c": 0.0}


@pytest.mark.parametrize(
    ("calibration", "coefficients", "raw", "says"),
    [
        (NTC, {"a": 1.0}, 1, r"^calibration 'ntc' \(steinhart_hart\): missing b, c; its coefficients are a, b, c$"),
        (GAIN, {"gain": 1, "offset": 0, "c0": 1}, 1, "unknown c0; its coefficients are gain, offset"),
        (GAIN, {"gian": 1, "offset": 0}, 1, "missing gain; unknown gian"),
        (GAIN, {"gain": math.nan, "offset": 0}, 1, "gain is nan, not a finite number"),
        (GAIN, {"gain": [[1, 2]], "offset": 0}, 1, r"gain is \[\[1, 2\]\], not a finite number"),
        (GAIN, {"gain": 1, "offset": 0}, math.nan, "the raw value is nan"),
        (GAIN, {"gain": 1, "offset": 0}, math.inf, "the raw value is inf"),
        (GAIN, {"gain": 1e308, "offset": 0}, 100, "raw 100 gives no finite value"),
        (TABLE, {"points": 3}, 1, "points is 3, not a list of pairs"),
        (TABLE, {"points": [[1, 2, 3], [4, 5, 6]]}, 1, "pairs of finite numbers"),
        (TABLE, {"points": [[1, math.inf], [4, 5]]}, 1, "pairs of finite numbers"),
        (TABLE, {"points": [[1, 2]]}, 1, "1 points; it takes 2 to 4"),
        (TABLE, {"points": [[n, n] for n in range(5)]}, 1, "5 points; it takes 2 to 4"),
        (TABLE, {"points": [[1, 2], [1, 3]]}, 1, "not in rising order"),
        (TABLE, {"points": [[10, 0], [20, 9]]}, 9, "9 is outside its table, 10 to 20"),
        (TABLE, {"points": [[10, 0], [20, 9]]}, 21, "21 is outside its table, 10 to 20"),
        (NTC, NTC_10K, 0, "raw 0 is not between 0 and 4095: the thermistor is open or short"),
        (NTC, NTC_10K, 4095, "raw 4095 is not between 0 and 4095"),
        (NTC, SQUARE, 2000, "gives -1 K: the coefficients are not a thermistor's"),
        (NTC, {"a": 0.0, "b": 0.0, "c": 0.0}, 2000, "raw 2000 gives no finite value"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_reason(calibration, coefficients, raw, says):
    with pytest.raises(CalibrationError, match=says):
        physical(calibration, coefficients, raw)


def test_coefficients_can_be_checked_before_they_are_used():
    check(TABLE, {"points": [[1, 2], [3, 4]]})
    check(NTC, NTC_10K)
    with pytest.raises(CalibrationError, match="missing points"):
        check(TABLE, {})


numbers = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(st.integers(0, 1000), numbers), min_size=2, max_size=4, unique_by=lambda point: point[0]), st.data())
def test_a_table_stays_between_the_values_around_it(points, data):
    points.sort()
    raw = data.draw(st.floats(points[0][0], points[-1][0]))
    around = [value for x, value in points if x <= raw][-1:] + [value for x, value in points if x >= raw][:1]
    value = physical(TABLE, {"points": points}, raw)
    assert min(around) - 1e-9 <= value <= max(around) + 1e-9
    for x, exact in points:
        assert physical(TABLE, {"points": points}, x) == exact


@given(st.integers(1, 4094), st.integers(1, 4094))
def test_a_warmer_thermistor_has_a_lower_count(one, other):
    if one < other:
        assert physical(NTC, NTC_10K, one) > physical(NTC, NTC_10K, other)
