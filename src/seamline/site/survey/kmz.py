"""KMZ: a KML file in a zip archive, by whatever name, beside pictures that are not read."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from seamline.site.survey.feature import SurveyError

SIZE_MAX: Final = 512 * 1024 * 1024
RATIO_MAX: Final = 200
"""How much larger than in the archive a file may be: KML shrinks by 10 to 30."""
ENTRIES_MAX: Final = 100_000


def kml_of(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """The KML file of an archive, and the names of other KML files in it. Nothing is written anywhere."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise SurveyError(f"{name}: this is no KMZ: {error}. Download or export it anew") from None
    entries = [
        entry for entry in archive.infolist()[: ENTRIES_MAX + 1] if entry.filename.lower().endswith(".kml") and not entry.is_dir()
    ]
    if len(archive.infolist()) > ENTRIES_MAX:
        raise SurveyError(f"{name}: more than {ENTRIES_MAX} files in one archive; no survey has that")
    if not entries:
        raise SurveyError(f"{name}: there is no .kml file in it")
    # doc.kml at the root, then what lies least deep, in the archive's order: as Google Earth does it.
    chosen = min(entries, key=lambda entry: (entry.filename.lower() != "doc.kml", entry.filename.count("/")))
    if chosen.flag_bits & 1:
        raise SurveyError(f"{name}: {chosen.filename} is encrypted; export it without a password")
    if chosen.file_size > SIZE_MAX or chosen.file_size > RATIO_MAX * max(1, chosen.compress_size):
        raise SurveyError(f"{name}: {chosen.filename} would grow to {chosen.file_size:,} bytes; that is an attack, or no survey")
    try:
        with archive.open(chosen) as file:
            # One byte more than it says: a header that lies is found out before the memory is full.
            found = file.read(chosen.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise SurveyError(f"{name}: {chosen.filename} cannot be unpacked: {error}. Download or export it anew") from None
    if len(found) > chosen.file_size:
        raise SurveyError(f"{name}: {chosen.filename} is larger than the archive says")
    return found, [entry.filename for entry in entries if entry is not chosen]
