"""The sun stands where published tables say, and a clear sky bounds what falls."""

from __future__ import annotations

import calendar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from seamline.site.power import sky
from seamline.site.power.figures import PowerError

GOLDEN = sky.Place(39.742476, -105.1786, 1830.14)
BERLIN = sky.Place(52.5, 13.4, 40.0)


def at(*when):
    return np.array([calendar.timegm((*when, 0, 0, 0))], dtype=np.int64)


def test_the_sun_stands_where_nrels_report_says():
    # Reda and Andreas, NREL/TP-560-34302, example: 2003-10-17 12:30:30 at UTC-7: zenith 50.11162, azimuth 194.34024
    found = sky.sun(at(2003, 10, 17, 19, 30, 30), GOLDEN)
    assert float(found.apparent_zenith[0]) == pytest.approx(50.11162, abs=0.002)
    assert float(found.azimuth[0]) == pytest.approx(194.34024, abs=0.005)


def test_what_falls_above_the_atmosphere_is_as_published():
    # Duffie and Beckman, Solar Engineering of Thermal Processes, example 1.10.1: 15 April at 43 N, 33.8 MJ/m2
    falls, hours = sky.space_on_plane(sky.Place(43.0, 0.0), sky.Plane(0.0, 180.0))
    assert float(falls[3]) * 3600 / 1e6 == pytest.approx(33.8, rel=0.01)
    # its sunset hour angle of 99 degrees makes 13.2 hours of day
    assert float(hours[3]) == pytest.approx(13.2, abs=0.1)


def test_days_at_the_equator_have_twelve_hours():
    _, hours = sky.space_on_plane(sky.Place(0.0, 0.0), sky.Plane(0.0, 0.0))
    assert np.allclose(hours, 12.0, atol=0.15)


def test_beyond_the_polar_circle_there_is_no_sun_in_december():
    falls, hours = sky.space_on_plane(sky.Place(75.0, 20.0), sky.Plane(60.0, 180.0))
    assert (float(falls[11]), float(hours[11])) == (0.0, 0.0)
    assert float(hours[5]) == 24.0


def test_the_hours_of_the_year_are_those_of_its_months():
    hours = sky.hours_of_year()
    assert hours.size == sky.month_of_hour().size == 8760
    stamps = hours.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12
    assert np.array_equal(stamps, sky.month_of_hour())


@pytest.fixture(scope="module")
def berlin():
    times = sky.hours_of_year()
    return times, sky.clear_sky(times, BERLIN)


def test_a_clear_sky_gives_less_than_space_and_nothing_at_night(berlin):
    times, clear = berlin
    stands = sky.sun(times, BERLIN)
    space = sky.extraterrestrial(times) * np.maximum(0.0, np.cos(np.radians(stands.zenith)))
    assert np.all(clear.level <= space + 2.0)  # refraction lifts the sun a little at the horizon
    assert float(np.max(np.where(stands.apparent_zenith > 91, clear.level, 0.0))) == 0.0
    assert 800 < float(clear.level.max()) < 950  # noon in June at 52.5 N


def test_a_clear_year_is_above_what_berlin_gets(berlin):
    _, clear = berlin
    a_year = float(clear.level.sum()) / 1000
    assert 1050 * 1.3 < a_year < 2000  # kWh/m2; the measured mean is about 1,050


def test_a_level_plane_gets_the_level_irradiance(berlin):
    times, clear = berlin
    found = sky.on_plane(times, BERLIN, clear, sky.Plane(0.0, 180.0))
    assert float(found.sum()) == pytest.approx(float(clear.level.sum()), rel=0.01)


def test_in_december_a_steep_plane_to_the_south_gets_most(berlin):
    times, clear = berlin
    december = sky.month_of_hour() == 11
    by_plane = {
        (tilt, azimuth): float(sky.on_plane(times, BERLIN, clear, sky.Plane(tilt, azimuth))[december].sum())
        for tilt, azimuth in ((0, 180), (70, 180), (70, 90), (70, 0))
    }
    assert by_plane[70, 180] == max(by_plane.values())
    assert by_plane[70, 0] == min(by_plane.values())


def test_a_horizon_takes_beam_and_sky(berlin):
    times, clear = berlin
    open_ = sky.on_plane(times, BERLIN, clear, sky.Plane(60.0, 180.0))
    hill = sky.on_plane(times, BERLIN, clear, sky.Plane(60.0, 180.0, (0.0, 0.0, 40.0, 0.0)))  # a hill to the south
    flat = sky.on_plane(times, BERLIN, clear, sky.Plane(60.0, 180.0, (0.0,) * 8))
    assert np.all(hill <= open_ + 1e-9)
    assert float(hill[sky.month_of_hour() == 11].sum()) < 0.3 * float(open_[sky.month_of_hour() == 11].sum())
    assert float(flat.sum()) == pytest.approx(float(open_.sum()), rel=1e-3)


def test_a_horizon_goes_round_from_north_clockwise():
    ring = (0.0, 10.0, 20.0, 30.0)  # north, east, south, west
    assert sky.horizon_at(ring, np.array([0.0, 45.0, 90.0, 180.0, 315.0, 360.0])).tolist() == [0.0, 5.0, 10.0, 20.0, 15.0, 0.0]
    assert sky.sky_view((0.0,) * 4) == 1.0
    assert sky.sky_view((90.0,) * 4) == pytest.approx(0.0)
    assert sky.sky_view((-5.0, 0.0)) == 1.0  # what lies below the level hides nothing


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sky.Place(5_820_000.0, 13.4), "a latitude (degrees) is 5.82e+06; it is at most 90 (are these metres?)"),
        (lambda: sky.Place(52.5, float("nan")), "a longitude (degrees) is nan"),
        (lambda: sky.Place(52.5, 13.4, 12_000.0), "an altitude (m) is 12000"),
        (lambda: sky.known(None, "the clearness of days"), "the clearness of days needs the site's latitude and longitude"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 90), st.floats(0, 360))
def test_no_plane_gets_more_of_space_than_one_that_follows_the_sun(tilt, azimuth):
    place = sky.Place(45.0, 7.0)
    falls, hours = sky.space_on_plane(place, sky.Plane(tilt, azimuth))
    assert np.all(falls >= 0)
    assert np.all(falls <= hours * 1420)
