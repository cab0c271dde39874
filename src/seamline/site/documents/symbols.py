"""The signs of a site's drawings: devices, supplies, north, scale, and where their names go without covering each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from seamline.site.documents.drawing import Circle, Ink, Mark, Point, Text, box, line, polygon, turned
from seamline.site.documents.fonts import width
from seamline.site.documents.sheets import ALARM, INK

CAMERA: Final = "#9a3412"
SENSOR: Final = "#6d28d9"
RELAY: Final = "#0369a1"
GATEWAY: Final = "#1d4ed8"
SUPPLY: Final = "#a16207"
ROLES: Final = {"camera": CAMERA, "sensor": SENSOR, "relay": RELAY, "gateway": GATEWAY}
WHITE: Final = "#ffffff"
BARS: Final = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000)
"""Lengths of a scale bar, m."""


def device(role: str, x: float, y: float, heading: float | None, *, existing: bool = False) -> Iterator[Mark]:
    """A device's sign; a camera's points where it looks. What exists already is hollow."""
    colour = ROLES[role]
    ink = Ink(fill=WHITE if existing else colour, stroke=colour if existing else WHITE, width=0.5 if existing else 0.35)
    if role == "camera":
        look = heading or 0.0
        yield polygon([turned(x, y, far, look + at) for far, at in ((2.4, 0), (1.9, 140), (0.9, 180), (1.9, 220))], ink)
    elif role == "sensor":
        yield Circle(x, y, 1.4, ink)
        yield Circle(x, y, 0.5, Ink(fill=colour if existing else WHITE))
    elif role == "relay":
        yield polygon(((x, y - 1.8), (x + 1.8, y), (x, y + 1.8), (x - 1.8, y)), ink)
    else:
        yield box(x - 1.7, y - 1.7, 3.4, 3.4, ink)
        dot = Ink(stroke=colour if existing else WHITE, width=0.4)
        yield line(((x - 0.9, y + 0.7), (x, y - 0.8), (x + 0.9, y + 0.7)), dot)


def supply(x: float, y: float) -> Iterator[Mark]:
    """A supply's sign: a flash on a disc."""
    yield Circle(x, y, 1.7, Ink(fill="#fde68a", stroke=SUPPLY, width=0.35))
    flash = ((0.3, -1.2), (-0.7, 0.2), (-0.05, 0.2), (-0.3, 1.2), (0.7, -0.2), (0.05, -0.2))
    yield polygon([(x + a, y + b) for a, b in flash], Ink(fill=SUPPLY))


def north(x: float, y: float, size: float, convergence: float) -> Iterator[Mark]:
    """An arrow to true north, where the sheet's up is the frame's north: `convergence` degrees from true to the frame's north."""
    at = -convergence
    tip, tail = turned(x, y, size, at), turned(x, y, size * 0.75, at + 180)
    left, right = turned(x, y, size * 0.95, at + 150), turned(x, y, size * 0.95, at - 150)
    yield polygon((tip, left, tail), Ink(fill=INK, stroke=INK, width=0.2))
    yield polygon((tip, right, tail), Ink(fill=WHITE, stroke=INK, width=0.2))
    letter = turned(x, y, size + 1.5, at)
    yield Text(letter[0], letter[1], "N", 4, "middle", bold=True)


def scale_bar(x: float, y: float, mm_per_m: float, room: float) -> Iterator[Mark]:
    """A bar in four parts, as long as there is room for a round number of metres."""
    metres = max((one for one in BARS if one * mm_per_m <= room), default=BARS[0])
    wide = metres * mm_per_m
    for at in range(4):
        ink = Ink(fill=INK if at % 2 == 0 else WHITE, stroke=INK, width=0.2)
        yield box(x + wide * at / 4, y, wide / 4, 1.6, ink)
    for share in (0, 0.5, 1):
        told = f"{metres * share:g}{' m' if share == 1 else ''}"
        yield Text(x + wide * share, y + 4.6, told, 2.4, "start" if share == 0 else "middle")


def cross(x: float, y: float) -> Iterator[Mark]:
    """A sign that something is wrong here."""
    ink = Ink(stroke=ALARM, width=0.6)
    yield line(((x - 1.6, y - 1.6), (x + 1.6, y + 1.6)), ink)
    yield line(((x - 1.6, y + 1.6), (x + 1.6, y - 1.6)), ink)


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(slots=True)
class Labels:
    """Names beside their signs, each where it covers the least of what is there already; `room` is where they may be."""

    room: Box
    taken: list[Box] = field(default_factory=list[Box])

    def sign(self, x: float, y: float, radius: float) -> None:
        """A sign that no name should cover."""
        self.taken.append((x - radius, y - radius, x + radius, y + radius))

    def put(self, x: float, y: float, text: str, size: float, radius: float, *, bold: bool = False, colour: str = INK) -> Text:
        """The name of a sign at (x, y) of this radius."""
        wide = width(text, size, bold=bold)
        found = list(places(x, y, wide, size, radius))
        spots = [(left - 0.3, base - size * 0.8, left + wide + 0.3, base + size * 0.25) for left, base in found]
        over = [
            math.fsum(overlap(spot, other) for other in self.taken) + 40 * outside(spot, self.room) + worth * 0.02
            for worth, spot in enumerate(spots)
        ]
        best = over.index(min(over))
        self.taken.append(spots[best])
        return Text(*found[best], text, size, bold=bold, colour=colour, halo=True)


def places(x: float, y: float, wide: float, size: float, radius: float) -> Iterator[Point]:
    """Where a name may begin about a sign, the best first: beside, above and below it, then farther out."""
    for far in (radius + 0.8, radius + 3.5, radius + 6.5, radius + 10.0):
        for across, down in ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1)):
            left = x + far if across > 0 else x - far - wide if across < 0 else x - wide / 2
            yield left, y + size * 0.35 + down * (far + size * 0.4)


def overlap(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def outside(spot: Box, room: Box) -> float:
    """The area of a box that lies outside of a room."""
    return (spot[2] - spot[0]) * (spot[3] - spot[1]) - overlap(spot, room)
