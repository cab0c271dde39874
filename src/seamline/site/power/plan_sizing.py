"""Which kit of the catalogue a node needs: the cheapest battery and panel that keep what its plan asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from seamline.site.catalogue import parts
from seamline.site.plan.model import Kit
from seamline.site.power.balance import Conditions
from seamline.site.power.plan_load import node_load
from seamline.site.power.plan_parts import array_of, battery_of
from seamline.site.power.plan_power import PLANNED_YEARS, Surroundings, weather_for
from seamline.site.power.sizing import Candidate, Goals, Sizing, size

PACKS: Final = (1, 2, 3, 4)
PANELS: Final = (1, 2)


def sized(common: Surroundings, node: str) -> Sizing | None:
    """The kit for a node of the plan that lives on sun, as its own kit is mounted; None for any other node.

    Batteries are tried one to four side by side, panels one or two; goals are the kit's days without sun and no dark day. SiteError
    when the node's load is not known.
    """
    plan = common.plan
    power = plan.nodes[node].power
    kit = None if power is None or power.kit is None else plan.kits.get(power.kit)
    if kit is None or kit.panel is None:
        return None
    load = node_load(plan, plan.nodes[node], common.rates).load
    priced = _priced(plan.catalogue, plan.prices.parts)
    batteries = [
        battery_of(part, count)
        for part in priced.parts.values()
        if isinstance(part, parts.Battery) and part.rechargeable
        for count in PACKS
    ]
    candidates = [
        found
        for part in priced.parts.values()
        if isinstance(part, parts.Panel)
        for found in _mounted(common, node, kit, part, priced)
    ]
    goals = Goals(0.0 if kit.autonomy_d is None else kit.autonomy_d)
    return size(load, batteries, candidates, goals, Conditions(years=PLANNED_YEARS))


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
