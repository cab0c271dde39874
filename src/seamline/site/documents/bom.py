"""The bill of materials: what a plan needs that is not there yet, with spares, prices, and where each line comes from.

Money is in whole cents throughout. What has no price is named, and every sum that lacks it says "at least".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from seamline.site.catalogue.parts import Cable, Money, Part
from seamline.site.documents import labour
from seamline.site.documents.design import Design
from seamline.site.documents.labour import Work
from seamline.site.plan.model import PowerSource

KINDS: Final = (
    "camera", "sensor", "board", "accelerator", "radio", "gateway", "switch", "battery", "panel", "converter", "enclosure", "mount",
    "mast", "cable", "accessory",
)  # fmt: skip
"""In which order lines stand."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What asks for a part, where the plan writes it, and for how much: pieces, or metres of cable."""

    what: str
    where: str
    quantity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BomLine:
    """One part: whole pieces, or whole metres of cable. `price_from` is the source of its price."""

    part: Part
    unit: Literal["pc", "m"]
    needed: int
    spares: int
    price: Money | None
    price_from: str
    origins: tuple[Origin, ...]

    @property
    def quantity(self) -> int:
        """What is to be bought."""
        return self.needed + self.spares

    @property
    def cents(self) -> int | None:
        """The line's price; None without a unit price."""
        return None if self.price is None else self.price.cents * self.quantity

    @property
    def asked_by(self) -> str:
        """What asks for it and where that is written, in words."""
        return ", ".join(f"{origin.what} ({origin.where})" for origin in self.origins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bom:
    """All lines of parts and of work, and what their sum does not hold: `unpriced` parts, and what `lacks` altogether."""

    lines: tuple[BomLine, ...]
    currency: str
    budget: Money | None
    unpriced: tuple[str, ...]
    lacks: tuple[str, ...]
    works: tuple[Work, ...] = ()

    @property
    def total(self) -> Money:
        """The sum of all lines that have a price, and of all work."""
        return Money(sum(line.cents or 0 for line in self.lines) + sum(work.cents for work in self.works), self.currency)

    @property
    def at_least(self) -> bool:
        """Whether something is not in the sum."""
        return bool(self.unpriced or self.lacks)

    @property
    def left(self) -> Money | None:
        """What is left of the budget, below 0 when it does not do; None without one."""
        return None if self.budget is None else Money(self.budget.cents - self.total.cents, self.currency)

    @property
    def over_budget(self) -> bool:
        """Whether it costs more than it may."""
        return self.left is not None and self.left.cents < 0

    @property
    def verdict(self) -> str:
        """The sum against the budget, in words."""
        total = f"{'at least ' if self.at_least else ''}{self.total}"
        if self.budget is None or self.left is None:
            return f"{total}; the plan sets no budget"
        if self.left.cents < 0:
            return f"{total}: {Money(-self.left.cents, self.currency)} over the budget of {self.budget}"
        within = "at most " if self.at_least else ""
        return f"{total} of a budget of {self.budget}: {within}{self.left} left"


def bom(design: Design) -> Bom:
    """The bill of materials of a design."""
    plan = design.plan
    wanted: dict[str, list[Origin]] = {}
    for part, origin in claims(design):
        wanted.setdefault(part, []).append(origin)
    parts = [plan.catalogue.parts[ident] for ident in wanted]
    order = {part.id: at for at, part in enumerate(parts)}
    parts.sort(key=lambda part: (KINDS.index(part.kind), order[part.id]))
    share = Fraction(str(plan.prices.spares_share))
    lines = tuple(line_of(design, part, tuple(wanted[part.id]), share) for part in parts)
    unpriced = tuple(line.part.id for line in lines if line.price is None)
    needed = [(line.part, line.needed, line.asked_by) for line in lines]
    return Bom(
        lines=lines,
        currency=plan.prices.currency,
        budget=plan.prices.budget,
        unpriced=unpriced,
        lacks=(*lacking(design), *labour.lacking(design, needed)),
        works=labour.works(design, needed),
    )


def lacking(design: Design) -> Iterator[str]:
    """What belongs into the sum and is not known."""
    if design.cables is None:
        why = next((absent.why for absent in design.absent if absent.what == "cables"), "no cable schedule")
        yield f"cables ({why})"
    else:
        if design.cables.unlaid:
            yield f"cables for {' and '.join(design.cables.unlaid)}, which the plan does not name"
        if design.cables.unroutable:
            yield f"cables that no route leads to ({', '.join(design.cables.unroutable)})"


def claims(design: Design) -> Iterator[tuple[str, Origin]]:
    """Every part that something in the plan needs, in the plan's order; what exists already needs none."""
    plan = design.plan
    for node in plan.nodes.values():
        if not node.existing:
            path = f"nodes.{node.id}"
            for part in (node.part, node.board, node.accelerator, node.radio, *node.with_parts):
                if part is not None:
                    yield part, Origin(path, design.place_of(path), 1)
            yield from _kit(design, path, node.power)
    for gateway in plan.gateways.values():
        if not gateway.existing:
            path = f"gateways.{gateway.id}"
            for part in (gateway.part, *gateway.with_parts):
                yield part, Origin(path, design.place_of(path), 1)
            yield from _kit(design, path, gateway.power)
    switches = {one.id: one.count for one in (design.cables.switches if design.cables else ())}
    for supply in plan.supplies.values():
        if supply.switch is not None:
            count = switches.get(supply.id, supply.switches or 1)
            yield supply.switch, Origin(f"supplies.{supply.id}", design.place_of(f"supplies.{supply.id}.switch"), count)
    yield from _put_up(design)
    for row in design.cables.rows if design.cables else ():
        yield row.part, Origin(f"cable {row.id}", design.place_of("routes.cable"), row.metres)


def _put_up(design: Design) -> Iterator[tuple[str, Origin]]:
    """The gateways and relays that the network puts up, each with what comes with its mounting."""
    for one in design.radio.put_up if design.radio else ():
        yield one.part, Origin(f"network: {one.id}", design.place_of(f"network.{one.role}"), 1)
        mounting = design.plan.mountings.get(one.mounting)
        for part in mounting.with_parts if mounting is not None else ():
            yield part, Origin(f"network: {one.id}", design.place_of(f"mountings.{one.mounting}.with"), 1)


def _kit(design: Design, path: str, power: PowerSource | None) -> Iterator[tuple[str, Origin]]:
    if power is None or power.kit is None:
        return
    kit = design.plan.kits[power.kit]
    where = design.place_of(f"kits.{kit.id}")
    for part, count in ((kit.battery, kit.batteries), (kit.panel, kit.panels), (kit.converter, 1)):
        if part is not None and count:
            yield part, Origin(f"{path} (kit {kit.id})", where, count)


def line_of(design: Design, part: Part, origins: tuple[Origin, ...], share: Fraction) -> BomLine:
    """A part's line: cable in whole metres of all runs together, spares rounded up."""
    unit: Literal["pc", "m"] = "m" if isinstance(part, Cable) else "pc"
    needed = math.ceil(round(math.fsum(origin.quantity for origin in origins), 6))
    price, price_from = price_of(design, part)
    return BomLine(
        part=part,
        unit=unit,
        needed=needed,
        spares=math.ceil(needed * share),
        price=price,
        price_from=price_from,
        origins=origins,
    )


def price_of(design: Design, part: Part) -> tuple[Money | None, str]:
    """A part's price: the plan's own, or the catalogue's, with its source. None and the reason when there is none to reckon with."""
    prices = design.plan.prices
    own = prices.parts.get(part.id)
    found, source = (
        (own, design.place_of(f"prices.parts.{part.id}")) if own is not None else (part.price, part.source_of("price"))
    )
    if found is None:
        return None, "no price"
    if found.currency != prices.currency:
        return None, f"priced in {found.currency} ({source}); the plan reckons in {prices.currency}"
    return found, source
