"""The coverage map: the site to scale, its zones with what is seen and what is not, and every device."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import GeometryCollection
from shapely.geometry.base import BaseGeometry

from seamline.site.catalogue.parts import Camera
from seamline.site.coverage.result import ZoneCoverage
from seamline.site.documents.blind import spots
from seamline.site.documents.chart import Chart, cells_area
from seamline.site.documents.contours import contour, interval, levels
from seamline.site.documents.design import Design
from seamline.site.documents.devices import Device, devices
from seamline.site.documents.drawing import Group, Ink, Mark, Text, line, polygon, sector
from seamline.site.documents.map_inks import (
    BLIND,
    BLIND_HATCH,
    BOUNDARY,
    CABLE,
    CONTOUR,
    GROUND,
    LINK,
    SEEN,
    SEEN_TWICE,
    THINGS,
    ZONE,
)  # fmt: skip
from seamline.site.documents.map_legend import legend
from seamline.site.documents.sheets import A3_WIDE, ALARM, GREY, HAIR, Draft, Room
from seamline.site.documents.symbols import ROLES, SUPPLY, Labels, device, north, scale_bar, supply
from seamline.site.observers import Camera as Eye
from seamline.site.plan.matching import slug
from seamline.site.plan.model import Meaning

LABELLED_MM2: Final = 25.0
"""Blind spots smaller than this on the sheet have no name there."""
COLUMN: Final = 92.0
"""The width of the legend beside the map, mm."""
INNER: Final = Room(A3_WIDE.room.x + 7, A3_WIDE.room.y + 6, A3_WIDE.room.width - COLUMN - 13, A3_WIDE.room.height - 12)
DETAIL_SCALE: Final = 1000
DETAIL_MM: Final = 80.0
"""A zone smaller than this on a map that is coarser than that has a map of its own."""
CONTOUR_NAMED_MM: Final = 25.0
"""Contours shorter than this on the sheet have no height there."""
NAMED: Final = frozenset({Meaning.BUILDING, Meaning.OBSTRUCTION, Meaning.WATER, Meaning.MAST})


def coverage_maps(design: Design) -> tuple[Draft, ...]:
    """A map on A3 for each kind of need that zones have; one of the site alone where they have none."""
    kinds = {need.need.kind for zone in design.coverage.zones.values() for need in zone.needs}
    titles = {"camera": "Coverage by cameras", "sensor": "Coverage by sensors"}
    whole = extent(design)
    found: list[Draft] = []
    for kind, title in titles.items():
        if kind in kinds:
            found += [coverage_map(design, kind, f"map-{kind}", title, whole), *details(design, kind, title)]
    return tuple(found) or (coverage_map(design, "", "map", "Site map", whole),)


def details(design: Design, kind: str, title: str) -> Iterator[Draft]:
    """A map of its own for each zone that is too small to be read on the map of the whole site."""
    whole = Chart.of(INNER, extent(design))
    for ident, zone in design.coverage.zones.items():
        west, south, east, north_ = design.site.zones[ident].area.bounds
        wide = max(east - west, north_ - south)
        if whole.scale > DETAIL_SCALE and wide * whole.mm < DETAIL_MM and any(need.need.kind == kind for need in zone.needs):
            air = max(wide / 4, 10.0)
            bounds = (west - air, south - air, east + air, north_ + air)
            called = f"{title}: {design.site.zones[ident].zone.title}"
            # Of this zone alone: zones lie on each other, and what one lacks must not be drawn over what another has.
            close = replace(design, coverage=replace(design.coverage, zones={ident: zone}))
            yield coverage_map(close, kind, f"map-{kind}-{slug(ident, 'zone')}", called, bounds)


def coverage_map(design: Design, kind: str, name: str, title: str, bounds: tuple[float, float, float, float]) -> Draft:
    """The map of what cameras, or what sensors, see within bounds."""
    room = A3_WIDE.room
    chart = Chart.of(INNER, bounds)
    items = (
        Group(tuple(ground(design, chart, kind)), clip=chart.clip),
        *grid_edge(chart),
        *legend(design, Room(room.right - COLUMN, room.y, COLUMN, room.height), kind),
        *furniture(design, chart),
    )
    return Draft(name, title, A3_WIDE, items, f"1 : {chart.scale}")


def extent(design: Design) -> tuple[float, float, float, float]:
    """What the map must show: the boundary, the zones and every device, with a little air."""
    site = design.site
    parts: list[BaseGeometry] = [site.boundary, *(zone.area for zone in site.zones.values())]
    fixed = [one for _, one in (*site.nodes.values(), *site.gateways.values(), *site.supplies.values())]
    if fixed:
        parts.append(shapely.MultiPoint([(one.x, one.y) for one in fixed]))
    west, south, east, north_ = GeometryCollection(parts).bounds
    air = 0.03 * max(east - west, north_ - south, 1.0)
    return west - air, south - air, east + air, north_ + air


def ground(design: Design, chart: Chart, kind: str) -> Iterator[Mark]:
    """All that lies to scale, from the ground up."""
    site = design.site
    yield Group(tuple(chart.marks(site.boundary, BOUNDARY)), "boundary")
    labels = Labels((chart.room.x, chart.room.y, chart.room.right, chart.room.bottom))
    yield from contours(design, chart)
    for zone in design.coverage.zones.values():
        yield Group(tuple(seen(zone, chart, kind)), f"zone {zone.zone}")
    for meaning, ink in THINGS.items():
        for thing in site.things:
            if thing.meaning is meaning:
                high = "" if thing.height_m is None else f", {thing.height_m:g} m high"
                yield Group(tuple(chart.marks(thing.geometry, ink)), f"{thing.name or thing.id}: {meaning.value}{high}")
    yield from zones(design, chart)
    yield from connections(design, chart)
    placed = devices(design)
    asked = {one for zone in design.coverage.zones.values() for need in zone.needs for one in need.seen}
    for one in placed:
        if one.role == kind == "camera" or (one.role == kind and one.id in asked):  # what no zone asks for would colour the map
            yield Group(tuple(view(design, one, chart)), f"what {one.id} looks at")
    yield from signs(design, placed, chart, labels)
    yield from names(design, placed, chart, labels, kind)


def contours(design: Design, chart: Chart) -> Iterator[Mark]:
    """Lines of the ground's height above the datum, with their heights."""
    ground, level = design.site.ground, design.site.level
    if ground is None:
        return
    low, high = float(ground.min()) + level, float(ground.max()) + level
    stride = max(1, int(1.0 / (design.site.grid.cell * chart.mm)))
    for at in levels(low, high, interval(low, high)):
        lines = contour(design.site.grid, ground, at - level, stride)
        shown = shapely.clip_by_rect(lines, *chart.seen())
        yield Group(tuple(chart.marks(shown, CONTOUR)), f"contour {at:g} m")
        longest = max(shapely.get_parts(shown), key=lambda part: part.length, default=None)
        if longest is not None and longest.length * chart.mm > CONTOUR_NAMED_MM:
            middle = longest.interpolate(0.5, normalized=True)
            x, y = chart.at(middle.x, middle.y)
            yield Text(x, y + 0.7, f"{at:g}", 2, "middle", colour=GROUND, halo=True)


def seen(zone: ZoneCoverage, chart: Chart, kind: str) -> Iterator[Mark]:
    """A zone's cells: seen as often as they must, more often than that, and not."""
    found = met(zone, kind)
    if found is None:
        return
    enough, more = found
    for area, ink in (
        (cells_area(zone.grid, enough & ~more), SEEN),
        (cells_area(zone.grid, more), SEEN_TWICE),
    ):
        yield from chart.marks(area, ink)
    blind = cells_area(zone.grid, zone.inside & ~enough)
    yield from chart.marks(blind, BLIND)
    yield from chart.hatched(blind, BLIND_HATCH)


def met(zone: ZoneCoverage, kind: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which cells of a zone meet all its needs of a kind, and which do so with one observer to spare; None without such needs."""
    needs = [need for need in zone.needs if need.need.kind == kind]
    if not needs:
        return None
    enough, more = zone.inside.copy(), zone.inside.copy()
    for need in needs:
        enough &= need.counts >= need.need.k
        more &= need.counts > need.need.k
    return enough, more & enough


def zones(design: Design, chart: Chart) -> Iterator[Mark]:
    """The outlines of the zones."""
    for zone in design.site.zones.values():
        yield Group(tuple(chart.marks(zone.area, ZONE)), f"zone {zone.zone.title}")


def connections(design: Design, chart: Chart) -> Iterator[Mark]:
    """Cables along their ways, and the radio links that are used."""
    for row in design.cables.rows if design.cables else ():
        way = line((chart.at(x, y) for x, y in row.places), CABLE)
        yield Group((way,), f"cable {row.id}: {row.metres:.0f} m of {row.part}")
    at = {ident: (fixed.x, fixed.y) for ident, (_, fixed) in (*design.site.nodes.items(), *design.site.gateways.items())}
    if design.radio is not None:
        at |= {one.id: (one.x, one.y) for one in design.radio.put_up}
        for link in design.radio.links:
            if link.used:
                ends = [chart.at(*at[one]) for one in (link.a, link.b)]
                yield Group((line(ends, LINK),), f"link {link.ends}")


def view(design: Design, one: Device, chart: Chart) -> Iterator[Mark]:
    """The sector that a device looks at, to its range; for cameras also where the densities that zones need end."""
    if one.width_deg is None or one.range_m is None:
        return
    colour = ROLES[one.role]
    x, y = chart.at(one.x, one.y)
    ring = sector(x, y, one.range_m * chart.mm, one.heading_deg or 0.0, one.width_deg)
    yield polygon(ring, Ink(fill=colour, stroke=colour, width=0.2, opacity=0.07))
    for far in depths(design, one):
        wide = shapely.Polygon(ring)
        ahead = sector(x, y, 2 * far * chart.mm, one.heading_deg or 0.0, 0.001)[-1]
        middle_x, middle_y = (x + ahead[0]) / 2, (y + ahead[1]) / 2
        ux, uy = (ahead[0] - x) / (far * chart.mm), (ahead[1] - y) / (far * chart.mm)
        reach = one.range_m * chart.mm * 2
        across = shapely.LineString(
            [(middle_x - uy * reach, middle_y + ux * reach), (middle_x + uy * reach, middle_y - ux * reach)]
        )
        for part in shapely.get_parts(shapely.intersection(across, wide)):
            if isinstance(part, shapely.LineString):
                yield line([(a, b) for a, b in part.coords], Ink(stroke=colour, width=0.2, dash=(1.2, 0.8)))


def depths(design: Design, one: Device) -> list[float]:
    """How far a camera keeps the densities that the plan's zones need, where that is less than its range (m along its axis)."""
    node = design.plan.nodes.get(one.id)
    part = design.plan.catalogue.parts.get(one.part or "")
    if node is None or not isinstance(part, Camera) or one.width_deg is None:
        return []
    eye = Eye(x=0, y=0, height=1, heading=0, tilt=0, hfov=one.width_deg, pixels=part.pixels, range=part.range_m)
    wanted = {need.px_per_m for zone in design.plan.zones.values() for need in zone.needs if need.px_per_m is not None}
    return [far for density in sorted(wanted) if (far := eye.depth_of(density)) < part.range_m]


def signs(design: Design, placed: tuple[Device, ...], chart: Chart, labels: Labels) -> Iterator[Mark]:
    """Supplies and devices."""
    for one, fixed in design.site.supplies.values():
        x, y = chart.at(fixed.x, fixed.y)
        labels.sign(x, y, 1.8)
        yield Group(tuple(supply(x, y)), f"supply {one.title}")
    for put in design.radio.put_up if design.radio else ():
        x, y = chart.at(put.x, put.y)
        labels.sign(x, y, 2.0)
        yield Group(tuple(device(put.role, x, y, None)), f"{put.role} {put.id}, put up by the network")
    for one in placed:
        x, y = chart.at(one.x, one.y)
        labels.sign(x, y, 2.0)
        yield Group(tuple(device(one.role, x, y, one.heading_deg, existing=one.existing)), f"{one.role} {one.title}")


def names(design: Design, placed: tuple[Device, ...], chart: Chart, labels: Labels, kind: str) -> Iterator[Mark]:
    """The names of all signs, then of blind spots, zones and buildings, as far as they find room."""
    for one in placed:
        if chart.shows(one.x, one.y):
            x, y = chart.at(one.x, one.y)
            yield labels.put(x, y, one.id, 2.8, 2.0, bold=True, colour=ROLES[one.role])
    for one, fixed in design.site.supplies.values():
        if chart.shows(fixed.x, fixed.y):
            x, y = chart.at(fixed.x, fixed.y)
            yield labels.put(x, y, one.id, 2.3, 1.8, colour=SUPPLY)
    for spot in spots(design.coverage, kind):
        point = shapely.point_on_surface(spot.blind.area)
        if spot.blind.area_m2 * chart.mm**2 > LABELLED_MM2 and chart.shows(point.x, point.y):
            x, y = chart.at(point.x, point.y)
            yield labels.put(x, y, f"{spot.name}: {spot.blind.area_m2:.0f} m²", 2.3, 0.2, colour=ALARM)
    for thing in design.site.things:
        if thing.meaning in NAMED and not thing.geometry.is_empty:
            point = shapely.point_on_surface(thing.geometry)
            if not chart.shows(point.x, point.y):
                continue  # surveys reach farther than sites
            x, y = chart.at(point.x, point.y)
            high = "" if thing.height_m is None else f" {thing.height_m:g} m"
            yield labels.put(x, y, f"{thing.name or thing.id}{high}", 2.2, 0.2, colour="#374151")
    for zone in design.site.zones.values():
        if not chart.clips(zone.area):
            continue
        corner = min(
            shapely.get_coordinates(shapely.clip_by_rect(zone.area, *chart.seen())).tolist(),
            key=lambda place: place[0] - place[1],
        )  # the most north-western
        x, y = chart.at(corner[0], corner[1])
        yield labels.put(x, y, f"zone {zone.zone.title}", 2.6, 0.2, bold=True, colour="#1d4e89")


def grid_edge(chart: Chart) -> Iterator[Mark]:
    """The map's edge with ticks and local coordinates."""
    room = chart.room
    corners = ((room.x, room.y), (room.right, room.y), (room.right, room.bottom), (room.x, room.bottom))
    yield polygon(corners, Ink(stroke=GREY, width=0.25))
    west, south, east, north_ = chart.seen()
    step = next((one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if one * chart.mm >= 25), 2000)
    for metres in range(math.ceil(west / step) * step, math.floor(east) + 1, step):
        x = chart.at(metres, 0)[0]
        yield line(((x, room.y), (x, room.y - 1.2)), HAIR)
        yield Text(x, room.y - 1.8, f"{metres}", 2, "middle", colour=GREY)
    for metres in range(math.ceil(south / step) * step, math.floor(north_) + 1, step):
        y = chart.at(0, metres)[1]
        yield line(((room.x, y), (room.x - 1.2, y)), HAIR)
        yield Text(room.x - 1.8, y, f"{metres}", 2, "middle", colour=GREY, turn=-90)


def furniture(design: Design, chart: Chart) -> Iterator[Mark]:
    """North and scale, on white in the lower right corner of the map's room."""
    room = chart.room
    convergence = design.site.frame.convergence(chart.x, chart.y)
    wide = 58.0
    x, y = room.right - wide - 2, room.bottom - 26
    plate = ((x, y), (x + wide, y), (x + wide, y + 24), (x, y + 24))
    yield polygon(plate, Ink(fill="#ffffff", stroke=HAIR.stroke, width=0.18, opacity=0.9))
    yield from north(x + 9, y + 13, 7, convergence)
    yield from scale_bar(x + 20, y + 5, chart.mm, 32)
    yield Text(x + 20, y + 15.5, "Up is the frame's north;", 2.1, colour=GREY)
    yield Text(x + 20, y + 18.5, f"true bearing = heading {convergence:+.2f}°.", 2.1, colour=GREY)
    yield Text(x + 20, y + 21.5, "Edges in metres of the local frame.", 2.1, colour=GREY)
