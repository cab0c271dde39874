"""Which kit of the catalogue a node needs: the cheapest battery and panel that keep what its plan asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from seamline.site.catalogue import parts
from seamline.site.plan.model import Kit
from seamline.site.power.balance import Conditions
from seamline.site.power.battery import Battery
from seamline.site.power.figures import PowerError
from seamline.site.power.kit_fit import NOMINAL_SHARE, charges, takes
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
    days without sun and no dark day. Other chargers of the catalogue are tried where a kit with them may be cheaper, or where the
    kit's own does not do: first for batteries of the same voltage, which the node is known to take. SiteError when the node's load is
    not known, or no part goes with any charger.
    """
    power = common.plan.nodes[node].power
    kit = None if power is None or power.kit is None else common.plan.kits.get(power.kit)
    if kit is None or kit.panel is None:
        return None
    common = replace(common, plan=replace(common.plan, catalogue=_priced(common.plan.catalogue, common.plan.prices.parts)))
    own: Sizing | None = None
    try:
        own = _with_charger(common, node, kit)
    except PowerError:
        if kit.converter is None:
            raise
    if kit.converter is None:
        return own
    volts = needed(common.plan.catalogue, kit.battery, parts.Battery).volts
    best = own if own is not None and own.choice is not None else None
    for same in (True, False):
        if best is not None and not same:
            break
        for other in _other_chargers(common.plan.catalogue, kit.converter):
            found = _cheaper(
                common, node, replace(kit, converter=other.id), best, lambda part, same=same: _alike(part, volts) is same
            )
            if found is not None:
                best = replace(
                    found, instead_of=kit.converter, volts=None if same or found.choice is None else found.choice.battery.volts
                )
    if best is None and own is None:
        _fitting(kit, common.plan.catalogue)  # says what does not go together
    return best or own


def _other_chargers(catalogue: parts.Catalogue, own: str) -> list[parts.Converter]:
    """Solar chargers besides the kit's own, those with a price first, from the cheapest on."""
    found = [part for part in catalogue.parts.values() if isinstance(part, parts.Converter) and part.id != own and part.charges]
    return sorted(found, key=lambda part: (part.price is None, 0 if part.price is None else part.price.cents, part.id))


def _alike(part: parts.Battery, volts: float) -> bool:
    """Whether a battery is of the same nominal voltage."""
    return abs(part.volts - volts) <= NOMINAL_SHARE * volts


def _cheaper(
    common: Surroundings, node: str, kit: Kit, best: Sizing | None, keep: Callable[[parts.Battery], bool]
) -> Sizing | None:
    """A kit with this charger and batteries to keep that is enough, and cheaper than the best that is known; None when there is none."""
    charger = needed(common.plan.catalogue, kit.converter or "", parts.Converter)
    below: int | None = None
    if best is not None:
        if charger.price is None or best.price_cents is None or best.charger_cents is None:
            return None  # what has no price cannot be compared with what is enough
        below = best.price_cents - charger.price.cents
    try:
        found = _with_charger(common, node, kit, keep, below)
    except PowerError:
        return None
    return found if found.choice is not None else None


def _with_charger(
    common: Surroundings,
    node: str,
    kit: Kit,
    keep: Callable[[parts.Battery], bool] | None = None,
    below: int | None = None,
) -> Sizing:
    """The cheapest kit with this charger; PowerError when no part goes with it."""
    plan = replace(common.plan, kits={**common.plan.kits, kit.id: kit})
    common = replace(common, plan=plan)
    load = node_load(plan, plan.nodes[node], common.rates).load
    known = _fitting(kit, plan.catalogue)
    kept = [part for part in known.batteries if keep is None or keep(part)]
    batteries = [battery_of(part, count) for part in kept for count in PACKS]
    candidates = [found for part in known.panels for found in _mounted(common, node, kit, part, plan.catalogue)]
    goals = Goals(0.0 if kit.autonomy_d is None else kit.autonomy_d)
    found = size(load, batteries, candidates, goals, Conditions(years=PLANNED_YEARS), known.go, below)
    price = None if known.charger is None else known.charger.price
    return replace(
        found,
        unpriced=known.unpriced,
        charger=None if known.charger is None else known.charger.id,
        charger_cents=None if price is None else price.cents,
    )


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
