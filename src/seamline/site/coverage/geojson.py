"""Coverage as GeoJSON (RFC 7946): zones with their shares, blind spots with their causes, and the nodes."""

from __future__ import annotations

from typing import cast

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from seamline.site.coverage.result import BlindSpot, Coverage, NeedCoverage
from seamline.site.plan.site import Site

Json = dict[str, object]


def as_geojson(site: Site, coverage: Coverage) -> Json:
    """A FeatureCollection in longitude and latitude; `layer` says whether a feature is a zone, a blind spot or a node."""
    features: list[Json] = []
    for ident, found in coverage.zones.items():
        needs = [need_json(need) for need in found.needs]
        properties: Json = {"layer": "zone", "id": ident, "area_m2": round(found.area_m2, 2), "met": found.met, "needs": needs}
        features.append(feature(site, site.zones[ident].area, properties))
    for found in coverage.zones.values():
        for number, need in enumerate(found.needs):
            features += [feature(site, spot.area, {**spot_json(spot), "need": number}) for spot in need.blind]
    for ident, (node, at) in site.nodes.items():
        lon, lat = site.frame.degrees(at.x, at.y)
        heading = round((node.heading_deg + site.frame.convergence(at.x, at.y)) % 360, 2)
        about: Json = {"layer": "node", "id": ident, "part": node.part, "height_m": node.height_m, "bearing_deg": heading}
        features.append({"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": about})
    return {"type": "FeatureCollection", "features": features}


def feature(site: Site, geometry: BaseGeometry, properties: Json) -> Json:
    """A geometry of the local frame as a feature."""
    degrees = cast("Json", mapping(site.frame.to_degrees(geometry)))
    return {"type": "Feature", "geometry": degrees, "properties": properties}


def need_json(need: NeedCoverage) -> Json:
    """A need and how well it is met."""
    asked = need.need
    return {
        "kind": asked.kind,
        "of": asked.of,
        "edition": asked.edition,
        "px_per_m": asked.px_per_m,
        "k": asked.k,
        "share_asked": asked.share,
        "share": round(need.share, 6),
        "met": need.met,
        "cells": need.cells,
        "covered": need.covered,
        "histogram": list(need.histogram),
        "seen": dict(need.seen),
        "alone": dict(need.alone),
    }


def spot_json(spot: BlindSpot) -> Json:
    """A blind spot."""
    causes = [{"kind": one.kind, "what": one.what, "area_m2": round(one.area_m2, 2)} for one in spot.causes]
    return {"layer": "blind spot", "id": spot.id, "area_m2": round(spot.area_m2, 2), "causes": causes}


def as_json(site: Site, coverage: Coverage) -> Json:
    """Coverage as one document: zones, their needs, and the blind spots of each."""
    return {
        "site": site.plan.name,
        "variant": site.plan.variant,
        "met": coverage.met,
        "score": round(coverage.score, 6),
        "cell_m": site.grid.cell,
        "zones": [
            {
                "id": ident,
                "title": site.zones[ident].zone.title,
                "area_m2": round(found.area_m2, 2),
                "met": found.met,
                "needs": [{**need_json(need), "blind": [spot_json(spot) for spot in need.blind]} for need in found.needs],
            }
            for ident, found in coverage.zones.items()
        ],
        "notes": [{"kind": note.kind, "where": note.where, "what": note.what, "remedy": note.remedy} for note in site.notes],
    }
