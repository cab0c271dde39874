"""Reads what is put on the site: mountings, nodes, gateways, and how they are to be linked."""

from __future__ import annotations

from typing import Final

from seamline.contract.keys import Keys, one
from seamline.contract.nodes import Sequence
from seamline.contract.scalars import BOOLEAN, TEXT, integer_between
from seamline.site.catalogue.loader import refer
from seamline.site.catalogue.parts import (
    TECHNOLOGIES,
    Accelerator,
    Board,
    Camera,
    Catalogue,
    Gateway as GatewayPart,
    Part,
    Radio,
    Sensor,
)
from seamline.site.plan.model import Gateway, LinkWish, Mounting, NetworkWish, Node, PowerSource
from seamline.site.plan.places import place, places
from seamline.site.quantities import DECIBEL, HEADING, IDENT, LENGTH, LENS, METRES, MONEY, TILT, choice

NODES_MAX: Final = 10_000
MOUNTINGS_MAX: Final = 256
WAYS_MAX: Final = 8
"""In which what is mounted somewhere may be fed."""
COUNT: Final = integer_between(0, 10_000)
HOPS: Final = integer_between(1, 32)
TECHNOLOGY: Final = choice(TECHNOLOGIES)
POWER_KIND: Final = choice(("mains", "poe", "dc", "battery", "solar"))
WHERE: Final = choice(("masts", "walls", "roof-edges", "points"))
TOPOLOGY: Final = choice(("star", "tree", "mesh"))
LINK: Final = choice(("radio", "cable"))


def part_named(keys: Keys, key: str, kind: type[Part], catalogue: Catalogue) -> str | None:
    """The name of a part of that kind, where one is given."""
    found = keys.maybe(key, IDENT)
    if found is not None and found != IDENT.placeholder:
        refer(found, catalogue.parts, kind, keys.report, keys.inside(key))
    return found


def part_needed(keys: Keys, key: str, kind: type[Part], catalogue: Catalogue) -> str:
    """The name of a part of that kind, which must be given."""
    keys.node(key)
    return part_named(keys, key, kind, catalogue) or IDENT.placeholder


def parts_named(keys: Keys, key: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Names of parts of any kind."""
    found: list[str] = []
    for node in keys.list(key, required=False):
        before = keys.report.count
        name = one(keys.report, node, IDENT, f"an item of '{keys.inside(key)}'")
        if keys.report.count == before and name not in catalogue.parts:
            fix = "shipped ones are listed by 'seamline site parts'; add others under 'catalogue'"
            keys.report.add("SL203", node.span, f"{name!r} is not a part of the catalogue", fix=fix)
        found.append(name)  # the same part may be needed twice
    return tuple(found)


def observer_named(keys: Keys, key: str, name: str, catalogue: Catalogue) -> None:
    """Report a name that is neither a camera's nor a sensor's."""
    if not isinstance(catalogue.parts.get(name), (Camera, Sensor)) and name != IDENT.placeholder:
        known = [ident for ident, part in catalogue.parts.items() if isinstance(part, (Camera, Sensor))]
        span, fix = keys.report.place(keys.inside(key)), f"cameras and sensors are: {', '.join(known[:12])}"
        keys.report.add("SL203", span, f"{name!r} is neither a camera nor a sensor of the catalogue", fix=fix)


def power_source(keys: Keys) -> PowerSource | None:
    """Read `power`, where it is given: `{from: poe, supply: hall}`, `{from: solar, kit: small}`."""
    return fed_from(keys, keys.mapping("power")) if keys.has("power") else None


def power_sources(keys: Keys) -> tuple[PowerSource, ...]:
    """Read a mounting's `power`: one way to feed what is mounted there, or a list of them."""
    if not isinstance(keys.maybe_node("power"), Sequence):
        found = power_source(keys)
        return () if found is None else (found,)
    ways = enumerate(keys.list("power", items_max=WAYS_MAX))
    return tuple(fed_from(keys, Keys(keys.report, way, f"{keys.inside('power')}.{at}")) for at, way in ways)


def fed_from(keys: Keys, inner: Keys) -> PowerSource:
    """Read one way to feed a device."""
    found = PowerSource(inner.one("from", POWER_KIND), inner.maybe("supply", IDENT), inner.maybe("kit", IDENT))
    fed = found.kind in {"battery", "solar"}
    if fed and found.kit is None and not inner.broken:
        keys.report.add(
            "SL212", inner.span, f"power from {found.kind} needs a kit", fix="add 'kit: NAME' and describe it under 'kits'"
        )
    if (found.supply if fed else found.kit) is not None:
        keys.report.add("SL212", inner.span, f"power from {found.kind} has no {'supply' if fed else 'kit'}", fix="remove it")
    inner.done()
    return found


def mountings(keys: Keys, catalogue: Catalogue) -> dict[str, Mounting]:
    """Read `mountings`."""
    found: dict[str, Mounting] = {}
    for ident, inner in keys.each(IDENT, items_max=MOUNTINGS_MAX):
        where = inner.one("where", WHERE)
        parts = inner.words("parts", IDENT)
        for name in parts:
            observer_named(inner, "parts", name, catalogue)
        found[ident] = Mounting(
            ident,
            where,
            parts,
            heights_m=inner.words("heights", LENGTH),
            features=inner.maybe("features", TEXT),
            points=places(inner, "points", least=1, required=where == "points"),
            spacing_m=inner.either("spacing", LENGTH, 5.0),
            offset_m=inner.either("offset", METRES, 0.3),
            heading_step_deg=float(inner.either("headings", HEADING, 30.0)),
            tilts_deg=inner.words("tilts", TILT, required=False) or (0.0,),
            lenses=inner.words("lenses", LENS, required=False),
            with_parts=parts_named(inner, "with", catalogue),
            cost=inner.maybe("cost", MONEY),
            count_max=inner.maybe("most", COUNT),
            power=power_sources(inner),
            board=part_named(inner, "board", Board, catalogue),
            accelerator=part_named(inner, "accelerator", Accelerator, catalogue),
            product=inner.maybe("product", TEXT),
            profile=inner.maybe("profile", IDENT),
        )
        if found[ident].heading_step_deg < 1:
            span = keys.report.place(inner.inside("headings"))
            keys.report.add("SL213", span, "headings in steps of less than 1 degree", fix="write 'headings: 15 deg', or more")
        inner.done()
    return found


def nodes(keys: Keys, catalogue: Catalogue) -> dict[str, Node]:
    """Read `nodes`."""
    found: dict[str, Node] = {}
    for ident, inner in keys.each(IDENT, items_max=NODES_MAX):
        part = inner.maybe("part", IDENT)
        if part is not None:
            observer_named(inner, "part", part, catalogue)
        found[ident] = Node(
            ident,
            title=inner.either("title", TEXT, ident),
            place=place(inner.mapping("place")),
            height_m=inner.one("height", METRES),
            part=part,
            heading_deg=inner.either("heading", HEADING, 0.0) % 360.0,
            tilt_deg=inner.either("tilt", TILT, 0.0),
            lens=inner.maybe("lens", LENS),
            board=part_named(inner, "board", Board, catalogue),
            accelerator=part_named(inner, "accelerator", Accelerator, catalogue),
            radio=part_named(inner, "radio", Radio, catalogue),
            power=power_source(inner),
            with_parts=parts_named(inner, "with", catalogue),
            product=inner.maybe("product", TEXT),
            profile=inner.maybe("profile", IDENT),
            existing=inner.either("existing", BOOLEAN, default=False),
        )
        lens_known(inner, found[ident], catalogue)
        inner.done()
    return found


def lens_known(keys: Keys, node: Node, catalogue: Catalogue) -> None:
    """Report a lens that the node's camera does not have, or is not said where it has several."""
    part = catalogue.parts.get(node.part or "")
    if not isinstance(part, Camera):
        if node.lens is not None and part is not None:
            keys.report.add(
                "SL214", keys.report.place(keys.inside("lens")), f"{part.id!r} has no lens: it is a {part.kind}", fix="remove it"
            )
        return
    names = [lens.name for lens in part.lenses]
    if node.lens is None and len(names) > 1:
        keys.report.add(
            "SL214", keys.span, f"node {node.id!r} does not say its lens", fix=f"add 'lens: ...', one of {', '.join(names)}"
        )
    elif part.lens(node.lens) is None:
        span = keys.report.place(keys.inside("lens"))
        keys.report.add("SL214", span, f"{part.id!r} has no lens {node.lens!r}", fix=f"its lenses are: {', '.join(names)}")


def gateways(keys: Keys, catalogue: Catalogue) -> dict[str, Gateway]:
    """Read `gateways`."""
    found: dict[str, Gateway] = {}
    for ident, inner in keys.each(IDENT, items_max=NODES_MAX):
        found[ident] = Gateway(
            ident,
            title=inner.either("title", TEXT, ident),
            part=part_needed(inner, "part", GatewayPart, catalogue),
            place=place(inner.mapping("place")),
            height_m=inner.one("height", METRES),
            uplink=inner.maybe("uplink", TECHNOLOGY),
            power=power_source(inner),
            with_parts=parts_named(inner, "with", catalogue),
            existing=inner.either("existing", BOOLEAN, default=False),
        )
        inner.done()
    return found


def links(keys: Keys, ends: tuple[str, ...]) -> dict[str, LinkWish]:
    """Read `links`; their ends must be nodes or gateways."""
    found: dict[str, LinkWish] = {}
    for ident, inner in keys.each(IDENT, items_max=NODES_MAX):
        a, b = (inner.refer(end, ends, IDENT, what="a node or gateway") for end in ("from", "to"))
        found[ident] = LinkWish(
            ident, a, b, inner.either("by", LINK, "radio"), avoid=inner.either("avoid", BOOLEAN, default=False)
        )
        if a == b and not inner.broken:
            keys.report.add("SL215", inner.span, f"link {ident!r} leads from {a!r} to itself", fix="name another end")
        inner.done()
    return found


def network(keys: Keys, catalogue: Catalogue, known: tuple[str, ...]) -> NetworkWish:
    """Read `network`."""
    relays, gates = (
        tuple(keys.reference(node, known, IDENT, "a mounting") for node in keys.list(key, required=False))
        for key in ("relay_mountings", "gateway_mountings")
    )
    found = NetworkWish(
        topology=keys.either("topology", TOPOLOGY, "star"),
        fade_margin_db=keys.either("fade_margin", DECIBEL, 10.0),
        hops_max=keys.either("hops", HOPS, 1),
        relay_part=part_named(keys, "relay", Radio, catalogue),
        relay_mountings=relays,
        gateway_mountings=gates,
        gateway_part=part_named(keys, "gateway", GatewayPart, catalogue),
    )
    keys.done()
    return found
