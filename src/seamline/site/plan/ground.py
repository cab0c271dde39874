"""Reads what the site is: its name, frame, survey with the rules of what things mean, terrain, and zones."""

from __future__ import annotations

from typing import Final

from seamline.contract.keys import Keys, one
from seamline.contract.nodes import Mapping, Node
from seamline.contract.scalars import BOOLEAN, TEXT, integer_between
from seamline.site.catalogue.parts import Catalogue
from seamline.site.plan.model import Area, Frame, Meaning, Need, Rule, SurveyFile, SurveyPlan, Terrain, Zone
from seamline.site.plan.places import area, height
from seamline.site.quantities import FACTOR, IDENT, LATITUDE, LONGITUDE, METRES, OFFSET_FAR, SHARE, choice

RULES_MAX: Final = 256
FILES_MAX: Final = 64
NEEDS_MAX: Final = 16
ZONES_MAX: Final = 1000
EPSG: Final = integer_between(1024, 32767)
K: Final = integer_between(1, 8)
MEANING: Final = choice([meaning.value for meaning in Meaning])
GEOMETRY: Final = choice(("point", "line", "polygon"))
HIGH: Final = frozenset({Meaning.BUILDING, Meaning.OBSTRUCTION})
"""What hides, and so must have a height."""


def frame(keys: Keys) -> Frame:
    """Read `frame` where it is more than `auto`."""
    given = [form for form in ("epsg", "origin") if keys.has(form)]
    anchor = None
    if keys.has("anchor"):
        inner = keys.mapping("anchor")
        anchor = (inner.one("east", OFFSET_FAR), inner.one("north", OFFSET_FAR))
        inner.done()
    if len(given) > 1:
        keys.report.add("SL207", keys.span, "'frame' names two frames", fix="keep 'epsg' or 'origin'")
    found = Frame("auto", anchor_m=anchor)
    if given[:1] == ["epsg"]:
        found = Frame("epsg", epsg=keys.one("epsg", EPSG), anchor_m=anchor)
    elif given[:1] == ["origin"]:
        inner = keys.mapping("origin")
        found = Frame("origin", lon=inner.one("lon", LONGITUDE), lat=inner.one("lat", LATITUDE), anchor_m=anchor)
        inner.done()
    keys.done()
    return found


def survey(keys: Keys) -> SurveyPlan:
    """Read `survey`: the files, and the rules in their order."""
    files: list[SurveyFile] = []
    for at, node in enumerate(keys.list("files", items_max=FILES_MAX)):
        keys.report.places[f"{keys.inside('files')}.{at}"] = node.span
        if isinstance(node, Mapping):
            inner = Keys(keys.report, node, f"{keys.inside('files')}.{at}")
            files.append(SurveyFile(inner.one("path", TEXT), inner.maybe("crs", TEXT)))
            inner.done()
        else:
            files.append(SurveyFile(one(keys.report, node, TEXT, f"an item of '{keys.inside('files')}'")))
    rules: list[Rule] = []
    for at, node in enumerate(keys.list("rules", required=False, items_max=RULES_MAX)):
        keys.report.places[f"{keys.inside('rules')}.{at}"] = node.span
        rules.append(rule(Keys(keys.report, node, f"{keys.inside('rules')}.{at}"), node, rules))
    keys.done()
    return SurveyPlan(tuple(files), tuple(rules))


def rule(keys: Keys, node: Node, before: list[Rule]) -> Rule:
    """Read a rule; one that can never be reached is a problem."""
    pairs: list[tuple[str, str]] = []
    if keys.has("properties"):
        inner = keys.mapping("properties")
        pairs = [
            (key.text, one(keys.report, value, TEXT, f"'{inner.inside(key.text)}'"))
            for _, key, value in inner.entries(TEXT, items_max=32)
        ]
    found = Rule(
        Meaning(keys.one("is", MEANING)),
        file=keys.maybe("file", TEXT),
        folder=keys.maybe("folder", TEXT),
        name=keys.maybe("name", TEXT),
        geometry=keys.maybe("geometry", GEOMETRY),
        properties=tuple(pairs),
        height=height(keys, "height"),
        filled=keys.either("filled", BOOLEAN, default=False),
    )
    keys.done()
    if found.filled and found.meaning is not Meaning.OBSTRUCTION:
        fix = "leave it out, or say 'is: obstruction'"
        keys.report.add("SL224", node.span, f"'filled' says nothing of a rule for '{found.meaning.value}'", fix=fix)
    if found.height is None and found.meaning in HIGH:
        fix = "add 'height: 6 m' or 'height: {property: NAME, default: 6 m}'"
        keys.report.add("SL209", node.span, f"a rule for '{found.meaning.value}' has no height", fix=fix)
    if any(other.file is other.folder is other.name is other.geometry is None and not other.properties for other in before):
        keys.report.add("SL210", node.span, "no feature comes to this rule: one before it matches everything", fix="move it up")
    return found


def terrain(keys: Keys) -> Terrain:
    """Read `terrain`."""
    found = Terrain(keys.one("path", TEXT), keys.maybe("crs", TEXT))
    keys.done()
    return found


def zones(keys: Keys, catalogue: Catalogue) -> dict[str, Zone]:
    """Read `zones`."""
    found: dict[str, Zone] = {}
    for ident, zone in keys.each(IDENT, items_max=ZONES_MAX):
        found[ident] = Zone(
            ident,
            title=zone.either("title", TEXT, ident),
            area=area(zone.mapping("area")) if zone.has("area") else Area("feature", ident),
            needs=needs(zone, catalogue),
            target_m=zone.either("target", METRES, 0.0),
            roofs=zone.either("roofs", BOOLEAN, default=False),
            weight=zone.either("weight", FACTOR, 1.0),
        )
        zone.done()
    return found


def needs(keys: Keys, catalogue: Catalogue) -> tuple[Need, ...]:
    """Read `seen_by`: one need, or a list of them."""
    node = keys.node("seen_by", fix="add 'seen_by: {class: observe}' or 'seen_by: {sensor: motion}'")
    if isinstance(node, Mapping):
        return (need(Keys(keys.report, node, keys.inside("seen_by")), catalogue),)
    nodes = keys.list("seen_by", items_max=NEEDS_MAX)
    return tuple(need(Keys(keys.report, item, f"{keys.inside('seen_by')}.{at}"), catalogue) for at, item in enumerate(nodes))


def need(keys: Keys, catalogue: Catalogue) -> Need:
    """Read one need: a camera's class or what a sensor senses."""
    times, share = keys.either("k", K, 1), keys.either("share", SHARE, 1.0)
    if keys.has("sensor"):
        found = Need("sensor", keys.one("sensor", IDENT), times, share)
    else:
        name = keys.one("class", IDENT)
        edition = keys.maybe("edition", TEXT)
        found = Need("camera", name, times, share, *density(keys, name, edition, catalogue))
    keys.done()
    return found


def density(keys: Keys, name: str, edition: str | None, catalogue: Catalogue) -> tuple[str, float]:
    """The edition of a class and its pixels per metre; a class is in one edition only, so that it can be left out."""
    tables = catalogue.densities
    if edition is not None and edition not in tables:
        span, fix = keys.report.place(keys.inside("edition")), f"editions are: {', '.join(tables)}"
        keys.report.add("SL211", span, f"{edition!r} is no edition of the classes", fix=fix)
        return edition, 1.0
    for found in tables if edition is None else (edition,):
        pixels = tables[found].density(name)
        if pixels is not None:
            return found, pixels
    known = "; ".join(f"{table.edition}: {', '.join(one.name for one in table.classes)}" for table in tables.values())
    if name != IDENT.placeholder:
        keys.report.add(
            "SL211", keys.report.place(keys.inside("class")), f"{name!r} is no class of cameras", fix=f"classes are {known}"
        )
    return edition or "", 1.0
