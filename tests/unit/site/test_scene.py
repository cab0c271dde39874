"""Scenes: solids out of footprints, targets on roofs, and the grid."""

import random

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Point, Polygon, box
from tests.unit.site.oracle import hidden_exactly, random_solid

from seamline.site import Camera, Grid, Scene, Sensor, SiteError, Solid

GRID = Grid(40, 40, -10.0, -10.0, 0.5)


def test_nothing_inside_a_building_is_seen_from_outside_and_its_roof_is_from_above():
    scene = Scene(GRID, [Solid.of(box(0, 0, 5, 5), 3.0)])
    low, high = Sensor(x=-8, y=-8, height=2, range=100), Sensor(x=-8, y=-8, height=9, range=100)
    inside = GRID.within(box(0, 0, 5, 5))
    assert not scene.mask(low)[inside].any()
    assert not scene.mask(high)[inside].any()
    assert scene.mask(high, roofs=True)[inside].all()
    assert not scene.mask(low, roofs=True)[inside].any(), "the roof's own edge hides it"


def test_a_court_is_seen_over_its_walls_as_far_as_the_height_allows():
    court = box(-6, -6, 6, 6).difference(box(-4, -4, 4, 4))
    scene = Scene(GRID, [Solid.of(court, 2.0)])
    seen = scene.mask(Sensor(x=-9.75, y=0.25, height=6.0, range=100))[20] > 0
    xs = GRID.centres()[0]
    assert seen[xs < -6].all()
    # Over the wall's inner edge, 5.75 m away, 4 m above the wall: the ground is met half as far again.
    assert (seen[(xs > -4) & (xs < 4)] == (xs[(xs > -4) & (xs < 4)] >= -9.75 + 5.75 * 1.5)).all()


@pytest.mark.parametrize("seed", range(40))
def test_roofs_agree_with_the_fractions(seed):
    draw = random.Random(seed)
    solids = [solid for solid in (random_solid(draw, snapped=True) for _ in range(3)) if solid]
    grid = Grid(14, 14, -7.0, -7.0, 1.0)
    eye = (draw.randrange(-800, 800), draw.randrange(-800, 800), draw.choice([100, 350, 800]))
    mask = Scene(grid, solids).mask(Sensor(x=eye[0] / 100, y=eye[1] / 100, height=eye[2] / 100, range=500), 1.0, roofs=True)
    xs, ys = (np.rint(axis * 100).astype(int).tolist() for axis in grid.centres())
    for row in range(grid.rows):
        for column in range(grid.columns):
            at = Point(xs[column] / 100, ys[row] / 100)
            height = 100
            for solid in solids:
                if solid.footprint.contains(at):
                    height = solid.top_cm + 100  # the last one: where roofs overlap, the plan says which counts
            blocked = any(hidden_exactly(solid, eye, height, (xs[column], ys[row])) for solid in solids)
            assert bool(mask[row, column]) == (not blocked), (row, column)


def test_a_footprint_of_several_parts_with_holes_is_one_solid():
    parts = MultiPolygon([box(0, 0, 2, 2).difference(box(0.5, 0.5, 1, 1)), box(4, 4, 6, 6)])
    solid = Solid.of(parts, 2.5, "sheds")
    assert len(solid.rings) == 3
    assert solid.footprint.symmetric_difference(parts).area < 1e-9


def test_a_solid_off_the_grid_still_hides_what_is_on_it():
    grid = Grid(10, 10, 0.0, 0.0, 1.0)
    wall = Solid.of(box(-5, -50, -4, 50), 5.0)
    eye = Sensor(x=-10, y=5, height=1, range=100)
    assert Scene(grid).mask(eye).all()
    assert not Scene(grid, [wall]).mask(eye).any()
    assert not Scene(grid, [wall]).mask(eye, roofs=True).any()


def test_solids_beside_a_cameras_field_change_nothing():
    camera = Camera(x=0, y=0, height=4, heading=90, tilt=15, hfov=60, pixels=(1920, 1080), range=60)
    beside = [Solid.of(box(-9, -9, -5, 9), 9.0), Solid.of(box(0, 8, 3, 9.5), 9.0)]
    assert (Scene(GRID, beside).mask(camera) == Scene(GRID).mask(camera)).all()
    assert not (Scene(GRID, [Solid.of(box(4, -1, 5, 1), 9.0)]).mask(camera) == Scene(GRID).mask(camera)).all()


def test_one_scene_answers_the_same_however_often_and_in_whatever_order_it_is_asked():
    draw = random.Random(5)
    solids = [solid for solid in (random_solid(draw, snapped=False) for _ in range(5)) if solid]
    eyes = [Sensor(x=draw.uniform(-9, 9), y=draw.uniform(-9, 9), height=2, range=50) for _ in range(6)]
    scene = Scene(GRID, solids)
    once = [scene.mask(eye, 1.0).tobytes() for eye in eyes]
    assert [scene.mask(eye, 1.0).tobytes() for eye in reversed(eyes)] == once[::-1]


REFUSED = [
    (lambda: Solid.of(box(0, 0, 1, 1), 0.0, "shed"), "'shed' is 0 m high"),
    (lambda: Solid.of(box(0, 0, 1, 1), float("nan")), "height is nan"),
    (lambda: Solid.of(box(0, 0, 0.001, 0.001), 2.0), "square centimetre"),
    (lambda: Solid.of(Polygon([(0, 0), (1, 0), (2, 0)]), 2.0), "square centimetre"),
    (lambda: Solid.of(box(0, 0, 1e9, 1), 2.0), "another unit"),
    (lambda: Grid(0, 5, 0, 0, 1.0), "has none"),
    (lambda: Grid(5, 5, 0, 0, 0.25 / 10), "even number of centimetres"),
    (lambda: Grid(5, 5, 0, 0, 0.0), "even number of centimetres"),
    (lambda: Grid(200_000, 5, 0, 0, 1.0), "too large"),
]


@pytest.mark.parametrize(("made", "says"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_meant_is_refused(made, says):
    with pytest.raises(SiteError, match=says):
        made()
