"""Which candidates could be powered, and how: by cable from the plan's supplies, or by its kits, as the network and power reckon it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from seamline.site.catalogue.parts import Cable, Camera as CameraPart, Rate
from seamline.site.network.copper import DROP_MAX_SHARE, poe_budget, voltage_drop
from seamline.site.network.on_site import budgets_of, cable_of, devices_of, node_mw, port_of, supply_of
from seamline.site.network.wiring import longest_m
from seamline.site.placement.cabling import Cabling
from seamline.site.placement.candidates import Candidate
from seamline.site.placement.on_site import Feed, node_of, price_of, work_of
from seamline.site.placement.problem import Obstacle
from seamline.site.placement.switches import autos_of, ports_of, watts_of
from seamline.site.plan.model import Kit, Mounting, Node, PowerSource, Supply
from seamline.site.plan.site import Site
from seamline.site.power.plan_power import NodePower, site_power

Rates = Callable[[Candidate, Mounting], Rate | None]
IDENT: Final = "candidate"


class Feeding:
    """The plan's supplies and kits, with what they have left beside what stands.

    `rooms` are the pools that candidates draw from: a switch's free ports, and the milliwatts that it or another supply has left.
    `notes` say what could not be judged.
    """

    def __init__(self, site: Site, rates: Rates) -> None:
        """`site` has only the nodes that stand; `rates` says the rate of a candidate's radio link."""
        self._site = site
        self._rates = rates
        self._cabling = Cabling(site)
        self.notes: list[str] = []
        self._ports = {ident: port_of(site, ident) for ident in site.supplies}
        self.rooms: dict[str, int] = dict(rooms_of(site))
        self._wholes: dict[str, float] = {}
        for auto in autos_of(site, self.notes):
            self.rooms |= auto.boundless
            self._wholes |= auto.most
        self._lasting: dict[tuple[str, str, str, str | None], NodePower] = {}

    def ways(self, one: Candidate, mounting: Mounting) -> tuple[Feed, ...] | Obstacle:
        """The ways in which a candidate could be fed, cheapest first; or what stands in the way of the one that lacks least."""
        found = [told for source in mounting.power for told in self._by(one, mounting, source)]
        feeds = [told for told in found if isinstance(told, Feed)]
        if not feeds:
            return min((told for told in found if isinstance(told, Obstacle)), key=excess)
        kept: list[Feed] = []
        for feed in sorted(feeds, key=lambda feed: feed.cents):
            if not any(spares(other, feed) for other in kept):
                kept.append(feed)
        return tuple(kept)

    def _by(self, one: Candidate, mounting: Mounting, source: PowerSource) -> list[Feed | Obstacle]:
        """What one way of the plan comes to."""
        node = node_of(self._site, one, mounting, IDENT, source)
        if source.kit is not None:
            return [self._on_kit(one, mounting, node, self._site.plan.kits[source.kit])]
        supplies = {ident: supply for ident, (supply, _) in self._site.supplies.items() if supply.kind == source.kind}
        if source.supply is not None:
            supplies = {source.supply: self._site.supplies[source.supply][0]}
        if not supplies and source.kind == "mains":
            self._note(f"mounting {mounting.id}: the plan has no mains supply: a socket is taken to be there")
            return [Feed(source)]
        if not supplies:
            return [Obstacle(f"no power: the plan has no supply of {source.kind}", "add one under supplies")]
        return [self._by_wire(node, one, source, supply) for supply in supplies.values()]

    def _by_wire(self, node: Node, one: Candidate, source: PowerSource, supply: Supply) -> Feed | Obstacle:
        """From a supply: its cable, and what the supply has left."""
        milliwatts = node_mw(self._site, node)
        if milliwatts is None:
            self._note(f"{node.part}: nothing says what it takes; it counts as taking nothing")
        draws = self._draws(node, supply, milliwatts or 0.0)
        if isinstance(draws, Obstacle):
            return draws
        cable = cable_of(self._site, "ethernet" if source.kind == "poe" else "power", self.notes)
        fed = PowerSource(source.kind, supply.id)
        if cable is None:
            return Feed(fed, 0, draws)
        metres = self._cabling.metres(supply.id, one.spot.x, one.spot.y, node.height_m)
        if isinstance(metres, Obstacle):
            return metres
        price, work = round(metres * price_of(self._site, cable, self.notes)), round(work_of(self._site, cable, metres))
        return too_far(cable, supply, metres, milliwatts) or Feed(fed, price + work, draws, work)

    def _draws(self, node: Node, supply: Supply, milliwatts: float) -> tuple[tuple[str, int], ...] | Obstacle:
        """What a node takes of a supply's pools."""
        port = self._ports[supply.id] if supply.kind == "poe" else None
        wanted = {watts_of(supply.id): milliwatts}
        if port is not None:
            part = self._site.plan.catalogue.parts.get(node.part or "")
            asked = part.poe_class if isinstance(part, CameraPart) else None
            name = str(node.part)
            boundless = replace(port, ports=1, budget_mw=math.inf)
            budget = poe_budget(boundless, {name: milliwatts}, {} if asked is None else {name: asked})
            if budget.problems:
                return Obstacle(f"no power: {budget.problems[0]}", f"take a stronger switch in supplies.{supply.id}")
            wanted = {ports_of(supply.id): 1.0, watts_of(supply.id): budget.draws_mw}
        draws = tuple((pool, math.ceil(amount)) for pool, amount in wanted.items() if pool in self.rooms)
        for pool, amount in draws:
            if amount > self.rooms[pool]:
                return self._full(pool, supply, amount)
        return draws

    def _full(self, pool: str, supply: Supply, amount: int) -> Obstacle:
        """A pool that has not enough left for anyone who takes so much."""
        port, relax = self._ports[supply.id], f"take a larger one in supplies.{supply.id}"
        if pool == ports_of(supply.id) and port is not None:
            whole = self._wholes.get(pool, port.ports)
            lacks = whole + amount - self.rooms[pool]
            return Obstacle(f"no power: supply {supply.id} has no free port", relax, whole, lacks, "ports")
        whole = self._wholes.get(pool, (supply.power_mw or 0.0) if port is None else port.budget_mw)
        lacks = whole + amount - self.rooms[pool]
        return Obstacle(f"no power: supply {supply.id} has too little left", relax, whole / 1000, lacks / 1000, "W")

    def _on_kit(self, one: Candidate, mounting: Mounting, node: Node, kit: Kit) -> Feed | Obstacle:
        """From a battery, with or without a panel: it must last as the kit says."""
        rate = self._rates(one, mounting)
        key = (mounting.id, one.option.name, kit.id, None if rate is None else rate.name)
        if key not in self._lasting:
            alone = replace(self._site, plan=replace(self._site.plan, nodes={IDENT: node}))
            (self._lasting[key],) = site_power(alone, {} if rate is None else {IDENT: rate}).nodes
        found = self._lasting[key]
        if found.met is False:
            return short_of(found, kit)
        if found.met is None:
            self._note(f"mounting {mounting.id}, kit {kit.id}: {doubt(found)}")
        price, work = self._price(kit)
        return Feed(PowerSource(node.power.kind if node.power else "battery", None, kit.id), price + work, work=work)

    def _price(self, kit: Kit) -> tuple[int, int]:
        """What a kit costs, and the work of putting it up, in cents."""
        known = self._site.plan.catalogue.parts
        pieces = [(kit.battery, kit.batteries), (kit.panel, kit.panels), (kit.converter, 1)]
        named = [(known[name], count) for name, count in pieces if name is not None]
        price = sum(price_of(self._site, part, self.notes) * count for part, count in named)
        return price, round(sum(work_of(self._site, part, count) for part, count in named))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def rooms_of(site: Site) -> Mapping[str, int]:
    """What each supply has left beside what stands: free ports, and milliwatts where its power is given.

    Where the plan takes as many switches as are needed, see switches.Auto.
    """
    found: dict[str, int] = {}
    for budget in budgets_of(site):
        supply, _ = site.supplies[budget.switch]
        if supply.switches is not None:
            found[ports_of(budget.switch)] = max(0, budget.ports - budget.devices)
            found[watts_of(budget.switch)] = max(0, int(budget.budget_mw - budget.draws_mw))
    for ident, (supply, _) in site.supplies.items():
        if supply.power_mw is not None and watts_of(ident) not in found:
            fed = (
                milliwatts or 0.0
                for _, power, fixed, _, milliwatts in devices_of(site, existing=True)
                if power is not None and power.kind == supply.kind and supply_of(site, power, fixed) == ident
            )
            found[watts_of(ident)] = max(0, int(supply.power_mw - sum(fed)))
    return found


def too_far(cable: Cable, supply: Supply, metres: float, milliwatts: float | None) -> Obstacle | None:
    """What a cable of that length cannot do."""
    use = "ethernet" if supply.kind == "poe" else "power"
    most = longest_m(cable, use)
    if metres > most:
        relax = "put a switch or PoE extender on the way" if use == "ethernet" else "take another cable, or a supply nearer"
        return Obstacle(f"no power within {most:g} m of cable", relax, most, metres, "m")
    if use == "power" and supply.volts is not None and milliwatts is not None and cable.ohm_per_km is not None:
        drop = voltage_drop(supply.volts, milliwatts, metres, cable.ohm_per_km)
        reason = f"no power: more than {DROP_MAX_SHARE:.0%} of the voltage would be lost on the way from {supply.id}"
        if drop is None:
            return Obstacle(reason, "take a thicker cable, or a supply nearer")
        if not drop.keeps:
            return Obstacle(reason, "take a thicker cable, or a supply nearer", 100 * DROP_MAX_SHARE, 100 * drop.drop_share, "%")
    return None


def short_of(found: NodePower, kit: Kit) -> Obstacle:
    """What a kit lacks that does not last."""
    if found.dark_share:
        worst = f", most of all in {found.worst_month}" if found.worst_month else ""
        reason = f"no power: on kit {kit.id} it goes dark on {found.dark_share:.1%} of days{worst}"
        return Obstacle(reason, f"take a larger panel or battery in kits.{kit.id} ('seamline site power --size' finds one)")
    reason = f"no power: kit {kit.id} does not last for the {kit.autonomy_d or 0:g} d that it must"
    return Obstacle(reason, f"lower kits.{kit.id}.autonomy, or take a larger battery", kit.autonomy_d, found.autonomy_days, "d")


def doubt(found: NodePower) -> str:
    """Why it is not known whether a kit lasts."""
    if found.upper_bound:
        return "only a clear sky is known, an upper bound: whether it lasts is not sure; give weather.pvgis"
    if found.autonomy_days is None:
        return f"whether it lasts is not known: {found.notes[-1] if found.notes else 'nothing says what it uses'}"
    return "how long it must last is not said; give the kit's autonomy"


def spares(other: Feed, feed: Feed) -> bool:
    """Whether another way, no dearer, also takes no more of anything that is shared."""
    own = dict(feed.draws)
    return all(amount <= own.get(pool, -1) for pool, amount in other.draws)


def excess(told: Obstacle) -> tuple[bool, float, str]:
    """How much a constraint would have to give, those without a figure last."""
    if told.limit is None or told.enough is None or not told.limit or not told.enough:
        return True, 0.0, told.reason
    return False, max(told.enough / told.limit, told.limit / told.enough), told.reason
