"""What a panel brings step by step: from PVGIS's hours, from a stated random model of its months (`MODEL`), or under a clear sky."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from seamline.site.power import sky
from seamline.site.power.figures import PowerError, number
from seamline.site.power.panel import Array, power
from seamline.site.power.pvgis import Hourly, Monthly

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MODEL: Final = (
    "each day's clearness on the plane (its irradiation by what would fall there above the atmosphere) is drawn from the distribution of"
    " Bendt, Collares-Pereira and Rabl (1981) between 0.05 and the maximum of Hollands and Huget (1983), its mean that of the month;"
    " days hang together by a normal process of lag-one correlation 0.29 (Graham, Hollands and Brunger, 1988)"
)
Origin = Literal["PVGIS hours", "random days of PVGIS months", "clear sky"]
SEED: Final = 20_260_101
YEARS: Final = 30
YEARS_MAX: Final = 1000
PERSISTENCE: Final = 0.29
CLEARNESS_LEAST: Final = 0.05
PLANE_TOLERANCE: Final = 2.0
"""Degrees by which a file's plane may differ from the panel's: about 1 % of a year's irradiation."""
AIR_C: Final = 20.0
"""Where no temperature is told: said so in the notes."""


@dataclass(frozen=True, slots=True)
class Weather:
    """A panel's yield in steps: Wh behind the charger, hours, month (0 to 11), day (counting on), air temperature (C), one each.

    `per_peak` is per watt of the array's peak power, so that sizes can be tried. `upper_bound` marks a clear sky: the truth is below.
    """

    per_peak: Floats
    hours: Floats
    month: Ints
    day: Ints
    air_c: Floats
    origin: Origin
    source: str
    notes: tuple[str, ...]
    upper_bound: bool

    @property
    def days(self) -> int:
        """How many days it spans."""
        return int(self.day[-1]) + 1

    @property
    def years(self) -> float:
        """How many years it spans."""
        return self.days / 365.25

    def monthly_per_peak(self) -> Floats:
        """A day's yield of each month, per watt of peak power (Wh/W)."""
        days = np.zeros(12)
        for month in range(12):
            days[month] = np.unique(self.day[self.month == month]).size
        return np.bincount(self.month, weights=self.per_peak, minlength=12) / np.maximum(days, 1.0)

    def monthly_air(self) -> Floats:
        """Each month's mean air temperature, in C."""
        weights = np.bincount(self.month, weights=self.hours, minlength=12)
        return np.bincount(self.month, weights=self.air_c * self.hours, minlength=12) / np.maximum(weights, 1e-9)


def from_hourly(hourly: Hourly, array: Array, battery_v: float, place: sky.Place | None = None) -> Weather:
    """The yield of PVGIS's hours, as they were. PowerError when they are of another plane than the panel's."""
    notes = list(hourly.header.notes)
    if hourly.plane is None:
        where = sky.known(place or _place(hourly), "turning a typical year's level irradiance to the panel's plane")
        plane_w_m2 = _turned(hourly, array, where)
        notes.append("level irradiance turned to the panel's plane by Hay and Davies (pvlib)")
    else:
        _same_plane(hourly.header.tilt, hourly.header.azimuth, array)
        plane_w_m2 = hourly.plane
        if array.horizon:
            notes.append("the given horizon is not counted: the file's irradiance on the plane has PVGIS's own")
    stamps = hourly.year * 10_000 + hourly.month * 100 + hourly.day
    day = np.concatenate([[0], np.cumsum(np.diff(stamps) != 0)])  # a typical year takes each month from another year
    return Weather(
        power(array, plane_w_m2, hourly.air_c, battery_v) / array.peak_w,
        np.ones(plane_w_m2.size),
        hourly.month - 1,
        day.astype(np.int64),
        hourly.air_c,
        "PVGIS hours",
        hourly.header.source,
        tuple(notes),
        upper_bound=False,
    )


def from_monthly(
    monthly: Monthly, array: Array, battery_v: float, place: sky.Place | None = None, seed: int = SEED, years: int = YEARS
) -> Weather:
    """Random days of PVGIS's months, by the model above: `years` of them from a seed; each day a dark and a light step."""
    if not 1 <= years <= YEARS_MAX:
        raise PowerError(f"{years} random years; from 1 to {YEARS_MAX}")
    where = sky.known(place or _place(monthly), "the clearness of days")
    _same_plane(monthly.header.tilt, monthly.header.azimuth, array)
    space, light_h = sky.space_on_plane(where, sky.Plane(array.tilt, array.azimuth))
    air = np.full(12, AIR_C) if monthly.air_c is None else np.array(monthly.air_c)
    notes = list(monthly.header.notes)
    if monthly.air_c is None:
        notes.append(f"no temperatures in the file: {AIR_C:g} C taken")
    if array.horizon:
        notes.append("the given horizon is not counted: the file's irradiation has PVGIS's own")
    notes.append(f"{years} random years from seed {seed}: {MODEL}")
    plane_wh = np.array(monthly.plane_wh_m2)
    ratios = _daily_ratios(plane_wh, space, years, seed)
    month = np.tile(np.repeat(np.arange(12), sky.MONTH_DAYS), years)
    hours_light = np.clip(light_h[month], 0.0, 24.0)
    falls = np.where(hours_light > 0, ratios * plane_wh[month] / np.maximum(hours_light, 1e-9), 0.0)
    light = power(array, falls, air[month], battery_v) / array.peak_w * hours_light
    days = np.arange(month.size)
    return Weather(
        _woven(np.zeros(month.size), light),
        _woven(24.0 - hours_light, hours_light),
        _woven(month, month).astype(np.int64),
        _woven(days, days).astype(np.int64),
        _woven(air[month], air[month]),
        "random days of PVGIS months",
        monthly.header.source,
        tuple(notes),
        upper_bound=False,
    )


def clear_year(place: sky.Place, array: Array, battery_v: float, air_c: tuple[float, ...] = ()) -> Weather:
    """A year without a cloud: an upper bound, and marked as one. Air temperatures are of the months; without them 20 C is taken."""
    if len(air_c) not in {0, 12}:
        raise PowerError(f"{len(air_c)} temperatures; give one for each of the twelve months, or none")
    for value in air_c:
        number(value, "a month's temperature (C)", least=-90.0, most=60.0, hint="is this in K or F?")
    times = sky.hours_of_year()
    month = sky.month_of_hour()
    plane = sky.Plane(array.tilt, array.azimuth, array.horizon)
    falls = sky.on_plane(times, place, sky.clear_sky(times, place), plane)
    air = np.full(times.size, AIR_C) if not air_c else np.array(air_c)[month]
    notes = (sky.UPPER_BOUND, *(() if air_c else (f"no temperatures given: {AIR_C:g} C taken",)))
    return Weather(
        power(array, falls, air, battery_v) / array.peak_w,
        np.ones(times.size),
        month,
        (np.arange(times.size) // 24).astype(np.int64),
        air,
        "clear sky",
        sky.UPPER_BOUND,
        notes,
        upper_bound=True,
    )


def clearness_most(mean: float) -> float:
    """The clearest that a day gets in a month of mean clearness (Hollands and Huget, 1983), never below the mean."""
    return max(0.6313 + 0.267 * mean - 11.9 * (mean - 0.75) ** 8, mean + 1e-6)


def clearness_days(mean: float, levels: Floats) -> Floats:
    """The clearness of days at probabilities `levels`, in a month of mean clearness (Bendt et al., 1981).

    Its density grows or falls as exp(gamma k); gamma is solved for the mean, not approximated.
    """
    low = min(CLEARNESS_LEAST, mean)
    high = clearness_most(mean)
    if high - low < 1e-9 or mean - low < 1e-9:
        return np.full(levels.shape, mean)
    gamma = _gamma((mean - low) / (high - low))
    if abs(gamma) < 1e-6:
        return low + (high - low) * levels
    # log1p and expm1 keep their digits at the ends, where exp(gamma) is large.
    if gamma > 0:
        inner = 1 + np.log(levels + (1 - levels) * math.exp(-gamma)) / gamma
    else:
        inner = np.log1p(levels * math.expm1(gamma)) / gamma
    return low + (high - low) * np.clip(inner, 0.0, 1.0)


def _gamma(mean: float) -> float:
    """The gamma at which a density of exp(gamma x) on 0..1 has this mean; by bisection, since the mean rises with gamma."""
    low, high = -700.0, 700.0
    for _ in range(200):
        middle = (low + high) / 2
        if _mean(middle) < mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _mean(gamma: float) -> float:
    if abs(gamma) < 1e-4:
        return 0.5 + gamma / 12
    return 1 / (1 - math.exp(-gamma)) - 1 / gamma if gamma > 0 else -1 / gamma - math.exp(gamma) / (1 - math.exp(gamma))


def _daily_ratios(plane_wh: Floats, space: Floats, years: int, seed: int) -> Floats:
    """Each day's irradiation as a multiple of its month's mean, for `years` years of 365 days."""
    stream = random.Random(seed)  # noqa: S311  (a model's weather guards nothing)
    normal = NormalDist()
    fresh = math.sqrt(1 - PERSISTENCE**2)
    state = 0.0
    levels = np.empty(365 * years)
    for index in range(levels.size):
        state = PERSISTENCE * state + fresh * normal.inv_cdf(min(max(stream.random(), 1e-12), 1 - 1e-12))
        levels[index] = normal.cdf(state)
    month = np.tile(np.repeat(np.arange(12), sky.MONTH_DAYS), years)
    found = np.ones(levels.size)
    for index in range(12):
        mean = float(plane_wh[index] / space[index]) if space[index] > 0 else 0.0
        if mean > CLEARNESS_LEAST:
            days = month == index
            found[days] = clearness_days(min(mean, 0.8), levels[days]) / min(mean, 0.8)
    return found


def _woven(dark: npt.NDArray[np.generic], light: npt.NDArray[np.generic]) -> Floats:
    return np.column_stack([dark, light]).reshape(-1).astype(np.float64)


def _place(found: Hourly | Monthly) -> sky.Place | None:
    header = found.header
    return None if header.latitude is None or header.longitude is None else sky.Place(header.latitude, header.longitude)


def _turned(hourly: Hourly, array: Array, place: sky.Place) -> Floats:
    level = hourly.level
    if level is None:  # a reader gives one or the other
        raise PowerError("the series has no irradiance")
    days = (
        np.array([f"2023-{month:02d}-{min(day, _last(month)):02d}" for month, day in zip(hourly.month, hourly.day, strict=True)])
        .astype("datetime64[s]")
        .astype(np.int64)
    )
    times = days + hourly.hour * sky.HOUR_S + sky.HOUR_S // 2
    return sky.on_plane(times, place, sky.Sky(*level), sky.Plane(array.tilt, array.azimuth, array.horizon))


def _last(month: int) -> int:
    return sky.MONTH_DAYS[int(month) - 1]


def _same_plane(tilt: float | None, azimuth: float | None, array: Array) -> None:
    if tilt is not None and abs(tilt - array.tilt) > PLANE_TOLERANCE:
        raise PowerError(
            f"the file is of a plane tilted by {tilt:g} degrees, the panel by {array.tilt:g}; export that one, or a typical year"
        )
    level = array.tilt < PLANE_TOLERANCE
    if azimuth is not None and not level and abs((azimuth - array.azimuth + 180) % 360 - 180) > PLANE_TOLERANCE:
        raise PowerError(
            f"the file is of a plane facing {azimuth:g} degrees (from north), the panel faces {array.azimuth:g};"
            " export that one, or a typical year"
        )
