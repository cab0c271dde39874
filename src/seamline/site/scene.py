"""A scene: a grid of cells, the solids that stand on it, and what an observer sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from seamline.site.frame import CM, HEIGHT_CM, REACH_CM, SiteError, centimetres
from seamline.site.observers import Observer, Sensor
from seamline.site.unhidden import unhidden
from seamline.site.visibility import Cells, Kernel, Terrain

Mask = NDArray[np.uint8]
"""(rows, columns), the southern row first: 0 hidden or out of the field, else 1 + levels."""
Ring = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells of `cell` metres, the first with its south-western corner at (west, south)."""

    columns: int
    rows: int
    west: float
    south: float
    cell: float

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 1:
            raise SiteError(f"a grid of {self.columns} by {self.rows} cells has none; both must be at least 1")
        step = centimetres(self.cell, "a grid's cell")
        if step < 2 or step % 2 or abs(self.cell * CM - step) > 1e-6:
            raise SiteError(
                f"a grid's cell is {self.cell:g} m; give an even number of centimetres, so that centres are whole ones"
            )
        if max(self.columns, self.rows) * step > REACH_CM:
            wide, high = self.columns * self.cell, self.rows * self.cell
            raise SiteError(f"a grid of {wide:g} by {high:g} m is too large; the most is {REACH_CM / CM:g} m. Divide the site")

    @property
    def step(self) -> int:
        """From one cell's centre to the next, in centimetres."""
        return centimetres(self.cell, "a grid's cell")

    @property
    def first(self) -> tuple[int, int]:
        """The centre of the first cell, in centimetres."""
        return centimetres(self.west, "a grid's west") + self.step // 2, centimetres(
            self.south, "a grid's south"
        ) + self.step // 2

    @property
    def cells(self) -> Cells:
        """As the kernel takes it."""
        return (self.columns, self.rows, *self.first, self.step)

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The x of every column and the y of every row, in metres."""
        x, y = self.first
        return (x + np.arange(self.columns) * self.step) / CM, (y + np.arange(self.rows) * self.step) / CM

    def within(self, area: BaseGeometry) -> NDArray[np.bool_]:
        """(rows, columns): which cells have their centre in the interior of `area`."""
        xs, ys = self.centres()
        return shapely.contains_xy(area, xs[np.newaxis, :], ys[:, np.newaxis])


@dataclass(frozen=True, slots=True)
class Solid:
    """Something that hides: a footprint up to the height `top_cm`. Outer rings run counter-clockwise, holes clockwise."""

    rings: tuple[Ring, ...]
    top_cm: int
    name: str = ""

    @classmethod
    def of(cls, footprint: Polygon | MultiPolygon, height: float, name: str = "", *, base: float = 0.0) -> Solid:
        """A footprint in metres, put on whole centimetres, `height` metres high on ground at `base`.

        SiteError when nothing of it is left, or for a height of nothing.
        """
        what = f"solid {name!r}" if name else "a solid"
        if centimetres(height, f"{what}: its height", HEIGHT_CM - 1) <= 0:
            raise SiteError(f"{what} is {height:g} m high; it must be above 0, or it is no solid")
        top = centimetres(base + height, f"{what}: its top", HEIGHT_CM - 1)
        for bound in footprint.bounds:
            centimetres(bound, f"{what}: a coordinate")
        kept: BaseGeometry = shapely.set_precision(footprint, 1 / CM)  # pyright: ignore[reportUnknownMemberType] # a stub's gap
        parts = [part for part in getattr(kept, "geoms", [kept]) if isinstance(part, Polygon) and not part.is_empty]
        if not parts:
            raise SiteError(f"{what} has no area of a square centimetre; give a footprint in metres")
        return cls(tuple(ring for part in parts for ring in rings_of(orient(part))), top, name)

    @property
    def footprint(self) -> BaseGeometry:
        """The footprint, in metres."""
        parts = [Polygon([(x / CM, y / CM) for x, y in ring]) for ring in self.rings]
        solid = shapely.union_all([part for part in parts if part.exterior.is_ccw])
        return solid.difference(shapely.union_all([part for part in parts if not part.exterior.is_ccw]))


def rings_of(polygon: Polygon) -> list[Ring]:
    """Its rings in whole centimetres, without the closing point."""
    rings = [polygon.exterior, *polygon.interiors]
    return [tuple((round(x * CM), round(y * CM)) for x, y in ring.coords[:-1]) for ring in rings]


class Scene:
    """Solids on a grid, and the ground under them. Not for several threads at once: it works in one memory.

    The ground is flat, or has the height `ground` (rows, columns; metres) in each cell's centre and is bilinear between. Heights
    are measured from the level of the solids' bases; an observer's from the ground where it stands. The earth is flat: 2 km away
    that hides 0.3 m too little.
    """

    def __init__(self, grid: Grid, solids: Sequence[Solid] = (), ground: NDArray[np.float64] | None = None) -> None:
        self.grid = grid
        self.solids = tuple(solids)
        self.ground = None if ground is None else heights_of(grid, ground)
        self._kernel = Kernel((solid.rings, solid.top_cm) for solid in self.solids)
        self._raised: tuple[int, bool, NDArray[np.int32]] | None = None

    def mask(self, observer: Observer, target: float = 0.0, *, roofs: bool = False) -> Mask:
        """What `observer` sees of targets that stand `target` metres above the ground.

        A cell is seen when the straight line from the observer to the target at its centre passes through no solid's interior, and
        not below the ground; so nothing inside a building is seen from outside. With `roofs`, a target in a footprint stands on
        the roof; where roofs overlap, on the last one's.
        """
        above = centimetres(target, "a target's height", HEIGHT_CM - 1)
        if above < 0:
            raise SiteError(f"targets stand {target:g} m above the ground; below it nothing is seen")
        if isinstance(observer, Sensor) and observer.sight != "line":
            return unhidden(self.grid, observer)[1].astype(np.uint8)
        if self.ground is not None:
            return self._see(self.grid, observer, 0, (self.ground, self._targets(self.ground, above, roofs=roofs)))
        found = self._see(self.grid, observer, above)
        if roofs:
            for solid in self.solids:
                self._see_roof(found, solid, observer, above)
        return found

    def ground_at(self, x: int, y: int) -> int:
        """The height of the ground at a place, in centimetres; beyond the grid's outermost centres that of the nearest of them."""
        if self.ground is None:
            return 0
        first_x, first_y = self.grid.first
        column = min(max((x - first_x) / self.grid.step, 0), self.grid.columns - 1)
        row = min(max((y - first_y) / self.grid.step, 0), self.grid.rows - 1)
        west, south = int(column), int(row)
        east, north = min(west + 1, self.grid.columns - 1), min(south + 1, self.grid.rows - 1)
        corners = self.ground[[[south, south], [north, north]], [[west, east], [west, east]]]
        across = corners[:, 0] + (corners[:, 1] - corners[:, 0]) * (column - west)
        return round(float(across[0] + (across[1] - across[0]) * (row - south)))

    def _see(self, grid: Grid, observer: Observer, target: int, terrain: Terrain | None = None) -> Mask:
        field = observer.field()
        x, y = grid.first
        far = max(abs(edge) for edge in (field.x - x, field.y - y))
        if far + max(grid.columns, grid.rows) * grid.step > REACH_CM:
            raise SiteError(
                f"an observer at {field.x / CM:g}, {field.y / CM:g} m is too far from the grid; is it in the same frame?"
            )
        return self._kernel.see(grid.cells, field, self.ground_at(field.x, field.y) + field.z, target, terrain)

    def _targets(self, ground: NDArray[np.int32], above: int, *, roofs: bool) -> NDArray[np.int32]:
        """Over terrain: how high each cell's target is. The last answer is kept: observers are many, heights of targets few."""
        if self._raised is None or self._raised[:2] != (above, roofs):
            found = ground + np.int32(above)
            for solid in self.solids if roofs else ():
                found[self.grid.within(solid.footprint)] = solid.top_cm + above
            found.flags.writeable = False
            self._raised = above, roofs, found
        return self._raised[2]

    def _see_roof(self, found: Mask, solid: Solid, observer: Observer, above: int) -> None:
        """On flat ground: put into `found` what is seen of one solid's roof, `above` centimetres above it."""
        grid, step, (first_x, first_y) = self.grid, self.grid.step, self.grid.first
        xs, ys = [x for ring in solid.rings for x, _ in ring], [y for ring in solid.rings for _, y in ring]
        west, east = max(0, (min(xs) - first_x) // step), min(grid.columns - 1, -((first_x - max(xs)) // step))
        south, north = max(0, (min(ys) - first_y) // step), min(grid.rows - 1, -((first_y - max(ys)) // step))
        if west > east or south > north:
            return
        part = Grid(east - west + 1, north - south + 1, grid.west + west * grid.cell, grid.south + south * grid.cell, grid.cell)
        seen = self._see(part, observer, solid.top_cm + above)
        on_roof = part.within(solid.footprint)
        found[south : north + 1, west : east + 1][on_roof] = seen[on_roof]


def heights_of(grid: Grid, ground: NDArray[np.float64]) -> NDArray[np.int32]:
    """The ground in whole centimetres; SiteError when it is not the grid's, has holes, or is higher than can be worked with."""
    if ground.shape != (grid.rows, grid.columns):
        raise SiteError(f"ground of shape {ground.shape} does not fit a grid of {grid.rows} rows and {grid.columns} columns")
    if not np.isfinite(ground).all():
        raise SiteError(
            f"the ground has no height in {int((~np.isfinite(ground)).sum())} cells; fill these holes, or leave those cells out"
        )
    found = np.rint(ground * CM)
    if np.abs(found).max() >= HEIGHT_CM:
        raise SiteError(
            f"ground reaches {float(np.abs(ground).max()):g} m; measure it from the site's own level, the most is {HEIGHT_CM / CM:g} m"
        )
    heights = found.astype(np.int32)
    heights.flags.writeable = False
    return heights
