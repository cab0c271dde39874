"""Placement of a plan, as its command and its page ask it: candidates judged by links and power, the question, the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from seamline.site.placement.answer import Answer
from seamline.site.placement.best import best
from seamline.site.placement.cover import cover
from seamline.site.placement.effort import Effort, Watch
from seamline.site.placement.feeding import Feeding
from seamline.site.placement.on_site import Question, question
from seamline.site.placement.problem import Problem
from seamline.site.placement.reaching import Hearing
from seamline.site.placement.switches import with_switches
from seamline.site.plan.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of a plan.

    `best` is the best coverage for at most `count` nodes, `budget` cents, or both, of those that keep the needs' shares as far as that
    does for them, or (without `shares`) of all; `needs` what the zones' needs ask for, each to its share, at the least cost, and `all`
    all that can be covered. With `fewest`, those two keep the number of nodes low instead of their
    cost, and `count` and `budget` only say by how much an answer takes more. With `fresh`, planned nodes are chosen anew too. HiGHS
    may try for so many `seconds`.
    """

    question: Literal["best", "needs", "all"] = "needs"
    count: int | None = None
    budget: int | None = None
    fewest: bool = False
    fresh: bool = False
    seconds: float = 30.0
    shares: bool = True


def asked(site: Site, *, fresh: bool = False, jobs: int = 1) -> Question:
    """The plan's question, its candidates judged by links and by power. See on_site.question for what it raises."""
    standing = left_standing(site) if fresh else site
    hearing = Hearing(standing)
    return question(site, fresh=fresh, jobs=jobs, bar=hearing.bar, power=Feeding(standing, hearing.rate))


def placed(site: Site, wish: Wish, *, jobs: int = 1, watch: Watch | None = None) -> tuple[Question, Answer]:
    """The plan's question and its answer. Raises SiteError when the plan has nothing to choose from, or for limits below 0."""
    found = asked(site, fresh=wish.fresh, jobs=jobs)
    if wish.question == "all" or (wish.question == "best" and not wish.shares):
        found = replace(found, problem=replace(found.problem, goals=()))
    effort = Effort(solver_seconds=wish.seconds)

    def solve(problem: Problem, budget: int | None) -> Answer:
        if wish.question == "best":
            return best(problem, count=wish.count, budget=budget, effort=effort, watch=watch)
        by = "count" if wish.fewest else None
        return cover(problem, by=by, count=wish.count, budget=budget, effort=effort, watch=watch)

    answer = solve(found.problem, wish.budget)
    standing = left_standing(site) if wish.fresh else site
    return with_switches(found, standing, answer, solve, budget=wish.budget)


def left_standing(site: Site) -> Site:
    """The site without the planned nodes that observe: they are to be chosen anew. Relays stay."""
    nodes = {ident: held for ident, held in site.nodes.items() if held[0].existing or held[0].part is None}
    return replace(site, plan=replace(site.plan, nodes={ident: node for ident, (node, _) in nodes.items()}), nodes=nodes)
