"""KML's geometries: points, lines, rings, polygons, several of them together, and tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from shapely.geometry.base import BaseGeometry

from seamline.site.survey.feature import Notes, Value
from seamline.site.survey.kml_xml import Element, child, children, local, text_of

Places = NDArray[np.float64]
"""(n, 3): longitude, latitude, altitude (nan: none)."""

GEOMETRIES: Final = frozenset({"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "MultiTrack", "Track", "Model"})
SETTINGS: Final = {"altitudeMode": "altitude_mode", "extrude": "extrude", "tessellate": "tessellate"}


class Shapes:
    """Makes one geometry of a placemark's. `vertices` says how many the last one had."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.vertices = 0

    def of(self, geometries: Sequence[tuple[str, Element]], properties: dict[str, Value], line: int) -> BaseGeometry | None:
        """The geometry of a placemark that begins at `line`; None, with a note, when there is none that can be used."""
        self.vertices = 0
        if not geometries:
            return self._notes.left_out("a placemark without geometry", line)
        found = [part for kind, one in geometries for part in self._parts(kind, one, properties)]
        if not found:
            return None
        if not all(map(within_the_world, found)):
            name = properties.get("name") or "without a name"
            swapped = all(within_the_world(shapely.transform(part, lambda places: places[:, ::-1])) for part in found)
            hint = "; longitude comes first in KML, these look swapped" if swapped else ""
            what = f"placemark {name!r}: a place that is not on earth (longitude -180..180, latitude -90..90){hint}"
            return self._notes.left_out(what, line)
        return found[0] if len(found) == 1 else gathered(found)

    def _parts(self, kind: str, element: Element, properties: dict[str, Value]) -> list[BaseGeometry]:
        inner = children(element)
        if kind in {"MultiGeometry", "MultiTrack"}:
            return [part for name, one in inner if name in GEOMETRIES for part in self._parts(name, one, properties)]
        for name, one in inner:
            if (setting := SETTINGS.get(name)) and (text := text_of(one)):
                properties[setting] = text
        made = self._track(element, properties) if kind == "Track" else self._simple(kind, element)
        return [] if made is None else [made]

    def _simple(self, kind: str, element: Element) -> BaseGeometry | None:
        line = element.sourceline or 0
        if kind == "Polygon":
            return self._polygon(element)
        if kind == "Model":
            location = child(element, "Location")
            self._notes.repaired("<Model>: its place is taken, as a point; its body is not", line)
            values = (
                []
                if location is None
                else [text_of(child(location, part)) or "0" for part in ("longitude", "latitude", "altitude")]
            )
            places = self._places(",".join(values), line)
        else:
            places = self._places(text_of(child(element, "coordinates")), line)
        if kind in {"Point", "Model"}:
            return Point(flat(places)[0]) if len(places) else self._nothing(kind, line)
        if kind == "LinearRing":
            return Polygon(flat(ring)) if (ring := self._ring(places, line)) is not None else self._nothing(kind, line)
        return LineString(flat(places)) if len(places) > 1 else self._nothing(kind, line)

    def _polygon(self, element: Element) -> BaseGeometry | None:
        outer: Places | None = None
        holes: list[Places] = []
        for kind, boundary in children(element):
            if kind not in {"outerBoundaryIs", "innerBoundaryIs"}:
                continue
            for name, one in children(boundary):
                if name != "LinearRing":
                    continue
                ring = self._ring(self._places(text_of(child(one, "coordinates")), one.sourceline or 0), one.sourceline or 0)
                if ring is None:
                    self._nothing(f"a {'hole' if kind == 'innerBoundaryIs' else 'ring'} of a Polygon", one.sourceline or 0)
                elif kind == "outerBoundaryIs" and outer is None:
                    outer = ring
                else:
                    holes.append(ring)
        if outer is None:
            return self._nothing("Polygon", element.sourceline or 0)
        width = 2 if any(np.isnan(ring[:, 2]).any() for ring in (outer, *holes)) else 3
        return Polygon(outer[:, :width], [hole[:, :width] for hole in holes])

    def _track(self, element: Element, properties: dict[str, Value]) -> BaseGeometry | None:
        line = element.sourceline or 0
        texts = [",".join(text_of(one).split()) for one in element if local(one) == "coord"]
        times = [text_of(one) for one in element if local(one) == "when"]
        places = self._places(" ".join(texts), line)
        if times and len(times) == len(texts) == len(places):
            properties["times"] = times
        elif times:
            self._notes.left_out("times of a track: there are more or fewer than places", line)
        if len(places) == 1:
            return Point(flat(places)[0])
        return LineString(flat(places)) if len(places) else self._nothing("Track", line)

    def _ring(self, places: Places, line: int) -> Places | None:
        """A closed ring, or None when it encloses nothing."""
        if len(places) and (places[0, :2] != places[-1, :2]).any():
            self._notes.repaired("a ring that was left open: closed", line)
            places = np.concatenate([places, places[:1]])
        return places if len(places) > 3 else None

    def _places(self, text: str, line: int) -> Places:
        tuples = text.split()
        try:
            values = np.array(",".join(tuples).split(","), np.float64)
            found = values.reshape(len(tuples), -1)
            alike = found.shape[1] in {2, 3} and text.count(",") == len(tuples) * (found.shape[1] - 1)
        except ValueError:
            found, alike = np.empty((0, 3)), False
        if not alike:
            found = self._one_by_one(text, line)
        if found.shape[1] == 2:
            found = np.column_stack([found, np.full(len(found), np.nan)])
        good = np.isfinite(found[:, :2]).all(axis=1)
        if not good.all():
            self._notes.left_out("places that are no numbers", line)
        self.vertices += len(found)
        return found[good]

    def _one_by_one(self, text: str, line: int) -> Places:
        """Places that do not all look alike: spaces after commas, altitudes here and there, rubbish."""
        rows: list[tuple[float, float, float]] = []
        for part in text.replace(", ", ",").replace(" ,", ",").replace(",\n", ",").split():
            values = part.strip(",;").split(",")
            try:
                numbers = [float(value) for value in values if value]
                rows.append((numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else float("nan")))
            except (ValueError, IndexError):
                self._notes.left_out("places that are no numbers", line)
        return np.array(rows, np.float64).reshape(-1, 3)

    def _nothing(self, kind: str, line: int) -> None:
        self._notes.left_out(f"{kind} with too few places", line)


def flat(places: Places) -> Places:
    """Without the altitude, unless every place has one."""
    return places[:, :2] if np.isnan(places[:, 2]).any() else places


def within_the_world(geometry: BaseGeometry) -> bool:
    """Whether everything lies where longitudes and latitudes are."""
    west, south, east, north = geometry.bounds
    return west >= -180 and east <= 180 and south >= -90 and north <= 90


def gathered(parts: list[BaseGeometry]) -> BaseGeometry:
    """Several geometries as one: of one kind where they are."""
    points, lines = [part for part in parts if isinstance(part, Point)], [part for part in parts if isinstance(part, LineString)]
    polygons = [part for part in parts if isinstance(part, Polygon)]
    if len(points) == len(parts):
        return MultiPoint(points)
    if len(lines) == len(parts):
        return MultiLineString(lines)
    return MultiPolygon(polygons) if len(polygons) == len(parts) else GeometryCollection(parts)
