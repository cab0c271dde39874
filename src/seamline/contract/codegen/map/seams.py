"""The upper half of the map: lines of stations (tiers) and seams (boundaries), a card below each seam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from seamline.contract.codegen.map.drawing import Anchor, Sheet, Style, shortened, width
from seamline.contract.codegen.map.lines import Line, Seam, zone
from seamline.contract.codegen.map.theme import MARGIN, ROOM
from seamline.contract.model import Contract

GUTTER = 20
"""Between two cards."""
SLOTS_MIN, SLOTS_MAX = 4, 5
PADDING = 16
TILE_HIGH = 34
ZONE_HIGH = 22
STEM = 26
LINK = 26
"""Length of a link that no boundary describes."""

_TILE = Style(13, bold=True)
_ZONE = Style(10.5, "faint", spacing=1.6)
_NAME = Style(14.5, bold=True)
_OWNER = Style(12, "soft")
_TEXT = Style(13)
_DETAIL = Style(12, "soft")
_VALUE = Style(12, bold=True)
_LABEL = Style(9.5, "faint", bold=True, spacing=1.1)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line at its place: the first slot and the row."""

    line: Line
    slot: int
    row: int


@dataclass(frozen=True, slots=True)
class _Tile:
    """A station at its place."""

    name: str
    centre: float
    wide: float


def draw_lines(sheet: Sheet, found: tuple[Line, ...], contract: Contract, colours: Mapping[str, int], top: float) -> float:
    """Draw every line, several short ones side by side; return where the next thing may begin."""
    slots = min(SLOTS_MAX, max(SLOTS_MIN, *(len(line.seams) for line in found), 0))
    wide = (ROOM + GUTTER) / slots
    placed = tuple(_places(found, slots))
    for row in range(placed[-1].row + 1 if placed else 0):
        here = [item for item in placed if item.row == row]
        bottom = top
        for item in here:
            left = MARGIN + item.slot * wide
            _draw_rail(sheet, item.line, colours, left, wide, top)
        height = max(_card_high(seam, contract, wide) for item in here for seam in item.line.seams)
        for item in here:
            for at, seam in enumerate(item.line.seams):
                left = MARGIN + (item.slot + at) * wide
                _draw_card(sheet, seam, contract, colours, left, wide, top + ZONE_HIGH + TILE_HIGH / 2, height)
        bottom = top + ZONE_HIGH + TILE_HIGH / 2 + STEM + height
        top = bottom + 34
    return top - 34


def _places(found: tuple[Line, ...], slots: int) -> Iterator[_Placed]:
    slot = row = 0
    for line in found:
        if slot and slot + len(line.seams) > slots:
            slot, row = 0, row + 1
        yield _Placed(line, slot, row)
        slot += len(line.seams)


def _tile_wide(name: str, slot_wide: float) -> float:
    return min(width(name, _TILE) + 26, slot_wide / 2 - 24)


def _tiles(line: Line, left: float, wide: float) -> list[_Tile]:
    """Stations at the slots' borders; two of them, with a link between, where no boundary joins."""
    found: list[_Tile] = []
    first, last = line.seams[0].source, line.seams[-1].target
    end = left + len(line.seams) * wide - GUTTER
    size = _tile_wide(first, wide)
    found.append(_Tile(first, left + size / 2, size))
    for at in range(1, len(line.seams)):
        border = left + at * wide - GUTTER / 2
        before, after = line.seams[at - 1].target, line.seams[at].source
        if at not in line.joins:
            found.append(_Tile(after, border, _tile_wide(after, wide)))
            continue
        sizes = _tile_wide(before, wide * 0.9), _tile_wide(after, wide * 0.9)
        start = border - (sizes[0] + LINK + sizes[1]) / 2
        found.append(_Tile(before, start + sizes[0] / 2, sizes[0]))
        found.append(_Tile(after, start + sizes[0] + LINK + sizes[1] / 2, sizes[1]))
    size = _tile_wide(last, wide)
    found.append(_Tile(last, end - size / 2, size))
    return [tile for tile in found if tile.name]


def _draw_rail(sheet: Sheet, line: Line, colours: Mapping[str, int], left: float, wide: float, top: float) -> None:
    """The rail of each seam in its owner's colour, then the stations on it, and the zones above."""
    middle = top + ZONE_HIGH + TILE_HIGH / 2
    tiles = _tiles(line, left, wide)
    for at, seam in enumerate(line.seams):
        start, end = left + at * wide, left + (at + 1) * wide - GUTTER
        start, end = (start if at == 0 else start - GUTTER / 2), (end if at == len(line.seams) - 1 else end + GUTTER / 2)
        sheet.line(start + 4, middle, end - 4, middle, f"rail line{colours[seam.boundary.owner]}")
    for before, after in pairwise(tiles):
        between = after.centre - after.wide / 2 - before.centre - before.wide / 2
        if between <= LINK + 1:
            sheet.rect(before.centre, middle - 6, after.centre - before.centre, 12, "paper")
            sheet.line(before.centre + before.wide / 2 + 5, middle, after.centre - after.wide / 2 - 5, middle, "gap")
    for tile in tiles:
        sheet.rect(tile.centre - tile.wide / 2, middle - TILE_HIGH / 2, tile.wide, TILE_HIGH, "tile", TILE_HIGH / 2)
        text = shortened(tile.name, tile.wide - 16, _TILE)
        sheet.text(tile.centre, middle + 4.5, text, _TILE, "middle", whole=tile.name)
    _draw_zones(sheet, tiles, top)


def _draw_zones(sheet: Sheet, tiles: list[_Tile], top: float) -> None:
    """A bracket over neighbouring stations of one zone, with the zone's name."""
    at = 0
    while at < len(tiles):
        end = at
        while end + 1 < len(tiles) and zone(tiles[end + 1].name) == zone(tiles[at].name):
            end += 1
        name = zone(tiles[at].name).upper()
        if name:
            left, right = tiles[at].centre - tiles[at].wide / 2, tiles[end].centre + tiles[end].wide / 2
            anchor: Anchor = "middle"
            centre = (left + right) / 2
            half = width(name, _ZONE) / 2 + 8
            sheet.text(centre, top + 8, name, _ZONE, anchor)
            for x1, x2 in ((left, centre - half), (centre + half, right)):
                if x2 - x1 > 4:
                    sheet.line(x1, top + 4, x2, top + 4, "hair")
        at = end + 1


def _draw_card(
    sheet: Sheet, seam: Seam, contract: Contract, colours: Mapping[str, int], left: float, wide: float, rail: float, high: float
) -> None:
    """The diamond on the rail, its stem, and the card."""
    colour = colours[seam.boundary.owner]
    centre, top = left + (wide - GUTTER) / 2, rail + STEM
    sheet.line(centre, rail, centre, top, f"stem line{colour}")
    sheet.polygon(((centre, rail - 9), (centre + 9, rail), (centre, rail + 9), (centre - 9, rail)), f"fill{colour}")
    sheet.rect(left, top, wide - GUTTER, high, "card", 8)
    sheet.rect(left, top, wide - GUTTER, 5, f"fill{colour}", 2.5)
    _card_text(sheet, seam, contract, left + PADDING, top + 18, wide - GUTTER - 2 * PADDING, colour)


def _card_high(seam: Seam, contract: Contract, wide: float) -> float:
    return _card_text(Sheet(), seam, contract, 0, 18, wide - GUTTER - 2 * PADDING, 0) + 12


def _card_text(sheet: Sheet, seam: Seam, contract: Contract, left: float, top: float, room: float, colour: int) -> float:
    """The card's words; return where they end."""
    boundary = seam.boundary
    name = f"{seam.source} → {seam.target}" if seam.target else seam.source
    top = sheet.paragraph(left, top, room, name, _NAME)
    owner = contract.owners[boundary.owner]
    top = sheet.paragraph(left, top + 1, room, f"{boundary.owner} answers", Style(12, f"fill{colour}", bold=True))
    top = sheet.paragraph(left, top, room, owner.contact, _OWNER)
    top = sheet.paragraph(left, top + 9, room, f"{boundary.promise[:1].upper()}{boundary.promise[1:]}.", _TEXT)
    if boundary.on_failure is not None:
        top = _labelled(sheet, "WHEN IT FAILS", boundary.on_failure, left, top, room)
    if seam.waits:
        top = sheet.paragraph(left, top + 10, room, "TIME", _LABEL)
        for what, words in seam.waits:
            top = sheet.row(left, top + 1, room, what, words, (_DETAIL, _VALUE))
    if boundary.security is not None:
        held = boundary.security
        top = _labelled(sheet, "PROTECTED BY", f"{held.authentication}, {held.encryption}; {held.data} data", left, top, room)
    if boundary.proven_by:
        top = _labelled(sheet, "PROVEN BY", ", ".join(boundary.proven_by), left, top, room)
    return top


def _labelled(sheet: Sheet, label: str, text: str, left: float, top: float, room: float) -> float:
    top = sheet.paragraph(left, top + 10, room, label, _LABEL)
    return sheet.paragraph(left, top + 1, room, text, _DETAIL)
