"""A cover that may leave cells out: of each goal's cells so many are to be covered, by the cheapest or by the fewest."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from seamline.site.placement.build import Build, Flags
from seamline.site.placement.core import Core, Row, cores_of, merged, reach
from seamline.site.placement.covering import CoverSearch
from seamline.site.placement.effort import Cancelled, Effort, Watch, Watcher
from seamline.site.placement.problem import Problem
from seamline.site.placement.reduce import replaceable
from seamline.site.placement.relax import Bound, hopeless
from seamline.site.placement.search import SEED, SHAKEN, with_company
from seamline.site.placement.share_cuts import among, cuts_of, limited
from seamline.site.placement.sharing_bound import ShareRelaxation, share_program
from seamline.site.placement.sight import Real, Sight, Whole
from seamline.site.placement.solver import SMALL, solve

HALF: Final = 2
"""The part of the solver's seconds that is left for the whole when cuts were looked for."""
PATIENCE: Final = 3
"""Where a clock limits HiGHS, it is asked of so many times as large programs as where only nodes do."""


@dataclass(frozen=True, eq=False)
class Quotas:
    """A core, the goal of each of its classes, how many cells each class is (`size`), and how many of each goal are wanted (`least`)."""

    core: Core
    goal: Whole
    size: Whole
    least: Whole

    @classmethod
    def of(cls, problem: Problem, price: Whole, least: Whole | None = None) -> Quotas:
        """What a problem's goals leave open beside what stands, as far as each can be reached by itself; `least` replaces the goals'."""
        goal = np.full(problem.sees.width, -1, np.int64)
        for at, one in enumerate(problem.goals):
            goal[one.cells] = at
        standing = problem.sees.seen_by(problem.existing)
        has = standing >= problem.need
        wanted = np.array([one.least for one in problem.goals], np.int64) if least is None else least
        wanted = np.maximum(wanted - np.bincount(goal[has & (goal >= 0)], minlength=len(problem.goals)), 0)
        open_cells = (goal >= 0) & ~has & (standing + reach(problem, problem.free) >= problem.need)
        open_cells &= wanted[goal] > 0
        core, cells, of_class = cores_of(problem, price, np.where(open_cells, problem.need, 0), goal)
        size = np.bincount(of_class, minlength=core.sees.width).astype(np.int64)
        first = np.zeros(core.sees.width, np.int64)
        first[of_class[::-1]] = cells[::-1]
        there = np.bincount(goal[open_cells], minlength=len(problem.goals))
        return cls(core, goal[first], size, np.minimum(wanted, there).astype(np.int64))

    @cached_property
    def sees(self) -> tuple[tuple[Whole, Sight], ...]:
        """The classes of each goal, and who sees them."""
        everyone = np.arange(len(self.core))
        of_goal = (np.flatnonzero(self.goal == at) for at in range(len(self.least)))
        return tuple((classes, self.core.sees.part(everyone, classes)) for classes in of_goal)

    @cached_property
    def unit(self) -> int:
        """What a cell is counted in, so that each of its observers is worth a whole number."""
        return math.lcm(1, *np.unique(self.core.need).tolist())

    def missing(self, counts: Whole) -> Whole:
        """(goals) how many cells each still lacks, where so many see each class."""
        has = np.where(counts >= self.core.need, self.size, 0)
        return np.maximum(self.least - np.bincount(self.goal, has, len(self.least)).astype(np.int64), 0)

    def helps(self, build: Build, missing: Whole) -> Whole:
        """(candidates) what each brings towards the goals, no more than each goal lacks; an observer of k is a k-th of a cell."""
        found = np.zeros(len(self.core), np.int64)
        worth = np.where(build.counts < self.core.need, self.size * self.unit // self.core.need, 0)
        for (classes, sees), lacks in zip(self.sees, missing.tolist(), strict=True):
            if lacks:
                found += np.minimum(sees.sums(worth[classes]), lacks * self.unit)
        return found

    def part(self, candidates: Whole) -> Quotas:
        """With these candidates only."""
        return replace(self, core=self.core.part(candidates, np.arange(self.core.sees.width)))

    def remerged(self) -> Quotas:
        """With classes that can no longer be told apart made one."""
        first, of_class = merged(self.core.sees, self.core.need, self.goal)
        size = np.zeros(len(first), np.int64)
        np.add.at(size, of_class, self.size)
        return replace(self, core=self.core.part(np.arange(len(self.core)), first), goal=self.goal[first], size=size)

    @property
    def can_be_met(self) -> bool:
        """Whether each goal could be met if all were chosen."""
        return not self.missing(np.diff(self.core.sees.turned.starts)).any()


def greedy_shares(quotas: Quotas, start: Build | None = None, lean: Real | None = None) -> Build | None:
    """Add whoever helps most for the price until every goal is met, then drop whom none needs; None when it gets stuck.

    `lean` (candidates) makes prices appear lower where it is high, from 0 to 1.
    """
    core = quotas.core
    build = start or Build(core)
    while (missing := quotas.missing(build.counts)).any():
        can, price, company = build.entry()
        helps = with_company(quotas.helps(build, missing), company)
        can &= helps > 0
        if not can.any():
            return None
        cost = np.maximum(price if lean is None else price * (1 - 0.9 * lean), 0.001)
        one = int(np.argmax(np.where(can, helps / cost, -1)))
        build.enter(one, int(company[one]))
    return pruned(quotas, build)


def pruned(quotas: Quotas, build: Build) -> Build:
    """Drop whom no goal needs, the dearest first."""
    again = True
    while again:
        again = False
        for one in sorted(build.chosen, key=lambda one: (-quotas.core.price[one], -one)):
            if build.is_bound(one):
                continue
            build.remove(one)
            if quotas.missing(build.counts).any():
                build.add(one)
            else:
                again = bool(quotas.core.links)
    return build


def shaken_shares(quotas: Quotas, build: Build, rounds: int, watcher: Watcher, enough: int, lean: Real) -> Build:
    """Take a part of the best answer away, mend, keep what is no dearer; so many times, or until the price is `enough`."""
    draw = random.Random(SEED)  # noqa: S311 - guards nothing
    core, best = quotas.core, build
    for at in range(rounds):
        watcher.tell("search", at, rounds)
        if best.price <= enough or not best.chosen:
            break
        trial = Build(core, best.chosen)
        number = min(len(trial.chosen), max(2, round(len(trial.chosen) * SHAKEN[at % len(SHAKEN)])))
        for one in draw.sample(sorted(trial.chosen), number):
            if not trial.is_bound(one):
                trial.remove(one)
        tilt = np.array([draw.random() for _ in range(len(core))])
        mended = greedy_shares(quotas, trial, np.clip(lean * 0.7 + tilt * 0.3, 0, 1))
        if mended is not None and mended.price <= best.price:
            best = mended
            watcher.value = best.price
    return best


class ShareSearch(CoverSearch):
    """Looks for the cheapest that meet the quotas; see CoverSearch for what it finds."""

    def __init__(
        self, quotas: Quotas, effort: Effort, watcher: Watcher, enough: int | None = None, cuts: Sequence[Row] | None = None
    ) -> None:
        """`enough`: it ends when it has found one for no more than that, or knows that there is none. `cuts`: see share_cuts."""
        super().__init__(quotas.core, effort, watcher)
        self.quotas = quotas
        self.enough = enough
        self.cuts = cuts

    @property
    def is_enough(self) -> bool:
        """Whether it may end."""
        if self.chosen is None:
            return False
        return self.price <= self.bound or (self.enough is not None and (self.price <= self.enough or self.bound > self.enough))

    def _search(self) -> None:
        if not self.quotas.least.any():
            self._take([], 0)
            return
        useful = np.flatnonzero(~replaceable(self.quotas.core))
        quotas = self.quotas.part(useful).remerged()
        if self.cuts is not None:
            self.cuts = among(self.cuts, useful, len(self.quotas.core))
        first = greedy_shares(quotas)
        if first is not None:
            self._take(quotas.core.origin[first.chosen].tolist(), first.price)
        if not quotas.can_be_met:
            self._closed()
            return
        found = self._relaxed(quotas, self.cuts or ())
        lean = np.clip(found.share, 0, 1)
        leaning = greedy_shares(quotas, lean=lean)
        start = min((one for one in (first, leaning) if one is not None), key=lambda one: one.price, default=None)
        if start is not None:
            better = shaken_shares(quotas, start, self.effort.search_rounds, self.watcher, self.bound, lean)
            self._take(quotas.core.origin[better.chosen].tolist(), better.price)
        if not self.is_enough and self.cuts is None and len(quotas.core.sees.cells) > SMALL:
            self.cuts = among(self.kept_rows(quotas), np.arange(len(quotas.core)), len(quotas.core))
            found = self._relaxed(quotas, self.cuts, found)
            self.effort = limited(self.effort, HALF)
        if self.is_enough:
            self.stop = "" if self.price <= self.bound else "work"
            return
        kept = np.arange(len(quotas.core))
        if self.chosen is not None:
            kept = np.flatnonzero(~hopeless(found, self.price, cover=True, step=self.unit))
        self._finish(quotas.part(kept), among(self.cuts or (), kept, len(quotas.core)))

    def _relaxed(self, quotas: Quotas, cuts: Sequence[Row], start: Bound | None = None) -> Bound:
        """The relaxation with these rows; its bound is kept."""
        known = None if self.chosen is None else self.price
        relaxation = ShareRelaxation(quotas.core, quotas.goal, quotas.size, quotas.least, cuts)
        found = relaxation.solve(self.effort.steps(len(quotas.core.sees.cells)), self.watcher, known, start)
        self._raise(found.bound)
        return found

    def kept_rows(self, quotas: Quotas) -> list[Row]:
        """Rows that every cover keeps; links are left out of it, which can only make them weaker."""

        def bound(core: Core, goals: Flags, effort: Effort, cuts: Sequence[Row]) -> int:
            wanted = np.where(goals, quotas.least, 0)
            classes = np.flatnonzero(goals[quotas.goal])
            candidates = np.flatnonzero(core.sees.sums(goals[quotas.goal].astype(np.int64)) > 0)
            part = Quotas(core.part(candidates, classes), quotas.goal[classes], quotas.size[classes], wanted)
            search = ShareSearch(part, effort, Watcher(self._told()), cuts=among(cuts, candidates, len(core)))
            search.run()
            if search.stop == "cancelled":
                raise Cancelled
            return search.bound

        return cuts_of(replace(quotas.core, links=()), quotas.goal, quotas.least, self.effort, bound)

    def _told(self) -> Watch | None:
        """What is told of this search while another goes on inside it."""
        outer = self.watcher.watch
        if outer is None:
            return None
        return lambda told: outer(replace(told, value=self.price if self.chosen is not None else None, bound=self.bound))

    def _finish(self, quotas: Quotas, cuts: Sequence[Row]) -> None:
        """Have HiGHS look for anything better in what is left."""
        if not quotas.can_be_met:
            self._closed()
            return
        quotas = quotas.remerged()
        core = quotas.core
        below = None if self.chosen is None else self.price
        program, unit = share_program(core, quotas.goal, quotas.size, quotas.least, below, cuts)
        entries = self.effort.solver_entries * (1 if self.effort.solver_seconds is None else PATIENCE)
        if not self.effort.solver_nodes or program.size > entries:
            self.stop = "work"
            return
        found = solve(program, self.effort, self.watcher)
        chosen = [one for one in found.chosen or () if one < len(core)]
        is_sound = found.chosen is None or not quotas.missing(core.sees.seen_by(chosen)).any()
        if found.chosen is not None and is_sound:
            self._take(core.origin[chosen].tolist(), int(core.price[chosen].sum()))
        if is_sound and not found.stop:
            self._closed()
        elif is_sound and found.bound is not None:
            self._raise(found.bound * unit)
        self.stop = found.stop if is_sound else "work"  # a whole number of HiGHS is one to its tolerance only

    def _take_simple(self) -> None:
        first = greedy_shares(self.quotas)
        if first is not None:
            self._take(self.core.origin[first.chosen].tolist(), first.price)
