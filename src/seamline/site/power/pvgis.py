"""Reads what PVGIS exports as CSV: hourly series, monthly irradiation, monthly yield of a system, and a typical year.

PVGIS (European Commission, Joint Research Centre) counts azimuths from south, west positive; here they count clockwise from north.
Headers differ from version to version: lines are found by what they say, not by their number.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline.site.power.figures import PowerError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LINES_MAX: Final = 1_000_000
"""Fifty years of hours, and some."""
MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_NUMBERS: Final = tuple(str(number) for number in range(1, 13))
MONTH_DAYS: Final = (31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)
PLANE: Final = ("H(i)_m", "Hi_m", "Hm", "H(i_opt)_m")
"""Columns of a month's irradiation on a plane, in kWh/m2, the most telling first."""
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2}):(\d{2})(\d{2})", re.ASCII)
_LEGEND = re.compile(r"[A-Za-z][^,;\t:]*: ")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


class PvgisError(PowerError):
    """A file that is no export of PVGIS, or a damaged one; the message names the line."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the table. `tilt` and `azimuth` (clockwise from north) are of the plane, None where the file tells none."""

    latitude: float | None
    longitude: float | None
    database: str
    tilt: float | None
    azimuth: float | None
    notes: tuple[str, ...]

    @property
    def source(self) -> str:
        """The file as a source of figures."""
        return f"PVGIS, {self.database}"


@dataclass(frozen=True, slots=True)
class Hourly:
    """A series of hours: UTC (year, month, day, hour), irradiance on the plane (W/m2) and air temperature (C), arrays of one length.

    A typical year tells horizontal irradiance instead: then `plane` is None and `level` holds (global, beam normal, diffuse).
    `watts` is the yield of a system when the file has one.
    """

    header: Header
    year: Ints
    month: Ints
    day: Ints
    hour: Ints
    plane: Floats | None
    level: tuple[Floats, Floats, Floats] | None
    air_c: Floats
    watts: Floats | None


@dataclass(frozen=True, slots=True)
class Monthly:
    """Twelve months: a day's irradiation on the plane (Wh/m2), and on the level where told; air temperature (C) where told.

    `years` is how many of them were averaged, `spread` the standard deviation of each month from year to year as a share of it.
    """

    header: Header
    plane_wh_m2: tuple[float, ...]
    level_wh_m2: tuple[float, ...] | None
    air_c: tuple[float, ...] | None
    years: int
    spread: tuple[float, ...] | None


def read(text: str, name: str = "the file") -> Hourly | Monthly:
    """Read an export, whichever it is. PvgisError when it is none, with the line at fault."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > LINES_MAX:
        raise PvgisError(f"{name} has {len(lines)} lines; PVGIS exports at most {LINES_MAX}")
    header = _header(lines)
    for index, line in enumerate(lines):
        cells = [cell.strip() for cell in _cells(line)]
        first = cells[0].lower()
        if first in {"time", "time(utc)"} and len(cells) > 2:
            return _hourly(lines, index, header, name)
        if "month" in (first, cells[1].lower() if len(cells) > 1 else "") and len(cells) > 3:
            return _monthly(lines, index, header, name)
    raise PvgisError(
        f"{name}: no table of PVGIS found; export CSV: hourly or monthly radiation, a system's yield, or a typical year"
    )


def _cells(line: str) -> list[str]:
    """The cells of a line: by tabs (several count as one), semicolons or commas, whichever it has."""
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t") if cell.strip()] or [""]
    return [cell.strip() for cell in line.split(";" if ";" in line else ",")]


def with_temperatures(monthly: Monthly, air_c: tuple[float, ...]) -> Monthly:
    """The months with air temperatures (C) that the file does not tell; PvgisError unless there are twelve."""
    if len(air_c) != len(MONTH_NAMES):
        raise PvgisError(f"{len(air_c)} temperatures; give one for each of the twelve months")
    return replace(monthly, air_c=air_c)


def _ended(line: str) -> bool:
    """Whether a table has ended: at a blank line, at the legend of a column, or at the notice that closes the file."""
    return not line.strip() or line.startswith("PVGIS") or _LEGEND.match(line) is not None


def _header(lines: list[str]) -> Header:
    said: dict[str, str] = {}
    for line in lines[:40]:
        key, colon, value = line.partition(":")
        if colon:
            said.setdefault(key.strip().lower(), value.strip(" \t,;"))
    slope = _said(said, "slope", "fixed slope")
    azimuth = _said(said, "azimuth", "orientation")
    return Header(
        latitude=_said(said, "latitude"),
        longitude=_said(said, "longitude"),
        database=next((value for key, value in said.items() if key.startswith("radiation database")), "database not told"),
        tilt=slope,
        azimuth=None if azimuth is None else (azimuth + 180.0) % 360.0,
        notes=tuple(
            f"{key}: {value}" for key, value in said.items() if key.startswith(("nominal power", "system losses", "elevation"))
        ),
    )


def _said(said: dict[str, str], *keys: str) -> float | None:
    for key, value in said.items():
        found = _NUMBER.search(value)
        if key.startswith(keys) and found:
            return float(found[0])
    return None


def _hourly(lines: list[str], start: int, header: Header, name: str) -> Hourly:
    columns = _cells(lines[start])
    stamps: list[tuple[int, ...]] = []
    rows: list[list[float]] = []
    for at, line in enumerate(lines[start + 1 :], start + 2):
        cells = _cells(line)
        stamp = _STAMP.fullmatch(cells[0])
        if stamp is None:
            if _ended(line):
                break
            raise PvgisError(f"{name}:{at}: {cells[0][:30]!r} is no hour such as 20160101:0010")
        when = tuple(int(part) for part in stamp.groups())
        if not (1 <= when[1] <= 12 and 1 <= when[2] <= 31 and when[3] <= 23):
            raise PvgisError(f"{name}:{at}: {cells[0]} is no hour of a calendar")
        stamps.append(when)
        rows.append(_numbers(cells[1:], len(columns) - 1, f"{name}:{at}"))
    if not rows:
        raise PvgisError(f"{name}:{start + 1}: a table without hours")
    table = dict(zip(columns[1:], np.array(rows, dtype=np.float64).T, strict=True))
    hours = np.array(stamps, dtype=np.int64)
    _whole(hours, name)
    plane, level = _plane(table, name, start + 1)
    negative = plane if plane is not None else table["G(h)"]
    if float(negative.min()) < 0:
        raise PvgisError(f"{name}: irradiance falls below 0; the file is damaged")
    air = table.get("T2m")
    if air is None:
        raise PvgisError(f"{name}:{start + 1}: no column T2m (air temperature); export it with the series")
    return Hourly(header, hours[:, 0], hours[:, 1], hours[:, 2], hours[:, 3], plane, level, air, table.get("P"))


def _plane(table: dict[str, Floats], name: str, at: int) -> tuple[Floats | None, tuple[Floats, Floats, Floats] | None]:
    if "G(i)" in table:
        return table["G(i)"], None
    if {"Gb(i)", "Gd(i)"} <= table.keys():
        return table["Gb(i)"] + table["Gd(i)"] + table.get("Gr(i)", np.zeros_like(table["Gb(i)"])), None
    if {"G(h)", "Gb(n)", "Gd(h)"} <= table.keys():
        return None, (table["G(h)"], table["Gb(n)"], table["Gd(h)"])
    raise PvgisError(f"{name}:{at}: no irradiance among {', '.join(table)}; export G(i), or Gb(i), Gd(i) and Gr(i)")


def _whole(when: Ints, name: str) -> None:
    """PvgisError unless each year that is there is there whole: a series from May to October would have no winter."""
    months = {(int(year), int(month)) for year, month in when[:, :2]}
    months_of_any_year = {month for _, month in months}
    missing = [MONTH_NAMES[month - 1] for month in range(1, 13) if month not in months_of_any_year]
    if missing:
        raise PvgisError(f"{name}: {', '.join(missing)} missing; export whole years, the worst month decides")


def _monthly(lines: list[str], start: int, header: Header, name: str) -> Monthly:
    columns = _cells(lines[start])
    found: dict[int, list[dict[str, float]]] = {}
    month_at = [column.lower() for column in columns].index("month")
    for at, line in enumerate(lines[start + 1 :], start + 2):
        cells = _cells(line)
        if _ended(line) or cells[0].lower().startswith("year"):
            break
        month = _month(cells[month_at] if month_at < len(cells) else "", f"{name}:{at}")
        values = _numbers([cell for index, cell in enumerate(cells) if index != month_at], len(columns) - 1, f"{name}:{at}")
        named = [column for index, column in enumerate(columns) if index != month_at]
        found.setdefault(month, []).append(dict(zip(named, values, strict=True)))
    missing = [MONTH_NAMES[month - 1] for month in range(1, 13) if month not in found]
    if missing:
        raise PvgisError(f"{name}: {', '.join(missing)} missing; a year has twelve months, and the worst one decides")
    plane = next((column for column in PLANE if column in columns), None)
    if plane is None:
        raise PvgisError(f"{name}:{start + 1}: no irradiation on a plane among {', '.join(columns)}; export H(i)_m")
    wh = [_daily(found[month], plane, month, name) for month in range(1, 13)]
    level = [_daily(found[month], "H(h)_m", month, name) for month in range(1, 13)] if "H(h)_m" in columns else None
    air = [float(np.mean([row["T2m"] for row in found[month]])) for month in range(1, 13)] if "T2m" in columns else None
    years = min(len(rows) for rows in found.values())
    return Monthly(
        header,
        tuple(wh),
        None if level is None else tuple(level),
        None if air is None else tuple(air),
        years,
        tuple(_spread(found[month], plane) for month in range(1, 13)) if years > 1 else None,
    )


def _daily(rows: list[dict[str, float]], column: str, month: int, name: str) -> float:
    kwh = float(np.mean([row[column] for row in rows]))
    if kwh < 0:
        raise PvgisError(f"{name}: {column} of {MONTH_NAMES[month - 1]} is {kwh:g} kWh/m2; it is at least 0")
    return kwh * 1000 / MONTH_DAYS[month - 1]


def _spread(rows: list[dict[str, float]], column: str) -> float:
    values = [row[column] for row in rows]
    mean = float(np.mean(values))
    return float(np.std(values, ddof=1)) / mean if mean > 0 else 0.0


def _month(text: str, place: str) -> int:
    word = text.strip().lower()
    if word[:3] in MONTH_NAMES:
        return MONTH_NAMES.index(word[:3]) + 1
    if word in MONTH_NUMBERS:
        return MONTH_NUMBERS.index(word) + 1
    raise PvgisError(f"{place}: {text[:20]!r} is no month (1 to 12, or Jan to Dec)")


def _numbers(cells: list[str], count: int, place: str) -> list[float]:
    if len(cells) != count:
        raise PvgisError(f"{place}: {len(cells) + 1} cells where the header has {count + 1}")
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        bad = next(cell for cell in cells if not _is_number(cell))
        raise PvgisError(f"{place}: {bad[:20]!r} is no number") from None
    if not all(math.isfinite(value) for value in values):
        raise PvgisError(f"{place}: a value is no finite number")
    return values


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
