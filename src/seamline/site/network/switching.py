"""Switches of Power over Ethernet: how many a supply needs, what to buy where they do not do, and what goes dark with one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from seamline.site.catalogue.parts import Money, Switch
from seamline.site.network.copper import PoeBudget, Port, drawn_mw, poe_budget
from seamline.site.network.topology import Failure, Network, reached
from seamline.site.plan.site import Site

SWITCHES_MAX: Final = 100
"""At one supply; as many as a plan may write."""


def packed(ports: int, budget_mw: float, draws: Sequence[float]) -> int | None:
    """How many switches feed devices that draw so much each: first fit, the largest first. None when one draws more than any gives.

    Never fewer than will do, and at most 11/9 of the fewest and 1 when only the budget binds (Dósa, 2007).
    """
    used: list[tuple[int, float]] = []
    for draw in sorted(draws, reverse=True):
        if draw > budget_mw:
            return None
        at = next((at for at, (count, sum_mw) in enumerate(used) if count < ports and sum_mw + draw <= budget_mw), None)
        if at is None:
            used.append((1, draw))
        else:
            count, sum_mw = used[at]
            used[at] = (count + 1, sum_mw + draw)
    return len(used)


def needed(part: Switch, devices: Mapping[str, float], classes: Mapping[str, int]) -> int | None:
    """How many switches of a part feed these devices; None when its ports cannot feed one of them."""
    one = Port(part.id, max(1, len(devices)), float("inf"), part.port_mw, part.poe_class)
    if poe_budget(one, devices, classes).problems:
        return None
    return packed(part.ports, part.budget_mw, [drawn_mw(name, draw, classes) for name, draw in devices.items()])


def judged(site: Site, ident: str, devices: Mapping[str, float], classes: Mapping[str, int]) -> PoeBudget | None:
    """A supply's switches against their devices, with what would help where they do not do; None without a switch."""
    supply, _ = site.supplies[ident]
    part = site.plan.catalogue.parts.get(supply.switch or "")
    if not isinstance(part, Switch):
        return None
    wanted = needed(part, devices, classes)
    count = min(max(wanted or 1, 1), SWITCHES_MAX) if supply.switches is None else supply.switches
    whole_mw = part.budget_mw * count
    budget_mw = whole_mw if supply.power_mw is None else min(supply.power_mw, whole_mw)
    found = poe_budget(Port(ident, part.ports * count, budget_mw, part.port_mw, part.poe_class), devices, classes)
    problems = found.problems
    if not problems and wanted is not None and wanted > count:
        text = f"the devices do not share out over the {count} switches of {ident} ({part.ports} ports, {part.budget_mw / 1000:g} W each)"
        problems = (f"{text}; add a switch",)
    remedies: list[str] = []
    if supply.power_mw is not None and found.draws_mw > supply.power_mw:
        remedies.append(f"give supplies.{ident}.power {found.draws_mw / 1000:.0f} W or more, if what feeds it can")
    if problems:
        remedies += _offers(site, ident, part, count, devices, classes)
    return replace(found, problems=problems, switches=count, part=part.id, remedies=tuple(remedies))


def _offers(
    site: Site, ident: str, part: Switch, count: int, devices: Mapping[str, float], classes: Mapping[str, int]
) -> Iterator[str]:
    """More of the same switch; and the cheapest other one that would do in its place, by price where all have one."""
    wanted = needed(part, devices, classes)
    if wanted is not None and wanted > count:
        more = wanted - count
        yield f"add {more} {part.id} ({_cost(site, part, more)}): write 'switches: {wanted}', or 'auto', in supplies.{ident}"
    others: list[tuple[bool, int, int, float, str]] = []
    for other in site.plan.catalogue.parts.values():
        if isinstance(other, Switch) and other.id != part.id and (pieces := needed(other, devices, classes)) is not None:
            price = price_of(site, other)
            others.append((price is None, 0 if price is None else price.cents * pieces, pieces, other.budget_mw, other.id))
    if others:
        _, _, pieces, _, name = min(others)
        other = site.plan.catalogue.parts[name]
        instead = f"{pieces} x {name}" if pieces > 1 else name
        if isinstance(other, Switch):
            text = f"take {instead} in place of {part.id} ({_cost(site, other, pieces)} instead of {_cost(site, part, count)})"
            said = f"'switch: {name}'" + (f" and 'switches: {pieces}'" if pieces > 1 else "")
            yield f"{text}: write {said} in supplies.{ident}"


def price_of(site: Site, part: Switch) -> Money | None:
    """What a switch costs in the plan's currency; None where nothing says so."""
    found = site.plan.prices.parts.get(part.id, part.price)
    return found if found is not None and found.currency == site.plan.prices.currency else None


def _cost(site: Site, part: Switch, pieces: int) -> str:
    price = price_of(site, part)
    return "no price" if price is None else str(Money(price.cents * pieces, price.currency))


def switch_failures(site: Site, network: Network, fed: Mapping[str, Collection[str]]) -> Iterator[Failure]:
    """What goes dark with each supply's switch: the nodes that it feeds, and those that reach only gateways that it feeds.

    `fed` are the devices of each supply. Several switches at one place are one: the plan does not say which feeds what.
    """
    everyone = reached(network.neighbours(), network.passing(), network.gateways, network.hops_max)
    for ident, devices in fed.items():
        gone = set(devices)
        near = {one: [other for other in others if other not in gone] for one, others in network.neighbours().items()}
        left = [gateway for gateway in network.gateways if gateway not in gone]
        alive = reached(near, network.passing() - gone, left, network.hops_max)
        lost = (everyone - alive) | gone
        dark = tuple(node for node in site.plan.nodes if node in lost)
        if dark:
            several = site.supplies[ident][0].switches != 1
            yield Failure("supply" if several else "switch", ident, dark)
