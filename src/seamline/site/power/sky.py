"""Sun and sky, by pvlib: where the sun stands, what a clear sky gives, and what of it falls on a tilted plane behind a horizon.

pvlib and pandas take seconds to import, so only this module does, and only when it is asked. Its arrays are NumPy's.
Sources: solar position by NREL's SPA (Reda and Andreas, 2004), clear sky by Ineichen and Perez (2002) with pvlib's Linke turbidity
(SoDa), tilted planes by Hay and Davies (1980).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from seamline.site.power.figures import PowerError, number

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
YEAR_START_S: Final = 1_672_531_200
"""2023-01-01T00:00Z: a year of 365 days, standing for any."""
HOURS: Final = 8760
HOUR_S: Final = 3600
DAY_S: Final = 86_400
ALBEDO: Final = 0.2
"""Grass and bare soil, as PVGIS and pvlib take it where nothing else is told."""
DELTA_T_S: Final = 69.2
"""Terrestrial minus universal time in 2023 (IERS); a second of it moves the sun by 0.004 degrees."""
PRESSURE_PA: Final = 101_325.0
MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MEAN_DAYS: Final = (17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344)
"""The day of each month whose sun is the month's mean (Klein, 1977)."""
MEAN_STEP_S: Final = 300
UPPER_BOUND: Final = "upper bound: clear sky (Ineichen and Perez, pvlib), no cloud on any day"


@dataclass(frozen=True, slots=True)
class Place:
    """Where on earth: degrees north and east, metres above the sea."""

    latitude: float
    longitude: float
    altitude: float = 0.0

    def __post_init__(self) -> None:
        number(self.latitude, "a latitude (degrees)", least=-90.0, most=90.0, hint="are these metres?")
        number(self.longitude, "a longitude (degrees)", least=-180.0, most=180.0, hint="are these metres?")
        number(self.altitude, "an altitude (m)", least=-500.0, most=9000.0)


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands, in degrees: zenith angles with and without refraction, azimuth clockwise from north."""

    apparent_zenith: Floats
    zenith: Floats
    azimuth: Floats


@dataclass(frozen=True, slots=True)
class Sky:
    """Irradiance in W/m2: global and diffuse on the level, beam on a plane that faces the sun."""

    level: Floats
    beam: Floats
    diffuse: Floats


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane's tilt from level and azimuth clockwise from north, in degrees; elevations around it, evenly from north clockwise."""

    tilt: float
    azimuth: float
    horizon: tuple[float, ...] = ()


@cache
def _pvlib(module: str) -> object:
    return import_module(f"pvlib.{module}")


def _call(module: str, name: str) -> Callable[..., object]:
    return cast("Callable[..., object]", getattr(_pvlib(module), name))


def hours_of_year() -> Ints:
    """The middles of the hours of 2023, in seconds since 1970 (UTC)."""
    return YEAR_START_S + HOUR_S * np.arange(HOURS, dtype=np.int64) + HOUR_S // 2


def month_of_hour() -> Ints:
    """The month (0 to 11) of each of those hours."""
    return np.repeat(np.arange(12, dtype=np.int64), np.array(MONTH_DAYS) * 24)


def sun(unix_s: Ints, place: Place) -> Sun:
    """Where the sun stands at those times."""
    solar_position = _call("spa", "solar_position")
    pressure_hpa = PRESSURE_PA / 100 * math.exp(-place.altitude / 8434.0)
    found = cast(
        "tuple[Floats, ...]",
        solar_position(
            unix_s.astype(np.float64), place.latitude, place.longitude, place.altitude, pressure_hpa, 12.0, DELTA_T_S, 0.5667
        ),
    )
    return Sun(found[0], found[1], found[4])


def extraterrestrial(unix_s: Ints) -> Floats:
    """What reaches the earth's atmosphere on a plane that faces the sun, in W/m2 (Spencer, 1971)."""
    day = (unix_s - YEAR_START_S) % (HOURS * HOUR_S) // DAY_S + 1
    return np.asarray(_call("irradiance", "get_extra_radiation")(day.astype(np.float64)), dtype=np.float64)


def clear_sky(unix_s: Ints, place: Place) -> Sky:
    """What a sky without a cloud gives: an upper bound of what the years bring."""
    stands = sun(unix_s, place)
    relative = np.nan_to_num(
        np.asarray(_call("atmosphere", "get_relative_airmass")(stands.apparent_zenith), dtype=np.float64), nan=40.0
    )
    pressure = cast("float", _call("atmosphere", "alt2pres")(place.altitude))
    turbidity = _turbidity(unix_s, place)
    ineichen = _call("clearsky", "ineichen")
    with np.errstate(divide="ignore", invalid="ignore"):  # at night it divides by its own 0
        found = cast(
            "Mapping[str, Floats]",
            ineichen(
                stands.apparent_zenith,
                relative * pressure / PRESSURE_PA,
                turbidity,
                altitude=place.altitude,
                dni_extra=extraterrestrial(unix_s),
            ),
        )
    return Sky(*(np.maximum(0.0, np.nan_to_num(np.asarray(found[key], dtype=np.float64))) for key in ("ghi", "dni", "dhi")))


def _turbidity(unix_s: Ints, place: Place) -> Floats:
    """Linke turbidity at those times: the months' values of SoDa, linear between the middles of the months."""
    to_datetime = cast("Callable[..., object]", import_module("pandas").to_datetime)
    days = np.array(MONTH_DAYS, dtype=np.float64)
    middles_s = YEAR_START_S + np.round((np.cumsum(days) - days / 2) * DAY_S).astype(np.int64)
    lookup = _call("clearsky", "lookup_linke_turbidity")
    times = to_datetime(middles_s, unit="s", utc=True)
    months = np.asarray(lookup(times, place.latitude, place.longitude, interp_turbidity=False), dtype=np.float64)
    year_s = HOURS * HOUR_S
    return np.interp((unix_s - YEAR_START_S) % year_s, middles_s - YEAR_START_S, months, period=year_s)


def on_plane(unix_s: Ints, place: Place, sky: Sky, plane: Plane) -> Floats:
    """What of a sky falls on a plane, in W/m2.

    Behind the horizon the sun gives no beam; the sky that the horizon hides, seen from the level, gives no diffuse light either.
    """
    stands = sun(unix_s, place)
    found = cast(
        "Mapping[str, Floats]",
        _call("irradiance", "get_total_irradiance")(
            plane.tilt,
            plane.azimuth,
            stands.apparent_zenith,
            stands.azimuth,
            sky.beam,
            sky.level,
            sky.diffuse,
            dni_extra=extraterrestrial(unix_s),
            albedo=ALBEDO,
            model="haydavies",
        ),
    )
    beam, diffuse, ground = (
        np.nan_to_num(np.asarray(found[key], dtype=np.float64)) for key in ("poa_direct", "poa_sky_diffuse", "poa_ground_diffuse")
    )
    if plane.horizon:
        hidden = 90.0 - stands.apparent_zenith < horizon_at(plane.horizon, stands.azimuth)
        beam = np.where(hidden, 0.0, beam)
        diffuse = diffuse * sky_view(plane.horizon)
    return np.maximum(0.0, beam) + np.maximum(0.0, diffuse) + np.maximum(0.0, ground)


def horizon_at(horizon: tuple[float, ...], azimuth: Floats) -> Floats:
    """The horizon's elevation in a direction, linear between the given ones, which go round evenly from north."""
    ring = np.array([*horizon, horizon[0]], dtype=np.float64)
    return np.interp(azimuth % 360.0, np.linspace(0.0, 360.0, ring.size), ring)


def sky_view(horizon: tuple[float, ...]) -> float:
    """The share of an even sky's light on the level that the horizon leaves: the mean of cos2 of its elevations."""
    return float(np.mean(np.cos(np.radians(np.maximum(0.0, np.array(horizon)))) ** 2))


def space_on_plane(place: Place, plane: Plane) -> tuple[Floats, Floats]:
    """A day's irradiation above the atmosphere on a plane (Wh/m2), and hours with the sun up, of the twelve months' mean days."""
    starts_s = YEAR_START_S + (np.array(MEAN_DAYS, dtype=np.int64) - 1) * DAY_S
    times = (starts_s[:, None] + MEAN_STEP_S * np.arange(DAY_S // MEAN_STEP_S) + MEAN_STEP_S // 2).reshape(-1)
    stands = sun(times, place)
    up = stands.zenith < 90.0
    zenith, azimuth = np.radians(stands.zenith), np.radians(stands.azimuth - plane.azimuth)
    tilt = math.radians(plane.tilt)
    facing = np.cos(zenith) * math.cos(tilt) + np.sin(zenith) * math.sin(tilt) * np.cos(azimuth)
    falls = np.where(up, extraterrestrial(times) * np.maximum(0.0, facing), 0.0)
    hours = MEAN_STEP_S / HOUR_S
    return falls.reshape(12, -1).sum(axis=1) * hours, up.reshape(12, -1).sum(axis=1) * hours


def known(place: Place | None, why: str) -> Place:
    """`place`, when there is one; PowerError, with what it is needed for, otherwise."""
    if place is None:
        raise PowerError(f"{why} needs the site's latitude and longitude; give them")
    return place
