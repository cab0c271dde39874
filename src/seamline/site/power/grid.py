"""Power over cables: what Ethernet switches feed (IEEE 802.3), and how long a UPS bridges when the mains fail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from seamline.site.power.battery import Battery, usable
from seamline.site.power.figures import PowerError, Term, above, amount, number, share, sourced


@dataclass(frozen=True, slots=True)
class PoeClass:
    """A class of powered devices: what a port supplies and what arrives at 100 m, in W; the standard's amendment."""

    number: int
    supplied_w: float
    arriving_w: float
    standard: str


POE: Final = MappingProxyType(
    {
        found.number: found
        for found in (
            PoeClass(0, 15.4, 12.95, "802.3af"),
            PoeClass(1, 4.0, 3.84, "802.3af"),
            PoeClass(2, 7.0, 6.49, "802.3af"),
            PoeClass(3, 15.4, 12.95, "802.3af"),
            PoeClass(4, 30.0, 25.5, "802.3at"),
            PoeClass(5, 45.0, 40.0, "802.3bt type 3"),
            PoeClass(6, 60.0, 51.0, "802.3bt type 3"),
            PoeClass(7, 75.0, 62.0, "802.3bt type 4"),
            PoeClass(8, 90.0, 71.3, "802.3bt type 4"),
        )
    }
)
"""IEEE Std 802.3-2022, clauses 33 and 145: power at the port and at the device, by class."""
POE_SOURCE: Final = "IEEE Std 802.3-2022, clauses 33 and 145"


def class_for(watts: float) -> PoeClass:
    """The lowest class that brings so much power to the device; PowerError above class 8."""
    above(watts, "the power of a device on PoE (W)", hint="is this in mW?")
    fit = [found for found in POE.values() if found.arriving_w >= watts and found.number != 0]
    if not fit:
        raise PowerError(
            f"{watts:g} W are more than PoE brings to a device ({POE[8].arriving_w:g} W, class 8); feed it from the mains"
        )
    return min(fit, key=lambda found: found.supplied_w)


@dataclass(frozen=True, slots=True)
class PoeDevice:
    """A device on a switch: its power (W) at the device, and its class where it states one (else the lowest that is enough)."""

    name: str
    watts: float
    source: str
    stated: int | None = None

    @property
    def poe_class(self) -> PoeClass:
        """The class it asks for; PowerError when it draws more than its class brings."""
        if self.stated is None:
            return class_for(self.watts)
        found = POE.get(self.stated)
        if found is None:
            raise PowerError(f"{self.name}: PoE class {self.stated}; there are 0 to 8")
        if self.watts > found.arriving_w:
            raise PowerError(f"{self.name} draws {self.watts:g} W, its class {self.stated} brings {found.arriving_w:g} W")
        return found


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch: ports, the power that all share (W), the highest class of a port; money in cents."""

    name: str
    ports: int
    budget_w: float
    highest_class: int
    source: str
    price_cents: int = 0

    def __post_init__(self) -> None:
        if self.ports < 1:
            raise PowerError(f"{self.name} has {self.ports} ports; it has at least 1")
        above(self.budget_w, f"{self.name}: PoE budget (W)", most=100_000.0, hint="is this in mW?")
        if self.highest_class not in POE:
            raise PowerError(f"{self.name}: highest PoE class {self.highest_class}; there are 0 to 8")
        sourced(self.source, f"switch {self.name}")


@dataclass(frozen=True, slots=True)
class PoeBudget:
    """A switch with its devices: what the classes reserve (W), what is left, and what does not fit, in words."""

    switch: str
    reserved_w: float
    spare_w: float
    spare_ports: int
    terms: tuple[Term, ...]
    refusals: tuple[str, ...]


def poe_budget(switch: Switch, devices: Sequence[PoeDevice]) -> PoeBudget:
    """Add up what a switch reserves by class for its devices, which is more than they draw: cables lose the rest at 100 m."""
    terms: list[Term] = []
    refusals: list[str] = []
    for device in devices:
        poe = device.poe_class
        working = f"class {poe.number} for {amount(device.watts)} W at the device"
        terms.append(Term(device.name, poe.supplied_w, "W", f"{device.source}; {POE_SOURCE}", "derived", working))
        if poe.supplied_w > POE[switch.highest_class].supplied_w:
            refusals.append(f"{device.name} asks for class {poe.number}, {switch.name} gives up to class {switch.highest_class}")
    reserved = math.fsum(term.value for term in terms)
    if len(devices) > switch.ports:
        refusals.append(
            f"{len(devices)} devices on {switch.ports} ports of {switch.name}: {len(devices) - switch.ports} too many"
        )
    if reserved > switch.budget_w:
        over = reserved - switch.budget_w
        refusals.append(
            f"{switch.name} would reserve {amount(reserved)} W of {amount(switch.budget_w)} W: {amount(over)} W too much"
        )
    return PoeBudget(
        switch.name, reserved, switch.budget_w - reserved, switch.ports - len(devices), tuple(terms), tuple(refusals)
    )


def least_switch(devices: Sequence[PoeDevice], switches: Sequence[Switch]) -> Switch | None:
    """The cheapest switch, then the smallest, that feeds all devices; None when none does."""
    order = sorted(switches, key=lambda switch: (switch.price_cents, switch.budget_w, switch.ports, switch.name))
    return next((switch for switch in order if not poe_budget(switch, devices).refusals), None)


@dataclass(frozen=True, slots=True)
class Bridge:
    """How long a UPS bridges, in hours, with its lines."""

    hours: float
    terms: tuple[Term, ...]


def bridged(
    load_w: float, ups: Battery, inverter: float, most_w: float, temperature_c: float = 20.0, years: float = 0.0
) -> Bridge:
    """How long a UPS's battery feeds a load through its inverter of an efficiency; PowerError above `most_w`, its output."""
    above(load_w, "the load on the UPS (W)", hint="is this in mW?")
    above(share(inverter, "the inverter's efficiency"), "the inverter's efficiency")
    if load_w > number(most_w, "what the UPS gives (W)"):
        raise PowerError(f"the load of {load_w:g} W is more than the {most_w:g} W that {ups.name} gives; take a larger one")
    full = usable(ups, temperature_c, years)
    hours = full.watt_hours * inverter / load_w
    working = f"{amount(full.watt_hours)} Wh x {amount(inverter)} / {amount(load_w)} W"
    return Bridge(hours, (*full.terms, Term("bridged", hours, "h", ups.source, "derived", working)))
