"""DXF drawings: which they are, and what is drawn in them that GDAL passes over."""

from __future__ import annotations

from collections import Counter
from typing import Final

from seamline.site.survey.feature import Note

HEADS: Final = (b"SECTION", b"999")
READ: Final = frozenset(
    {
        "POINT",
        "LINE",
        "POLYLINE",
        "VERTEX",
        "SEQEND",
        "LWPOLYLINE",
        "CIRCLE",
        "ELLIPSE",
        "ARC",
        "3DFACE",
        "SPLINE",
        "HATCH",
        "INSERT",
    }
    | {"TEXT", "MTEXT", "ATTRIB", "DIMENSION", "LEADER", "MULTILEADER", "MLEADER", "SOLID"}
)
"""Entities that GDAL's driver makes features of (gdal.org, driver DXF)."""


def is_dxf(data: bytes) -> bool:
    """Whether a file begins as a drawing does: with group code 0 and SECTION, or with a comment."""
    words = data[:400].split()
    return (len(words) > 1 and (words[:2] == [b"0", b"SECTION"] or words[0] == b"999")) or data.startswith(b"AutoCAD Binary DXF")


def passed_over(data: bytes) -> list[Note]:
    """Notes on entities that no feature is made of, by their kinds."""
    lines = [line.strip() for line in data.splitlines()]
    found: Counter[str] = Counter()
    inside = False
    for code, value in zip(lines[::2], lines[1::2], strict=False):
        if code == b"2" and value in {b"ENTITIES", b"BLOCKS"}:
            inside = True
        elif code == b"0" and value == b"ENDSEC":
            inside = False
        elif code == b"0" and inside and value not in {b"BLOCK", b"ENDBLK"}:
            found[value.decode("ascii", "replace")] += 1
    return [Note("left out", f"{kind} of the drawing: not known", 0, count) for kind, count in found.items() if kind not in READ]
