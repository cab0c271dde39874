"""The topology diagram: who sends to whom, over which radio or cable, with what margin, and what goes dark when one thing fails.

Tiers from the top: the world, gateways and supplies, then devices by how many links they are away. In a tier, devices stand in the order
that makes the fewest links cross: by the mean place of what they hang on, swept down a few times; the same design gives the same diagram.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from seamline.site.documents.design import Design
from seamline.site.documents.devices import devices
from seamline.site.documents.drawing import Group, Ink, Mark, Text, box, line
from seamline.site.documents.fonts import fitted, width, wrapped
from seamline.site.documents.sheets import A3_WIDE, ACCENT, ALARM, GREY, HAIR, INK, Draft, Room
from seamline.site.documents.symbols import ROLES, cross, device, supply
from seamline.site.documents.views import CablesView, RadioView

LINK: Final = Ink(stroke="#1d4ed8", width=0.45)
SPARE: Final = Ink(stroke="#93a4c4", width=0.25, dash=(1.2, 1.0))
ETHERNET: Final = Ink(stroke="#c2410c", width=0.6)
POWER: Final = Ink(stroke="#a16207", width=0.6, dash=(2.2, 1.0))
THERE: Final = Ink(stroke=GREY, width=0.3)
WORLD: Final = Ink(stroke=GREY, width=0.35, dash=(0.5, 1.0))
COLUMN: Final = 92.0
PER_ROW: Final = 14
"""Stations beside each other; a tier with more has several rows."""
SWEEPS: Final = 4
BEND: Final = 8.0
"""How far a line goes out of the way of a station that lies on it, mm."""


@dataclass(frozen=True, slots=True)
class Station:
    """Something in the diagram: `tier` 0 is what leads to the world."""

    id: str
    title: str
    role: str
    tier: int
    failing: int
    dark: bool
    existing: bool = False
    alone: bool = False
    """Neither a way nor a cable leads to it."""
    outside: bool = False
    """It sends to an operator's network."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection from the upper to the lower end."""

    upper: str
    lower: str
    kind: Literal["link", "spare", "ethernet", "power", "there"]
    label: str


INKS: Final = {"link": LINK, "spare": SPARE, "ethernet": ETHERNET, "power": POWER, "there": THERE}


def topology(design: Design) -> Draft:
    """The diagram on A3."""
    room = A3_WIDE.room
    inner = Room(room.x + 6, room.y + 6, room.width - COLUMN - 12, room.height - 12)
    stations = {station.id: station for station in stations_of(design)}
    edges = [edge for edge in edges_of(design) if edge.upper in stations and edge.lower in stations]
    at = placed(stations, edges, inner)
    hung: dict[str, list[str]] = {}
    for edge in edges:
        if edge.label:
            hung.setdefault(edge.lower, []).append(edge.label)
    marks = [*drawn_edges(edges, at), *drawn_stations(stations.values(), at, hung), *uplinks(design, at, inner)]
    return Draft("topology", "Topology", A3_WIDE, (*marks, *told(design, Room(room.right - COLUMN, room.y, COLUMN, room.height))))


def stations_of(design: Design) -> Iterator[Station]:
    """Gateways and supplies, then nodes by how far their way leads; what has neither way nor cable stands in the last tier."""
    ways: Mapping[str, tuple[str, ...]] = design.radio.ways if design.radio else {}
    failing = {failure.what: len(failure.dark) for failure in (design.radio.failures if design.radio else ())}
    cabled = {row.device for row in design.cables.rows} if design.cables else set[str]()
    cabled |= {ident for ident, _ in fed_already(design)}
    unheard = set(design.radio.unheard) if design.radio else set[str]()
    deepest = max((len(way) - 1 for way in ways.values()), default=1)
    for one in devices(design):
        if one.role == "gateway":
            yield Station(one.id, one.title, one.role, 0, failing.get(one.id, 0), dark=False, existing=one.existing)
    for ident, (found, _) in design.site.supplies.items():
        yield Station(f"supply {ident}", found.title, "supply", 0, 0, dark=False)
    for put in design.radio.put_up if design.radio else ():
        tier = len(ways[put.id]) - 1 if put.id in ways else 0
        yield Station(put.id, "put up by the network", put.role, tier, failing.get(put.id, 0), dark=False)
    for one in devices(design):
        if one.role != "gateway":
            tier = len(ways[one.id]) - 1 if one.id in ways else 1 if one.id in cabled else deepest + 1
            alone = one.id not in ways and one.id not in cabled
            outside = design.radio is not None and one.id in design.radio.outside
            yield Station(
                one.id,
                one.title,
                one.role,
                tier,
                failing.get(one.id, 0),
                one.id in unheard,
                existing=one.existing,
                alone=alone,
                outside=outside,
            )


def edges_of(design: Design) -> Iterator[Edge]:
    """Links that are used, usable ones that are not, and cables."""
    ways: Mapping[str, tuple[str, ...]] = design.radio.ways if design.radio else {}
    for link in design.radio.links if design.radio else ():
        if link.rate is None:
            continue
        depth = {ident: len(ways[ident]) - 1 if ident in ways else 0 for ident in (link.a, link.b)}
        upper, lower = sorted((link.a, link.b), key=lambda ident: (depth[ident], ident))
        label = f"{link.radio} {link.rate}, {link.metres:.0f} m, {link.margin_db:+.0f} dB" if link.used else ""
        yield Edge(upper, lower, "link" if link.used else "spare", label)
    for row in design.cables.rows if design.cables else ():
        source = f"supply {row.source}" if row.source in design.site.supplies else row.source
        yield Edge(source, row.device, row.use, f"{row.part}, {row.metres:.0f} m")
    for ident, supply_id in fed_already(design):
        yield Edge(f"supply {supply_id}", ident, "there", "exists already")


def fed_already(design: Design) -> Iterator[tuple[str, str]]:
    """Nodes that exist, each with the supply that the plan says it hangs on: no cable is planned to them."""
    cabled = {row.device for row in design.cables.rows} if design.cables else set[str]()
    for ident, (node, _) in design.site.nodes.items():
        supply_id = node.power.supply if node.power else None
        if node.existing and supply_id in design.site.supplies and ident not in cabled:
            yield ident, str(supply_id)


def placed(stations: Mapping[str, Station], edges: Sequence[Edge], room: Room) -> dict[str, tuple[float, float]]:
    """Where each station stands."""
    tiers = sorted({station.tier for station in stations.values()})
    order = {tier: [station.id for station in stations.values() if station.tier == tier] for tier in tiers}
    upper: dict[str, list[str]] = {ident: [] for ident in stations}
    for edge in edges:
        if edge.kind != "spare":
            upper[edge.lower].append(edge.upper)
            upper[edge.upper].append(edge.lower)
    for _ in range(SWEEPS):
        rank = {ident: (at + 0.5) / len(row) for row in order.values() for at, ident in enumerate(row)}
        for tier in tiers:
            order[tier].sort(key=lambda ident: (mean([rank[one] for one in upper[ident]], rank[ident]), rank[ident]))
            rank |= {ident: (at + 0.5) / len(order[tier]) for at, ident in enumerate(order[tier])}
    rows = [order[tier][at : at + PER_ROW] for tier in tiers for at in range(0, len(order[tier]), PER_ROW)]
    step = min(70.0, (room.height - 34) / max(len(rows), 1))
    return {
        ident: (room.x + room.width * (at + 0.5) / len(row), room.y + 30 + number * step)
        for number, row in enumerate(rows)
        for at, ident in enumerate(row)
    }


def mean(values: Sequence[float], default: float) -> float:
    """The mean, or a default without values."""
    return math.fsum(values) / len(values) if values else default


def drawn_edges(edges: Sequence[Edge], at: Mapping[str, tuple[float, float]]) -> Iterator[Mark]:
    """The lines, those that matter most on top."""
    for kind in ("spare", "there", "power", "ethernet", "link"):
        for edge in edges:
            if edge.kind == kind:
                way = round_others(at, edge.upper, edge.lower)
                yield Group((line(way, INKS[kind]),), f"{edge.upper} - {edge.lower} {edge.label}".strip())


def round_others(at: Mapping[str, tuple[float, float]], one: str, other: str) -> list[tuple[float, float]]:
    """The way between two stations: straight, or bent where it would run through a third, away from the names."""
    (x1, y1), (x2, y2) = sorted((at[one], at[other]))
    if y1 != y2 or not any(x1 < x < x2 and y == y1 for x, y in at.values()):
        return [at[one], at[other]]
    side = 1 if y1 == min(y for _, y in at.values()) else -1
    return [(x1, y1), ((x1 + x2) / 2, y1 + side * BEND), (x2, y2)]


def drawn_stations(
    stations: Iterable[Station], at: Mapping[str, tuple[float, float]], hung: Mapping[str, list[str]]
) -> Iterator[Mark]:
    """Each station's sign and name, what it hangs on (`hung`), and what hangs on it alone."""
    counts: dict[float, int] = {}
    known = list(stations)
    for station in known:
        y = at[station.id][1]
        counts[y] = counts.get(y, 0) + 1
    for station in known:
        x, y = at[station.id]
        room = min(50.0, 270.0 / counts[y])
        yield from supply(x, y) if station.role == "supply" else device(station.role, x, y, 180.0, existing=station.existing)
        if station.dark:
            yield from cross(x, y)
        colour = ALARM if station.dark else ROLES.get(station.role, INK)
        name = station.id.removeprefix("supply ")
        up = station.tier == 0
        top = y - 6.8 if up else y + 5.8
        wide = max(width(name, 3, bold=True), 1) + 2
        yield box(x - wide / 2, top - 2.8, wide, 3.8, Ink(fill="#ffffff", opacity=0.85))
        yield Text(x, top, fitted(name, room, 3, bold=True), 3, "middle", bold=True, colour=colour)
        if station.title != name:
            yield Text(
                x, top + (3.2 if not up else -3.6), fitted(station.title, room, 2.2), 2.2, "middle", colour=GREY, halo=True
            )
        under = hung.get(station.id, [])
        if station.alone and not station.dark:
            own = "exists already" if station.existing else "no link or cable planned"
            under = ["sends to an operator" if station.outside else own]
        words = [part for text in under for part in text.split(", ", 1)]
        for number, text in enumerate(words if not up else ()):
            yield Text(x, top + 6.2 + number * 2.5, fitted(text, room, 2), 2, "middle", colour=GREY, halo=True)
        if station.failing:
            yield Text(x + 3, y + 0.9, f"alone carries {station.failing}", 2.2, colour=ALARM, bold=True, halo=True)


def uplinks(design: Design, at: Mapping[str, tuple[float, float]], room: Room) -> Iterator[Mark]:
    """From each gateway to the world."""
    gateways = [(gateway, at[ident]) for ident, (gateway, _) in design.site.gateways.items()]
    if not gateways:
        return
    top = room.y + 5
    yield line(((room.x, top), (room.right, top)), Ink(stroke=GREY, width=0.3))
    yield Text(room.x, top - 1.4, "uplink", 2.4, colour=GREY)
    for gateway, (x, y) in gateways:
        yield line(((x, top), (x, y - 15)), WORLD)
        yield Text(x + 1.2, top + 4, gateway.uplink or "uplink not planned", 2.3, colour=GREY, halo=True)


def told(design: Design, room: Room) -> Iterator[Mark]:
    """What stands beside the diagram: the lines' meaning, single points of failure, and who is not heard."""
    yield line(((room.x, room.y), (room.x, room.bottom)), HAIR)
    x, y, wide = room.x + 4, room.y + 6, room.width - 8
    yield Text(x, y, "Legend", 3.4, bold=True, colour=ACCENT)
    y += 4
    legend = (
        ("link", "radio link in use: rate, length, margin"),
        ("spare", "usable link, not in use"),
        ("ethernet", "data cable, PoE"),
        ("power", "power cable"),
        ("there", "exists already"),
    )
    for kind, text in legend:
        yield line(((x, y), (x + 10, y)), INKS[kind])
        yield Text(x + 13, y + 0.9, text, 2.5)
        y += 4.4
    for heading, texts, alarm in passages(design):
        if y > room.bottom - 16:
            yield Text(x, y + 3, "more in the tables", 2.4, colour=GREY)
            return
        y += 3
        yield Text(x, y, heading, 3.4, bold=True, colour=ALARM if alarm else ACCENT)
        y += 4.5
        for text in texts:
            for row in wrapped(text, wide, 2.4):
                if y > room.bottom - 8:
                    yield Text(x, y, "more in the tables", 2.4, colour=GREY)
                    return
                yield Text(x, y, row, 2.4)
                y += 3.3
            y += 0.6


def passages(design: Design) -> Iterator[tuple[str, list[str], bool]]:
    """Headings with their texts; whether it is bad news."""
    radio = design.radio
    if radio is not None:
        yield "Radio", [f"{radio.kind}, fade margin {radio.fade_margin_db:g} dB"], False
        if radio.problems:
            yield "What does not hold", list(radio.problems), True
        if radio.put_up:
            yield "Put up besides the plan's", [f"{one.id}: {one.part}" for one in radio.put_up], False
        dark = list(failures(radio))
        yield "Single points of failure", dark or ["none among gateways, relays and links"], bool(dark)
        if radio.unheard:
            yield "Not heard by any gateway", [f"{ident}: {text}" for ident, text in radio.unheard.items()], True
    if design.cables is not None:
        if radio is None and (dark := [without(f"switch {one.id}", one.dark) for one in design.cables.switches if one.dark]):
            yield "Single points of failure", dark, True
        yield from cabled(design.cables)
    if design.absent:
        yield "Not in this diagram", [str(absent) for absent in design.absent], True
    if radio is not None and radio.notes:
        yield "Notes", list(radio.notes), False


def failures(radio: RadioView) -> Iterator[str]:
    """What takes others with it, the worst first; links that carry one node only are counted."""
    single = [one for one in radio.failures if one.kind == "link" and len(one.dark) == 1]
    yield from (without(f"{one.kind} {one.what}", one.dark) for one in radio.failures if one not in single)
    if single:
        yield f"{len(single)} nodes have a single link: {', '.join(one.dark[0] for one in single)}"


def without(what: str, dark: Sequence[str]) -> str:
    """What goes dark when something fails."""
    return f"{what}: without it {', '.join(dark)} dark"


def cabled(cables: CablesView) -> Iterator[tuple[str, list[str], bool]]:
    """What is laid, and what of it does not do."""
    metres = math.fsum(row.metres for row in cables.rows)
    yield "Cables", [f"{len(cables.rows)} runs, {metres:.0f} m to buy, {cables.trench_m:.0f} m of route"], False
    wrong = [f"{row.id}: {problem}" for row in cables.rows for problem in row.problems]
    wrong += [f"{ident}: {why}" for ident, why in cables.unroutable.items()]
    wrong += [f"for {use}: the plan names none" for use in cables.unlaid]
    wrong += [f"switch {one.id}: {problem}" for one in cables.switches for problem in one.problems]
    if wrong:
        yield "Cables that do not do", wrong, True
