"""A choice in the making: whom it has, what they see, and whom the rules let in or out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.core import Core
from seamline.site.placement.sight import Whole

Flags = NDArray[np.bool_]


class Build:
    """Chosen candidates of a core; always within its rules, except that a cover may still lack cells."""

    def __init__(self, core: Core, chosen: Iterable[int] = ()) -> None:
        self.core = core
        self.chosen: list[int] = []
        self.counts = np.zeros(core.sees.width, np.int64)
        self.price = 0
        self.is_in = np.zeros(len(core), np.bool_)
        self.used = [0] * len(core.groups)
        for one in chosen:
            self.add(one)

    @property
    def worth(self) -> int:
        """What is seen, up to its need."""
        return self.core.worth(self.counts)

    @property
    def lack(self) -> Whole:
        """(classes) how many more each needs."""
        return np.maximum(self.core.need - self.counts, 0)

    def add(self, one: int) -> None:
        """Choose a candidate; whether the rules allow it is the caller's to ask."""
        self._count(one, 1)
        self.chosen.append(one)

    def remove(self, one: int) -> None:
        """Choose it no more."""
        self._count(one, -1)
        self.chosen.remove(one)

    def gains(self) -> Whole:
        """(candidates) what each would add to the worth."""
        return self.core.sees.sums(np.where(self.counts < self.core.need, self.core.level, 0))

    def helps(self) -> Whole:
        """(candidates) how many classes that lack someone each sees."""
        return self.core.sees.sums((self.counts < self.core.need).astype(np.int64))

    def entry(self) -> tuple[Flags, Whole, Whole]:
        """Which candidates can be added now, at what price, and with whom: the cheapest that they need a link to, or -1."""
        core = self.core
        open_ones, price = ~self.is_in, core.price.copy()
        company = np.full(len(core), -1, np.int64)
        for group, used in zip(core.groups, self.used, strict=True):
            if used + group.most > group.room:
                open_ones[group.members[used + group.factors > group.room]] = False
        for members, others in core.links:
            if self.is_in[others].any():
                continue
            can = others[open_ones[others]]
            if not len(can):
                open_ones[members] = False
                continue
            other = int(can[np.argmin(core.price[can])])
            company[members], price[members] = other, price[members] + core.price[other]
            for at, takes in core.groups_of[other].items():
                group = core.groups[at]
                too_much = self.used[at] + takes + group.factors > group.room
                open_ones[np.intersect1d(members, group.members[too_much])] = False
        if core.limit is not None:
            open_ones &= price <= core.limit - self.price
        if core.count is not None:
            open_ones &= (company >= 0) + 1 <= core.count - len(self.chosen)
        return open_ones, price, company

    def enter(self, one: int, company: int) -> None:
        """Add a candidate and, unless -1, the one it needs."""
        if company >= 0:
            self.add(company)
        self.add(one)

    def is_bound(self, one: int) -> bool:
        """Whether others of the chosen have their link through this one alone."""
        return any(
            one in others and int(self.is_in[others].sum()) == 1 and bool(self.is_in[members].any())
            for members, others in self.core.links
        )

    def prune(self) -> None:
        """Drop whom nothing needs, the dearest first, the later of the same price first."""
        again = True
        while again:
            again = False
            for one in sorted(self.chosen, key=lambda one: (-self.core.price[one], -one)):
                cells = self.core.sees.row(one)
                if (self.counts[cells] > self.core.need[cells]).all() and not self.is_bound(one):
                    self.remove(one)
                    again = bool(self.core.links)

    def _count(self, one: int, by: int) -> None:
        self.counts[self.core.sees.row(one)] += by
        self.price += by * int(self.core.price[one])
        self.is_in[one] = by > 0
        for group, takes in self.core.groups_of[one].items():
            self.used[group] += by * takes
