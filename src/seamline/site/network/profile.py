"""What lies under the straight line between two antennas: the ground, and the solids it crosses.

Which part of the line lies in a solid's footprint is worked out in whole centimetres and fractions: holes are respected, and a line
that only touches a wall or a corner, or runs along a wall, is not inside (the rule that `Scene.mask` has for sight).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.site.frame import CM, HEIGHT_CM, REACH_CM, SiteError, centimetres
from seamline.site.scene import Scene

SAMPLES: Final = 64
"""Parts into which a path is cut to sample the ground, besides the lines between the terrain's cells."""

Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Antenna:
    """A place in local metres, `height` metres above the ground there."""

    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """A solid under the line, from `enters` to `leaves` (m along it), with its top at `top` (m above the site's level).

    `from_inside` and `to_inside`: the first, the last antenna stands in its footprint.
    """

    name: str
    enters: float
    leaves: float
    top: float
    from_inside: bool = False
    to_inside: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A vertical cut between two antennas. Lengths along it in metres from the first; heights above the site's level.

    `places` and `ground` are samples of the ground strictly between the ends; `levels` are the antennas', `feet` the ground's there.
    """

    length: float
    levels: tuple[float, float]
    feet: tuple[float, float]
    places: NDArray[np.float64]
    ground: NDArray[np.float64]
    crossings: tuple[Crossing, ...]

    def level_at(self, along: float) -> float:
        """The height of the straight line between the antennas."""
        first, last = self.levels
        return first + (last - first) * (along / self.length if self.length else 0.0)

    def raised(self, first: float, last: float) -> Profile:
        """The same cut with the antennas raised by so many metres."""
        levels = (self.levels[0] + first, self.levels[1] + last)
        return Profile(self.length, levels, self.feet, self.places, self.ground, self.crossings)


class Ground:
    """A scene, prepared for many profiles."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        edges: list[tuple[int, int, int, int, int]] = []
        for index, solid in enumerate(scene.solids):
            for ring in solid.rings:
                edges += [(index, *p, *q) for p, q in pairwise((*ring, ring[0]))]
        table = np.array(edges, np.int64).reshape(-1, 5)
        self._solid, self._from, self._to = table[:, 0], table[:, 1:3], table[:, 3:5]

    def between(self, first: Antenna, last: Antenna) -> Profile:
        """The profile between two antennas; SiteError when one is no place or they are more than 10 km apart."""
        (ax, ay, az, af), (bx, by, bz, bf) = (self._fixed(antenna) for antenna in (first, last))
        levels, feet = (az / CM, bz / CM), (af / CM, bf / CM)
        length = math.hypot(bx - ax, by - ay)
        if length > REACH_CM:
            raise SiteError(f"antennas are {length / CM:g} m apart; the most is {REACH_CM / CM:g} m. Are they in the same frame?")
        if not length:
            return Profile(0.0, levels, feet, np.empty(0), np.empty(0), ())
        places = self._places(ax, ay, bx, by, first.height, last.height)
        ground = self._heights(ax + (bx - ax) * places, ay + (by - ay) * places)
        crossings = self._crossings((ax, ay), (bx, by))
        return Profile(length / CM, levels, feet, places * (length / CM), ground / CM, crossings)

    def _fixed(self, antenna: Antenna) -> tuple[int, int, int, int]:
        x, y = centimetres(antenna.x, "an antenna's x"), centimetres(antenna.y, "an antenna's y")
        height = centimetres(antenna.height, "an antenna's height", HEIGHT_CM - 1)
        if height < 0:
            raise SiteError(f"an antenna stands {antenna.height:g} m above the ground; give 0 or more")
        foot = self._scene.ground_at(x, y)
        return x, y, foot + height, foot

    def _places(self, ax: int, ay: int, bx: int, by: int, first: float, last: float) -> NDArray[np.float64]:
        """Where the ground is sampled, as shares of the path, strictly between its ends.

        Over terrain, where the path crosses the lines between the cells' centres (there lie the ridges of a bilinear ground);
        on flat ground, where it comes nearest to the line in terms of Fresnel zones: at the point of reflection.
        """
        found = [np.arange(1, SAMPLES) / SAMPLES]
        if self._scene.ground is None:
            if first + last > 0:
                found.append(np.array([first / (first + last)]))
        else:
            grid = self._scene.grid
            (west, south), step = grid.first, grid.step
            for start, end, origin, count in ((ax, bx, west, grid.columns), (ay, by, south, grid.rows)):
                if start != end:
                    low = max(0, math.ceil((min(start, end) - origin) / step))
                    high = min(count - 1, math.floor((max(start, end) - origin) / step))
                    found.append((origin + step * np.arange(low, high + 1) - start) / (end - start))
        places = np.unique(np.concatenate(found))
        return places[(places > 0) & (places < 1)]

    def _heights(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.float64]:
        """The ground at places in centimetres: bilinear between centres, as `Scene.ground_at`."""
        ground, grid = self._scene.ground, self._scene.grid
        if ground is None:
            return np.zeros(len(xs))
        (west, south), step = grid.first, grid.step
        column = np.clip((xs - west) / step, 0, grid.columns - 1)
        row = np.clip((ys - south) / step, 0, grid.rows - 1)
        i, j = column.astype(np.int64), row.astype(np.int64)
        east, north = np.minimum(i + 1, grid.columns - 1), np.minimum(j + 1, grid.rows - 1)
        u, v = column - i, row - j
        lower = ground[j, i] * (1 - u) + ground[j, east] * u
        upper = ground[north, i] * (1 - u) + ground[north, east] * u
        return lower * (1 - v) + upper * v

    def _crossings(self, first: tuple[int, int], last: tuple[int, int]) -> tuple[Crossing, ...]:
        step = np.array([last[0] - first[0], last[1] - first[1]], np.int64)
        p, q = self._from - np.array(first, np.int64), self._to - np.array(first, np.int64)
        side_p, side_q = step[0] * p[:, 1] - step[1] * p[:, 0], step[0] * q[:, 1] - step[1] * q[:, 0]
        left = np.nonzero((side_p > 0) != (side_q > 0))[0]
        right = np.nonzero((side_p < 0) != (side_q < 0))[0]
        along_p, along_q = p @ step, q @ step

        def meets(edges: NDArray[np.int64], solid: int) -> list[Fraction]:
            """Where these edges of a solid meet the line, as its length times the way from the first end; in their order."""
            own = edges[self._solid[edges] == solid]
            rows = zip(side_p[own].tolist(), side_q[own].tolist(), along_p[own].tolist(), along_q[own].tolist(), strict=True)
            return sorted(Fraction(tq * sp - tp * sq, sp - sq) for sp, sq, tp, tq in rows)

        whole = int(step @ step)
        found: list[Crossing] = []
        for solid in sorted(set(self._solid[left].tolist()) & set(self._solid[right].tolist())):
            for low, high in shared(meets(left, solid), meets(right, solid)):
                if high > 0 and low < whole:
                    found.append(self._crossing(solid, low, high, whole))
        return tuple(sorted(found, key=lambda crossing: (crossing.enters, crossing.leaves, crossing.name)))

    def _crossing(self, solid: int, low: Fraction, high: Fraction, whole: int) -> Crossing:
        length, body = math.sqrt(whole) / CM, self._scene.solids[solid]
        enters, leaves = (float(min(max(end / whole, 0), 1)) * length for end in (low, high))
        name = body.name or f"solid {solid + 1}"
        return Crossing(name, enters, leaves, body.top_cm / CM, from_inside=low < 0, to_inside=high > whole)


def shared(left: Sequence[Fraction], right: Sequence[Fraction]) -> list[Span]:
    """Where a line a hair to the left and one a hair to the right are both inside: where the line between them is.

    Each argument holds the places, in order, at which one of them goes in and out.
    """
    found: list[Span] = []
    spans = list(zip(left[::2], left[1::2], strict=True))
    for low, high in zip(right[::2], right[1::2], strict=True):
        found += [(max(low, a), min(high, b)) for a, b in spans if max(low, a) < min(high, b)]
    return sorted(found)
