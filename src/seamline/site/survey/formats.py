"""Which reader a file needs: by what it holds, not by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from seamline.site.survey.feature import Note, Survey, SurveyError
from seamline.site.survey.geojson import read_geojson
from seamline.site.survey.kml import read_kml
from seamline.site.survey.kmz import kml_of

BYTES_MAX: Final = 512 * 1024 * 1024


def read(path: Path) -> Survey:
    """Read a survey file; SurveyError, with the place and the remedy, when it cannot be."""
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise SurveyError(f"{path}: {size:,} bytes; the most is {BYTES_MAX:,}. Divide the survey")
        data = path.read_bytes()
    except OSError as error:
        raise SurveyError(f"{path}: {error.strerror or error}") from None
    if not data:
        raise SurveyError(f"{path}: the file is empty")
    name = str(path)
    if data[:4] in {b"PK\x03\x04", b"PK\x05\x06"} and path.suffix.lower() != ".zip":
        inner, others = kml_of(data, name)
        survey = read_kml(inner, name)
        left = [Note("left out", f"{other}: another KML file of the archive") for other in others]
        return Survey(survey.features, [*survey.notes, *left])
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<" or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return read_kml(data, name)
    if head[:1] in {b"{", b"["}:
        return read_geojson(data, name)
    raise SurveyError(f"{path}: this is neither KML, KMZ nor GeoJSON")
