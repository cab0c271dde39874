"""The horizon of a panel by the terrain: hand-made valleys, ridges and walls give their angles, and the light that they take."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from shapely.geometry import box
from tests.unit.site.plan.test_terrain import tiff
from tests.unit.site.power.exports import hourly
from tests.unit.site.power.planned import EXAMPLES, written

from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Terrain
from seamline.site.plan.site import Fixed
from seamline.site.power.plan_power import site_power, surroundings
from seamline.site.power.skyline import (
    DIRECTIONS,
    EARTH_M,
    REFRACTION,
    Surface,
    distances,
    near_surface,
    skyline,
    skylines,
    spoken,
)
from seamline.site.scene import Grid, Solid

GRID = Grid(801, 801, -400.5, -400.5, 1.0)  # a cell's centre stands at 0, 0
XS, YS = (axis.astype(float) for axis in GRID.centres())
EYE = Fixed(0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A flat site whose nodes live on sun."""
    return resolve(load_plan(written(tmp_path_factory.mktemp("flat"))))


def round_about(site, heights, height_m=0.0, far=None):
    """The horizon over handmade heights, turned to the local frame's north."""
    still = replace(site, grid=GRID)
    found = skyline(still, EYE, height_m, Surface(GRID, heights), far)
    turn = still.frame.convergence(0.0, 0.0)
    return found, [math.radians(at * 360 / DIRECTIONS - turn) for at in range(DIRECTIONS)]


@pytest.mark.parametrize("steep", [5.0, 20.0, 45.0])
def test_a_valley_has_its_slopes_angle_across_and_none_along(site, steep):
    rise = math.tan(math.radians(steep))
    found, bearings = round_about(site, np.broadcast_to(np.abs(XS) * rise, (801, 801)))
    for value, bearing in zip(found, bearings, strict=True):
        assert value == pytest.approx(math.degrees(math.atan(rise * abs(math.sin(bearing)))), abs=0.02)


@pytest.mark.parametrize(("away", "high"), [(20, 5.0), (100, 60.0), (350, 90.0)])
def test_a_ridge_hides_up_to_its_crest(site, away, high):
    heights = np.where(np.abs(YS + away) <= 3, high, 0.0)[:, np.newaxis] * np.ones(801)
    found, _ = round_about(site, heights, height_m=2.0)
    nearest = away - 3
    assert found[36] == pytest.approx(math.degrees(math.atan2(high - 2.0, nearest)), rel=0.06)  # due south
    assert found[0] == 0.0


def test_on_a_hilltop_and_on_the_level_nothing_is_hidden(site):
    hill = -0.1 * np.hypot(XS[np.newaxis, :], YS[:, np.newaxis])
    assert round_about(site, hill)[0] == (0.0,) * DIRECTIONS
    assert round_about(site, np.zeros((801, 801)), height_m=1.0)[0] == (0.0,) * DIRECTIONS


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 60.0), st.floats(0.0, 20.0))
def test_who_stands_higher_sees_no_higher_horizon(site, rise, height):
    bowl = rise / 100 * np.hypot(XS[np.newaxis, :], YS[:, np.newaxis])
    low, high = round_about(site, bowl, height)[0], round_about(site, bowl, height + 5.0)[0]
    assert all(above <= below for below, above in zip(low, high, strict=True))


def test_what_is_far_is_lowered_by_the_earth(site):
    grid = Grid(200, 200, -5000.0, -5000.0, 50.0)
    xs, _ = grid.centres()
    far = Surface(grid, np.broadcast_to(np.where(xs > 4000, 100.0, 0.0), (200, 200)))
    found, _ = round_about(site, np.full((801, 801), np.nan), far=far)
    drop = (1 - REFRACTION) * 4025.0**2 / (2 * EARTH_M)
    assert found[18] == pytest.approx(math.degrees(math.atan2(100.0 - drop, 4025.0)), rel=0.02)
    assert found[54] == 0.0


def test_a_ray_leaves_no_stretch_unlooked_at():
    found = distances(2.0)
    steps = np.diff(found)
    assert found[0] == 3.0
    assert found[-1] >= 5_000.0
    assert (steps >= 2.0).all()
    assert (steps <= np.maximum(2.0, found[:-1] * 0.02) + 1e-9).all()


def test_a_building_hides_as_high_as_it_is(site):
    grid = Grid(200, 200, -50.0, -50.0, 0.5)
    wall = Solid.of(box(-40.0, -12.0, 40.0, -10.0), height=8.0, name="wall")
    raised = near_surface(replace(site, grid=grid, solids=(wall,), ground=None))
    found = skyline(replace(site, grid=grid), EYE, 1.0, raised, None)
    assert found[36] == pytest.approx(math.degrees(math.atan2(7.0, 10.25)), abs=2.0)
    assert found[0] == 0.0


def test_the_sun_of_december_is_gone_behind_a_ridge_and_junes_is_not(site):
    ring = tuple(30.0 if 90 <= at * 5 <= 270 else 0.0 for at in range(DIRECTIONS))
    free = site_power(site, {}, {})
    behind = site_power(site, {}, {"trap-solar": ring})
    before, after = (
        [month.harvest_wh for month in next(node for node in found.nodes if node.node == "trap-solar").balance.months]
        for found in (free, behind)
    )
    assert all(less <= more for less, more in zip(after, before, strict=True))
    assert after[11] < 0.35 * before[11]  # at noon it stands 16 degrees high
    assert after[5] > 0.75 * before[5]  # 63 degrees


def test_the_terrains_file_beyond_the_site_is_in_it(tmp_path):
    plan = written(tmp_path)
    flat = resolve(load_plan(plan))
    x = round(flat.frame.anchor[0] + flat.nodes["trap-solar"][1].x)
    y = round(flat.frame.anchor[1] + flat.nodes["trap-solar"][1].y)
    rows = (np.arange(240) + 0.5) * 50.0  # metres south of the northern edge
    south = rows - 6000.0
    heights = np.broadcast_to(np.where(np.abs(south - 2000.0) < 120.0, 700.0, 200.0)[:, np.newaxis], (240, 240))
    tiff(tmp_path / "hills.tif", heights, west=x - 6000.0, north=y + 6000.0, pixel=50.0, crs=flat.frame.crs)
    plan.write_text(plan.read_text("utf-8") + "\nterrain: {path: hills.tif}\n", "utf-8")
    hilly = resolve(load_plan(plan))
    found, why = skylines(hilly)
    assert why is None
    assert set(found) == {"trap-solar", "listener"}
    assert found["trap-solar"][36] == pytest.approx(math.degrees(math.atan2(497.0, 1900.0)), abs=0.8)
    assert found["trap-solar"][0] == 0.0
    power = {node.node: node for node in site_power(hilly, {}).nodes}["trap-solar"]
    assert power.notes[-1] == spoken(found["trap-solar"])
    assert power.notes[-1].startswith(f"horizon up to {max(found['trap-solar']):.1f} degrees, at a bearing of 1")
    without = {node.node: node for node in site_power(flat, {}, {}).nodes}["trap-solar"]
    assert power.balance.months[11].harvest_wh < without.balance.months[11].harvest_wh


def test_terrain_that_cannot_be_read_beyond_the_site_is_said(tmp_path):
    flat = resolve(load_plan(written(tmp_path)))
    broken = replace(flat, plan=replace(flat.plan, terrain=Terrain("none.tif")))
    found, why = skylines(broken)
    assert why is not None
    assert "none.tif" in why
    assert found["trap-solar"]
    assert any("hills beyond the site are not in the horizon" in note for note in site_power(broken, {}).notes)


def test_where_the_weathers_file_has_pvgis_own_horizon_none_is_worked_out(tmp_path):
    assert surroundings(resolve(load_plan(EXAMPLES / "sites" / "farm" / "plan.yaml")), {}).horizons == {}
    path: Path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_text(hourly(air=5.0), encoding="utf-8")
    assert surroundings(resolve(load_plan(path)), {}).horizons == {}


def test_a_site_without_panels_asks_for_no_horizon():
    assert skylines(resolve(load_plan(EXAMPLES / "sites" / "yard" / "plan.yaml"))) == ({}, None)


def test_a_horizon_is_told_by_its_highest_place():
    ring = (0.0, 10.0, 0.0, 0.0)
    assert spoken(ring) == "horizon up to 10.0 degrees, at a bearing of 90; 99.2% of an even sky is left"
