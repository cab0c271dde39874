"""What stands beside the coverage map: its signs, the zones with what they need and have, and the blind spots with their causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from seamline.site.coverage.result import NeedCoverage
from seamline.site.documents.blind import causes_text, need_text, share_text, spots
from seamline.site.documents.design import Design
from seamline.site.documents.drawing import Circle, Ink, Mark, Text, box, line
from seamline.site.documents.fonts import fitted, wrapped
from seamline.site.documents.map_inks import BLIND, BLIND_HATCH, BOUNDARY, CABLE, CONTOUR, LINK, SEEN, SEEN_TWICE, THINGS, ZONE
from seamline.site.documents.sheets import ACCENT, ALARM, GREY, HAIR, INK, Room
from seamline.site.documents.symbols import device, supply
from seamline.site.plan.model import Meaning

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


Key = Callable[[float, float], list[Mark]]
"""A sign of the legend, drawn with its upper left corner at (x, y)."""


def _area(ink: Ink, *, hatched: bool = False) -> Key:
    def draw(x: float, y: float) -> list[Mark]:
        lines = [line(((x + at, y + 3.4), (x + at + 3.4, y)), BLIND_HATCH) for at in (0, 1.5, 3, 4.5)] if hatched else []
        return [box(x, y, 8, 3.4, ink), *lines]

    return draw


def _line(ink: Ink) -> Key:
    return lambda x, y: [line(((x, y + 1.7), (x + 8, y + 1.7)), ink)]


def _device(role: str, *, looks: bool = True, existing: bool = False) -> Key:
    return lambda x, y: list(device(role, x + 4, y + 1.7, 90.0 if looks else None, existing=existing))


WIDE: Final[tuple[tuple[Key, str], ...]] = (
    (_area(SEEN), "seen as the zone needs"),
    (_area(SEEN_TWICE), "seen by one more than it needs"),
    (_area(BLIND, hatched=True), "blind: not seen as it must be"),
)
ALWAYS: Final[tuple[tuple[Key, str], ...]] = (
    (_line(ZONE), "zone"),
    (_line(BOUNDARY), "boundary"),
    (_line(CABLE), "cable"),
    (_line(LINK), "radio link in use"),
    (_device("camera"), "camera, looking"),
    (_device("sensor"), "sensor"),
    (_device("relay"), "relay"),
    (_device("gateway"), "gateway"),
    (lambda x, y: list(supply(x + 4, y + 1.7)), "supply"),
    (_device("sensor", looks=False, existing=True), "exists already"),
)
POINTS: Final = frozenset({Meaning.MAST, Meaning.POWER, Meaning.DEVICE})


def _there(design: Design) -> Iterator[tuple[Key, str]]:
    """What the survey and the terrain bring to the map."""
    there = {thing.meaning for thing in design.site.things}
    for meaning, ink in THINGS.items():
        if meaning in there and meaning in POINTS:
            yield lambda x, y, ink=ink: [Circle(x + 4, y + 1.7, 0.8, ink)], meaning.value
        elif meaning in there:
            yield _line(ink) if meaning is Meaning.ROUTE else _area(ink), meaning.value
    if design.site.ground is not None:
        yield _line(CONTOUR), "height of the ground, m"


def _signs(design: Design, kind: str, x: float, y: float, wide: float, bottom: float) -> Written:
    marks: list[Mark] = [_head("Legend", x, y)]
    y += 2.5
    for key, text in WIDE:
        marks += [*key(x, y), Text(x + 10.5, y + 2.6, text, 2.5)]
        y += STEP
    shown = (*ALWAYS, *_there(design))
    for at, (key, text) in enumerate(shown):
        left, top = x + at % 2 * wide / 2, y + at // 2 * STEP
        marks += [*key(left, top), Text(left + 10.5, top + 2.6, text, 2.5)]
    y += (len(shown) + 1) // 2 * STEP + 1
    note = "Sectors end at a device's range; a camera's dashed lines are where the densities that zones need end."
    for text in wrapped(note, wide, 2.2):
        marks.append(Text(x, y + 2.2, text, 2.2, colour=GREY))
        y += 3.1
    del kind, bottom
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
