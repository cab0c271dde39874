"""KMZ: a KML file in a zip archive, by whatever name, beside pictures that are not read."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from seamline.site.survey.feature import SurveyError

SIZE_MAX: Final = 512 * 1024 * 1024
RATIO_MAX: Final = 200
"""How much larger than in the archive a file may be: KML shrinks by 10 to 30."""
ENTRIES_MAX: Final = 100_000


def checked(data: bytes, name: str, suffix: str) -> list[zipfile.ZipInfo]:
    """An archive's files with a suffix. SurveyError when it is none, has too many, or one whose name points out of it."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise SurveyError(f"{name}: this is no KMZ or zip archive: {error}. Download or export it anew") from None
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX:
        raise SurveyError(f"{name}: more than {ENTRIES_MAX} files in one archive; no survey has that")
    for entry in entries:
        if PureWindowsPath(entry.filename).drive or {"..", "/"} & set(PurePosixPath(entry.filename.replace("\\", "/")).parts):
            raise SurveyError(f"{name}: {entry.filename!r} points out of its archive; that is an attack, or no survey")
    return [entry for entry in entries if entry.filename.lower().endswith(suffix) and not entry.is_dir()]


def grown(entry: zipfile.ZipInfo, name: str) -> None:
    """SurveyError when a file is encrypted, or would grow beyond measure."""
    if entry.flag_bits & 1:
        raise SurveyError(f"{name}: {entry.filename} is encrypted; export it without a password")
    if entry.file_size > SIZE_MAX or entry.file_size > RATIO_MAX * max(1, entry.compress_size):
        raise SurveyError(f"{name}: {entry.filename} would grow to {entry.file_size:,} bytes; that is an attack, or no survey")


def kml_of(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """The KML file of an archive, and what is left out of it. Nothing is written anywhere."""
    entries = checked(data, name, ".kml")
    if not entries:
        raise SurveyError(f"{name}: there is no .kml file in it")
    # doc.kml at the root, then what lies least deep, in the archive's order: as Google Earth does it.
    chosen = min(entries, key=lambda entry: (entry.filename.lower() != "doc.kml", entry.filename.count("/")))
    grown(chosen, name)
    archive = zipfile.ZipFile(io.BytesIO(data))
    try:
        with archive.open(chosen) as file:
            # One byte more than it says: a header that lies is found out before the memory is full.
            found = file.read(chosen.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise SurveyError(f"{name}: {chosen.filename} cannot be unpacked: {error}. Download or export it anew") from None
    if len(found) > chosen.file_size:
        raise SurveyError(f"{name}: {chosen.filename} is larger than the archive says")
    others = [entry.filename for entry in archive.infolist() if not entry.is_dir() and entry is not chosen]
    surveys = [f"{other!r}: another KML file of the archive" for other in others if is_kml(other) and other != chosen.filename]
    rest = [other for other in others if not is_kml(other)]
    return found, surveys + ([f"pictures and other files of the archive: {len(rest)}"] if rest else [])


def is_kml(name: str) -> bool:
    """Whether a file of an archive is a survey itself; `.wpml` is DJI's KML with a flight's commands."""
    return name.lower().endswith((".kml", ".wpml"))
