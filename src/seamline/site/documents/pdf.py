"""Writes sheets as one PDF 1.7 (ISO 32000-1): vector marks, the standard fonts, no times, no random ids, the same bytes everywhere.

Streams are not compressed: what zlib makes of them differs between its versions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from seamline.site.documents.drawing import Circle, Group, Ink, Mark, Path, Sheet, Text, number
from seamline.site.documents.fonts import latin, width
from seamline.site.documents.svg import HALO_MM

MM: Final = 72 / 25.4
"""Points in a millimetre."""
ARC: Final = 0.552284749831
"""How far the control points of a quarter circle lie, for a radius of 1: 4/3 (sqrt 2 - 1)."""
OPACITIES: Final = 100
"""Opacities are told apart to the hundredth."""


def pdf(sheets: Sequence[Sheet], title: str, content: str) -> bytes:
    """All sheets, one a page; the plan's content stands in the document's information."""
    file = _File()
    catalog, pages, info, regular, bold = (file.reserve() for _ in range(5))
    file.put(regular, _font("Helvetica"))
    file.put(bold, _font("Helvetica-Bold"))
    kids = [_page(file, sheet, pages, (regular, bold)) for sheet in sheets]
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    file.put(pages, f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode())
    outlines = _outlines(file, sheets, kids)
    shown = f" /Outlines {outlines} 0 R /PageMode /UseOutlines" if sheets else ""
    file.put(catalog, f"<< /Type /Catalog /Pages {pages} 0 R{shown} >>".encode())
    file.put(info, b"<< /Title %s /Subject (%s) /Producer (Seamline) >>" % (_string(title), content.encode("ascii")))
    return file.written(catalog, info)


class _File:
    """The objects of a PDF by number."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        """The number of an object that comes later."""
        self._objects.append(b"null")
        return len(self._objects)

    def put(self, at: int, body: bytes) -> None:
        """Give an object its body."""
        self._objects[at - 1] = body

    def add(self, body: bytes) -> int:
        """A new object's number."""
        at = self.reserve()
        self.put(at, body)
        return at

    def written(self, root: int, info: int) -> bytes:
        """The whole file with its table of objects."""
        done = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        starts: list[int] = []
        for at, body in enumerate(self._objects, 1):
            starts.append(len(done))
            done += b"%d 0 obj\n%s\nendobj\n" % (at, body)
        table = len(done)
        done += b"xref\n0 %d\n0000000000 65535 f \n" % (len(starts) + 1)
        done += b"".join(b"%010d 00000 n \n" % start for start in starts)
        done += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (len(starts) + 1, root, info)
        return bytes(done + b"startxref\n%d\n%%%%EOF\n" % table)


def _font(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _string(text: str) -> bytes:
    """A text string: as it is in ASCII, else UTF-16 (ISO 32000-1, 7.9.2.2)."""
    if text.isascii() and text.isprintable():
        return _literal(text.encode())
    return b"<" + (b"\xfe\xff" + text.encode("utf-16-be", "replace")).hex().encode() + b">"


def _literal(data: bytes) -> bytes:
    """A literal string: brackets and backslashes escaped, and what is not ASCII in octal."""
    done = bytearray(b"(")
    for byte in data:
        if byte in b"()\\":
            done += b"\\%c" % byte
        elif 0x20 <= byte < 0x7F:
            done.append(byte)
        else:
            done += b"\\%03o" % byte
    return bytes(done + b")")


def _outlines(file: _File, sheets: Sequence[Sheet], kids: Sequence[int]) -> int:
    """The list of sheets that a reader shows beside the pages."""
    root = file.reserve()
    entries = [file.reserve() for _ in sheets]
    for at, (sheet, kid) in enumerate(zip(sheets, kids, strict=True)):
        beside = f" /Prev {entries[at - 1]} 0 R" if at else ""
        beside += f" /Next {entries[at + 1]} 0 R" if at + 1 < len(entries) else ""
        body = b"<< /Title %s /Parent %d 0 R /Dest [%d 0 R /Fit]%s >>" % (_string(sheet.title), root, kid, beside.encode())
        file.put(entries[at], body)
    ends = f" /First {entries[0]} 0 R /Last {entries[-1]} 0 R" if entries else ""
    file.put(root, f"<< /Type /Outlines{ends} /Count {len(entries)} >>".encode())
    return root


def _page(file: _File, sheet: Sheet, parent: int, fonts: tuple[int, int]) -> int:
    looks = sorted({_opacity(ink) for ink in _inks(sheet.items)} | {OPACITIES})
    states = " ".join(f"/O{look} << /ca {number(look / OPACITIES)} >>" for look in looks)
    # The unit becomes the millimetre and y turns downwards: marks are written as they stand on the sheet.
    begin = f"{MM:.6f} 0 0 {-MM:.6f} 0 {sheet.height * MM:.6f} cm 1 J 1 j\n"
    body = (begin + "".join(_marks(sheet.items))).encode("ascii")
    contents = file.add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body))
    size = f"[0 0 {number(sheet.width * MM)} {number(sheet.height * MM)}]"
    named = f"/F0 {fonts[0]} 0 R /F1 {fonts[1]} 0 R"
    return file.add(
        f"<< /Type /Page /Parent {parent} 0 R /MediaBox {size} /Contents {contents} 0 R "
        f"/Resources << /Font << {named} >> /ExtGState << {states} >> >> >>".encode()
    )


def _opacity(ink: Ink) -> int:
    return round(ink.opacity * OPACITIES)


def _inks(items: Sequence[Mark]) -> Iterator[Ink]:
    for item in items:
        if isinstance(item, Group):
            yield from _inks(item.items)
        elif not isinstance(item, Text):
            yield item.ink


def _marks(items: Sequence[Mark]) -> Iterator[str]:
    for item in items:
        match item:
            case Path():
                rings = "".join(_ring(ring, closed=item.closed) for ring in item.rings)
                yield _set(item.ink) + rings + _painted(item.ink)
            case Circle():
                yield _set(item.ink) + _circle(item) + _painted(item.ink)
            case Text():
                yield _text(item)
            case Group():
                yield from _group(item)


def _group(group: Group) -> Iterator[str]:
    if group.clip is not None:
        yield f"q {' '.join(map(number, group.clip))} re W n\n"
    yield from _marks(group.items)
    if group.clip is not None:
        yield "Q\n"


def _colour(colour: str, operator: str) -> str:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return f"{' '.join(map(number, parts))} {operator}\n"


def _set(ink: Ink) -> str:
    """All of an ink, whatever the mark before had."""
    said = ""
    if ink.fill is not None:
        said += f"/O{_opacity(ink)} gs {_colour(ink.fill, 'rg')}"
    if ink.stroke is not None:
        said += f"{number(ink.width)} w [{' '.join(map(number, ink.dash))}] 0 d {_colour(ink.stroke, 'RG')}"
    return said


def _painted(ink: Ink) -> str:
    """The operator that ends a path: fill by the even-odd rule, stroke, both, or neither."""
    if ink.fill is not None:
        return "B*\n" if ink.stroke is not None else "f*\n"
    return "S\n" if ink.stroke is not None else "n\n"


def _ring(ring: Sequence[tuple[float, float]], *, closed: bool) -> str:
    steps = " ".join(f"{number(x)} {number(y)} {'l' if at else 'm'}" for at, (x, y) in enumerate(ring))
    return f"{steps} h\n" if closed else f"{steps}\n"


def _circle(circle: Circle) -> str:
    x, y, r = circle.x, circle.y, circle.radius
    arm = r * ARC
    curves = (
        ((x + r, y + arm), (x + arm, y + r), (x, y + r)),
        ((x - arm, y + r), (x - r, y + arm), (x - r, y)),
        ((x - r, y - arm), (x - arm, y - r), (x, y - r)),
        ((x + arm, y - r), (x + r, y - arm), (x + r, y)),
    )
    said = "".join(" ".join(f"{number(a)} {number(b)}" for a, b in curve) + " c\n" for curve in curves)
    return f"{number(x + r)} {number(y)} m\n{said}h\n"


def _text(text: Text) -> str:
    """A line of text, upright again: its matrix turns y back. A halo is the same text before, stroked in white."""
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * width(text.text, text.size, bold=text.bold)
    angle = math.radians(text.turn)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = text.x - shift * cos, text.y - shift * sin
    place = f"{cos:.5f} {sin:.5f} {sin:.5f} {-cos:.5f} {number(x)} {number(y)} Tm"
    shown = f"/F{int(text.bold)} {number(text.size)} Tf {place} {_literal(latin(text.text)).decode('ascii')} Tj"
    under = f"{number(HALO_MM)} w [] 0 d {_colour('#ffffff', 'RG')}BT 1 Tr {shown} ET\n" if text.halo else ""
    return f"{under}/O{OPACITIES} gs {_colour(text.colour, 'rg')}BT 0 Tr {shown} ET\n"
