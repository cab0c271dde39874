"""A share as people read it, the same figure on pages, drawings and the command line.

Tenths of a percent, rounded down: what falls short of a share that is asked for never reads as if it reached it, and 100 % is all of it.
`percent` in the pages' `figures.ts` is the same arithmetic. Of no floor; imports nothing of ours.
"""

from __future__ import annotations

from math import floor
from typing import Final

_SLACK: Final = 1e-9
"""Tenths: a share such as 0.29 is kept as a little less than it is."""


def tenths(share: float) -> int:
    """Tenths of a percent that a share (0 to 1) reaches."""
    return floor(share * 1000 + _SLACK)


def percent(share: float) -> str:
    """A share (0 to 1) in percent with one decimal, without a space as tables have it: `65.2%`."""
    return f"{tenths(share) / 10:.1f}%"
