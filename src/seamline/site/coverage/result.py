"""What is seen of a site, as values: for each zone and each of its needs the count in each cell, the shares, and the blind spots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seamline.site.plan.model import Need
from seamline.site.plan.site import Areal
from seamline.site.scene import Grid

CauseKind = Literal["obstruction", "terrain", "range", "field", "near", "density", "nobody"]
"""Why a node does not see a cell well enough.

`obstruction`: a solid stands between, and without it the cell would be seen. `terrain`: the ground does. `range`: too far away.
`near`: below the picture. `field`: beside or above it. `density`: in the picture, with too few pixels. `nobody`: no node of the plan
could meet the need at all.
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why cells of a blind spot are not seen: `what` is a thing of the survey (obstruction) or a node, with how many cells and m2.

    A cell can have several causes: it counts for each of them.
    """

    kind: CauseKind
    what: str
    cells: int
    area_m2: float


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Cells of a zone that hang together and are not seen as often as they must; `cells` in all, worst cause first."""

    id: str
    area: Areal
    cells: int
    area_m2: float
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedCoverage:
    """How well one need of a zone is met. `counts` (rows, columns of the zone's grid): observers that meet it, at most 255.

    `share` is of the zone's cells those that `k` or more observers see; `met` says that this is enough. `seen` are the cells that each
    node meets the need in, `alone` those that would fall below `k` without it.
    """

    need: Need
    cells: int
    covered: int
    share: float
    met: bool
    counts: NDArray[np.uint8]
    histogram: tuple[int, ...]
    """Cells seen by 0, 1, 2, ... observers."""
    seen: Mapping[str, int]
    alone: Mapping[str, int]
    blind: tuple[BlindSpot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCoverage:
    """A zone on its grid: `inside` (rows, columns) are its cells."""

    zone: str
    grid: Grid
    inside: NDArray[np.bool_]
    area_m2: float
    needs: tuple[NeedCoverage, ...]

    @property
    def met(self) -> bool:
        """Whether every need is met."""
        return all(need.met for need in self.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All zones of a site, in the plan's order. `score` is the weighted mean of the shares covered, each need counted alike."""

    zones: Mapping[str, ZoneCoverage]
    score: float

    @property
    def met(self) -> bool:
        """Whether every need of every zone is met."""
        return all(zone.met for zone in self.zones.values())
