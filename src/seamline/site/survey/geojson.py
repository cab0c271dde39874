"""GeoJSON (RFC 7946), in and out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from seamline.site.survey.feature import VERTICES_MAX, Feature, Notes, Survey, SurveyError, Value
from seamline.site.survey.kml_data import put
from seamline.site.survey.repair import mended
from seamline.site.survey.shapes import outside, without_altitude

if TYPE_CHECKING:
    Json = Mapping[str, object]
    Ring = Sequence[Sequence[float]]

GEOMETRIES = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"})
NO_NUMBER = "a coordinate that is no number"
PLACE = re.compile(rb"\[\s*[-\d]")
"""Where a place begins. As values of Python a place takes 300 bytes: what has too many is refused by its text."""


def read_geojson(data: bytes, name: str) -> Survey:
    """Read a FeatureCollection, a Feature or a bare geometry; SurveyError with the place when it is none of them."""
    if next(islice(PLACE.finditer(data), VERTICES_MAX, None), None) is not None:
        raise SurveyError(too_many(name))
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=float)
    except UnicodeDecodeError as error:
        raise SurveyError(f"{name}: byte {error.start}: GeoJSON is UTF-8, and this is not") from None
    except (json.JSONDecodeError, RecursionError) as error:
        place = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SurveyError(f"{name}{place}: this is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise SurveyError(f"{name}: GeoJSON is an object with a type, and this is a {type(document).__name__}")
    found = cast("Json", document)
    kind = found.get("type")
    notes = Notes()
    if "crs" in found and "CRS84" not in json.dumps(found["crs"]) and "4326" not in json.dumps(found["crs"]):
        raise SurveyError(
            f"{name}: its coordinates are in {json.dumps(found['crs'])}; GeoJSON is in longitude and latitude (WGS 84): convert it"
        )
    raw = found.get("features", []) if kind == "FeatureCollection" else [found]
    if kind not in GEOMETRIES | {"FeatureCollection", "Feature"} or not isinstance(raw, list):
        raise SurveyError(f"{name}: type {kind!r} is none of GeoJSON's")
    features = [one for at, each in enumerate(cast("Sequence[object]", raw)) if (one := feature_of(each, at, notes))]
    if len(shapely.get_coordinates([feature.geometry for feature in features])) > VERTICES_MAX:
        raise SurveyError(too_many(name))
    return Survey(mended(features, notes), notes.all())


def too_many(name: str) -> str:
    """Why a survey of a file is refused."""
    return f"{name}: more than {VERTICES_MAX:,} vertices; thin the survey out, or divide it"


def feature_of(raw: object, at: int, notes: Notes) -> Feature | None:
    """One feature, or None with a note."""
    where = f"feature {at}"
    if not isinstance(raw, dict):
        return notes.left_out(f"{where}: it is no object")
    found = cast("Json", raw)
    geometry = found if found.get("type") in GEOMETRIES else found.get("geometry")
    properties = found.get("properties")
    given = cast("dict[str, Value]", writable(cast("object", properties), where, notes)) if isinstance(properties, dict) else {}
    if found.get("id") is not None:
        put(given, "id", cast("Value", writable(found["id"], where, notes)))
    made = geometry_of(geometry, where, notes)
    return None if made is None else Feature(made, given)


def geometry_of(geometry: object, where: str, notes: Notes) -> BaseGeometry | None:
    """A geometry as it is written, its rings closed; None with a note when it is none on earth."""
    if geometry is None:
        return notes.left_out(f"{where}: it has no geometry")
    try:
        with np.errstate(invalid="ignore"):  # of NaN, which is said below
            made = shape(cast("dict[str, object]", geometry))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
        return notes.left_out(f"{where}: {why_unread(geometry, error)}")
    if made.is_empty:
        return notes.left_out(f"{where}: its geometry is empty")
    if np.isnan(shapely.get_coordinates(made)).any():
        return notes.left_out(f"{where}: {NO_NUMBER}")
    if outside(np.array([made], dtype=object)).any():
        return notes.left_out(f"{where}: a place that is not on earth; are these metres?")
    if made.has_z and not np.isfinite(shapely.get_coordinates(made, include_z=True)).all():
        notes.left_out(f"{where}: its altitudes, of which some are missing or no numbers")
        made = without_altitude(made)
    for ring in rings_of(geometry):
        if ring[0][:2] != ring[-1][:2]:
            notes.repaired(f"{where}: a ring that was left open: closed")
    return made


def why_unread(geometry: object, error: Exception) -> str:
    """Why no shape could be made of a geometry: GEOS calls a ring open that begins and ends with NaN."""
    if any(math.isnan(number) for ring in rings_of(geometry) for place in ring for number in place[:2]):
        return NO_NUMBER
    return f"its geometry cannot be read ({str(error).splitlines()[0].removeprefix('IllegalArgumentException: ')})"


def rings_of(geometry: object) -> Iterator[Ring]:
    """The rings of a geometry's polygons as they are written; nothing of what is not written as rings are."""
    left = [geometry]
    while left:
        one = left.pop()
        found = cast("Json", one if isinstance(one, dict) else {})
        kind, inner = found.get("type"), members(found.get("coordinates"))
        if kind == "GeometryCollection":
            left.extend(members(found.get("geometries")))
        polygons = {"Polygon": [inner], "MultiPolygon": [members(polygon) for polygon in inner]}.get(str(kind), [])
        yield from (cast("Ring", ring) for polygon in polygons for ring in polygon if is_ring(ring))


def members(value: object) -> Sequence[object]:
    """What a list holds; nothing for what is none."""
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def is_ring(value: object) -> bool:
    """Whether a value is a list of places, each at least two numbers."""
    places = [members(place) for place in members(value)]
    return bool(places) and all(len(place) > 1 and all(isinstance(one, (int, float)) for one in place) for place in places)


def writable(value: object, where: str, notes: Notes) -> object:
    """A property as JSON and UTF-8 can write it: without NaN, infinities and halves of letters."""
    if isinstance(value, dict):
        return {
            str(writable(key, where, notes)): writable(one, where, notes)
            for key, one in cast("Mapping[str, object]", value).items()
        }
    if isinstance(value, list):
        return [writable(one, where, notes) for one in cast("Sequence[object]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        return notes.left_out(f"{where}: a property that is {value}, which JSON has no word for")
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        notes.repaired(f"{where}: half a letter (a lone surrogate) in a property")
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def as_geojson(survey: Survey) -> dict[str, object]:
    """A FeatureCollection; what was repaired, left out or doubted stands in its member `notes`."""
    notes = [{"kind": note.kind, "what": note.what, "line": note.line, "count": note.count} for note in survey.notes]
    features = [
        {"type": "Feature", "geometry": rounded(feature.geometry), "properties": dict(feature.properties)}
        for feature in survey.features
    ]
    return {"type": "FeatureCollection", "features": features, "notes": notes}


def rounded(geometry: BaseGeometry) -> dict[str, object]:
    """A geometry for GeoJSON: degrees to a tenth of a millimetre (9 places), metres to a millimetre, rings as RFC 7946 turns them."""
    turned = shapely.orient_polygons(geometry)
    return cast("dict[str, object]", {**mapping(turned), **coordinates_of(mapping(turned))})


def coordinates_of(raw: Mapping[str, object]) -> dict[str, object]:
    """The member that holds the numbers, each rounded."""
    if "geometries" in raw:
        parts = cast("Sequence[Mapping[str, object]]", raw["geometries"])
        return {"geometries": [{**part, **coordinates_of(part)} for part in parts]}
    return {"coordinates": neat(raw["coordinates"])}


def neat(value: object) -> object:
    """Nested sequences with every place rounded."""
    sequence = cast("Sequence[object]", value)
    if sequence and isinstance(sequence[0], (int, float)):
        numbers = cast("Sequence[float]", sequence)
        return [round(number, 9 if at < 2 else 3) for at, number in enumerate(numbers)]
    return [neat(one) for one in sequence]
