"""Cells that hang together: for any mask the groups are those of a plain flood fill, and the outlines have their area."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from seamline.site.coverage.spots import labels, outline, runs_of
from seamline.site.scene import Grid

MASKS = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def flooded(cells):
    """Groups by flood fill over edges, in the order of their first cell."""
    found = np.full(cells.shape, -1)
    count = 0
    for start in np.argwhere(cells).tolist():
        if found[tuple(start)] >= 0:
            continue
        todo = [start]
        while todo:
            row, column = todo.pop()
            if 0 <= row < cells.shape[0] and 0 <= column < cells.shape[1] and cells[row, column] and found[row, column] < 0:
                found[row, column] = count
                todo += [[row + 1, column], [row - 1, column], [row, column + 1], [row, column - 1]]
        count += 1
    return found


@given(MASKS)
def test_groups_are_those_of_a_flood_fill(cells):
    assert np.array_equal(labels(runs_of(cells), cells.shape), flooded(cells))


@given(MASKS)
def test_an_outline_has_the_area_of_its_cells_and_holds_their_centres(cells):
    runs = runs_of(cells)
    grid = Grid(cells.shape[1], cells.shape[0], 100.0, -50.0, 0.5)
    label = labels(runs, cells.shape)
    for group in range(len(set(runs.group.tolist()))):
        area = outline(runs, group, grid)
        assert area.area == pytest.approx((label == group).sum() * 0.25)
        assert np.array_equal(grid.within(area), label == group)


def test_no_cells_are_no_groups():
    assert runs_of(np.zeros((3, 3), np.bool_)).group.size == 0
