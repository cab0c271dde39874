"""What is left to decide: candidates that can be chosen, cells that still need someone, merged where the same ones see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.problem import Problem
from seamline.site.placement.sight import Sight, Whole

Rules = tuple[tuple[tuple[Whole, int], ...], tuple[tuple[Whole, Whole], ...]]
"""Groups and links; see Core."""


@dataclass(frozen=True, slots=True)
class Row:
    """A rule of a linear program: the sum of `factors` times what is chosen of `members` is at most `room`."""

    members: Whole
    factors: Whole
    room: int


@dataclass(frozen=True, eq=False)
class Core:
    """Candidates by classes of cells. All in whole numbers, and numbered anew: `origin` (candidates) says who they were.

    `need` (classes): how many more observers count, at least 1; `level` (classes): what each of them is worth. `price` (candidates)
    is what the answer is to keep low; `groups` are members and how many of them; `links` are members, each of which needs one of the others. `count` and `limit` bound the
    number of the chosen and the sum of their `price`; None: no bound.
    """

    sees: Sight
    need: Whole
    level: Whole
    price: Whole
    origin: Whole
    groups: tuple[tuple[Whole, int], ...] = ()
    links: tuple[tuple[Whole, Whole], ...] = ()
    count: int | None = None
    limit: int | None = None

    def __len__(self) -> int:
        return len(self.sees)

    @cached_property
    def ruled(self) -> NDArray[np.bool_]:
        """Which candidates stand in a group or a link."""
        found = np.zeros(len(self), np.bool_)
        for members, _ in self.groups:
            found[members] = True
        for members, others in self.links:
            found[members] = True
            found[others] = True
        return found

    @cached_property
    def groups_of(self) -> tuple[tuple[int, ...], ...]:
        """The groups of each candidate."""
        found: list[list[int]] = [[] for _ in range(len(self))]
        for at, (members, _) in enumerate(self.groups):
            for member in members:
                found[int(member)].append(at)
        return tuple(tuple(groups) for groups in found)

    @cached_property
    def link_of(self) -> Whole:
        """(candidates) the link that each is a member of, or -1."""
        found = np.full(len(self), -1, np.int64)
        for at, (members, _) in enumerate(self.links):
            found[members] = at
        return found

    def rules(self) -> list[Row]:
        """Groups and links as rows."""
        rows = [Row(members, np.ones(len(members), np.int64), room) for members, room in self.groups]
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

        groups = [(kept(members), room) for members, room in self.groups]
        links = [(kept(members), kept(others)) for members, others in self.links]
        return replace(
            self,
            sees=self.sees.part(candidates, classes),
            need=self.need[classes],
            level=self.level[classes],
            price=self.price[candidates],
            origin=self.origin[candidates],
            groups=tuple((members, room) for members, room in groups if len(members) > room),
            links=tuple((members, others) for members, others in links if len(members)),
        )

    def worth(self, counts: Whole) -> int:
        """What classes seen by so many are worth."""
        return int((self.level * np.minimum(counts, self.need)).sum())


def core_of(problem: Problem, price: Whole, need: Whole | None = None) -> Core:
    """The core of a problem; `need` (cells) replaces the problem's. Cells that nobody free sees are not in it."""
    free = problem.free
    wanted = problem.need if need is None else need
    standing = problem.sees.seen_by(problem.existing)
    left = np.minimum(np.maximum(wanted - standing, 0), reach(problem, free))
    open_cells = np.flatnonzero(left)
    level = problem.weight * problem.scale // np.maximum(problem.need, 1)
    sees = problem.sees.part(free, open_cells)
    classes, of_class = merged(sees, left[open_cells])
    worth = np.zeros(len(classes), np.int64)
    np.add.at(worth, of_class, level[open_cells])
    number = {int(candidate): at for at, candidate in enumerate(free)}
    groups, links = rules_of(problem, number)
    return Core(
        sees=sees.part(np.arange(len(free)), classes),
        need=left[open_cells][classes],
        level=worth,
        price=price[free],
        origin=free,
        groups=groups,
        links=links,
    )


def rules_of(problem: Problem, number: dict[int, int]) -> Rules:
    """Groups and links among the numbered candidates, given what stands already."""
    standing = set(problem.existing)
    groups: list[tuple[Whole, int]] = []
    for group in problem.groups:
        members = np.array(sorted(number[one] for one in group.members if one in number), np.int64)
        room = group.at_most - len(standing.intersection(group.members))
        if len(members) > room:
            groups.append((members, room))
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
        members = [one for one in group.members if one in open_ones and one not in taken]
        room = group.at_most - len(standing.intersection(group.members))
        if len(members) > room:
            taken.update(members)
            seen = sees.seen_by(members)
            found -= seen - np.minimum(seen, room)
    return found


def merged(sees: Sight, need: Whole) -> tuple[Whole, Whole]:
    """Cells that the same candidates see, with the same need, are one class: the first cell of each, and each cell's class."""
    keys = np.concatenate([sees.turned.bits(), need.astype(np.uint8)[:, np.newaxis]], axis=1)
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
