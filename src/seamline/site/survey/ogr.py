"""GeoPackage, Shapefile and DXF, through GDAL in a process of its own: what a bad file breaks there, breaks nothing here."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from seamline.site.survey.feature import VERTICES_MAX, Feature, Notes, Survey, SurveyError, UnnamedFrame, Value
from seamline.site.survey.frame import frame_named, to_degrees
from seamline.site.survey.kml_data import put
from seamline.site.survey.repair import mended, on_earth
from seamline.site.survey.shapes import without_altitude

SECONDS_MAX: Final = 120
SKIPPED: Final = "OGR_VRT,GDALG,HTTP,WFS,OAPIF,OGCAPI,CSW,Elasticsearch,Carto,AmigoCloud,PLSCENES,NGW,EEDA,GPSBabel,ADBC,PDS4,PDF,VRT,STACIT,PMTiles"
"""Drivers that read other files or the network on behalf of a file. GDAL takes note only before it is loaded."""

OWN_SOURCE: Final = re.compile(r"\S+\.(?:cpp|c|h), \d+: ")
"""Where in GDAL's source a message was made: of the machine that built it, and no help."""


def read_ogr(path: Path, targets: Sequence[str], crs: str | None) -> Survey:
    """Read what GDAL opens as `targets`, all their layers. `crs` is the frame of a file that names none."""
    notes = Notes()
    found: list[Feature] = []
    vertices = 0
    layers = list(answer(path, targets))
    several = sum("flat" not in layer for layer in layers) > 1
    for layer in layers:
        name = str(layer["layer"])
        if "flat" in layer:
            notes.left_out(f"layer {name!r}: a table without places, {layer['rows']} rows")
            continue
        for warning in cast("Sequence[str]", layer["warnings"]):
            notes.left_out(f"layer {name!r}: {warning}")
        features = features_of(layer, notes, several=several)
        vertices += len(shapely.get_coordinates([feature.geometry for feature in features]))
        if vertices > VERTICES_MAX:
            raise SurveyError(f"{path}: more than {VERTICES_MAX:,} vertices; thin the survey out, or divide it")
        if features:
            found += placed(features, cast("str | None", layer["crs"]), crs, f"{path}, layer {name!r}", notes)
    return Survey(mended(on_earth(found, notes), notes), notes.all())


def answer(path: Path, targets: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """What the reading process says of each layer; SurveyError when it does not come to its end."""
    environment = {
        **os.environ,
        "GDAL_SKIP": SKIPPED,
        "OGR_SKIP": SKIPPED,
        "PROJ_NETWORK": "OFF",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    }
    command = [sys.executable, "-m", "seamline.site.survey.ogr_reader", *targets]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SurveyError(f"{path}: GDAL was not done with it in {SECONDS_MAX} s; divide the survey") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        why = OWN_SOURCE.sub("", told[-1]) if told else f"its process ended with {done.returncode}"
        raise SurveyError(f"{path}: GDAL cannot read it: {why[:300]}")
    return (cast("Mapping[str, object]", json.loads(line)) for line in done.stdout.splitlines())


def features_of(layer: Mapping[str, object], notes: Notes, *, several: bool) -> list[Feature]:
    """A layer's features, still in its own frame."""
    name = str(layer["layer"])
    fields, columns = cast("Sequence[str]", layer["fields"]), cast("Sequence[Sequence[Value]]", layer["columns"])
    found: list[Feature] = []
    for at, coded in enumerate(cast("Sequence[str | None]", layer["shapes"])):
        geometry = None if coded is None else geometry_of(base64.b64decode(coded))
        if geometry is None or geometry.is_empty:
            notes.left_out(f"layer {name!r}: features without geometry, or of a kind that is not known")
            continue
        if geometry.has_z and not np.isfinite(shapely.get_coordinates(geometry, include_z=True)[:, 2]).all():
            notes.left_out(f"layer {name!r}: altitudes, of which some are missing or no numbers")
            geometry = without_altitude(geometry)
        properties = {field: column[at] for field, column in zip(fields, columns, strict=True) if column[at] is not None}
        if several:
            put(properties, "layer", name)
        found.append(Feature(geometry, properties))
    return found


def geometry_of(data: bytes) -> BaseGeometry | None:
    """A shape, or None when it is none that shapely knows."""
    try:
        return shapely.from_wkb(data)
    except GEOSException:
        return None


def placed(features: list[Feature], own: str | None, given: str | None, name: str, notes: Notes) -> list[Feature]:
    """The features in degrees; SurveyError when neither the file nor the one who asks says what frame they are in."""
    if own is None and given is None:
        west, south, east, north = shapely.total_bounds([feature.geometry for feature in features])  # pyright: ignore[reportUnknownMemberType] - its stub
        reach = f"from {west:.1f} {south:.1f} to {east:.1f} {north:.1f}"
        raise UnnamedFrame(f"{name}: its coordinates ({reach}) are in a frame that it does not name; say which: --crs EPSG:xxxx")
    if own is not None and given is not None:
        raise SurveyError(f"{name}: it names its frame itself; leave --crs out")
    geometries = to_degrees([feature.geometry for feature in features], frame_named(own or given or "", name), notes)
    return [Feature(one, feature.properties) for one, feature in zip(geometries, features, strict=True)]
