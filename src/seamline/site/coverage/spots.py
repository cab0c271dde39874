"""Cells that hang together, as polygons: blind spots on a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from seamline.site.plan.anchoring import areal
from seamline.site.plan.site import Areal
from seamline.site.scene import Grid


@dataclass(frozen=True, slots=True)
class Runs:
    """Cells of a grid as stretches of rows: row, first column, column after the last; each with its group."""

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    group: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Cells of each stretch."""
        return self.last - self.first


def runs_of(cells: NDArray[np.bool_]) -> Runs:
    """The stretches of cells, in groups that hang together by edges; groups are numbered by their first cell."""
    edges = np.diff(np.pad(cells.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1]
    parents = list(range(len(rows)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    begins: list[int] = np.bincount(rows, minlength=cells.shape[0]).cumsum().tolist()
    begins.insert(0, 0)
    starts: list[int] = first.tolist()
    ends: list[int] = last.tolist()
    for row in range(1, cells.shape[0]):
        below, here = begins[row - 1], begins[row]
        while below < begins[row] and here < begins[row + 1]:
            if starts[here] < ends[below] and starts[below] < ends[here]:
                one, other = sorted((root(below), root(here)))
                parents[other] = one
            if ends[below] < ends[here]:
                below += 1
            else:
                here += 1
    roots = np.array([root(at) for at in range(len(parents))], dtype=np.int64)
    return Runs(rows, first, last, np.unique(roots, return_inverse=True)[1].astype(np.int64))


def outline(runs: Runs, group: int, grid: Grid) -> Areal:
    """The outline of a group of cells, in metres."""
    mine = runs.group == group
    west, south = grid.west + runs.first[mine] * grid.cell, grid.south + runs.rows[mine] * grid.cell
    east = grid.west + runs.last[mine] * grid.cell
    boxes = shapely.box(west, south, east, south + grid.cell)
    return areal(shapely.set_precision(shapely.union_all(boxes), 0.01).simplify(0.0))  # pyright: ignore[reportUnknownMemberType] - a stub's gap


def labels(runs: Runs, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """The group of each cell (rows, columns); -1 where there is none."""
    found = np.full(shape, -1, np.int32)
    for row, first, last, group in zip(
        runs.rows.tolist(), runs.first.tolist(), runs.last.tolist(), runs.group.tolist(), strict=True
    ):
        found[row, first:last] = group
    return found
