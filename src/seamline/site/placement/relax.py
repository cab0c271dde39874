"""The bound: the linear relaxation, solved by the primal-dual hybrid gradient method, its multipliers weighed in whole numbers.

Any multipliers give a bound that holds; good ones give a close one. The method finds good ones in floating point with two sparse products
a step, the bound is then worked out from them in 64-bit integers, so that no rounding and no solver's tolerance stands behind it.
Chambolle and Pock, "A first-order primal-dual algorithm" (2011), with the step sizes of Pock and Chambolle, "Diagonal preconditioning"
(2011), and restarts as in Applegate et al., "Practical large-scale linear programming using PDHG" (2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.core import Core, Row
from seamline.site.placement.effort import Watcher
from seamline.site.placement.sight import Product, Real, Whole, weighted

BITS: Final = 56
"""Sums of scaled multipliers stay below 2 to this."""
CHECK: Final = 40
"""Steps between two looks at the bound."""
HALVINGS: Final = 30
HIGHEST: Final = 64
"""The most that a multiplier may be, in its unit; the best ones are about 1."""
STEP: Final = 0.5
"""Primal against dual step size; from 0.3 to 1 hardly matters, see ADR 30."""
SETTLING: Final = 300
STALLED: Final = 1e-4
"""After so many steps it stops where four checks have brought the bound forward by less than this part of itself."""
CLOSE: Final = 2e-5
"""Stop when the relaxation is known to this part of itself."""


@dataclass(frozen=True, eq=False)
class Bound:
    """What the relaxation says: no cover is cheaper than `bound`, or no coverage worth more.

    `slack` is the same before it was rounded, times `scale`; `profit` (candidates), times `scale`: what each is worth at these
    multipliers beyond its price, below 0 when it does not pay. `share` (candidates): the relaxation's answer, 0 to 1; `cells` and
    `rows`: its multipliers, each in its unit, to go on from.
    """

    bound: int
    profit: Whole
    slack: int
    scale: int
    share: Real
    cells: Real
    rows: Real


class Relaxation:
    """The relaxation of a core: of a cover (keep the price low) or of the best coverage (keep to count and limit)."""

    def __init__(self, core: Core, *, cover: bool, cuts: Sequence[Row] = ()) -> None:
        """`cuts` are rows that every answer keeps that is looked for, though the relaxation would not."""
        self.core = core
        self.cover = cover
        self.by_class = core.sees.turned
        limits = [] if cover else core.limits()
        self.hard = limits[0] if limits else None
        """The rule that each step keeps; the others have multipliers."""
        self.rows = [*core.rules(), *limits[1:], *cuts]
        self.room = np.array([row.room for row in self.rows], np.int64)
        self.rules, self.rules_turned = matrix_of(self.rows, len(core))
        self.unit = self._unit()
        self.row_units = np.array(
            [self.unit / max(1.0, float(np.abs(row.factors).sum()) / max(1, len(row.factors))) for row in self.rows]
        )
        """What a multiplier of each row is counted in."""
        reached = self.unit * HIGHEST * (int(core.need.sum()) + self._width_of_rows())
        self.scale = 1 << max(0, BITS - max(1, int(reached) + int((core.level * core.need).sum())).bit_length())
        self.tall = np.full(core.sees.width, self.unit) if cover else core.level.astype(np.float64)
        """What a multiplier of each class is counted in."""

    def solve(self, steps: int, watcher: Watcher, enough: int | None = None, start: Bound | None = None) -> Bound:
        """The best bound of so many steps, from `start` on; it ends early where it is solved, where `enough` is reached, or stalls."""
        core = self.core
        x = np.full(len(core), min(1.0, 20 / max(1, len(core))))
        v, m = np.full(core.sees.width, 0.5), np.zeros(len(self.rows))
        if start is not None:
            x, v, m = start.share, start.cells, start.rows if len(start.rows) == len(m) else m
        tau, sigma, rho = self._steps()
        x_sum, v_sum, m_sum, kept = x * 0, v * 0, m * 0, 0
        best = self.weigh(v, m, x)
        earlier = best.slack
        for step in range(1, steps + 1):
            ahead = self._kept(x + tau * self._pull(v, m), tau)
            mean = 2 * ahead - x
            v = v - sigma * (self.by_class.real_sums(mean) - self._asked(v))
            v = np.clip(v, 0, HIGHEST if self.cover else 1)
            m = np.clip(m + rho * self._excess(mean), 0, HIGHEST)
            x = ahead
            x_sum, v_sum, m_sum, kept = x_sum + x, v_sum + v, m_sum + m, kept + 1
            if step % CHECK == 0 or step == steps:
                now, averaged = self.weigh(v, m, x), self.weigh(v_sum / kept, m_sum / kept, x_sum / kept)
                best = min(best, now, averaged, key=lambda one: one.slack if not self.cover else -one.slack)
                watcher.bound = best.bound
                watcher.tell("relax", step, steps)
                if self._is_done(best, enough):
                    break
                if step % (4 * CHECK) == 0:
                    if step > SETTLING and abs(best.slack - earlier) <= STALLED * abs(earlier):
                        break
                    earlier = best.slack
                    if (averaged.slack > now.slack) == self.cover:
                        x, v, m = x_sum / kept, v_sum / kept, m_sum / kept
                    x_sum, v_sum, m_sum, kept = x * 0, v * 0, m * 0, 0
        return best

    def _asked(self, _v: Real) -> Real | Whole:
        """(classes) how many observers each asks for."""
        return self.core.need

    def weigh(self, v: Real, m: Real, share: Real) -> Bound:
        """The bound that multipliers give, in whole numbers: `v` of the classes and `m` of the rows, each in its unit."""
        core, scale = self.core, self.scale
        u = np.rint(v * self.tall * scale).astype(np.int64)
        if not self.cover:
            u = np.clip(u, 0, core.level * scale)
        profit = core.sees.sums(u)
        if self.cover:
            profit -= core.price * scale
        fixed = 0
        multipliers = np.rint(m * self.row_units * scale).astype(np.int64)
        profit -= cast("Whole", self.rules_turned @ multipliers)
        fixed += int(multipliers @ self.room)
        if self.hard is not None:
            extra = cheapest_multiplier(profit, self.hard)
            profit = profit - extra * self.hard.factors
            fixed += extra * self.hard.room
        gained = gains_of(profit)
        if self.cover:
            slack = int((u * core.need).sum()) - fixed - gained
            return Bound(max(0, -(-slack // scale)), profit, slack, scale, share, v, m)
        slack = int(((core.level * scale - u) * core.need).sum()) + fixed + gained
        return Bound(slack // scale, profit, slack, scale, share, v, m)

    def _width_of_rows(self) -> int:
        """The most that multipliers of 1 of all rows come to, in their units: over all members, or times the room."""
        rooms = np.abs(self.room) * self.row_units / self.unit
        return sum(max(len(row.members), math.ceil(room)) for row, room in zip(self.rows, rooms.tolist(), strict=True))

    def _unit(self) -> float:
        """What a multiplier of a row is counted in: about what one candidate is worth."""
        core = self.core
        if self.cover:
            return max(1.0, float(core.price.mean())) if len(core) else 1.0
        top = core.sees.sums(core.level) if len(core) else np.ones(1, np.int64)
        return max(1.0, float(top.max()) / 4)

    def _steps(self) -> tuple[Real, Real, Real]:
        """Step sizes of candidates, classes and rows: the sums of the matrix's entries beside them, inverted."""
        core = self.core
        across = core.sees.real_sums(self.tall)
        down = np.maximum(np.diff(self.by_class.starts), 1)
        rows = np.ones(len(self.rows))
        for at, row in enumerate(self.rows):
            across[row.members] += np.abs(row.factors) * self.row_units[at]
            rows[at] = max(1e-9, float(np.abs(row.factors).sum()) * self.row_units[at] / self.unit)
        return STEP / np.maximum(across, 1e-9), 1 / (STEP * down), 1 / (STEP * rows)

    def _pull(self, v: Real, m: Real) -> Real:
        """How much better each candidate makes it, at these multipliers."""
        found = self.core.sees.real_sums(v * self.tall)
        if self.cover:
            found -= self.core.price
        return found - cast("Real", self.rules_turned @ (m * self.row_units))

    def _excess(self, x: Real) -> Real:
        """By how much each row is overstepped, in about as many candidates."""
        return cast("Real", (self.rules @ x) - self.room) * self.row_units / self.unit

    def _kept(self, x: Real, tau: Real) -> Real:
        """The nearest shares from 0 to 1 that keep the hard rule; near as the step sizes measure it."""
        found = np.clip(x, 0, 1)
        row = self.hard
        if row is None or row.factors @ found <= row.room:
            return found
        slope = tau * row.factors
        low, high = 0.0, float((x[row.factors > 0] / slope[row.factors > 0]).max())
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if row.factors @ np.clip(x - middle * slope, 0, 1) > row.room:
                low = middle
            else:
                high = middle
        return np.clip(x - high * slope, 0, 1)

    def _is_done(self, best: Bound, enough: int | None) -> bool:
        """Whether more steps can hardly better the bound."""
        if enough is not None and (best.bound >= enough if self.cover else best.bound <= enough):
            return True
        share = best.share
        if self.rows and bool((self._excess(share) > 1e-6).any()):
            return False
        seen = self.by_class.real_sums(share)
        core, reached = self.core, best.slack / best.scale
        if self.cover:
            lack = float((np.maximum(core.need - seen, 0)).sum()) * self.unit
            return float(core.price @ share) + lack - reached <= CLOSE * max(1.0, reached)
        return reached - float(core.level @ np.minimum(seen, core.need)) <= CLOSE * max(1.0, reached)


def matrix_of(rows: list[Row], width: int) -> tuple[Product, Product]:
    """Rows as a sparse matrix (rows, candidates), and turned."""
    made = weighted(
        np.concatenate([row.factors for row in rows]) if rows else np.zeros(0, np.int64),
        np.concatenate([row.members for row in rows]) if rows else np.zeros(0, np.int64),
        np.cumsum([0, *(len(row.members) for row in rows)]),
        width,
    )
    return made, made.T


def cheapest_multiplier(profit: Whole, row: Row) -> int:
    """The multiplier l >= 0 that makes l * room + sum(max(0, profit - l * factors)) smallest, a whole number next to it."""
    gains = np.flatnonzero((profit > 0) & (row.factors > 0))
    if int(row.factors[gains].sum()) <= row.room:
        return 0
    ratio = profit[gains] / row.factors[gains]
    order = np.argsort(-ratio, kind="stable")
    at = int(np.searchsorted(np.cumsum(row.factors[gains][order]), row.room, side="right"))
    last = gains[order[at]]
    return max(0, int(profit[last] // row.factors[last]))


def gains_of(profit: Whole) -> int:
    """The sum of the profits above 0. Each fits 64 bits; at poor multipliers all together may not, so halves are added."""
    gains = np.maximum(profit, 0)
    return (int((gains >> 32).sum()) << 32) + int((gains & 0xFFFF_FFFF).sum())


def hopeless(found: Bound, value: int, *, cover: bool, step: int = 1) -> NDArray[np.bool_]:
    """Which candidates cannot be in an answer better than `value` by at least `step`."""
    if abs(found.slack) >> 62:  # the bound says nothing, and differences would leave 64 bits
        return np.zeros(len(found.profit), np.bool_)
    if cover:
        return found.slack - np.minimum(found.profit, 0) > (value - step) * found.scale
    return found.slack + np.minimum(found.profit, 0) < (value + step) * found.scale
