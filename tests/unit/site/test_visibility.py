"""The kernel sees what there is to see: no cell differs from the oracles."""

import random

import numpy as np
import pytest
from tests.unit.site.oracle import hidden_by_shapely, hidden_exactly, random_solid

from seamline.site import Grid, Scene, Sensor

HEIGHTS = (0.0, 1.0, 2.0, 3.0, 4.0, 8.0)
SHARES = 8


def drawn(seed):
    """A scene, an observer's place and a target's height. Odd seeds: everything on a grid of half metres, where sight lines run through
    corners and along walls; a third of the observers stand on a wall or a corner, some inside a building."""
    draw = random.Random(seed)
    snapped = bool(seed % 2)
    solids = [solid for solid in (random_solid(draw, snapped=snapped) for _ in range(draw.randint(1, 6))) if solid]
    cell = 0.5 if snapped else draw.choice([0.36, 0.52, 0.9])
    side = 16
    offset = cell / 2 if snapped else 0.03
    grid = Grid(side, side, -side // 2 * cell + offset, -side // 2 * cell + offset, cell)
    x, y = draw.uniform(-7, 7), draw.uniform(-7, 7)
    if snapped:
        x, y = round(x * 2) / 2, round(y * 2) / 2
    if solids and draw.random() < 0.35:
        ring = draw.choice(draw.choice(solids).rings)
        k = draw.randrange(len(ring))
        (ax, ay), (bx, by) = ring[k], ring[(k + 1) % len(ring)]
        x, y = draw.choice([(ax / 100, ay / 100), ((ax + bx) // 2 / 100, (ay + by) // 2 / 100)])
    eye = (round(x, 2), round(y, 2), draw.choice(HEIGHTS))
    return grid, solids, eye, draw.choice((0.0, 0.0, 1.0, 1.5, 3.0, 9.0))


def seen(grid, solids, eye, target):
    x, y, z = eye
    return Scene(grid, solids).mask(Sensor(x=x, y=y, height=z, range=1000.0), target) > 0


def whole(grid):
    return [np.rint(axis * 100).astype(int).tolist() for axis in grid.centres()]


@pytest.mark.parametrize("share", range(SHARES))
def test_no_cell_differs_from_shapely_in_random_scenes(share):
    compared = hidden = ties = 0
    for seed in range(share * 80, share * 80 + 80):
        grid, solids, eye, target = drawn(seed)
        xs, ys, exact, height = *whole(grid), tuple(round(part * 100) for part in eye), round(target * 100)
        got = seen(grid, solids, eye, target)
        want = np.ones(got.shape, bool)
        for solid in solids:
            want &= ~hidden_by_shapely(solid, exact, height, xs, ys)
        for row, column in np.argwhere(got != want):
            # Floats cannot say where a window ends exactly on a wall. The fractions can.
            blocked = any(hidden_exactly(solid, exact, height, (xs[column], ys[row])) for solid in solids)
            assert got[row, column] == (not blocked), (seed, row, column)
            ties += 1
        compared += got.size
        hidden += int(got.size - got.sum())
    assert compared == 80 * 256
    assert compared * 0.2 < hidden < compared * 0.9, "the scenes are not worth their while"
    assert ties < compared * 0.002, "shapely was overruled too often to be an oracle"


@pytest.mark.parametrize("share", range(SHARES))
def test_no_cell_differs_from_the_fractions(share):
    for seed in range(1000 + share, 1048, SHARES):
        grid, solids, eye, target = drawn(seed)
        exact = tuple(round(part * 100) for part in eye)
        got = seen(grid, solids, eye, target)
        xs, ys = whole(grid)
        for row in range(0, grid.rows, 2):
            for column in range(0, grid.columns, 2):
                blocked = any(hidden_exactly(solid, exact, round(target * 100), (xs[column], ys[row])) for solid in solids)
                assert got[row, column] == (not blocked), (seed, row, column)
