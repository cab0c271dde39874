"""A sheet and the marks on it: what a drawing is before it is written as SVG or PDF, so that the two cannot disagree.

Millimetres from the sheet's upper left corner, y downwards; angles in degrees, clockwise. Later marks lie on top of earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

A4: Final = (210.0, 297.0)
A3: Final = (297.0, 420.0)
"""Width and height, upright (ISO 216)."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a mark is filled and stroked: colours as `#rrggbb`, None for not at all; `opacity` is the fill's."""

    fill: str | None = None
    stroke: str | None = None
    width: float = 0.25
    dash: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Path:
    """Rings or lines with straight edges; filled by the even-odd rule, so that a ring in a ring is a hole."""

    rings: tuple[tuple[Point, ...], ...]
    ink: Ink
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle."""

    x: float
    y: float
    radius: float
    ink: Ink


@dataclass(frozen=True, slots=True)
class Text:
    """One line of Helvetica; (x, y) is on its base line. `turn` is about that point. A `halo` sets it off from what lies under it."""

    x: float
    y: float
    text: str
    size: float = 2.5
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = "#1b1f24"
    turn: float = 0.0
    halo: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that belong together. `label` is told on screen; what lies outside of `clip` (x, y, width, height) is not drawn."""

    items: tuple[Mark, ...]
    label: str = ""
    clip: tuple[float, float, float, float] | None = None


Mark = Path | Circle | Text | Group


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of paper: `name` is its file's, without the ending."""

    name: str
    title: str
    width: float
    height: float
    items: tuple[Mark, ...]


def number(value: float) -> str:
    """A number as both writers write it: thousandths, no needless zeros, no exponent, never -0."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def line(points: Iterable[Point], ink: Ink) -> Path:
    """An open line."""
    return Path((tuple(points),), ink, closed=False)


def polygon(points: Iterable[Point], ink: Ink) -> Path:
    """A closed ring."""
    return Path((tuple(points),), ink)


def box(x: float, y: float, width: float, height: float, ink: Ink) -> Path:
    """A rectangle."""
    return polygon(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), ink)


def sector(x: float, y: float, radius: float, heading: float, degrees: float) -> tuple[Point, ...]:
    """The ring of a sector about a heading (clockwise from up the sheet), in steps of at most 3 degrees; a circle from 360 on."""
    if degrees >= 360:
        return tuple(turned(x, y, radius, step * 3.0) for step in range(120))
    steps = max(1, math.ceil(degrees / 3))
    return ((x, y), *(turned(x, y, radius, heading - degrees / 2 + degrees * step / steps) for step in range(steps + 1)))


def turned(x: float, y: float, radius: float, heading: float) -> Point:
    """The point that far away, at a heading clockwise from up the sheet."""
    angle = math.radians(heading)
    return x + radius * math.sin(angle), y - radius * math.cos(angle)


def arrow(at: Point, towards: Point, size: float, ink: Ink) -> Path:
    """An arrow's head with its point at `at`, coming from `towards`."""
    length = math.dist(at, towards) or 1.0
    ux, uy = (towards[0] - at[0]) / length, (towards[1] - at[1]) / length
    foot = (at[0] + ux * size, at[1] + uy * size)
    return polygon(
        (at, (foot[0] - uy * size / 3, foot[1] + ux * size / 3), (foot[0] + uy * size / 3, foot[1] - ux * size / 3)), ink
    )
