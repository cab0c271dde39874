"""How long a UPS bridges when the mains fail. Power over Ethernet is the network's: `seamline.site.network.copper`."""

from __future__ import annotations

from dataclasses import dataclass

from seamline.site.power.battery import Battery, usable
from seamline.site.power.figures import PowerError, Term, above, amount, number, share


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
