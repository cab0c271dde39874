"""Placement on a plan: its mountings become candidates, its zones' needs cells, its nodes what stands; and whom it chose, nodes again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, Polygon

from seamline.site.catalogue.parts import Camera as CameraPart, Money, Part, Radio
from seamline.site.coverage.observing import Aim, aim_of, observer_of, part_of
from seamline.site.coverage.zones import ZoneCells
from seamline.site.frame import SiteError
from seamline.site.observers import Camera, Sensor
from seamline.site.placement.candidates import (
    CANDIDATES_MAX,
    Candidate,
    Looking,
    Option,
    Spot,
    View,
    along,
    candidates,
    one_each_way,
    sight,
)
from seamline.site.placement.problem import Goal, Group, Obstacle, Problem
from seamline.site.placement.sight import Sight
from seamline.site.plan.matching import refers
from seamline.site.plan.model import Meaning, Mounting, Need, Node, Place, PowerSource, Zone
from seamline.site.plan.site import Site, Thing
from seamline.site.scene import Scene

NOWHERE: Final = Aim(0.0, 0.0, 0.0)
"""Candidates put an observer where they are."""

Bar = Callable[[Candidate, Mounting], str | Obstacle | None]
"""Says why a candidate cannot be built; nothing when it can."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A way to feed a candidate: what its node's `power` says, what that costs more in cents, and what it draws from which pools.

    Of these cents, `work` are work, and the rest is cable or a kit.
    """

    power: PowerSource
    cents: int = 0
    draws: tuple[tuple[str, int], ...] = ()
    work: int = 0


class Power(Protocol):
    """Says how candidates could be fed. `rooms`: what the pools have left that they draw from; `notes`: what could not be judged."""

    notes: list[str]
    rooms: dict[str, int]

    def ways(self, one: Candidate, mounting: Mounting) -> tuple[Feed, ...] | Obstacle:
        """The ways in which a candidate could be fed, at least one; or why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate of a mounting with one way to feed it (None: not asked), or what stands in its way."""

    one: Candidate
    mounting: str
    feed: Feed | None = None
    obstacle: str | Obstacle | None = None

    @property
    def cents(self) -> int:
        """What it costs in all."""
        return self.one.option.cents + (self.feed.cents if self.feed else 0)


@dataclass(frozen=True, slots=True)
class Bought:
    """Further switches that a supply takes for an answer: how many, of which part, and their cents, of which `work` are work."""

    supply: str
    part: str
    pieces: int
    cents: int
    work: int


@dataclass(frozen=True, eq=False)
class Question:
    """A site as a problem of placement.

    The problem's candidates are first the plan's nodes that observe (`nodes`, all standing), then `offers`: a candidate of a mounting
    stands there once for each way in which it can be fed. Its cells are those of `views`, of which `needs` says zone and need; its
    goals are the needs' shares. `notes`: what could not be taken as it stood. `bought`: what an answer takes besides its nodes, once there
    is one.
    """

    site: Site
    problem: Problem
    nodes: tuple[str, ...]
    offers: tuple[Offer, ...]
    views: tuple[View, ...]
    needs: tuple[tuple[Zone, Need], ...]
    notes: tuple[str, ...]
    bought: tuple[Bought, ...] = ()

    @property
    def found(self) -> tuple[Candidate, ...]:
        """The candidate of each offer."""
        return tuple(offer.one for offer in self.offers)

    @property
    def mountings(self) -> tuple[str, ...]:
        """The mounting of each offer."""
        return tuple(offer.mounting for offer in self.offers)

    def candidate(self, number: int) -> tuple[Candidate, Mounting]:
        """The candidate of that number in the problem, and its mounting."""
        offer = self.offers[number - len(self.nodes)]
        return offer.one, self.site.plan.mountings[offer.mounting]

    def node(self, number: int, ident: str) -> Node:
        """A chosen candidate as a node of the plan."""
        offer = self.offers[number - len(self.nodes)]
        mounting = self.site.plan.mountings[offer.mounting]
        return node_of(self.site, offer.one, mounting, ident, offer.feed.power if offer.feed else None)

    def shares(self, counts: NDArray[np.int64]) -> Iterator[tuple[Zone, Need, float]]:
        """The share of each need's cells that so many observers (cells of the problem) meet."""
        start = 0
        for view, (zone, need) in zip(self.views, self.needs, strict=True):
            seen = counts[start : start + len(view.cells)]
            start += len(view.cells)
            yield zone, need, float((seen >= need.k).mean()) if len(seen) else 1.0


def question(site: Site, *, fresh: bool = False, jobs: int = 1, bar: Bar | None = None, power: Power | None = None) -> Question:
    """What the plan asks. With `fresh`, only nodes that exist already stand; those that are planned are chosen anew.

    `bar` says why a candidate cannot be built, or nothing (see reaching.Hearing for links), `power` how it could be fed (see
    feeding.Feeding); without them neither is judged. Exclusions are barred in any case. See placing.asked for all of it at once. Raises
    SiteError when the plan has no zones or no mountings, or a part without a lens that is named.
    """
    if not site.zones or not site.plan.mountings:
        raise SiteError(
            "placement needs zones with what must see them, and mountings where candidates may go; the plan lacks one"
        )
    densities = tuple(sorted({need.px_per_m for zone in site.zones.values() for need in zone.zone.needs if need.px_per_m}))
    wanted = [(zone.zone, need) for zone in site.zones.values() for need in zone.zone.needs]
    kinds = {kind_of(need) for _, need in wanted}
    views = tuple(view_of(site, zone, need, densities) for zone, need in wanted)
    standing = [(name, node, at) for name, (node, at) in site.nodes.items() if node.existing or not fresh]
    looking: list[Looking] = []
    nodes: list[str] = []
    for name, node, at in standing:
        part = part_of(node, site.plan.catalogue)
        if part is not None:
            nodes.append(name)
            looking.append((observer_of(part, aim_of(node, at), densities), kind_of_part(part)))
    notes: list[str] = []
    found: list[Offer] = []
    for mounting in site.plan.mountings.values():
        options = [one for one in options_of(site, mounting, densities, notes) if one.kind in kinds]
        spots = spots_of(site, mounting, notes)
        new = candidates(spots, options, mounting.heights_m, mounting.heading_step_deg, mounting.tilts_deg)
        found += [offer for one in new for offer in offers_of(site, one, mounting, bar, power)]
        if power is not None and new and not mounting.power:
            notes.append(f"mounting {mounting.id} says no power: whether a device there could be fed is not judged")
        if len(found) > CANDIDATES_MAX:
            raise SiteError(f"more than {CANDIDATES_MAX:,} candidates; take larger steps between spots, headings or tilts")
    scene = Scene(site.grid, site.solids, site.ground)
    goals = goals_of(views, wanted)
    problem = Problem(
        seen_by_all(scene, looking, found, views, jobs),
        need=np.concatenate([np.full(len(view.cells), need.k) for view, (_, need) in zip(views, wanted, strict=True)]),
        weight=np.concatenate(
            [np.full(len(view.cells), worth(site, zone)) for view, (zone, _) in zip(views, wanted, strict=True)]
        ),
        cost=np.array([0] * len(nodes) + [offer.cents for offer in found], np.int64),
        existing=tuple(range(len(nodes))),
        groups=(*groups_of(site, found, len(nodes)), *pools_of(found, len(nodes), {} if power is None else power.rooms)),
        barred={len(nodes) + at: offer.obstacle for at, offer in enumerate(found) if offer.obstacle},
        goals=goals,
    )
    notes += [] if power is None else power.notes
    return Question(site, problem, tuple(nodes), tuple(found), views, tuple(wanted), tuple(dict.fromkeys(notes)))


def goals_of(views: Sequence[View], wanted: Sequence[tuple[Zone, Need]]) -> tuple[Goal, ...]:
    """The shares that needs ask for, as goals of their cells."""
    starts = accumulate((len(view.cells) for view in views), initial=0)
    return tuple(
        Goal.of_share(np.arange(start, start + len(view.cells)), need.share, f"{zone.id}: {need.of} by {need.k}")
        for start, view, (zone, need) in zip(starts, views, wanted, strict=False)
    )


def seen_by_all(scene: Scene, standing: Sequence[Looking], found: Sequence[Offer], views: Sequence[View], jobs: int) -> Sight:
    """What those that stand see, and each offer; what is fed in several ways looks once."""
    number: dict[Looking, int] = {}
    for offer in found:
        number.setdefault((offer.one.observer(), offer.one.option.kind), len(number))
    sees = sight(scene, [*standing, *number], views, jobs)
    if len(number) == len(found):
        return sees
    rows = [len(standing) + number[offer.one.observer(), offer.one.option.kind] for offer in found]
    return sees.part(np.array([*range(len(standing)), *rows], np.int64), np.arange(sees.width))


def offers_of(site: Site, one: Candidate, mounting: Mounting, bar: Bar | None, power: Power | None) -> Iterator[Offer]:
    """A candidate by each way in which it can be fed, or with what stands in its way."""
    if site.exclusion.intersects(Point(one.spot.x, one.spot.y)):
        yield Offer(one, mounting.id, obstacle="nothing may be placed there (exclusion or water)")
    elif bar is not None and (why := bar(one, mounting)):
        yield Offer(one, mounting.id, obstacle=why)
    elif power is None or not mounting.power:
        yield Offer(one, mounting.id)
    else:
        ways = power.ways(one, mounting)
        if isinstance(ways, Obstacle):
            yield Offer(one, mounting.id, obstacle=ways)
        else:
            yield from (Offer(one, mounting.id, way) for way in ways)


def node_of(site: Site, one: Candidate, mounting: Mounting, ident: str, power: PowerSource | None) -> Node:
    """A candidate as a node of the plan, fed in that way."""
    part, _, lens = one.option.name.partition(":")
    radio = radio_of(site, mounting)
    return Node(
        id=ident,
        title=f"{mounting.id}, {one.spot.name}",
        place=Place("local", x_m=one.spot.x, y_m=one.spot.y),
        height_m=round(one.spot.above + one.height, 2),
        part=part,
        heading_deg=one.heading,
        tilt_deg=one.tilt,
        lens=lens or None,
        board=mounting.board,
        accelerator=mounting.accelerator,
        radio=radio.id if radio else None,
        power=power,
        with_parts=tuple(name for name in mounting.with_parts if radio is None or name != radio.id),
        product=mounting.product,
        profile=mounting.profile,
    )


def view_of(site: Site, zone: Zone, need: Need, densities: tuple[float, ...]) -> View:
    """The cells of a zone that a need is about: the same as coverage counts."""
    cells = ZoneCells(site, site.zones[zone.id])
    inside = np.zeros((site.grid.rows, site.grid.columns), np.bool_)
    column, row = cells.offset
    inside[row : row + cells.grid.rows, column : column + cells.grid.columns] = cells.inside
    least = 1 if need.px_per_m is None else 2 + densities.index(need.px_per_m)
    return View.of(inside, zone.target_m, least, roofs=zone.roofs, kind=kind_of(need))


def worth(site: Site, zone: Zone) -> int:
    """What a cell of a zone is worth: its area in square centimetres times the zone's weight."""
    return max(1, round(site.grid.step**2 * zone.weight))


def kind_of(need: Need) -> str:
    """What kind of observer a need asks for."""
    return "camera" if need.kind == "camera" else f"sensor:{need.of}"


def kind_of_part(part: Part) -> str:
    """What kind of needs a camera or sensor can meet."""
    return "camera" if isinstance(part, CameraPart) else f"sensor:{getattr(part, 'senses', '')}"


def options_of(site: Site, mounting: Mounting, densities: tuple[float, ...], notes: list[str]) -> Iterator[Option]:
    """What can be mounted, with each lens, and what it costs with what comes with it."""
    known = site.plan.catalogue.parts
    besides = (*mounting.with_parts, mounting.board, mounting.accelerator)
    extra = sum(price_of(site, known[name], notes) for name in besides if name is not None)
    mounted = mounting.cost.cents if mounting.cost else 0
    for name in mounting.parts:
        part = known[name]
        lenses = [lens.name for lens in part.lenses] if isinstance(part, CameraPart) else [None]
        for lens in lenses:
            if lens is not None and mounting.lenses and lens not in mounting.lenses:
                continue
            eye = observer_of(part, replace(NOWHERE, lens=lens), densities)
            if isinstance(eye, (Camera, Sensor)):
                cents = price_of(site, part, notes) + extra + mounted + work_on(site, mounting, name)
                yield Option(f"{name}:{lens}" if lens else name, eye, cents, kind_of_part(part))


def price_of(site: Site, part: Part, notes: list[str]) -> int:
    """A part's price in cents; what has none costs nothing here, and is noted."""
    price: Money | None = site.plan.prices.parts.get(part.id, part.price)
    if price is None:
        notes.append(f"{part.id} has no price: it counts as free; give one under prices")
        return 0
    if price.currency != site.plan.prices.currency:
        notes.append(f"{part.id} is priced in {price.currency}, the plan in {site.plan.prices.currency}: taken as it stands")
    return price.cents


def work_on(site: Site, mounting: Mounting, part: str) -> int:
    """The work of putting a part up on a mounting with all that comes with it, in cents; the bill of materials counts it the same."""
    names = (part, *mounting.with_parts, mounting.board, mounting.accelerator)
    return round(sum(work_of(site, site.plan.catalogue.parts[name]) for name in names if name is not None))


def work_of(site: Site, part: Part, pieces: float = 1.0) -> float:
    """The work of so many pieces, or metres of cable, in cents: hours of the plan (by part, by kind) or the catalogue, times its rate."""
    prices = site.plan.prices
    seconds = prices.labour_s.get(part.id, prices.labour_s.get(part.kind, part.labour_s))
    return 0.0 if prices.labour_hour is None or not seconds else seconds * pieces / 3600 * prices.labour_hour.cents


def spots_of(site: Site, mounting: Mounting, notes: list[str]) -> list[Spot]:
    """Where a mounting may be: at masts and points, or along walls and the edges of roofs."""
    if mounting.where == "points":
        return [spot_at(site, place, mounting.id, at) for at, place in enumerate(mounting.points, start=1)]
    meaning = (
        {Meaning.MAST}
        if mounting.where == "masts"
        else {Meaning.BUILDING, Meaning.OBSTRUCTION}
        if mounting.features
        else {Meaning.BUILDING}
    )
    things = [
        one
        for one in site.things
        if one.meaning in meaning and (mounting.features is None or refers(mounting.features, one.folder, one.name))
    ]
    if not things:
        notes.append(f"mounting {mounting.id}: the survey has no such {mounting.where}; it gives no candidates")
    return [spot for thing in things for spot in spots_on(thing, mounting)]


def spots_on(thing: Thing, mounting: Mounting) -> list[Spot]:
    """The spots of a mounting on one thing."""
    shape = thing.geometry
    if mounting.where == "masts" or not isinstance(shape, (Polygon, MultiPolygon)):
        middle = shape.representative_point()
        return [Spot(round(middle.x, 2), round(middle.y, 2), thing.id)]
    on_roof = mounting.where == "roof-edges"
    offset = -mounting.offset_m if on_roof else mounting.offset_m
    return along(shape, mounting.spacing_m, offset, thing.id, above=thing.height_m or 0.0 if on_roof else 0.0)


def spot_at(site: Site, place: Place, name: str, at: int) -> Spot:
    """A point of the plan as a spot."""
    x, y = place.x_m, place.y_m
    if place.kind == "lonlat":
        x, y = site.frame.local(place.lon or 0.0, place.lat or 0.0)
    elif place.kind == "feature":
        shape = next((one.geometry for one in site.things if refers(place.feature or "", one.folder, one.name)), None)
        if shape is None:
            raise SiteError(f"mounting {name}: no feature of the survey is named {place.feature!r}")
        x, y = shape.representative_point().x, shape.representative_point().y
    return Spot(round(x or 0.0, 2), round(y or 0.0, 2), f"{name}-{at}")


def groups_of(site: Site, found: Sequence[Offer], first: int) -> Iterator[Group]:
    """What excludes each other: one way from one spot, and as many of a mounting as the plan allows."""
    for group in one_each_way([offer.one for offer in found]):
        yield replace(group, members=tuple(first + one for one in group.members))
    for mounting in site.plan.mountings.values():
        if mounting.count_max is not None:
            members = tuple(first + at for at, offer in enumerate(found) if offer.mounting == mounting.id)
            yield Group(members, mounting.count_max, f"mounting {mounting.id}")


def pools_of(found: Sequence[Offer], first: int, rooms: Mapping[str, int]) -> Iterator[Group]:
    """What candidates draw from together: a switch's ports, and what it or another supply has left."""
    for pool, room in rooms.items():
        takes = {first + at: dict(offer.feed.draws).get(pool, 0) for at, offer in enumerate(found) if offer.feed is not None}
        drawing = {one: amount for one, amount in takes.items() if amount}
        if drawing:
            yield Group(tuple(drawing), room, pool, tuple(drawing.values()))


def radio_of(site: Site, mounting: Mounting) -> Radio | None:
    """The radio that comes with each device of a mounting."""
    parts = (site.plan.catalogue.parts[name] for name in mounting.with_parts)
    return next((part for part in parts if isinstance(part, Radio)), None)
