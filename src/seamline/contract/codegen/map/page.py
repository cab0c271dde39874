"""The system map as one sheet of SVG: lines of tiers and boundaries on top, waits and contents below."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.contract.codegen.map.drawing import Sheet, Style, shortened, width
from seamline.contract.codegen.map.lines import lines
from seamline.contract.codegen.map.panels import contents, scale
from seamline.contract.codegen.map.seams import draw_lines
from seamline.contract.codegen.map.theme import CSS, MARGIN, OWNER_COLOURS, ROOM, WIDTH
from seamline.contract.codegen.wording import duration, grouped, listed
from seamline.contract.family import Family
from seamline.contract.model import Contract

SEAMS_MAX = 5
"""Seams side by side: a card of about 260 px holds a promise in two or three lines."""

_TITLE = Style(38, bold=True)
_VERSION = Style(20, "soft")
_SUMMARY = Style(15, "soft")
_FIGURE = Style(22, bold=True)
_SMALL = Style(11, "faint")


def system_map(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `map`: `system-map.svg`, self-contained, light and dark, printable."""
    sheet, high = drawn(family, contract)
    seams = ", ".join(contract.boundaries)
    title = f"System map of {contract.product} {contract.version}"
    description = f"{contract.summary} Boundaries: {seams}. Owners: {', '.join(contract.owners)}."
    return {"system-map.svg": sheet.svg(WIDTH, high, title, description, CSS)}


def drawn(family: Family, contract: Contract) -> tuple[Sheet, float]:
    """Return the sheet and its height in px; the sheet's boxes tell where each text is."""
    sheet = Sheet()
    colours = {name: at % OWNER_COLOURS for at, name in enumerate(contract.owners)}
    sheet.parts.append('<rect class="paper" width="100%" height="100%"/>')
    top = _head(sheet, contract)
    top = _owners(sheet, contract, colours, top + 18)
    top = draw_lines(sheet, lines(contract, SEAMS_MAX), contract, colours, top + 34)
    left = scale(sheet, contract, colours, top + 40)
    right = contents(sheet, contract, top + 40)
    foot = max(left, right) + 34
    sheet.line(MARGIN, foot, MARGIN + ROOM, foot, "hair")
    field = listed(tuple(family.versions))
    sheet.text(MARGIN, foot + 20, f"Made from {contract.reference}. Versions that the hub takes: {field}.", _SMALL)
    return sheet, foot + 46


def _head(sheet: Sheet, contract: Contract) -> float:
    """Name, version and summary at the left, the fleet's figures at the right."""
    fleet = contract.fleet
    figures = (
        (grouped(fleet.devices_max), "devices at most"),
        (f"{grouped(fleet.accept_rate)}/s", "connects accepted"),
        (duration(fleet.recovery_ms), "until all are back"),
        (duration(contract.buffer.outage_ms), "of outage bridged"),
    )
    right = MARGIN + ROOM
    for value, what in reversed(figures):
        wide = max(width(value, _FIGURE), width(what, _SMALL))
        sheet.text(right - wide, 78, value, _FIGURE)
        sheet.text(right - wide, 96, what, _SMALL)
        right -= wide + 36
    room = right - MARGIN
    version = width(contract.version, _VERSION)
    name = shortened(contract.product, room - version - 14, _TITLE)
    wide = sheet.text(MARGIN, 84, name, _TITLE, whole=contract.product)
    sheet.text(MARGIN + wide + 12, 84, contract.version, _VERSION)
    return sheet.paragraph(MARGIN, 104, room, contract.summary, _SUMMARY)


def _owners(sheet: Sheet, contract: Contract, colours: Mapping[str, int], top: float) -> float:
    """One chip for each owner: colour, name, team, contact; as many a row as fit."""
    name, detail = Style(13, bold=True), Style(12, "soft")
    left, base = float(MARGIN), top + 12
    for owner in contract.owners.values():
        about = shortened(f"{owner.team}, {owner.contact}", ROOM - 320, detail)
        called = shortened(owner.name, 240, name)
        wide = 18 + width(called, name) + 8 + width(about, detail)
        if left > MARGIN and left + wide > MARGIN + ROOM:
            left, base = float(MARGIN), base + 24
        sheet.circle(left + 6, base - 4.5, 6, f"fill{colours[owner.name]}")
        used = sheet.text(left + 18, base, called, name, whole=owner.name)
        sheet.text(left + 18 + used + 8, base, about, detail)
        left += wide + 34
    return base + 8
