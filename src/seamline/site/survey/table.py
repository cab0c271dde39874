"""Points in a table (CSV): a header that names the columns, in degrees or in the metres of a frame that is given."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Final

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from seamline.site.survey.feature import VERTICES_MAX, Feature, Notes, Survey, SurveyError, UnnamedFrame, Value
from seamline.site.survey.frame import frame_named, to_degrees
from seamline.site.survey.kml_text import utf16_of
from seamline.site.survey.repair import on_earth

DEGREES: Final = (("lon", "lng", "long", "longitude", "lon_deg"), ("lat", "latitude", "lat_deg"))
METRES: Final = (("x", "easting", "east", "e", "rechtswert"), ("y", "northing", "north", "n", "hochwert"))
ALTITUDES: Final = ("alt", "altitude", "ele", "elev", "elevation", "z")
DELIMITERS: Final = ",;\t|"


class Columns:
    """Which columns hold the place; `degrees` says in what."""

    def __init__(self, east: int, north: int, up: int | None, *, degrees: bool) -> None:
        self.east, self.north, self.up, self.degrees = east, north, up, degrees

    @classmethod
    def of(cls, header: list[str]) -> Columns | None:
        """The columns that a header names; None when it names no place."""
        names = [cell.strip().lower().split("(")[0].split("[")[0].strip() for cell in header]
        for degrees, (easts, norths) in ((True, DEGREES), (False, METRES)):
            east = next((names.index(one) for one in easts if one in names), None)
            north = next((names.index(one) for one in norths if one in names), None)
            if east is not None and north is not None:
                up = next((names.index(one) for one in ALTITUDES if one in names), None)
                return cls(east, north, up, degrees=degrees)
        return None

    def place(self, row: list[str], *, decimal_comma: bool) -> tuple[float, ...]:
        """East, north and, where there is one, altitude; ValueError when they are no numbers."""
        cells = [row[self.east], row[self.north]]
        if self.up is not None and row[self.up].strip():
            cells.append(row[self.up])
        numbers = tuple(float(cell.strip().replace(",", ".") if decimal_comma else cell) for cell in cells)
        if not all(map(math.isfinite, numbers)):
            raise ValueError
        return numbers


def dialect_of(data: bytes) -> tuple[str, str] | None:
    """The text and the delimiter of a table of points; None when it is none."""
    try:
        text = data.decode(utf16_of(data) or "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    if "\0" in first:
        return None
    for delimiter in DELIMITERS:
        if Columns.of(next(csv.reader([first.strip()], delimiter=delimiter), [""])):
            return text, delimiter
    return None


def read_table(text: str, delimiter: str, name: str, crs: str | None) -> Survey:
    """The points of a table. `crs` is the frame of its columns; without one they must be named longitude and latitude."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
    header = [cell.strip() for cell in next(rows)]
    columns = Columns.of(header)
    if columns is None or (crs is None and not columns.degrees):
        raise UnnamedFrame(f"{name}: its columns are east and north of a frame that it does not name; say which: --crs EPSG:xxxx")
    notes = Notes()
    found: list[Feature] = []
    try:
        for row in rows:
            if any(cell.strip() for cell in row) and (one := point(row, rows.line_num, header, columns, delimiter, notes)):
                found.append(one)
            if len(found) > VERTICES_MAX:
                raise SurveyError(f"{name}: more than {VERTICES_MAX:,} points; thin the survey out, or divide it")
    except csv.Error as error:
        raise SurveyError(f"{name}:{rows.line_num}: {error}") from None
    geometries: list[BaseGeometry] = [feature.geometry for feature in found]
    if crs is not None and geometries:
        geometries = to_degrees(geometries, frame_named(crs, name), notes)
    moved = [Feature(one, was.properties, was.line) for one, was in zip(geometries, found, strict=True)]
    return Survey(on_earth(moved, notes), notes.all())


def point(row: list[str], line: int, header: list[str], columns: Columns, delimiter: str, notes: Notes) -> Feature | None:
    """A row's point, or None with a note."""
    try:
        place = columns.place(row, decimal_comma=delimiter != ",")
    except (ValueError, IndexError):
        return notes.left_out("rows whose place is no number", line)
    if len(row) > len(header):
        notes.left_out("cells after the last named column", line)
    return Feature(Point(place), properties_of(row, header, columns), line)


def properties_of(row: list[str], header: list[str], columns: Columns) -> Mapping[str, Value]:
    """The cells that are not the place, by the names of their columns."""
    used = {columns.east, columns.north, columns.up}
    return {
        key or f"column {at + 1}": cell.strip() for at, (key, cell) in enumerate(zip(header, row, strict=False)) if at not in used
    }
