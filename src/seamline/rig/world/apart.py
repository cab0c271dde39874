"""Runs of worlds in a process of their own: a user's core may end the process that it runs in, and then a run ends, and not the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from seamline.rig.world.plan import Plan
    from seamline.rig.world.world import Parts

Result = TypeVar("Result")


class CrewError(Exception):
    """A process that ran a world is gone, and no promise was broken by that; the message names what it ran, and why."""


class GivenUpError(Exception):
    """A run was ended because nobody wanted to wait for it any longer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Where a run ended inside a user's core: known once, a run of the same plan ends there without doing it again."""

    call: int
    """The call into the core, counted from 1 through the run."""
    promise: str
    how: str
    """What it did: `ended the process (exit 0)`, `never returned`."""
    where: str = ""
    """The function of its code, where that is known: ` (app.py:4, tick)`."""


class Apart(Protocol):
    """Runs plans in another process."""

    def do(
        self,
        work: Callable[[Plan, Parts], Result],
        plan: Plan,
        *,
        hurry: bool = False,
        go_on: Callable[[], bool] = lambda: True,
    ) -> Result:
        """What `work` gives of a plan; it must be a function of a module.

        In a `hurry` a call of the core has less time. Raises GivenUpError when `go_on` says no meanwhile, CrewError.
        """
        ...

    def remember(self, plan: Plan, ended: Ended | None) -> None:
        """Where a run of this plan is known to end."""
        ...
