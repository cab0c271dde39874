"""Profiles: exactly which part of a line lies in which solid, and the ground under it."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, strategies as st
from shapely.geometry import LineString, box
from tests.unit.site.oracle import random_solid

from seamline.site import Grid, Scene, SiteError, Solid
from seamline.site.network.profile import Antenna, Ground

GRID = Grid(20, 20, 0.0, 0.0, 1.0)
BARN = Solid.of(box(10, -5, 20, 5), 6.0, "barn")


def spans(scene, first, last, heights=(2.0, 2.0)):
    profile = Ground(scene).between(Antenna(*first, heights[0]), Antenna(*last, heights[1]))
    return [(crossing.name, crossing.enters, crossing.leaves) for crossing in profile.crossings]


def test_a_building_across_the_line_is_entered_and_left_where_its_walls_are():
    assert spans(Scene(GRID, [BARN]), (0, 0), (30, 0)) == [("barn", 10.0, 20.0)]
    assert spans(Scene(GRID, [BARN]), (30, 0), (0, 0)) == [("barn", 10.0, 20.0)]
    assert spans(Scene(GRID, [BARN]), (0, -10), (40, 20)) == [("barn", 12.5, 25.0)]


def test_a_line_along_a_wall_or_through_a_corner_is_not_inside():
    scene = Scene(GRID, [BARN])
    for first, last in (((0, 5), (30, 5)), ((0, -5), (30, -5)), ((10, -20), (10, 20)), ((5, 0), (15, 10)), ((12, 5), (18, 5))):
        assert spans(scene, first, last) == []
        assert spans(scene, last, first) == []


def test_a_line_through_the_walls_of_two_buildings_that_touch_is_inside_neither():
    scene = Scene(GRID, [BARN, Solid.of(box(10, 5, 20, 15), 6.0, "shed")])
    assert spans(scene, (0, 5), (30, 5)) == []
    assert [name for name, _, _ in spans(scene, (0, 4), (30, 6.5))] == ["barn", "shed"]


def test_a_court_is_no_part_of_its_building():
    court = Solid.of(box(0, 0, 30, 30).difference(box(10, 10, 20, 20)), 8.0, "court")
    assert spans(Scene(GRID, [court]), (-10, 15), (40, 15)) == [("court", 10.0, 20.0), ("court", 30.0, 40.0)]
    assert spans(Scene(GRID, [court]), (-10, 10), (40, 10)) == [("court", 10.0, 20.0), ("court", 30.0, 40.0)]


def test_an_antenna_in_a_footprint_is_told_from_one_on_its_edge():
    ground = Ground(Scene(GRID, [BARN]))
    inside = ground.between(Antenna(15, 0, 2), Antenna(40, 0, 2)).crossings[0]
    assert (inside.enters, inside.leaves, inside.from_inside, inside.to_inside) == (0.0, 5.0, True, False)
    back = ground.between(Antenna(40, 0, 2), Antenna(15, 0, 2)).crossings[0]
    assert (back.enters, back.leaves, back.from_inside, back.to_inside) == (20.0, 25.0, False, True)
    wall = ground.between(Antenna(10, 0, 2), Antenna(40, 0, 2)).crossings[0]
    assert (wall.enters, wall.leaves, wall.from_inside) == (0.0, 10.0, False)
    assert ground.between(Antenna(20, 0, 2), Antenna(40, 0, 2)).crossings == ()
    assert ground.between(Antenna(12, 0, 2), Antenna(18, 0, 2)).crossings[0].to_inside


def test_an_unnamed_solid_is_called_by_its_number():
    assert spans(Scene(GRID, [BARN, Solid.of(box(25, -1, 26, 1), 2.0)]), (0, 0), (30, 0))[1][0] == "solid 2"


@pytest.mark.parametrize("seed", range(60))
def test_what_lies_in_a_solid_is_what_shapely_says(seed):
    draw = random.Random(seed)
    solids = [solid for solid in (random_solid(draw, snapped=bool(seed % 2)) for _ in range(4)) if solid]
    scene = Scene(GRID, solids)
    first, last = ((draw.randrange(-1000, 1000) / 100, draw.randrange(-1000, 1000) / 100) for _ in range(2))
    if first == last:
        return
    line = LineString([first, last])
    profile = Ground(scene).between(Antenna(*first, 1), Antenna(*last, 1))
    for index, solid in enumerate(solids):
        name = solid.name or f"solid {index + 1}"
        found = sum(crossing.leaves - crossing.enters for crossing in profile.crossings if crossing.name == name)
        # Along a wall shapely counts the line as in the building; a hair to both sides it is not.
        inner = solid.footprint.buffer(-1e-7)
        assert found == pytest.approx(line.intersection(inner).length, abs=1e-4)


@given(st.lists(st.integers(-3000, 3000), min_size=4, max_size=4))
def test_the_way_back_is_the_way_there(numbers):
    ax, ay, bx, by = (number / 100 for number in numbers)
    court = Solid.of(box(-10, -10, 12, 14).difference(box(-3, -4, 5, 6)), 8.0, "court")
    ground = Ground(Scene(GRID, [court, BARN]))
    there = ground.between(Antenna(ax, ay, 1), Antenna(bx, by, 3))
    back = ground.between(Antenna(bx, by, 3), Antenna(ax, ay, 1))
    mirrored = sorted(
        (c.name, back.length - c.leaves, back.length - c.enters, c.to_inside, c.from_inside) for c in back.crossings
    )
    straight = sorted((c.name, c.enters, c.leaves, c.from_inside, c.to_inside) for c in there.crossings)
    assert [one[0] for one in straight] == [one[0] for one in mirrored]
    assert [one[3:] for one in straight] == [one[3:] for one in mirrored]
    assert np.allclose([one[1:3] for one in straight], [one[1:3] for one in mirrored])
    assert np.allclose(there.places, (back.length - back.places)[::-1])


def test_on_flat_ground_the_point_of_reflection_is_sampled():
    profile = Ground(Scene(GRID)).between(Antenna(0, 0, 2), Antenna(300, 0, 1))
    assert 200.0 in profile.places
    assert not profile.ground.any()
    assert profile.level_at(150) == 1.5
    assert profile.places.min() > 0
    assert profile.places.max() < 300


def test_over_terrain_the_ground_is_that_of_the_scene():
    heights = np.random.default_rng(5).uniform(-3, 8, (20, 20))
    scene = Scene(GRID, ground=heights)
    profile = Ground(scene).between(Antenna(0.7, 1.3, 2), Antenna(25, 17.2, 4))
    assert profile.levels == (scene.ground_at(70, 130) / 100 + 2, scene.ground_at(2500, 1720) / 100 + 4)
    for along, height in zip(profile.places, profile.ground, strict=True):
        share = along / profile.length
        x, y = 0.7 + (25 - 0.7) * share, 1.3 + (17.2 - 1.3) * share
        assert height == pytest.approx(scene.ground_at(x * 100, y * 100) / 100, abs=0.011)


def test_over_terrain_no_ridge_is_missed():
    heights = np.zeros((20, 20))
    heights[:, 7] = 9.0
    profile = Ground(Scene(GRID, ground=heights)).between(Antenna(0.5, 3.2, 2), Antenna(19.5, 8.9, 2))
    assert profile.ground.max() == pytest.approx(9.0)
    level = Ground(Scene(GRID, ground=heights)).between(Antenna(3.0, 4.0, 2), Antenna(3.0, 9.0, 2))
    assert level.ground.max() == 0.0


def test_antennas_can_be_raised_without_looking_again():
    ground = Ground(Scene(GRID, [BARN]))
    higher = ground.between(Antenna(0, 0, 2), Antenna(30, 0, 3)).raised(1, 0.5)
    assert higher.levels == (3, 3.5)
    assert higher.crossings == ground.between(Antenna(0, 0, 3), Antenna(30, 0, 3.5)).crossings


def test_one_place_has_no_profile_between():
    profile = Ground(Scene(GRID, [BARN])).between(Antenna(15, 0, 2), Antenna(15, 0, 9))
    assert (profile.length, profile.crossings, len(profile.places)) == (0.0, (), 0)
    assert profile.level_at(0.0) == 2


@pytest.mark.parametrize(
    ("antenna", "said"),
    [
        (Antenna(math.nan, 0, 1), "an antenna's x is nan"),
        (Antenna(0, math.inf, 1), "an antenna's y is inf"),
        (Antenna(0, 0, -1), "0 or more"),
        (Antenna(0, 0, 9000), "the most is"),
        (Antenna(20_000, 0, 1), "in the same frame"),
    ],
)
def test_an_antenna_that_cannot_be_meant_is_refused(antenna, said):
    with pytest.raises(SiteError, match=said):
        Ground(Scene(GRID)).between(Antenna(0, 0, 1), antenna)
