"""Reads what feeds and pays for the site: cable routes, supplies, kits, profiles, weather, prices."""

from __future__ import annotations

from typing import Final

from seamline.contract.keys import Keys, one
from seamline.contract.nodes import Scalar, Sequence
from seamline.contract.scalars import NAME, TEXT, integer_between
from seamline.site.catalogue.figures import READERS
from seamline.site.catalogue.parts import Battery, Cable, Catalogue, Converter, Money, Panel, Switch
from seamline.site.plan.devices import part_named, part_needed
from seamline.site.plan.model import Kit, Place, Prices, Profile, RoutePlan, Supply, Weather, Work
from seamline.site.plan.places import place, places
from seamline.site.quantities import (
    CURRENCY,
    DAYS,
    HEADING,
    IDENT,
    METRES,
    MONEY,
    PER_DAY,
    POWER,
    SECONDS,
    SHARE,
    TEMPERATURE,
    TILT,
    VOLTS,
    choice,
)

THINGS_MAX: Final = 1000
PIECES: Final = integer_between(1, 100)
SWITCHES: Final = integer_between(1, 100)
BYTES: Final = integer_between(1, 100_000_000)
SUPPLY: Final = choice(("mains", "poe", "dc"))
INFERRED: Final = choice(("local", "uplink", "either"))
MONTHS: Final = 12


def routes(keys: Keys, catalogue: Catalogue) -> RoutePlan:
    """Read `routes`."""
    lines: dict[str, tuple[Place, ...]] = {}
    if keys.has("lines"):
        inner = keys.mapping("lines")
        for ident, key, _ in inner.entries(IDENT, items_max=THINGS_MAX):
            lines[ident] = places(inner, key.text, least=2)
    found = RoutePlan(
        cable=part_named(keys, "cable", Cable, catalogue),
        power_cable=part_named(keys, "power_cable", Cable, catalogue),
        slack_share=keys.either("slack", SHARE, 0.1),
        end_m=keys.either("ends", METRES, 2.0),
        snap_m=keys.either("snap", METRES, 5.0),
        lines=lines,
    )
    keys.done()
    return found


def supplies(keys: Keys, catalogue: Catalogue) -> dict[str, Supply]:
    """Read `supplies`."""
    found: dict[str, Supply] = {}
    for ident, inner in keys.each(IDENT, items_max=THINGS_MAX):
        found[ident] = Supply(
            ident,
            title=inner.either("title", TEXT, ident),
            place=place(inner.mapping("place")),
            kind=inner.one("kind", SUPPLY),
            power_mw=inner.maybe("power", POWER),
            volts=inner.maybe("volts", VOLTS),
            switch=part_named(inner, "switch", Switch, catalogue),
            switches=switches(inner),
        )
        if found[ident].kind == "poe" and found[ident].switch is None:
            fix = "add 'switch: NAME', a switch of the catalogue"
            keys.report.add("SL216", inner.span, f"supply {ident!r} gives PoE by no switch", fix=fix)
        inner.done()
    return found


def switches(keys: Keys) -> int | None:
    """Read how many switches stand at a supply: a number, or None for `auto`."""
    node = keys.maybe_node("switches")
    if isinstance(node, Scalar) and node.text == "auto":
        return None
    return 1 if node is None else one(keys.report, node, SWITCHES, f"'{keys.inside('switches')}'")


def kits(keys: Keys, catalogue: Catalogue) -> dict[str, Kit]:
    """Read `kits`."""
    found: dict[str, Kit] = {}
    for ident, inner in keys.each(IDENT, items_max=THINGS_MAX):
        panel = part_named(inner, "panel", Panel, catalogue)
        found[ident] = Kit(
            ident,
            title=inner.either("title", TEXT, ident),
            battery=part_needed(inner, "battery", Battery, catalogue),
            batteries=inner.either("batteries", PIECES, 1),
            panel=panel,
            panels=inner.either("panels", PIECES, 1 if panel else 0),
            converter=part_named(inner, "converter", Converter, catalogue),
            azimuth_deg=inner.either("azimuth", HEADING, 180.0),
            tilt_deg=inner.either("tilt", TILT, 45.0),
            autonomy_d=inner.maybe("autonomy", DAYS),
        )
        if panel is None and found[ident].panels:
            keys.report.add("SL216", inner.span, f"kit {ident!r} counts panels and names none", fix="add 'panel: NAME'")
        inner.done()
    return found


def profiles(keys: Keys, catalogue: Catalogue) -> dict[str, Profile]:
    """Read `profiles`; the states of a contract are checked with the product."""
    found: dict[str, Profile] = {}
    for ident, inner in keys.each(IDENT, items_max=THINGS_MAX):
        states: dict[str, float] = {}
        if inner.has("states"):
            daily = inner.mapping("states")
            for name, _, node in daily.entries(NAME, items_max=64):
                states[name] = one(keys.report, node, SECONDS, f"'{daily.inside(name)}'")
        if sum(states.values()) > 86_400:
            keys.report.add("SL217", inner.span, f"profile {ident!r} has more than 24 h a day", fix="shorten its states")
        found[ident] = Profile(
            ident,
            states,
            work=works(inner, catalogue),
            message_bytes=inner.maybe("message", BYTES),
            messages_per_day=inner.maybe("messages", PER_DAY),
            samples_per_day=inner.maybe("samples", PER_DAY),
            sample_s=inner.maybe("sample_time", SECONDS),
        )
        inner.done()
    return found


def works(keys: Keys, catalogue: Catalogue) -> tuple[Work, ...]:
    """Read a profile's `work`: how often it runs which workload."""
    found: list[Work] = []
    for at, node in enumerate(keys.list("work", required=False)):
        inner = Keys(keys.report, node, f"{keys.inside('work')}.{at}")
        workload = inner.refer("workload", tuple(catalogue.workloads), IDENT, what="a workload")
        found.append(Work(workload, inner.one("runs", PER_DAY), inner.either("where", INFERRED, "either")))
        inner.done()
    return tuple(found)


def weather(keys: Keys) -> Weather:
    """Read `weather`: PVGIS' monthly file, and the mean temperatures of the months."""
    temperatures: tuple[float, ...] = ()
    node = keys.maybe_node("temperatures")
    if isinstance(node, Sequence):
        temperatures = tuple(one(keys.report, item, TEMPERATURE, "a month's temperature") for item in node.items)
    if node is not None and len(temperatures) != MONTHS:
        fix = "write twelve, January first: [1 Cel, 2 Cel, ...]"
        keys.report.add("SL218", node.span, f"'temperatures' are {len(temperatures)} months", fix=fix)
    found = Weather(keys.maybe("pvgis", TEXT), temperatures)
    keys.done()
    return found


def prices(keys: Keys, catalogue: Catalogue) -> Prices:
    """Read `prices`; all of one currency, and of parts that there are."""
    currency = keys.either("currency", CURRENCY, "EUR")
    parts: dict[str, Money] = {}
    if keys.has("parts"):
        inner = keys.mapping("parts")
        for name, key, node in inner.entries(IDENT, items_max=10_000):
            parts[name] = one(keys.report, node, MONEY, f"'{inner.inside(key.text)}'")
            if name not in catalogue.parts:
                keys.report.add(
                    "SL203", key.span, f"{name!r} is not a part of the catalogue", fix="correct the name, or remove the line"
                )
    found = Prices(
        currency,
        budget=keys.maybe("budget", MONEY),
        spares_share=keys.either("spares", SHARE, 0.0),
        parts=parts,
        labour_hour=keys.maybe("labour", MONEY),
        labour_s=hours(keys, catalogue),
    )
    keys.done()
    return found


def hours(keys: Keys, catalogue: Catalogue) -> dict[str, float]:
    """Read `hours`: the work that a part, or each part of a kind, takes."""
    found: dict[str, float] = {}
    if keys.has("hours"):
        inner = keys.mapping("hours")
        for name, key, node in inner.entries(IDENT, items_max=10_000):
            found[name] = one(keys.report, node, SECONDS, f"'{inner.inside(key.text)}'")
            if name not in catalogue.parts and name not in READERS:
                fix = f"name a part of the catalogue, or one of {', '.join(READERS)}"
                keys.report.add("SL203", key.span, f"{name!r} is neither a part of the catalogue nor a kind of part", fix=fix)
    return found
