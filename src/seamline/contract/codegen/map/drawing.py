"""A sheet to draw on: measured text, shapes, and the SVG text of it all.

No font is at hand when a map is made, so text is measured by Helvetica's advance widths, and each text says how long it is
(`textLength`): where another face stands in, it is drawn to the same length, and what did not touch never does. Every text that is
drawn is kept as a box, so that a test can tell whether two of them touch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from unicodedata import east_asian_width, normalize
from xml.sax.saxutils import escape

Anchor = Literal["start", "middle", "end"]


def _widths(table: str) -> tuple[int, ...]:
    """Read a table of widths."""
    return tuple(int(word) for word in table.split())


_REGULAR = _widths("""
    278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584
    584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278
    278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500
    500 334 260 334 584
""")
_BOLD = _widths("""
    278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584
    584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333
    278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556
    500 389 280 389 584
""")
"""Advance widths of U+0020 to U+007E in thousandths of an em: Helvetica, and all faces made to its measure."""
_FIRST = 0x20
_SIGNS = {"→": 1000, "…": 1000, "°": 400, "Ω": 748, "µ": 576, "–": 556, "·": 278, "×": 584, "\u202f": 278, "\u00a0": 278}
_WIDE, _OTHER = 1000, 620
"""An ideograph, and any other character that has no ASCII base letter."""
_ASCENT, _DESCENT = 0.8, 0.22
"""Of an em, above and below the base line; what letters use, not what a face reserves."""
LEADING = 1.36
"""Base line to base line, in ems."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks: size in px, CSS classes for its colour, weight, space between letters in px."""

    px: float
    classes: str = ""
    bold: bool = False
    spacing: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """Where a text stands, in px from the top left."""

    left: float
    top: float
    right: float
    bottom: float
    text: str

    def touches(self, other: Box) -> bool:
        """Say whether two boxes share any area."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


def width(text: str, style: Style) -> float:
    """Return how wide the text is, in px."""
    table = _BOLD if style.bold else _REGULAR
    return sum(_advance(char, table) for char in text) * style.px / 1000 + style.spacing * len(text)


def _advance(char: str, table: tuple[int, ...]) -> int:
    base = char if char in _SIGNS else normalize("NFD", char)[0]
    at = ord(base) - _FIRST
    if 0 <= at < len(table):
        return table[at]
    return _SIGNS.get(base, _WIDE if east_asian_width(base) in "WF" else _OTHER)


def wrapped(text: str, room: float, style: Style) -> list[str]:
    """Break a text into lines no wider than `room` px: between words, and inside a word that is too long by itself."""
    found: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width(longer, style) <= room:
            line = longer
            continue
        if line:
            found.append(line)
        while width(word, style) > room and len(word) > 1:
            fits = max(n for n in range(1, len(word)) if n == 1 or width(word[:n], style) <= room)
            found.append(word[:fits])
            word = word[fits:]  # noqa: PLW2901  (what is left of the word is the next one to place)
        line = word
    return [*found, line] if line else found


def shortened(text: str, room: float, style: Style) -> str:
    """Return the text, or its beginning with an ellipsis where it has no room."""
    if width(text, style) <= room:
        return text
    kept = text
    while kept and width(f"{kept}…", style) > room:
        kept = kept[:-1]
    return f"{kept}…"


def number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass
class Sheet:
    """What has been drawn: SVG elements in order, and a box for each text."""

    parts: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, style: Style, anchor: Anchor = "start", whole: str = "") -> float:
        """Draw one line with its base line at y; return its width. `whole` is the full text where `text` was shortened."""
        wide = width(text, style)
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        self.boxes.append(Box(left, y - _ASCENT * style.px, left + wide, y + _DESCENT * style.px, text))
        attributes = f' class="{style.classes}"' if style.classes else ""
        attributes += ' font-weight="700"' if style.bold else ""
        attributes += f' letter-spacing="{number(style.spacing)}"' if style.spacing else ""
        attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
        attributes += f' textLength="{number(wide)}" lengthAdjust="spacingAndGlyphs"'
        title = f"<title>{escape(whole)}</title>" if whole and whole != text else ""
        place = f'x="{number(x)}" y="{number(y)}" font-size="{number(style.px)}"'
        self.parts.append(f"<text {place}{attributes}>{title}{escape(text)}</text>")
        return wide

    def paragraph(self, x: float, top: float, room: float, text: str, style: Style) -> float:
        """Draw wrapped lines below `top`; return where the next thing may begin."""
        for line in wrapped(text, room, style):
            self.text(x, top + _ASCENT * style.px, line, style)
            top += LEADING * style.px
        return top

    def row(self, x: float, top: float, room: float, left: str, right: str, styles: tuple[Style, Style]) -> float:
        """Draw two texts at the ends of one line, or below each other where they do not fit; return the next top."""
        first, second = styles
        if width(left, first) + width(right, second) + first.px > room:
            return self.paragraph(x, self.paragraph(x, top, room, left, first), room, right, second)
        base = top + _ASCENT * max(first.px, second.px)
        self.text(x, base, left, first)
        self.text(x + room, base, right, second, "end")
        return top + LEADING * max(first.px, second.px)

    def rect(self, left: float, top: float, wide: float, high: float, classes: str, radius: float = 0) -> None:
        """Draw a rectangle."""
        corner = f' rx="{number(radius)}"' if radius else ""
        size = f'width="{number(wide)}" height="{number(high)}"'
        self.parts.append(f'<rect class="{classes}" x="{number(left)}" y="{number(top)}" {size}{corner}/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, classes: str) -> None:
        """Draw a straight line."""
        start, end = f'x1="{number(x1)}" y1="{number(y1)}"', f'x2="{number(x2)}" y2="{number(y2)}"'
        self.parts.append(f'<line class="{classes}" {start} {end}/>')

    def circle(self, x: float, y: float, radius: float, classes: str) -> None:
        """Draw a circle."""
        self.parts.append(f'<circle class="{classes}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>')

    def polygon(self, points: tuple[tuple[float, float], ...], classes: str) -> None:
        """Draw a closed shape."""
        corners = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.parts.append(f'<polygon class="{classes}" points="{corners}"/>')

    def svg(self, wide: float, high: float, title: str, description: str, css: str) -> str:
        """Return the document."""
        size = f'width="{number(wide)}" height="{number(high)}" viewBox="0 0 {number(wide)} {number(high)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="map-title map-text">'
        named = f'<title id="map-title">{escape(title)}</title>\n<desc id="map-text">{escape(description)}</desc>'
        return "\n".join([head, named, f"<style>{css}</style>", *self.parts, "</svg>", ""])
