"""Sensors from which nothing hides: what they sense is the circle or the sector on the level, or their own cell, whatever stands there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from shapely.geometry import box

from seamline.site.observers import Sensor
from seamline.site.scene import Grid, Scene, Solid

GRID = Grid(24, 18, -3.0, 5.0, 0.5)
WALL = Solid.of(box(2.0, 6.0, 2.5, 13.0), height=9.0, name="wall")
PLACES = st.tuples(st.integers(-300, 900), st.integers(500, 1400))


@given(PLACES, st.integers(1, 900))
def test_without_sight_all_in_range_on_the_level_is_sensed_behind_walls_too(at, range_cm):
    x, y = at[0] / 100, at[1] / 100
    mask = Scene(GRID, [WALL]).mask(Sensor(x=x, y=y, height=3.0, range=range_cm / 100, sight="none"))
    xs, ys = GRID.centres()
    cm = np.rint(xs * 100)[np.newaxis, :] - at[0], np.rint(ys * 100)[:, np.newaxis] - at[1]
    assert np.array_equal(mask == 1, cm[0] ** 2 + cm[1] ** 2 <= range_cm**2)


@given(PLACES, st.floats(0.0, 359.0), st.floats(5.0, 360.0))
def test_a_sector_without_sight_is_the_one_with_sight_on_an_empty_level(at, heading, width):
    aim = {"x": at[0] / 100, "y": at[1] / 100, "height": 0.0, "range": 4.0, "heading": heading, "width": width}
    seen = Scene(GRID).mask(Sensor(**aim))
    assert np.array_equal(Scene(GRID, [WALL]).mask(Sensor(**aim, sight="none")), seen)


@given(PLACES)
def test_a_point_senses_exactly_the_cell_that_it_stands_in(at):
    x, y = at[0] / 100, at[1] / 100
    mask = Scene(GRID, [WALL]).mask(Sensor(x=x, y=y, height=1.0, range=50.0, sight="point"))
    inside = -3.0 <= x < 9.0 and 5.0 <= y < 14.0
    assert mask.sum() == (1 if inside else 0)
    if inside:
        column, row = math.floor((at[0] + 300) / 50), math.floor((at[1] - 500) / 50)
        assert mask[row, column] == 1


def test_ground_and_height_change_nothing_for_it():
    ground = np.zeros((18, 24))
    ground[:, 10:12] = 30.0
    flat = Scene(GRID).mask(Sensor(x=0.0, y=9.0, height=0.5, range=6.0, sight="none"))
    hilly = Scene(GRID, [WALL], ground).mask(Sensor(x=0.0, y=9.0, height=9.0, range=6.0, sight="none"), target=1.0)
    assert np.array_equal(flat, hilly)
    seen = Scene(GRID, [WALL], ground).mask(Sensor(x=0.0, y=9.0, height=0.5, range=6.0), target=1.0)
    assert seen.sum() < hilly.sum()


@pytest.mark.parametrize("sight", ["none", "point"])
def test_on_roofs_it_senses_the_same(sight):
    sensor = Sensor(x=0.0, y=9.0, height=0.5, range=6.0, sight=sight)
    scene = Scene(GRID, [WALL])
    assert np.array_equal(scene.mask(sensor), scene.mask(sensor, roofs=True))
