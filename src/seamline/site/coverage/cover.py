"""Coverage: what the nodes of a site see of each zone, how often, and where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.site.coverage.causes import reasons
from seamline.site.coverage.observing import able, aim_of, observer_of, part_of
from seamline.site.coverage.result import BlindSpot, Cause, CauseKind, Coverage, NeedCoverage, ZoneCoverage
from seamline.site.coverage.spots import labels, outline, runs_of
from seamline.site.coverage.zones import ZoneCells
from seamline.site.observers import Observer
from seamline.site.plan.model import Need, Node
from seamline.site.plan.site import Fixed, Site

COUNT_MAX: Final = 255
IN_THE_WAY: Final = frozenset({"obstruction", "terrain"})
"""Causes that no turning of a node mends."""
EPSILON: Final = 1e-9
"""Shares are quotients of counts: 0.95 of 100 cells are 95."""
Nodes = Mapping[str, tuple[Node, Fixed]]
Watch = tuple[str, Observer, int]
"""A node that could meet a need: its id, what observes, and the level that its mask must reach."""


def cover(site: Site) -> Coverage:
    """What the site's nodes see of its zones."""
    return Coverer(site).cover()


class Coverer:
    """Coverage of one site, asked again and again with changed nodes: only what changed is worked out anew."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.zones = {ident: ZoneCells(site, zone) for ident, zone in site.zones.items()}

    def cover(self, nodes: Nodes | None = None, *, spots: bool = True) -> Coverage:
        """The coverage by these nodes, or by the site's; without `spots`, blind spots are not looked for."""
        asked = self.site.nodes if nodes is None else nodes
        zones = {ident: self._zone(zone, asked, spots=spots) for ident, zone in self.zones.items()}
        shares = [(found.share, zone.zone.weight) for ident, zone in self.zones.items() for found in zones[ident].needs]
        weights = sum(weight for _, weight in shares)
        return Coverage(zones=zones, score=sum(share * weight for share, weight in shares) / weights if weights else 1.0)

    def _zone(self, zone: ZoneCells, nodes: Nodes, *, spots: bool) -> ZoneCoverage:
        needs = zone.zone.needs
        return ZoneCoverage(
            zone=zone.zone.id,
            grid=zone.grid,
            inside=zone.inside,
            area_m2=zone.cells * zone.grid.cell**2,
            needs=tuple(self._need(zone, need, self.watches(need, needs, nodes), spots=spots) for need in needs),
        )

    def watches(self, need: Need, needs: Sequence[Need], nodes: Nodes) -> list[Watch]:
        """The nodes that are of the kind a need asks for. One mask serves all classes of a zone: they are levels of it."""
        densities = tuple(sorted({other.px_per_m for other in needs if other.px_per_m is not None}))
        least = 1 if need.px_per_m is None else 2 + densities.index(need.px_per_m)
        found: list[Watch] = []
        for ident, (node, at) in nodes.items():
            part = part_of(node, self.site.plan.catalogue)
            if part is not None and able(part, need):
                found.append((ident, observer_of(part, aim_of(node, at), densities), least))
        return found

    def _need(self, zone: ZoneCells, need: Need, watches: Sequence[Watch], *, spots: bool) -> NeedCoverage:
        seen = {ident: (zone.mask(observer) >= least) & zone.inside for ident, observer, least in watches}
        total = np.zeros(zone.inside.shape, np.int32)
        for cells in seen.values():
            total += cells
        counts = np.minimum(total, COUNT_MAX).astype(np.uint8)
        covered = int((total[zone.inside] >= need.k).sum())
        share = covered / zone.cells if zone.cells else 1.0
        scarce = total == need.k
        blind = zone.inside & (total < need.k)
        return NeedCoverage(
            need=need,
            cells=zone.cells,
            covered=covered,
            share=share,
            met=share + EPSILON >= need.share,
            counts=counts,
            histogram=tuple(np.bincount(counts[zone.inside], minlength=1).tolist()),
            seen={ident: int(cells.sum()) for ident, cells in seen.items()},
            alone={ident: int((cells & scarce).sum()) for ident, cells in seen.items()},
            blind=blind_spots(zone, blind, watches) if spots else (),
        )


def blind_spots(zone: ZoneCells, blind: NDArray[np.bool_], watches: Sequence[Watch]) -> tuple[BlindSpot, ...]:
    """The blind cells as spots with their causes, the largest first."""
    if not blind.any():
        return ()
    runs = runs_of(blind)
    label = labels(runs, blind.shape)
    sizes = np.bincount(runs.group, weights=runs.lengths).astype(np.int64)
    causes = causes_of(zone, blind, label, watches, len(sizes))
    cell = zone.grid.cell**2
    order = sorted(range(len(sizes)), key=lambda group: (-int(sizes[group]), group))
    return tuple(
        BlindSpot(
            f"{zone.zone.id}-{number}",
            outline(runs, group, zone.grid),
            int(sizes[group]),
            int(sizes[group]) * cell,
            causes[group],
        )
        for number, group in enumerate(order, 1)
    )


def nearest(zone: ZoneCells, blind: NDArray[np.bool_], watches: Sequence[Watch]) -> NDArray[np.int32]:
    """Of those that miss a blind cell, the number of the one that is nearest on the level; of two as near the first. -1 elsewhere."""
    first_x, first_y = zone.grid.first
    x = first_x + np.arange(zone.grid.columns, dtype=np.int64) * zone.grid.step
    y = first_y + np.arange(zone.grid.rows, dtype=np.int64) * zone.grid.step
    found = np.full(blind.shape, -1, np.int32)
    least_cm2 = np.full(blind.shape, np.iinfo(np.int64).max, np.int64)
    for at, (_, observer, least) in enumerate(watches):
        field = observer.field()
        away = ((x - field.x) ** 2)[np.newaxis, :] + ((y - field.y) ** 2)[:, np.newaxis]
        better = blind & (zone.mask(observer) < least) & (away < least_cm2)
        found[better] = at
        least_cm2[better] = away[better]
    return found


def causes_of(
    zone: ZoneCells, blind: NDArray[np.bool_], label: NDArray[np.int32], watches: Sequence[Watch], groups: int
) -> list[tuple[Cause, ...]]:
    """The causes of each group of blind cells, the one of most cells first. What two nodes have in common counts once for a cell.

    What stands in the way counts for every node: without it, that node would see the cell. What a node's own field lacks counts only
    for the nearest of those that miss the cell: turning or moving it costs least, and all the others would be named for nothing.
    """
    found: dict[tuple[CauseKind, str], NDArray[np.bool_]] = {}
    near = nearest(zone, blind, watches)
    for at, (ident, observer, least) in enumerate(watches):
        for kind, what, cells in reasons(zone, ident, observer, least, blind):
            told = cells if kind in IN_THE_WAY else cells & (near == at)
            found[kind, what] = found[kind, what] | told if (kind, what) in found else told
    if not watches:
        found["nobody", ""] = blind
    counts = {key: np.bincount(label[cells], minlength=groups).tolist() for key, cells in found.items()}
    area = zone.grid.cell**2
    return [
        tuple(
            Cause(kind, what, count[group], count[group] * area)
            for (kind, what), count in sorted(counts.items(), key=lambda item: (-item[1][group], item[0]))
            if count[group]
        )
        for group in range(groups)
    ]
