"""Shapes of many features at once: numbers in, shapely's geometries out, each in degrees and on earth."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
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

    kind: Literal["Point", "LineString", "Polygon"]
    places: list[Places]


def narrowed(rings: list[Places], notes: Notes, line: int) -> list[Places]:
    """All without altitudes when one has none."""
    if len({ring.width for ring in rings}) == 1:
        return rings
    notes.left_out("altitudes that only some places of a geometry have", line)
    return [ring.flat() for ring in rings]


def built(parts: Sequence[Part]) -> Shapes:
    """The shapes of all parts, in their order."""
    done = np.empty(len(parts), dtype=object)
    groups: dict[tuple[str, int], list[int]] = {}
    for at, (kind, places) in enumerate(parts):
        groups.setdefault((kind, places[0].width), []).append(at)
    for (kind, width), members in groups.items():
        rings = [ring for at in members for ring in parts[at].places]
        numbers = np.concatenate([np.frombuffer(ring.numbers) for ring in rings]).reshape(-1, width)
        which = np.repeat(np.arange(len(rings)), [len(ring.numbers) // width for ring in rings])
        if kind == "Point":
            done[members] = shapely.points(numbers)
        elif kind == "LineString":
            done[members] = shapely.linestrings(numbers, indices=which)
        else:
            owners = np.repeat(np.arange(len(members)), [len(parts[at].places) for at in members])
            loops = np.asarray(shapely.linearrings(numbers, indices=which), dtype=object)
            done[members] = shapely.polygons(loops, indices=owners)
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
