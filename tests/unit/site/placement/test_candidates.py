"""Candidates: spots along walls, what is mounted there, and what the kernel says that it sees."""

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Point, box

from seamline.site import Camera, Grid, Scene, Sensor, SiteError, Solid
from seamline.site.placement import Problem, best
from seamline.site.placement.candidates import Option, Spot, View, along, candidates, one_each_way, sight

SHED = box(10, 10, 22, 16)
CAMERA = Camera(x=0, y=0, height=0, heading=0, tilt=0, hfov=90, pixels=(2560, 1440), range=30, densities=(25.0, 125.0))
SENSOR = Sensor(x=0, y=0, height=0, range=12)
GRID = Grid(40, 40, 0.0, 0.0, 1.0)


def test_spots_stand_before_each_wall_in_equal_parts_and_face_outwards():
    spots = along(SHED, 5.0, 0.5, "shed")
    assert [(spot.x, spot.y, spot.facing) for spot in spots] == [
        (22.5, 11.5, 90.0), (22.5, 14.5, 90.0),
        (20.0, 16.5, 0.0), (16.0, 16.5, 0.0), (12.0, 16.5, 0.0),
        (9.5, 14.5, 270.0), (9.5, 11.5, 270.0),
        (12.0, 9.5, 180.0), (16.0, 9.5, 180.0), (20.0, 9.5, 180.0),
    ]  # fmt: skip
    assert not any(SHED.contains(Point(spot.x, spot.y)) for spot in spots)


def test_spots_at_a_roofs_edge_stand_inwards_and_above_it_whatever_way_the_ring_runs():
    spots = along(SHED.reverse(), 100.0, -0.5, "shed", above=6.0)
    assert {(spot.x, spot.y, spot.facing) for spot in spots} == {
        (16.0, 10.5, 180.0), (21.5, 13.0, 90.0), (16.0, 15.5, 0.0), (10.5, 13.0, 270.0)
    }  # fmt: skip
    made = candidates(spots, [Option("s", SENSOR, kind="sensor:motion")], [1.5], 90.0, [0.0])
    assert [one.observer().height for one in made] == [7.5] * 4


def test_all_parts_of_a_building_have_spots():
    both = MultiPolygon([SHED, box(30, 30, 34, 34)])
    assert len(along(both, 100.0, 0.1, "both")) == 8


@pytest.mark.parametrize("spacing", [0.0, -1.0, float("nan")])
def test_spots_must_be_apart(spacing):
    with pytest.raises(SiteError, match="above 0"):
        along(SHED, spacing, 0.1, "shed")


def test_every_combination_is_a_candidate_once():
    wall, mast = Spot(16, 9.5, "wall", 180.0), Spot(5, 5, "mast")
    options = [Option("camera", CAMERA, 100), Option("sensor", SENSOR, 50, "sensor:motion")]
    made = candidates([wall, mast], options, [3.0, 4.0], 90.0, [10.0, 20.0])
    at_wall = [(one.option.name, one.height, one.heading, one.tilt) for one in made if one.spot is wall]
    assert at_wall == [
        ("camera", 3.0, 180.0, 10.0), ("camera", 3.0, 180.0, 20.0), ("camera", 4.0, 180.0, 10.0), ("camera", 4.0, 180.0, 20.0),
        ("sensor", 3.0, 0.0, 0.0), ("sensor", 4.0, 0.0, 0.0),
    ]  # fmt: skip
    assert sum(one.spot is mast for one in made) == 2 * 4 * 2 + 2
    eye = made[1].observer()
    assert isinstance(eye, Camera)
    assert (eye.x, eye.y, eye.height, eye.heading, eye.tilt, eye.densities) == (16, 9.5, 3.0, 180.0, 20.0, CAMERA.densities)


@pytest.mark.parametrize(("step", "number"), [(360.0, 1), (120.0, 3), (45.0, 8), (50.0, 8)])
def test_headings_begin_north_and_go_round_once(step, number):
    made = candidates([Spot(0, 0, "mast")], [Option("camera", CAMERA)], [3.0], step, [0.0])
    assert [one.heading for one in made] == [at * step for at in range(number)]


@pytest.mark.parametrize("step", [0.0, -30.0, 361.0])
def test_a_step_that_goes_nowhere_is_refused(step):
    with pytest.raises(SiteError, match="more than 0 and at most 360"):
        candidates([Spot(0, 0, "mast")], [Option("camera", CAMERA)], [3.0], step, [0.0])


def test_more_candidates_than_can_be_of_use_are_refused():
    with pytest.raises(SiteError, match="more than 20,000 candidates"):
        candidates([Spot(0, 0, "mast")] * 60, [Option("camera", CAMERA)], [3.0], 1.0, [0.0])


def test_two_that_look_the_same_way_from_one_spot_exclude_each_other():
    mast = Spot(5, 5, "mast-1")
    made = candidates([mast], [Option("a", CAMERA), Option("b", CAMERA)], [3.0], 180.0, [10.0])
    groups = one_each_way(made)
    assert [(group.members, group.at_most, group.name) for group in groups] == [
        ((0, 2), 1, "mast-1 towards 0 degrees"), ((1, 3), 1, "mast-1 towards 180 degrees")
    ]  # fmt: skip
    assert one_each_way(candidates([mast], [Option("a", CAMERA)], [3.0], 90.0, [10.0])) == []


def test_what_they_see_is_what_the_masks_say_view_after_view():
    scene = Scene(GRID, [Solid.of(SHED, 5.0)])
    near, far = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    near[:10], far[20:] = True, True
    views = [
        View.of(near, 1.0, 2),
        View.of(far, 0.0, 1, roofs=True),
        View.of(near, 1.0, 3),
        View.of(far, 1.0, kind="sensor:motion"),
    ]
    looking = [
        (one.observer(), one.option.kind)
        for one in candidates(
            [Spot(5, 5, "a"), Spot(30, 25, "b")],
            [Option("c", CAMERA), Option("s", SENSOR, kind="sensor:motion")],
            [4.0],
            120.0,
            [15.0],
        )
    ]
    found = sight(scene, looking, views)
    for at, (observer, kind) in enumerate(looking):
        low, flat = scene.mask(observer, 1.0), scene.mask(observer, 0.0, roofs=True)
        is_camera = kind == "camera"
        rows = [
            (low[near] >= 2) & is_camera,
            (flat[far] >= 1) & is_camera,
            (low[near] >= 3) & is_camera,
            (low[far] >= 1) & (not is_camera),
        ]
        assert found.row(at).tolist() == np.flatnonzero(np.concatenate(rows)).tolist()
    assert found.width == 2 * 400 + 2 * 800


def test_several_processes_see_the_same():
    ground = np.add.outer(np.arange(40) * 0.1, np.arange(40) * 0.05)
    scene = Scene(GRID, [Solid.of(SHED, 9.0)], ground)
    looking = [(one.observer(), "camera") for one in candidates([Spot(5, 5, "a")], [Option("c", CAMERA)], [4.0], 10.0, [15.0])]
    views = [View.of(np.ones((40, 40), bool), 1.0, 2)]
    alone, together = sight(scene, looking, views), sight(scene, looking, views, jobs=2)
    assert (alone.starts == together.starts).all()
    assert (alone.cells == together.cells).all()
    assert len(alone.cells)


def test_a_yard_from_candidates_to_the_best_two():
    scene = Scene(GRID, [Solid.of(SHED, 5.0)])
    made = candidates(along(SHED, 3.0, 0.3, "shed"), [Option("c", CAMERA, 10_000)], [4.0], 45.0, [15.0])
    outside = ~GRID.within(SHED)
    problem = Problem(sight(scene, [(one.observer(), "camera") for one in made], [View.of(outside, 1.0, 2)]))
    answer = best(problem, count=2)
    assert answer.is_proven
    masks = [scene.mask(made[one].observer(), 1.0)[outside] >= 2 for one in answer.chosen]
    assert answer.covered == np.logical_or(*masks).sum()
