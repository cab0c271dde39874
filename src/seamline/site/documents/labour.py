"""The work of a bill of materials: hours for each piece and each metre of cable, and what mounting costs; each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from seamline.site.catalogue.parts import Money, Part
from seamline.site.documents.design import Design

HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A line of work: so many hours at a rate, or so many mountings at a price. `origin` says where its figure comes from."""

    what: str
    title: str
    unit: Literal["h", "pc"]
    quantity: Fraction
    each: Money
    origin: str
    asked_by: str

    @property
    def cents(self) -> int:
        """What it costs, half a cent up."""
        return int(self.quantity * self.each.cents + Fraction(1, 2))

    @property
    def amount(self) -> str:
        """How much of it, with its unit."""
        return f"{float(self.quantity):.2f} h" if self.unit == "h" else f"{int(self.quantity)} {self.unit}"


Needed = tuple[Part, int, str]
"""A part, how many pieces or metres of it are put up, and what asks for them."""


def works(design: Design, needed: Sequence[Needed]) -> tuple[Work, ...]:
    """Every line of work that hours and a rate, or a mounting's price, are known for."""
    rate = design.plan.prices.labour_hour
    hours = [] if rate is None else list(_hours(design, needed, rate))
    return (*hours, *_mountings(design))


def _hours(design: Design, needed: Iterable[Needed], rate: Money) -> Iterator[Work]:
    for part, count, asked_by in needed:
        found = hours_of(design, part)
        if found is not None and found[0] > 0:
            seconds, origin = found
            yield Work(
                what=part.id,
                title=f"{'laying' if part.kind == 'cable' else 'putting up'}: {part.title}",
                unit="h",
                quantity=Fraction(str(seconds)) * count / HOUR_S,
                each=rate,
                origin=origin,
                asked_by=asked_by,
            )


def _mountings(design: Design) -> Iterator[Work]:
    """What the plan's mountings cost for each gateway and relay that the network puts up on them."""
    for one in design.radio.put_up if design.radio else ():
        mounting = design.plan.mountings.get(one.mounting)
        if mounting is not None and mounting.cost is not None:
            where = design.place_of(f"mountings.{mounting.id}.cost")
            yield Work(
                what=mounting.id,
                title=f"mounting {one.role}",
                unit="pc",
                quantity=Fraction(1),
                each=mounting.cost,
                origin=where,
                asked_by=f"network: {one.id} ({where})",
            )


def hours_of(design: Design, part: Part) -> tuple[float, str] | None:
    """The work of one piece or metre, in seconds, and who says so: the plan of the part, of its kind, or the catalogue."""
    said = design.plan.prices.labour_s
    for name in (part.id, part.kind):
        if name in said:
            return said[name], design.place_of(f"prices.hours.{name}")
    return None if part.labour_s is None else (part.labour_s, part.source_of("labour"))


def lacking(design: Design, needed: Sequence[Needed]) -> Iterator[str]:
    """Which work belongs into the sum and is not known."""
    rate = design.plan.prices.labour_hour
    known = {part.id: found for part, _, _ in needed if (found := hours_of(design, part)) is not None}
    without = [part.id for part, _, _ in needed if part.id not in known]
    if rate is not None and without:
        if known:
            yield f"labour of {', '.join(without)} (no hours: give prices.hours)"
        else:
            yield f"labour (the plan gives {rate} an hour, and no hours: give prices.hours)"
    elif rate is None and any(seconds > 0 for seconds, _ in known.values()):
        hours = sum(Fraction(str(known[part.id][0])) * count for part, count, _ in needed if part.id in known) / HOUR_S
        yield f"{float(hours):.1f} hours of labour (no rate: give prices.labour)"
    bare = [one.id for one in (design.radio.put_up if design.radio else ()) if not _has_cost(design, one.mounting)]
    if bare:
        yield f"the mounting of what the network puts up: {', '.join(bare)} (its mounting gives no cost)"


def _has_cost(design: Design, mounting: str) -> bool:
    found = design.plan.mountings.get(mounting)
    return found is not None and found.cost is not None
