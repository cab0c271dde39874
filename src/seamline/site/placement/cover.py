"""The first question: the cheapest, or the fewest, that cover all that can be covered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seamline.site.placement.advice import Advice, on_goals, on_limit, on_rules
from seamline.site.placement.answer import Answer, By, answer_of
from seamline.site.placement.best_search import BestSearch
from seamline.site.placement.core import core_of
from seamline.site.placement.covering import CoverSearch
from seamline.site.placement.effort import Effort, Watch, Watcher
from seamline.site.placement.problem import Problem, check_limits
from seamline.site.placement.sharing import Quotas, ShareSearch
from seamline.site.placement.sight import Whole


def cover(
    problem: Problem,
    *,
    by: By | None = None,
    count: int | None = None,
    budget: int | None = None,
    effort: Effort | None = None,
    watch: Watch | None = None,
) -> Answer:
    """Choose the cheapest candidates (`by` cost, in cents) or the fewest (count) that cover all that can be covered.

    Where the problem has goals, they need not cover more than those ask for. Without `by`, it is cost where anything costs something. Cells that too few can see are covered as far as they can be, and listed.
    Where candidates exclude each other so that not all can be covered at once, as much as possible is, then as cheaply as possible;
    value and bound are of covering just that. `count` and `budget` (cents) change nothing in the choice: when it takes more, the
    answer's advice says how much more. Raises SiteError for limits below 0.
    """
    check_limits(count, budget)
    by = by or ("cost" if problem.cost.any() else "count")
    price = problem.cost if by == "cost" else np.ones(len(problem.sees), np.int64)
    effort = effort or Effort()
    whole = covered_goals if problem.goals else covered_whole
    search, excluded, advice, is_impossible = whole(problem, price, effort, watch)
    chosen = search.chosen or []
    cost = int(problem.cost[chosen].sum()) if chosen else 0
    if budget is not None and cost > budget:
        advice.append(on_limit("budget", budget, cost, search.bound if by == "cost" else None))
    if count is not None and len(chosen) > count:
        advice.append(on_limit("count", count, len(chosen), search.bound if by == "count" else None))
    return answer_of(
        problem,
        "cover",
        chosen,
        search.price,
        search.bound,
        search.stop,
        excluded=excluded,
        advice=advice,
        price=by,
        is_impossible=is_impossible,
    )


Covered = tuple[CoverSearch, Whole, list[Advice], bool]
"""A search that has a cover, the cells that rules keep from being covered with the others, what stands in the way, and whether it surely does."""


def covered_whole(problem: Problem, price: Whole, effort: Effort, watch: Watch | None) -> Covered:
    """Of all that can be covered."""
    watcher = Watcher(watch)
    search = CoverSearch(core_of(problem, price), effort, watcher)
    search.run()
    is_sure, is_impossible = True, search.is_impossible
    if search.chosen is None:
        core = core_of(problem, price)
        # What is worth nothing is to be covered too, as far as it costs nothing else its cover.
        most = BestSearch(replace(core, level=np.maximum(core.level, 1)), effort, Watcher(watch))
        most.run()
        is_sure = search.is_impossible and most.is_proven
        seen = problem.sees.seen_by([*problem.existing, *most.chosen])
        search = CoverSearch(core_of(problem, price, np.minimum(problem.need, seen)), effort, watcher)
        search.start(most.chosen)
        search.run()
    chosen = search.chosen or []
    advice: list[Advice] = []
    seen = problem.sees.seen_by([*problem.existing, *chosen])
    excluded = np.flatnonzero(seen < np.minimum(problem.need, problem.sees.seen_by([*problem.existing, *problem.free.tolist()])))
    if len(excluded):
        advice.append(on_rules(problem, excluded, is_sure=is_sure))
    return search, excluded, advice, is_impossible


def covered_goals(problem: Problem, price: Whole, effort: Effort, watch: Watch | None) -> Covered:
    """Of as much as the goals ask for; where rules keep them from being met together, of what the best coverage has of them."""
    watcher = Watcher(watch)
    search = ShareSearch(Quotas.of(problem, price), effort, watcher)
    search.run()
    together = search.chosen is not None
    is_sure = search.is_impossible
    if not together:
        most = BestSearch(core_of(problem, price), effort, Watcher(watch))
        most.run()
        seen = problem.sees.seen_by([*problem.existing, *most.chosen])
        held = [min(goal.least, int((seen >= problem.need)[goal.cells].sum())) for goal in problem.goals]
        search = ShareSearch(Quotas.of(problem, price, np.array(held, np.int64)), effort, watcher)
        search.start(most.chosen)
        search.run()
    counts = problem.sees.seen_by([*problem.existing, *(search.chosen or [])])
    advice = on_goals(problem, counts, alone=together, is_sure=is_sure)
    return search, np.zeros(0, np.int64), advice, is_sure
