"""Finds where the plan's places and areas are: by degrees, local metres, or the name of something in the survey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from shapely.geometry import MultiPolygon, Point, Polygon

from seamline.contract.keys import nearest
from seamline.contract.problems import Report, shown
from seamline.site.frame import SiteError
from seamline.site.plan.anchoring import areal
from seamline.site.plan.matching import refers
from seamline.site.plan.model import Area, Meaning, Place
from seamline.site.plan.shaping import POINTS
from seamline.site.plan.site import Areal, Thing
from seamline.site.plan.things import AREA_LEAST_M2, FAR_M, Ground
from seamline.site.survey.repair import areas

NOWHERE: Final = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Finder:
    """What places refer to; problems go to the report, at the place in the plan that asks."""

    ground: Ground
    things: Sequence[Thing]
    report: Report

    def point(self, place: Place, path: str) -> tuple[float, float]:
        """A place in local metres; a problem when there is none, or it is far from the site."""
        if place.kind == "feature":
            found = self.feature(place.feature or "", path)
        elif place.kind == "lonlat":
            found = self.degrees(place.lon or 0.0, place.lat or 0.0, path)
        else:
            found = (place.x_m or 0.0, place.y_m or 0.0)
        away = 0.0 if found is None else Point(found).distance(self.ground.boundary)
        if away > FAR_M:
            fix = "are degrees taken for metres, or longitude and latitude exchanged?"
            self.report.add("SL303", self.report.place(path), f"this place is {away / 1000:,.0f} km from the site", fix=fix)
        return found or NOWHERE

    def degrees(self, lon: float, lat: float, path: str) -> tuple[float, float] | None:
        """A place in degrees."""
        try:
            return self.ground.frame.local(lon, lat)
        except SiteError as error:
            self.report.add("SL303", self.report.place(path), str(error), fix="write {lon: ..., lat: ...} in degrees")
        return None

    def feature(self, glob: str, path: str) -> tuple[float, float] | None:
        """The one thing of that name as a place: a point, or one within an area."""
        found = [thing for thing in self.things if refers(glob, thing.folder, thing.name)]
        pointed = [thing for thing in found if thing.meaning in POINTS]
        found = pointed or found
        if len(found) != 1:
            what = (
                f"{len(found)} features are named {shown(glob)}" if found else f"no feature of the survey is named {shown(glob)}"
            )
            self.report.add("SL304", self.report.place(path), what, fix=self.meant(glob, found))
            return None
        where = found[0].geometry.representative_point()
        return float(where.x), float(where.y)

    def meant(self, glob: str, found: Sequence[Thing]) -> str:
        """What a name that fits nothing, or several, should have been."""
        if found:
            return f"write folder and name: {', '.join(sorted({f'{thing.folder}/{thing.name}' for thing in found})[:4])}"
        close = nearest(self.report, glob, [thing.name for thing in self.things])
        return f"write '{close}'" if close else "'seamline site preview' lists what the survey has; a rule must say what it means"

    def area(self, area: Area, path: str) -> Areal:
        """A zone's area in local metres; of several features of that name all."""
        if area.kind == "boundary":
            return areal(self.ground.boundary)
        if area.kind == "feature":
            return self.drawn(area.feature or "", path)
        corners = area.ring
        if area.kind == "lonlat":
            corners = tuple(self.degrees(lon, lat, path) or NOWHERE for lon, lat in area.ring)
        ring = Polygon(corners)
        found = ring if ring.is_valid else areas(ring)
        if found.area < AREA_LEAST_M2:
            self.report.add("SL305", self.report.place(path), "this ring encloses nothing", fix="give its corners in their order")
            return Polygon()
        if found.distance(self.ground.boundary) > FAR_M:
            fix = "are degrees taken for metres, or longitude and latitude exchanged?"
            self.report.add("SL303", self.report.place(path), "this ring is far from the site", fix=fix)
        return areal(found)

    def drawn(self, glob: str, path: str) -> Areal:
        """The areas of the survey with that name: zones, if there are any, else other areas."""
        found = [
            thing
            for thing in self.things
            if refers(glob, thing.folder, thing.name) and isinstance(thing.geometry, (Polygon, MultiPolygon))
        ]
        zones = [thing for thing in found if thing.meaning is Meaning.ZONE]
        if not found:
            what = f"no area of the survey is named {shown(glob)}"
            self.report.add("SL304", self.report.place(path), what, fix=self.meant(glob, ()))
            return Polygon()
        return areal(shapely.union_all([thing.geometry for thing in zones or found]))
