"""The best coverage that keeps the needs' shares: what it lacks of them, its bound, and its program for HiGHS.

What lacks is counted in worth: a cell that a goal lacks costs what the goal's cells are worth. A choice that lacks less is better than any
that lacks more; among those that lack the same, the one that covers more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from seamline.site.placement.build import Flags
from seamline.site.placement.core import Core, cores_of, reach
from seamline.site.placement.problem import Problem
from seamline.site.placement.sight import Real, Whole
from seamline.site.placement.solver import Program, Rows, add_rules

PARTS: Final = 16
"""A multiplier of a goal is a whole number of so many parts: at `PARTS`, its cells are worth twice."""


@dataclass(frozen=True, eq=False)
class Shares:
    """A core of the best coverage whose classes are kept apart by goal.

    `goal` (classes): the goal of each, or -1 where it counts for none; `size` (classes): how many cells each is; `least` (goals): how
    many more each asks for beside what stands, as far as it could have them by itself; `each` (goals): what one of them is worth.
    """

    core: Core
    goal: Whole
    size: Whole
    least: Whole
    each: Whole

    @classmethod
    def of(cls, problem: Problem, count: int | None, budget: int | None) -> Shares:
        """What a problem's goals leave open beside what stands."""
        goal = np.full(problem.sees.width, -1, np.int64)
        for at, one in enumerate(problem.goals):
            goal[one.cells] = at
        standing = problem.sees.seen_by(problem.existing)
        has = standing >= problem.need
        can = ~has & (standing + reach(problem, problem.free) >= problem.need)
        kept, there = (np.bincount(goal[cells & (goal >= 0)], minlength=len(problem.goals)) for cells in (has, can))
        goal[~can] = -1
        wanted = np.array([one.least for one in problem.goals], np.int64)
        core, cells, of_class = cores_of(problem, problem.cost, apart=goal)
        size = np.bincount(of_class, minlength=core.sees.width).astype(np.int64)
        first = np.zeros(core.sees.width, np.int64)
        first[of_class[::-1]] = cells[::-1]
        each = [max(1, int(problem.weight[one.cells].sum()) // max(1, len(one.cells))) for one in problem.goals]
        return cls(
            replace(core, count=count, limit=budget),
            goal[first],
            size,
            np.clip(wanted - kept, 0, there).astype(np.int64),
            np.array(each, np.int64) * problem.scale,
        )

    def short(self, counts: Whole) -> Whole:
        """(goals) how many cells each still lacks, where so many see each class."""
        has = np.where(counts >= self.core.need, self.size, 0)
        got = np.bincount(self.goal + 1, has, len(self.least) + 1)[1:].astype(np.int64)
        return np.maximum(self.least - got, 0)

    def lacks(self, counts: Whole) -> int:
        """What all that lacks is worth."""
        return int(self.short(counts) @ self.each)

    def raised(self, parts: Whole) -> Core:
        """The core with the cells of each goal worth so many parts of `each` more; rounded up, so that its bounds hold."""
        more = np.append(parts * self.each, 0)[self.goal] * self.size
        return replace(self.core, level=self.core.level - (-more // (PARTS * self.core.need)))

    def due(self, parts: Whole) -> int:
        """What a choice that has every share has of the parts at least: `raised` less this bounds what it is worth."""
        return int((parts * self.each) @ self.least) // PARTS

    def only(self, goals: Flags) -> Core:
        """The core in which only these goals' cells (flags) are worth anything, what `each` says."""
        worth = np.append(np.where(goals, self.each, 0), 0)[self.goal] * self.size
        return replace(self.core, level=-(-worth // self.core.need))

    def part(self, candidates: Whole) -> Shares:
        """With these candidates only."""
        return replace(self, core=self.core.part(candidates, np.arange(self.core.sees.width)))

    def short_program(self, below: int) -> tuple[Program, int]:
        """Keep low what lacks, as long as that is less than `below`; and what a 1 of the objective is."""
        made, counted, lacking = self._rows()
        unit = math.gcd(*self.each.tolist()) or 1
        made.add(lacking, self.each // unit, -np.inf, (below - 1) // unit)
        objective = np.zeros(int(lacking[-1]) + 1)
        objective[lacking] = self.each // unit
        return made.program(objective, self._upper(len(objective)), int(counted[0])), unit

    def program(self, above: int, most: int) -> tuple[Program, int]:
        """The best coverage, as little as possible below 0, of those that lack `most` at most and are worth more than `above`.

        And what a 1 of the objective is.
        """
        made, counted, lacking = self._rows()
        unit, part = math.gcd(*self.core.level.tolist()) or 1, math.gcd(*self.each.tolist()) or 1
        made.add(lacking, self.each // part, -np.inf, most // part)
        made.add(counted, self.core.level // unit, above // unit + 1, np.inf)
        objective = np.zeros(int(lacking[-1]) + 1)
        objective[counted] = -(self.core.level // unit)
        return made.program(objective, self._upper(len(objective)), int(counted[0])), unit

    def _rows(self) -> tuple[Rows, Whole, Whole]:
        """Rows of both programs; the variables of how many observers count in each class, and of how many cells each goal lacks.

        Before them come the candidates, and for each class of a goal whose cells need several, whether it counts as a whole.
        """
        core = self.core
        several = np.flatnonzero((self.goal >= 0) & (core.need > 1))
        counted = len(core) + len(several) + np.arange(core.sees.width)
        lacking = counted[-1] + 1 + np.arange(len(self.least))
        rows = Rows()
        for at in range(core.sees.width):
            seers = core.sees.turned.row(at)
            rows.add(np.append(seers, counted[at]), np.append(np.ones(len(seers), np.int64), -1), 0.0, np.inf)
        column = counted.copy()
        column[several] = len(core) + np.arange(len(several))
        for at in several.tolist():
            rows.add(np.array([counted[at], column[at]]), np.array([1, -core.need[at]]), 0.0, np.inf)
        for at, least in enumerate(self.least.tolist()):
            own = self.goal == at
            rows.add(np.append(column[own], lacking[at]), np.append(self.size[own], 1), float(least), np.inf)
        add_rules(rows, core)
        for row in core.limits():
            rows.add(row.members, row.factors, -np.inf, row.room)
        return rows, counted, lacking

    def _upper(self, number: int) -> Real:
        """The most that each variable may be."""
        whole = np.ones(number - self.core.sees.width - len(self.least))
        return np.concatenate([whole, self.core.need.astype(np.float64), self.least.astype(np.float64)])
