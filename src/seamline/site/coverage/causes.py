"""Why cells are blind: for each node the solids that stand between, the ground, or what its field lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seamline.site.coverage.result import CauseKind
from seamline.site.coverage.zones import ZoneCells
from seamline.site.observers import Field, Observer

Cells = NDArray[np.bool_]


class Reason(NamedTuple):
    """Cells (rows, columns) that are blind for one reason; `what` is a thing, several joined by ` + `, or a node."""

    kind: CauseKind
    what: str
    cells: Cells


def reasons(zone: ZoneCells, node: str, observer: Observer, least: int, blind: Cells) -> Iterator[Reason]:
    """Why `node` does not see the blind cells at level `least` or better; every cell has one reason.

    In the field and in range it is what hides: solids whose removal alone, or together, would uncover the cell, else the ground.
    """
    missed = blind & (zone.mask(observer) < least)
    if not missed.any():
        return
    reach = zone.reach(observer)
    could = reach.level >= least
    yield from shadows(zone, observer, missed & could)
    rest = missed & ~could
    few = rest & (reach.level > 0)
    beyond = rest & ~few & ~reach.near_enough
    under = rest & ~few & ~beyond & reach.below
    aside = rest & ~few & ~beyond & ~under
    kinds: tuple[tuple[CauseKind, Cells], ...] = (("density", few), ("range", beyond), ("near", under), ("field", aside))
    for kind, cells in kinds:
        if cells.any():
            yield Reason(kind, node, cells)


def shadows(zone: ZoneCells, observer: Observer, hidden: Cells) -> Iterator[Reason]:
    """What stands between: each set of solids that hides cells together, and the ground."""
    if not hidden.any():
        return
    places = np.argwhere(hidden)
    near = between(zone, observer.field(), places)
    hiders = np.zeros((len(places), len(near)), np.bool_)
    for number, at in enumerate(near):
        hiders[:, number] = zone.hidden_by(at, observer)[hidden]
    if zone.site.ground is not None:
        bare = zone.mask_bare(observer)[hidden] == 0
        hiders[bare] = False  # with the ground in the way no solid's removal helps
    names = [zone.site.solids[at].name for at in near]
    sets, which = np.unique(hiders, axis=0, return_inverse=True)
    for number, row in enumerate(sets):
        cells = np.zeros(hidden.shape, np.bool_)
        cells[tuple(places[which.ravel() == number].T)] = True
        together = [name for name, in_it in zip(names, row.tolist(), strict=True) if in_it]
        yield Reason("obstruction", " + ".join(together), cells) if together else Reason("terrain", "terrain", cells)


def between(zone: ZoneCells, field: Field, places: NDArray[np.int64]) -> list[int]:
    """The solids whose box touches the box about the observer and the places: no other hides any of them."""
    first_x, first_y = zone.grid.first
    rows, columns = places[:, 0] * zone.grid.step + first_y, places[:, 1] * zone.grid.step + first_x
    west, east = min(field.x, int(columns.min())), max(field.x, int(columns.max()))
    south, north = min(field.y, int(rows.min())), max(field.y, int(rows.max()))
    box = zone.boxes
    touching = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    return [int(at) for at in np.flatnonzero(touching)]
