"""Which kit of the catalogue a node needs: the cheapest battery and panel that keep what its plan asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from seamline.site.catalogue import parts
from seamline.site.plan.model import Kit
from seamline.site.power.balance import Conditions
from seamline.site.power.battery import Battery
from seamline.site.power.figures import PowerError
from seamline.site.power.kit_fit import charges, takes
from seamline.site.power.plan_load import node_load
from seamline.site.power.plan_parts import array_of, battery_of, needed
from seamline.site.power.plan_power import PLANNED_YEARS, Surroundings, weather_for
from seamline.site.power.sizing import Candidate, Goals, Sizing, size

PACKS: Final = (1, 2, 3, 4)
PANELS: Final = (1, 2)


@dataclass(frozen=True, slots=True)
class Kits:
    """What a node's kit may be made of: batteries and panels, all that go with the kit's charger."""

    batteries: tuple[parts.Battery, ...]
    panels: tuple[parts.Panel, ...]
    charger: parts.Converter | None

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Those of them without a price."""
        return tuple(part.id for part in (*self.batteries, *self.panels) if part.price is None)

    def go(self, battery: Battery, candidate: Candidate) -> bool:
        """Whether the charger takes the panel before that battery."""
        panel = next(part for part in self.panels if part.id == candidate.array.panel.name)
        return self.charger is None or takes(self.charger, panel, battery.volts)


def sized(common: Surroundings, node: str) -> Sizing | None:
    """The kit for a node of the plan that lives on sun, as its own kit is mounted; None for any other node.

    Batteries are tried one to four side by side, panels one or two, of those that go with the kit's charger; goals are the kit's
    days without sun and no dark day. SiteError when the node's load is not known, or no part goes with the charger.
    """
    plan = common.plan
    power = plan.nodes[node].power
    kit = None if power is None or power.kit is None else plan.kits.get(power.kit)
    if kit is None or kit.panel is None:
        return None
    load = node_load(plan, plan.nodes[node], common.rates).load
    priced = _priced(plan.catalogue, plan.prices.parts)
    known = _fitting(kit, priced)
    batteries = [battery_of(part, count) for part in known.batteries for count in PACKS]
    candidates = [found for part in known.panels for found in _mounted(common, node, kit, part, priced)]
    goals = Goals(0.0 if kit.autonomy_d is None else kit.autonomy_d)
    found = size(load, batteries, candidates, goals, Conditions(years=PLANNED_YEARS), known.go)
    return replace(found, unpriced=known.unpriced)


def _fitting(kit: Kit, catalogue: parts.Catalogue) -> Kits:
    """The parts of the catalogue that go with a kit's charger; all that take a charge where it has none."""
    charger = None if kit.converter is None else needed(catalogue, kit.converter, parts.Converter)
    batteries = [part for part in catalogue.parts.values() if isinstance(part, parts.Battery) and part.rechargeable]
    panels = [part for part in catalogue.parts.values() if isinstance(part, parts.Panel)]
    if charger is not None:
        batteries = [part for part in batteries if charges(charger, part)]
        panels = [part for part in panels if any(takes(charger, part, battery.volts) for battery in batteries)]
        if not (batteries and panels):
            what = "panel" if batteries else "battery"
            raise PowerError(f"kit {kit.id}: no {what} of the catalogue goes with {charger.id}; take another charger")
    return Kits(tuple(batteries), tuple(panels), charger)


def _mounted(common: Surroundings, node: str, kit: Kit, part: parts.Panel, catalogue: parts.Catalogue) -> list[Candidate]:
    """One panel or two, mounted as the kit's are; they stand in the same weather, which is per watt."""
    arrays = [array_of(replace(kit, panel=part.id, panels=count), catalogue, common.horizons.get(node, ())) for count in PANELS]
    known = [array for array in arrays if array is not None]
    weather = weather_for(common, known[0], 0.0)  # an MPPT charger asks for no voltage
    return [Candidate(array, weather) for array in known]


def _priced(catalogue: parts.Catalogue, prices: Mapping[str, parts.Money]) -> parts.Catalogue:
    """The catalogue with the plan's own prices."""
    known = {ident: replace(part, price=prices[ident]) if ident in prices else part for ident, part in catalogue.parts.items()}
    return replace(catalogue, parts=known)
