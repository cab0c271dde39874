"""Which reader a file needs: by what it holds, not by its name."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from seamline.site.survey.dxf import is_dxf, passed_over, without_fitted_splines
from seamline.site.survey.feature import Note, Survey, SurveyError
from seamline.site.survey.geojson import read_geojson
from seamline.site.survey.kml import read_kml
from seamline.site.survey.kml_text import utf16_of
from seamline.site.survey.kmz import checked, grown, kml_of
from seamline.site.survey.ogr import read_ogr
from seamline.site.survey.table import dialect_of, read_table

BYTES_MAX: Final = 512 * 1024 * 1024
SHAPEFILE: Final = b"\x00\x00\x27\x0a"
GEOPACKAGE: Final = b"SQLite format 3\x00"
TIFF: Final = frozenset({b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"})


def read(path: Path, crs: str | None = None) -> Survey:
    """Read a survey file; SurveyError, with the place and the remedy, when it cannot be.

    `crs` names the frame (`EPSG:25832`) of a drawing, a Shapefile or a table that does not say it itself.
    """
    data = bytes_of(path)
    name = str(path)
    if data.startswith((GEOPACKAGE, SHAPEFILE)):
        return read_ogr(path, [str(path.with_suffix(".shp")) if path.suffix.lower() == ".shx" else name], crs)
    if data[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return read_archive(data, path, crs)
    if is_dxf(data):
        return read_drawing(data, path, crs)
    return read_text(data, name, crs)


def read_drawing(data: bytes, path: Path, crs: str | None) -> Survey:
    """DXF, without what GDAL cannot read."""
    readable, left_out = without_fitted_splines(data)
    if left_out:
        with tempfile.TemporaryDirectory(prefix="seamline-") as folder:
            file = Path(folder) / path.name
            file.write_bytes(readable)
            survey = read_ogr(path, [str(file)], crs)
    else:
        survey = read_ogr(path, [str(path)], crs)
    return Survey(survey.features, [*survey.notes, *left_out, *passed_over(readable)])


def read_text(data: bytes, name: str, crs: str | None) -> Survey:
    """KML, GeoJSON or a table."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<" or (utf16_of(data) is not None and b"<" in data[:40]):
        return read_kml(data, own_frame(name, crs))
    if head[:1] in {b"{", b"["}:
        return read_geojson(data, own_frame(name, crs))
    if (table := dialect_of(data)) is not None:
        return read_table(*table, name, crs)
    if data[:4] in TIFF:
        raise SurveyError(f"{name}: a GeoTIFF is no survey but terrain: name it in the plan, 'terrain: {{path: {name}}}'")
    raise SurveyError(
        f"{name}: this is neither KML, KMZ, GeoJSON, GeoPackage, Shapefile, DXF nor a table whose first line names its columns (lon, lat)"
    )


def bytes_of(path: Path) -> bytes:
    """A file's bytes; SurveyError when there are none, or too many."""
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise SurveyError(f"{path}: {size:,} bytes; the most is {BYTES_MAX:,}. Divide the survey")
        data = path.read_bytes()
    except OSError as error:
        raise SurveyError(f"{path}: {error.strerror or error}") from None
    if not data:
        raise SurveyError(f"{path}: the file is empty")
    return data


def own_frame(name: str, crs: str | None) -> str:
    """The name of a file in a format that is always in degrees; SurveyError when it is said to be in something else."""
    if crs is not None:
        raise SurveyError(f"{name}: it is in longitude and latitude by its format; leave --crs out")
    return name


def read_archive(data: bytes, path: Path, crs: str | None) -> Survey:
    """A KMZ, or a Shapefile in a zip archive."""
    name = str(path)
    shapefiles = [entry for entry in checked(data, name, ".shp") if not entry.filename.startswith("__MACOSX/")]
    if shapefiles and not checked(data, name, ".kml"):
        return shapefiles_of(data, path, shapefiles, crs)
    inner, others = kml_of(data, own_frame(name, crs))
    survey = read_kml(inner, name)
    return Survey(survey.features, [*survey.notes, *(Note("left out", other) for other in others)])


def shapefiles_of(data: bytes, path: Path, members: list[zipfile.ZipInfo], crs: str | None) -> Survey:
    """The Shapefiles of an archive. GDAL reads them in it: nothing is unpacked."""
    name = str(path)
    entries = checked(data, name, "")
    if sum(entry.file_size for entry in entries) > BYTES_MAX:
        raise SurveyError(f"{name}: it would grow to more than {BYTES_MAX:,} bytes; divide the survey")
    for entry in entries:
        grown(entry, name)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in members:
            with archive.open(member) as file:
                if file.read(4) != SHAPEFILE:
                    raise SurveyError(f"{name}: {member.filename} is no Shapefile")
    return read_ogr(path, [f"/vsizip/{{{path.absolute()}}}/{member.filename}" for member in members], crs)
