"""The whole network of a site worked out: links, ways, what to put up, single points of failure, air time, cables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seamline.site.catalogue.parts import Gateway
from seamline.site.network.choice import Candidate, Choice, choose
from seamline.site.network.copper import PoeBudget
from seamline.site.network.links import Link, Medium, Station, links
from seamline.site.network.loads import Loads, loads
from seamline.site.network.on_site import (
    budgets_of,
    candidates_of,
    devices_of,
    fed_by,
    lines_of,
    radios_of,
    runs_of,
    stations_of,
    supply_of,
    traffic_by_node,
    walls_of,
)
from seamline.site.network.profile import Ground
from seamline.site.network.remedies import Remedy, remedies
from seamline.site.network.routes import RouteGraph
from seamline.site.network.switching import switch_failures
from seamline.site.network.topology import Failure, Network, Way, worst_first
from seamline.site.network.wiring import Laying, Wiring, wire
from seamline.site.plan.model import LinkWish
from seamline.site.plan.site import Site
from seamline.site.scene import Scene

SNAP_M: Final = 0.5
"""Ends of routes closer than this are one junction."""
OPERATORS: Final = frozenset({"lte-m", "nb-iot"})
"""Technologies whose other end is an operator's, outside of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is known of a site's network. Mappings and tuples are in the plan's order; lengths in metres, money in cents.

    `links` are all that were looked at, usable or not. `unheard` are nodes that reach no gateway, with what would help;
    `outside` send to an operator's network, whose coverage is not in the plan. `choice` is what was put up on mountings (its
    stations are in `stations`), `put_up` these with their mountings. `broken` are the plan's wishes that do not hold, and gateways with more stations than they
    take.
    """

    network: Network
    links: tuple[Link, ...]
    ways: Mapping[str, Way]
    failures: tuple[Failure, ...]
    loads: Loads
    unheard: Mapping[str, tuple[Remedy, ...]]
    outside: tuple[str, ...]
    choice: Choice | None
    wiring: Wiring
    budgets: tuple[PoeBudget, ...]
    broken: tuple[str, ...]
    notes: tuple[str, ...]
    put_up: tuple[Candidate, ...] = ()

    @property
    def stations(self) -> tuple[Station, ...]:
        """Every station, those that were put up last."""
        return tuple(self.network.stations.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that does not hold; empty when the network can be built as planned."""
        radios = [load for load in self.loads.radios if not load.keeps]
        channels = [load for load in self.loads.channels if not load.keeps]
        return (
            *(f"{ident} reaches no gateway" for ident in self.unheard),
            *self.broken,
            *(f"{load.station} sends {load.share:.2%} of the time; {load.limit_share:.2%} are allowed" for load in radios),
            *(
                f"{load.senders} senders on {load.mhz:g} MHz {load.rate or ''}: there is room for {load.nodes_max}"
                for load in channels
            ),
            *(f"{ident}: {why}" for ident, why in self.wiring.unroutable.items()),
            *(f"{row.id}: {problem}" for row in self.wiring.rows for problem in row.problems),
            *(f"{budget.switch}: {problem}" for budget in self.budgets for problem in budget.problems),
        )


def study(site: Site) -> Study:
    """Work a site's network out; SiteError for what cannot be meant."""
    plan, notes = site.plan, list[str]()
    medium = Medium(Ground(Scene(site.grid, site.solids, site.ground)).between, plan.network.fade_margin_db, walls_of(site))
    standing, candidates = stations_of(site), candidates_of(site, notes)
    wishes = [wish for wish in plan.links.values() if wish.by == "radio"]
    avoided = {frozenset((wish.a, wish.b)) for wish in wishes if wish.avoid}
    everyone = [*standing, *(one.station for one in candidates)]
    found = tuple(one for one in links(everyone, medium) if frozenset(one.ends) not in avoided)
    kind, hops_max = plan.network.topology, plan.network.hops_max
    reaching = [station for station in standing if not _outside(station, everyone)]
    choice = choose(reaching, candidates, found, kind, hops_max) if candidates else None
    chosen = set(choice.chosen) if choice else set[str]()
    stations = [*standing, *(one.station for one in candidates if one.station.id in chosen)]
    network = Network(stations, found, kind, hops_max)
    ways = network.ways()
    budgets = budgets_of(site)
    doubts = [f"{budget.switch}: {doubt}" for budget in budgets for doubt in budget.doubts]
    return Study(
        network=network,
        links=tuple(one for one in found if set(one.ends) <= network.stations.keys()),
        ways=ways,
        failures=worst_first((*network.failures(), *switch_failures(site, network, fed_by(site)))),
        loads=loads(ways, traffic_by_node(site, notes)),
        unheard=_unheard(site, network, ways, medium, everyone),
        outside=tuple(station.id for station in stations if _outside(station, everyone)),
        choice=choice,
        wiring=wire(RouteGraph.of(lines_of(site), SNAP_M), runs_of(site, notes), _laying(site)),
        budgets=budgets,
        broken=(*_broken(wishes, network), *_crowded(site, ways), *_unfed(site)),
        notes=tuple(dict.fromkeys((*notes, *doubts))),
        put_up=tuple(one for one in candidates if one.station.id in chosen),
    )


def _laying(site: Site) -> Laying:
    routes = site.plan.routes
    return Laying(routes.slack_share, routes.end_m, routes.snap_m)


def _outside(station: Station, everyone: Sequence[Station]) -> bool:
    """Whether a station sends to an operator only: all its radios do, and no gateway of the plan speaks their way."""
    own = {radio.technology for radio in station.radios}
    ours = {radio.technology for other in everyone if other.role == "gateway" for radio in other.radios}
    return station.role != "gateway" and own <= OPERATORS and not own & ours


def _unheard(
    site: Site, network: Network, ways: Mapping[str, Way], medium: Medium, everyone: Sequence[Station]
) -> dict[str, tuple[Remedy, ...]]:
    """Nodes without a way, each with what would help: to stations that have room for one hop more."""
    left = {ident: network.hops_max - len(way.links) for ident, way in ways.items()}
    left |= dict.fromkeys(network.gateways, network.hops_max)
    within = [station for ident, station in network.stations.items() if left.get(ident, 0) > 0]
    lost = [
        station
        for ident, station in network.stations.items()
        if ident not in ways and station.role != "gateway" and not _outside(station, everyone)
    ]
    return {station.id: _gateways(site, station, within) or remedies(station, within, medium, left) for station in lost}


def _gateways(site: Site, station: Station, within: Sequence[Station]) -> tuple[Remedy, ...]:
    """The gateways of the catalogue that would hear a station to which nothing in the plan speaks; none where something does."""
    own = {radio.technology for radio in station.radios}
    if own & {radio.technology for other in within if other.passes_on for radio in other.radios}:
        return ()
    known = [
        part.id
        for part in site.plan.catalogue.parts.values()
        if isinstance(part, Gateway) and own & {radio.technology for radio in radios_of(site, part.id)}
    ]
    if not known:
        return ()
    text = (
        f"nothing in the plan hears {station.id} by {' or '.join(sorted(own))}: add a gateway, such as {known[0]}, under gateways"
    )
    return (Remedy("none", station.id, "", f"{text}, or let one be put up by network.gateway and network.gateway_mountings"),)


def _unfed(site: Site) -> Iterator[str]:
    """Devices to be fed by PoE or direct current of which the plan has no supply; a mains socket may be there without being one."""
    for ident, power, fixed, _, _ in devices_of(site, existing=False):
        if power is not None and power.kind in {"poe", "dc"} and supply_of(site, power, fixed) is None:
            yield f"{ident} is fed by {power.kind}, and the plan has no such supply: add one under supplies"


def _broken(wishes: Sequence[LinkWish], network: Network) -> tuple[str, ...]:
    usable = {frozenset(one.ends) for one in network.links}
    return tuple(
        f"link {wish.id}: {wish.a} and {wish.b} do not hear each other with the fade margin"
        for wish in wishes
        if not wish.avoid and frozenset((wish.a, wish.b)) not in usable
    )


def _crowded(site: Site, ways: Mapping[str, Way]) -> Iterator[str]:
    """Gateways to which more stations lead than their part takes."""
    for gateway, _ in site.gateways.values():
        part = site.plan.catalogue.parts.get(gateway.part)
        count = sum(way.gateway == gateway.id for way in ways.values())
        if isinstance(part, Gateway) and part.nodes_max is not None and count > part.nodes_max:
            yield f"{gateway.id} takes {part.nodes_max} stations, and {count} lead to it: put up another gateway"
