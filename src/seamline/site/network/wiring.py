"""Cables along allowed routes: how each runs, how long it is, what it cannot carry, and which trenches they share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from seamline.site.catalogue.parts import Cable
from seamline.site.frame import CM, SiteError
from seamline.site.network.copper import DROP_MAX_SHARE, mm2_needed, voltage_drop
from seamline.site.network.routes import Edge, Point, RouteGraph, edges_of, length_m, way_to
from seamline.site.network.trenches import shared

ETHERNET_MAX_M: Final = 100.0
"""Of a channel over twisted pairs (IEEE 802.3-2022 clause 14.1.1.3, ISO/IEC 11801-1)."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a cable begins or ends, `height` metres above the ground."""

    id: str
    x: float
    y: float
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """A cable that is wanted from a source to a device. A power cable has the source's voltage and the device's power."""

    id: str
    source: End
    device: End
    cable: Cable
    use: Literal["ethernet", "power"] = "ethernet"
    volts: float | None = None
    power_mw: float | None = None


@dataclass(frozen=True, slots=True)
class Laying:
    """How cables are laid: `slack_share` is added to each length, `end_m` at each end; a device may be `reach_m` from a route."""

    slack_share: float = 0.1
    end_m: float = 2.0
    reach_m: float = 5.0
    share_trenches: bool = True

    def __post_init__(self) -> None:
        if min(self.slack_share, self.end_m, self.reach_m) < 0:
            raise SiteError("slack, ends and reach of cables must be 0 or more")

    def cable_m(self, bare_m: float) -> float:
        """What is to be bought for so many metres of way, leads, up and down: slack on all of it, and the ends."""
        return bare_m * (1 + self.slack_share) + 2 * self.end_m


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the cable schedule. `metres` are to be bought, `route_m` lie on routes, `lead_m` from routes to both ends.

    `places` are the points of the way in metres, from the source to the device; `drop_share` is a power cable's. `problems` say
    what does not hold and what would.
    """

    id: str
    source: str
    device: str
    cable: str
    use: Literal["ethernet", "power"]
    metres: float
    route_m: float
    lead_m: float
    lines: tuple[str, ...]
    places: tuple[tuple[float, float], ...]
    drop_share: float | None = None
    far_volts: float | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wiring:
    """The cable schedule, runs that no route allows (with the reason), and the trenches: their length, and how long any are at least.

    `bound_m` holds for trenches that connect all ends within each connected part of the routes.
    """

    rows: tuple[Row, ...]
    unroutable: Mapping[str, str]
    trench_m: float
    bound_m: float
    trenches: tuple[tuple[tuple[float, float], tuple[float, float]], ...]


def wire(graph: RouteGraph, runs: Sequence[Run], laying: Laying | None = None) -> Wiring:
    """Lay all runs. Where trenches are shared, cables run along the shared tree unless that makes them too long for their use."""
    laying = laying or Laying()
    graph, joints, unroutable = _joined(graph, runs, laying.reach_m)
    direct: dict[str, list[Point]] = {}
    best: dict[Point, dict[Point, tuple[float, Point | None]]] = {}
    for run in runs:
        if run.id not in unroutable:
            start = joints[run.source][0]
            if start not in best:
                best[start] = graph.shortest(start)
            way = way_to(best[start], joints[run.device][0])
            if way is None:
                unroutable[run.id] = f"no route leads from {run.source.id} to {run.device.id}: draw one that joins theirs"
            else:
                direct[run.id] = way
    tree, bound = _trees(graph, direct.values()) if laying.share_trenches else (set[Edge](), 0.0)
    rows: list[Row] = []
    used: set[Edge] = set()
    for run in runs:
        if run.id in direct:
            way = _chosen(graph, run, direct[run.id], tree, joints, laying)
            used |= edges_of(way)
            rows.append(_row(graph, run, way, joints, laying))
    trenches = tuple((_metres(a), _metres(b)) for a, b in sorted(used))
    metres = length_m(used)
    return Wiring(tuple(rows), dict(unroutable), metres, min(bound, metres) if laying.share_trenches else metres, trenches)


Joints = dict[End, tuple[Point, float]]


def _joined(graph: RouteGraph, runs: Sequence[Run], reach_m: float) -> tuple[RouteGraph, Joints, dict[str, str]]:
    """The graph with a junction for every end; each end's junction and how far that is; runs that have none."""
    joints: Joints = {}
    unroutable: dict[str, str] = {}
    seen: set[str] = set()
    for run in runs:
        if run.id in seen:
            raise SiteError(f"two cables are called {run.id!r}; give each an id of its own")
        seen.add(run.id)
        for end in (run.source, run.device):
            if end in joints:
                continue
            found = graph.joined(end.x, end.y, reach_m)
            if found is None:
                unroutable[run.id] = f"{end.id} is more than {reach_m:g} m from every route: draw one to it, or raise the reach"
                break
            graph, joints[end] = found[0], (found[1], found[2])
    return graph, joints, unroutable


def _trees(graph: RouteGraph, ways: Collection[list[Point]]) -> tuple[set[Edge], float]:
    """The shared trenches of each connected part of the routes, and how long any are at least."""
    left = sorted({point for way in ways for point in (way[0], way[-1])})
    edges: set[Edge] = set()
    bound = 0.0
    while left:
        near = graph.shortest(left[0])
        trench = shared(graph, [point for point in left if point in near])
        edges.update(trench.edges)
        bound += trench.bound_m
        left = [point for point in left if point not in near]
    return edges, bound


def _chosen(graph: RouteGraph, run: Run, direct: list[Point], tree: set[Edge], joints: Joints, laying: Laying) -> list[Point]:
    """Along the shared tree, or the shortest way where only that keeps the cable's length."""
    shared_way = way_to(graph.shortest(direct[0], tree), direct[-1]) if tree else None
    if shared_way is None:
        return direct
    most = longest_m(run.cable, run.use)
    too_long = _cable_m(run, shared_way, joints, laying) > most >= _cable_m(run, direct, joints, laying)
    return direct if too_long else shared_way


def longest_m(cable: Cable, use: Literal["ethernet", "power"]) -> float:
    """How long a cable may be for its use."""
    if cable.length_max_m is not None:
        return cable.length_max_m
    return ETHERNET_MAX_M if use == "ethernet" else math.inf


def _cable_m(run: Run, way: list[Point], joints: Joints, laying: Laying) -> float:
    """What is to be bought: the way, the leads, up and down at both ends, slack on all of it, and the ends."""
    ends = (run.source, run.device)
    bare = length_m(edges_of(way)) + sum(joints[end][1] + abs(end.height) for end in ends)
    return laying.cable_m(bare)


def _row(graph: RouteGraph, run: Run, way: list[Point], joints: Joints, laying: Laying) -> Row:
    metres = _cable_m(run, way, joints, laying)
    route_m, lead_m = length_m(edges_of(way)), joints[run.source][1] + joints[run.device][1]
    problems = [*_too_long(run, way, metres)]
    drop_share = far_volts = None
    if run.use == "power" and run.volts is not None and run.power_mw is not None and run.cable.ohm_per_km is not None:
        drop = voltage_drop(run.volts, run.power_mw, metres, run.cable.ohm_per_km)
        if drop is not None:
            drop_share, far_volts = drop.drop_share, drop.volts
        if drop is None or not drop.keeps:
            problems.append(_dropped(run.volts, run.power_mw, metres, drop_share))
    places = ((run.source.x, run.source.y), *map(_metres, way), (run.device.x, run.device.y))
    names = graph.names(way)
    return Row(
        run.id,
        run.source.id,
        run.device.id,
        run.cable.id,
        run.use,
        metres,
        route_m,
        lead_m,
        names,
        tuple(place for place, before in zip(places, (None, *places), strict=False) if place != before),
        drop_share,
        far_volts,
        tuple(problems),
    )


def _too_long(run: Run, way: list[Point], metres: float) -> Iterator[str]:
    most = longest_m(run.cable, run.use)
    if metres <= most:
        return
    text = f"{metres:.0f} m of {run.cable.id}, and the most is {most:g} m"
    if run.use == "ethernet":
        pieces = math.ceil(metres / most)
        x, y = _halfway(way, 1 / pieces)
        between = "a switch or PoE extender" if pieces == 2 else f"{pieces - 1} switches or PoE extenders"
        yield f"{text}: put {between} on the way, the first near {x:g}, {y:g} m, or take fibre"
    else:
        yield f"{text}: take another cable, or a supply nearer"


def _dropped(volts: float, milliwatts: float, metres: float, share: float | None) -> str:
    lost = "the line cannot carry that much" if share is None else f"{share:.1%} of the voltage is lost"
    needed = mm2_needed(volts, milliwatts, metres)
    remedy = "raise the voltage" if needed is None else f"take {needed:g} mm2"
    return f"{milliwatts / 1000:g} W at {volts:g} V over {metres:.0f} m: {lost} (the most is {DROP_MAX_SHARE:.0%}); {remedy}, or a supply nearer"


def _halfway(way: list[Point], share: float) -> tuple[float, float]:
    """The place at this share of a way."""
    left = length_m(edges_of(way)) * CM * share
    for a, b in pairwise(way):
        step = math.hypot(b[0] - a[0], b[1] - a[1])
        if step >= left:
            return round((a[0] + (b[0] - a[0]) * left / step) / CM, 1), round((a[1] + (b[1] - a[1]) * left / step) / CM, 1)
        left -= step
    return _metres(way[-1])


def _metres(point: Point) -> tuple[float, float]:
    return point[0] / CM, point[1] / CM
