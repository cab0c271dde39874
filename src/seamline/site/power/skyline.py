"""The horizon round a panel: how high the ground, and what stands on it, rises in each direction, by the terrain's GeoTIFF.

Near by it is the site's own ground with its buildings and obstructions; beyond the site the rest of the file, up to 5 km away. Heights are
looked up along rays, bilinear between cells, at steps of a fiftieth of the distance; the earth's curvature lowers what is far, refraction
lifts a little of that (0.13 of it, as surveyors take it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline.site.frame import CM, SiteError
from seamline.site.plan.site import Fixed, Site
from seamline.site.plan.terrain import asked, job_of
from seamline.site.scene import Grid

Floats = npt.NDArray[np.float64]
DIRECTIONS: Final = 72
"""Rays, 5 degrees apart: the sun goes that far in 20 minutes, and hours are what is reckoned with."""
REACH_M: Final = 5_000.0
FAR_CELLS: Final = 200
"""Cells of the far ground each way: 50 m."""
STEP_SHARE: Final = 0.02
EARTH_M: Final = 6_371_000.0
REFRACTION: Final = 0.13


@dataclass(frozen=True, slots=True)
class Surface:
    """Heights (rows, columns) on a grid, in metres above the site's level; NaN where nothing is known."""

    grid: Grid
    heights: Floats

    def at(self, x: Floats, y: Floats) -> Floats:
        """Bilinear between the cells' centres; NaN beyond the outermost of them, and beside unknown cells."""
        xs, ys = self.grid.centres()
        column, row = (x - float(xs[0])) / self.grid.cell, (y - float(ys[0])) / self.grid.cell
        inside = (column >= 0) & (row >= 0) & (column <= self.grid.columns - 1) & (row <= self.grid.rows - 1)
        column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
        west, south = column.astype(np.int64), row.astype(np.int64)
        east, north = np.minimum(west + 1, self.grid.columns - 1), np.minimum(south + 1, self.grid.rows - 1)
        across, up = column - west, row - south
        low = self.heights[south, west] * (1 - across) + self.heights[south, east] * across
        high = self.heights[north, west] * (1 - across) + self.heights[north, east] * across
        return np.where(inside, low * (1 - up) + high * up, np.nan)


def near_surface(site: Site) -> Surface:
    """The site's ground with what stands on it."""
    heights = np.zeros((site.grid.rows, site.grid.columns)) if site.ground is None else site.ground.copy()
    for solid in site.solids:
        inside = site.grid.within(solid.footprint)
        heights[inside] = np.maximum(heights[inside], solid.top_cm / CM)
    return Surface(site.grid, heights)


def far_surface(site: Site) -> Surface | None:
    """The terrain's file about the site; None without one. SiteError when it cannot be read."""
    terrain = site.plan.terrain
    if terrain is None:
        return None
    middle_x = site.grid.west + site.grid.columns * site.grid.cell / 2
    middle_y = site.grid.south + site.grid.rows * site.grid.cell / 2
    cell = 2 * REACH_M / FAR_CELLS
    grid = Grid(FAR_CELLS, FAR_CELLS, round(middle_x) - REACH_M, round(middle_y) - REACH_M, cell)
    _, heights = asked(job_of(grid, site.frame, terrain.crs, site.plan.beside(terrain.path)))
    return Surface(grid, heights.reshape(FAR_CELLS, FAR_CELLS) - site.level)


def distances(cell: float, reach: float = REACH_M) -> Floats:
    """Where a ray looks: from a cell and a half on, each step a cell or a fiftieth of the way, whichever is longer."""
    found = [1.5 * cell]
    while found[-1] < reach:
        found.append(found[-1] + max(cell, STEP_SHARE * found[-1]))
    return np.array(found)


def skyline(site: Site, fixed: Fixed, height_m: float, near: Surface, far: Surface | None) -> tuple[float, ...]:
    """Elevations (degrees, 0 or more) of the horizon round a place, evenly from true north clockwise.

    What hides less than the level's horizon counts as 0. `height_m` is that of the panel above the ground.
    """
    eye = fixed.ground + height_m
    away = distances(site.grid.cell)
    turn = site.frame.convergence(fixed.x, fixed.y)
    bearings = np.radians(np.arange(DIRECTIONS) * 360.0 / DIRECTIONS - turn)[:, np.newaxis]
    x, y = fixed.x + away * np.sin(bearings), fixed.y + away * np.cos(bearings)
    heights = near.at(x, y)
    if far is not None:
        heights = np.where(np.isfinite(heights), heights, far.at(x, y))
    dropped = (1 - REFRACTION) * away**2 / (2 * EARTH_M)
    rises = np.degrees(np.arctan2(heights - dropped - eye, away))
    highest = np.nanmax(np.where(np.isfinite(rises), rises, 0.0), axis=1)
    return tuple(float(round(value, 2)) for value in np.maximum(highest, 0.0))


def skylines(site: Site) -> tuple[dict[str, tuple[float, ...]], str | None]:
    """The horizon round each node with a panel; and why the ground beyond the site is not in it, where it is not."""
    plan = site.plan
    solar = {
        ident: (node, fixed)
        for ident, (node, fixed) in site.nodes.items()
        if node.power is not None and node.power.kit is not None and plan.kits[node.power.kit].panel is not None
    }
    if not solar:
        return {}, None
    why: str | None = None
    far: Surface | None = None
    try:
        far = far_surface(site)
    except SiteError as error:
        why = str(error)
    near = near_surface(site)
    return {ident: skyline(site, fixed, node.height_m, near, far) for ident, (node, fixed) in solar.items()}, why


def spoken(horizon: tuple[float, ...]) -> str:
    """A horizon in words: its highest place, and how much of an even sky it leaves."""
    highest = max(range(len(horizon)), key=lambda at: horizon[at])
    bearing = highest * 360.0 / len(horizon)
    left = sum(math.cos(math.radians(value)) ** 2 for value in horizon) / len(horizon)
    return f"horizon up to {horizon[highest]:.1f} degrees, at a bearing of {bearing:.0f}; {left:.1%} of an even sky is left"
