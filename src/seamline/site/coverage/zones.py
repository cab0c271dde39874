"""The cells of one zone, and the masks of what sees them; a mask that was worked out once is kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from seamline.site.coverage.reach import Reach, reach_of
from seamline.site.frame import CM, SiteError
from seamline.site.observers import Observer, Sensor
from seamline.site.plan.site import Areal, Site, SiteZone
from seamline.site.scene import Grid, Mask, Scene, Solid
from seamline.site.unhidden import unhidden

CELLS_MAX: Final = 16_000_000
K = TypeVar("K", bound=np.generic)
MASKS_MAX: Final = 4096
"""Masks that are kept of one zone; then the oldest is let go."""


class ZoneCells:
    """A zone on its grid: the part of the site's grid about it, and of that the cells whose centre lies in it.

    Cells in a solid's footprint are none of the zone's, unless its targets stand on roofs.
    """

    def __init__(self, site: Site, found: SiteZone) -> None:
        self.zone = found.zone
        self.site = site
        self.grid, self.offset = window(site.grid, found.area, found.zone.id)
        inside = self.grid.within(found.area)
        if not found.zone.roofs:
            for solid, bounds in zip(site.solids, self.boxes.tolist(), strict=True):
                clear(self.grid, inside, solid, bounds)
        self.inside: NDArray[np.bool_] = inside
        self._masks: dict[Observer, Mask] = {}
        self._alone: dict[int, Scene] = {}

    @property
    def cells(self) -> int:
        """How many."""
        return int(self.inside.sum())

    @cached_property
    def scene(self) -> Scene:
        """What stands there."""
        return self._scene(self.site.solids)

    @cached_property
    def bare(self) -> Scene:
        """The ground alone."""
        return self._scene(())

    def mask(self, observer: Observer) -> Mask:
        """What an observer sees of the zone's grid: 0, or 1 and one more for each pixel density."""
        found = self._masks.get(observer)
        if found is None:
            if len(self._masks) >= MASKS_MAX:
                self._masks.pop(next(iter(self._masks)))
            found = self._masks[observer] = self._cut(self.scene.mask(observer, self.zone.target_m, roofs=self.zone.roofs))
        return found

    def mask_bare(self, observer: Observer) -> Mask:
        """What it would see if nothing stood on the ground."""
        return self._cut(self.bare.mask(observer, self.zone.target_m))

    def hidden_by(self, at: int, observer: Observer) -> NDArray[np.bool_]:
        """What the solid number `at` alone hides."""
        if at not in self._alone:
            self._alone[at] = self._scene((self.site.solids[at],))
        return self._cut(self._alone[at].mask(observer, self.zone.target_m, roofs=self.zone.roofs)) == 0

    def reach(self, observer: Observer) -> Reach:
        """The field of an observer on the zone's grid."""
        if isinstance(observer, Sensor) and observer.sight != "line":
            near, sensed = unhidden(self.grid, observer)
            return Reach(near, np.zeros_like(near), sensed.astype(np.uint8))
        field = observer.field()
        eye = self.scene.ground_at(field.x, field.y) + field.z
        return reach_of(field, self.grid, eye, self._targets)

    @cached_property
    def boxes(self) -> NDArray[np.int64]:
        """West, south, east and north of each solid, in centimetres."""
        corners = [np.array([place for ring in solid.rings for place in ring], np.int64) for solid in self.site.solids]
        found = [[*own.min(axis=0).tolist(), *own.max(axis=0).tolist()] for own in corners]
        return np.array(found, np.int64).reshape(-1, 4)

    @cached_property
    def _targets(self) -> int | NDArray[np.int32]:
        """How high targets are, in centimetres: all alike, or each cell's."""
        above = round(self.zone.target_m * CM)
        ground = self.scene.ground
        if ground is None and not self.zone.roofs:
            return above
        found = (
            np.full((self.grid.rows, self.grid.columns), above, np.int32)
            if ground is None
            else self._cut(ground) + np.int32(above)
        )
        for solid in self.site.solids if self.zone.roofs else ():
            found[self.grid.within(solid.footprint)] = solid.top_cm + above
        return found

    def _scene(self, solids: Sequence[Solid]) -> Scene:
        # Over terrain the ground between the observer and the zone counts too.
        if self.site.ground is None:
            return Scene(self.grid, solids)
        return Scene(self.site.grid, solids, self.site.ground)

    def _cut(self, whole: NDArray[K]) -> NDArray[K]:
        """Of an array over the scene's grid the zone's part."""
        if self.site.ground is None:
            return whole
        column, row = self.offset
        return whole[row : row + self.grid.rows, column : column + self.grid.columns].copy()


def clear(grid: Grid, cells: NDArray[np.bool_], solid: Solid, bounds: Sequence[int]) -> None:
    """Take the cells of a solid's footprint out; only those within its bounds (centimetres) are looked at."""
    west, south, east, north = (bound / CM for bound in bounds)
    first = max(0, int((west - grid.west) // grid.cell)), max(0, int((south - grid.south) // grid.cell))
    last = min(grid.columns, int((east - grid.west) // grid.cell) + 1), min(grid.rows, int((north - grid.south) // grid.cell) + 1)
    if first[0] >= last[0] or first[1] >= last[1]:
        return
    part = Grid(
        last[0] - first[0], last[1] - first[1], grid.west + first[0] * grid.cell, grid.south + first[1] * grid.cell, grid.cell
    )
    cells[first[1] : last[1], first[0] : last[0]] &= ~part.within(solid.footprint)


def window(grid: Grid, area: Areal, ident: str) -> tuple[Grid, tuple[int, int]]:
    """The part of a grid about an area, and its first column and row; SiteError when it has too many cells."""
    west, south, east, north = area.bounds
    first = max(0, int((west - grid.west) // grid.cell)), max(0, int((south - grid.south) // grid.cell))
    last = min(grid.columns, int((east - grid.west) // grid.cell) + 1), min(grid.rows, int((north - grid.south) // grid.cell) + 1)
    columns, rows = max(1, last[0] - first[0]), max(1, last[1] - first[1])
    if columns * rows > CELLS_MAX:
        raise SiteError(f"zone {ident!r} has {columns * rows:,} cells about it; the most is {CELLS_MAX:,}. Enlarge 'grid.cell'")
    step = grid.step
    west_cm, south_cm = round(grid.west * CM) + first[0] * step, round(grid.south * CM) + first[1] * step
    return Grid(columns, rows, west_cm / CM, south_cm / CM, grid.cell), first
