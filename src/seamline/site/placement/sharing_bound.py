"""The bound of a cover that may leave cells out, and its program for HiGHS.

As in `relax`, any multipliers give a bound that holds. What the classes pay at them counts only for the cells that a goal asks for, the
ones that pay least: a knapsack in which classes may be taken in parts, worked out in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import numpy as np

from seamline.site.placement.core import Core, Row
from seamline.site.placement.relax import BITS, HIGHEST, STEP, Bound, Relaxation, gains_of
from seamline.site.placement.sight import Real, Whole
from seamline.site.placement.solver import Program, Rows, add_rules

HALVINGS: Final = 20


class ShareRelaxation(Relaxation):
    """The relaxation in which a class asks for its observers only as far as it is counted (0 to 1), and a goal for `least` of its cells."""

    def __init__(self, core: Core, goal: Whole, size: Whole, least: Whole, cuts: Sequence[Row] = ()) -> None:
        super().__init__(core, cover=True, cuts=cuts)
        self.goal, self.size, self.least = goal, size, least
        seen = core.sees.real_sums(size / core.need)
        each = self.unit / max(1.0, float(seen.mean()) if len(seen) else 1.0)
        self.tall = each * size / core.need
        reached = each * int(size.sum()) + self.unit * (len(core) + self._width_of_rows())
        self.scale = 1 << max(0, BITS - max(1, int(HIGHEST * reached)).bit_length())
        self._counted = np.ones(core.sees.width)

    def weigh(self, v: Real, m: Real, share: Real) -> Bound:
        """See Relaxation.weigh."""
        core, scale = self.core, self.scale
        u = np.rint(v * self.tall * scale).astype(np.int64)
        multipliers = np.rint(m * self.row_units * scale).astype(np.int64)
        profit = core.sees.sums(u) - core.price * scale - cast("Whole", self.rules_turned @ multipliers)
        pays = u * core.need
        asked = sum(
            least_paid(pays[self.goal == at], self.size[self.goal == at], least)
            for at, least in enumerate(self.least.tolist())
            if least
        )
        slack = asked - int(multipliers @ self.room) - gains_of(profit)
        return Bound(max(0, -(-slack // scale)), profit, slack, scale, share, v, m)

    def _asked(self, v: Real) -> Real:
        ahead = self._enough(self._counted - STEP * v)
        mean = 2 * ahead - self._counted
        self._counted = ahead
        return self.core.need * mean

    def _enough(self, counted: Real) -> Real:
        """The nearest parts from 0 to 1 with which every goal has its cells."""
        found = np.clip(counted, 0, 1)
        lacks = np.bincount(self.goal, self.size * found, len(self.least)) < self.least
        if not lacks.any():
            return found
        low, high = np.zeros(len(self.least)), np.full(len(self.least), max(0.0, 1 - float(counted.min())))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            raised = np.clip(counted + middle[self.goal], 0, 1)
            reaches = np.bincount(self.goal, self.size * raised, len(self.least)) >= self.least
            low, high = np.where(reaches, low, middle), np.where(reaches, middle, high)
        return np.where(lacks[self.goal], np.clip(counted + high[self.goal], 0, 1), found)

    def _steps(self) -> tuple[Real, Real, Real]:
        tau, _, rho = super()._steps()
        down = np.diff(self.by_class.starts) + self.core.need
        return tau, 1 / (STEP * np.maximum(down, 1)), rho

    def _is_done(self, best: Bound, enough: int | None) -> bool:
        return enough is not None and best.bound >= enough


def least_paid(pays: Whole, size: Whole, least: int) -> int:
    """What `least` cells pay at least together, when classes of `size` cells pay `pays` and may be taken in parts; rounded down."""
    order = np.argsort(pays / size, kind="stable")
    at = order[int(np.searchsorted(np.cumsum(size[order]), least))]
    rate = int(pays[at] // size[at])
    return rate * least - int(np.maximum(rate * size - pays, 0).sum())


def share_program(
    core: Core, goal: Whole, size: Whole, least: Whole, below: int | None, cuts: Sequence[Row] = ()
) -> tuple[Program, int]:
    """The cheapest that meet the goals, of those cheaper than `below`, which keep the cuts; and what a 1 of the objective is.

    Beside the candidates it has a variable for each class: whether it counts. Where one observer is enough, that need not be asked to
    be whole: nothing is gained by a part.
    """
    unit = int(np.gcd.reduce(core.price)) or 1
    rows, first, width = Rows(), len(core), core.sees.width
    several = core.need > 1
    column = np.empty(width, np.int64)
    column[np.argsort(~several, kind="stable")] = first + np.arange(width)
    for at in range(width):
        seers = core.sees.turned.row(at)
        factors = np.ones(len(seers) + 1, np.int64)
        factors[-1] = -core.need[at]
        rows.add(np.append(seers, column[at]), factors, 0.0, np.inf)
    for at, wanted in enumerate(least.tolist()):
        if wanted:
            rows.add(column[goal == at], size[goal == at], float(wanted), np.inf)
    add_rules(rows, core)
    for cut in cuts:
        rows.add(cut.members, cut.factors, -np.inf, cut.room)
    if below is not None:
        rows.add(np.arange(first), core.price // unit, -np.inf, (below - 1) // unit)
    objective = np.concatenate([core.price // unit, np.zeros(width)]).astype(np.float64)
    return rows.program(objective, np.ones(first + width), first + int(several.sum())), unit
