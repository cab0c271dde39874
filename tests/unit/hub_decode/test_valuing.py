"""Columns are valued as `seamline.contract.calibration` values each count; what is in force is the newest version that holds."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from seamline.contract import Field, FieldType, Layout, OutOfRange
from seamline.contract.calibration import CalibrationError, physical
from seamline.contract.model import Calibration
from seamline.hub.calibrations import NONE, Version, of_field, of_layouts, spans
from seamline.hub.valuing import Counts, Formula, Sets

ADC = {"adc.bits": "12", "adc.reference": "3300mV"}
DIVIDER = {**ADC, "adc.divider": "10000Ohm"}
NUMBER = st.floats(-1e6, 1e6)
LINEAR = Calibration("gain", "linear", {})


def polynomial(degree, terms):
    return Calibration("curve", "polynomial", {"degree": str(degree), **terms}), tuple(f"c{power}" for power in range(degree + 1))


@st.composite
def formulas(draw):
    """A calibration, and coefficients that it takes."""
    kind = draw(st.sampled_from(["linear", "polynomial", "table", "steinhart_hart"]))
    terms = draw(st.sampled_from([{}, ADC]))
    if kind == "linear":
        return Calibration("gain", kind, terms), {name: draw(NUMBER) for name in ("gain", "offset")}
    if kind == "polynomial":
        calibration, names = polynomial(draw(st.integers(1, 4)), terms)
        return calibration, {name: draw(NUMBER) for name in names}
    if kind == "table":
        ends = sorted(draw(st.sets(st.floats(0, 5000), min_size=2, max_size=9)))
        return Calibration("points", kind, {"points": "9", **terms}), {"points": [(x, draw(NUMBER)) for x in ends]}
    side = draw(st.sampled_from([{}, {"adc.thermistor": "high"}]))
    unit = draw(st.sampled_from([{}, {"unit": "K"}]))
    names = {"a": st.floats(-2e-3, 2e-3), "b": st.floats(-1e-3, 1e-3), "c": st.floats(-1e-6, 1e-6)}
    return Calibration("ntc", kind, {**DIVIDER, **side, **unit}), {name: draw(numbers) for name, numbers in names.items()}


def scalar(calibration, coefficients, raw):
    try:
        return physical(calibration, coefficients, float(raw))
    except CalibrationError:
        return math.nan


def same(calibration, found, expected):
    if math.isnan(expected) or calibration.kind != "steinhart_hart":
        return found == expected or (math.isnan(found) and math.isnan(expected))
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-6)  # NumPy's logarithm may differ in its last bit


@given(formulas(), st.lists(st.one_of(st.integers(0, 4095), st.integers(0, 2**32)), min_size=1, max_size=30))
@settings(deadline=None)
def test_a_column_is_valued_as_each_of_its_counts(formula, raws):
    calibration, coefficients = formula
    columns = Formula(calibration)
    found = columns.values(columns.row(coefficients)[None, :], np.zeros(len(raws), np.int64), np.array(raws, np.float64))
    for value, raw in zip(found.tolist(), raws, strict=True):
        assert same(calibration, value, scalar(calibration, coefficients, raw)), (raw, value)


MOMENT = st.integers(-50, 50)
BOUND = st.none() | MOMENT
VERSIONS = st.lists(st.tuples(BOUND, BOUND), max_size=6).map(
    lambda bounds: [Version(at + 1, {"gain": float(at + 1), "offset": 0.0}, *bound) for at, bound in enumerate(bounds)]
)


@given(VERSIONS, MOMENT)
def test_the_newest_version_that_holds_is_in_force(versions, at_us):
    expected = max((one.version for one in versions if one.holds(at_us)), default=NONE)
    assert spans(versions).at(at_us) == expected


@given(st.lists(VERSIONS, min_size=1, max_size=5), st.lists(st.tuples(st.integers(0, 4), MOMENT), min_size=1, max_size=40))
@settings(deadline=None)
def test_each_record_is_valued_with_its_own_devices_version_of_its_moment(devices, records):
    sets = Sets(LINEAR)
    slots = np.array([slot % len(devices) for slot, _ in records], np.int64)
    at_us = np.array([moment for _, moment in records], np.int64)
    for slot in sets.unread(slots).tolist():
        sets.put(slot, devices[slot])
    assert not len(sets.unread(slots))
    (values,), versions = sets.value(slots, at_us, [np.ones(len(records))])
    expected = [spans(devices[slot]).at(moment) for slot, moment in zip(slots.tolist(), at_us.tolist(), strict=True)]
    assert versions.tolist() == expected
    assert [0 if math.isnan(value) else value for value in values.tolist()] == expected  # the gain is the version's number


def test_coefficients_that_are_forgotten_are_read_anew():
    sets, slots = Sets(LINEAR), np.array([1, 3])
    for slot in sets.unread(slots).tolist():
        sets.put(slot, [Version(1, {"gain": 1.0, "offset": 0.0})])
    sets.forget([3, 9_999])
    assert sets.unread(slots).tolist() == [3]
    sets.put(3, [Version(1, {"gain": 1.0, "offset": 0.0}), Version(2, {"gain": 5.0, "offset": 0.0})])
    assert sets.value(slots, slots, [np.ones(2)])[0][0].tolist() == [1, 5]


@pytest.mark.parametrize(
    "calibration",
    [
        LINEAR,
        polynomial(3, ADC)[0],
        Calibration("points", "table", {"points": "4"}),
        Calibration("ntc", "steinhart_hart", DIVIDER),
    ],
    ids=lambda one: one.kind,
)
def test_coefficients_of_another_form_give_no_value_and_no_error(calibration):
    sets = Sets(calibration)
    sets.put(0, [Version(1, {"other": 1.0})])
    (values,), versions = sets.value(np.zeros(2, np.int64), np.zeros(2, np.int64), [np.array([7.0, 2_000.0])])
    assert np.isnan(values).all()
    assert versions.tolist() == [1, 1]


def field(name, **given):
    return Field(name=name, type=FieldType.U16, calibration="gain", calibration_form="linear,unit=V", calibrated=True, **given)


def layout(*fields):
    return Layout(product="p", message="m", message_id=1, version=1, fields=fields)


def test_what_the_contract_calls_missing_beyond_its_range_has_no_physical_value():
    ends = (Decimal(0), Decimal(10))
    of = layout(field("kept", range=ends), field("gone", range=ends, out_of_range=OutOfRange.MISSING))
    sets = Sets(of_layouts([of])["gain"])
    sets.put(0, [Version(1, {"gain": 1.0, "offset": -5.0})])
    fields = np.array([(3, 3), (12, 12), (99, 99)], [("kept", "u2"), ("gone", "u2")])
    found = Counts(of).value({"gain": sets}, np.zeros(3, np.int64), np.zeros(3, np.int64), fields)
    assert found.values["kept"].tolist() == [-2, 7, 94]
    assert [None if math.isnan(value) else value for value in found.values["gone"].tolist()] == [None, 7, None]
    assert found.versions["gain"].tolist() == [1, 1, 1]


def test_a_layouts_calibrations_are_read_back_from_its_fields():
    assert of_field(field("kept")) == Calibration("gain", "linear", {"unit": "V"})
    assert of_field(Field(name="plain", type=FieldType.U8)) is None
    assert not Counts(layout(Field(name="plain", type=FieldType.U8)))
