"""Mounting sheets: for each device one page to take up the ladder. Where it goes, where it looks, what it hangs on, what is checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import segno

from seamline.site.catalogue.parts import Camera, Part
from seamline.site.documents.chart import Chart
from seamline.site.documents.design import Design
from seamline.site.documents.devices import Device
from seamline.site.documents.drawing import Group, Ink, Mark, Path, Text, arrow, box, line, sector
from seamline.site.documents.fonts import fitted, wrapped
from seamline.site.documents.maps import BOUNDARY, CABLE, THINGS, view
from seamline.site.documents.sheets import A4_UPRIGHT, ACCENT, ALARM, FAINT, GREY, HAIR, INK, PALE, Draft, Room
from seamline.site.documents.symbols import ROLES, Labels, device, north, scale_bar
from seamline.site.observers import Camera as Eye

AROUND_M: Final = 12.0
"""How much of the site the excerpt shows about a device, at least, in each direction."""
LOW_M: Final = 0.1
"""What lies on the ground is drawn as if it stood so high."""
FACT: Final = 2.8
MUTED: Final = Ink(stroke="#9aa4b0", width=0.25)


def mounting_sheet(design: Design, one: Device) -> Draft:
    """The sheet of one device."""
    room = A4_UPRIGHT.room
    left = Room(room.x + 4, room.y + 4, 104, 104)
    right = Room(left.right + 4, left.y, room.right - left.right - 8, 104)
    below = Room(room.x + 4, left.bottom + 5, room.width - 8, room.bottom - left.bottom - 8)
    items = (
        *excerpt(design, one, left),
        *label(one, right),
        *facts(design, one, Room(below.x, below.y, 104, below.height)),
        *side_view(design, one, Room(right.x, below.y, right.width, 46)),
        *photo(Room(right.x, below.y + 50, right.width, 58)),
        *signed(Room(below.x, room.bottom - 31, below.width, 28)),
    )
    return Draft(f"mounting/{one.id}", f"Mounting sheet {one.id}", A4_UPRIGHT, items)


def excerpt(design: Design, one: Device, room: Room) -> Iterator[Mark]:
    """The map about the device, with what it looks at and its cable."""
    reach = max(AROUND_M, min(one.range_m or 0.0, 40.0) * 0.4)
    chart = Chart.of(room, (one.x - reach, one.y - reach, one.x + reach, one.y + reach))
    yield Group(tuple(around(design, one, chart)), clip=chart.clip)
    yield box(room.x, room.y, room.width, room.height, Ink(stroke=GREY, width=0.3))
    yield box(room.x + 0.2, room.bottom - 9.4, room.width - 0.4, 9.2, Ink(fill="#ffffff", opacity=0.9))
    yield from scale_bar(room.x + 3, room.bottom - 7.5, chart.mm, 40)
    yield Text(room.right - 3, room.bottom - 4, f"1 : {chart.scale}", 2.6, "end", colour=GREY)
    yield from north(room.right - 8, room.y + 12, 5.5, design.site.frame.convergence(one.x, one.y))


def around(design: Design, one: Device, chart: Chart) -> Iterator[Mark]:
    """What lies about a device."""
    site = design.site
    yield from chart.marks(site.boundary, BOUNDARY)
    labels = Labels((chart.room.x, chart.room.y, chart.room.right, chart.room.bottom))
    for meaning, ink in THINGS.items():
        for thing in site.things:
            if thing.meaning is meaning:
                yield from chart.marks(thing.geometry, ink)
    for row in design.cables.rows if design.cables else ():
        if row.device == one.id:
            yield line((chart.at(x, y) for x, y in row.places), CABLE)
    yield from view(design, one, chart)
    x, y = chart.at(one.x, one.y)
    if one.heading_deg is not None:
        ahead = sector(x, y, 22, one.heading_deg, 0.001)[-1]
        yield line(((x, y), ahead), Ink(stroke=ROLES[one.role], width=0.4))
        yield arrow(ahead, (x, y), 2.6, Ink(fill=ROLES[one.role]))
    yield from device(one.role, x, y, one.heading_deg, existing=one.existing)
    labels.sign(x, y, 2.2)
    yield labels.put(x, y, one.id, 3.2, 2.2, bold=True, colour=ROLES[one.role])
    others = (*site.nodes.values(), *site.gateways.values())
    for other, fixed in others:
        if other.id != one.id and chart.shows(fixed.x, fixed.y):
            x, y = chart.at(fixed.x, fixed.y)
            yield Path((tuple((x + a, y + b) for a, b in ((0, -1), (1, 0), (0, 1), (-1, 0))),), MUTED)
            yield labels.put(x, y, other.id, 2.2, 1, colour=GREY)


def label(one: Device, room: Room) -> Iterator[Mark]:
    """The unit's QR code with what it says, and its name in large letters."""
    yield Text(room.x, room.y + 7, fitted(one.id, room.width, 8, bold=True), 8, bold=True)
    y = room.y + 12.5
    for text in wrapped(one.title, room.width, 3.2)[:2]:
        yield Text(room.x, y, text, 3.2, colour=GREY)
        y += 4.3
    size = min(room.width, room.bottom - y - 12)
    yield from qr(one.unit, room.x, y, size)
    y += size + 3.5
    for text in wrapped(one.unit, room.width, 2.5)[:3]:
        yield Text(room.x, y, text, 2.5)
        y += 3.3
    if one.existing:
        yield Text(room.x, room.bottom, "exists already: check only", 2.8, bold=True, colour=ALARM)


def qr(payload: str, x: float, y: float, size: float) -> Iterator[Mark]:
    """A QR code (ISO/IEC 18004, error correction M) with its quiet zone of four modules, as one path."""
    code = segno.make_qr(payload, error="m", boost_error=False)
    rows = [list(row) for row in code.matrix]
    module = size / (len(rows) + 8)
    rings: list[tuple[tuple[float, float], ...]] = []
    for at, row in enumerate(rows):
        start = None
        for column, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                left, top = x + (start + 4) * module, y + (at + 4) * module
                right, bottom = x + (column + 4) * module, top + module
                rings.append(((left, top), (right, top), (right, bottom), (left, bottom)))
                start = None
    yield Group((Path(tuple(rings), Ink(fill="#000000")),), payload)


def facts(design: Design, one: Device, room: Room) -> Iterator[Mark]:
    """Everything that is to be set, as lines of a name and a value."""
    y = room.y
    for heading, lines in told(design, one):
        yield Text(room.x, y + 3.2, heading, 3.2, bold=True, colour=ACCENT)
        y += 5.2
        for name, value in lines:
            parts = wrapped(value, room.width - 34, FACT)
            yield Text(room.x, y + 2.6, name, FACT, colour=GREY)
            for text in parts:
                yield Text(room.x + 34, y + 2.6, text, FACT)
                y += 3.9
            yield line(((room.x, y), (room.right, y)), HAIR)
            y += 0.7
        y += 2.2


Lines = list[tuple[str, str]]


def told(design: Design, one: Device) -> Iterator[tuple[str, Lines]]:
    """The facts under their headings; what is not planned is not there, or said so."""
    yield (
        "Place",
        [
            ("local", f"x {one.x:.2f} m, y {one.y:.2f} m"),
            ("longitude, latitude", f"{one.lon:.7f}, {one.lat:.7f}"),
            ("height", f"{one.height_m:.2f} m above ground (ground {one.ground_m:.2f} m)"),
            ("written in", design.place_of(f"{'gateways' if one.role == 'gateway' else 'nodes'}.{one.id}")),
        ],
    )
    look: Lines = []
    if one.bearing_deg is not None and one.heading_deg is not None:
        look.append(("bearing, true", f"{one.bearing_deg:.1f}° (heading {one.heading_deg:g}° in the frame)"))
    if one.tilt_deg is not None:
        look.append(("tilt", f"{abs(one.tilt_deg):g}° {'up' if one.tilt_deg < 0 else 'down'}"))
    if one.lens:
        look.append(("lens", f"{one.lens}, {one.width_deg:g}° across"))
    elif one.width_deg is not None:
        look.append(("field", f"{one.width_deg:g}°"))
    if one.range_m is not None:
        look.append(("range", f"{one.range_m:g} m"))
    if look:
        yield "Aim", look
    parts = [(kind, part_text(design, ident)) for kind, ident in parts_of(one)]
    yield "Parts", parts or [("parts", "none")]
    yield "Feed and links", list(fed(design, one))


def parts_of(one: Device) -> Iterator[tuple[str, str]]:
    """The parts of a device, each with what it is here."""
    for name, ident in ((one.role, one.part), ("board", one.board), ("radio", one.radio)):
        if ident is not None:
            yield name, ident
    for ident in one.with_parts:
        yield "mount" if ident in one.mount else "with", ident


def part_text(design: Design, ident: str) -> str:
    """A part's id and title."""
    part: Part = design.plan.catalogue.parts[ident]
    return f"{ident}: {part.title}"


def fed(design: Design, one: Device) -> Iterator[tuple[str, str]]:
    """Power, cables and radio."""
    yield "power", one.power
    for row in design.cables.rows if design.cables else ():
        if one.id in {row.device, row.source}:
            yield "cable", f"{row.id}: {row.metres:.1f} m of {row.part} from {row.source}"
    if design.cables is not None and one.id in design.cables.unroutable:
        yield "cable", design.cables.unroutable[one.id]
    if design.radio is not None and one.id in design.radio.ways:
        yield "sends by", " > ".join(design.radio.ways[one.id])
    elif design.radio is not None and one.id in design.radio.unheard:
        yield "sends by", "no gateway hears it"
    elif design.radio is not None and one.id in design.radio.outside:
        yield "sends by", "an operator's network"
    for node in design.power.nodes if design.power else ():
        if node.node == one.id and node.daily_wh is not None:
            yield "uses a day", f"{node.daily_wh:.3g} Wh"
    if one.product is not None:
        yield "product", one.product


def side_view(design: Design, one: Device, room: Room) -> Iterator[Mark]:
    """The device from the side: its height, its tilt, and where its picture meets the ground; not to scale upright."""
    yield Text(room.x, room.y + 3.2, "From the side", 3.2, bold=True, colour=ACCENT)
    ground = room.bottom - 7
    yield box(room.x, ground, room.width, 1.6, Ink(fill=FAINT))
    foot, top = room.x + 9, room.y + 14
    yield line(((foot, ground), (foot, top)), Ink(stroke=INK, width=0.6))
    yield box(foot - 1.6, top - 1.6, 3.2, 3.2, Ink(fill=ROLES[one.role]))
    yield Text(foot + 1.6, (top + ground) / 2, f"{one.height_m:g} m", 2.6, halo=True)
    part = design.plan.catalogue.parts.get(one.part or "")
    if not isinstance(part, Camera) or one.tilt_deg is None or one.width_deg is None:
        return
    node = design.plan.nodes[one.id]
    lens = part.lens(node.lens) or part.lenses[0]
    eye = Eye(
        x=0, y=0, height=1, heading=0, tilt=0, hfov=lens.hfov_deg, pixels=part.pixels, range=part.range_m, vfov=lens.vfov_deg
    )
    above = math.degrees(eye.half_angles[1])
    rays = ((one.tilt_deg + above, 0.25), (one.tilt_deg, 0.5), (one.tilt_deg - above, 0.25))
    hits = [reach(one.height_m, degrees) for degrees, _ in rays]
    far = max([hit for hit in hits if hit is not None] + [max(one.height_m, LOW_M) * 2])
    across = (room.right - foot - 4) / far
    yield Text(room.right, room.y + 3.2, f"tilt {one.tilt_deg:g}°, field {2 * above:.1f}° upright", 2.4, "end", colour=GREY)
    for (degrees, thick), hit in zip(rays, hits, strict=True):
        ink = Ink(stroke=ROLES[one.role], width=thick, dash=() if thick > 0.3 else (1.4, 0.8))
        if hit is not None:
            yield line(((foot, top), (foot + hit * across, ground)), ink)
        else:
            rise = (ground - top) * math.tan(math.radians(-degrees)) * far / max(one.height_m, LOW_M)
            yield line(((foot, top), (room.right - 2, max(room.y + 6, top - rise))), ink)
    for at, hit in enumerate(hits):
        if hit is not None:
            yield Text(foot + hit * across, ground + 4.6 + (at % 2) * 2.6, f"{hit:.1f} m", 2.3, "middle", colour=GREY)


def reach(height_m: float, down_deg: float) -> float | None:
    """How far away a ray meets level ground; None when it never does, or only beyond 100 heights."""
    if down_deg <= 0:
        return None
    if down_deg >= 90:
        return 0.0
    far = height_m / math.tan(math.radians(down_deg))
    return far if far <= 100 * height_m else None


def photo(room: Room) -> Iterator[Mark]:
    """Where the photograph goes."""
    yield box(room.x, room.y, room.width, room.height, Ink(fill=PALE, stroke=FAINT, width=0.3, dash=(2.0, 1.5)))
    yield Text(
        room.x + room.width / 2, room.y + room.height / 2, "photograph of the finished mounting", 2.6, "middle", colour=GREY
    )


def signed(room: Room) -> Iterator[Mark]:
    """What is written in by hand."""
    names = ("serial number", "height measured", "bearing measured", "mounted by", "date", "remarks")
    wide = room.width / 3
    for at, name in enumerate(names):
        x, y = room.x + at % 3 * wide, room.y + at // 3 * 14
        yield Text(x, y + 2.4, name, 2.2, colour=GREY)
        yield line(((x, y + 10), (x + wide - 4, y + 10)), Ink(stroke=INK, width=0.25))
