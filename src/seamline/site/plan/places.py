"""Reads where things are: places, rings, areas, heights."""

from __future__ import annotations

from typing import Final

from seamline.contract.keys import Keys, one
from seamline.contract.nodes import Node, Sequence
from seamline.contract.scalars import TEXT
from seamline.site.plan.model import Area, Height, Place
from seamline.site.quantities import LATITUDE, LENGTH, LONGITUDE, METRES, OFFSET

RING_MAX: Final = 10_000
"""Corners of an inline ring; more belong into a survey."""
NOWHERE: Final = Place("local", x_m=0.0, y_m=0.0)
HOW: Final = "write {lon: 8.5, lat: 50.1}, {x: 12 m, y: -3 m} or {feature: NAME}"


def place(keys: Keys) -> Place:
    """Read a place, in one of its three forms."""
    given = [form for form, mark in (("lonlat", "lon"), ("local", "x"), ("feature", "feature")) if keys.has(mark)]
    if len(given) != 1:
        if not keys.broken:
            said = "says in more than one way where it is" if given else "does not say where it is"
            keys.report.add("SL207", keys.span, f"'{keys.path}' {said}", fix=HOW)
        for mark in ("lat", "y"):
            keys.has(mark)
        keys.done()
        return NOWHERE
    if given == ["lonlat"]:
        found = Place("lonlat", lon=keys.one("lon", LONGITUDE), lat=keys.one("lat", LATITUDE))
    elif given == ["local"]:
        found = Place("local", x_m=keys.one("x", OFFSET), y_m=keys.one("y", OFFSET))
    else:
        found = Place("feature", feature=keys.one("feature", TEXT))
    keys.done()
    return found


def places(keys: Keys, key: str, *, least: int, required: bool = True) -> tuple[Place, ...]:
    """Read a list of places."""
    nodes = keys.list(key, required=required, items_max=RING_MAX)
    found = tuple(place(Keys(keys.report, node, f"{keys.inside(key)}.{at}")) for at, node in enumerate(nodes))
    if nodes and len(found) < least:
        keys.report.add(
            "SL208",
            keys.report.place(keys.inside(key)),
            f"'{keys.inside(key)}' has {len(found)} places",
            fix=f"give at least {least}",
        )
    return found


def area(keys: Keys) -> Area:
    """Read a zone's area: a feature, the boundary, or a ring in degrees or local metres."""
    given = [form for form in ("feature", "boundary", "ring", "local") if keys.has(form)]
    if len(given) != 1:
        if not keys.broken:
            said = "names more than one area" if given else "names no area"
            fix = "write one of {feature: NAME}, {boundary: whole}, {ring: [[lon, lat], ...]}, {local: [[x, y], ...]}"
            keys.report.add("SL207", keys.span, f"'{keys.path}' {said}", fix=fix)
        keys.done()
        return Area("boundary")
    form = given[0]
    if form == "feature":
        found = Area("feature", keys.one("feature", TEXT))
    elif form == "boundary":
        keys.one("boundary", TEXT)
        found = Area("boundary")
    else:
        found = Area("lonlat" if form == "ring" else "local", ring=ring(keys, form))
    keys.done()
    return found


def ring(keys: Keys, key: str) -> tuple[tuple[float, float], ...]:
    """Read corners, at least three; a last one that repeats the first is left away."""
    corners = [corner(keys, key, node) for node in keys.list(key, items_max=RING_MAX)]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3 and not keys.broken:
        span = keys.report.place(keys.inside(key))
        keys.report.add("SL208", span, f"'{keys.inside(key)}' has {len(corners)} corners", fix="give at least 3")
    return tuple(corners)


def corner(keys: Keys, key: str, node: Node) -> tuple[float, float]:
    """Read one corner, `[lon, lat]` or `[x, y]` with units."""
    if not isinstance(node, Sequence) or len(node.items) != 2:
        example = "[8.5, 50.1]" if key == "ring" else "[12 m, -3 m]"
        keys.report.add("SL103", node.span, f"a corner of '{keys.inside(key)}' is not a pair", fix=f"write {example}")
        return 0.0, 0.0
    kinds = (LONGITUDE, LATITUDE) if key == "ring" else (OFFSET, OFFSET)
    first, second = (
        one(keys.report, item, kind, f"a corner of '{keys.inside(key)}'") for item, kind in zip(node.items, kinds, strict=True)
    )
    return first, second


def height(keys: Keys, key: str) -> Height | None:
    """Read a height: `6 m`, or `{property: height, default: 6 m}`."""
    node = keys.maybe_node(key)
    if node is None:
        return None
    if isinstance(node, Sequence) or not hasattr(node, "entries"):
        return Height(metres=one(keys.report, node, LENGTH, f"'{keys.inside(key)}'"))
    inner = Keys(keys.report, node, keys.inside(key))
    found = Height(property=inner.one("property", TEXT), metres=inner.maybe("default", METRES))
    inner.done()
    return found
