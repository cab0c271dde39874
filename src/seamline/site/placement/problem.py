"""The question as arrays: who sees what, what each cell needs and is worth, what candidates cost, and what stands in the way."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seamline.site.frame import SiteError
from seamline.site.placement.sight import Sight, Whole

WORTH_MAX = 1 << 40
"""The most that all cells together may be worth, and all candidates cost: products with multipliers stay within 64 bits."""
NEED_MAX = 8
"""The most observers that a cell may need."""


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that share something: together they may take at most `at_most` of it, each as much as `takes` says (1 when not given).

    One mount's headings and a switch's ports are taken one by one, its milliwatts in amounts.
    """

    members: tuple[int, ...]
    at_most: int = 1
    name: str = ""
    takes: tuple[int, ...] = ()

    @property
    def amounts(self) -> tuple[int, ...]:
        """What each member takes."""
        return self.takes or (1,) * len(self.members)

    def taken(self, standing: Collection[int]) -> int:
        """What those of the members that stand already take."""
        return sum(amount for one, amount in zip(self.members, self.amounts, strict=True) if one in standing)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a candidate cannot be built. `reason` names the constraint, in the same words for all whom it bars.

    Where the constraint has a figure, `limit` is it, and `enough` what it would have to be for this candidate, both in `unit`; `relax`
    says what would help.
    """

    reason: str
    relax: str = ""
    limit: float | None = None
    enough: float | None = None
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Goal:
    """Cells of which `least` are to have what they need: as much as a zone asks for, where that is less than all."""

    cells: NDArray[np.int64]
    least: int
    name: str = ""

    @classmethod
    def of_share(cls, cells: NDArray[np.integer], share: float, name: str = "") -> Goal:
        """So many that they are at least this share of all."""
        least = math.ceil(share * len(cells))
        while least and (least - 1) / len(cells) >= share:  # the product is rounded, the quotient is what is judged
            least -= 1
        return cls(np.asarray(cells, np.int64), least, name)


def nothing() -> dict[int, Obstacle]:
    """No candidate is barred."""
    return {}


def nobody() -> dict[int, tuple[int, ...]]:
    """No candidate needs another."""
    return {}


@dataclass(frozen=True, eq=False)
class Problem:
    """Candidates, cells, and the rules.

    `need` (cells): how many observers each cell must be seen by, 1 when not given. `weight` (cells): what a cell is worth, in whole
    units such as square centimetres, 1 when not given. `cost` (candidates): cents, 0 when not given. `existing` candidates stand
    already: they are part of every answer and cost nothing. `barred` ones cannot be built, with the reason (no power, no link): words, or
    an Obstacle. `goals` say of which cells a cover may leave some out, and how many; cells in none of them it may leave out all. No
    cell is in two. Without goals, a cover is of all that can be covered.
    `links`: a candidate can only be built when one of these others is built or stands, such as a gateway in reach; those must not
    need others themselves. Raises SiteError for a part that does not fit the rest.
    """

    sees: Sight
    need: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    weight: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    cost: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    existing: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    barred: Mapping[int, str | Obstacle] = field(default_factory=nothing)
    links: Mapping[int, tuple[int, ...]] = field(default_factory=nobody)
    goals: tuple[Goal, ...] = ()

    def __post_init__(self) -> None:
        candidates, cells = len(self.sees), self.sees.width
        object.__setattr__(self, "need", whole(self.need, cells, 1, "need", 0, NEED_MAX))
        object.__setattr__(self, "weight", whole(self.weight, cells, 1, "weight", 0, WORTH_MAX))
        object.__setattr__(self, "cost", whole(self.cost, candidates, 0, "cost", 0, WORTH_MAX))
        object.__setattr__(self, "existing", tuple(sorted(set(self.existing))))
        if self.scale * int(self.weight.sum()) > WORTH_MAX or int(self.cost.sum()) > WORTH_MAX:
            raise SiteError(f"all weights, and all costs, must come to less than {WORTH_MAX:,}; give them in a larger unit")
        named = [self.existing, self.barred, self.links, *self.links.values(), *(group.members for group in self.groups)]
        for candidate in (one for part in named for one in part):
            if not 0 <= candidate < candidates:
                raise SiteError(f"candidate {candidate} is named, but there are {candidates}, counted from 0")
        for candidate in self.existing:
            if candidate in self.barred:
                raise SiteError(f"candidate {candidate} stands already, and yet is barred: {self.why_barred(candidate)}")
        standing = set(self.existing)
        for group in self.groups:
            check_group(group, standing)
        for candidate, others in self.links.items():
            if any(other in self.links for other in others):
                raise SiteError(f"candidate {candidate} needs one that needs others itself; give what must be built in the end")
        check_goals(self.goals, cells)

    @classmethod
    def of_levels(cls, levels: NDArray[np.uint8], least: NDArray[np.integer] | int, **rest: object) -> Problem:
        """Of masks with levels (candidates, cells): a cell counts as seen where its level is at least `least`."""
        return cls(Sight.of(levels >= np.asarray(least)), **rest)  # pyright: ignore[reportArgumentType] - checked when made

    @property
    def scale(self) -> int:
        """What values are multiplied by, so that each observer of a cell that needs k is worth a whole k-th of it."""
        return math.lcm(1, *(int(need) for need in np.unique(self.need) if need > 0))

    @cached_property
    def crowded(self) -> Mapping[int, str]:
        """Candidates that cannot be built since a group of theirs is too full of what stands already; the group's name."""
        standing = set(self.existing)
        rooms = [(group, group.at_most - group.taken(standing)) for group in self.groups]
        return {
            one: group.name or f"of candidate {group.members[0]}"
            for group, room in rooms
            for one, amount in zip(group.members, group.amounts, strict=True)
            if one not in standing and amount > room
        }

    @cached_property
    def free(self) -> NDArray[np.int64]:
        """The candidates that can be chosen: none that stands, is barred or crowded out, or has no chance of the link it needs."""
        shut = {*self.existing, *self.barred, *self.crowded}
        return np.array([one for one in range(len(self.sees)) if one not in shut and not self._is_stranded(one)], np.int64)

    def why_barred(self, candidate: int) -> str:
        """Why a candidate cannot be built; empty when it can."""
        if candidate in self.barred:
            told = self.barred[candidate]
            return told.reason if isinstance(told, Obstacle) else told
        if candidate in self.crowded:
            return f"group {self.crowded[candidate]} is full of what stands already"
        return "what it needs a link to cannot be built" if self._is_stranded(candidate) else ""

    def _is_stranded(self, candidate: int) -> bool:
        """Whether nobody that it needs one of can be built, or stands."""
        others = self.links.get(candidate)
        if others is None or set(others).intersection(self.existing):
            return False
        return all(other in self.barred or other in self.crowded for other in others)

    def worth(self, counts: Whole) -> int:
        """The value of cells seen by so many, times `scale`: each observer up to a cell's need is worth the same part of it."""
        level = np.where(self.need > 0, self.weight * self.scale // np.maximum(self.need, 1), 0)
        return int((level * np.minimum(counts, self.need)).sum())


def whole(given: Sequence[int] | NDArray[np.integer], size: int, default: int, what: str, low: int, high: int) -> Whole:
    """A vector of whole numbers of this size; `default` throughout when none is given."""
    found = np.asarray(given)
    if not found.size:
        return np.full(size, default, np.int64)
    if found.shape != (size,):
        raise SiteError(f"{what} has the shape {found.shape}; there are {size}")
    if found.dtype.kind not in "iu":
        raise SiteError(f"{what} must be whole numbers, not {found.dtype}; choose a smaller unit")
    if found.min() < low or found.max() > high:
        raise SiteError(f"{what} goes from {found.min()} to {found.max()}; it must be from {low} to {high}")
    return found.astype(np.int64)


def check_group(group: Group, existing: Collection[int]) -> None:
    """Raise SiteError for a group that cannot be meant."""
    name = group.name or group.members
    if len(set(group.members)) != len(group.members):
        raise SiteError(f"group {name} names a candidate twice")
    if len(group.amounts) != len(group.members) or min(group.amounts, default=0) < 0:
        raise SiteError(f"group {name} has {len(group.members)} candidates; say of each what it takes, 0 or more")
    if group.at_most < group.taken(existing):
        raise SiteError(f"group {name} allows {group.at_most}, fewer than stand there already")


def check_goals(goals: Sequence[Goal], cells: int) -> None:
    """Raise SiteError for goals of cells that are not there or in two of them, or that ask for more cells than they have."""
    seen = np.zeros(cells, np.bool_)
    for goal in goals:
        name = goal.name or "a goal"
        if len(goal.cells) and not 0 <= int(goal.cells.min()) <= int(goal.cells.max()) < cells:
            raise SiteError(f"{name} names cell {goal.cells.max()} of {cells}")
        if seen[goal.cells].any() or len(np.unique(goal.cells)) < len(goal.cells):
            raise SiteError(f"{name} names a cell that a goal has already")
        if not 0 <= goal.least <= len(goal.cells):
            raise SiteError(f"{name} asks for {goal.least} of {len(goal.cells)} cells")
        seen[goal.cells] = True


def check_limits(count: int | None, budget: int | None) -> None:
    """Raise SiteError for limits that cannot be meant."""
    for what, limit in (("count", count), ("budget", budget)):
        if limit is not None and limit < 0:
            raise SiteError(f"a {what} of {limit} cannot be kept; it must be at least 0")
