"""Whether a user's core does the same twice, where no promise breaks that would ask: one plan of a set is run a second time, elsewhere.

Two processes differ in what no core may depend on: their clocks, their own random numbers, their hash seeds. What a core keeps in its process
and does not persist shows in the plans that its process ran after others, so that the first of those is run again, in a process
that has run none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from seamline.rig.world.apart import Seen, check_repeated
from seamline.rig.world.plan import Plan
from seamline.rig.world.run import run
from seamline.rig.world.world import Parts


class Numbered(Seen, Protocol):
    """What a numbered plan came to."""

    @property
    def seed(self) -> int:
        """Its number."""
        ...


Ran = TypeVar("Ran", bound=Numbered)


def one_twice(finished: Iterable[Ran], plan: Callable[[int], Plan], parts: Parts, jobs: int) -> Iterator[Ran]:
    """What is finished, as it comes; of plans of a user's core one that held is run again: the first that began behind another one.

    `jobs` is how many are begun at once, `plan` gives the plan of a number. Where all were begun at once the last is run again. Raises
    CrewError where it does not come to the same.
    """
    held: Ran | None = None
    is_checked = parts.apart is None
    for place, each in enumerate(finished):
        held = None if each.broken else each
        if not is_checked and held is not None and place >= jobs:
            _again(plan(held.seed), held, parts)
            is_checked = True
        yield each
    if not is_checked and held is not None:
        _again(plan(held.seed), held, parts)


def _again(plan: Plan, once: Seen, parts: Parts) -> None:
    check_repeated(plan.core, plan.seed, once, run(plan, parts))
