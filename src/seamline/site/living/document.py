"""The document that a plan is published as (`hub.api.site_models.SiteDocument`): lengths in metres of the local frame, masks as bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.contract import load_family
from seamline.site.catalogue.parts import Camera, Part, Sensor
from seamline.site.coverage.cover import Coverer
from seamline.site.coverage.observing import part_of
from seamline.site.documents.content import content_of
from seamline.site.living.cells import Cells, Row, bits_of
from seamline.site.living.remedies import Remedy, remedies
from seamline.site.plan.model import Gateway, Meaning, Node
from seamline.site.plan.site import Fixed, Site, Thing

FORMAT: Final = "seamline-site/1"
Json = dict[str, object]
Points = list[tuple[float, float]]


def document_of(site: Site) -> Json:
    """What `seamline site publish` sends: JSON values only. Raises SiteError, and ContractErrors of a node's product."""
    coverer = Coverer(site)
    cells = Cells(coverer)
    observing = {ident: found for ident, found in site.nodes.items() if part_of(found[0], site.plan.catalogue) is not None}
    seen = cells.seen(observing)
    lon, lat = site.frame.degrees(0.0, 0.0)
    west, south, east, north = site.boundary.bounds
    products = {node.product: _product(site, node.product) for node, _ in site.nodes.values() if node.product is not None}
    return {
        "format": FORMAT,
        "title": site.plan.title,
        "hash": content_of(site.plan).hash,
        "frame": {
            "lon": lon,
            "lat": lat,
            "convergence_deg": round(site.frame.convergence((west + east) / 2, (south + north) / 2), 4),
        },
        "boundary": polygons_of(site.boundary),
        "things": [_thing(thing) for thing in site.things if thing.meaning is not Meaning.IGNORE],
        "nodes": [
            *(_node(site, node, at, products.get(node.product or "")) for node, at in site.nodes.values()),
            *(_gateway(site, gateway, at) for gateway, at in site.gateways.values()),
        ],
        "zones": _zones(coverer, cells, seen),
        "remedies": [_remedy(cells, it) for it in remedies(site, cells, seen)],
    }


def _zones(coverer: Coverer, cells: Cells, seen: Mapping[str, Row]) -> list[Json]:
    found: list[Json] = []
    for ident, zone in coverer.zones.items():
        if not zone.cells:
            continue
        needs: list[Json] = []
        for span in cells.spans:
            if span.zone != ident:
                continue
            need = zone.zone.needs[span.need]
            rows = {node: row[span.start : span.end] for node, row in seen.items()}
            needs.append(
                {
                    "kind": need.kind,
                    "of": need.of,
                    "k": need.k,
                    "share": need.share,
                    "seen": {node: bits_of(row) for node, row in rows.items() if row.any()},
                }
            )
        grid = zone.grid
        found.append(
            {
                "id": ident,
                "title": zone.zone.title,
                "columns": grid.columns,
                "rows": grid.rows,
                "west": grid.west,
                "south": grid.south,
                "cell": grid.cell,
                "polygons": polygons_of(coverer.site.zones[ident].area),
                "inside": bits_of(zone.inside),
                "needs": needs,
            }
        )
    return found


def _node(site: Site, node: Node, at: Fixed, product: str | None) -> Json:
    part = part_of(node, site.plan.catalogue)
    hfov, reach = _field(part, node.lens)
    return {
        "id": node.id,
        "title": node.title,
        "kind": "relay" if part is None else "camera" if isinstance(part, Camera) else "sensor",
        "part": node.part,
        "product": product,
        **_at(site, at),
        "height_m": node.height_m,
        "heading_deg": node.heading_deg,
        "tilt_deg": node.tilt_deg,
        "hfov_deg": hfov,
        "range_m": reach,
    }


def _gateway(site: Site, gateway: Gateway, at: Fixed) -> Json:
    return {
        "id": gateway.id,
        "title": gateway.title,
        "kind": "gateway",
        "part": gateway.part,
        "product": None,
        **_at(site, at),
        "height_m": gateway.height_m,
        "heading_deg": 0.0,
        "tilt_deg": 0.0,
        "hfov_deg": None,
        "range_m": None,
    }


def _at(site: Site, at: Fixed) -> Json:
    lon, lat = site.frame.degrees(at.x, at.y)
    return {"x": round(at.x, 2), "y": round(at.y, 2), "lon": lon, "lat": lat}


def _field(part: Part | None, lens: str | None) -> tuple[float | None, float | None]:
    """How wide and far a part looks."""
    if isinstance(part, Sensor):
        return part.width_deg, part.range_m
    if isinstance(part, Camera):
        found = part.lens(lens)
        return (None if found is None else found.hfov_deg), part.range_m
    return None, None


def _product(site: Site, folder: str) -> str:
    """The name of a product by the folder of its contract."""
    return load_family(site.plan.beside(folder)).product


def _thing(thing: Thing) -> Json:
    polygons = polygons_of(thing.geometry)
    lines = [points_of(part) for part in parts_of(thing.geometry) if isinstance(part, LineString)]
    points = [point for part in parts_of(thing.geometry) if part.geom_type == "Point" for point in points_of(part)]
    return {
        "id": thing.id,
        "meaning": thing.meaning.value,
        "height_m": thing.height_m,
        "polygons": polygons,
        "lines": lines,
        "points": points,
    }


def _remedy(cells: Cells, it: Remedy) -> Json:
    return {
        "dark": it.dark,
        "kind": it.kind,
        "node": None if it.kind == "add" else it.node.id,
        "part": it.node.part,
        "lens": it.node.lens,
        "where": it.where,
        "x": round(it.at.x, 2),
        "y": round(it.at.y, 2),
        "height_m": it.node.height_m,
        "heading_deg": it.node.heading_deg,
        "tilt_deg": it.node.tilt_deg,
        "seen": [{"zone": span.zone, "need": span.need, "bits": bits_of(part)} for span, part in cells.parts(it.row)],
    }


def parts_of(geometry: BaseGeometry) -> list[BaseGeometry]:
    """A geometry's simple parts."""
    found = getattr(geometry, "geoms", None)
    return [geometry] if found is None else [part for one in found for part in parts_of(one)]


def polygons_of(geometry: BaseGeometry | Polygon | MultiPolygon) -> list[list[Points]]:
    """Its polygons, each as its outer ring and its holes."""
    return [
        [points_of(ring) for ring in (part.exterior, *part.interiors)]
        for part in parts_of(geometry)
        if isinstance(part, Polygon) and not part.is_empty
    ]


def points_of(geometry: BaseGeometry) -> Points:
    """Its points, on whole centimetres."""
    return [(round(x, 2), round(y, 2)) for x, y in shapely.get_coordinates(geometry).tolist()]
