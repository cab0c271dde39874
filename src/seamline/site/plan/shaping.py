"""Brings a feature's geometry to what its meaning needs: areas for buildings and zones, lines for routes, places for masts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import shapely
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.site.plan.model import Meaning
from seamline.site.survey.repair import sound

WALL_M: Final = 0.2
"""How thick a line that hides is taken: a fence, a wall."""
AREAS: Final = frozenset({Meaning.BOUNDARY, Meaning.BUILDING, Meaning.ZONE, Meaning.EXCLUSION, Meaning.WATER})
POINTS: Final = frozenset({Meaning.MAST, Meaning.DEVICE, Meaning.POWER})


def shaped(geometry: BaseGeometry, meaning: Meaning, *, filled: bool = False) -> tuple[BaseGeometry | None, str]:
    """The geometry as its meaning needs it, in metres, and what was done to it (empty: nothing); None when it cannot be.

    An obstruction's line is a wall; `filled`, it is what the line encloses.
    """
    if meaning in AREAS:
        return area(geometry)
    if meaning is Meaning.OBSTRUCTION and not filled and isinstance(geometry, (LineString, MultiLineString)):
        return walled(geometry), f"a line is taken as a wall {WALL_M:g} m thick{around(geometry)}"
    if meaning is Meaning.OBSTRUCTION:
        return area(geometry)
    if meaning is Meaning.ROUTE:
        return route(geometry)
    if meaning in POINTS and not geometry.geom_type.endswith("Point"):
        return geometry.representative_point(), f"a place within a {geometry.geom_type} is taken"
    return geometry, ""


def area(geometry: BaseGeometry) -> tuple[BaseGeometry | None, str]:
    """Polygons, of rings that were drawn as lines too."""
    if isinstance(geometry, (Polygon, MultiPolygon)):
        return (geometry, "") if geometry.is_valid else (sound(geometry), "it crosses itself; what it encloses is kept")
    lines = parts_of(geometry, LineString)
    rings = [line for line in lines if len(line.coords) >= 4 or (len(line.coords) == 3 and not line.is_closed)]
    if not rings or len(rings) != len(parts_of(geometry, BaseGeometry)):
        return None, f"a {geometry.geom_type} is no area"
    gap = max(shapely.Point(line.coords[0]).distance(shapely.Point(line.coords[-1])) for line in rings)
    found = shapely.union_all([sound(Polygon(line.coords)) for line in rings])
    if found.is_empty:
        return None, "the line encloses nothing"
    crossed = any(not Polygon(line.coords).is_valid for line in rings)
    opened = f"its ring was open by {gap:.2f} m and is closed" if gap > 0 else "the ring was drawn as a line"
    return found, opened + (", and crosses itself; what it encloses is kept" if crossed else "")


def walled(geometry: BaseGeometry) -> BaseGeometry:
    """A line as a wall."""
    return geometry.buffer(WALL_M / 2, cap_style="flat", join_style="mitre")


def around(geometry: BaseGeometry) -> str:
    """What a wall of closed lines stands about, in words; empty where no line is closed."""
    enclosed = sum(Polygon(line.coords).area for line in parts_of(geometry, LineString) if line.is_ring)
    return f" about {enclosed:.1f} m2, not as what it encloses ('filled: true' in the rule)" if enclosed else ""


def route(geometry: BaseGeometry) -> tuple[BaseGeometry | None, str]:
    """Lines; of areas their edges."""
    if isinstance(geometry, (LineString, MultiLineString)):
        return geometry, ""
    if isinstance(geometry, (Polygon, MultiPolygon)):
        return geometry.boundary, "the edge of an area is taken"
    return None, f"a {geometry.geom_type} is no route"


def parts_of(geometry: BaseGeometry, kind: type[BaseGeometry]) -> list[BaseGeometry]:
    """The parts of that kind."""
    parts = cast("Sequence[BaseGeometry]", getattr(geometry, "geoms", [geometry]))
    return [part for part in parts if isinstance(part, kind)]
