"""Polygons that cross themselves, mended and noted; for a whole survey at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import shapely
from shapely.geometry import GeometryCollection, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.site.survey.feature import Feature, Notes
from seamline.site.survey.shapes import outside


def mended(features: Sequence[Feature], notes: Notes) -> list[Feature]:
    """The features, each valid; of one that was not, what it encloses."""
    valid = shapely.is_valid(np.array([feature.geometry for feature in features], dtype=object))
    kept = (feature if good else repaired(feature, notes) for feature, good in zip(features, valid, strict=True))
    return [feature for feature in kept if feature is not None]


def repaired(feature: Feature, notes: Notes) -> Feature | None:
    """A feature whose shape contradicts itself, without doing so; None when nothing is left of it."""
    name = feature.properties.get("name") or "without a name"
    why = shapely.is_valid_reason(feature.geometry).partition("[")[0].lower()
    found = sound(feature.geometry)
    if found.is_empty:
        return notes.left_out(f"{feature.geometry.geom_type} {name!r}: nothing is left of it ({why})", feature.line)
    kept = "what it encloses" if isinstance(feature.geometry, (Polygon, MultiPolygon)) else "what is sound of it"
    notes.repaired(f"{feature.geometry.geom_type} {name!r}: {why}; {kept} is kept", feature.line)
    return Feature(found, feature.properties, feature.line)


def sound(geometry: BaseGeometry) -> BaseGeometry:
    """The same without contradictions: a polygon is what its outer ring encloses, less what its holes do."""
    if geometry.is_valid:
        return geometry
    if isinstance(geometry, Polygon):
        shell = areas(Polygon(geometry.exterior))
        holes = [areas(Polygon(hole)) for hole in geometry.interiors]
        return areas(shapely.difference(shell, shapely.union_all(holes))) if holes else shell
    if isinstance(geometry, MultiPolygon):
        return areas(shapely.union_all([sound(part) for part in geometry.geoms]))
    if isinstance(geometry, GeometryCollection):
        return GeometryCollection(
            [part for part in map(sound, cast("Sequence[BaseGeometry]", geometry.geoms)) if not part.is_empty]
        )
    if isinstance(geometry, MultiLineString):
        return MultiLineString([part for part in geometry.geoms if part.is_valid])
    return type(geometry)()  # a line between two equal places


def areas(geometry: BaseGeometry) -> BaseGeometry:
    """What a shape encloses, and nothing else of it."""
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    found = [part for part in getattr(made, "geoms", [made]) if isinstance(part, (Polygon, MultiPolygon))]
    return shapely.union_all(found) if found else Polygon()


def on_earth(features: Sequence[Feature], notes: Notes) -> list[Feature]:
    """The features that lie where longitudes and latitudes are; notes on the others."""
    wrong = outside(np.array([feature.geometry for feature in features], dtype=object))
    for feature, bad in zip(features, wrong, strict=True):
        if bad:
            name = feature.properties.get("name") or "without a name"
            notes.left_out(f"feature {name!r}: a place that is not on earth; is the frame another?", feature.line)
    return [feature for feature, bad in zip(features, wrong, strict=True) if not bad]
