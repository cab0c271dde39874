"""Where a site is: its boundary, and the frame that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely.geometry import MultiPoint
from shapely.geometry.base import BaseGeometry

from seamline.site.frame import SiteError
from seamline.site.plan.local import LocalFrame, anchor_of, made_for, projected, tangent, utm_of
from seamline.site.plan.model import Frame, Meaning, Plan
from seamline.site.plan.shaping import area
from seamline.site.plan.site import Areal
from seamline.site.plan.things import FAR_M, Ground, Noted, Surveyed, apart, label
from seamline.site.survey import Feature

MARGIN_M: Final = 10.0
"""How far beyond its things a site reaches that has no boundary."""


def ground_of(files: Sequence[Surveyed], plan: Plan, notes: Noted) -> Ground:
    """The site's frame and boundary; SiteError when there is nothing to go by, or it is larger than can be worked with."""
    bounding = [(file, feature) for file, feature, meaning in meanings(files, plan) if meaning is Meaning.BOUNDARY]
    features = [feature for _, feature in bounding] or clustered(files, plan)
    bounds = np.array([feature.geometry.bounds for feature in features])
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    middle = ((west + east) / 2, (south + north) / 2)
    radius = apart((west, south), (east, north)) / 2
    if radius > FAR_M:
        raise SiteError(
            f"the site reaches {2 * radius / 1000:,.0f} km ({label(features[0])} and others); the most is {2 * FAR_M / 1000:g} km. "
            "Is a file in another frame than it says?"
        )
    frame = frame_of(plan.frame, middle)
    outline = bounded(bounding, frame, notes) if bounding else hull(features, frame, notes)
    if plan.frame.anchor_m is not None or plan.frame.kind == "origin":
        return Ground(frame, outline, middle, radius)
    anchor = anchor_of(*outline.bounds[:2])
    moved = LocalFrame(frame.crs, anchor, frame.code)
    return Ground(moved, shapely.transform(outline, lambda places: places - anchor), middle, radius)


def meanings(files: Sequence[Surveyed], plan: Plan) -> list[tuple[Surveyed, Feature, Meaning]]:
    """Every feature that a rule matched, with what it means."""
    return [
        (file, feature, plan.survey.rules[rule].meaning)
        for file in files
        for feature, rule in zip(file.features, file.rules, strict=True)
        if rule is not None
    ]


def clustered(files: Sequence[Surveyed], plan: Plan) -> list[Feature]:
    """Without a boundary: the features about the middle one, so that what lies in another frame does not count."""
    features = [feature for _, feature, meaning in meanings(files, plan) if meaning is not Meaning.IGNORE]
    if not features:
        raise SiteError("no feature of the survey has a meaning; add rules under 'survey', one of them with 'is: boundary'")
    centres = np.array([feature.geometry.bounds for feature in features]).reshape(-1, 2, 2).mean(axis=1)
    lon, lat = np.median(centres, axis=0).tolist()
    near = [
        feature
        for feature, centre in zip(features, centres.tolist(), strict=True)
        if apart((lon, lat), (centre[0], centre[1])) < FAR_M / 2
    ]
    return near or features[:1]


def frame_of(frame: Frame, middle: tuple[float, float]) -> LocalFrame:
    """The local frame that a plan asks for."""
    anchor = frame.anchor_m or (0.0, 0.0)
    if frame.kind == "origin":
        return LocalFrame(tangent(frame.lon or 0.0, frame.lat or 0.0), anchor)
    code = frame.epsg if frame.kind == "epsg" else utm_of(*middle)
    assert code is not None  # noqa: S101  (the loader reads the code with the kind)
    crs = projected(code)
    if not made_for(code, *middle):
        swapped = "; are longitude and latitude exchanged in the survey?" if made_for(code, middle[1], middle[0]) else ""
        raise SiteError(
            f"{crs} is not made for a site at {middle[0]:.3f}, {middle[1]:.3f}; name the frame of that region{swapped}"
        )
    return LocalFrame(crs, anchor, code)


def bounded(bounding: Sequence[tuple[Surveyed, Feature]], frame: LocalFrame, notes: Noted) -> Areal:
    """The boundary that was drawn, all parts of it together."""
    parts: list[BaseGeometry] = []
    for file, feature in bounding:
        made, done = area(frame.to_local(feature.geometry))
        if made is None:
            notes.add("left out", file.where(feature), f"{label(feature)}: {done}", "draw the boundary as a polygon")
        else:
            parts.append(made)
    if not parts:
        raise SiteError(f"the boundary ({label(bounding[0][1])}) encloses nothing; draw it as a polygon")
    return areal(shapely.union_all(parts))


def hull(features: Sequence[Feature], frame: LocalFrame, notes: Noted) -> Areal:
    """A boundary about everything, where none was drawn."""
    what = f"no feature means 'boundary'; what lies {MARGIN_M:g} m about all others is taken"
    notes.add("doubt", "survey", what, "draw one, and add a rule with 'is: boundary'")
    corners = np.concatenate(
        [shapely.get_coordinates(geometry) for geometry in frame.to_local_all([one.geometry for one in features])]
    )
    return areal(MultiPoint(corners).convex_hull.buffer(MARGIN_M, quad_segs=4))


def areal(geometry: BaseGeometry) -> Areal:
    """A geometry that is known to be polygons, as such."""
    assert isinstance(geometry, Areal)  # noqa: S101  (unions of polygons are)
    return geometry
