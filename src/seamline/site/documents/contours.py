"""Contour lines of the terrain: where the ground is of one height."""

from __future__ import annotations

import math
from typing import Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry

from seamline.site.scene import Grid

INTERVALS: Final = (0.5, 1, 2, 5, 10, 20, 50, 100)
LINES_MAX: Final = 14
"""Contours of a map: with more, it is they that one sees."""


def interval(low: float, high: float) -> float:
    """The least round height (m) from contour to contour at which there are not too many of them."""
    return next((one for one in INTERVALS if (high - low) / one <= LINES_MAX), float(INTERVALS[-1]))


def levels(low: float, high: float, step: float) -> list[float]:
    """The multiples of `step` between two heights."""
    return [at * step for at in range(math.floor(low / step) + 1, math.ceil(high / step))]


def contour(grid: Grid, heights: NDArray[np.float64], level: float, stride: int = 1) -> MultiLineString:
    """Where heights (m, at the cells' centres, southern row first) are `level`, by straight lines in triangles of every `stride`-th centre."""
    z = heights[::stride, ::stride]
    rows, columns = z.shape
    points = np.empty((rows, columns, 3))
    points[..., 0] = grid.west + (np.arange(columns, dtype=np.float64) * stride + 0.5) * grid.cell
    points[..., 1] = (grid.south + (np.arange(rows, dtype=np.float64) * stride + 0.5) * grid.cell)[:, None]
    points[..., 2] = z - level
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
    found = [*crossed(a, b, c), *crossed(a, c, d)]
    ends = np.concatenate(found) if found else np.zeros((0, 2, 2))
    ends = ends[(ends[:, 0] != ends[:, 1]).any(axis=1)]
    merged = cast("BaseGeometry", shapely.line_merge(MultiLineString(list(ends))))  # pyright: ignore[reportUnknownMemberType] - untyped
    return MultiLineString([part for part in shapely.get_parts(merged) if isinstance(part, LineString)])


def crossed(*corners: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """(segments, 2, 2) for each way in which a level crosses a triangle: one corner lies alone on its side."""
    flat = [corner.reshape(-1, 3) for corner in corners]
    above = [corner[:, 2] >= 0 for corner in flat]
    found: list[NDArray[np.float64]] = []
    for lone in range(3):
        one, two = (lone + 1) % 3, (lone + 2) % 3
        here = (above[lone] != above[one]) & (above[one] == above[two])
        alone, first, second = flat[lone][here], flat[one][here], flat[two][here]
        found.append(np.stack([between(alone, first), between(alone, second)], axis=1))
    return found


def between(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The places (x, y) on the lines from one to the other where the height is 0, to the millimetre, so that neighbours' ends are the same."""
    low, high = np.where((one[:, 2] < other[:, 2])[:, None], one, other), np.where((one[:, 2] < other[:, 2])[:, None], other, one)
    share = low[:, 2] / (low[:, 2] - high[:, 2])
    return np.round(low[:, :2] + (high[:, :2] - low[:, :2]) * share[:, None], 3)
