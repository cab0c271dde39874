"""The search for the best coverage of a core, within its count and limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from seamline.site.placement.build import Build
from seamline.site.placement.core import Core, remerged
from seamline.site.placement.effort import Cancelled, Effort, Stop, Watcher
from seamline.site.placement.reduce import reduced_to_best
from seamline.site.placement.relax import Bound, Relaxation, hopeless
from seamline.site.placement.search import best_swaps, greedy_best, shaken_best
from seamline.site.placement.sight import Whole
from seamline.site.placement.solver import best_program, solve

STAGES: Final = (0.35, 0.25, 0.4)
"""Parts of the relaxation's steps; after each, whoever cannot be in a better answer is left out, and the next are cheaper."""
LIKELY: Final = 160
"""How many candidates, those that the relaxation likes best, an answer is shaken among."""


class BestSearch:
    """Looks for the best coverage of a core; what was found stands in `chosen` (of the problem), `worth`, `bound` and `stop`."""

    def __init__(self, core: Core, effort: Effort, watcher: Watcher) -> None:
        self.core = core
        self.effort = effort
        self.watcher = watcher
        self.chosen: list[int] = []
        self.worth = 0
        self.bound = int((core.level * core.need).sum())
        self.stop: Stop = ""
        self._unit = math.gcd(*core.level.tolist()) or 1

    @property
    def is_proven(self) -> bool:
        """Whether nothing is better."""
        return self.worth == self.bound

    def run(self) -> None:
        """Search, to the end or until told to stop."""
        try:
            self._search()
        except Cancelled:
            self.stop = "cancelled"

    def _search(self) -> None:
        core = reduced_to_best(self.core)
        if not len(core):
            self._lower(0)
            return
        self.watcher.bound = self.bound
        first = greedy_best(core)
        self._take(core, first)
        self.watcher.tell("search", 0, self.effort.search_rounds)
        if self.is_proven:
            return
        found, build = None, first
        for stage, part in enumerate(STAGES):
            steps = round(part * self.effort.steps(len(core.sees.cells)))
            found = Relaxation(core, cover=False).solve(steps, self.watcher, self.worth, found)
            self._lower(found.bound)
            if not self.is_proven:
                build = best_swaps(self._shaken(core, build, found, stage))
                self._take(core, build)
            gone = hopeless(found, self.worth, cover=False, step=self._unit)
            if self.is_proven or gone.all():
                self._lower(self.worth)
                return
            kept = np.union1d(np.flatnonzero(~gone), np.array(build.chosen, np.int64))
            core, found = core.part(kept, np.arange(core.sees.width)), replace(found, share=found.share[kept])
            build = Build(core, np.searchsorted(kept, build.chosen).tolist())
        self._solve(remerged(core))

    def _shaken(self, core: Core, first: Build, found: Bound, stage: int) -> Build:
        """The best of shaking among the candidates that the relaxation likes."""
        liked = np.argsort(-(found.profit / found.scale + found.share * core.level.sum()), kind="stable")[:LIKELY]
        kept = np.union1d(liked, np.array(first.chosen, np.int64))
        kept = np.union1d(kept, np.concatenate([kept[:0], *(others for _, others in core.links)]))
        small = remerged(core.part(kept, np.arange(core.sees.width)))
        number: Whole = np.searchsorted(kept, first.chosen)
        rounds = self.effort.search_rounds // len(STAGES)
        better = shaken_best(Build(small, number.tolist()), rounds, self.watcher, self.bound, stage)
        return Build(core, kept[better.chosen].tolist())

    def _solve(self, core: Core) -> None:
        """Have HiGHS look for anything better in what is left."""
        program, unit = best_program(core, self.worth)
        if not self.effort.solver_nodes or program.size > self.effort.solver_entries:
            self.stop = "work"
            return
        found = solve(program, self.effort, self.watcher)
        if found.chosen is not None:
            self._take(core, Build(core, found.chosen))
        if not found.stop:
            self._lower(self.worth)
        elif found.bound is not None:
            self._lower(max(self.worth, -found.bound * unit))
        self.stop = found.stop

    def _take(self, core: Core, build: Build) -> None:
        """Keep a choice when it is the best so far."""
        if build.worth > self.worth:
            self.worth, self.chosen = build.worth, core.origin[build.chosen].tolist()
        self.watcher.value = self.worth

    def _lower(self, bound: int) -> None:
        """Keep a bound when it is lower; worths are multiples of their unit."""
        self.bound = min(self.bound, max(bound // self._unit * self._unit, self.worth))
        self.watcher.bound = self.bound
