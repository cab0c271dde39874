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


class Seen(Protocol):
    """What a run of a plan came to, as far as the next run of it has to come to it, too."""

    @property
    def digest(self) -> str:
        """Hash over its events."""
        ...

    @property
    def virtual_us(self) -> int:
        """When it ended."""
        ...

    @property
    def numbered(self) -> int:
        """How many records were measured."""
        ...

    @property
    def broken(self) -> object:
        """What broke, whose text is one line; nothing where all held."""
        ...


def check_repeated(core: str | None, seed: int, once: Seen, again: Seen) -> None:
    """Raise CrewError where a plan of this seed, run again, did not come to the same: then nothing is known of its promises.

    What a core says of its own error may differ: a process number, an address.
    """
    if once.digest == again.digest:
        return
    promises = {str(seen.broken or "").partition(":")[0] for seen in (once, again)}
    if promises == {"no-error"} and (once.virtual_us, once.numbered) == (again.virtual_us, again.numbered):
        return
    told = f"the same plan of seed {seed} gave {_came_to(once)}, and then {_came_to(again)}"
    if core is None:
        raise CrewError(f"this Seamline is not deterministic, which is a mistake of its own: {told}")
    remedy = "a core draws from the `random` that it is given, reads no clock, and keeps nothing but what it persists"
    raise CrewError(f"the core {core} is not deterministic: {told}; so none of its promises can be judged: {remedy}")


def _came_to(seen: Seen) -> str:
    return f"{seen.broken or 'no broken promise'} ({seen.virtual_us / 1_000_000:.3f} s, events {seen.digest[:8]})"


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
