"""PVGIS's exports are read as it writes them, and what is damaged is refused by its line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.unit.site.power.exports import BERLIN, DAYS, hourly, radiation, system, typical_year

from seamline.site.power.pvgis import MONTH_DAYS, Hourly, Monthly, PvgisError, read


def monthly(text):
    found = read(text, "months.csv")
    assert isinstance(found, Monthly)
    return found


def hours(text):
    found = read(text, "hours.csv")
    assert isinstance(found, Hourly)
    return found


@pytest.mark.parametrize("old", [False, True])
def test_a_systems_yield_is_read(old):
    found = monthly(system(old=old))
    expected = [day * 1000 * days / mean for day, days, mean in zip(BERLIN, DAYS, MONTH_DAYS, strict=True)]
    assert found.plane_wh_m2 == pytest.approx(expected)
    assert (found.header.latitude, found.header.longitude) == (52.5, 13.4)
    assert (found.header.tilt, found.header.azimuth) == (60.0, 180.0)  # PVGIS counts from south
    assert found.header.source == "PVGIS, PVGIS-SARAH2"
    assert (found.years, found.spread, found.air_c, found.level_wh_m2) == (1, None, None, None)
    assert any("system losses" in note for note in found.header.notes)


@pytest.mark.parametrize(("theirs", "ours"), [(0, 180), (-90, 90), (90, 270), (180, 0), (-180, 0), (-45, 135)])
def test_azimuths_are_turned_from_south_to_north(theirs, ours):
    assert monthly(system(azimuth=theirs)).header.azimuth == ours


def test_years_of_months_are_averaged_and_their_spread_kept():
    found = monthly(radiation())
    assert found.years == 2
    assert found.plane_wh_m2[0] == pytest.approx(1200 * 1.05)
    assert found.level_wh_m2 is not None
    assert found.level_wh_m2[0] == pytest.approx(1200 * 1.05 * 0.6, rel=1e-4)
    assert found.air_c is not None
    assert found.air_c[6] == 10.0
    assert found.spread == pytest.approx([0.1 / np.sqrt(2) / 1.05] * 12, rel=1e-3)
    assert (found.header.tilt, found.header.azimuth) == (None, None)


def test_months_without_temperatures_tell_none():
    assert monthly(radiation(temperature=False)).air_c is None


@pytest.mark.parametrize("parts", [True, False])
def test_a_year_of_hours_is_read(parts):
    found = hours(hourly(parts=parts))
    assert found.plane is not None
    assert found.plane.shape == (8760,)
    assert found.plane.sum() == pytest.approx(365 * 7 * 400)
    assert (found.year[0], found.month[-1], found.day[-1], found.hour[-1]) == (2016, 12, 31, 23)
    assert set(found.air_c) == {5.0}
    assert found.watts is None
    assert (found.header.tilt, found.header.azimuth, found.header.database) == (60.0, 180.0, "PVGIS-SARAH")


def test_a_systems_power_by_the_hour_is_kept():
    found = hours(hourly(watts=True))
    assert found.watts is not None
    assert found.watts.max() == 320.0


def test_a_typical_year_tells_level_light():
    found = hours(typical_year())
    assert found.plane is None
    assert found.level is not None
    level, beam, diffuse = found.level
    assert (level.max(), beam.max(), diffuse.max()) == (300.0, 300.0, 150.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\r"),
        lambda text: text.replace("\t\t", "\t"),
        lambda text: text.replace("\t\t", ";").replace("\t", " "),
        lambda text: text.replace("\t\t", ",").replace("\t", " "),
        lambda text: "\r\n\r\n" + text,
        lambda text: text.replace("Radiation database", "Radiation Database"),
        lambda text: text.replace("Elevation (m)", "Height"),
    ],
    ids=["mark", "unix", "mac", "tabs", "semicolons", "commas", "blank", "case", "elevation"],
)
def test_another_way_of_writing_the_same_is_read_the_same(change):
    assert monthly(change(system())).plane_wh_m2 == monthly(system()).plane_wh_m2


def without(text, start):
    return "\n".join(line for line in text.replace("\r\n", "\n").split("\n") if not line.startswith(start))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table of PVGIS found"),
        ("<html>The service is down</html>", "no table of PVGIS found"),
        (without(system(), "12\t"), "dec missing; a year has twelve months"),
        (without(without(system(), "3\t"), "4\t"), "mar, apr missing"),
        (system().replace("6\t\t3.84", "6\t\tn/a"), "'n/a' is no number"),
        (system().replace("6\t\t3.84", "6\t\tnan"), "no finite number"),
        (system().replace("6\t\t3.84\t\t", "6\t\t"), "5 cells where the header has 6"),
        (system().replace("\n6\t\t", "\nBrumaire\t\t"), "'Brumaire' is no month"),
        (system().replace("\n6\t\t", "\n13\t\t"), "'13' is no month"),
        (system().replace("H(i)_m", "X"), "no irradiation on a plane among"),
        (radiation(planes=(-1.0, *BERLIN[1:])), "H(i)_m of jan is"),
        (hourly().replace("20160601:0010", "2016-06-01 00:10"), "'2016-06-01 00:10' is no hour such as"),
        (hourly().replace("T2m,WS10m", "TX,WS10m"), "no column T2m"),
        (hourly().replace("Gb(i),Gd(i),Gr(i)", "A,B,C"), "no irradiance among A, B, C"),
        (hourly(peak=-5.0), "irradiance falls below 0"),
        ("\n".join(line for line in hourly().split("\n") if line[4:6] not in {"12", "01"}), "jan, dec missing"),
        ("time,G(i),T2m\n\n", "a table without hours"),
        (system().replace("\n6\t\t", "\n\u00b2\t\t"), "is no month"),
        (hourly().replace("20160601:0010", "20161301:0010"), "20161301:0010 is no hour of a calendar"),
        (hourly().replace("20160601:0010", "20160601:2510"), "20160601:2510 is no hour of a calendar"),
    ],
    ids=range(20),
)
def test_a_damaged_or_foreign_file_is_refused_with_its_reason(text, said):
    with pytest.raises(PvgisError) as caught:
        read(text, "months.csv")
    assert said in str(caught.value)


def test_a_damaged_line_is_named():
    text = system().replace("6\t\t3.84", "6\t\tn/a")
    line = next(at for at, found in enumerate(text.split("\r\n"), 1) if "n/a" in found)
    with pytest.raises(PvgisError, match=f"months.csv:{line}:"):
        read(text, "months.csv")


def test_a_file_of_too_many_lines_is_not_read(monkeypatch):
    monkeypatch.setattr("seamline.site.power.pvgis.LINES_MAX", 20)
    with pytest.raises(PvgisError, match="at most 20"):
        read(hourly())


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    with pytest.raises(PvgisError):
        read("month,a,b,c\n" + text)
    with pytest.raises(PvgisError):
        read("time,G(i),T2m\n" + text)


@given(st.data())
def test_a_cut_or_changed_file_is_read_or_refused_and_never_wrong_by_sign(data):
    text = radiation()
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 20))
    put = data.draw(st.text(alphabet="0123456789.-\t\nJanx", max_size=5))
    try:
        found = read(text[:at] + put + text[at + cut :])
    except PvgisError:
        return
    assert isinstance(found, Monthly)
    assert all(value >= 0 for value in found.plane_wh_m2)
