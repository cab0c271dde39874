"""The cables of a site, as documents show them: what each device that is fed or linked by wire needs, along the allowed routes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import shapely

from seamline.site.catalogue.parts import Cable, Camera, Gateway
from seamline.site.documents.views import CablesView, CableView
from seamline.site.network.routes import Line, RouteGraph
from seamline.site.network.wiring import End, Laying, Row, Run, wire
from seamline.site.plan.model import Meaning, PowerSource
from seamline.site.plan.site import Fixed, Site

SNAP_M = 0.5
"""Ends of routes closer than this are one junction."""


def cables_view(site: Site) -> CablesView | str:
    """Lay every cable; a text says why that cannot be done. SiteError for routes that cannot be meant."""
    routes = site.plan.routes
    wanted = list(runs(site))
    lacking = sorted({use for use, *_ in wanted if cable_of(site, use) is None})
    if lacking:
        keys = {"ethernet": "routes.cable", "power": "routes.power_cable"}
        return f"the plan names no {' and no '.join(keys[use] for use in lacking)}"
    laid = [
        Run(ident, source, device, cable, use, volts, milliwatts)
        for use, ident, source, device, volts, milliwatts in wanted
        if (cable := cable_of(site, use)) is not None
    ]
    graph = RouteGraph.of(list(lines(site)), SNAP_M)
    done = wire(graph, laid, Laying(routes.slack_share, routes.end_m, routes.snap_m))
    return CablesView(
        rows=tuple(map(row_view, done.rows)),
        unroutable=dict(done.unroutable),
        trench_m=round(done.trench_m, 1),
        trench_bound_m=round(done.bound_m, 1),
    )


Use = Literal["ethernet", "power"]
Wanted = tuple[Use, str, End, End, float | None, float | None]


def cable_of(site: Site, use: Use) -> Cable | None:
    """The cable that the plan names for a use."""
    name = site.plan.routes.cable if use == "ethernet" else site.plan.routes.power_cable
    part = site.plan.catalogue.parts.get(name or "")
    return part if isinstance(part, Cable) else None


def runs(site: Site) -> Iterator[Wanted]:
    """Every cable that is wanted: from its supply to what is fed by wire, and for each link by cable. What exists has its own."""
    devices = [(node.id, node.power, node.height_m, fixed, node.part) for node, fixed in site.nodes.values() if not node.existing]
    devices += [
        (gate.id, gate.power, gate.height_m, fixed, gate.part) for gate, fixed in site.gateways.values() if not gate.existing
    ]
    ends: dict[str, End] = {ident: End(ident, fixed.x, fixed.y, height) for ident, _, height, fixed, _ in devices}
    for ident, power, _, fixed, part in devices:
        source = None if power is None else supply_of(site, power, fixed)
        if power is not None and source is not None:
            supply, at = site.supplies[source]
            use: Use = "ethernet" if power.kind == "poe" else "power"
            yield use, ident, End(source, at.x, at.y), ends[ident], supply.volts, milliwatts(site, part)
    for wish in site.plan.links.values():
        if wish.by == "cable" and not wish.avoid and wish.a in ends and wish.b in ends:
            yield "ethernet", wish.id, ends[wish.a], ends[wish.b], None, None


def supply_of(site: Site, power: PowerSource, fixed: Fixed) -> str | None:
    """The supply that feeds a device: the one that is named, or the nearest of its kind; None for kits, and where there is none."""
    if power.supply is not None:
        return power.supply
    near = [
        (math.hypot(at.x - fixed.x, at.y - fixed.y), ident)
        for ident, (supply, at) in site.supplies.items()
        if supply.kind == power.kind
    ]
    return min(near)[1] if near else None


def milliwatts(site: Site, part: str | None) -> float | None:
    """What a device takes, where the catalogue says it."""
    found = site.plan.catalogue.parts.get(part or "")
    return found.power_mw if isinstance(found, (Camera, Gateway)) else None


def lines(site: Site) -> Iterator[Line]:
    """The routes, by the names that the survey gives them."""
    named = [(thing.id, thing.geometry) for thing in site.things if thing.meaning is Meaning.ROUTE]
    for at, route in enumerate(site.routes, 1):
        name = next((ident for ident, geometry in named if geometry.equals(route)), f"route-{at}")
        for part in shapely.get_parts(route):
            points = tuple((float(x), float(y)) for x, y in shapely.get_coordinates(part))
            if len(points) > 1:
                yield Line(name, points)


def row_view(row: Row) -> CableView:
    """A row, its metres to the decimetre."""
    return CableView(
        row.id,
        row.source,
        row.device,
        row.cable,
        row.use,
        round(row.metres, 1),
        round(row.route_m, 1),
        round(row.lead_m, 1),
        row.lines,
        row.places,
        None if row.drop_share is None else round(row.drop_share, 4),
        row.problems,
    )
