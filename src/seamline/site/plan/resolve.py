"""A plan and its survey into a site: one frame, every thing in metres, every place found; notes on all that is doubtful."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

import numpy as np
import shapely
from shapely.geometry import GeometryCollection, LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.contract.problems import ContractErrors, Report
from seamline.site.frame import CM, SiteError
from seamline.site.plan.anchoring import areal, ground_of
from seamline.site.plan.loader import PLAN
from seamline.site.plan.model import Meaning, Place, Plan
from seamline.site.plan.placing import Finder
from seamline.site.plan.site import Areal, Fixed, Site, SiteZone, Thing
from seamline.site.plan.terrain import Relief, relief_of
from seamline.site.plan.things import Ground, Noted, Surveyed, surveyed, things_of
from seamline.site.scene import Grid, Solid
from seamline.site.survey import SurveyError, read

HIDING: Final = frozenset({Meaning.BUILDING, Meaning.OBSTRUCTION})
BESIDE_M: Final = 1.0
"""How far a node may be from the survey's device that it stands for."""
CLOSED: Final = frozenset({Meaning.EXCLUSION, Meaning.WATER})
NOTES_SHOWN: Final = 10
"""Notes on a survey that are shown with the problem that nothing can be placed by it."""


class Placed(Protocol):
    """Anything of a plan that has a place."""

    @property
    def place(self) -> Place:
        """Where it is."""
        ...


P = TypeVar("P", bound=Placed)


def resolve(plan: Plan) -> Site:
    """The site of a plan. ContractErrors with the plan's places when something that it names is not in the survey or cannot be read."""
    report = Report(str(plan.file), PLAN)
    report.places = dict(plan.places)
    notes = Noted()
    files = read_survey(plan, report, notes)
    refuse(report)
    try:
        ground = ground_of(files, plan, notes)
    except SiteError as error:
        unplaced(str(error), files, report, notes)
        raise ContractErrors(report.problems) from None
    return Resolver(plan, ground, things_of(files, plan, ground, notes), report, notes).site()


def read_survey(plan: Plan, report: Report, notes: Noted) -> list[Surveyed]:
    """Every file of the survey; a problem for each that cannot be read."""
    found: list[Surveyed] = []
    for at, file in enumerate(plan.survey.files):
        try:
            survey = read(plan.beside(file.path), file.crs)
        except SurveyError as error:
            report.add(
                "SL302", report.place(f"survey.files.{at}"), str(error), fix="'seamline site convert' says more about a file"
            )
            continue
        for note in survey.notes:
            where = f"{file.path}:{note.line}" if note.line else file.path
            times = f" ({note.count} times)" if note.count > 1 else ""
            notes.add(note.kind, where, f"{note.what}{times}", "correct it in the survey if it matters")
        found.append(surveyed(file, survey, plan))
    return found


def unplaced(why: str, files: Sequence[Surveyed], report: Report, notes: Noted) -> None:
    """The problem of a survey that says not where the site is, with all that was noted on it: there is no site to show the notes."""
    if "EPSG" in why:
        fix = "name a frame in metres that is made for the region, or leave 'frame' out"
        report.add("SL301", report.place("frame"), why, fix=fix)
        return
    for file in files:
        file.meant(notes)
    place = report.place("survey")
    related = [(place, str(note)) for note in notes.all[:NOTES_SHOWN]]
    if len(notes.all) > NOTES_SHOWN:
        related.append((place, f"and {len(notes.all) - NOTES_SHOWN} more"))
    fix = "'seamline site convert FILE -o -' shows what a file of the survey has"
    report.add("SL301", place, why, fix=fix, related=tuple(related))


def refuse(report: Report) -> None:
    """Raise ContractErrors when there are problems."""
    if report.count:
        raise ContractErrors(report.problems)


class Resolver:
    """Works out one plan, part after part."""

    def __init__(self, plan: Plan, ground: Ground, things: tuple[Thing, ...], report: Report, notes: Noted) -> None:
        self.plan = plan
        self.ground = ground
        self.things = things
        self.report = report
        self.notes = notes
        self.finder = Finder(ground, things, report)

    def site(self) -> Site:
        """The whole site."""
        plan = self.plan
        zones = {ident: SiteZone(zone, self.finder.area(zone.area, f"zones.{ident}.area")) for ident, zone in plan.zones.items()}
        spots = {
            section: {ident: self.finder.point(device.place, f"{section}.{ident}.place") for ident, device in devices.items()}
            for section, devices in (("nodes", plan.nodes), ("gateways", plan.gateways), ("supplies", plan.supplies))
        }
        routes = self.routes()
        refuse(self.report)
        grid = self.grid([zone.area for zone in zones.values()], [spot for found in spots.values() for spot in found.values()])
        relief = self.relief(grid)
        refuse(self.report)
        solids = self.solids(relief)
        site = Site(
            plan=plan,
            frame=self.ground.frame,
            boundary=areal(self.ground.boundary),
            things=self.things,
            solids=solids,
            grid=grid,
            ground=relief.heights,
            level=relief.level,
            zones=zones,
            exclusion=closed(self.things),
            nodes=fixed(plan.nodes, spots["nodes"], relief),
            gateways=fixed(plan.gateways, spots["gateways"], relief),
            supplies=fixed(plan.supplies, spots["supplies"], relief),
            routes=routes,
            notes=(),
        )
        self.doubts(site)
        return replace(site, notes=tuple(self.notes.all))

    def routes(self) -> tuple[BaseGeometry, ...]:
        """Where cables may run: the survey's routes, then the plan's lines."""
        found = [thing.geometry for thing in self.things if thing.meaning is Meaning.ROUTE]
        for ident, line in self.plan.routes.lines.items():
            corners = [self.finder.point(place, f"routes.lines.{ident}.{at}") for at, place in enumerate(line)]
            if len(set(corners)) > 1:
                found.append(LineString(corners))
        return tuple(found)

    def grid(self, areas: Sequence[Areal], spots: Sequence[tuple[float, float]]) -> Grid:
        """The site's cells, over its boundary, zones and devices, with corners at whole cells from the anchor."""
        cell = self.plan.cell_m
        places = GeometryCollection([self.ground.boundary, *areas, *(Point(spot) for spot in spots)])
        west, south, east, north = places.bounds
        first = (math.floor(round(west / cell, 6)), math.floor(round(south / cell, 6)))
        last = (math.ceil(round(east / cell, 6)), math.ceil(round(north / cell, 6)))
        step = round(cell * CM)
        try:
            return Grid(last[0] - first[0], last[1] - first[1], first[0] * step / CM, first[1] * step / CM, cell)
        except SiteError as error:
            self.report.add("SL306", self.report.place("grid.cell"), str(error), fix="is something drawn far from the site?")
        return Grid(1, 1, 0.0, 0.0, cell)

    def relief(self, grid: Grid) -> Relief:
        """The ground; a note where it had no height."""
        terrain = self.plan.terrain
        if terrain is None or self.report.count:
            return Relief(grid)
        try:
            found = relief_of(grid, self.ground.frame, terrain, self.plan.beside(terrain.path))
        except SiteError as error:
            self.report.add(
                "SL307", self.report.place("terrain.path"), str(error), fix="give a GeoTIFF of heights that covers the site"
            )
            return Relief(grid)
        if found.hole is not None:
            lon, lat = self.ground.frame.degrees(*found.hole)
            what = f"no height in {found.filled} cells ({found.filled * grid.cell**2:.1f} m2), the first at {lon:.6f}, {lat:.6f}"
            self.notes.add("repaired", terrain.path, f"{what}; they are filled from their edges", "fill the holes in the file")
        return found

    def solids(self, relief: Relief) -> tuple[Solid, ...]:
        """What hides; on terrain it stands on the mean ground of its corners."""
        found: list[Solid] = []
        for thing in self.things:
            if thing.meaning not in HIDING or thing.height_m is None:
                continue
            corners = shapely.get_coordinates(thing.geometry).tolist()
            base = 0.0 if relief.heights is None else sum(relief.at(x, y) for x, y in corners) / len(corners)
            try:
                found.append(Solid.of(areal(thing.geometry), thing.height_m, thing.id, base=base))
            except SiteError as error:
                self.notes.add("left out", thing.origin, str(error), "correct it in the survey")
        return tuple(found)

    def doubts(self, site: Site) -> None:
        """Notes on devices that stand where none can, and on devices of the survey that the plan does not know."""
        areas = {thing.id: thing.geometry for thing in self.things}
        footprints = np.array([areas[solid.name] for solid in site.solids], dtype=object)
        for section, devices in (("nodes", site.nodes), ("gateways", site.gateways)):
            for ident, (device, at) in devices.items():
                where = str(site.plan.places[f"{section}.{ident}"])
                place, eye = Point(at.x, at.y), at.ground + device.height_m
                for at_solid in np.flatnonzero(shapely.contains_xy(footprints, at.x, at.y)).tolist():
                    solid = site.solids[at_solid]
                    top = solid.top_cm / CM
                    if eye < top and solid.footprint.contains(place):  # which is on whole centimetres: a wall is not inside
                        what = f"{ident} is inside {solid.name!r}, {top - eye:.1f} m below its top: it sees nothing of what is outside"
                        self.notes.add("doubt", where, what, "move it before the wall, or above the roof")
                if not site.boundary.buffer(1.0).covers(place):
                    self.notes.add("doubt", where, f"{ident} is outside the boundary", "move it, or extend the boundary")
                if not device.existing and site.exclusion.contains(place):
                    self.notes.add("doubt", where, f"{ident} is where nothing may be placed", "move it")
        known = [at for _, at in (*site.nodes.values(), *site.gateways.values())]
        for thing in self.things:
            if thing.meaning is Meaning.DEVICE and not any(Point(at.x, at.y).distance(thing.geometry) < BESIDE_M for at in known):
                what = f"the survey's device {thing.name!r} is none of the plan's nodes"
                self.notes.add("doubt", thing.origin, what, "add it under 'nodes' with 'existing: true'")


def closed(things: Sequence[Thing]) -> Areal:
    """Where nothing may be placed."""
    found = [thing.geometry for thing in things if thing.meaning in CLOSED]
    return areal(shapely.union_all(found)) if found else Polygon()


def fixed(devices: Mapping[str, P], spots: Mapping[str, tuple[float, float]], relief: Relief) -> dict[str, tuple[P, Fixed]]:
    """Devices with their places."""
    return {ident: (device, Fixed(*spots[ident], relief.at(*spots[ident]))) for ident, device in devices.items()}
