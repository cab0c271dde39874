"""What is left to decide: candidates that can be chosen, cells that still need someone, merged where the same ones see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.problem import Problem
from seamline.site.placement.sight import Sight, Whole


@dataclass(frozen=True, slots=True)
class Row:
    """A rule of a linear program: the sum of `factors` times what is chosen of `members` is at most `room`."""

    members: Whole
    factors: Whole
    room: int

    @property
    def most(self) -> int:
        """The greatest factor."""
        return int(self.factors.max(initial=0))


Rules = tuple[tuple[Row, ...], tuple[tuple[Whole, Whole], ...]]
"""Groups and links; see Core."""


@dataclass(frozen=True, eq=False)
class Core:
    """Candidates by classes of cells. All in whole numbers, and numbered anew: `origin` (candidates) says who they were.

    `need` (classes): how many more observers count, at least 1; `level` (classes): what each of them is worth. `price` (candidates)
    is what the answer is to keep low; `groups` are members, what each takes, and the room there is; `links` are members, each of which
    needs one of the others. `count` and `limit` bound the number of the chosen and the sum of their `price`; None: no bound.
    """

    sees: Sight
    need: Whole
    level: Whole
    price: Whole
    origin: Whole
    groups: tuple[Row, ...] = ()
    links: tuple[tuple[Whole, Whole], ...] = ()
    count: int | None = None
    limit: int | None = None

    def __len__(self) -> int:
        return len(self.sees)

    @cached_property
    def ruled(self) -> NDArray[np.bool_]:
        """Which candidates stand in a group or a link."""
        found = np.zeros(len(self), np.bool_)
        for group in self.groups:
            found[group.members] = True
        for members, others in self.links:
            found[members] = True
            found[others] = True
        return found

    @cached_property
    def groups_of(self) -> tuple[Mapping[int, int], ...]:
        """The groups of each candidate, and what it takes there."""
        found: list[dict[int, int]] = [{} for _ in range(len(self))]
        for at, group in enumerate(self.groups):
            for member, takes in zip(group.members.tolist(), group.factors.tolist(), strict=True):
                found[member][at] = takes
        return tuple(found)

    @cached_property
    def link_of(self) -> Whole:
        """(candidates) the link that each is a member of, or -1."""
        found = np.full(len(self), -1, np.int64)
        for at, (members, _) in enumerate(self.links):
            found[members] = at
        return found

    def rules(self) -> list[Row]:
        """Groups and links as rows."""
        rows = list(self.groups)
        for members, others in self.links:
            factors = np.full(len(others) + 1, -1, np.int64)
            factors[0] = 1
            rows += [Row(np.concatenate([[member], others]).astype(np.int64), factors, 0) for member in members]
        return rows

    def limits(self) -> list[Row]:
        """The number and the sum of prices as rows; the narrower way to see it first."""
        everyone = np.arange(len(self), dtype=np.int64)
        rows = [] if self.count is None else [Row(everyone, np.ones(len(self), np.int64), self.count)]
        return rows if self.limit is None else [*rows, Row(everyone, self.price, self.limit)]

    def part(self, candidates: NDArray[np.integer], classes: NDArray[np.integer]) -> Core:
        """Only these candidates and classes. Links to candidates that are left out are lost: leave none out that links."""
        number = np.full(len(self), -1, np.int64)
        number[candidates] = np.arange(len(candidates))

        def kept(members: Whole) -> Whole:
            return number[members][number[members] >= 0]

        groups = [Row(kept(row.members), row.factors[number[row.members] >= 0], row.room) for row in self.groups]
        links = [(kept(members), kept(others)) for members, others in self.links]
        return replace(
            self,
            sees=self.sees.part(candidates, classes),
            need=self.need[classes],
            level=self.level[classes],
            price=self.price[candidates],
            origin=self.origin[candidates],
            groups=tuple(row for row in groups if int(row.factors.sum()) > row.room),
            links=tuple((members, others) for members, others in links if len(members)),
        )

    def worth(self, counts: Whole) -> int:
        """What classes seen by so many are worth."""
        return int((self.level * np.minimum(counts, self.need)).sum())


def core_of(problem: Problem, price: Whole, need: Whole | None = None) -> Core:
    """The core of a problem; `need` (cells) replaces the problem's. Cells that nobody free sees are not in it."""
    return cores_of(problem, price, need)[0]


def cores_of(problem: Problem, price: Whole, need: Whole | None = None, apart: Whole | None = None) -> tuple[Core, Whole, Whole]:
    """The core, its cells (of the problem), and the class of each of them. Cells that differ in `apart` are never made one class."""
    free = problem.free
    wanted = problem.need if need is None else need
    standing = problem.sees.seen_by(problem.existing)
    left = np.minimum(np.maximum(wanted - standing, 0), reach(problem, free))
    open_cells = np.flatnonzero(left)
    level = problem.weight * problem.scale // np.maximum(problem.need, 1)
    sees = problem.sees.part(free, open_cells)
    classes, of_class = merged(sees, left[open_cells], None if apart is None else apart[open_cells])
    worth = np.zeros(len(classes), np.int64)
    np.add.at(worth, of_class, level[open_cells])
    number = {int(candidate): at for at, candidate in enumerate(free)}
    groups, links = rules_of(problem, number)
    core = Core(
        sees=sees.part(np.arange(len(free)), classes),
        need=left[open_cells][classes],
        level=worth,
        price=price[free],
        origin=free,
        groups=groups,
        links=links,
    )
    return core, open_cells, of_class


def rules_of(problem: Problem, number: dict[int, int]) -> Rules:
    """Groups and links among the numbered candidates, given what stands already."""
    standing = set(problem.existing)
    groups: list[Row] = []
    for group in problem.groups:
        pairs = sorted((number[one], takes) for one, takes in zip(group.members, group.amounts, strict=True) if one in number)
        members, takes = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
        room = group.at_most - group.taken(standing)
        if int(takes.sum()) > room:
            groups.append(Row(members, takes, room))
    members_of: dict[tuple[int, ...], list[int]] = {}
    for one, others in sorted(problem.links.items()):
        if one in number and not standing.intersection(others):
            members_of.setdefault(tuple(sorted(number[other] for other in others if other in number)), []).append(number[one])
    links = [(np.array(members, np.int64), np.array(others, np.int64)) for others, members in members_of.items()]
    return tuple(groups), tuple(links)


def reach(problem: Problem, free: Whole) -> Whole:
    """(cells) by how many of the free candidates each could be seen at once; groups are taken one at a time, so it may be too high."""
    sees = problem.sees
    found = sees.seen_by(free.tolist())
    open_ones, standing, taken = set(free.tolist()), set(problem.existing), set[int]()
    for group in problem.groups:
        pairs = zip(group.members, group.amounts, strict=True)
        takes = {one: amount for one, amount in pairs if one in open_ones and one not in taken}
        at_once = int((np.cumsum(sorted(takes.values())) <= group.at_most - group.taken(standing)).sum())
        if len(takes) > at_once:
            taken.update(takes)
            seen = sees.seen_by(takes)
            found -= seen - np.minimum(seen, at_once)
    return found


def merged(sees: Sight, need: Whole, apart: Whole | None = None) -> tuple[Whole, Whole]:
    """Cells that the same candidates see, with the same need, are one class: the first cell of each, and each cell's class."""
    further = [] if apart is None else [np.ascontiguousarray(apart, np.int64)[:, np.newaxis].view(np.uint8)]
    keys = np.concatenate([sees.turned.bits(), need.astype(np.uint8)[:, np.newaxis], *further], axis=1)
    if not len(keys):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    whole_rows = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, first, of_class = np.unique(whole_rows, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order].astype(np.int64), rank[of_class].astype(np.int64)


def remerged(core: Core) -> Core:
    """The core with classes that can no longer be told apart made one."""
    classes, of_class = merged(core.sees, core.need)
    level = np.zeros(len(classes), np.int64)
    np.add.at(level, of_class, core.level)
    return replace(core.part(np.arange(len(core)), classes), level=level)
