"""Polygons that cross themselves, mended and noted; for a whole survey at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from seamline.site.survey.feature import Feature, Notes


def mended(features: Sequence[Feature], notes: Notes) -> list[Feature]:
    """The features, each valid; of one that was not, what it encloses."""
    valid = shapely.is_valid(np.array([feature.geometry for feature in features], dtype=object))
    kept = (feature if good else enclosed(feature, notes) for feature, good in zip(features, valid, strict=True))
    return [feature for feature in kept if feature is not None]


def enclosed(feature: Feature, notes: Notes) -> Feature | None:
    """A polygon that crosses itself, without doing so; None when it encloses nothing."""
    name = feature.properties.get("name") or "without a name"
    why = shapely.is_valid_reason(feature.geometry).partition("[")[0].lower()
    found = shapely.make_valid(feature.geometry)
    areas = [part for part in getattr(found, "geoms", [found]) if isinstance(part, (Polygon, MultiPolygon))]
    if not areas:
        return notes.left_out(f"polygon {name!r}: it encloses nothing ({why})", feature.line)
    notes.repaired(f"polygon {name!r}: {why}; what it encloses is kept", feature.line)
    return Feature(shapely.union_all(areas), feature.properties, feature.line)
