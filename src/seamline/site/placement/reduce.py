"""What need not be asked, because the answer's value is the same without it.

Cells that are seen whenever another is, candidates that another can stand in for, and those without whom it cannot be done.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.core import Core
from seamline.site.placement.effort import Watcher
from seamline.site.placement.sight import Sight, Whole

ROUNDS_MAX = 8
"""Each round may open new ones; what is left after so many is little."""
SIEVES = 12
"""How many single tests thin the possible ones out before the rest are compared whole."""


def reduced_to_cover(core: Core, watcher: Watcher) -> tuple[Core, list[int]]:
    """The core of a cover without what is not needed, and those (numbers of the problem) that are in every answer."""
    forced: list[int] = []
    for at in range(ROUNDS_MAX):
        watcher.tell("reduce", at, ROUNDS_MAX)
        size = (len(core), core.sees.width)
        core = core.part(np.arange(len(core)), np.flatnonzero(~implied(core.sees, core.need)))
        core = core.part(np.flatnonzero(~replaceable(core)), np.arange(core.sees.width))
        core, found = without_forced(core)
        forced += found
        if size == (len(core), core.sees.width):
            break
    return core, forced


def reduced_to_best(core: Core) -> Core:
    """The core of a best coverage without candidates that another can stand in for, or that are beyond the limit."""
    if core.limit is not None:
        linking = gateways(core)
        core = core.part(np.flatnonzero((core.price <= core.limit) | linking), np.arange(core.sees.width))
    return core.part(np.flatnonzero(~replaceable(core)), np.arange(core.sees.width))


def gateways(core: Core) -> NDArray[np.bool_]:
    """Which candidates others need."""
    found = np.zeros(len(core), np.bool_)
    for _, others in core.links:
        found[others] = True
    return found


def implied(sees: Sight, need: Whole) -> NDArray[np.bool_]:
    """Which cells are covered whenever some other cell is: all who see that one see them too, and they need no more."""
    by_cell, bits = sees.turned, sees.bits()
    own = by_cell.bits()
    wide = np.diff(sees.starts)
    found = np.zeros(sees.width, np.bool_)
    for cell in np.argsort(np.diff(by_cell.starts), kind="stable"):
        if found[cell]:
            continue
        seers = by_cell.row(int(cell))
        seers = seers[np.argsort(wide[seers], kind="stable")]
        if not len(seers):
            continue
        left = sees.row(int(seers[0]))
        left = left[~found[left] & (need[left] <= need[cell]) & (left != cell)]
        for seer in seers[1:SIEVES]:
            if not len(left):
                break
            left = left[has(bits[seer], left)]
        if len(left):
            found[left[holding(own, left, own[cell])]] = True
    return found


def replaceable(core: Core) -> NDArray[np.bool_]:
    """Which candidates another can stand in for: it sees all they see, is no dearer, and breaks no rule that they keep.

    Where a cell needs several, both may be wanted at once, unless they exclude each other.
    """
    sees, by_cell, bits = core.sees, core.sees.turned, core.sees.bits()
    rare = np.diff(by_cell.starts)
    linking = gateways(core)
    found = np.zeros(len(core), np.bool_)
    for one in np.lexsort((-np.arange(len(core)), -core.price, np.diff(sees.starts))):
        if linking[one]:
            continue
        cells = sees.row(int(one))
        if not len(cells):
            found[one] = True
            continue
        cells = cells[np.argsort(rare[cells], kind="stable")]
        left = by_cell.row(int(cells[0]))
        left = left[~found[left] & (core.price[left] <= core.price[one]) & (left != one)]
        for cell in cells[1:SIEVES]:
            if not len(left):
                break
            left = left[has_each(bits, left, int(cell))]
        if len(left):
            single = bool((core.need[cells] == 1).all())
            left = left[holding(bits, left, bits[one])]
            found[one] = any(stands_in(core, int(other), int(one), single=single) for other in left)
    return found


def stands_in(core: Core, other: int, one: int, *, single: bool) -> bool:
    """Whether, as far as rules go, `other` can take the place of `one`. `single`: no cell of it needs more than one."""
    theirs, own = core.groups_of[other], core.groups_of[one]
    if any(takes > own.get(group, -1) for group, takes in theirs.items()):
        return False
    if not (single or any(takes + own[group] > core.groups[group].room for group, takes in theirs.items())):
        return False
    needs, has_met = int(core.link_of[other]), int(core.link_of[one])
    if needs < 0 or needs == has_met:
        return True
    return has_met >= 0 and set(core.links[has_met][1].tolist()) <= set(core.links[needs][1].tolist())


def without_forced(core: Core) -> tuple[Core, list[int]]:
    """The core after choosing those without whom a cell cannot have what it needs, as far as no rule is touched; and who they are."""
    tight = np.flatnonzero(np.diff(core.sees.turned.starts) <= core.need)
    seers = {int(one) for cell in tight for one in core.sees.turned.row(int(cell))}
    forced = np.array(sorted(one for one in seers if not core.ruled[one]), np.int64)
    if not len(forced):
        return core, []
    left = core.need - core.sees.seen_by(forced.tolist())
    kept = np.setdiff1d(np.arange(len(core)), forced)
    open_classes = np.flatnonzero(left > 0)
    return replace(core.part(kept, open_classes), need=left[open_classes]), core.origin[forced].tolist()


def has(bits: NDArray[np.uint8], at: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which of these places are set in one row of bits."""
    return ((bits[at >> 3] >> (7 - (at & 7))) & 1).astype(np.bool_)


def has_each(bits: NDArray[np.uint8], rows: NDArray[np.integer], at: int) -> NDArray[np.bool_]:
    """In which of these rows of bits a place is set."""
    return ((bits[rows, at >> 3] >> (7 - (at & 7))) & 1).astype(np.bool_)


def holding(bits: NDArray[np.uint8], rows: NDArray[np.integer], wanted: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of these rows have every bit that is wanted."""
    return ((bits[rows] & wanted) == wanted).all(axis=1)
