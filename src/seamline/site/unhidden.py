"""Sensors from which nothing hides: what reads the ground about itself, or only where it stands. Ranges are on the level here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from seamline.site.observers import Sensor
    from seamline.site.scene import Grid

Cells = NDArray[np.bool_]


def unhidden(grid: Grid, sensor: Sensor) -> tuple[Cells, Cells]:
    """Which cells are near enough, and which of them it senses: all in its sector, or with `point` the one that it stands in."""
    field = sensor.field()
    first_x, first_y = grid.first
    dx = (first_x + np.arange(grid.columns, dtype=np.int64) * grid.step - field.x)[np.newaxis, :]
    dy = (first_y + np.arange(grid.rows, dtype=np.int64) * grid.step - field.y)[:, np.newaxis]
    if sensor.sight == "point":
        inside_x, inside_y = ((-grid.step < 2 * away) & (2 * away <= grid.step) for away in (dx, dy))
        own = inside_x & inside_y
        return own, own
    near = dx * dx + dy * dy <= field.range_cm**2
    sensed = near.copy()
    for x, y, _, c in field.planes:
        sensed &= x * dx + y * dy + c >= 0
    if field.cuts:
        cut = np.ones(near.shape, np.bool_)
        for x, y, _, c in field.cuts:
            cut &= x * dx + y * dy + c >= 0
        sensed &= ~cut
    return near, sensed
