"""Writes a sheet as SVG 1.1: the same sheet gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamline.site.documents.drawing import Circle, Group, Ink, Mark, Path, Sheet, Text, number
from seamline.site.documents.xml import words

FONTS: Final = "Helvetica, Arial, 'Liberation Sans', sans-serif"
HALO_MM: Final = 0.9


def svg(sheet: Sheet, content: str, about: str = "") -> bytes:
    """A sheet with its title, and the plan's content in its metadata."""
    return "".join(_document(sheet, content, about)).encode()


def _document(sheet: Sheet, content: str, about: str) -> Iterator[str]:
    wide, high = number(sheet.width), number(sheet.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}mm" height="{high}mm" viewBox="0 0 {wide} {high}" '
        f'font-family="{FONTS}" stroke-linejoin="round" stroke-linecap="round">\n'
    )
    yield f"<title>{words(sheet.title)}</title>\n<metadata>{words(about)} {words(content)}</metadata>\n"
    yield f'<rect width="{wide}" height="{high}" fill="#ffffff"/>\n'
    clips = _Clips()
    for item in sheet.items:
        yield from _mark(item, clips)
    yield "</svg>\n"


class _Clips:
    """Numbers the areas that marks are cut off at."""

    def __init__(self) -> None:
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"clip-{self._count}"


def _mark(mark: Mark, clips: _Clips) -> Iterator[str]:
    match mark:
        case Path():
            yield f'<path d="{_path(mark)}"{_ink(mark.ink)}/>\n'
        case Circle():
            yield f'<circle cx="{number(mark.x)}" cy="{number(mark.y)}" r="{number(mark.radius)}"{_ink(mark.ink)}/>\n'
        case Text():
            yield _text(mark)
        case Group():
            yield from _group(mark, clips)


def _group(group: Group, clips: _Clips) -> Iterator[str]:
    cut = ""
    if group.clip is not None:
        name = clips.next()
        x, y, wide, high = map(number, group.clip)
        yield f'<clipPath id="{name}"><rect x="{x}" y="{y}" width="{wide}" height="{high}"/></clipPath>\n'
        cut = f' clip-path="url(#{name})"'
    yield f"<g{cut}>\n"
    if group.label:
        yield f"<title>{words(group.label)}</title>\n"
    for item in group.items:
        yield from _mark(item, clips)
    yield "</g>\n"


def _path(path: Path) -> str:
    end = "Z" if path.closed else ""
    return "".join("M" + "L".join(f"{number(x)} {number(y)}" for x, y in ring) + end for ring in path.rings)


def _ink(ink: Ink) -> str:
    said = ' fill="none"' if ink.fill is None else f' fill="{ink.fill}" fill-rule="evenodd"'
    if ink.fill is not None and ink.opacity < 1:
        said += f' fill-opacity="{number(ink.opacity)}"'
    if ink.stroke is not None:
        said += f' stroke="{ink.stroke}" stroke-width="{number(ink.width)}"'
        if ink.dash:
            said += f' stroke-dasharray="{" ".join(map(number, ink.dash))}"'
    return said


def _text(text: Text) -> str:
    x, y = number(text.x), number(text.y)
    said = f'<text x="{x}" y="{y}" font-size="{number(text.size)}" fill="{text.colour}"'
    if text.anchor != "start":
        said += f' text-anchor="{text.anchor}"'
    if text.bold:
        said += ' font-weight="bold"'
    if text.turn:
        said += f' transform="rotate({number(text.turn)} {x} {y})"'
    if text.halo:
        said += f' stroke="#ffffff" stroke-width="{number(HALO_MM)}" paint-order="stroke"'
    return f"{said}>{words(text.text)}</text>\n"
