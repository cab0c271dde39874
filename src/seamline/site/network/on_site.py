"""A plan's site as a network: stations, traffic, the loss of walls, candidates for gateways and relays, cables and switches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import shapely

from seamline.contract import load
from seamline.site.catalogue.parts import Board, Cable, Camera, Gateway, Part, Radio, Sensor, Switch
from seamline.site.frame import SiteError
from seamline.site.network.choice import Candidate
from seamline.site.network.copper import PoeBudget, Port
from seamline.site.network.links import Role, Station
from seamline.site.network.profile import Antenna
from seamline.site.network.routes import Line
from seamline.site.network.switching import judged
from seamline.site.network.traffic import DAY_S, Stream, Traffic, plain, traffic_of
from seamline.site.network.wiring import End, Run
from seamline.site.placement.on_site import price_of, spots_of
from seamline.site.plan.model import Meaning, Mounting, Node, PowerSource
from seamline.site.plan.site import Fixed, Site

WALL_PROPERTY: Final = "wall_db"
"""The property of a building or obstruction in the survey that states what one of its walls costs a radio signal, in decibels."""
VIDEO_BYTES: Final = 65_536
"""Video is reckoned as frames of so many bytes."""


def stations_of(site: Site) -> tuple[Station, ...]:
    """Every node and gateway with a radio of the catalogue, nodes first; a node that observes nothing passes on what others send."""
    parts = site.plan.catalogue.parts
    found: list[Station] = []
    for node, fixed in site.nodes.values():
        radio = parts.get(node.radio or "")
        if isinstance(radio, Radio):
            role = "relay" if node.part is None else "node"
            found.append(Station(node.id, Antenna(fixed.x, fixed.y, node.height_m), (radio,), role))
    for gateway, fixed in site.gateways.values():
        radios = radios_of(site, gateway.part)
        if radios:
            found.append(Station(gateway.id, Antenna(fixed.x, fixed.y, gateway.height_m), radios, "gateway"))
    return tuple(found)


def radios_of(site: Site, part: str | None) -> tuple[Radio, ...]:
    """The radios of a gateway's part."""
    found = site.plan.catalogue.parts.get(part or "")
    names = found.radios if isinstance(found, Gateway) else ()
    return tuple(radio for name in names if isinstance(radio := site.plan.catalogue.parts.get(name), Radio))


def walls_of(site: Site) -> dict[str, float]:
    """What one wall of a thing costs, where the survey states it; SiteError for what is no loss."""
    found: dict[str, float] = {}
    for thing in site.things:
        stated = thing.properties.get(WALL_PROPERTY)
        if stated is None:
            continue
        try:
            loss = float(str(stated))
        except ValueError:
            loss = math.nan
        if not (math.isfinite(loss) and loss >= 0):
            raise SiteError(f"{thing.id}: {WALL_PROPERTY} is {stated!r}; give decibels, 0 or more")
        found[thing.id] = loss
    return found


def traffic_by_node(site: Site, notes: list[str]) -> dict[str, Traffic]:
    """What each node sends: by its product's contract, or what its profile says, and a camera's video; nodes that say nothing are noted."""
    known: dict[str, Traffic] = {}
    found: dict[str, Traffic] = {}
    for ident, (node, _) in site.nodes.items():
        streams: list[Stream] = []
        profile = site.plan.profiles.get(node.profile or "")
        if node.product is not None:
            if node.product not in known:
                known[node.product] = traffic_of(load(site.plan.beside(node.product) / "contract.yaml"))
            streams += known[node.product].streams
        if profile is not None and profile.message_bytes is not None and profile.messages_per_day is not None:
            streams += plain(profile.message_bytes, profile.messages_per_day).streams
        part = site.plan.catalogue.parts.get(node.part or "")
        if isinstance(part, Camera) and part.bitrate_bps is not None:
            streams.append(Stream("video", VIDEO_BYTES, part.bitrate_bps / 8 / VIDEO_BYTES * DAY_S))
        found[ident] = Traffic(tuple(streams))
        if node.radio is not None and node.part is not None and not streams:
            notes.append(f"{ident} names no product and its profile no messages: its air time is not counted")
    return found


def candidates_of(site: Site, notes: list[str]) -> tuple[Candidate, ...]:
    """Gateways and relays that may be put up: the plan's parts on the plan's mountings, each at every height, with all they cost."""
    wish, found = site.plan.network, list[Candidate]()
    asked: tuple[tuple[str | None, tuple[str, ...], Role], ...] = (
        (wish.gateway_part, wish.gateway_mountings, "gateway"),
        (wish.relay_part, wish.relay_mountings, "relay"),
    )
    for part, mountings, role in asked:
        if part is None:
            if mountings:
                notes.append(f"mountings for a {role} are given, and no part: name one under network.{role}")
            continue
        own = site.plan.catalogue.parts[part]
        radios = radios_of(site, part) if role == "gateway" else (own,) if isinstance(own, Radio) else ()
        price = price_of(site, own, notes)
        for name in mountings:
            mounting = site.plan.mountings[name]
            cost = price + mounting_cents(site, mounting, notes)
            for spot in spots_of(site, mounting, notes):
                if site.exclusion.covers(shapely.Point(spot.x, spot.y)):
                    continue
                for height in mounting.heights_m:
                    ident = f"{role} {spot.name} at {spot.x:g}, {spot.y:g}, {height:g} m"
                    antenna = Antenna(spot.x, spot.y, spot.above + height)
                    found.append(Candidate(Station(ident, antenna, radios, role), cost, name))
    return tuple({one.station.id: one for one in found}.values())


def mounting_cents(site: Site, mounting: Mounting, notes: list[str]) -> int:
    """What a mounting costs besides the device: work, and the parts that come with it."""
    work = 0 if mounting.cost is None else mounting.cost.cents
    return work + sum(price_of(site, site.plan.catalogue.parts[name], notes) for name in mounting.with_parts)


Device = tuple[str, PowerSource | None, Fixed, float, float | None]
"""Id, what feeds it, where it is, how high, and what it takes in milliwatts (None: nothing says it)."""


def devices_of(site: Site, *, existing: bool) -> Iterator[Device]:
    """Nodes and gateways, those that are already there only when they are asked for."""
    for node, fixed in site.nodes.values():
        if existing or not node.existing:
            yield node.id, node.power, fixed, node.height_m, node_mw(site, node)
    for gateway, fixed in site.gateways.values():
        if existing or not gateway.existing:
            yield gateway.id, gateway.power, fixed, gateway.height_m, part_mw(site.plan.catalogue.parts.get(gateway.part))


def node_mw(site: Site, node: Node) -> float | None:
    """The most that a node takes: its camera, or sensor, board and accelerator together."""
    parts = [site.plan.catalogue.parts.get(name) for name in (node.part, node.board, node.accelerator) if name is not None]
    known = [found for part in parts if (found := part_mw(part)) is not None]
    return sum(known) if known else None


def part_mw(part: Part | None) -> float | None:
    """The most that a part takes."""
    if isinstance(part, (Camera, Gateway)):
        return part.power_mw
    return part.active_mw if isinstance(part, (Sensor, Board)) else None


def class_of(site: Site, device: str) -> int | None:
    """The class of Power over Ethernet that a device asks for, where the catalogue says it."""
    held = site.nodes.get(device) or site.gateways.get(device)
    part = None if held is None else site.plan.catalogue.parts.get(held[0].part or "")
    return part.poe_class if isinstance(part, (Camera, Gateway)) else None


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


def runs_of(site: Site, notes: list[str]) -> tuple[Run, ...]:
    """Every cable that is wanted: to what is fed by wire, and for each link by cable. What exists already has its own."""
    found: list[Run] = []
    devices = list(devices_of(site, existing=False))
    places: Mapping[str, tuple[Fixed, float]] = {
        **{node.id: (fixed, node.height_m) for node, fixed in site.nodes.values()},
        **{gateway.id: (fixed, gateway.height_m) for gateway, fixed in site.gateways.values()},
    }
    ends = {ident: End(ident, fixed.x, fixed.y, height) for ident, (fixed, height) in places.items()}
    for ident, power, fixed, _, milliwatts in devices:
        source = None if power is None else supply_of(site, power, fixed)
        if power is None or source is None:
            continue
        supply, at = site.supplies[source]
        use = "ethernet" if power.kind == "poe" else "power"
        cable = cable_of(site, use, notes)
        if cable is not None:
            found.append(Run(ident, End(source, at.x, at.y), ends[ident], cable, use, supply.volts, milliwatts))
    wishes = [wish for wish in site.plan.links.values() if wish.by == "cable" and not wish.avoid]
    cable = cable_of(site, "ethernet", notes) if wishes else None
    found += [Run(f"link {wish.id}", ends[wish.a], ends[wish.b], cable) for wish in wishes if cable is not None]
    return tuple(found)


def cable_of(site: Site, use: str, notes: list[str]) -> Cable | None:
    """The cable that the plan names for a use; what is missing is noted once."""
    key = "cable" if use == "ethernet" else "power_cable"
    part = site.plan.catalogue.parts.get((site.plan.routes.cable if use == "ethernet" else site.plan.routes.power_cable) or "")
    note = f"cables for {use} are not laid: the plan names none; give routes.{key}"
    if not isinstance(part, Cable) and note not in notes:
        notes.append(note)
    return part if isinstance(part, Cable) else None


def lines_of(site: Site) -> tuple[Line, ...]:
    """The routes, by the names that the survey or the plan gives them."""
    named = [(thing.id, thing.geometry) for thing in site.things if thing.meaning is Meaning.ROUTE]
    found: list[Line] = []
    for at, route in enumerate(site.routes, 1):
        name = next((ident for ident, geometry in named if geometry.equals(route)), f"route-{at}")
        parts = (shapely.get_coordinates(part).tolist() for part in shapely.get_parts(route))
        found.extend(Line(name, tuple((x, y) for x, y in points)) for points in parts if len(points) > 1)
    return tuple(found)


def fed_by(site: Site) -> dict[str, dict[str, float]]:
    """What each supply of PoE feeds, also what is there already: each device with the most that it takes, in milliwatts."""
    found: dict[str, dict[str, float]] = {ident: {} for ident, (supply, _) in site.supplies.items() if supply.kind == "poe"}
    for device, power, fixed, _, milliwatts in devices_of(site, existing=True):
        source = supply_of(site, power, fixed) if power is not None and power.kind == "poe" else None
        if source in found:
            found[source][device] = milliwatts or 0.0
    return found


def budgets_of(site: Site) -> tuple[PoeBudget, ...]:
    """Each supply's switches against the devices that they feed, also those that are there already."""
    found: list[PoeBudget] = []
    for ident, fed in fed_by(site).items():
        classes = {device: number for device in fed if (number := class_of(site, device)) is not None}
        budget = judged(site, ident, fed, classes)
        if budget is not None:
            found.append(budget)
    return tuple(found)


def port_of(site: Site, ident: str) -> Port | None:
    """What a supply's switches can give together, within what the supply gives itself; None without a switch."""
    supply, _ = site.supplies[ident]
    switch = site.plan.catalogue.parts.get(supply.switch or "")
    if not isinstance(switch, Switch):
        return None
    count = supply.switches or next((budget.switches for budget in budgets_of(site) if budget.switch == ident), 1)
    budget = switch.budget_mw * count if supply.power_mw is None else min(supply.power_mw, switch.budget_mw * count)
    return Port(ident, switch.ports * count, budget, switch.port_mw, switch.poe_class)
