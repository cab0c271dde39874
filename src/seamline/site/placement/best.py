"""The second question: the best coverage that a number of nodes, or a budget, can have."""

from __future__ import annotations

from dataclasses import replace

from seamline.site.placement.advice import Advice, on_limit, on_short, on_too_dear
from seamline.site.placement.answer import Answer, answer_of
from seamline.site.placement.best_search import BestSearch
from seamline.site.placement.best_shares import SharedSearch
from seamline.site.placement.core import core_of, reach
from seamline.site.placement.effort import Effort, Watch, Watcher
from seamline.site.placement.problem import Problem, check_limits


def best(
    problem: Problem,
    *,
    count: int | None = None,
    budget: int | None = None,
    effort: Effort | None = None,
    watch: Watch | None = None,
) -> Answer:
    """Choose at most `count` candidates, or for at most `budget` cents, or both, so that what they cover is worth most.

    A cell that needs k observers is worth a k-th of its weight for each of them. Where the problem has goals, a choice with which they
    lack less (in worth) is better than any with which they lack more; advice says which lack some, and what it would take for all.
    Raises SiteError for limits below 0.
    """
    check_limits(count, budget)
    effort, watcher = effort or Effort(), Watcher(watch)
    search: BestSearch | SharedSearch
    if any(goal.least for goal in problem.goals):
        search = SharedSearch(problem, count, budget, effort, watcher)
    else:
        search = BestSearch(replace(core_of(problem, problem.cost), count=count, limit=budget), effort, watcher)
    search.run()
    standing = problem.worth(problem.sees.seen_by(problem.existing))
    advice = on_too_dear(problem, budget) if budget is not None and not search.chosen else []
    lacks = least = 0
    if isinstance(search, SharedSearch):
        lacks, least = search.lacks, search.least_lack
        advice += on_shares(problem, search)
    value, bound = standing + search.worth, standing + search.bound
    return answer_of(problem, "best", search.chosen, value, bound, search.stop, advice=advice, lacks=lacks, least_lack=least)


def on_shares(problem: Problem, search: SharedSearch) -> list[Advice]:
    """Which goals lack cells, and what it would take to keep them all."""
    counts = problem.sees.seen_by([*problem.existing, *search.chosen])
    found = on_short(problem, counts, reach(problem, problem.free))
    if not search.lacks:
        return found
    cost = int(problem.cost[search.chosen].sum()) if search.chosen else 0
    by_count, by_cost = search.covers.get("count"), search.covers.get("cost")
    told: list[Advice] = []
    if any(cover.is_impossible for cover in search.covers.values()):
        return [
            *found,
            Advice("groups", "no choice keeps all shares at once: candidates exclude each other, or lack the link they need"),
        ]
    if by_count is not None and by_count.chosen is not None and search.count is not None and by_count.price > search.count:
        more = int(problem.cost[by_count.chosen].sum()) - cost
        told.append(
            on_limit("count", search.count, by_count.price, by_count.bound, whose="all shares together take", besides=more)
        )
    if by_cost is not None and by_cost.chosen is not None and search.budget is not None and by_cost.price > search.budget:
        more = len(by_cost.chosen) - len(search.chosen)
        told.append(
            on_limit("budget", search.budget, by_cost.price, by_cost.bound, whose="all shares together take", besides=more)
        )
    if not told:
        told = [Advice("share", "no choice within the limits was found that keeps all shares; whether there is one is not known")]
    return [*found, *told]
