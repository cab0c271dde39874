"""Everything that lies somewhere, as features in longitude and latitude: what GeoJSON and KML write, the same for both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.site.documents.blind import causes_text, need_text, spots
from seamline.site.documents.chart import cells_area
from seamline.site.documents.design import Design
from seamline.site.documents.devices import Device, devices
from seamline.site.documents.maps import met
from seamline.site.plan.model import Meaning
from seamline.site.survey.feature import Value

LAYERS: Final = (
    "boundary", "survey", "route", "zone", "seen", "blind", "field", "supply", "device", "link", "cable",
)  # fmt: skip
"""In the order in which they are drawn."""


@dataclass(frozen=True, slots=True)
class Item:
    """A feature in degrees; points of devices have their height above the ground as third coordinate."""

    layer: str
    id: str
    name: str
    geometry: BaseGeometry
    properties: Mapping[str, Value] = field(default_factory=dict[str, Value])


def items(design: Design) -> tuple[Item, ...]:
    """All features, layer by layer; nothing empty."""
    found = [item for make in (_ground, _zones, _devices, _connections) for item in make(design) if not item.geometry.is_empty]
    return tuple(sorted(found, key=lambda item: LAYERS.index(item.layer)))


def _ground(design: Design) -> Iterator[Item]:
    site, frame = design.site, design.site.frame
    yield Item("boundary", "boundary", "boundary", frame.to_degrees(site.boundary))
    for thing in site.things:
        if thing.meaning in {Meaning.BOUNDARY, Meaning.ZONE, Meaning.IGNORE}:
            continue
        layer = "route" if thing.meaning is Meaning.ROUTE else "survey"
        about: dict[str, Value] = {
            "meaning": thing.meaning.value,
            "height_m": thing.height_m,
            "from": thing.origin,
        }
        yield Item(layer, thing.id, thing.name or thing.id, frame.to_degrees(thing.geometry), about)


def _zones(design: Design) -> Iterator[Item]:
    frame = design.site.frame
    for zone in design.coverage.zones.values():
        planned = design.site.zones[zone.zone]
        about: dict[str, Value] = {"area_m2": round(zone.area_m2, 2), "met": zone.met}
        for at, need in enumerate(zone.needs, 1):
            about[f"need_{at}"] = need_text(need.need)
            about[f"share_{at}"] = round(need.share, 6)
        yield Item("zone", zone.zone, planned.zone.title, frame.to_degrees(planned.area), about)
        for kind in ("camera", "sensor"):
            found = met(zone, kind)
            for cells, times in ((found[0] & ~found[1], "enough"), (found[1], "more")) if found else ():
                area = frame.to_degrees(cells_area(zone.grid, cells))
                told: dict[str, Value] = {"zone": zone.zone, "by": kind, "seen": times}
                yield Item("seen", f"{zone.zone}-{kind}-{times}", f"{planned.zone.title}, seen by {kind}s", area, told)
    for spot in spots(design.coverage):
        said: dict[str, Value] = {
            "zone": spot.zone,
            "need": need_text(spot.need),
            "area_m2": round(spot.blind.area_m2, 2),
            "causes": causes_text(spot.blind, most=5),
        }
        yield Item("blind", spot.name, spot.name, frame.to_degrees(spot.blind.area), said)


def _devices(design: Design) -> Iterator[Item]:
    frame = design.site.frame
    for one in devices(design):
        yield Item("device", one.id, one.title, Point(one.lon, one.lat, one.height_m), _told(one))
        if one.width_deg is not None and one.range_m is not None:
            ring = _sector(one, one.width_deg, one.range_m)
            yield Item("field", f"{one.id}-field", f"what {one.id} looks at", frame.to_degrees(ring), {"device": one.id})
    for supply, fixed in design.site.supplies.values():
        lon, lat = frame.degrees(fixed.x, fixed.y)
        yield Item("supply", supply.id, supply.title, Point(lon, lat), {"kind": supply.kind, "switch": supply.switch})


def _told(one: Device) -> dict[str, Value]:
    return {
        "role": one.role,
        "part": one.part,
        "height_m": one.height_m,
        "heading_deg": one.heading_deg,
        "bearing_true_deg": one.bearing_deg,
        "tilt_deg": one.tilt_deg,
        "lens": one.lens,
        "board": one.board,
        "radio": one.radio,
        "power": one.power,
        "existing": one.existing,
        "unit": one.unit,
    }


def _sector(one: Device, width_deg: float, range_m: float) -> Polygon:
    """The sector that a device looks at, in local metres, a corner at least each 5 degrees."""
    steps = max(4, math.ceil(width_deg / 5))
    whole = width_deg >= 360
    first = (one.heading_deg or 0.0) - width_deg / 2
    angles = [math.radians(first + width_deg * at / steps) for at in range(steps + (not whole))]
    arc = [(one.x + range_m * math.sin(angle), one.y + range_m * math.cos(angle)) for angle in angles]
    return Polygon(arc if whole else [(one.x, one.y), *arc])


def _connections(design: Design) -> Iterator[Item]:
    frame = design.site.frame
    at = {one.id: (one.lon, one.lat, one.height_m) for one in devices(design)}
    for put in design.radio.put_up if design.radio else ():
        at[put.id] = (*frame.degrees(put.x, put.y), put.height_m)
        about: dict[str, Value] = {"role": put.role, "part": put.part, "height_m": put.height_m, "put_up": True}
        yield Item("device", put.id, put.id, Point(*at[put.id]), about)
    for link in design.radio.links if design.radio else ():
        if link.rate is not None:
            ends = LineString([at[end] for end in (link.a, link.b)])
            about = {
                "radio": link.radio,
                "rate": link.rate,
                "metres": link.metres,
                "margin_db": link.margin_db,
                "used": link.used,
            }
            yield Item("link", f"{link.a}--{link.b}", link.ends, ends, about)
    for row in design.cables.rows if design.cables else ():
        if len(row.places) > 1:
            way = frame.to_degrees(shapely.LineString(row.places))
            said: dict[str, Value] = {
                "part": row.part,
                "from": row.source,
                "to": row.device,
                "use": row.use,
                "metres": row.metres,
            }
            yield Item("cable", row.id, f"cable {row.id}", way, said)
