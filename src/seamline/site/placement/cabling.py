"""How far it is, along the routes that cables may take, from the plan's supplies to where something may be mounted."""

from __future__ import annotations

from seamline.site.network.on_site import lines_of
from seamline.site.network.routes import Point, RouteGraph
from seamline.site.network.study import SNAP_M
from seamline.site.network.wiring import Laying
from seamline.site.placement.problem import Obstacle
from seamline.site.plan.site import Site

Far = dict[str, float]
"""Metres along the routes to each supply that they lead to."""


class Cabling:
    """The routes of a site with its supplies joined to them; what is asked of one place is worked out once."""

    def __init__(self, site: Site) -> None:
        routes = site.plan.routes
        self._laying = Laying(routes.slack_share, routes.end_m, routes.snap_m)
        self._graph = RouteGraph.of(lines_of(site), SNAP_M)
        self._joints: dict[str, tuple[Point, float]] = {}
        for ident, (_, at) in site.supplies.items():
            found = self._graph.joined(at.x, at.y, routes.snap_m)
            if found is not None:
                self._graph, self._joints[ident] = found[0], (found[1], found[2])
        self._known: dict[tuple[float, float], tuple[float, Far] | None] = {}

    def metres(self, supply: str, x: float, y: float, height: float) -> float | Obstacle:
        """The cable to buy from a supply to a device `height` m up, as the network reckons it; or why there is none."""
        if (x, y) not in self._known:
            self._known[x, y] = self._from(x, y)
        found = self._known[x, y]
        if found is None:
            return Obstacle("no power: the plan has no route for its cable", "draw one in the survey, or under routes.lines")
        lead, far = found
        snap = self._laying.reach_m
        if lead > snap:
            return Obstacle(
                f"no power: more than {snap:g} m from every cable route", "raise routes.snap, or draw a route", snap, lead, "m"
            )
        if supply not in self._joints:
            return Obstacle(
                f"no power: supply {supply} is more than {snap:g} m from every cable route", "raise routes.snap, or draw a route"
            )
        if supply not in far:
            return Obstacle(
                f"no power: no cable route leads there from {supply}", "draw one in the survey, or under routes.lines"
            )
        return self._laying.cable_m(far[supply] + lead + self._joints[supply][1] + abs(height))

    def _from(self, x: float, y: float) -> tuple[float, Far] | None:
        """How far a place is from the nearest route, and from there to each supply; None without routes."""
        found = self._graph.joined(x, y, float("inf"))
        if found is None:
            return None
        graph, joint, lead = found
        best = graph.shortest(joint)
        return lead, {ident: best[at][0] for ident, (at, _) in self._joints.items() if at in best}
