"""Over terrain: no cell differs from a fine march along its sight line, which interpolates by itself."""

import numpy as np
import pytest
from shapely.geometry import box
from tests.unit.site.oracle import in_interior

from seamline.site import Camera, Grid, Scene, Sensor, SiteError, Solid


def hills(rows, columns, seed, height):
    """Smooth hills and a few steep banks, in metres."""
    draw = np.random.default_rng(seed)
    ys, xs = np.mgrid[0:rows, 0:columns].astype(float)
    found = np.zeros((rows, columns))
    for _ in range(8):
        found += (
            height
            * draw.uniform(0.1, 1)
            * np.sin(xs * draw.uniform(0.02, 0.2) + ys * draw.uniform(-0.2, 0.2) + draw.uniform(0, 6))
        )
    return found + height * (xs > columns * draw.uniform(0.3, 0.9)) + draw.normal(0, height / 20, found.shape)


def bilinear(ground, x, y):
    west = np.clip(np.floor(x).astype(int), 0, ground.shape[1] - 2)
    south = np.clip(np.floor(y).astype(int), 0, ground.shape[0] - 2)
    fx, fy = x - west, y - south
    low = ground[south, west] * (1 - fx) + ground[south, west + 1] * fx
    high = ground[south + 1, west] * (1 - fx) + ground[south + 1, west + 1] * fx
    return low * (1 - fy) + high * fy


def marched(scene, eye, target, cell, step):
    """Whether a cell (row, column) is seen from `eye` (x, y in cells, z in metres), by samples every `step` cells."""
    ground, (row, column) = scene.ground / 100, cell
    rows, columns = ground.shape
    goal = ground[row, column] + target
    way = np.hypot(column - eye[0], row - eye[1])
    t = np.linspace(0, 1, max(3, int(way / step)))[:-1]
    x, y, z = eye[0] + (column - eye[0]) * t, eye[1] + (row - eye[1]) * t, eye[2] + (goal - eye[2]) * t
    over = (x >= 0) & (x <= columns - 1) & (y >= 0) & (y <= rows - 1)
    return not (bilinear(ground, x, y)[over] > z[over] + 1e-9).any()


@pytest.mark.parametrize("seed", range(6))
def test_terrain_hides_what_a_fine_march_says(seed):
    grid = Grid(60, 50, -30.0, -25.0, 1.0)
    scene = Scene(grid, (), hills(50, 60, seed, 3.0))
    sensor = Sensor(x=float(seed * 9 - 25), y=float(11 - 5 * seed), height=2.5, range=500.0)
    place = (sensor.x + 29.5, sensor.y + 24.5)
    beneath = float(bilinear(scene.ground / 100, *map(np.array, place)))
    own = scene.ground_at(round(sensor.x * 100), round(sensor.y * 100)) / 100
    assert abs(own - beneath) < 0.006, "to the centimetre"
    eye = (*place, own + sensor.height)
    got = scene.mask(sensor, 1.0) > 0
    want = np.array([[marched(scene, eye, 1.0, (row, column), 0.02) for column in range(60)] for row in range(50)])
    assert 0.05 < want.mean() < 0.98
    differing = np.argwhere(want != got)
    assert len(differing) <= 0.001 * want.size
    for cell in differing:  # a crest that rises between two samples: ten times as many of them see it
        assert marched(scene, eye, 1.0, cell, 0.002) == got[tuple(cell)]


def test_ground_that_is_level_changes_nothing():
    grid = Grid(50, 40, 0.0, 0.0, 1.0)
    solids = [Solid.of(box(10, 10, 18, 14), 4.0), Solid.of(box(30, 20, 33, 35).difference(box(31, 25, 32, 30)), 2.0)]
    observers = [
        Sensor(x=3, y=20, height=3, range=45, heading=80, width=200),
        Sensor(x=10, y=12, height=2, range=45),
        Sensor(x=12, y=12, height=2, range=45),
        Camera(x=2, y=2, height=6, heading=50, tilt=10, hfov=70, pixels=(1920, 1080), range=60, densities=(20, 60)),
    ]
    for level in (0.0, 7.5):
        raised = [Solid(solid.rings, solid.top_cm + round(level * 100)) for solid in solids]
        over = Scene(grid, raised, np.full((40, 50), level))
        for observer in observers:
            for target in (0.0, 1.7, 3.0, 9.0):
                for roofs in (False, True):
                    flat = Scene(grid, solids).mask(observer, target, roofs=roofs)
                    assert (over.mask(observer, target, roofs=roofs) == flat).all(), (level, observer, target, roofs)


def test_a_solid_on_a_slope_hides_the_targets_whose_sight_lines_run_into_it():
    grid = Grid(60, 9, 0.0, 0.0, 1.0)
    slope = np.tile(np.arange(60) * 0.2, (9, 1))
    wall = Solid.of(box(20, -5, 21, 15), 3.0, base=4.0)
    scene = Scene(grid, [wall], slope)
    eye = Sensor(x=2.5, y=4.5, height=2.0, range=500)  # at 0.4 + 2 m; the wall's top is at 7 m
    xs = grid.centres()[0]
    seen = scene.mask(eye, 0.5)[4] > 0
    heights = slope[4] + 0.5
    behind = xs > 21
    at_face = 2.4 + (heights[behind] - 2.4) * (20 - 2.5) / (xs[behind] - 2.5)
    assert (seen[behind] == (at_face >= 7.0)).all()
    assert seen[(xs < 20) & (xs > 3)].all()
    assert not in_interior(wall.rings, 2_550, 450)


@pytest.mark.parametrize(
    ("ground", "says"),
    [
        (np.zeros((3, 4)), "does not fit a grid of 4 rows and 3 columns"),
        (np.full((4, 3), np.nan), "no height in 12 cells"),
        (np.full((4, 3), 8848.0), "measure it from the site's own level"),
    ],
)
def test_ground_that_cannot_be_meant_is_refused(ground, says):
    with pytest.raises(SiteError, match=says):
        Scene(Grid(3, 4, 0.0, 0.0, 1.0), (), ground)
