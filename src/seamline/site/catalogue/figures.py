"""Reads parts, one kind after the other: every figure by its unit, and every figure with a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping as Lookup
from typing import Final, TypedDict

from seamline.contract.keys import Keys, one
from seamline.contract.nodes import Mapping, Node
from seamline.contract.scalars import BOOLEAN, NAME, SIZE, TEXT, integer_between, named, word
from seamline.site.catalogue.parts import (
    CARRIES,
    FITS,
    SIGHTS,
    TECHNOLOGIES,
    Accelerator,
    Accessory,
    Battery,
    Board,
    Cable,
    Camera,
    Converter,
    Enclosure,
    Gateway,
    Inference,
    Lens,
    Mast,
    Money,
    Mount,
    Panel,
    Part,
    Radio,
    Rate,
    Sensor,
    Switch,
)
from seamline.site.quantities import (
    BIT_RATE,
    CAPACITY,
    ENERGY,
    ENERGY_UJ,
    FIELD,
    FREQUENCY,
    GAIN,
    IDENT,
    LATENCY,
    LENGTH,
    LENS,
    LEVEL,
    METRES,
    MILLIMETRES,
    MONEY,
    NARROW,
    PER_KELVIN,
    PER_SECOND,
    PICOJOULES,
    PIXELS,
    POWER,
    RESISTANCE,
    SECONDS,
    SHARE,
    SLEEP,
    TEMPERATURE,
    VOLTS,
    choice,
)

ROWS_MAX: Final = 64
"""Lenses of a camera, rates of a radio, inferences of a board."""
POE_CLASS: Final = integer_between(0, 8)
COUNT: Final = integer_between(1, 1_000_000)
TECHNOLOGY: Final = choice(TECHNOLOGIES)
SIGHT: Final = choice(SIGHTS)
IP: Final = named("IP[0-6X][0-9X]K?", "a degree of protection such as IP66", chars_max=5)
ABOUT: Final = frozenset({"kind", "title", "maker", "model", "generic", "source", "sources", "senses", "sight", "technology"})
"""Keys that are no figures: they need no source."""


class About(TypedDict):
    """What is read of every part."""

    id: str
    title: str
    source: str
    sources: Lookup[str, str]
    maker: str
    model: str
    generic: bool
    price: Money | None
    labour_s: float | None
    ip: str | None
    coldest_c: float | None
    hottest_c: float | None


def part(keys: Keys, node: Node, ident: str) -> Part:
    """Read a part of any kind; a figure without a source is a problem that names both."""
    kind = keys.one("kind", word(*READERS))
    found = READERS[kind](keys, about(keys, ident))
    unsourced(keys, node, found)
    keys.done()
    return found


def about(keys: Keys, ident: str) -> About:
    """Read what every part has."""
    sources: dict[str, str] = {}
    if keys.has("sources"):
        inner = keys.mapping("sources")
        for figure, _, node in inner.entries(NAME, items_max=ROWS_MAX):
            sources[figure] = one(keys.report, node, TEXT, f"'{inner.inside(figure)}'")
    return About(
        id=ident,
        title=keys.one("title", TEXT),
        source=keys.either("source", TEXT, ""),
        sources=sources,
        maker=keys.either("maker", TEXT, ""),
        model=keys.either("model", TEXT, ""),
        generic=keys.either("generic", BOOLEAN, default=False),
        price=keys.maybe("price", MONEY),
        labour_s=keys.maybe("labour", SECONDS),
        ip=keys.maybe("ip", IP),
        coldest_c=keys.maybe("coldest", TEMPERATURE),
        hottest_c=keys.maybe("hottest", TEMPERATURE),
    )


def unsourced(keys: Keys, node: Node, found: Part) -> None:
    """Report figures that no source is given for, and sources of figures that are not given."""
    figures = [key.text for key, _ in node.entries if key.text not in ABOUT] if isinstance(node, Mapping) else []
    for figure in found.sources:
        if figure not in figures:
            fix = f"its figures are: {', '.join(figures) or 'none'}"
            span = keys.report.place(keys.inside(f"sources.{figure}"))
            keys.report.add(
                "SL202", span, f"part {found.id!r} has no figure {figure!r} that this could be the source of", fix=fix
            )
    without = [figure for figure in figures if figure not in found.sources]
    if without and not found.source and not keys.broken:
        fix = "add 'source: ...': data sheet with its edition, clause of a standard, or 'generic: true' and the assumption"
        keys.report.add("SL201", keys.span, f"part {found.id!r} names no source for: {', '.join(without)}", fix=fix)


def camera(keys: Keys, common: About) -> Part:
    """Read a camera."""
    return Camera(
        **common,
        pixels=keys.one("pixels", PIXELS),
        lenses=lenses(keys),
        range_m=keys.one("range", LENGTH),
        power_mw=keys.maybe("power", POWER),
        poe_class=keys.maybe("poe_class", POE_CLASS),
        bitrate_bps=keys.maybe("bitrate", BIT_RATE),
    )


def lenses(keys: Keys) -> tuple[Lens, ...]:
    """Read a camera's lenses, at least one."""
    found: list[Lens] = []
    for name, lens in keys.mapping("lenses").each(LENS, items_max=ROWS_MAX):
        found.append(Lens(name, lens.one("hfov", NARROW), lens.maybe("vfov", NARROW)))
        lens.done()
    return tuple(found) or (Lens("", 90.0),)


def sensor(keys: Keys, common: About) -> Part:
    """Read a sensor."""
    return Sensor(
        **common,
        senses=keys.one("senses", IDENT),
        range_m=keys.one("range", LENGTH),
        width_deg=keys.either("width", FIELD, 360.0),
        active_mw=keys.maybe("active", POWER),
        sleep_uw=keys.maybe("sleep", SLEEP),
        sight=keys.either("sight", SIGHT, "line"),
    )


def board(keys: Keys, common: About, made: type[Board] = Board) -> Part:
    """Read a board."""
    return made(
        **common,
        volts=keys.maybe("volts", VOLTS),
        active_mw=keys.one("active", POWER),
        sleep_uw=keys.one("sleep", SLEEP),
        ram_bytes=keys.maybe("ram", SIZE),
        flash_bytes=keys.maybe("flash", SIZE),
        pj_per_mac=keys.maybe("per_mac", PICOJOULES),
        macs_per_s=keys.maybe("speed", PER_SECOND),
        inferences=inferences(keys, common["source"]),
    )


def accelerator(keys: Keys, common: About) -> Part:
    """Read an accelerator's module."""
    return board(keys, common, Accelerator)


def inferences(keys: Keys, source: str) -> tuple[Inference, ...]:
    """Read what inferences cost, by workload; each may name a source of its own."""
    found: list[Inference] = []
    if keys.has("inferences"):
        for workload, inner in keys.mapping("inferences").each(IDENT, items_max=ROWS_MAX):
            energy, latency = inner.one("energy", ENERGY_UJ), inner.maybe("latency", LATENCY)
            found.append(Inference(workload, energy, latency, inner.either("source", TEXT, source)))
            inner.done()
    return tuple(found)


def radio(keys: Keys, common: About) -> Part:
    """Read a radio."""
    return Radio(
        **common,
        technology=keys.one("technology", TECHNOLOGY),
        frequency_hz=keys.one("frequency", FREQUENCY),
        tx_dbm=keys.one("tx", LEVEL),
        antenna_dbi=keys.one("antenna", GAIN),
        rates=rates(keys),
        duty_share=keys.maybe("duty", SHARE),
        payload_bytes=keys.maybe("payload", COUNT),
        tx_mw=keys.maybe("sending", POWER),
        rx_mw=keys.maybe("receiving", POWER),
        sleep_uw=keys.maybe("sleep", SLEEP),
        connected_mw=keys.maybe("connected", POWER),
        wake_mj=keys.maybe("wake", ENERGY),
        byte_uj=keys.maybe("per_byte", ENERGY_UJ),
    )


def rates(keys: Keys) -> tuple[Rate, ...]:
    """Read a radio's rates, the fastest first."""
    found: list[Rate] = []
    for name, rate in keys.mapping("rates").each(IDENT, items_max=ROWS_MAX):
        factor = rate.maybe("spreading_factor", integer_between(5, 12))
        made = Rate(name, rate.one("speed", BIT_RATE), rate.one("sensitivity", LEVEL), factor, rate.maybe("bandwidth", FREQUENCY))
        found.append(made)
        rate.done()
    return tuple(sorted(found, key=lambda rate: -rate.bits_per_s))


def gateway(keys: Keys, common: About) -> Part:
    """Read a gateway; that its radios are parts is checked with the whole catalogue."""
    return Gateway(
        **common,
        radios=keys.words("radios", IDENT),
        uplinks=keys.words("uplinks", TECHNOLOGY),
        power_mw=keys.one("power", POWER),
        nodes_max=keys.maybe("nodes", COUNT),
        poe_class=keys.maybe("poe_class", POE_CLASS),
    )


def switch(keys: Keys, common: About) -> Part:
    """Read a switch or an injector."""
    return Switch(
        **common,
        ports=keys.one("ports", integer_between(1, 512)),
        budget_mw=keys.one("budget", POWER),
        port_mw=keys.one("port", POWER),
        poe_class=keys.maybe("poe_class", POE_CLASS),
    )


def battery(keys: Keys, common: About) -> Part:
    """Read a battery."""
    usable: list[tuple[float, float]] = []
    if keys.has("usable"):
        for degrees, key, node in keys.mapping("usable").entries(TEMPERATURE, items_max=ROWS_MAX):
            usable.append((degrees, one(keys.report, node, SHARE, f"'{keys.inside('usable')}.{key.text}'")))
    return Battery(
        **common,
        chemistry=keys.one("chemistry", TEXT),
        volts=keys.one("volts", VOLTS),
        capacity_mwh=keys.one("capacity", CAPACITY),
        rechargeable=keys.one("rechargeable", BOOLEAN),
        self_discharge_year=keys.one("self_discharge", SHARE),
        ageing_year=keys.either("ageing", SHARE, 0.0),
        cycles=keys.maybe("cycles", COUNT),
        usable=tuple(sorted(usable)) or ((20.0, 1.0),),
        charge_coldest_c=keys.maybe("charge_coldest", TEMPERATURE),
    )


def panel(keys: Keys, common: About) -> Part:
    """Read a solar panel."""
    noct, loss = keys.maybe("noct", TEMPERATURE), keys.maybe("temperature_loss", PER_KELVIN)
    peak_v, open_v = keys.maybe("peak_volts", VOLTS), keys.maybe("open_volts", VOLTS)
    return Panel(**common, peak_mw=keys.one("peak", POWER), noct_c=noct, per_kelvin=loss, peak_v=peak_v, open_v=open_v)


def converter(keys: Keys, common: About) -> Part:
    """Read a charge controller or converter."""
    return Converter(
        **common,
        efficiency=keys.one("efficiency", SHARE),
        quiescent_uw=keys.one("quiescent", SLEEP),
        charges=keys.words("charges", TEXT, required=False),
        batteries_v=keys.words("batteries", VOLTS, required=False),
        input_v=keys.maybe("input", VOLTS),
        boosts=keys.maybe("boosts", BOOLEAN),
    )


def enclosure(keys: Keys, common: About) -> Part:
    """Read a box."""
    return Enclosure(**common, size_mm=keys.maybe("size", MILLIMETRES))


def mount(keys: Keys, common: About) -> Part:
    """Read a mount."""
    return Mount(**common, fits=keys.words("fits", choice(FITS)))


def mast(keys: Keys, common: About) -> Part:
    """Read a mast."""
    return Mast(**common, height_m=keys.one("height", LENGTH))


def cable(keys: Keys, common: About) -> Part:
    """Read a cable."""
    return Cable(
        **common,
        carries=keys.words("carries", choice(CARRIES)),
        length_max_m=keys.maybe("longest", METRES),
        ohm_per_km=keys.maybe("resistance", RESISTANCE),
    )


def accessory(_keys: Keys, common: About) -> Part:
    """Read anything else."""
    return Accessory(**common)


READERS: Final[Lookup[str, Callable[[Keys, About], Part]]] = {
    "camera": camera,
    "sensor": sensor,
    "board": board,
    "accelerator": accelerator,
    "radio": radio,
    "gateway": gateway,
    "switch": switch,
    "battery": battery,
    "panel": panel,
    "converter": converter,
    "enclosure": enclosure,
    "mount": mount,
    "mast": mast,
    "cable": cable,
    "accessory": accessory,
}
"""How each kind of part is read."""
