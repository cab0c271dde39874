"""How much work an answer may take, and how it says how far it has come.

Work is counted, so that the same question has the same answer each time; wall time is a last resort, and an answer says when it decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stop = Literal["", "work", "time", "cancelled"]
"""Why a search ended before it was proven: it was not; a limit on work; the time limit; or it was told to."""
Phase = Literal["reduce", "relax", "search", "solve"]


@dataclass(frozen=True, slots=True)
class Effort:
    """Limits. The defaults are meant for seconds."""

    relax_steps: int = 1_200
    """Steps towards the bound of the linear relaxation."""
    relax_entries: int = 1_500_000_000
    """Fewer steps where candidates and cells are many: all together look at so many entries of the matrix."""
    search_rounds: int = 450
    """Times that a good answer is shaken and mended again."""
    solver_nodes: int = 10_000
    """Nodes of HiGHS's branch and bound; 0: do without it."""
    solver_entries: int = 120_000
    """HiGHS is asked only when the reduced problem has at most so many non-zero entries."""
    solver_seconds: float | None = 30.0
    """Stop HiGHS after so long, as a last resort; None: its nodes alone decide. An answer says when this was hit."""

    def steps(self, entries: int) -> int:
        """Steps towards the bound in a matrix of so many entries."""
        return min(self.relax_steps, self.relax_entries // max(1, entries))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come: `value` is the best answer so far and `bound` its bound, both in the question's unit; None: not yet."""

    phase: Phase
    done: int
    of: int
    value: int | None
    bound: int | None


class Cancelled(Exception):
    """Told to stop; what was found so far is still an answer."""


Watch = Callable[[Progress], bool]
"""Told of progress now and then; returns False to have it stop."""


@dataclass(slots=True)
class Watcher:
    """Tells a watch, and raises Cancelled when it wants no more. Keeps the best that was told."""

    watch: Watch | None
    value: int | None = None
    bound: int | None = None

    def tell(self, phase: Phase, done: int, of: int) -> None:
        """Tell of progress. Raises Cancelled."""
        if self.watch is not None and not self.watch(Progress(phase, done, of, self.value, self.bound)):
            raise Cancelled
