"""Mixed-integer programs for HiGHS, and its answers taken back into whole numbers."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.core import Core
from seamline.site.placement.effort import Effort, Stop, Watcher
from seamline.site.placement.highs import answer
from seamline.site.placement.sight import Real, Whole

POLL_S: Final = 0.1
"""Between two questions whether to go on. No answer depends on it."""
TOLERANCE: Final = 1e-6
"""HiGHS's own, in rows and in whole numbers, relative to the objective's size."""
SMALL: Final = 3_000
"""Programs of so few entries take milliseconds: HiGHS solves them here, a process would take longer to start."""
ARRAYS: Final = ("objective", "upper", "entries", "columns", "starts", "least", "most")
OPTIMAL: Final = 0
INFEASIBLE: Final = 2


@dataclass(frozen=True, eq=False)
class Solved:
    """What HiGHS found.

    `chosen`: candidates of the core, or None when none was found. `bound`: of the objective, from below; None: what was found is the
    best, or there is nothing. `stop`: why it ended before that was sure.
    """

    chosen: list[int] | None
    bound: int | None
    stop: Stop


@dataclass(frozen=True, eq=False)
class Program:
    """Keep `objective` low over variables from 0 to `upper`, the first `wholes` of them whole, with rows from `least` to `most`."""

    objective: Real
    upper: Real
    wholes: int
    entries: Real
    columns: Whole
    starts: Whole
    least: Real
    most: Real

    @property
    def size(self) -> int:
        """The number of entries that are not zero."""
        return len(self.entries)


class Rows:
    """Rows of a program, put together."""

    def __init__(self) -> None:
        self._columns: list[NDArray[np.integer]] = []
        self._entries: list[Real] = []
        self._least: list[float] = []
        self._most: list[float] = []

    def add(self, columns: NDArray[np.integer], entries: NDArray[np.integer], least: float, most: float) -> None:
        """Add one."""
        self._columns.append(columns)
        self._entries.append(entries.astype(np.float64))
        self._least.append(least)
        self._most.append(most)

    def program(self, objective: Real, upper: Real, wholes: int) -> Program:
        """With these rows."""
        starts = np.cumsum([0, *(len(row) for row in self._columns)]).astype(np.int64)
        columns = np.concatenate([np.zeros(0, np.int64), *self._columns]).astype(np.int64)
        entries = np.concatenate([np.zeros(0), *self._entries])
        return Program(objective, upper, wholes, entries, columns, starts, np.array(self._least), np.array(self._most))


def cover_program(core: Core, below: int | None) -> tuple[Program, int]:
    """The cheapest cover, of those cheaper than `below`; and what a 1 of the objective is."""
    unit = math.gcd(*core.price.tolist()) or 1
    rows = Rows()
    for at in range(core.sees.width):
        seers = core.sees.turned.row(at)
        rows.add(seers, np.ones(len(seers), np.int64), float(core.need[at]), np.inf)
    add_rules(rows, core)
    if below is not None:
        rows.add(np.arange(len(core)), core.price // unit, -np.inf, (below - 1) // unit)
    return rows.program((core.price // unit).astype(np.float64), np.ones(len(core)), len(core)), unit


def best_program(core: Core, above: int) -> tuple[Program, int]:
    """The best coverage, as little as possible below 0, of those worth more than `above`; and what a 1 of the objective is."""
    unit = math.gcd(*core.level.tolist()) or 1
    rows, width = Rows(), core.sees.width
    for at in range(width):
        seers = core.sees.turned.row(at)
        factors = np.ones(len(seers) + 1, np.int64)
        factors[-1] = -1
        rows.add(np.append(seers, len(core) + at), factors, 0.0, np.inf)
    add_rules(rows, core)
    for row in core.limits():
        rows.add(row.members, row.factors, -np.inf, row.room)
    rows.add(np.arange(len(core), len(core) + width), core.level // unit, above // unit + 1, np.inf)
    objective = np.concatenate([np.zeros(len(core)), -(core.level // unit).astype(np.float64)])
    upper = np.concatenate([np.ones(len(core)), core.need.astype(np.float64)])
    return rows.program(objective, upper, len(core)), unit


def add_rules(rows: Rows, core: Core) -> None:
    """Add groups and links."""
    for row in core.rules():
        rows.add(row.members, row.factors, -np.inf, row.room)


def solve(program: Program, effort: Effort, watcher: Watcher) -> Solved:
    """Ask HiGHS. Raises Cancelled when told to stop, and RuntimeError when its process breaks."""
    limits = np.array([effort.solver_nodes, effort.solver_seconds or 0.0])
    given = {name: cast("Real", getattr(program, name)) for name in ARRAYS}
    given |= {"whole": (np.arange(len(program.objective)) < program.wholes).astype(np.float64), "limits": limits}
    x, about = answer(given) if program.size <= SMALL else elsewhere(given, watcher)
    status, bound, is_late = cast("list[float]", about.tolist())
    chosen = np.flatnonzero(x[: program.wholes] > 0.5).tolist() if len(x) else None
    if status == INFEASIBLE or (status == OPTIMAL and chosen is not None):
        return Solved(chosen, None, "")
    return Solved(chosen, raised(bound) if math.isfinite(bound) else None, "time" if is_late else "work")


def elsewhere(given: Mapping[str, Real], watcher: Watcher) -> tuple[Real, Real]:
    """HiGHS's answer, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "program.npz"), Path(folder, "answer.npz")
        np.savez(source, allow_pickle=False, **given)
        run(source, target, watcher)
        with np.load(target) as told:
            return cast("Real", told["x"]), cast("Real", told["about"])


def run(source: Path, target: Path, watcher: Watcher) -> None:
    """Run the process to its end, or kill it when told to stop."""
    command = [sys.executable, "-m", "seamline.site.placement.highs", str(source), str(target)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            while True:
                try:
                    _, told = process.communicate(timeout=POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    watcher.tell("solve", 0, 0)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        lines = told.decode(errors="replace").strip().splitlines() or [f"it ended with {process.returncode}"]
        raise RuntimeError(f"the process that runs HiGHS broke: {lines[-1][:300]}")


def raised(bound: float) -> int:
    """A bound from below on a whole number, from one in floating point."""
    return math.ceil(bound - TOLERANCE * max(1.0, abs(bound)))
