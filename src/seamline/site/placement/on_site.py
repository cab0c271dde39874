"""Placement on a plan: its mountings become candidates, its zones' needs cells, its nodes what stands; and whom it chose, nodes again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, Polygon

from seamline.site.catalogue.parts import Camera as CameraPart, Money, Part, Radio
from seamline.site.coverage.observing import Aim, aim_of, observer_of, part_of
from seamline.site.coverage.zones import ZoneCells
from seamline.site.frame import SiteError
from seamline.site.observers import Camera, Sensor
from seamline.site.placement.candidates import Candidate, Looking, Option, Spot, View, along, candidates, one_each_way, sight
from seamline.site.placement.problem import Group, Problem
from seamline.site.plan.matching import refers
from seamline.site.plan.model import Meaning, Mounting, Need, Node, Place, Zone
from seamline.site.plan.site import Site, Thing
from seamline.site.scene import Scene

NOWHERE: Final = Aim(0.0, 0.0, 0.0)
"""Candidates put an observer where they are."""

Bar = Callable[[Candidate, Mounting], str]
"""Says why a candidate cannot be built; nothing when it can."""


@dataclass(frozen=True, eq=False)
class Question:
    """A site as a problem of placement.

    The problem's candidates are first the plan's nodes that observe (`nodes`, all standing), then `found`, which are of the mountings
    named in `mountings`. Its cells are those of `views`, of which `needs` says zone and need. `notes`: what could not be taken as it
    stood.
    """

    site: Site
    problem: Problem
    nodes: tuple[str, ...]
    found: tuple[Candidate, ...]
    mountings: tuple[str, ...]
    views: tuple[View, ...]
    needs: tuple[tuple[Zone, Need], ...]
    notes: tuple[str, ...]

    def candidate(self, number: int) -> tuple[Candidate, Mounting]:
        """The candidate of that number in the problem, and its mounting."""
        at = number - len(self.nodes)
        return self.found[at], self.site.plan.mountings[self.mountings[at]]

    def node(self, number: int, ident: str) -> Node:
        """A chosen candidate as a node of the plan."""
        one, mounting = self.candidate(number)
        part, _, lens = one.option.name.partition(":")
        radio = radio_of(self.site, mounting)
        return Node(
            id=ident,
            title=f"{mounting.id}, {one.spot.name}",
            place=Place("local", x_m=one.spot.x, y_m=one.spot.y),
            height_m=round(one.spot.above + one.height, 2),
            part=part,
            heading_deg=one.heading,
            tilt_deg=one.tilt,
            lens=lens or None,
            radio=radio.id if radio else None,
            with_parts=tuple(name for name in mounting.with_parts if radio is None or name != radio.id),
        )

    def shares(self, counts: NDArray[np.int64]) -> Iterator[tuple[Zone, Need, float]]:
        """The share of each need's cells that so many observers (cells of the problem) meet."""
        start = 0
        for view, (zone, need) in zip(self.views, self.needs, strict=True):
            seen = counts[start : start + len(view.cells)]
            start += len(view.cells)
            yield zone, need, float((seen >= need.k).mean()) if len(seen) else 1.0


def question(site: Site, *, fresh: bool = False, jobs: int = 1, bar: Bar | None = None) -> Question:
    """What the plan asks. With `fresh`, only nodes that exist already stand; those that are planned are chosen anew.

    `bar` says why a candidate cannot be built, or nothing (see reaching.unlinked for links); exclusions are barred in any case. Raises
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
    found: list[Candidate] = []
    mountings: list[str] = []
    for mounting in site.plan.mountings.values():
        options = [one for one in options_of(site, mounting, densities, notes) if one.kind in kinds]
        spots = spots_of(site, mounting, notes)
        new = candidates(spots, options, mounting.heights_m, mounting.heading_step_deg, mounting.tilts_deg)
        found += new
        mountings += [mounting.id] * len(new)
    looking += [(one.observer(), one.option.kind) for one in found]
    scene = Scene(site.grid, site.solids, site.ground)
    problem = Problem(
        sight(scene, looking, views, jobs),
        need=np.concatenate([np.full(len(view.cells), need.k) for view, (_, need) in zip(views, wanted, strict=True)]),
        weight=np.concatenate(
            [np.full(len(view.cells), worth(site, zone)) for view, (zone, _) in zip(views, wanted, strict=True)]
        ),
        cost=np.array([0] * len(nodes) + [one.option.cents for one in found], np.int64),
        existing=tuple(range(len(nodes))),
        groups=tuple(groups_of(site, found, mountings, len(nodes))),
        barred=barred_of(site, found, mountings, len(nodes), bar),
    )
    return Question(
        site, problem, tuple(nodes), tuple(found), tuple(mountings), views, tuple(wanted), tuple(dict.fromkeys(notes))
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
    extra = sum(price_of(site, known[name], notes) for name in mounting.with_parts)
    work = mounting.cost.cents if mounting.cost else 0
    for name in mounting.parts:
        part = known[name]
        lenses = [lens.name for lens in part.lenses] if isinstance(part, CameraPart) else [None]
        for lens in lenses:
            if lens is not None and mounting.lenses and lens not in mounting.lenses:
                continue
            eye = observer_of(part, replace(NOWHERE, lens=lens), densities)
            if isinstance(eye, (Camera, Sensor)):
                yield Option(
                    f"{name}:{lens}" if lens else name, eye, price_of(site, part, notes) + extra + work, kind_of_part(part)
                )


def price_of(site: Site, part: Part, notes: list[str]) -> int:
    """A part's price in cents; what has none costs nothing here, and is noted."""
    price: Money | None = site.plan.prices.parts.get(part.id, part.price)
    if price is None:
        notes.append(f"{part.id} has no price: it counts as free; give one under prices")
        return 0
    if price.currency != site.plan.prices.currency:
        notes.append(f"{part.id} is priced in {price.currency}, the plan in {site.plan.prices.currency}: taken as it stands")
    return price.cents


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


def groups_of(site: Site, found: list[Candidate], mountings: list[str], first: int) -> Iterator[Group]:
    """What excludes each other: one way from one spot, and as many of a mounting as the plan allows."""
    for group in one_each_way(found):
        yield replace(group, members=tuple(first + one for one in group.members))
    for mounting in site.plan.mountings.values():
        if mounting.count_max is not None:
            members = tuple(first + at for at, name in enumerate(mountings) if name == mounting.id)
            yield Group(members, mounting.count_max, f"mounting {mounting.id}")


def barred_of(site: Site, found: list[Candidate], mountings: list[str], first: int, bar: Bar | None) -> Mapping[int, str]:
    """Candidates that cannot be built, and why."""
    shut: dict[int, str] = {}
    for at, (one, name) in enumerate(zip(found, mountings, strict=True)):
        if site.exclusion.intersects(Point(one.spot.x, one.spot.y)):
            shut[first + at] = "nothing may be placed there (exclusion or water)"
        elif bar is not None and (why := bar(one, site.plan.mountings[name])):
            shut[first + at] = why
    return shut


def radio_of(site: Site, mounting: Mounting) -> Radio | None:
    """The radio that comes with each device of a mounting."""
    parts = (site.plan.catalogue.parts[name] for name in mounting.with_parts)
    return next((part for part in parts if isinstance(part, Radio)), None)
