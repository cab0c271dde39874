"""What stands beside the coverage map: its signs, the zones with what they need and have, and the blind spots with their causes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamline.site.coverage.result import NeedCoverage
from seamline.site.documents.blind import causes_text, need_text, share_text, spots
from seamline.site.documents.design import Design
from seamline.site.documents.drawing import Ink, Mark, Text, box, line
from seamline.site.documents.fonts import fitted, wrapped
from seamline.site.documents.sheets import ACCENT, ALARM, GREY, HAIR, INK, Room
from seamline.site.documents.symbols import device, supply

PAD: Final = 4.0
STEP: Final = 4.6
BLIND_MAX: Final = 10
"""Blind spots that are listed beside the map; all are in the tables."""


def legend(design: Design, room: Room, kind: str) -> Iterator[Mark]:
    """The column beside the map of one kind of need."""
    yield line(((room.x, room.y), (room.x, room.bottom)), HAIR)
    x, y, wide = room.x + PAD, room.y + 6, room.width - 2 * PAD
    for writer in (_signs, _zones, _blind, _absent):
        marks, y = writer(design, kind, x, y, wide, room.bottom - 3)
        yield from marks
        y += 4


Written = tuple[list[Mark], float]


def _head(text: str, x: float, y: float) -> Text:
    return Text(x, y, text, 3.4, bold=True, colour=ACCENT)


def _signs(design: Design, kind: str, x: float, y: float, wide: float, bottom: float) -> Written:
    marks: list[Mark] = [_head("Legend", x, y)]
    areas = (
        (Ink(fill="#14a38b", opacity=0.28), False, "seen as the zone needs"),
        (Ink(fill="#0f766e", opacity=0.48), False, "seen by one more than it needs"),
        (Ink(fill="#f97066", stroke=ALARM, width=0.3, opacity=0.14), True, "blind: not seen as it must be"),
    )
    y += 2.5
    for ink, hatched, text in areas:
        marks.append(box(x, y, 8, 3.4, ink))
        if hatched:
            marks += [line(((x + at, y + 3.4), (x + at + 3.4, y)), Ink(stroke=ALARM, width=0.18)) for at in (0, 1.5, 3, 4.5)]
        marks.append(Text(x + 10.5, y + 2.6, text, 2.5))
        y += STEP
    lines = (
        (Ink(stroke="#1d4e89", width=0.5, dash=(3.0, 1.0)), "zone"),
        (Ink(stroke="#3f3f46", width=0.7, dash=(5.0, 1.2, 0.8, 1.2)), "boundary"),
        (Ink(stroke="#c2410c", width=0.45, dash=(1.6, 0.8)), "cable"),
        (Ink(stroke="#1d4ed8", width=0.25, dash=(0.6, 0.9)), "radio link in use"),
    )
    for at, (ink, text) in enumerate(lines):
        left, top = x + at % 2 * wide / 2, y + at // 2 * STEP
        marks += [line(((left, top + 1.7), (left + 8, top + 1.7)), ink), Text(left + 10.5, top + 2.6, text, 2.5)]
    y += 2 * STEP
    signs = [("camera", "camera, looking"), ("sensor", "sensor"), ("relay", "relay"), ("gateway", "gateway")]
    for at, (role, text) in enumerate(signs):
        left, top = x + at % 2 * wide / 2, y + at // 2 * STEP
        marks += [*device(role, left + 4, top + 1.7, 90.0), Text(left + 10.5, top + 2.6, text, 2.5)]
    y += 2 * STEP
    marks += [*supply(x + 4, y + 1.7), Text(x + 10.5, y + 2.6, "supply", 2.5)]
    marks += [
        *device("sensor", x + wide / 2 + 4, y + 1.7, None, existing=True),
        Text(x + wide / 2 + 10.5, y + 2.6, "exists already", 2.5),
    ]
    y += STEP + 1
    note = "Sectors end at a device's range; a camera's dashed lines are where the densities that zones need end."
    for text in wrapped(note, wide, 2.2):
        marks.append(Text(x, y + 2.2, text, 2.2, colour=GREY))
        y += 3.1
    del design, kind, bottom
    return marks, y + 3


def _zones(design: Design, kind: str, x: float, y: float, wide: float, bottom: float) -> Written:
    marks: list[Mark] = [_head("Zones", x, y)]
    y += 4.5
    for zone in design.coverage.zones.values():
        if all(need.need.kind != kind for need in zone.needs):
            continue
        title = design.site.zones[zone.zone].zone.title
        if y > bottom - 12:
            return [*marks, Text(x, y, "more zones: see the tables", 2.4, colour=GREY)], y + STEP
        marks.append(Text(x, y, fitted(f"{title}: {zone.area_m2:.0f} m²", wide, 2.6, bold=True), 2.6, bold=True))
        y += 3.6
        for need in zone.needs:
            if need.need.kind != kind:
                continue
            marks += _need(need, x, y, wide)
            y += 3.6
        y += 1
    return marks, y


def _need(need: NeedCoverage, x: float, y: float, wide: float) -> Iterator[Mark]:
    told = f"{share_text(need.share)} of {share_text(need.need.share)}"
    yield Text(x, y, fitted(need_text(need.need), wide - 34, 2.4), 2.4)
    yield Text(
        x + wide,
        y,
        f"{told} {'met' if need.met else 'NOT MET'}",
        2.4,
        "end",
        bold=not need.met,
        colour=INK if need.met else ALARM,
    )


def _blind(design: Design, kind: str, x: float, y: float, wide: float, bottom: float) -> Written:
    found = sorted(spots(design.coverage, kind), key=lambda spot: (-spot.blind.area_m2, spot.name))
    marks: list[Mark] = [_head("Blind spots", x, y)]
    y += 4.5
    if not found:
        return [*marks, Text(x, y, "none", 2.4)], y + 3
    for at, spot in enumerate(found):
        lines = wrapped(f"{spot.name}, {spot.blind.area_m2:.0f} m²: {causes_text(spot.blind)}", wide, 2.4)
        if at == BLIND_MAX or y + len(lines) * 3.3 > bottom - 8:
            marks.append(Text(x, y, f"and {len(found) - at} more, see the tables", 2.4, colour=GREY))
            return marks, y + 3
        for text in lines:
            marks.append(Text(x, y, text, 2.4))
            y += 3.3
        y += 0.6
    return marks, y


def _absent(design: Design, kind: str, x: float, y: float, wide: float, bottom: float) -> Written:
    del kind
    if not design.absent or y > bottom - 12:
        return [], y
    marks: list[Mark] = [Text(x, y, "Not on this map", 3.4, bold=True, colour=ALARM)]
    y += 4.5
    for absent in design.absent:
        for text in wrapped(str(absent), wide, 2.4):
            if y > bottom:
                return marks, y
            marks.append(Text(x, y, text, 2.4))
            y += 3.3
    return marks, y
