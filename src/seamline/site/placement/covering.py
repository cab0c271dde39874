"""The search for the cheapest, or the fewest, that cover every cell of a core."""

from __future__ import annotations

import math

import numpy as np

from seamline.site.placement.core import Core
from seamline.site.placement.effort import Cancelled, Effort, Stop, Watcher
from seamline.site.placement.reduce import reduced_to_cover
from seamline.site.placement.relax import Relaxation, hopeless
from seamline.site.placement.search import greedy_cover, shaken_cover
from seamline.site.placement.solver import cover_program, solve


class CoverSearch:
    """Looks for the cheapest cover of a core; what was found stands in `chosen` (of the problem), `price`, `bound` and `stop`."""

    def __init__(self, core: Core, effort: Effort, watcher: Watcher) -> None:
        self.core = core
        self.effort = effort
        self.watcher = watcher
        self.chosen: list[int] | None = None
        self.price = 0
        self.bound = 0
        self.stop: Stop = ""
        self.is_impossible = False
        self.unit = math.gcd(*core.price.tolist()) or 1

    def start(self, chosen: list[int]) -> None:
        """Take a cover that is known."""
        number = {int(one): at for at, one in enumerate(self.core.origin)}
        self._take(chosen, sum(int(self.core.price[number[one]]) for one in chosen))

    def run(self) -> None:
        """Search, to the end or until told to stop."""
        try:
            self._search()
        except Cancelled:
            self.stop = "cancelled"
            if self.chosen is None:
                self._take_simple()

    def _search(self) -> None:
        core, forced = reduced_to_cover(self.core, self.watcher)
        base = int(self.core.price[np.isin(self.core.origin, forced)].sum())
        self._raise(base)
        if not core.sees.width:
            self._take(forced, base)
            return
        first = greedy_cover(core)
        if first is not None:
            self._take([*forced, *core.origin[first.chosen].tolist()], base + first.price)
        relaxation = Relaxation(core, cover=True)
        enough = None if self.chosen is None else self.price - base
        found = relaxation.solve(self.effort.steps(len(core.sees.cells)), self.watcher, enough)
        self._raise(base + found.bound)
        lean = np.clip(found.share, 0, 1)
        leaning = greedy_cover(core, lean=lean)
        start = min((one for one in (first, leaning) if one is not None), key=lambda one: one.price, default=None)
        if start is not None:
            better = shaken_cover(start, self.effort.search_rounds, self.watcher, self.bound - base, lean)
            self._take([*forced, *core.origin[better.chosen].tolist()], base + better.price)
        if self.chosen is not None and self.price <= self.bound:
            return
        if self.chosen is not None:
            gone = hopeless(found, self.price - base, cover=True, step=self.unit)
            core = core.part(np.flatnonzero(~gone), np.arange(core.sees.width))
        self._solve(core, forced, base)

    def _solve(self, core: Core, forced: list[int], base: int) -> None:
        """Have HiGHS look for anything better in what is left."""
        if (np.diff(core.sees.turned.starts) < core.need).any():
            self._closed()
            return
        core, more = reduced_to_cover(core, self.watcher)
        forced = [*forced, *more]
        base += int(self.core.price[np.isin(self.core.origin, more)].sum())
        if self.chosen is not None and base >= self.price:
            self._closed()
            return
        program, unit = cover_program(core, None if self.chosen is None else self.price - base)
        if not self.effort.solver_nodes or program.size > self.effort.solver_entries:
            self.stop = "work"
            return
        found = solve(program, self.effort, self.watcher)
        if found.chosen is not None:
            self._take([*forced, *core.origin[found.chosen].tolist()], base + int(core.price[found.chosen].sum()))
        if not found.stop:
            self._closed()
        elif found.bound is not None:
            self._raise(base + found.bound * unit)
        self.stop = found.stop

    def _closed(self) -> None:
        """Nothing is better than what was found; or there is nothing."""
        if self.chosen is None:
            self.is_impossible = True
        else:
            self._raise(self.price)

    def _take(self, chosen: list[int], price: int) -> None:
        """Keep a cover when it is the cheapest so far."""
        if self.chosen is None or price < self.price:
            self.chosen, self.price = sorted(chosen), price
            self.watcher.value = price

    def _raise(self, bound: int) -> None:
        """Keep a bound when it is higher; prices are multiples of their unit."""
        whole = -(-bound // self.unit) * self.unit
        self.bound = max(self.bound, whole if self.chosen is None else min(whole, self.price))
        self.watcher.bound = self.bound

    def _take_simple(self) -> None:
        """A cover at once, when told to stop before there was any."""
        first = greedy_cover(self.core)
        if first is not None:
            self._take(self.core.origin[first.chosen].tolist(), first.price)
