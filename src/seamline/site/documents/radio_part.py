"""The radio network of a site, as documents show it: every link that matters, each node's way, and what goes dark when one thing fails."""

from __future__ import annotations

import math
from collections.abc import Iterator

from seamline.site.catalogue.parts import Gateway, Radio
from seamline.site.documents.views import FailureView, LinkView, RadioView
from seamline.site.network.links import Link, Medium, Role, Station, links
from seamline.site.network.profile import Antenna, Ground
from seamline.site.network.topology import Network
from seamline.site.plan.model import LinkWish
from seamline.site.plan.site import Fixed, Site
from seamline.site.scene import Scene


def radio_view(site: Site) -> RadioView:
    """Work the radio network of a site out; SiteError when its geometry cannot be meant."""
    plan = site.plan
    stations = tuple(stations_of(site))
    medium = Medium(Ground(Scene(site.grid, site.solids, site.ground)).between, plan.network.fade_margin_db)
    wishes = [wish for wish in plan.links.values() if wish.by == "radio"]
    avoided = {frozenset((wish.a, wish.b)) for wish in wishes if wish.avoid}
    found = tuple(link for link in links(stations, medium) if frozenset(link.ends) not in avoided)
    network = Network(stations, found, plan.network.topology, plan.network.hops_max)
    ways = network.ways()
    used = {link.ends for way in ways.values() for link in way.links}
    unheard = tuple(station.id for station in stations if station.role != "gateway" and station.id not in ways)
    return RadioView(
        kind=plan.network.topology,
        fade_margin_db=plan.network.fade_margin_db,
        links=tuple(link_view(link, link.ends in used) for link in found if math.isfinite(link.loss.total_db)),
        ways={ident: way.stations for ident, way in ways.items()},
        unheard=unheard,
        failures=tuple(FailureView(failure.kind, failure.what, failure.dark) for failure in network.failures()),
        notes=tuple(broken(wishes, found)),
    )


def stations_of(site: Site) -> Iterator[Station]:
    """Every node and gateway that has a radio; a node that observes nothing passes on what others send."""
    parts = site.plan.catalogue.parts
    for node, fixed in site.nodes.values():
        radio = parts.get(node.radio or "")
        if isinstance(radio, Radio):
            role: Role = "relay" if node.part is None else "node"
            yield Station(node.id, antenna(fixed, node.height_m), (radio,), role)
    for gateway, fixed in site.gateways.values():
        part = parts.get(gateway.part)
        names = part.radios if isinstance(part, Gateway) else ()
        radios = tuple(radio for name in names if isinstance(radio := parts.get(name), Radio))
        if radios:
            yield Station(gateway.id, antenna(fixed, gateway.height_m), radios, "gateway")


def antenna(fixed: Fixed, height_m: float) -> Antenna:
    """The antenna of a device."""
    return Antenna(fixed.x, fixed.y, height_m)


def link_view(link: Link, used: bool) -> LinkView:  # noqa: FBT001  (one word beside its link)
    """A link in the figures that people compare, to tenths."""
    return LinkView(
        link.a,
        link.b,
        link.radio_a.technology,
        link.rate.name if link.rate else None,
        round(link.metres, 1),
        round(link.loss.total_db, 1),
        round(link.margin_db, 1),
        round(link.spare_db, 1),
        used,
    )


def broken(wishes: list[LinkWish], found: tuple[Link, ...]) -> Iterator[str]:
    """What of the plan's wishes does not hold."""
    usable = {frozenset(link.ends) for link in found if link.usable}
    for wish in wishes:
        if not wish.avoid and frozenset((wish.a, wish.b)) not in usable:
            yield f"link {wish.id}: {wish.a} and {wish.b} do not hear each other with the margin that is asked for"
