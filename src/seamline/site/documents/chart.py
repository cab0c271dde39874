"""A site on paper: local metres onto a room of a sheet at a round scale, and geometry as marks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point as Place, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.site.documents.drawing import Circle, Ink, Mark, Path, Point
from seamline.site.documents.sheets import Room
from seamline.site.scene import Grid

SCALES: Final = (
    20, 50, 100, 150, 200, 250, 300, 400, 500, 600, 750, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10_000, 15_000, 20_000, 25_000, 50_000,
)  # fmt: skip
"""Round scales, as on a ruler."""
MM_PER_M: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Chart:
    """Local metres on a room of a sheet: the middle of the room is (x, y), one metre is 1000 / `scale` millimetres."""

    room: Room
    x: float
    y: float
    scale: int

    @classmethod
    def of(cls, room: Room, bounds: tuple[float, float, float, float]) -> Chart:
        """The largest round scale at which these bounds have room."""
        west, south, east, north = bounds
        needed = max((east - west) * MM_PER_M / room.width, (north - south) * MM_PER_M / room.height, 1e-9)
        scale = next((one for one in SCALES if one >= needed), None) or math.ceil(needed / 10_000) * 10_000
        return cls(room, (west + east) / 2, (south + north) / 2, scale)

    @property
    def mm(self) -> float:
        """Millimetres for a metre."""
        return MM_PER_M / self.scale

    @property
    def clip(self) -> tuple[float, float, float, float]:
        """The room, as a group's clip."""
        return self.room.x, self.room.y, self.room.width, self.room.height

    def at(self, x: float, y: float) -> Point:
        """Where a place of the site lies on the sheet."""
        middle_x, middle_y = self.room.x + self.room.width / 2, self.room.y + self.room.height / 2
        return middle_x + (x - self.x) * self.mm, middle_y - (y - self.y) * self.mm

    def shows(self, x: float, y: float) -> bool:
        """Whether a place lies in the room."""
        west, south, east, north = self.seen()
        return west <= x <= east and south <= y <= north

    def clips(self, geometry: BaseGeometry) -> bool:
        """Whether anything of a geometry lies in the room."""
        return not shapely.clip_by_rect(geometry, *self.seen()).is_empty

    def seen(self) -> tuple[float, float, float, float]:
        """What of the site the room shows: west, south, east, north."""
        across, up = self.room.width / 2 / self.mm, self.room.height / 2 / self.mm
        return self.x - across, self.y - up, self.x + across, self.y + up

    def marks(self, geometry: BaseGeometry, ink: Ink, dot: float = 0.8) -> Iterator[Mark]:
        """A geometry as marks: areas with their holes, lines, and points as dots of a radius in millimetres."""
        if isinstance(geometry, (Polygon, MultiPolygon)):
            rings = self.rings(geometry)
            if rings:
                yield Path(rings, ink)
        elif isinstance(geometry, (LineString, MultiLineString)):
            lines = [part for part in getattr(geometry, "geoms", [geometry]) if not part.is_empty]
            if lines:
                yield Path(tuple(tuple(self.at(x, y) for x, y, *_ in part.coords) for part in lines), ink, closed=False)
        elif isinstance(geometry, Place):
            if not geometry.is_empty:
                x, y = self.at(geometry.x, geometry.y)
                yield Circle(x, y, dot, ink)
        else:
            for part in getattr(geometry, "geoms", ()):
                yield from self.marks(part, ink, dot)

    def rings(self, area: Polygon | MultiPolygon) -> tuple[tuple[Point, ...], ...]:
        """All rings of an area, outer ones and holes, without their closing points."""
        parts = [part for part in getattr(area, "geoms", [area]) if not part.is_empty]
        return tuple(
            tuple(self.at(x, y) for x, y, *_ in ring.coords[:-1]) for part in parts for ring in (part.exterior, *part.interiors)
        )

    def hatched(self, area: BaseGeometry, ink: Ink, step: float = 2.6) -> Iterator[Mark]:
        """Lines at 45 degrees over an area, `step` millimetres apart: what can be told from its ground without colour."""
        if area.is_empty:
            return
        west, south, east, north = area.bounds
        gap = step * math.sqrt(2) / self.mm
        first, last = math.floor((west - north) / gap), math.ceil((east - south) / gap)
        lines = [LineString([(south + at * gap, south), (north + at * gap, north)]) for at in range(first, last + 1)]
        cut = shapely.intersection(MultiLineString(lines), area)
        parts = [part for part in shapely.get_parts(cut) if isinstance(part, LineString)]
        if parts:
            yield from self.marks(MultiLineString(parts), ink)


def cells_area(grid: Grid, cells: NDArray[np.bool_]) -> BaseGeometry:
    """The area of those cells (rows, columns of the grid), as polygons in local metres."""
    edges = np.diff(np.pad(cells.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    west, south = grid.west + starts * grid.cell, grid.south + rows * grid.cell
    runs = shapely.box(west, south, grid.west + ends * grid.cell, south + grid.cell)
    return shapely.union_all(np.asarray(runs, dtype=object))
