"""Good answers: greedy, swaps of one for another, and a shaken answer mended again. Each is within all rules."""

from __future__ import annotations

import random
from typing import Final

import numpy as np

from seamline.site.placement.build import Build, Flags
from seamline.site.placement.core import Core
from seamline.site.placement.effort import Watcher
from seamline.site.placement.sight import Real, Whole

SEED: Final = 5
"""Of the draws that shake an answer; any would do, the same each time."""
SHAKEN: Final = (0.2, 0.1, 0.3)
"""The part of an answer that is drawn anew, in turns."""
SWAPS_MAX: Final = 400
NEVER: Final = -(1 << 62)


def greedy_best(core: Core, start: Build | None = None) -> Build:
    """Add whoever brings most for the price, as long as anyone fits and brings something."""
    build = start or Build(core)
    while True:
        can, price, company = build.entry()
        paid = with_company(build.gains(), company)
        can &= paid > 0
        if not can.any():
            return build
        cost = price if core.limit is not None and core.count is None else (company >= 0) + 1
        one = int(np.argmax(np.where(can, paid / np.maximum(cost, 0.5), -1)))
        build.enter(one, int(company[one]))


def with_company(gains: Whole, company: Whole) -> Whole:
    """What each brings together with whom it needs; what both see counts once too often, which greedy can bear."""
    return gains + np.where(company >= 0, gains[company], 0)


def best_swaps(build: Build) -> Build:
    """Swap one for another while that brings more, the best swap first."""
    core = build.core
    for _ in range(SWAPS_MAX):
        if not build.chosen:
            break
        brings = swap_gains(build)
        brings[~swappable(build)] = NEVER
        one, out = divmod(int(np.argmax(brings)), len(build.chosen))
        if brings[one, out] <= 0:
            break
        build.remove(build.chosen[out])
        build.add(one)
        if core.limit is not None or (core.count is not None and len(build.chosen) < core.count):
            greedy_best(core, build)
    return build


def swap_gains(build: Build) -> Whole:
    """(candidates, chosen): what it brings to have the candidate in place of the chosen one.

    All at once, as in Resende and Werneck, "On the implementation of a swap-based local search procedure for the p-median problem"
    (2003): what comes, less what goes, and what both see and is only just covered goes not at all.
    """
    core, counts, chosen = build.core, build.counts, build.chosen
    needed = np.where(counts <= core.need, core.level, 0)
    tight = counts == core.need
    lost = np.array([needed[core.sees.row(one)].sum() for one in chosen], np.int64)
    owner = np.full((int(core.need.max(initial=1)), core.sees.width), -1, np.int64)
    filled = np.zeros(core.sees.width, np.int64)
    for at, one in enumerate(chosen):
        cells = core.sees.row(one)
        cells = cells[tight[cells]]
        owner[filled[cells], cells] = at
        filled[cells] += 1
    found = build.gains()[:, np.newaxis] - lost[np.newaxis, :]
    for slot in owner:
        held = np.where(tight, slot, -1)[core.sees.cells]
        entries = np.flatnonzero(held >= 0)
        pairs = core.sees.owners[entries].astype(np.int64) * len(chosen) + held[entries]
        both = np.bincount(pairs, weights=core.level[core.sees.cells[entries]], minlength=len(core) * len(chosen))
        found += both.reshape(len(core), len(chosen)).astype(np.int64)
    return found


def swappable(build: Build) -> Flags:
    """(candidates, chosen): whether the rules allow the one in place of the other."""
    core, chosen = build.core, np.array(build.chosen, np.int64)
    found = np.repeat(~build.is_in[:, np.newaxis], len(chosen), axis=1)
    for at, group in enumerate(core.groups):
        if build.used[at] + group.most > group.room:
            freed = np.array([core.groups_of[one].get(at, 0) for one in build.chosen], np.int64)
            found[group.members] &= build.used[at] + group.factors[:, np.newaxis] - freed[np.newaxis, :] <= group.room
    for members, others in core.links:
        linked = build.is_in[others]
        if not linked.any():
            found[members] = False
        elif linked.sum() == 1:
            found[np.ix_(members, chosen == int(others[linked][0]))] = False
    if core.links:
        found[:, [build.is_bound(one) for one in build.chosen]] = False
    if core.limit is not None:
        found &= core.price[:, np.newaxis] - core.price[chosen][np.newaxis, :] <= core.limit - build.price
    return found


def shaken_best(build: Build, rounds: int, watcher: Watcher, enough: int, seed: int) -> Build:
    """Draw a part of the best answer anew, mend, keep what is no worse; so many times, or until it is worth `enough`."""
    draw = random.Random(SEED + seed)  # noqa: S311 - guards nothing
    core, best = build.core, build
    for at in range(rounds):
        watcher.tell("search", at, rounds)
        if not best.chosen or best.worth >= enough:
            break
        trial = Build(core, best.chosen)
        for one in draw.sample(sorted(trial.chosen), max(1, round(len(trial.chosen) * SHAKEN[at % len(SHAKEN)]))):
            if not trial.is_bound(one):
                trial.remove(one)
                can, _, company = trial.entry()
                likely = np.flatnonzero(can & (company < 0))
                if len(likely):
                    trial.add(int(likely[draw.randrange(len(likely))]))
        trial = best_swaps(greedy_best(core, trial))
        if trial.worth >= best.worth:
            best = trial
        watcher.value = best.worth
    return best


def greedy_cover(core: Core, start: Build | None = None, lean: Real | None = None) -> Build | None:
    """Add whoever helps most for the price until nothing lacks, then drop whom nothing needs; None when it gets stuck.

    `lean` (candidates) makes prices appear lower where it is high, from 0 to 1.
    """
    build = start or Build(core)
    while build.lack.any():
        can, price, company = build.entry()
        helps = with_company(build.helps(), company)
        can &= helps > 0
        if not can.any():
            return None
        cost = np.maximum(price, 0.001) if lean is None else np.maximum(price * (1 - 0.9 * lean), 0.001)
        one = int(np.argmax(np.where(can, helps / cost, -1)))
        build.enter(one, int(company[one]))
    build.prune()
    return build


def shaken_cover(build: Build, rounds: int, watcher: Watcher, enough: int, lean: Real) -> Build:
    """Take a part of the best cover away, mend, keep what is no dearer; so many times, or until the price is `enough`."""
    draw = random.Random(SEED)  # noqa: S311 - guards nothing
    core, best = build.core, build
    for at in range(rounds):
        watcher.tell("search", at, rounds)
        if best.price <= enough or len(best.chosen) < 2:
            break
        trial = Build(core, best.chosen)
        for one in draw.sample(sorted(trial.chosen), max(2, round(len(trial.chosen) * SHAKEN[at % len(SHAKEN)]))):
            if not trial.is_bound(one):
                trial.remove(one)
        tilt = np.array([draw.random() for _ in range(len(core))])
        mended = greedy_cover(core, trial, np.clip(lean * 0.7 + tilt * 0.3, 0, 1))
        if mended is not None and mended.price <= best.price:
            best = mended
            watcher.value = best.price
    return best
