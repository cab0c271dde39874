"""The corpus: files as exporters write them, each beside the GeoJSON that it stands for.

NAME.kml is UTF-8 text; where NAME ends in `.bom`, `.utf16le-bom`, `.latin1` and so on, the reader gets it so encoded. NAME.kmz is a
folder, which the reader gets as an archive. NAME.geojson is what KML's specification (OGC 12-007r2) makes of it, judged by eye, one
feature or note a line.
"""

import io
import json
import zipfile
from pathlib import Path

from seamline.site.survey.geojson import as_geojson

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(file.stem if file.suffix == ".kml" else file.name for file in CORPUS.iterdir() if file.suffix in {".kml", ".kmz"})
ENCODED = {
    ".bom": ("utf-8", b"\xef\xbb\xbf"),
    ".utf16le-bom": ("utf-16-le", b"\xff\xfe"),
    ".utf16be-bom": ("utf-16-be", b"\xfe\xff"),
    ".utf16le": ("utf-16-le", b""),
    ".utf16be": ("utf-16-be", b""),
    ".latin1": ("latin-1", b""),
    ".cp1252": ("cp1252", b""),
}


def stored(case):
    """A case's bytes, as the exporter stores them."""
    if case.endswith(".kmz"):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted((CORPUS / case).rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(CORPUS / case).as_posix())
        return made.getvalue()
    encoding, mark = ENCODED.get(Path(case).suffix, ("utf-8", b""))
    return mark + (CORPUS / f"{case}.kml").read_bytes().decode().encode(encoding)


def text_of(survey):
    """A survey as GeoJSON with one feature or note a line."""
    found = as_geojson(survey)
    parts = [
        f'"{key}": [' + ",".join("\n" + json.dumps(one, ensure_ascii=False) for one in found[key]) + "\n]"
        for key in ("features", "notes")
    ]
    return '{"type": "FeatureCollection", ' + ", ".join(parts) + "}\n"
