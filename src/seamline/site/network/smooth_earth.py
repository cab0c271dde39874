"""What the ground itself costs low antennas: diffraction over a smooth earth, ITU-R P.526-15 sections 3.1.1, 3.2 and 4.5.2.

It is what keeps a sensor half a metre above a field from reaching across it, with nothing in the way. The smooth surface is fitted
to the ground of the path (the terrain, not what stands on it), as ITU-R P.1812-6 attachment 1 section 5.6.2 does.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

EARTH_KM: Final = 8500.0
"""Radius of the earth for radio, with k = 4/3 (P.526-15 section 4.5.1)."""
PERMITTIVITY: Final = 22.0
"""Of land, relative (P.526-15 section 3.1.1, as P.452 and P.1812 take it)."""
CONDUCTIVITY: Final = 0.003
"""Of land, S/m."""
LOWEST_M: Final = 0.01
"""No antenna's middle is lower."""


def effective_heights(
    places: NDArray[np.float64],
    ground: NDArray[np.float64],
    feet: tuple[float, float],
    levels: tuple[float, float],
    length: float,
) -> tuple[float, float]:
    """How high both antennas are above the smooth surface, in metres: P.1812-6 attachment 1 section 5.6.2.

    `places` and `ground` are samples between the ends (m), `feet` the ground at both ends, `levels` the antennas'.
    """
    d, h = np.concatenate(([0.0], places, [length])), np.concatenate(([feet[0]], ground, [feet[1]]))
    steps, sums = np.diff(d), h[1:] + h[:-1]
    v1 = float((steps * sums).sum())
    v2 = float((steps * (h[1:] * (2 * d[1:] + d[:-1]) + h[:-1] * (d[1:] + 2 * d[:-1]))).sum())
    first, last = (2 * v1 * length - v2) / length**2, (v2 - v1 * length) / length**2
    if len(places):
        above = ground - (levels[0] * (length - places) + levels[1] * places) / length
        highest = float(above.max())
        if highest > 0:
            up, down = float((above / places).max()), float((above / (length - places)).max())
            first -= highest * up / (up + down)
            last -= highest * down / (up + down)
    return max(levels[0] - min(first, feet[0]), 0.0), max(levels[1] - min(last, feet[1]), 0.0)


def smooth_earth_db(length: float, heights: tuple[float, float], mhz: float, *, vertical: bool = True) -> float:
    """Diffraction loss over a smooth earth of land, P.526-15 section 4.5.2: a path in metres, antennas above the surface in metres."""
    km, ghz = length / 1000, mhz / 1000
    first, last = heights = max(heights[0], LOWEST_M), max(heights[1], LOWEST_M)
    if km >= math.sqrt(2 * EARTH_KM) * (math.sqrt(first / 1000) + math.sqrt(last / 1000)):
        return max(first_term_db(km, heights, ghz, EARTH_KM, vertical=vertical), 0.0)
    clearance, at = least_clearance(km, first, last)
    needed = 17.456 * math.sqrt(at * (km - at) * (0.299792458 / ghz) / km)
    if clearance > needed:
        return 0.0
    # As if the earth were so small that the path just grazed it.
    radius = 500 * (km / (math.sqrt(first) + math.sqrt(last))) ** 2
    grazing = first_term_db(km, heights, ghz, radius, vertical=vertical)
    return max((1 - clearance / needed) * grazing, 0.0)


def least_clearance(km: float, first: float, last: float) -> tuple[float, float]:
    """The smallest height of the path above the smooth earth (m), and where (km): P.526-15 section 3.2."""
    m = 250 * km * km / (EARTH_KM * (first + last))
    c = (first - last) / (first + last)
    angle = math.pi / 3 + math.acos(min(max(3 * c / 2 * math.sqrt(3 * m / (m + 1) ** 3), -1.0), 1.0)) / 3
    b = 2 * math.sqrt((m + 1) / (3 * m)) * math.cos(angle)
    at = km / 2 * (1 + b)
    rest = km - at
    clearance = ((first - 500 * at * at / EARTH_KM) * rest + (last - 500 * rest * rest / EARTH_KM) * at) / km
    return clearance, at


def first_term_db(km: float, heights: tuple[float, float], ghz: float, radius_km: float, *, vertical: bool = True) -> float:
    """The first term of the residue series: P.526-15 section 3.1.1."""
    loss = (18 * CONDUCTIVITY / ghz) ** 2
    k = 0.036 * (radius_km * ghz) ** (-1 / 3) * ((PERMITTIVITY - 1) ** 2 + loss) ** -0.25
    if vertical:
        k *= math.sqrt(PERMITTIVITY**2 + loss)
    beta = (1 + 1.6 * k**2 + 0.67 * k**4) / (1 + 4.5 * k**2 + 1.53 * k**4)
    x = 21.88 * beta * (ghz / radius_km**2) ** (1 / 3) * km
    distance = 11 + 10 * math.log10(x) - 17.6 * x if x >= 1.6 else -20 * math.log10(x) - 5.6488 * x**1.425
    least = 2 + 20 * math.log10(k)
    return -distance - sum(
        max(height_gain_db(0.9575 * beta * (ghz**2 / radius_km) ** (1 / 3) * h * beta), least) for h in heights
    )


def height_gain_db(b: float) -> float:
    """G of the normalised antenna height: P.526-15 section 3.1.1."""
    if b > 2:
        return 17.6 * math.sqrt(b - 1.1) - 5 * math.log10(b - 1.1) - 8
    return 20 * math.log10(b + 0.1 * b**3)
