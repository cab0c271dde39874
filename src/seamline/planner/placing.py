"""Placement for the page: one search at a time, in a thread, with progress and bound, that can be stopped with what it has by then."""

from __future__ import annotations

import threading
from dataclasses import asdict

from seamline.planner.desk import Changes, Desk
from seamline.planner.document import Json, node_json
from seamline.site.placement import Answer, Progress
from seamline.site.placement.as_json import answer_json as common_json
from seamline.site.placement.on_site import Question
from seamline.site.placement.placing import Wish, placed
from seamline.site.placement.writing import names
from seamline.site.plan.site import Fixed, Site

SECONDS_MAX = 600


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
        return answer_json(*placed(self.site, self.wish, watch=self.tell))


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
        candidate, mounting = asked.candidate(number)
        node = asked.node(number, ident)
        fed = None if node.power is None else asdict(node.power)
        more = {"cents": int(asked.problem.cost[number]), "mounting": mounting.id, "power": fed}
        nodes.append({**node_json(node, Fixed(candidate.spot.x, candidate.spot.y, 0.0)), **more})
    return {**common_json(asked, answer), "nodes": nodes, "advice": [one.text for one in answer.advice]}
