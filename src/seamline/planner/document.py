"""The site as the page takes it: geometry in metres, and all that the kernel in the page needs to see what is seen here."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from seamline.planner.desk import Desk
from seamline.site.catalogue.parts import Camera, Part, Sensor
from seamline.site.coverage.zones import ZoneCells
from seamline.site.frame import CM
from seamline.site.living.cells import bits_of
from seamline.site.living.document import parts_of, points_of, polygons_of
from seamline.site.plan.model import Meaning, Need, Node
from seamline.site.plan.site import Fixed, Site, Thing
from seamline.site.scene import Grid, Scene

Json = dict[str, object]


def site_json(desk: Desk) -> Json:
    """Everything about a plan on the desk; masks as base64 of bits, heights as base64 of little-endian int32 centimetres."""
    site, plan = desk.site, desk.plan
    lon, lat = site.frame.degrees(0.0, 0.0)
    grid = site.grid
    return {
        "name": plan.name,
        "title": plan.title,
        "file": plan.file.name,
        "variant": plan.variant,
        "variants": [{"id": one.id, "title": one.title} for one in plan.variants.values()],
        "content": desk.content,
        "currency": plan.prices.currency,
        "budget_cents": None if plan.prices.budget is None else plan.prices.budget.cents,
        "frame": {"crs": site.frame.crs, "lon": lon, "lat": lat},
        "grid": grid_json(grid),
        "boundary": polygons_of(site.boundary),
        "things": [thing_json(thing) for thing in site.things if thing.meaning is not Meaning.IGNORE],
        "solids": [{"name": solid.name, "rings": solid.rings, "top": solid.top_cm} for solid in site.solids],
        "ground": ground_json(desk),
        "zones": [zone_json(cells) for cells in desk.coverer.zones.values()],
        "catalogue": {part.id: part_json(part) for part in observing(desk)},
        "nodes": [node_json(node, at) for node, at in site.nodes.values()],
        "stations": stations_json(site),
        "survey": survey_json(desk),
        "can_place": bool(plan.mountings and plan.zones),
        "notes": [{"kind": note.kind, "where": note.where, "what": note.what, "remedy": note.remedy} for note in site.notes],
    }


def stations_json(site: Site) -> list[Json]:
    """Gateways, then supplies: where they stand, on whole centimetres. A supply has no height."""
    found: list[Json] = []
    for one, at in site.gateways.values():
        more: Json = {"height_m": one.height_m, "part": one.part, "existing": one.existing}
        found.append({"section": "gateways", "id": one.id, "title": one.title, "x": round(at.x, 2), "y": round(at.y, 2)} | more)
    for one, at in site.supplies.values():
        more = {"height_m": None, "part": one.switch, "existing": False}
        found.append({"section": "supplies", "id": one.id, "title": one.title, "x": round(at.x, 2), "y": round(at.y, 2)} | more)
    return found


def survey_json(desk: Desk) -> Json:
    """The survey's files, and which of them are not saved yet."""
    files = [file.path for file in desk.plan.survey.files]
    return {"files": files, "new": [survey.name for survey in desk.surveys]}


def grid_json(grid: Grid) -> Json:
    """A grid in metres."""
    return {"columns": grid.columns, "rows": grid.rows, "west": grid.west, "south": grid.south, "cell": grid.cell}


def thing_json(thing: Thing) -> Json:
    """A thing of the survey."""
    return {
        "id": thing.id,
        "name": thing.name,
        "meaning": thing.meaning.value,
        "height_m": thing.height_m,
        **shapes_json(thing.geometry),
    }


def shapes_json(geometry: BaseGeometry) -> Json:
    """A geometry by its kinds."""
    parts = parts_of(geometry)
    return {
        "polygons": polygons_of(geometry),
        "lines": [points_of(part) for part in parts if isinstance(part, LineString)],
        "points": [point for part in parts if part.geom_type == "Point" for point in points_of(part)],
    }


def node_json(node: Node, at: Fixed) -> Json:
    """A node where it stands, on whole centimetres."""
    return {
        "id": node.id,
        "title": node.title,
        "part": node.part,
        "x": round(at.x, 2),
        "y": round(at.y, 2),
        "height_m": node.height_m,
        "heading_deg": node.heading_deg,
        "tilt_deg": node.tilt_deg,
        "lens": node.lens,
        "with_parts": list(node.with_parts),
        "existing": node.existing,
    }


def observing(desk: Desk) -> Sequence[Part]:
    """The cameras and sensors of the catalogue."""
    return [part for part in desk.plan.catalogue.parts.values() if isinstance(part, (Camera, Sensor))]


def part_json(part: Part) -> Json:
    """What a part sees, as the page works it out."""
    found: Json = {
        "kind": part.kind,
        "title": part.title,
        "range_m": None,
        "lenses": [],
        "pixels": None,
        "senses": None,
        "width_deg": None,
        "sight": None,
    }
    if isinstance(part, Camera):
        lenses = [{"name": lens.name, "hfov_deg": lens.hfov_deg, "vfov_deg": lens.vfov_deg} for lens in part.lenses]
        found |= {"range_m": part.range_m, "lenses": lenses, "pixels": part.pixels}
    if isinstance(part, Sensor):
        found |= {"range_m": part.range_m, "senses": part.senses, "width_deg": part.width_deg, "sight": part.sight}
    return found


def zone_json(cells: ZoneCells) -> Json:
    """A zone, its needs, and how the kernel is to be asked about it."""
    zone = cells.zone
    densities = densities_of(zone.needs)
    return {
        "id": zone.id,
        "title": zone.title,
        "weight": zone.weight,
        "polygons": polygons_of(cells.site.zones[zone.id].area),
        "grid": grid_json(cells.grid),
        "inside": bits_of(cells.inside),
        "cells": cells.cells,
        "target_m": zone.target_m,
        "densities": densities,
        "needs": [need_json(need, densities) for need in zone.needs],
        "passes": [pass_json(one) for one in passes_of(cells)],
        "cut": list(cells.offset) if cells.site.ground is not None else [0, 0],
    }


def densities_of(needs: Sequence[Need]) -> list[float]:
    """The pixel densities of a zone's needs: levels of one mask."""
    return sorted({need.px_per_m for need in needs if need.px_per_m is not None})


def need_json(need: Need, densities: Sequence[float]) -> Json:
    """A need; `least` is the level that a mask must reach."""
    return {
        "kind": need.kind,
        "of": need.of,
        "k": need.k,
        "share": need.share,
        "px_per_m": need.px_per_m,
        "edition": need.edition,
        "least": 1 if need.px_per_m is None else 2 + densities.index(need.px_per_m),
    }


Pass = tuple[Grid, int, tuple[int, int], NDArray[np.bool_] | None, NDArray[np.int32] | None]
"""A grid, the height of its targets, where it lies in the zone's grid, which of its cells count (None: all), and over terrain the
height of each target where it is not the ground's and as much above it everywhere."""


def passes_of(cells: ZoneCells) -> list[Pass]:
    """What the kernel is asked, one after the other, for a zone's mask: the ground, then each roof. See Scene.mask."""
    zone, site, above = cells.zone, cells.site, round(cells.zone.target_m * CM)
    if site.ground is not None:
        ground = cells.scene.ground
        targets = None
        if zone.roofs and ground is not None:
            targets = ground + np.int32(above)
            for solid in site.solids:
                targets[site.grid.within(solid.footprint)] = solid.top_cm + above
        return [(site.grid, above, (0, 0), None, targets)]
    found: list[Pass] = [(cells.grid, above, (0, 0), None, None)]
    for solid in site.solids if zone.roofs else ():
        on_roof = cells.grid.within(solid.footprint)
        if on_roof.any():
            rows, columns = np.flatnonzero(on_roof.any(axis=1)), np.flatnonzero(on_roof.any(axis=0))
            south, north, west, east = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
            grid, cell = cells.grid, cells.grid.cell
            part = Grid(east - west + 1, north - south + 1, grid.west + west * cell, grid.south + south * cell, cell)
            found.append((part, solid.top_cm + above, (west, south), on_roof[south : north + 1, west : east + 1], None))
    return found


def pass_json(one: Pass) -> Json:
    """A question to the kernel."""
    grid, target, at, only, targets = one
    return {
        "cells": list(grid.cells),
        "target": target,
        "at": list(at),
        "only": None if only is None else bits_of(only),
        "targets": None if targets is None else numbers(targets),
    }


def ground_json(desk: Desk) -> Json | None:
    """The ground, in centimetres above its level (metres above the datum); None where it is flat."""
    site = desk.site
    if site.ground is None:
        return None
    heights = Scene(site.grid, (), site.ground).ground
    return {"cells": list(site.grid.cells), "heights": "" if heights is None else numbers(heights), "level_m": site.level}


def numbers(values: NDArray[np.int32]) -> str:
    """Whole numbers as base64 of little-endian int32."""
    return base64.b64encode(np.ascontiguousarray(values, "<i4").tobytes()).decode()
