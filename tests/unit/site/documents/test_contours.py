"""Contours: on a slope straight, on a cone round, on flat ground none."""

import math

import numpy as np
import pytest

from seamline.site.documents.contours import LINES_MAX, contour, interval, levels
from seamline.site.scene import Grid

GRID = Grid(columns=60, rows=40, west=100.0, south=200.0, cell=1.0)
X, Y = np.meshgrid(100.5 + np.arange(60), 200.5 + np.arange(40))


def test_on_a_slope_a_contour_is_one_straight_line():
    found = contour(GRID, (X - 100.0) * 0.1, 2.0)
    (line,) = found.geoms
    assert {round(x, 6) for x, _ in line.coords} == {120.0}
    assert line.length == pytest.approx(39.0)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_about_a_top_it_is_a_ring(stride):
    found = contour(GRID, 20.0 - np.hypot(X - 130.0, Y - 220.0), 8.0, stride)
    (ring,) = found.geoms
    assert ring.is_ring
    assert ring.length == pytest.approx(2 * math.pi * 12.0, rel=0.02)


def test_where_no_ground_is_as_high_there_is_none():
    assert contour(GRID, np.zeros((40, 60)), 1.0).is_empty


def test_ground_that_touches_a_level_has_no_line_without_length():
    heights = np.zeros((40, 60))
    heights[20, 30] = 1.0
    assert all(line.length > 0 for line in contour(GRID, heights, 1.0).geoms)


@pytest.mark.parametrize(("low", "high", "step"), [(0.0, 3.0, 0.5), (0.0, 14.0, 1), (310.0, 352.0, 5), (0.0, 9000.0, 100)])
def test_the_step_is_round_and_lines_are_few(low, high, step):
    assert interval(low, high) == step
    assert step == 100 or len(levels(low, high, step)) <= LINES_MAX


def test_levels_lie_strictly_between():
    assert levels(310.0, 325.0, 5) == [315.0, 320.0]
    assert levels(-1.2, 1.2, 1) == [-1, 0, 1]
    assert levels(3.1, 3.4, 1) == []
