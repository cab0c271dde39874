"""What could be done while a node is dark: turn another one, move one to its place, or add one at a mounting of the plan.

Each is weighed with all other nodes at work; the hub weighs them again with those that really are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from seamline.site.catalogue.parts import Sensor
from seamline.site.coverage.observing import part_of
from seamline.site.living.cells import Cells, Row
from seamline.site.placement.on_site import Question
from seamline.site.placement.placing import asked
from seamline.site.plan.model import Node
from seamline.site.plan.site import Fixed, Site

TURN_DEG: Final = 15.0
"""Headings that a node may be turned to."""
BEST: Final = 3
"""Remedies of each kind that are kept for each dark node."""
ADDED: Final = 4 * BEST
"""Candidates that are weighed zone by zone, those that see most by all needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Remedy:
    """One of them: `node` is who is turned or moved (for `add` the new one), `at` where it then is, `row` what it then sees.

    `gain_m2` is the area that it brings back of what `dark` alone covered, less what is given up for it, while all others work. `where` is
    what one is added to.
    """

    dark: str
    kind: Literal["turn", "move", "add"]
    node: Node
    at: Fixed
    row: Row
    gain_m2: float
    where: str | None = None


def remedies(site: Site, cells: Cells, seen: Mapping[str, Row]) -> list[Remedy]:
    """The best few of each kind for each node that covers anything alone, in the plan's order."""
    total = np.zeros(cells.width, np.int32)
    for row in seen.values():
        total += row
    question = asked(site) if site.plan.mountings and site.zones else None
    turned = {ident: list(_turned(site, cells, *site.nodes[ident])) for ident in seen}
    found: list[Remedy] = []
    for dark in seen:
        counts = total - seen[dark]
        alone = (counts < cells.k) & (total >= cells.k)
        if not alone.any():
            continue
        others = [ident for ident in seen if ident != dark]
        turns: list[Remedy] = []
        for ident in others:
            for node, row in turned[ident]:
                gain = cells.gain_m2(counts, counts - seen[ident] + row, alone)
                turns.append(Remedy(dark, "turn", node, site.nodes[ident][1], row, gain))
        found += _best(turns)
        moves: list[Remedy] = []
        for ident in others:
            node, at = _in_place_of(site, ident, dark)
            row = cells.one(node, at)
            moves.append(Remedy(dark, "move", node, at, row, cells.gain_m2(counts, counts - seen[ident] + row, alone)))
        found += _best(moves)
        if question is not None:
            found += _best(list(_added(question, cells, dark, alone & (counts == cells.k - 1))))
    return found


def _turned(site: Site, cells: Cells, node: Node, at: Fixed) -> Iterator[tuple[Node, Row]]:
    """A node with every other heading, and what it sees then; what looks all around has none."""
    part = part_of(node, site.plan.catalogue)
    if isinstance(part, Sensor) and part.width_deg >= 360:
        return
    for step in range(1, round(360 / TURN_DEG)):
        other = replace(node, heading_deg=round((node.heading_deg + step * TURN_DEG) % 360, 3))
        yield other, cells.one(other, at)


def _in_place_of(site: Site, ident: str, dark: str) -> tuple[Node, Fixed]:
    """A node put where the dark one is, looking as that does."""
    node, (gone, at) = site.nodes[ident][0], site.nodes[dark]
    moved = replace(node, place=gone.place, height_m=gone.height_m, heading_deg=gone.heading_deg, tilt_deg=gone.tilt_deg)
    return moved, at


def _added(question: Question, cells: Cells, dark: str, short: Row) -> Iterator[Remedy]:
    """The candidates of the plan's mountings that see most of the cells that lack just one."""
    sight = question.problem.sees
    barred = set(question.problem.barred)
    gains = sight.real_sums(np.where(short, cells.area_m2, 0.0))
    new = [number for number in range(len(question.nodes), len(sight)) if number not in barred and gains[number] > 0]
    once = {question.offers[number - len(question.nodes)].one: number for number in reversed(new)}  # not each way to feed it
    for number in sorted(once.values(), key=lambda number: (-float(gains[number]), number))[:ADDED]:
        row = np.zeros(sight.width, np.bool_)
        row[sight.row(number)] = True
        candidate, _ = question.candidate(number)
        at = Fixed(candidate.spot.x, candidate.spot.y, 0.0)
        yield Remedy(dark, "add", question.node(number, "new"), at, row, cells.m2(short & row), candidate.spot.name)


def _best(found: list[Remedy]) -> list[Remedy]:
    """The few that bring most; none that brings nothing, one for each node."""
    kept: dict[tuple[str, float, float], Remedy] = {}
    for it in sorted(found, key=lambda it: -it.gain_m2):
        if it.gain_m2 > 0:
            kept.setdefault((it.node.id, it.at.x, it.at.y), it)
    return list(kept.values())[:BEST]
