"""From a raw count to the physical value, by the kind of a calibration and one device's coefficients.

What IEEE 1451.4 calls a template is here the kind with its terms, which the contract fixes; the coefficients are what its sheet
(TEDS) would hold for the single sensor. `x` is what the formula takes (`Calibration.unit_in`):

- with `adc`, the voltage `raw * reference / (2**bits - 1)` in V; without, the raw count itself
- `linear`: `gain * x + offset`; `polynomial`: `c0 + c1 * x + ... + cN * x**N`
- `table`: straight lines between `points`, pairs `(x, value)` in rising order of x; nothing beyond their ends
- `steinhart_hart`: `1 / T = a + b * ln R + c * (ln R)**3`, T in K, R in Ohm (Steinhart and Hart, Calibration curves for thermistors,
  Deep-Sea Research 15, 1968). The thermistor is the `low` side of a divider, between the converter's input and ground, and
  `divider` lies between input and reference, so R = divider * raw / (full - raw); at `high` they change places

All numbers are binary64. Nothing here knows where coefficients come from or which version of them holds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite, log
from typing import TypeAlias

from seamline.contract.model import Calibration

Points: TypeAlias = Sequence[Sequence[float]]
Coefficients: TypeAlias = Mapping[str, "float | Points"]
"""By the names of `Calibration.coefficients`; `points` is a list of pairs, JSON-able."""

ZERO_CELSIUS_K = 273.15
POINTS_MIN = 2
_PAIR = 2


class CalibrationError(ValueError):
    """Coefficients that are not the calibration's, or a raw value outside what it can tell. Names the calibration."""


def check(calibration: Calibration, coefficients: Coefficients) -> None:
    """Raise CalibrationError unless these are all the coefficients of the calibration, finite, and a table's points rise."""
    wanted = calibration.coefficients
    missing = [name for name in wanted if name not in coefficients]
    unknown = sorted(coefficients.keys() - set(wanted))
    if missing or unknown:
        what = [f"{word} {', '.join(names)}" for word, names in (("missing", missing), ("unknown", unknown)) if names]
        raise _error(calibration, f"{'; '.join(what)}; its coefficients are {', '.join(wanted)}")
    if calibration.kind == "table":
        _check_points(calibration, coefficients["points"])
        return
    for name in wanted:
        _number(calibration, coefficients, name)


def physical(calibration: Calibration, coefficients: Coefficients, raw: float) -> float:
    """Return the physical value of a raw count, in `Calibration.unit`.

    Raises CalibrationError for coefficients that `check` refuses, for NaN or an infinite count, for a count beyond a table's
    ends, at a thermistor's open or short circuit, and for a result that is no finite number.
    """
    check(calibration, coefficients)
    if not isfinite(raw):
        raise _error(calibration, f"the raw value is {raw}")
    x = _measured(calibration, raw)
    if calibration.kind == "table":
        return _between(calibration, _points(calibration, coefficients["points"]), x)
    numbers = [_number(calibration, coefficients, name) for name in calibration.coefficients]
    try:
        value = _kelvin(calibration, numbers, x) if calibration.kind == "steinhart_hart" else _polynomial(calibration, numbers, x)
    except (OverflowError, ZeroDivisionError):
        value = float("inf")
    if not isfinite(value):
        raise _error(calibration, f"raw {raw} gives no finite value")
    return value


def _measured(calibration: Calibration, raw: float) -> float:
    """Return what the formula takes: resistance, voltage or count."""
    terms = calibration.terms
    if "adc.bits" not in terms:
        return raw
    full = (1 << int(terms["adc.bits"])) - 1
    if calibration.kind != "steinhart_hart":
        return raw * int(terms["adc.reference"].removesuffix("mV")) / 1000 / full
    if not 0 < raw < full:
        raise _error(calibration, f"raw {raw} is not between 0 and {full}: the thermistor is open or short")
    divider = int(terms["adc.divider"].removesuffix("Ohm"))
    ratio = raw / (full - raw)
    return divider / ratio if terms.get("adc.thermistor") == "high" else divider * ratio


def _polynomial(calibration: Calibration, numbers: Sequence[float], x: float) -> float:
    """Evaluate by Horner's rule, the highest power first."""
    value = 0.0
    for number in numbers if calibration.kind == "linear" else reversed(numbers):
        value = value * x + number
    return value


def _kelvin(calibration: Calibration, numbers: Sequence[float], ohms: float) -> float:
    a, b, c = numbers
    logarithm = log(ohms)
    kelvin = 1 / (a + b * logarithm + c * logarithm**3)
    if kelvin <= 0:
        raise _error(calibration, f"{ohms:.6g} Ohm gives {kelvin:.6g} K: the coefficients are not a thermistor's")
    return kelvin if calibration.unit == "K" else kelvin - ZERO_CELSIUS_K


def _between(calibration: Calibration, points: Sequence[tuple[float, float]], x: float) -> float:
    first, last = points[0][0], points[-1][0]
    if not first <= x <= last:
        raise _error(calibration, f"{x:.6g} is outside its table, {first:.6g} to {last:.6g}")
    at = min(bisect_right(points, x, key=lambda point: point[0]), len(points) - 1)
    (left, low), (right, high) = points[at - 1], points[at]
    part = (x - left) / (right - left)
    return low * (1 - part) + high * part


def _number(calibration: Calibration, coefficients: Coefficients, name: str) -> float:
    value = coefficients[name]
    if not isinstance(value, int | float) or not isfinite(value):
        raise _error(calibration, f"{name} is {value!r}, not a finite number")
    return float(value)


def _points(calibration: Calibration, points: float | Points) -> list[tuple[float, float]]:
    if isinstance(points, int | float):
        raise _error(calibration, f"points is {points!r}, not a list of pairs")
    if any(len(point) != _PAIR or not all(isfinite(number) for number in point) for point in points):
        raise _error(calibration, "points are pairs of finite numbers")
    return [(float(x), float(value)) for x, value in points]


def _check_points(calibration: Calibration, given: float | Points) -> None:
    points = _points(calibration, given)
    points_max = int(calibration.terms["points"])
    if not POINTS_MIN <= len(points) <= points_max:
        raise _error(calibration, f"{len(points)} points; it takes {POINTS_MIN} to {points_max}")
    if any(left >= right for (left, _), (right, _) in pairwise(points)):
        raise _error(calibration, "points are not in rising order")


def _error(calibration: Calibration, text: str) -> CalibrationError:
    return CalibrationError(f"calibration '{calibration.name}' ({calibration.kind}): {text}")
