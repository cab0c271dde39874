"""Why an observer does not see a cell: its field worked out for whole grids in numpy, without anything that hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.site.observers import Field, Plane
from seamline.site.scene import Grid

Cells = NDArray[np.bool_]
SIDES: Final = slice(0, 2)
LOWER_EDGE: Final = 2
"""Which of a camera's planes are the sides and the lower edge of its picture; see Camera.field."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A field on a grid (rows, columns): what is within its range, what lies below the picture, and how many densities it reaches."""

    near_enough: Cells
    below: Cells
    """Between the sides of a camera's picture, and below its lower edge: the near blind spot."""
    level: NDArray[np.uint8]
    """0 outside the field or out of range, else 1 + densities reached: the kernel's mask of an empty site."""


def reach_of(field: Field, grid: Grid, eye: int, targets: int | NDArray[np.int32]) -> Reach:
    """The reach of a field from `eye` over `targets` (centimetres; one for all or one for each cell)."""
    first_x, first_y = grid.first
    dx = (first_x + np.arange(grid.columns, dtype=np.int64) * grid.step - field.x)[np.newaxis, :]
    dy = (first_y + np.arange(grid.rows, dtype=np.int64) * grid.step - field.y)[:, np.newaxis]
    dz = np.asarray(targets, np.int64) - eye

    def within(plane: Plane) -> Cells:
        # One comparison of a row with a column where the ground is flat: the sums stay one-dimensional.
        x, y, z, c = plane
        return np.asarray(x * dx >= -(y * dy + z * dz + c))

    near_enough = np.asarray(dx * dx <= field.range_cm**2 - (dy * dy + dz * dz))
    inside = np.ones(near_enough.shape, np.bool_)
    for plane in field.planes:
        inside &= within(plane)
    if field.cuts:
        cut = np.ones(near_enough.shape, np.bool_)
        for plane in field.cuts:
            cut &= within(plane)
        inside &= ~cut
    level = np.where(near_enough & inside, np.uint8(1), np.uint8(0))
    for plane in field.levels:
        level += (level > 0) & within(plane)
    below = np.zeros(near_enough.shape, np.bool_)
    if len(field.planes) > LOWER_EDGE:
        below = ~within(field.planes[LOWER_EDGE])
        for plane in field.planes[SIDES]:
            below &= within(plane)
    return Reach(near_enough, below, level)
