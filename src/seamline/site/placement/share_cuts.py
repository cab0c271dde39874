"""What every cover of goals keeps, as rows that its relaxation does not know by itself.

A relaxation builds a half here and a third there. So each goal is asked by itself first, which is quick, how many it takes and for how
much at least, then all together how many: rows that lift the relaxation of the price, which is what takes long to search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from seamline.site.placement.build import Flags
from seamline.site.placement.core import Core, Row
from seamline.site.placement.effort import Effort
from seamline.site.placement.sight import Whole

ALONE: Final = (400, 60, 30)
"""Steps and rounds of the search for one goal at most, and which part of the solver's seconds it may take."""
TOGETHER: Final = 2
"""Which part of them the search for the fewest may take; the search for the price has as much."""

Least = Callable[[Core, Flags, Effort, Sequence[Row]], int]
"""No cover of these goals (flags) by a core is cheaper; the core has all of the quotas' classes, and rows that are known."""


def cuts_of(core: Core, goal: Whole, least: Whole, effort: Effort, bound: Least) -> list[Row]:
    """Rows that every cover of the goals keeps; `bound` searches."""
    by_count = replace(core, price=np.ones(len(core), np.int64))
    is_even = bool((core.price == core.price[:1]).all())
    steps, rounds, part = ALONE
    quick = limited(
        replace(effort, relax_steps=min(steps, effort.relax_steps), search_rounds=min(rounds, effort.search_rounds)), part
    )
    wanted = np.flatnonzero(least)
    counted: list[Row] = []
    priced: list[Row] = []
    everyone = np.arange(len(core), dtype=np.int64)
    for at in wanted.tolist() if len(wanted) > 1 else ():
        alone = np.arange(len(least)) == at
        seers = everyone[core.sees.sums((goal == at).astype(np.int64)) > 0]
        number = bound(by_count, alone, quick, ())
        counted.append(Row(seers, np.full(len(seers), -1, np.int64), -number))
        if not is_even:
            priced.append(Row(seers, -core.price[seers], -bound(core, alone, quick, ())))
    if not is_even:
        number = bound(by_count, least > 0, limited(effort, TOGETHER), counted)
        counted.append(Row(everyone, np.full(len(core), -1, np.int64), -number))
    return [row for row in (*counted, *priced) if row.room < 0]


def limited(effort: Effort, part: int) -> Effort:
    """With a part of the seconds only."""
    return effort if effort.solver_seconds is None else replace(effort, solver_seconds=effort.solver_seconds / part)


def among(rows: Sequence[Row], kept: Whole, number: int) -> list[Row]:
    """The rows for these of so many candidates, numbered anew: whoever is left out is in no cover that matters."""
    new = np.full(number, -1, np.int64)
    new[kept] = np.arange(len(kept))
    return [Row(new[row.members][new[row.members] >= 0], row.factors[new[row.members] >= 0], row.room) for row in rows]
