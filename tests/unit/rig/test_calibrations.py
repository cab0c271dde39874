"""Simulated sensors have coefficients that their calibrations take, each its own; a correction is another one."""

from random import Random

import pytest

from seamline.contract import load_family
from seamline.contract.calibration import check, physical
from seamline.contract.model import Calibration
from seamline.rig.calibrations import Sheets, _shifted, drawn
from seamline.rig.demo import example

ADC = {"adc.bits": "12", "adc.reference": "3300mV"}
CALIBRATIONS = [
    Calibration("gain", "linear", {}),
    Calibration("gain", "linear", ADC),
    Calibration("curve", "polynomial", {"degree": "3"}),
    Calibration("points", "table", {"points": "5", **ADC}),
    Calibration("ntc", "steinhart_hart", {**ADC, "adc.divider": "10000Ohm"}),
]


@pytest.mark.parametrize("calibration", CALIBRATIONS, ids=lambda one: f"{one.kind} {one.unit_in}")
def test_a_drawn_sensor_gives_values_and_a_corrected_one_others(calibration):
    sensor, other = (drawn(calibration, Random(seed)) for seed in (1, 2))
    corrected = _shifted(calibration, sensor)
    for one in (sensor, other, corrected):
        check(calibration, one)
    values = {physical(calibration, one, 2_000) for one in (sensor, other, corrected)}
    assert len(values) == 3
    assert all(-300 < value < 300 for value in values)


def test_sheets_are_the_same_for_the_same_seed_and_differ_by_device():
    family = load_family(example("heater"))
    sheets, again = (Sheets.of("heater", family.layouts.values(), ["one", "two"], 7) for _ in range(2))
    assert sheets.versions == again.versions
    assert set(sheets.versions) == {(device, name) for device in ("one", "two") for name in ("room_ntc", "element_ntc")}
    assert sheets.versions["one", "room_ntc"] != sheets.versions["two", "room_ntc"]
