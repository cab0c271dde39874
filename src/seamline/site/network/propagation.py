"""What a path costs a signal: free space (ITU-R P.525-4), and diffraction over what stands in the way (ITU-R P.526-15).

For every path the general method of P.526-15 section 4.5 is taken, "delta-Bullington": one edge in place of all, with a correction for
the others (4.5.1), and what the smooth ground adds for low antennas (4.5.2). It holds for one edge and for many, over roofs and over
ground, and changes with no jump as an antenna is raised. A path may instead go through solids whose walls have a stated loss; the way
that costs less wins, and is named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.site.network.profile import Crossing, Profile
from seamline.site.network.smooth_earth import EARTH_KM, effective_heights, smooth_earth_db

LIGHT_M_S: Final = 299_792_458.0
EARTH_M: Final = 1000 * EARTH_KM
NEAREST_M: Final = 1.0
"""Antennas nearer than this are taken to be so far apart: free space loss holds for the far field."""
EDGE_M: Final = 0.1
"""An edge stands no nearer to an antenna than this: what is mounted on a wall stands off it."""
NU_MIN: Final = -0.78
"""P.526-15 section 4.1: the approximation holds above it; below, an edge costs nothing."""
MIXED_MAX: Final = 6
"""Solids of which any mix may be gone through; of more, all of them or none."""


@dataclass(frozen=True, slots=True)
class PathLoss:
    """The loss of a path in dB, by its causes. `over` and `through` name the solids in the straight line, by how they are passed.

    `shut` names what an antenna stands inside of and whose walls have no stated loss: then there is no path.
    """

    free_space_db: float
    diffraction_db: float
    penetration_db: float = 0.0
    over: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()

    @property
    def total_db(self) -> float:
        """All together; infinite without a path."""
        return math.inf if self.shut else self.free_space_db + self.diffraction_db + self.penetration_db

    @property
    def way(self) -> str:
        """`clear`, `over`, `through`, `over and through`, or `shut`."""
        if self.shut:
            return "shut"
        return " and ".join(name for name, passed in (("over", self.over), ("through", self.through)) if passed) or "clear"


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """A solid in the way: the loss of going through it (None: not stated), and whether there is no way over it."""

    crossing: Crossing
    through_db: float | None
    around: bool


def free_space_db(metres: float, mhz: float) -> float:
    """Free-space basic transmission loss, P.525-4 equation 4: 20 log(4 pi d / wavelength)."""
    return 20 * math.log10(4 * math.pi * max(metres, NEAREST_M) * mhz * 1e6 / LIGHT_M_S)


def knife_edge_db(nu: float) -> float:
    """The loss of a single knife edge, P.526-15 section 4.1 equation 31: J(nu)."""
    if nu <= NU_MIN:
        return 0.0
    return max(0.0, 6.9 + 20 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1) + nu - 0.1))


def nu_of(height: float, first: float, last: float, wavelength: float) -> float:
    """Fresnel's parameter of an edge `height` above the line, so far from either end (m): P.526-15 section 4.1 equation 26."""
    return height * math.sqrt(2 / wavelength * (1 / first + 1 / last))


def bullington_db(
    places: NDArray[np.float64], heights: NDArray[np.float64], levels: tuple[float, float], length: float, mhz: float
) -> float:
    """Bullington's part of the diffraction loss, P.526-15 section 4.5.1, in metres: points between the ends, the antennas' levels."""
    if not len(places):
        return 0.0
    wavelength = LIGHT_M_S / (mhz * 1e6)
    first, last = levels
    rest = length - places
    bulged = heights + places * rest / (2 * EARTH_M)
    slope = float(((bulged - first) / places).max())
    if slope <= (last - first) / length:  # line of sight: the point that disturbs most
        above = bulged - (first * rest + last * places) / length
        nu = float((above * np.sqrt(2 * length / (wavelength * places * rest))).max())
    else:  # beyond the horizon: the one edge at which both horizons' lines meet
        back = float(((bulged - last) / rest).max())
        at = min(max((last - first + back * length) / (slope + back), EDGE_M), length - EDGE_M)
        nu = nu_of(first + slope * at - (first * (length - at) + last * at) / length, at, length - at, wavelength)
    edge = knife_edge_db(nu)
    return edge + (1 - math.exp(-edge / 6)) * (10 + 0.02 * length / 1000)


def path_loss(profile: Profile, mhz: float, walls: Mapping[str, float] | None = None) -> PathLoss:
    """The loss between the ends of a profile; `walls` are losses in dB of one wall or roof of a solid, by its name.

    An antenna in a solid, below its top, has no way over it: only through, or none. Ways round a corner are not looked for.
    """
    first, last = profile.levels
    free = free_space_db(math.hypot(profile.length, last - first), mhz)
    if profile.length <= 2 * EDGE_M:
        return PathLoss(free, 0.0)
    hit = [found for crossing in profile.crossings if (found := _obstacle(profile, crossing, walls or {})) is not None]
    shut = tuple(dict.fromkeys(one.crossing.name for one in hit if one.around and one.through_db is None))
    if shut:
        return PathLoss(free, 0.0, shut=shut)
    missed = [crossing for crossing in profile.crossings if all(crossing is not one.crossing for one in hit)]
    ground = _ground_db(profile, mhz)
    ways = (_way(profile, mhz, (free, ground), missed, hit, through) for through in _mixes(hit))
    return min(ways, key=lambda way: (way.total_db, len(way.through)))


def _obstacle(profile: Profile, crossing: Crossing, walls: Mapping[str, float]) -> _Obstacle | None:
    """What a solid is to the straight line; None when the line passes above it."""
    enters, leaves = crossing.enters, crossing.leaves
    low, high = profile.level_at(enters), profile.level_at(leaves)
    if min(low, high) >= crossing.top:
        return None
    surfaces = 2 - (crossing.from_inside and low < crossing.top) - (crossing.to_inside and high < crossing.top)
    wall = walls.get(crossing.name) if surfaces else 0.0  # between two places in one building there is no wall that is drawn
    return _Obstacle(crossing, None if wall is None else wall * surfaces, surfaces < 2)


def _mixes(hit: Sequence[_Obstacle]) -> list[tuple[bool, ...]]:
    """The ways to try: which solids are gone through."""
    if sum(one.through_db is not None for one in hit) > MIXED_MAX:
        return [tuple(one.around for one in hit), tuple(one.through_db is not None for one in hit)]
    choices = [(True,) if one.around else (False,) if one.through_db is None else (False, True) for one in hit]
    return list(product(*choices))


def _ground_db(profile: Profile, mhz: float) -> float:
    """What a smooth earth costs beyond what Bullington's edge finds of it: P.526-15 section 4.5.3."""
    heights = effective_heights(profile.places, profile.ground, profile.feet, profile.levels, profile.length)
    smooth = smooth_earth_db(profile.length, heights, mhz)
    return max(smooth - bullington_db(profile.places, np.zeros(len(profile.places)), heights, profile.length, mhz), 0.0)


def _way(
    profile: Profile,
    mhz: float,
    fixed: tuple[float, float],
    missed: list[Crossing],
    hit: Sequence[_Obstacle],
    through: Sequence[bool],
) -> PathLoss:
    """The loss when these solids are gone through and the others over; `fixed` are the losses of free space and smooth ground."""
    free, ground = fixed
    over = [one.crossing for one, gone in zip(hit, through, strict=True) if not gone]
    edges = [edge for crossing in (*missed, *over) for edge in _edges(crossing, profile.length)]
    places = np.concatenate([profile.places, np.array([at for at, _ in edges])])
    heights = np.concatenate([profile.ground, np.array([top for _, top in edges])])
    gone = [one for one, taken in zip(hit, through, strict=True) if taken]
    return PathLoss(
        free,
        bullington_db(places, heights, profile.levels, profile.length, mhz) + ground,
        sum(one.through_db or 0.0 for one in gone),
        tuple(dict.fromkeys(crossing.name for crossing in over)),
        tuple(dict.fromkeys(one.crossing.name for one in gone)),
    )


def _edges(crossing: Crossing, length: float) -> tuple[tuple[float, float], ...]:
    """The two edges of a flat roof; between them it lies no higher above any straight line."""
    return tuple((min(max(at, EDGE_M), length - EDGE_M), crossing.top) for at in (crossing.enters, crossing.leaves))
