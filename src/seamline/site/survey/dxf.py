"""DXF drawings: which they are, and what is drawn in them that GDAL passes over."""

from __future__ import annotations

from collections import Counter
from typing import Final

from seamline.site.survey.feature import Note

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


def without_fitted_splines(data: bytes) -> tuple[bytes, list[Note]]:
    """The drawing without splines that have fit points and no control points, which end GDAL's reading, and a note on each of their layers."""
    lines = data.splitlines(keepends=True)
    kept: list[bytes] = []
    layers: Counter[str] = Counter()
    begin = 0
    starts = [at for at in range(0, len(lines) - 1, 2) if lines[at].strip() == b"0"]
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        if lines[at + 1].strip() == b"SPLINE":
            pairs = dict(
                zip((line.strip() for line in lines[at:end:2]), (line.strip() for line in lines[at + 1 : end : 2]), strict=False)
            )
            if int(pairs.get(b"73", b"0") or b"0") == 0:
                kept += lines[begin:at]
                begin = end
                layers[pairs.get(b"8", b"0").decode("utf-8", "replace")] += 1
    what = "a SPLINE of fit points without control points; make it a polyline in the drawing"
    return b"".join([*kept, *lines[begin:]]), [
        Note("left out", f"layer {name!r}: {what}", 0, count) for name, count in layers.items()
    ]


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
