"""The cells of every need of a site in one row, and who sees which: what remedies are weighed by."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seamline.site.coverage.cover import Coverer, Nodes
from seamline.site.plan.model import Node
from seamline.site.plan.site import Fixed

Row = NDArray[np.bool_]
"""A cell of each need after the other, in the plan's order."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where the cells of a zone's need lie in a row."""

    zone: str
    need: int
    start: int
    end: int


class Cells:
    """Rows of one site. `k` and `area_m2` say of each cell how many must see it, and how large it is."""

    def __init__(self, coverer: Coverer) -> None:
        self._coverer = coverer
        self.spans: list[Span] = []
        k: list[NDArray[np.int32]] = []
        areas: list[NDArray[np.float64]] = []
        end = 0
        for ident, zone in coverer.zones.items():
            for number, need in enumerate(zone.zone.needs):
                self.spans.append(Span(ident, number, end, end + zone.cells))
                end += zone.cells
                k.append(np.full(zone.cells, need.k, np.int32))
                areas.append(np.full(zone.cells, zone.grid.cell**2))
        self.width = end
        self.k = np.concatenate(k) if k else np.zeros(0, np.int32)
        self.area_m2 = np.concatenate(areas) if areas else np.zeros(0)

    def seen(self, nodes: Nodes) -> Mapping[str, Row]:
        """What each of these nodes sees, where it is of the kind that is asked for."""
        rows = {ident: np.zeros(self.width, np.bool_) for ident in nodes}
        for span in self.spans:
            zone = self._coverer.zones[span.zone]
            needs = zone.zone.needs
            for ident, observer, least in self._coverer.watches(needs[span.need], needs, nodes):
                rows[ident][span.start : span.end] = (zone.mask(observer) >= least)[zone.inside]
        return rows

    def one(self, node: Node, at: Fixed) -> Row:
        """What a node would see there."""
        return self.seen({node.id: (node, at)})[node.id]

    def m2(self, row: Row) -> float:
        """The area of a row's cells, of each zone's needs the one with most."""
        zones: dict[str, float] = {}
        for span in self.spans:
            area = float(self.area_m2[span.start : span.end][row[span.start : span.end]].sum())
            zones[span.zone] = max(area, zones.get(span.zone, 0.0))
        return sum(zones.values())

    def gain_m2(self, counts: NDArray[np.int32], after: NDArray[np.int32], alone: Row) -> float:
        """What comes back of `alone`, less what is covered by `counts` and no more by `after`: as the hub weighs a remedy."""
        return self.m2(alone & (after >= self.k)) - self.m2((counts >= self.k) & (after < self.k))

    def parts(self, row: Row) -> Iterator[tuple[Span, Row]]:
        """A row by zone and need, where anything is seen."""
        for span in self.spans:
            part = row[span.start : span.end]
            if part.any():
                yield span, part


def bits_of(mask: Row) -> str:
    """A mask as base64 of its bits, eight cells a byte, the first cell the highest bit."""
    return base64.b64encode(np.packbits(mask).tobytes()).decode()
