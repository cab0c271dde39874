"""Placement for the page: one search at a time, in a thread, with progress and bound, that can be stopped with what it has by then."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from seamline.planner.desk import Changes, Desk
from seamline.planner.document import Json, node_json
from seamline.site.placement import Answer, Effort, Progress, best, cover
from seamline.site.placement.on_site import Question, question
from seamline.site.placement.writing import names
from seamline.site.plan.site import Fixed, Site

SECONDS_MAX = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked: `count` or `budget_cents` ask for the best coverage, neither for all that can be covered at the least cost.

    With `fresh`, planned nodes are chosen anew too; `fewest` keeps the number of nodes low instead of their cost.
    """

    count: int | None = None
    budget_cents: int | None = None
    fewest: bool = False
    fresh: bool = False
    seconds: float = 30.0


class Search:
    """One search. `progress` is the latest that was told; `stop` may be called from any thread."""

    def __init__(self, desk: Desk, changes: Changes, wish: Wish) -> None:
        self.site: Site = desk.changed(changes)
        self.wish = wish
        self.progress: Progress | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Have it answer with what it has."""
        self._stopped.set()

    def tell(self, progress: Progress) -> bool:
        """See effort.Watch."""
        self.progress = progress
        return not self._stopped.is_set()

    def run(self) -> Json:
        """Search to the end. Raises SiteError when the plan has nothing to choose from."""
        wish = self.wish
        asked = question(self.site, fresh=wish.fresh)
        effort = Effort(solver_seconds=min(wish.seconds, SECONDS_MAX))
        if wish.count is None and wish.budget_cents is None:
            answer = cover(asked.problem, by="count" if wish.fewest else None, effort=effort, watch=self.tell)
        else:
            answer = best(asked.problem, count=wish.count, budget=wish.budget_cents, effort=effort, watch=self.tell)
        return answer_json(asked, answer)


def progress_json(progress: Progress) -> Json:
    """How far a search has come."""
    return {
        "phase": progress.phase,
        "done": progress.done,
        "of": progress.of,
        "value": progress.value,
        "bound": progress.bound,
    }


def answer_json(asked: Question, answer: Answer) -> Json:
    """Whom it chose, as nodes that the page can take over, and how good that is at most."""
    ids = names(asked.site.plan, len(answer.chosen))
    nodes: list[Json] = []
    for number, ident in zip(answer.chosen, ids, strict=True):
        candidate, _ = asked.candidate(number)
        node = asked.node(number, ident)
        nodes.append(
            {**node_json(node, Fixed(candidate.spot.x, candidate.spot.y, 0.0)), "cents": int(asked.problem.cost[number])}
        )
    before = asked.problem.sees.seen_by(asked.problem.existing)
    needs: list[Mapping[str, object]] = [
        {"zone": zone.id, "of": need.of, "k": need.k, "wanted": need.share, "before": round(was, 6), "after": round(now, 6)}
        for (zone, need, was), (_, _, now) in zip(asked.shares(before), asked.shares(answer.counts), strict=True)
    ]
    return {
        "question": answer.question,
        "candidates": len(asked.found),
        "cells": asked.problem.sees.width,
        "nodes": nodes,
        "standing": list(asked.nodes),
        "currency": asked.site.plan.prices.currency,
        "cost_cents": answer.cost,
        "by": answer.price,
        "value": answer.value,
        "bound": answer.bound,
        "total": answer.total,
        "gap": round(answer.gap, 6),
        "proven": answer.is_proven,
        "stop": answer.stop,
        "needs": needs,
        "advice": [one.text for one in answer.advice],
        "notes": list(asked.notes),
    }
