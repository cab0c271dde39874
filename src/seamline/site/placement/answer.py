"""What placement answers: who is chosen, what that covers and costs, how good it can be at most, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seamline.site.placement.advice import Advice, on_cells
from seamline.site.placement.effort import Stop
from seamline.site.placement.problem import Problem
from seamline.site.placement.sight import Whole

Question = Literal["cover", "best"]
By = Literal["cost", "count"]
"""What a cover keeps low."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The chosen candidates, with those that stand already left out, ascending.

    For a cover, `value` is what was to be kept low, as `price` says: the cost in cents, or the count of nodes; `bound` says that there is none below
    it. For the best coverage `value` is what the cells are worth, each observer up to a cell's need for an equal part of it, times
    `scale`, all cells together `total`; no answer is worth more than `bound`. `is_proven`: nothing is better, `value` is `bound`.
    `stop` says why it is not proven: a limit on work, on time, or it was cancelled. Areas are sums of the cells' weights.
    Of the best coverage with goals, `lacks` is what the cells that they lack are worth, `least_lack` what no answer lacks less than; then
    `bound` is of those that lack no more. Of a cover, `is_impossible` says that its goals, or all cells, are shown to be impossible together.
    """

    question: Question
    price: By | None
    chosen: tuple[int, ...]
    value: int
    bound: int
    scale: int
    total: int
    cost: int
    covered: int
    area: int
    counts: Whole
    unseen: NDArray[np.int64]
    short: NDArray[np.int64]
    excluded: NDArray[np.int64]
    advice: tuple[Advice, ...]
    stop: Stop
    lacks: int = 0
    least_lack: int = 0
    is_impossible: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether no answer can be better."""
        return self.value == self.bound and self.lacks == self.least_lack

    @property
    def gap(self) -> float:
        """By what part of the bound a better answer might be better."""
        return abs(self.value - self.bound) / max(1, abs(self.bound))

    @property
    def is_met(self) -> bool:
        """Of a cover: whether nothing stands in the way, and all that was asked for is covered within the limits that were given.

        The best coverage leaves out what the limits do not allow, and says only of goals that it does.
        """
        return not self.advice


def unmet(problem: Problem, counts: Whole) -> NDArray[np.bool_]:
    """(cells) which are of a goal that is not met."""
    found = np.zeros(problem.sees.width, np.bool_)
    for goal in problem.goals:
        if int((counts >= problem.need)[goal.cells].sum()) < goal.least:
            found[goal.cells] = True
    return found


def answer_of(
    problem: Problem,
    question: Question,
    chosen: list[int],
    value: int,
    bound: int,
    stop: Stop,
    *,
    excluded: NDArray[np.int64] | None = None,
    advice: list[Advice] | None = None,
    price: By | None = None,
    lacks: int = 0,
    least_lack: int = 0,
    is_impossible: bool = False,
) -> Answer:
    """The answer with everything that follows from whom it chose."""
    counts = problem.sees.seen_by([*problem.existing, *chosen])
    could = problem.sees.seen_by([*problem.existing, *problem.free.tolist()])
    wanted = problem.need > 0
    unseen, short = np.flatnonzero(wanted & (could == 0)), np.flatnonzero((could > 0) & (could < problem.need))
    if question == "cover" and problem.goals:
        open_cells = unmet(problem, counts)
        unseen, short = unseen[open_cells[unseen]], short[open_cells[short]]
    has_all = wanted & (counts >= problem.need)
    none = np.zeros(0, np.int64)
    return Answer(
        question=question,
        price=price,
        chosen=tuple(sorted(chosen)),
        value=value,
        bound=bound,
        scale=problem.scale,
        total=problem.worth(np.full(problem.sees.width, 1 << 20, np.int64)),
        cost=int(problem.cost[chosen].sum()) if chosen else 0,
        covered=int(problem.weight[has_all].sum()),
        area=int(problem.weight[wanted].sum()),
        counts=counts,
        unseen=unseen,
        short=short,
        excluded=none if excluded is None else excluded,
        advice=(*on_cells(problem, unseen, short, could), *(advice or [])),
        stop="" if value == bound and lacks == least_lack else stop,
        lacks=lacks,
        least_lack=least_lack,
        is_impossible=is_impossible,
    )
