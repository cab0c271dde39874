"""Whether the parts of a kit go together: the charger with the battery's chemistry and voltage, the panel with the charger's input.

Judged is what the catalogue states; a figure that it does not have is no misfit. Several panels are taken to be in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamline.site.catalogue.parts import Battery, Catalogue, Converter, Panel
from seamline.site.plan.model import Kit
from seamline.site.power.plan_parts import needed

NOMINAL_SHARE: Final = 0.15
"""How far nominal voltages of one class lie apart: 12.8 V (LiFePO4) are sold for 12 V, 3.7 V for 3.6 V, 25.6 V for 24 V."""
CHARGING_SHARE: Final = 1.17
"""A full charge's voltage by the nominal one: 4.2 V of 3.6 V (lithium ion), 14.4 V of 12 V (lead), 14.6 V of 12.8 V (LiFePO4)."""


def misfits(kit: Kit, catalogue: Catalogue) -> tuple[str, ...]:
    """What of a kit does not go together, each with what would; PowerError for a part that is none of its kind."""
    battery = needed(catalogue, kit.battery, Battery)
    converter = None if kit.converter is None else needed(catalogue, kit.converter, Converter)
    panel = None if kit.panel is None else needed(catalogue, kit.panel, Panel)
    found: list[str] = []
    if panel is not None and not battery.rechargeable:
        found.append(f"{battery.id} takes no charge: leave {panel.id} out, or take a battery that does")
    elif panel is not None and converter is not None:
        found += _of_battery(converter, battery)
        found += _of_panel(converter, panel, battery.id, battery.volts)
    return tuple(f"kit {kit.id}: {text}" for text in found)


def charges(converter: Converter, battery: Battery) -> bool:
    """Whether a charger goes with a battery, as far as the catalogue says."""
    return not any(_of_battery(converter, battery))


def takes(converter: Converter, panel: Panel, battery_v: float) -> bool:
    """Whether a charger goes with a panel, before a battery of that voltage, as far as the catalogue says."""
    return not any(_of_panel(converter, panel, "", battery_v))


def _of_battery(converter: Converter, battery: Battery) -> Iterator[str]:
    if converter.charges and _plain(battery.chemistry) not in map(_plain, converter.charges):
        kinds = " and ".join(converter.charges)
        yield f"{converter.id} charges {kinds}, and {battery.id} is {battery.chemistry}: take another charger or battery"
    nominal = converter.batteries_v
    if nominal and not any(abs(battery.volts - volts) <= NOMINAL_SHARE * volts for volts in nominal):
        told = " or ".join(f"{volts:g} V" for volts in nominal)
        yield f"{converter.id} is for batteries of {told}, and {battery.id} has {battery.volts:g} V: take another charger or battery"


def _of_panel(converter: Converter, panel: Panel, battery: str, battery_v: float) -> Iterator[str]:
    if converter.input_v is not None and panel.open_v is not None and panel.open_v > converter.input_v:
        text = f"{panel.id} gives up to {panel.open_v:g} V without a load, more in the cold"
        yield f"{text}, and {converter.id} bears {converter.input_v:g} V: take a panel of fewer cells in series, or another charger"
    full_v = battery_v * CHARGING_SHARE
    if converter.boosts is False and panel.peak_v is not None and panel.peak_v < full_v:
        text = f"{panel.id} peaks at {panel.peak_v:g} V, below the {full_v:.1f} V of {battery} full"
        yield f"{text}, and {converter.id} does not boost: take a panel of more cells in series, or another charger"


def _plain(chemistry: str) -> str:
    return chemistry.lower().replace("-", "").replace(" ", "")
