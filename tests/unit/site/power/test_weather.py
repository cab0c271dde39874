"""What a panel brings: PVGIS's hours as they were, random days by the stated model, or a clear sky that says it is a bound."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.unit.site.power.exports import BERLIN as PLANES, DAYS, hourly, radiation, system, typical_year

from seamline.site.power import sky, weather
from seamline.site.power.figures import PowerError
from seamline.site.power.panel import Array, Panel
from seamline.site.power.pvgis import read

PLACE = sky.Place(52.5, 13.4, 40.0)
PANEL = Panel(name="P20", peak_w=20.0, source="panel datasheet", per_kelvin=0.0)
STEEP = Array(panel=PANEL, tilt=60.0, azimuth=180.0, efficiency=1.0, soiling=0.0)


@pytest.fixture(scope="module")
def random_days():
    return weather.from_monthly(read(system()), STEEP, 12.8)


@pytest.fixture(scope="module")
def clear():
    return weather.clear_year(PLACE, STEEP, 12.8)


def test_hours_become_yield_as_they_were():
    found = weather.from_hourly(read(hourly()), STEEP, 12.8)
    assert found.days == 365
    assert found.origin == "PVGIS hours"
    assert not found.upper_bound
    assert found.monthly_per_peak() == pytest.approx(np.full(12, 7 * 0.4))  # seven hours of 400 W/m2
    assert found.monthly_air() == pytest.approx(np.full(12, 5.0))
    assert found.source == "PVGIS, PVGIS-SARAH"
    assert found.years == pytest.approx(1.0, abs=0.01)


def test_a_typical_year_is_turned_to_the_plane_and_its_days_follow_each_other():
    found = weather.from_hourly(read(typical_year()), STEEP, 12.8)
    assert found.days == 365
    assert np.all(np.diff(found.day) >= 0)
    assert any("Hay and Davies" in note for note in found.notes)
    level = Array(panel=PANEL, tilt=0.0, azimuth=180.0, efficiency=1.0, soiling=0.0)
    flat = weather.from_hourly(read(typical_year()), level, 12.8)
    assert float(flat.per_peak.sum()) == pytest.approx(365 * 6 * 0.3, rel=0.03)
    assert found.monthly_per_peak()[11] > flat.monthly_per_peak()[11]


@pytest.mark.parametrize(
    ("tilt", "azimuth", "said"),
    [(45.0, 180.0, "tilted by 60 degrees, the panel by 45"), (60.0, 90.0, "facing 180 degrees (from north), the panel faces 90")],
)
def test_a_file_of_another_plane_is_refused(tilt, azimuth, said):
    other = Array(panel=PANEL, tilt=tilt, azimuth=azimuth)
    for text in (hourly(), system()):
        found = read(text)
        with pytest.raises(PowerError) as caught:
            (weather.from_hourly if text.startswith("Latitude (decimal degrees):\t52.500\nL") else weather.from_monthly)(
                found, other, 12.8
            )
        assert said in str(caught.value)


def test_a_level_panel_faces_anywhere():
    level = Array(panel=PANEL, tilt=0.0, azimuth=90.0)
    assert weather.from_hourly(read(hourly(tilt=0)), level, 12.8).days == 365


def test_a_horizon_is_left_to_pvgis_and_said_so():
    array = Array(panel=PANEL, tilt=60.0, azimuth=180.0, horizon=(10.0, 10.0))
    for found in (weather.from_hourly(read(hourly()), array, 12.8), weather.from_monthly(read(system()), array, 12.8, years=1)):
        assert any("the given horizon is not counted" in note for note in found.notes)


def test_random_days_keep_the_months_means(random_days):
    expected = np.array(PLANES) * np.array(DAYS) / np.array(DAYS)
    found = random_days.monthly_per_peak()
    assert found == pytest.approx(expected, rel=0.05)
    assert random_days.days == 30 * 365
    assert random_days.origin == "random days of PVGIS months"
    assert not random_days.upper_bound
    assert any("Bendt" in note and "seed 20260101" in note for note in random_days.notes)
    assert any("20 C taken" in note for note in random_days.notes)


def test_random_days_are_the_same_for_the_same_seed_everywhere(random_days):
    again = weather.from_monthly(read(system()), STEEP, 12.8)
    assert np.array_equal(again.per_peak, random_days.per_peak)
    other = weather.from_monthly(read(system()), STEEP, 12.8, seed=7)
    assert not np.array_equal(other.per_peak, random_days.per_peak)
    assert random_days.per_peak[1:10:2].tolist() == pytest.approx(
        [0.50391011, 0.60118124, 0.46541097, 1.25242167, 2.58256254], rel=1e-5
    )


def test_random_days_differ_and_hang_together(random_days):
    june = random_days.per_peak[1::2][(random_days.month[1::2] == 5)]
    assert june.std() > 0.2 * june.mean()
    shifted = june - june.mean()
    assert 0.1 < float((shifted[1:] * shifted[:-1]).mean() / (shifted**2).mean()) < 0.5


def test_random_days_have_a_dark_and_a_light_step(random_days):
    assert random_days.hours[::2] + random_days.hours[1::2] == pytest.approx(np.full(random_days.days, 24.0))
    assert not random_days.per_peak[::2].any()


def test_temperatures_of_the_months_are_taken_where_they_are_told():
    found = weather.from_monthly(read(radiation()), STEEP, 12.8, years=2)
    assert found.monthly_air()[0] == pytest.approx(0.0)
    assert not [note for note in found.notes if "20 C taken" in note]


def test_the_number_of_random_years_is_bounded():
    for years in (0, 1001):
        with pytest.raises(PowerError, match="random years; from 1 to 1000"):
            weather.from_monthly(read(system()), STEEP, 12.8, years=years)


def test_a_file_without_a_place_needs_one():
    text = system().replace("Latitude (decimal degrees):\t52.500", "Latitude (decimal degrees):")
    with pytest.raises(PowerError, match="the clearness of days needs the site's latitude"):
        weather.from_monthly(read(text), STEEP, 12.8)
    assert weather.from_monthly(read(text), STEEP, 12.8, PLACE, years=1).days == 365


def test_no_sun_gives_nothing_and_does_not_fail():
    polar = weather.from_monthly(read(system((0.0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0.0))), STEEP, 12.8, sky.Place(75, 20), years=2)
    assert polar.monthly_per_peak()[11] == 0
    assert np.isfinite(polar.per_peak).all()


def test_a_clear_year_says_that_it_is_an_upper_bound(clear):
    assert clear.upper_bound
    assert clear.source.startswith("upper bound: clear sky")
    assert clear.notes[0].startswith("upper bound")
    assert clear.days == 365
    assert any("20 C taken" in note for note in clear.notes)


def test_a_clear_year_is_above_every_month_of_berlin(clear, random_days):
    assert np.all(clear.monthly_per_peak() > random_days.monthly_per_peak())


@pytest.mark.parametrize(
    ("air", "said"), [((5.0,) * 11, "11 temperatures; give one for each"), ((293.0,) * 12, "a month's temperature (C) is 293")]
)
def test_temperatures_that_cannot_be_meant_are_refused(air, said):
    with pytest.raises(PowerError) as caught:
        weather.clear_year(PLACE, STEEP, 12.8, air)
    assert said in str(caught.value)


LEVELS = np.linspace(0.0005, 0.9995, 1000)


@given(st.floats(0.06, 0.8))
def test_the_model_of_days_has_the_months_mean(mean):
    days = weather.clearness_days(mean, LEVELS)
    assert float(days.mean()) == pytest.approx(mean, rel=2e-3, abs=1e-3)
    assert np.all(np.diff(days) >= 0)
    assert days.min() >= weather.CLEARNESS_LEAST - 1e-12
    assert days.max() <= weather.clearness_most(mean) + 1e-12


@pytest.mark.parametrize("mean", [0.3, 0.5, 0.7])
def test_the_model_of_days_is_that_of_the_literature(mean):
    # Bendt et al. (1981): F(k) = (exp(g low) - exp(g k)) / (exp(g low) - exp(g high)); Herzog's fit of g (Duffie and Beckman, 2.9.7)
    low, high = weather.CLEARNESS_LEAST, weather.clearness_most(mean)
    part = (high - low) / (high - mean)
    gamma = -1.498 + (1.184 * part - 27.182 * np.exp(-1.5 * part)) / (high - low)
    days = weather.clearness_days(mean, LEVELS)
    levels = (np.exp(gamma * low) - np.exp(gamma * days)) / (np.exp(gamma * low) - np.exp(gamma * high))
    assert levels == pytest.approx(LEVELS, abs=0.03)


def test_an_even_month_has_only_its_mean():
    assert weather.clearness_days(0.05, LEVELS) == pytest.approx(np.full(1000, 0.05))
    assert weather.clearness_days((0.05 + weather.clearness_most(0.36)) / 2, LEVELS).std() > 0


def test_pvgis_hours_need_no_pvlib():
    program = """
import sys
from seamline.site.power.panel import Array, Panel
from seamline.site.power import balance, plan_power, sizing, workload
from seamline.site.power.pvgis import read
from seamline.site.power.weather import from_hourly
panel = Panel(name="P", peak_w=20.0, source="x")
assert from_hourly(read(sys.stdin.read()), Array(panel=panel, tilt=60.0, azimuth=180.0), 12.8).days == 365
print([name for name in ("pvlib", "pandas", "h5py") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], input=hourly(), capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
