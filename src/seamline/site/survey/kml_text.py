"""KML's bytes as an XML reader takes them: files that are not in the encoding they name, or use prefixes they do not declare."""

from __future__ import annotations

import codecs
import re
from typing import Final

from seamline.site.survey.feature import Notes, SurveyError

DECLARED: Final = re.compile(rb"""\A<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
UNDECLARED: Final = re.compile(r"Namespace prefix (\S+) (?:on|for) ")
ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(?:kml|Document|Folder|Placemark)\b")
SPACE: Final = b"\xef\xbb\xbf \t\r\n"


def decoded(data: bytes, name: str, notes: Notes) -> bytes:
    """The bytes as XML can read them: in UTF-8 where they are not in the encoding that they declare, or declare none."""
    if (codec := utf16_of(data)) is not None:
        try:
            return without_declaration(data.decode(codec)).encode()
        except UnicodeDecodeError as error:
            raise SurveyError(f"{name}: byte {error.start}: it begins as UTF-16 and does not go on so; export it anew") from None
    body = data.lstrip(SPACE)
    declared = DECLARED.match(body)
    encoding = codec_of(declared[1].decode()) if declared else "utf-8"
    if encoding not in {"utf-8", "utf-16", "none"}:
        return body
    try:
        if not body.isascii():
            body.decode()
    except UnicodeDecodeError as error:
        line = data[: len(data) - len(body) + error.start].count(b"\n") + 1
        notes.repaired("the file says it is UTF-8 and is not: read as Windows-1252", line)
        return without_declaration(body.decode("cp1252", "replace")).encode()
    if encoding == "utf-8":
        return body
    notes.repaired(f"the file says its encoding is {declared[1].decode() if declared else ''!r} and is not: read as UTF-8", 1)
    return without_declaration(body.decode()).encode()


def utf16_of(data: bytes) -> str | None:
    """Which UTF-16, by its mark or by the zeros beside its first letter; None when it is none."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(data[:2])


def codec_of(declared: str) -> str:
    """An encoding's name in one spelling; `none` when there is no such encoding, `utf-16` for all its kinds."""
    try:
        found = codecs.lookup(declared).name
    except LookupError:
        return "none"
    return "utf-16" if found.startswith("utf-16") else found


def without_declaration(text: str) -> str:
    """XML without `<?xml ... ?>`, whose encoding it is no longer in, and without a byte order mark; lines stay where they are."""
    text = text.lstrip("\ufeff")
    stripped = text.lstrip()
    return stripped.split("?>", 1)[-1] if stripped.startswith("<?xml") else text


def with_prefix(data: bytes, message: str) -> tuple[bytes, str] | None:
    """The file with the prefix declared that an error says is not, and that prefix; None when the error says nothing like it."""
    lacking, root = UNDECLARED.search(message), ROOT.search(data)
    if lacking is None or root is None or not re.fullmatch(r"[A-Za-z_][\w.-]*", lacking[1]):
        return None
    return data[: root.end()] + f' xmlns:{lacking[1]}="urn:undeclared:{lacking[1]}"'.encode() + data[root.end() :], lacking[1]
