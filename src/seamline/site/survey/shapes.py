"""Shapes of many features at once: numbers in, shapely's geometries out, each in degrees and on earth."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

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

from seamline.site.survey.feature import Notes

if TYPE_CHECKING:
    Shapes = NDArray[np.object_]

Kind = Literal["Point", "LineString", "Polygon"]
WORLD: Final = (-180.0, -90.0, 180.0, 90.0)
"""Degrees: west, south, east, north."""


class Places(NamedTuple):
    """Longitude and latitude, and with a width of 3 altitude, of one place after the other."""

    numbers: array[float]
    width: int

    @property
    def size(self) -> int:
        """How many places."""
        return len(self.numbers) // self.width

    def first(self) -> Places:
        """The first place alone."""
        return Places(self.numbers[: self.width], self.width)

    def flat(self) -> Places:
        """Without altitudes."""
        return self if self.width == 2 else Places(array("d", np.frombuffer(self.numbers).reshape(-1, 3)[:, :2].tobytes()), 2)


class Part(NamedTuple):
    """A shape's numbers: of a polygon its outer ring and its holes, closed, else one sequence of places. All have one width."""

    kind: Kind
    places: list[Places]


def narrowed(rings: list[Places], notes: Notes, line: int) -> list[Places]:
    """All without altitudes when one has none."""
    if len({ring.width for ring in rings}) == 1:
        return rings
    notes.left_out("altitudes that only some places of a geometry have", line)
    return [ring.flat() for ring in rings]


def integers() -> array[int]:
    """No whole numbers yet."""
    return array("q")


@dataclass(slots=True)
class Group:
    """Parts of one kind and width: numbers of all, places of each ring, rings of each part, and which part of the survey each is."""

    numbers: array[float] = field(default_factory=lambda: array("d"))
    places: array[int] = field(default_factory=integers)
    rings: array[int] = field(default_factory=integers)
    which: array[int] = field(default_factory=integers)

    def built(self, kind: Kind, width: int) -> Shapes:
        """Their shapes, in their order."""
        numbers = np.frombuffer(self.numbers).reshape(-1, width)
        if kind == "Point":
            return np.asarray(shapely.points(numbers), dtype=object)
        of_ring = np.repeat(np.arange(len(self.places)), self.places)
        if kind == "LineString":
            return np.asarray(shapely.linestrings(numbers, indices=of_ring), dtype=object)
        loops = np.asarray(shapely.linearrings(numbers, indices=of_ring), dtype=object)
        of_part = np.repeat(np.arange(len(self.rings)), self.rings)
        return np.asarray(shapely.polygons(loops, indices=of_part), dtype=object)


class Parts:
    """The parts of a whole survey, in a few flat arrays: an object for each would take a fifth more memory."""

    def __init__(self) -> None:
        self._groups: defaultdict[tuple[Kind, int], Group] = defaultdict(Group)
        self._size = 0

    def add(self, parts: Sequence[Part]) -> range:
        """Some more; which of all they are."""
        for at, (kind, rings) in enumerate(parts, self._size):
            group = self._groups[kind, rings[0].width]
            for ring in rings:
                group.numbers.extend(ring.numbers)
                group.places.append(ring.size)
            group.rings.append(len(rings))
            group.which.append(at)
        self._size += len(parts)
        return range(self._size - len(parts), self._size)

    def built(self) -> Shapes:
        """The shapes of all, in their order."""
        done = np.empty(self._size, dtype=object)
        for (kind, width), group in self._groups.items():
            done[group.which] = group.built(kind, width)
        return done


def without_altitude(geometry: BaseGeometry) -> BaseGeometry:
    """The same, flat."""
    return shapely.force_2d(geometry)  # pyright: ignore[reportUnknownMemberType] - its stub


def outside(shapes: Shapes) -> NDArray[np.bool_]:
    """Which shapes do not lie where longitudes and latitudes are."""
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T  # pyright: ignore[reportUnknownMemberType] - its stub
    inside = (west >= WORLD[0]) & (south >= WORLD[1]) & (east <= WORLD[2]) & (north <= WORLD[3])
    return np.asarray(~inside, dtype=np.bool_)


def swapped(shapes: Shapes) -> bool:
    """Whether shapes that are not on earth would be with their axes exchanged."""
    return not outside(shapely.transform(shapes, lambda places: places[:, ::-1])).any()


def gathered(parts: Sequence[BaseGeometry]) -> BaseGeometry:
    """Several geometries as one: of one kind where they are."""
    points, lines = [part for part in parts if isinstance(part, Point)], [part for part in parts if isinstance(part, LineString)]
    polygons = [part for part in parts if isinstance(part, Polygon)]
    if len(points) == len(parts):
        return MultiPoint(points)
    if len(lines) == len(parts):
        return MultiLineString(lines)
    return MultiPolygon(polygons) if len(polygons) == len(parts) else GeometryCollection(list(parts))
