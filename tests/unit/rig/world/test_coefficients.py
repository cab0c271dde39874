"""Coefficients for a sensor from one number: such that the contract takes them, and its range is measured."""

from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.contract.calibration import check, physical
from seamline.rig.world.coefficients import sensors_of
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.world import Parts, World

EXAMPLES = Path(__file__).parents[4] / "examples"
LABMETER = sensors_of(load_family(EXAMPLES / "labmeter").layouts.values())
HEATER = sensors_of(load_family(EXAMPLES / "heater").layouts.values())
SENSORS = {**LABMETER, **HEATER}


def test_there_is_a_sensor_of_every_kind():
    kinds = {sensor.calibration.kind for sensor in SENSORS.values()}
    assert kinds == {"linear", "polynomial", "table", "steinhart_hart"}
    assert list(LABMETER) == sorted(LABMETER)


@pytest.mark.parametrize("name", SENSORS)
@pytest.mark.parametrize("permille", [0, 500, 1_000])
def test_the_contract_takes_the_coefficients_and_others_are_others(name, permille):
    sensor = SENSORS[name]
    check(sensor.calibration, sensor.sheet(permille))
    assert sensor.sheet(permille) == sensor.sheet(permille)
    assert sensor.sheet(permille) != sensor.sheet(permille + 1)


@pytest.mark.parametrize("name", [name for name, sensor in SENSORS.items() if sensor.calibration.kind != "steinhart_hart"])
def test_the_middle_sheet_measures_the_fields_range_from_end_to_end(name):
    sensor = SENSORS[name]
    low, high = sensor.values
    span = high - low
    begin, end = (physical(sensor.calibration, sensor.sheet(500), raw) for raw in sensor.raw)
    assert begin == pytest.approx(low, abs=0.04 * span)
    assert end == pytest.approx(high, abs=0.04 * span)
    assert physical(sensor.calibration, sensor.sheet(900), sensor.raw[1]) > end


def test_a_thermistor_measures_about_what_a_common_one_does():
    sensor = HEATER["room_ntc"]
    assert physical(sensor.calibration, sensor.sheet(500), 2048) == pytest.approx(25.0, abs=0.5)


def test_a_product_without_calibrations_is_corrected_by_nobody():
    numbers = {"which": 3, "permille": 7, "bound": 1, "back_ms": 5}
    families = [load_family(EXAMPLES / "trailcam")]
    world = World(Plan(1, 1, 60_000, (Fault(30_000, Kind.CORRECTION, 0, 0, numbers),)), Parts(families))
    assert world.run().broken is None
    assert world.hub.database.tables.calibration.rows == {}


def test_a_hub_that_is_killed_while_somebody_corrects_has_all_of_it_or_nothing():
    families = [load_family(EXAMPLES / "heater")]
    numbers = {"which": 0, "permille": 7, "bound": 0, "back_ms": 0}
    killed = 0
    for effects in range(0, 12, 2):
        kill = Fault(59_999, Kind.HUB_KILL, -1, 200, {"effects": effects})
        world = World(Plan(2, 1, 120_000, (kill, Fault(60_000, Kind.CORRECTION, 0, 0, numbers))), Parts(families))
        outcome = world.run()
        assert outcome.broken is None
        killed += outcome.marks.counts["hub-killed-correcting"]
        tables = world.hub.database.tables
        assert len(tables.revaluation.rows) == len(tables.calibration.rows) <= 1
    assert killed
