"""KML's geometries: points, lines, rings, polygons, several of them together, and tracks; as numbers, which `shapes` makes shapes of."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from typing import Final

from seamline.site.survey.feature import Notes, Value
from seamline.site.survey.kml_data import ExtendedData
from seamline.site.survey.kml_xml import Element, child, children, local, text_only
from seamline.site.survey.shapes import Part, Places, narrowed

GEOMETRIES: Final = frozenset({"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "MultiTrack", "Track", "Model"})
SETTINGS: Final = {"altitudeMode": "altitude_mode", "extrude": "extrude", "tessellate": "tessellate"}
COMMAS: Final = re.compile(r"[\s;]*,[\s,;]*")
NONE: Final = Places(array("d"), 2)


class Geometries:
    """Takes one placemark's geometries apart. `vertices` says how many the last one had."""

    def __init__(self, notes: Notes, data: ExtendedData) -> None:
        self._notes = notes
        self._data = data
        self._along: dict[str, list[str]] = {}
        self.vertices = 0

    def of(self, geometries: Sequence[tuple[str, Element]], properties: dict[str, Value], line: int) -> list[Part]:
        """The parts of a placemark that begins at `line`; none, with a note, when there is nothing that can be used."""
        self.vertices = 0
        self._along = {}
        if not geometries:
            self._notes.left_out("a placemark without geometry", line)
        found = [part for kind, one in geometries for part in self._parts(kind, one, properties)]
        for key, values in self._along.items():
            if len(values) == self.vertices:
                properties[key] = self._data.typed_array(key, values)
            else:
                self._notes.left_out(f"{key!r} of a track: there are more or fewer than places", line)
        return found

    def _parts(self, kind: str, element: Element, properties: dict[str, Value]) -> list[Part]:
        inner = children(element)
        if kind in {"MultiGeometry", "MultiTrack"}:
            if not any(name in GEOMETRIES for name, _ in inner):
                self._notes.left_out(f"an empty {kind}", element.sourceline or 0)
            return [part for name, one in inner if name in GEOMETRIES for part in self._parts(name, one, properties)]
        for name, one in inner:
            if (
                (setting := SETTINGS.get(name))
                and (text := text_only(one, self._notes))
                and properties.setdefault(setting, text) != text
            ):
                self._notes.left_out(f"<{name}> {text}: another part of the placemark says otherwise", one.sourceline or 0)
        if kind == "Polygon":
            made = self._polygon(element, inner)
        elif kind == "Track":
            made = self._track(element)
        else:
            made = self._simple(kind, element)
        return [] if made is None else [made]

    def _simple(self, kind: str, element: Element) -> Part | None:
        if kind == "Model":
            self._notes.repaired("<Model>: its place is taken, as a point; its body is not", element.sourceline or 0)
            location = child(element, "Location")
            sides = [] if location is None else [child(location, side) for side in ("longitude", "latitude", "altitude")]
            places = self._places(",".join(text_only(side, self._notes) or "0" for side in sides), element)
        else:
            places = self._places(text_only(child(element, "coordinates"), self._notes), element)
        if kind in {"Point", "Model"}:
            if places.size > 1:
                self._notes.left_out("places after the first of a Point", element.sourceline or 0)
            return Part("Point", [places.first()]) if places.size else self._nothing(kind, element)
        if kind == "LinearRing":
            ring = self._ring(places, element)
            return Part("LineString", [ring]) if ring is not None else self._nothing(kind, element)
        return Part("LineString", [places]) if places.size > 1 else self._nothing(kind, element)

    def _polygon(self, element: Element, inner: Sequence[tuple[str, Element]]) -> Part | None:
        outer: Places | None = None
        holes: list[Places] = []
        for kind, boundary in inner:
            if kind not in {"outerBoundaryIs", "innerBoundaryIs"}:
                continue
            for name, one in children(boundary):
                if name != "LinearRing":
                    continue
                ring = self._ring(self._places(text_only(child(one, "coordinates"), self._notes), one), one)
                if ring is None:
                    self._nothing(f"a {'hole' if kind == 'innerBoundaryIs' else 'ring'} of a Polygon", one)
                elif kind == "innerBoundaryIs":
                    holes.append(ring)
                elif outer is None:
                    outer = ring
                else:
                    self._notes.left_out("a second outer ring of a Polygon", one.sourceline or 0)
        if outer is None:
            return self._nothing("Polygon", element)
        return Part("Polygon", narrowed([outer, *holes], self._notes, element.sourceline or 0) if holes else [outer])

    def _track(self, element: Element) -> Part | None:
        """A track's places; what it gives for each of them (times, measured values) goes along, when there are as many."""
        texts = [",".join(text_only(one, self._notes).split()) for one in element if local(one) == "coord"]
        along = {"times": [text_only(one, self._notes) for one in element if local(one) == "when"]}
        for one in element:
            kind = local(one)
            if kind == "ExtendedData":
                along |= self._data.arrays(one)
            elif kind in {"angles", "Model"}:
                self._notes.left_out(f"<{kind}> of a track", one.sourceline or 0)
        before = self.vertices
        places = self._places(" ".join(texts), element)
        kept = [at for at, text in enumerate(texts) if text] if "" in texts else None
        for key, values in along.items():
            if values and len(values) == len(texts) and len(texts) - texts.count("") == places.size:
                self._along.setdefault(key, [""] * before).extend([values[at] for at in kept] if kept is not None else values)
            elif values:
                self._notes.left_out(f"{key!r} of a track: there are more or fewer than places", element.sourceline or 0)
        if not places.size:
            return self._nothing("Track", element)
        return Part("Point" if places.size == 1 else "LineString", [places])

    def _ring(self, places: Places, element: Element) -> Places | None:
        """A closed ring, or None when it encloses nothing."""
        numbers, width = places
        if places.size > 2 and (numbers[0], numbers[1]) != (numbers[-width], numbers[1 - width]):
            self._notes.repaired("a ring that was left open: closed", element.sourceline or 0)
            places = Places(numbers + numbers[:width], width)
        return places if places.size > 3 else None

    def _places(self, text: str, element: Element) -> Places:
        tuples = text.split()
        if not tuples:
            return NONE
        found = alike(tuples) or self._one_by_one(text, element.sourceline or 0)
        self.vertices += found.size
        return found

    def _one_by_one(self, text: str, line: int) -> Places:
        """Places that do not all look alike: spaces after commas, commas after places, altitudes here and there, rubbish."""
        rows: list[list[float]] = []
        for values in tuples_of(text):
            try:
                numbers = [float(value) for value in values]
            except ValueError:
                numbers = []
            if len(numbers) < 2 or not all(map(math.isfinite, numbers[:2])):
                self._notes.left_out("places that are no numbers", line)
                continue
            if len(numbers) > 3:
                self._notes.left_out("numbers after the altitude of a place", line)
            rows.append(numbers[:3])
        high = [len(row) == 3 and math.isfinite(row[2]) for row in rows]
        if any(high) and not all(high):
            self._notes.left_out("altitudes that only some places of a geometry have", line)
        elif not any(high) and any(len(row) == 3 for row in rows):
            self._notes.left_out("altitudes that are no numbers", line)
        width = 3 if rows and all(high) else 2
        return Places(array("d", (number for row in rows for number in row[:width])), width)

    def _nothing(self, kind: str, element: Element) -> None:
        self._notes.left_out(f"{kind} with too few places", element.sourceline or 0)


def alike(tuples: Sequence[str]) -> Places | None:
    """Places that are all written the same way, as nearly all are; None when they are not."""
    commas = tuples[0].count(",")
    if commas not in {1, 2} or any(each.count(",") != commas for each in tuples):
        return None
    try:
        numbers = array("d", map(float, ",".join(tuples).split(",")))
    except ValueError:
        return None
    return Places(numbers, commas + 1) if math.isfinite(sum(numbers)) else None


def tuples_of(text: str) -> list[list[str]]:
    """The numbers of each place, as texts, where commas and spaces are not as they should be."""
    parted = [part.strip(",;").split(",") for part in text.split()]
    if all(len(part) > 1 for part in parted):
        return parted
    joined = [part.strip(",;").split(",") for part in COMMAS.sub(",", text.strip(" \t\r\n,;")).split()]
    if len(joined) == 1 and len(joined[0]) > 3 and len(joined[0]) % 3 == 0:  # commas after the places too: "1, 2, 0, 3, 4, 0"
        return [joined[0][at : at + 3] for at in range(0, len(joined[0]), 3)]
    return joined
