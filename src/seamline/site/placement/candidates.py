"""Candidates: where something can be mounted, times height, heading, tilt and part; and what each of them sees.

spots = along(shed, spacing=8.0, offset=0.3, name="shed")
found = candidates(spots, [Option("bullet-4mm", camera, cents=18_900)], heights=[4.0], step=45.0, tilts=[15.0])
sees = sight(scene, [(one.observer(), "camera") for one in found], [View.of(scene.grid.within(zone), target=1.0, least=2)])
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from seamline.site.frame import SiteError
from seamline.site.observers import Camera, Observer, Sensor
from seamline.site.placement.problem import Group
from seamline.site.placement.sight import Sight
from seamline.site.scene import Grid, Scene, Solid

CANDIDATES_MAX: Final = 20_000
"""More are refused: spacing, headings or tilts are finer than an answer can make use of."""
FORWARD_DEG: Final = 90.0
"""How far to the side of a wall's outward direction something mounted on it can look."""
CHUNK: Final = 32
"""Observers that a process is given at a time."""
Looking = tuple[Observer, str]
"""An observer, and the kind of view that it can meet."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to mount something: metres in the local frame; `facing` is the direction out of a wall in degrees, None all around.

    `above` is what the height is counted from, above the ground: of a roof its height.
    """

    x: float
    y: float
    name: str
    facing: float | None = None
    above: float = 0.0


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be mounted: its eye is put where the spot is. `cents` are what it costs there, all included."""

    name: str
    eye: Camera | Sensor
    cents: int = 0
    kind: str = "camera"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An option at a spot, with its height above the spot's level (m), heading and tilt (degrees)."""

    spot: Spot
    option: Option
    height: float
    heading: float
    tilt: float

    def observer(self) -> Observer:
        """What looks from there."""
        eye, at = self.option.eye, self.spot
        height = at.above + self.height
        if isinstance(eye, Camera):
            return replace(eye, x=at.x, y=at.y, height=height, heading=self.heading, tilt=self.tilt)
        return replace(eye, x=at.x, y=at.y, height=height, heading=self.heading)


def along(area: Polygon | MultiPolygon, spacing: float, offset: float, name: str, *, above: float = 0.0) -> list[Spot]:
    """Spots along all outer walls, in the middle of equal parts of at most `spacing` metres, `offset` metres out (below 0: in)."""
    if not spacing > 0:
        raise SiteError(f"spots along {name} are {spacing:g} m apart; it must be above 0")
    found: list[Spot] = []
    for part in getattr(area, "geoms", [area]):
        corners = shapely.get_coordinates(shapely.geometry.polygon.orient(part).exterior)
        for (ax, ay), (bx, by) in zip(corners[:-1].tolist(), corners[1:].tolist(), strict=True):
            length = math.hypot(bx - ax, by - ay)
            if not length:
                continue
            # Counter-clockwise, what is outside lies to the right.
            out_x, out_y = (by - ay) / length, (ax - bx) / length
            facing = math.degrees(math.atan2(out_x, out_y)) % 360
            parts = max(1, math.ceil(length / spacing))
            for at in range(parts):
                share = (at + 0.5) / parts
                x, y = ax + (bx - ax) * share + out_x * offset, ay + (by - ay) * share + out_y * offset
                found.append(Spot(round(x, 2), round(y, 2), name, round(facing, 3), above))
    return found


def candidates(
    spots: Iterable[Spot], options: Sequence[Option], heights: Sequence[float], step: float, tilts: Sequence[float]
) -> list[Candidate]:
    """All combinations, with headings every `step` degrees from north, in the order of what is given.

    What looks all around has one heading; only cameras have tilts; at a wall only headings out of it count. Raises SiteError for more
    than CANDIDATES_MAX.
    """
    if not 0 < step <= 360:
        raise SiteError(f"headings every {step:g} degrees; give more than 0 and at most 360")
    headings = [at * step for at in range(math.ceil(360 / step - 1e-9))]
    found: list[Candidate] = []
    for spot in spots:
        outward = [one for one in headings if spot.facing is None or turn(one, spot.facing) < FORWARD_DEG]
        for option, height in product(options, heights):
            is_round = isinstance(option.eye, Sensor) and option.eye.width == 360
            ways = product([0.0] if is_round else outward, tilts if isinstance(option.eye, Camera) else [0.0])
            found += [Candidate(spot, option, height, heading, tilt) for heading, tilt in ways]
        if len(found) > CANDIDATES_MAX:
            raise SiteError(f"more than {CANDIDATES_MAX:,} candidates; take larger steps between spots, headings or tilts")
    return found


def turn(a: float, b: float) -> float:
    """The angle between two headings, in degrees."""
    return abs((a - b + 180) % 360 - 180)


def one_each_way(found: Sequence[Candidate]) -> list[Group]:
    """From one spot, only one can look one way: two there are no redundancy, and rarely fit."""
    ways: dict[tuple[float, float, float, str], list[int]] = {}
    for at, one in enumerate(found):
        ways.setdefault((one.spot.x, one.spot.y, one.heading, one.option.kind), []).append(at)
    return [
        Group(tuple(members), 1, f"{found[members[0]].spot.name} towards {found[members[0]].heading:g} degrees")
        for members in ways.values()
        if len(members) > 1
    ]


@dataclass(frozen=True, eq=False)
class View:
    """Cells that are to be seen in one way: flat indices of the grid, ascending.

    Targets are `target` metres high; they count as seen at level `least` of the mask or more, by observers of this `kind`.
    """

    cells: NDArray[np.int64]
    target: float
    least: int = 1
    roofs: bool = False
    kind: str = "camera"

    @classmethod
    def of(cls, inside: NDArray[np.bool_], target: float, least: int = 1, *, roofs: bool = False, kind: str = "camera") -> View:
        """Of the cells (rows, columns) that are inside."""
        return cls(np.flatnonzero(inside), target, least, roofs, kind)


def sight(scene: Scene, observers: Sequence[Looking], views: Sequence[View], jobs: int = 1) -> Sight:
    """Which observers see which cells: the cells of all views, one view after the other. `jobs`: processes that work on it."""
    rows = alone(scene, observers, views) if jobs <= 1 else together(scene, observers, views, jobs)
    return Sight.of_rows(rows, sum(len(view.cells) for view in views))


def alone(scene: Scene, observers: Iterable[Looking], views: Sequence[View]) -> Iterator[NDArray[np.int64]]:
    """What each observer sees, one after the other."""
    starts = np.cumsum([0, *(len(view.cells) for view in views)])
    for observer, kind in observers:
        masks: dict[tuple[float, bool], NDArray[np.uint8]] = {}
        parts = [np.zeros(0, np.int64)]
        for start, view in zip(starts, views, strict=False):
            if view.kind != kind:
                continue
            how = (view.target, view.roofs)
            if how not in masks:
                masks[how] = scene.mask(observer, view.target, roofs=view.roofs).ravel()
            parts.append(start + np.flatnonzero(masks[how][view.cells] >= view.least))
        yield np.concatenate(parts)


def together(scene: Scene, observers: Sequence[Looking], views: Sequence[View], jobs: int) -> Iterator[NDArray[np.int64]]:
    """The same by several processes; in the same order."""
    ready = (scene.grid, scene.solids, scene.ground, views)
    chunks = [observers[at : at + CHUNK] for at in range(0, len(observers), CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=Bench.prepare, initargs=ready) as pool:
        for rows in pool.map(Bench.work, chunks):
            yield from rows


class Bench:
    """What a process of `together` works on."""

    scene: Scene
    views: Sequence[View]

    @classmethod
    def prepare(cls, grid: Grid, solids: Sequence[Solid], ground: NDArray[np.int32] | None, views: Sequence[View]) -> None:
        """Set the scene up, once a process; `ground` in centimetres."""
        cls.scene = Scene(grid, solids, None if ground is None else ground / 100)
        cls.views = views

    @classmethod
    def work(cls, observers: Sequence[Looking]) -> list[NDArray[np.int64]]:
        """What each of them sees."""
        return list(alone(cls.scene, observers, cls.views))
