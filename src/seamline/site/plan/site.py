"""A plan with its survey: everything in metres of one local frame, ready to be looked at, measured and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.contract.problems import Span
from seamline.site.plan.local import LocalFrame
from seamline.site.plan.model import Gateway, Meaning, Node, Plan, Supply, Zone
from seamline.site.scene import Grid, Solid
from seamline.site.survey.feature import Value

Areal = Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class SiteNote:
    """Something about a survey or plan that was mended or not used; never silent. `where` is a file with its line, or a plan's place.

    `kind`: `repaired` is in the site, changed; `left out` is not; `unmatched` is a feature without a rule; `doubt` is in it as it stands.
    """

    kind: Literal["repaired", "left out", "unmatched", "doubt"]
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Thing:
    """A feature of the survey with its meaning; geometry in local metres. `id` is its name, made unique (`shed`, `shed-2`)."""

    id: str
    meaning: Meaning
    name: str
    folder: str
    file: str
    line: int
    geometry: BaseGeometry
    height_m: float | None
    properties: Mapping[str, Value]
    rule: Span | None = None
    """The rule that decided; None for what no rule matched."""

    @property
    def origin(self) -> str:
        """The file it is from, with its line where that is known."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Fixed:
    """A place of the plan in local metres, with the height of the ground there above the terrain's own level."""

    x: float
    y: float
    ground: float


@dataclass(frozen=True, slots=True)
class SiteZone:
    """A zone with its area."""

    zone: Zone
    area: Areal


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A plan, worked out. Metres in `frame`; every mapping in the plan's order.

    `solids` hide; each is named for the thing that it was made of. `ground` are the terrain's heights (rows, columns of `grid`), from
    `level` metres above the datum on; None when the ground is flat.
    """

    plan: Plan
    frame: LocalFrame
    boundary: Areal
    things: tuple[Thing, ...]
    solids: tuple[Solid, ...]
    grid: Grid
    ground: NDArray[np.float64] | None
    level: float
    zones: Mapping[str, SiteZone]
    exclusion: Areal
    """Where nothing may be placed: exclusions and water."""
    nodes: Mapping[str, tuple[Node, Fixed]]
    gateways: Mapping[str, tuple[Gateway, Fixed]]
    supplies: Mapping[str, tuple[Supply, Fixed]]
    routes: tuple[BaseGeometry, ...]
    notes: tuple[SiteNote, ...]

    def thing(self, ident: str) -> Thing:
        """The thing of that id; KeyError when there is none."""
        found = next((thing for thing in self.things if thing.id == ident), None)
        if found is None:
            raise KeyError(ident)
        return found
