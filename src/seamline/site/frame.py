"""The measure of a site: metres outside, whole centimetres inside, and how far both reach."""

from __future__ import annotations

import math
from typing import Final

CM: Final = 100
REACH_CM: Final = 1 << 20
"""How far from an observer anything may lie that matters to it: 10,485 m. The kernel's whole numbers are exact up to here."""
HEIGHT_CM: Final = 1 << 19
"""How high anything may be above the ground: 5,242 m."""
UNIT: Final = 1 << 20
"""The length of a direction in the kernel."""


class SiteError(ValueError):
    """Geometry that cannot be meant; the message names the part, the value and the remedy."""


def centimetres(metres: float, what: str, limit: int = 1 << 30) -> int:
    """`metres` in whole centimetres, the nearest; SiteError when it is no number, or farther out than `limit` centimetres."""
    if not math.isfinite(metres):
        raise SiteError(f"{what} is {metres}; give it in metres")
    found = round(metres * CM)
    if abs(found) > limit:
        raise SiteError(f"{what} is {metres:g} m; the most is {limit / CM:g} m. Are these degrees, or another unit?")
    return found
