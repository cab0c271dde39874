"""The best coverage that keeps the needs' shares where it can, and lacks as little of them as it can where it cannot."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from seamline.site.placement.best_search import BestSearch
from seamline.site.placement.build import Build
from seamline.site.placement.core import core_of
from seamline.site.placement.covering import CoverSearch
from seamline.site.placement.effort import Cancelled, Effort, Stop, Watcher
from seamline.site.placement.problem import Problem
from seamline.site.placement.reduce import reduced_to_best
from seamline.site.placement.relax import Relaxation, hopeless
from seamline.site.placement.search import greedy_best, swap_gains, swappable
from seamline.site.placement.shares import PARTS, Shares
from seamline.site.placement.sharing import Quotas, ShareSearch
from seamline.site.placement.sight import Whole
from seamline.site.placement.solver import solve

RISES: Final = 6
"""Times that cells of goals that lack some are made worth more."""
HALVINGS: Final = 3
"""Times that the least rise with which nothing lacks is then looked for, for its bound."""
LIGHT: Final = (400, 90)
"""Steps and rounds of each of these searches at most."""
SWAPS_MAX: Final = 60
LIKELY: Final = 40
"""How many swaps are looked at whole, of those that bring most."""
HIGH: Final = 1 << 62


class SharedSearch:
    """Looks for the best coverage that lacks least of the goals.

    What was found stands in `chosen` (of the problem), `worth`, `lacks` (in worth, see `shares`), `bound` (nothing that lacks no more is
    worth more), `least_lack` (nothing lacks less) and `stop`; `covers` are the searches for all shares by what was limited.
    """

    def __init__(self, problem: Problem, count: int | None, budget: int | None, effort: Effort, watcher: Watcher) -> None:
        self.problem = problem
        self.count, self.budget = count, budget
        self.effort, self.watcher = effort, watcher
        self.shares = Shares.of(problem, count, budget)
        self.chosen: list[int] = []
        self.worth, self.bound = 0, int((self.shares.core.level * self.shares.core.need).sum())
        self.lacks = int(self.shares.least @ self.shares.each)
        self.least_lack = 0
        self.stop: Stop = ""
        self.covers: dict[str, CoverSearch] = {}
        self._number = {int(one): at for at, one in enumerate(self.shares.core.origin)}
        self._bound_with_all = self.bound
        self._unit = math.gcd(*self.shares.core.level.tolist()) or 1

    @property
    def is_proven(self) -> bool:
        """Whether nothing lacks less, and nothing that lacks no more is worth more."""
        return self.lacks == self.least_lack and self.worth == self.bound

    def run(self) -> None:
        """Search, to the end or until told to stop."""
        try:
            self._search()
        except Cancelled:
            self.stop = "cancelled"
        if not self.lacks:
            self.bound = max(self.worth, min(self.bound, self._bound_with_all))
        self.least_lack = min(self.least_lack, self.lacks)

    def _search(self) -> None:
        plain = BestSearch(
            replace(core_of(self.problem, self.problem.cost), count=self.count, limit=self.budget), self.effort, self.watcher
        )
        plain.run()
        self._take(plain.chosen)
        self.bound, self.stop = plain.bound, plain.stop
        if not self.lacks or self.stop == "cancelled":
            return
        short = self.shares.short(self._build().counts)
        self._cover()
        parts = self._raise_worth(short)
        self._polish()
        self._solve(parts)

    def _quiet(self) -> Watcher:
        """Tells what this search has found, whatever a search inside it reckons in."""
        outer = self.watcher.watch
        if outer is None:
            return Watcher(None)
        return Watcher(lambda told: outer(replace(told, value=self.worth, bound=self.bound)))

    def _cover(self) -> None:
        """Look for all shares at once, by what is limited: a choice to begin with, or a proof that there is none."""
        limits = (("count", self.count), ("cost", self.budget))
        for by, limit in limits:
            if limit is None:
                continue
            price = self.problem.cost if by == "cost" else np.ones(len(self.problem.sees), np.int64)
            search = ShareSearch(Quotas.of(self.problem, price), self.effort, self._quiet(), limit)
            search.run()
            self.covers[by] = search
            if search.is_impossible or search.bound > limit:
                self.least_lack = int(self.shares.each[self.shares.least > 0].min())
            if search.chosen is not None:
                self._take(search.chosen)
            if search.stop == "cancelled":
                raise Cancelled

    def _raise_worth(self, short: Whole) -> Whole:
        """Make the cells of goals that lack some worth more, until none does; the multipliers with the best bound."""
        parts = np.zeros(len(self.shares.least), np.int64)
        for _ in range(RISES):
            parts = np.where(short > 0, np.maximum(2 * parts, PARTS // 2), parts)
            short = self._try(parts)
            if not short.any():
                break
        if self.lacks:
            self._weigh_lack()
            return parts
        low, high = np.zeros_like(parts), parts
        for _ in range(HALVINGS):
            middle = (low + high) // 2
            if self._try(middle).any():
                low = middle
            else:
                high = middle
        return high

    def _try(self, parts: Whole) -> Whole:
        """Search with goals' cells worth more by these parts; which goals lack how many cells then."""
        shares, (steps, rounds) = self.shares, LIGHT
        effort = replace(
            self.effort,
            relax_steps=min(steps, self.effort.relax_steps),
            search_rounds=min(rounds, self.effort.search_rounds),
            solver_nodes=0,
        )
        search = BestSearch(shares.raised(parts), effort, self._quiet())
        search.run()
        if search.stop == "cancelled":
            raise Cancelled
        self._bound_with_all = min(self._bound_with_all, self._whole(search.bound - shares.due(parts)))
        self._take(search.chosen)
        return shares.short(shares.core.sees.seen_by(self._number[one] for one in search.chosen))

    def _weigh_lack(self) -> None:
        """How much any choice lacks at least: what goals ask for, less the most that all can have of it."""
        shares = self.shares
        for goals in (shares.least > 0, shares.short(self._build().counts) > 0):
            core = reduced_to_best(shares.only(goals))
            found = Relaxation(core, cover=False).solve(self.effort.steps(len(core.sees.cells)), self._quiet())
            self.least_lack = max(self.least_lack, int((shares.least * shares.each)[goals].sum()) - found.bound)

    def _polish(self) -> None:
        """Swap one for another while less lacks, or as much and more is covered."""
        for _ in range(SWAPS_MAX):
            build = self._build()
            short = self.shares.short(build.counts)
            leaning = Build(self.shares.raised(np.where(short > 0, 4 * PARTS, 0)), build.chosen)
            better = self._swap(leaning) if build.chosen else None
            if better is None:
                return
            self._take_build(better)

    def _swap(self, build: Build) -> Build | None:
        """The first of the likeliest swaps with which less lacks, or as much and more is covered."""
        core, allowed = self.shares.core, swappable(build)
        brings = np.where(allowed, swap_gains(build), np.iinfo(np.int64).min)
        for at in np.argsort(-brings.clip(-HIGH), axis=None, kind="stable")[:LIKELY]:
            one, out = divmod(int(at), len(build.chosen))
            if not allowed[one, out]:
                return None
            counts = build.counts.copy()
            counts[core.sees.row(build.chosen[out])] -= 1
            counts[core.sees.row(one)] += 1
            if (self.shares.lacks(counts), -core.worth(counts)) < (self.lacks, -self.worth):
                return Build(core, [*(other for other in build.chosen if other != build.chosen[out]), one])
        return None

    def _solve(self, parts: Whole) -> None:
        """Have HiGHS look for less that lacks, then for anything better that lacks no more."""
        effort, shares = self.effort, self.shares
        shares = shares.part(np.flatnonzero(np.isin(shares.core.origin, reduced_to_best(shares.core).origin)))
        if self.lacks > self.least_lack and not self._ask(shares, None):
            return
        if not self.lacks:
            raised = shares.raised(parts)
            found = Relaxation(raised, cover=False).solve(effort.steps(len(raised.sees.cells)), self._quiet())
            due = shares.due(parts)
            self._bound_with_all = min(self._bound_with_all, self._whole(found.bound - due))
            gone = hopeless(found, self.worth + due, cover=False, step=self._unit)
            shares = shares.part(np.flatnonzero(~gone))
        if self.worth < (self.bound if self.lacks else min(self.bound, self._bound_with_all)):
            self._ask(shares, self.lacks)

    def _ask(self, shares: Shares, most: int | None) -> bool:
        """Ask HiGHS one of the two questions; whether its answer is sure."""
        program, unit = shares.program(self.worth, most) if most is not None else shares.short_program(self.lacks)
        if not self.effort.solver_nodes or program.size > self.effort.solver_entries:
            self.stop = "work"
            return False
        found = solve(program, self.effort, self.watcher)
        chosen = None if found.chosen is None else [one for one in found.chosen if one < len(shares.core)]
        before = (self.lacks, -self.worth)
        if chosen is not None:
            self._take(shares.core.origin[chosen].tolist())
        if chosen is not None and (self.lacks, -self.worth) >= before:
            self.stop = "work"  # a whole number of HiGHS is one to its tolerance only
            return False
        if most is None:
            self.least_lack = max(self.least_lack, self.lacks if not found.stop else (found.bound or 0) * unit)
        elif not found.stop:
            self.bound = self.worth
        elif found.bound is not None:
            self.bound = min(self.bound, max(self.worth, -found.bound * unit))
        self.stop = found.stop
        return not found.stop

    def _build(self) -> Build:
        return Build(self.shares.core, (self._number[one] for one in self.chosen))

    def _take(self, chosen: list[int]) -> None:
        """Keep a choice, filled up as far as the limits allow, when it is the best so far and within them."""
        core = self.shares.core
        build = Build(core, (self._number[one] for one in chosen))
        if (core.count is not None and len(build.chosen) > core.count) or (core.limit is not None and build.price > core.limit):
            return
        self._take_build(build)

    def _take_build(self, build: Build) -> None:
        build = greedy_best(self.shares.core, Build(self.shares.core, build.chosen))
        lacks, worth = self.shares.lacks(build.counts), build.worth
        if (lacks, -worth) < (self.lacks, -self.worth):
            self.lacks, self.worth = lacks, worth
            self.chosen = sorted(self.shares.core.origin[build.chosen].tolist())
        self.watcher.value = self.worth

    def _whole(self, bound: int) -> int:
        """A bound rounded down to what a worth can be."""
        return bound // self._unit * self._unit
