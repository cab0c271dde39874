"""A catalogue's parts as this package reckons with them: batteries, panels, engines, radios. Figures keep their sources."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

from seamline.site.catalogue import parts
from seamline.site.network.airtime import LORAWAN_BYTES, LORAWAN_PAYLOAD, lora_s
from seamline.site.plan.model import Kit
from seamline.site.power.battery import CHEMISTRIES, LI_SOCL2, LIFEPO4, Battery, Chemistry
from seamline.site.power.figures import PowerError
from seamline.site.power.inference import Engine, Measured, Model
from seamline.site.power.load import Mode
from seamline.site.power.panel import Array, Panel
from seamline.site.power.radio import Quality, Radio
from seamline.site.power.workload import Uplink

P = TypeVar("P", bound=parts.Part)
CHARGER_SHARE: Final = 0.95
SOILING_SHARE: Final = 0.05
"""Without a converter in the kit, and for want of a figure for dirt: assumed, and said in each result's notes."""
NEVER_YEARS: Final = 1000.0
UNKNOWN_BYTES: Final = 1 << 62
"""Memory of which the catalogue says nothing: no model is refused for it."""
LORA_OVERHEAD: Final = (LORAWAN_BYTES, 0)


def chemistry_of(part: parts.Battery) -> Chemistry:
    """The chemistry of a battery of the catalogue: its own figures over those of its kind.

    A name that is not known is reckoned like LiFePO4, or like LiSOCl2 when it takes no charge; its own figures count all the same.
    """
    wanted = part.chemistry.lower().replace("-", "").replace(" ", "")
    kinds = {name.lower().replace("-", ""): kind for name, kind in CHEMISTRIES.items()}
    kind = kinds.get(wanted, LIFEPO4 if part.rechargeable else LI_SOCL2)
    coldest = kind.charge_c if part.charge_coldest_c is None else part.charge_coldest_c
    return replace(kind, name=part.chemistry, charge_c=(0.0 if coldest is None else coldest) if part.rechargeable else None)


def battery_of(part: parts.Battery, count: int = 1) -> Battery:
    """So many batteries of the catalogue side by side."""
    kind = chemistry_of(part)
    return Battery(
        name=part.id,
        chemistry=kind,
        capacity_ah=part.capacity_mwh / 1000 / part.volts,
        volts=part.volts,
        source=part.source,
        cycles=None if part.cycles is None else float(part.cycles),
        years=(1 - kind.end_share) / part.ageing_year if part.ageing_year > 0 else NEVER_YEARS,
        self_discharge=1 - (1 - part.self_discharge_year) ** (1 / 12),
        curve=part.usable,
        price_cents=None if part.price is None else part.price.cents,
    ).scaled(count)


def array_of(kit: Kit, catalogue: parts.Catalogue, horizon: tuple[float, ...] = ()) -> Array | None:
    """A kit's panels as mounted; None for a kit without one."""
    if kit.panel is None or not kit.panels:
        return None
    part = needed(catalogue, kit.panel, parts.Panel)
    converter = None if kit.converter is None else needed(catalogue, kit.converter, parts.Converter)
    panel = Panel(
        name=part.id,
        peak_w=part.peak_mw / 1000,
        source=part.source,
        per_kelvin=-0.004 if part.per_kelvin is None else -part.per_kelvin,
        noct_c=45.0 if part.noct_c is None else part.noct_c,
        peak_v=part.peak_v,
        price_cents=None if part.price is None else part.price.cents,
    )
    return Array(
        panel=panel,
        tilt=kit.tilt_deg,
        azimuth=kit.azimuth_deg % 360.0,
        efficiency=CHARGER_SHARE if converter is None else converter.efficiency,
        soiling=SOILING_SHARE,
        horizon=horizon,
        count=kit.panels,
    )


def engine_of(board: parts.Board, workloads: Mapping[str, parts.Workload]) -> Engine | None:
    """What a board or accelerator infers with; None where the catalogue tells neither a measurement nor the energy of a MAC.

    What is told of one workload is carried to others by their MACs. Without a speed, the time is energy by active power.
    """
    known = [found for found in board.inferences if found.workload in workloads]
    by_mac = [found.energy_uj * 1e6 / workloads[found.workload].macs for found in known]
    pj = board.pj_per_mac if board.pj_per_mac is not None else (statistics.median(by_mac) if by_mac else None)
    if pj is None:
        return None
    speed = board.macs_per_s if board.macs_per_s is not None else board.active_mw / 1000 / (pj * 1e-12)
    told = "derived: median of what was measured" if board.pj_per_mac is None else board.source_of("per_mac")
    measured = {
        found.workload: Measured(
            found.energy_uj / 1e6,
            found.latency_ms / 1000 if found.latency_ms else found.energy_uj / 1000 / board.active_mw,
            found.source,
        )
        for found in known
    }
    return Engine(
        name=board.id,
        kind="accelerator" if isinstance(board, parts.Accelerator) else "mcu",
        ram_bytes=UNKNOWN_BYTES if board.ram_bytes is None else board.ram_bytes,
        flash_bytes=UNKNOWN_BYTES if board.flash_bytes is None else board.flash_bytes,
        pj_per_mac=pj,
        macs_per_s=speed,
        source=f"{board.source}; {told}",
        measured=MappingProxyType(measured),
        idle_w=board.sleep_uw / 1e6 if isinstance(board, parts.Accelerator) else 0.0,
        price_cents=0 if board.price is None else board.price.cents,
    )


def model_of(workload: parts.Workload) -> Model:
    """A workload's model; the catalogue tells neither its parameters nor its RAM, so that nothing is refused for them."""
    return Model(name=workload.id, macs=workload.macs, parameters=0, ram_bytes=0, source=workload.source, reference=workload.id)


def uplink_of(part: parts.Radio, rate: parts.Rate) -> Uplink:
    """A radio at a rate. PowerError where the catalogue tells neither the power of sending nor the energy of a byte."""
    if part.tx_mw is None and part.byte_uj is None:
        raise PowerError(
            f"radio {part.id} tells neither the power of sending nor the energy of a byte; add 'sending' or 'per_byte'"
        )
    lora = part.technology == "lora"
    source = f"rate {rate.name}: {part.source_of('rates')}"
    most, link = (_lora(part, rate, source)) if lora else (part.payload_bytes, Quality(bits_per_s=rate.bits_per_s, source=source))
    radio = Radio(
        name=part.id,
        transmit=Mode("sending", (part.tx_mw or 0.0) / 1000, part.source_of("sending")),
        receive=Mode("receiving", (part.rx_mw or 0.0) / 1000, part.source_of("receiving")),
        source=part.source,
        start_j=(part.wake_mj or 0.0) / 1000,
        byte_j=None if part.byte_uj is None else part.byte_uj / 1e6,
        overhead=LORA_OVERHEAD if lora else None,
        packet_max=most,
        duty_max=1.0 if part.duty_share is None else part.duty_share,
    )
    return Uplink(radio, link)


def _lora(part: parts.Radio, rate: parts.Rate, source: str) -> tuple[int, Quality]:
    """LoRa's largest packet, and its air time as a straight line between an empty one and that: exact at both ends."""
    if rate.spreading_factor is None or rate.bandwidth_hz is None:
        raise PowerError(f"rate {rate.name} of {part.id} has no spreading factor or bandwidth; LoRa's air time needs both")
    law = LORAWAN_PAYLOAD.get(rate.spreading_factor, 51)
    largest = law if part.payload_bytes is None else min(part.payload_bytes, law)
    empty_s, full_s = (lora_s(size + LORAWAN_BYTES, rate.spreading_factor, rate.bandwidth_hz) for size in (0, largest))
    byte_s = (full_s - empty_s) / largest
    quality = Quality(
        bits_per_s=8 / byte_s, preamble_s=empty_s - LORAWAN_BYTES * byte_s, source=f"{source}; air time by its data sheet"
    )
    return largest + LORAWAN_BYTES, quality


def needed(catalogue: parts.Catalogue, ident: str, kind: type[P]) -> P:
    """The part of that id and kind; PowerError when there is none."""
    found = catalogue.parts.get(ident)
    if not isinstance(found, kind):
        raise PowerError(f"{ident} is no {kind.kind} of the catalogue")
    return found
