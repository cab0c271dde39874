"""Batteries: what is left of the capacity on the label in the cold, after years, cycles and on the shelf."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeVar

from seamline.site.power.figures import PowerError, Term, above, amount, number, share, sourced

T = TypeVar("T")
COLD_C: Final = -100.0
HOT_C: Final = 150.0
YEAR_DAYS: Final = 365.25
MONTHS: Final = 12
CAPACITY_MOST_AH: Final = 5000.0
"""More in one node is a figure in mAh that was taken for one in Ah."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chemistry:
    """What cells of a kind have in common; a part's own datasheet is better, and overrides it (see Battery).

    `curve` is (temperature in C, share of the capacity), rising; between its points the share is linear, below the first one
    nothing can be drawn, above the last one it stays. `charge_c` is the lowest temperature at which the cell takes a charge (None:
    it takes none, it is primary), `self_discharge` the share lost a month at 20 C, which doubles every 10 K, `depth` the share that may
    be used, `cycles` and `years` what it bears until `end_share` of its capacity is left, `charging` the share of a charge that is kept.
    """

    name: str
    curve: tuple[tuple[float, float], ...]
    curve_source: str
    charge_c: float | None
    self_discharge: float
    self_discharge_source: str
    depth: float
    charging: float
    cycles: float
    years: float
    end_share: float
    life_source: str

    @property
    def rechargeable(self) -> bool:
        """Whether it takes a charge."""
        return self.charge_c is not None


LIFEPO4: Final = Chemistry(
    name="LiFePO4",
    curve=((-20.0, 0.70), (0.0, 0.80), (25.0, 1.0)),
    curve_source="Canbat CLI100-12 (12 V, 100 Ah): 80 Ah at 0 C, 70 Ah at -20 C",
    charge_c=0.0,
    self_discharge=0.03,
    self_discharge_source="assumed: 3 % a month, the upper end of what is told of lithium ion",
    depth=0.9,
    charging=0.95,
    cycles=2000.0,
    years=10.0,
    end_share=0.8,
    life_source="12.8 V packs of 26650 cells: 2000 cycles to 80 %, charge 0 to 45 C, discharge -20 to 60 C; depth, charging and years assumed",
)
LI_ION: Final = Chemistry(
    name="Li-ion",
    curve=((-18.0, 0.50), (27.0, 1.0)),
    curve_source="Battery University BU-502: half of its capacity at -18 C against 27 C",
    charge_c=0.0,
    self_discharge=0.03,
    self_discharge_source="assumed: 3 % a month, the upper end of what is told of lithium ion",
    depth=0.8,
    charging=0.95,
    cycles=500.0,
    years=8.0,
    end_share=0.8,
    life_source="assumed: 500 cycles to 80 %, as cells of 18650 size are rated; years, depth and charging assumed",
)
LEAD_ACID: Final = Chemistry(
    name="lead-acid",
    curve=((-3.9, 1 / 1.52), (-1.1, 1 / 1.43), (1.7, 1 / 1.35), (4.4, 1 / 1.3), (10.0, 1 / 1.19), (15.6, 1 / 1.11), (25.0, 1.0)),
    curve_source="IEEE Std 485, table 1: cell size correction factors; below -3.9 C not given, so not used",
    charge_c=-15.0,
    self_discharge=0.05,
    self_discharge_source="4 to 6 % a month at 20 C, as sealed lead-acid batteries are told to lose",
    depth=0.5,
    charging=0.85,
    cycles=500.0,
    years=5.0,
    end_share=0.8,
    life_source="assumed: 500 cycles of half the capacity, 5 years of float service; depth and charging assumed",
)
LI_SOCL2: Final = Chemistry(
    name="LiSOCl2",
    curve=((-40.0, 0.5), (-20.0, 0.8), (20.0, 1.0)),
    curve_source="assumed for bobbin cells at small currents (80 % at -20 C as in examples/trailcam); take the cell's curve at your current",
    charge_c=None,
    self_discharge=0.01 / 12,
    self_discharge_source="Saft LS 26500: less than 1 % in the first year at 20 C",
    depth=1.0,
    charging=0.0,
    cycles=1.0,
    years=20.0,
    end_share=0.8,
    life_source="assumed; a primary cell ages by its self-discharge",
)
CHEMISTRIES: Final = MappingProxyType({chemistry.name: chemistry for chemistry in (LIFEPO4, LI_ION, LI_SOCL2, LEAD_ACID)})


def chemistry(name: str) -> Chemistry:
    """The chemistry of this name, in any case; PowerError, with all names, when there is none."""
    for found in CHEMISTRIES.values():
        if found.name.lower() == name.strip().lower():
            return found
    raise PowerError(f"no chemistry {name}; there are {', '.join(CHEMISTRIES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery: capacity (Ah) at its nominal voltage (V), all packs together; money in cents (None: no price).

    What its datasheet tells and the chemistry tells otherwise is given here: `depth`, `cycles`, `years`, `self_discharge`, `curve`.
    `cutoff` is the share of charge at which the node switches off to spare the battery, on top of `depth` (0: it does not).
    """

    name: str
    chemistry: Chemistry
    capacity_ah: float
    volts: float
    source: str
    depth: float | None = None
    cycles: float | None = None
    years: float | None = None
    self_discharge: float | None = None
    curve: tuple[tuple[float, float], ...] | None = None
    cutoff: float = 0.0
    price_cents: int | None = None

    def __post_init__(self) -> None:
        above(self.capacity_ah, f"{self.name}: capacity (Ah)", most=CAPACITY_MOST_AH, hint="is this in mAh?")
        above(self.volts, f"{self.name}: voltage (V)", most=1000.0, hint="is this in mV?")
        cell = self.cell
        for value, what in (
            (cell.depth, "usable depth"),
            (cell.self_discharge, "self-discharge a month"),
            (self.cutoff, "cut-off"),
        ):
            share(value, f"{self.name}: {what}")
        for value, what in ((cell.cycles, "cycles"), (cell.years, "years")):
            above(value, f"{self.name}: {what} it bears")
        number(self.price_cents or 0, f"{self.name}: price (cents)")
        if self.usable_depth <= 0:
            raise PowerError(f"{self.name}: nothing of it may be used (depth {self.depth}, cut-off {self.cutoff})")
        rising(self.temperature_curve, f"{self.name}: capacity by temperature")
        sourced(self.source, f"battery {self.name}")

    @property
    def label_wh(self) -> float:
        """What the label says, in Wh."""
        return self.capacity_ah * self.volts

    @property
    def cell(self) -> Chemistry:
        """Its chemistry, with what its own datasheet tells laid over, sources too."""
        kind = self.chemistry
        lives = self.cycles is not None or self.years is not None
        return replace(
            kind,
            curve=_told(self.curve, kind.curve),
            curve_source=kind.curve_source if self.curve is None else self.source,
            self_discharge=_told(self.self_discharge, kind.self_discharge),
            depth=_told(self.depth, kind.depth),
            cycles=_told(self.cycles, kind.cycles),
            years=_told(self.years, kind.years),
            life_source=self.source if lives else kind.life_source,
        )

    @property
    def usable_depth(self) -> float:
        """The share of the capacity there is that may be used: down to the depth, or to the cut-off, whichever comes first."""
        return min(self.cell.depth, 1.0 - self.cutoff)

    @property
    def temperature_curve(self) -> tuple[tuple[float, float], ...]:
        """Its own curve, or that of its chemistry."""
        return self.cell.curve

    def scaled(self, packs: int) -> Battery:
        """So many of it side by side."""
        if packs < 1:
            raise PowerError(f"{self.name}: {packs} of them; it is at least 1")
        name = self.name if packs == 1 else f"{packs} x {self.name}"
        cents = None if self.price_cents is None else self.price_cents * packs
        return replace(self, name=name, capacity_ah=self.capacity_ah * packs, price_cents=cents)


def _told(own: T | None, kind: T) -> T:
    """A part's own figure, or that of its kind."""
    return kind if own is None else own


@dataclass(frozen=True, slots=True)
class Usable:
    """The energy that can be drawn from full to empty, in Wh, with its lines."""

    watt_hours: float
    terms: tuple[Term, ...]


def capacity_share(curve: Sequence[tuple[float, float]], temperature_c: float) -> float:
    """The share of the capacity at a temperature: linear between the points, 0 below the first, that of the last above it."""
    number(temperature_c, "a temperature (C)", least=COLD_C, most=HOT_C, hint="is this in K or F?")
    if temperature_c < curve[0][0]:
        return 0.0
    for (cold, low), (warm, high) in itertools.pairwise(curve):
        if temperature_c <= warm:
            return low + (high - low) * (temperature_c - cold) / (warm - cold)
    return curve[-1][1]


def ageing_share(battery: Battery, years: float, cycles: float) -> float:
    """The share of the capacity that is left: it falls in a straight line to `end_share` over the years, and over the cycles, together.

    Not below 0. A primary cell loses nothing here: its self-discharge is its ageing.
    """
    number(years, "the battery's age (years)", most=100.0, hint="is this in days?")
    number(cycles, "the battery's cycles")
    cell = battery.cell
    if not cell.rechargeable:
        return 1.0
    return max(0.0, 1.0 - (1.0 - cell.end_share) * (years / cell.years + cycles / cell.cycles))


def lost_a_day(battery: Battery, temperature_c: float) -> float:
    """The share of its charge that it loses a day by itself: the monthly figure at 20 C, doubled every 10 K above, halved below."""
    kept = 1.0 - min(battery.cell.self_discharge * 2.0 ** ((temperature_c - 20.0) / 10.0), 1.0)
    return 1.0 - kept ** (MONTHS / YEAR_DAYS)


def usable(battery: Battery, temperature_c: float, years: float = 0.0, cycles: float = 0.0) -> Usable:
    """The energy between full and empty at a temperature, after years and full cycles."""
    cell = battery.cell
    cold = capacity_share(battery.temperature_curve, temperature_c)
    aged = ageing_share(battery, years, cycles)
    depth = battery.usable_depth
    found = battery.label_wh * cold * aged * depth
    terms = (
        Term(
            f"{battery.name}, label",
            battery.label_wh,
            "Wh",
            battery.source,
            "derived",
            f"{amount(battery.capacity_ah)} Ah x {amount(battery.volts)} V",
        ),
        Term(f"share at {amount(temperature_c)} C", cold, "1", cell.curve_source),
        Term(f"share after {amount(years)} years and {amount(cycles)} cycles", aged, "1", cell.life_source, "derived"),
        Term(
            "share that may be used", depth, "1", battery.source if battery.depth is not None else battery.chemistry.life_source
        ),
        Term(
            "usable",
            found,
            "Wh",
            "the lines above",
            "derived",
            f"{amount(battery.label_wh)} Wh x {amount(cold)} x {amount(aged)} x {amount(depth)}",
        ),
    )
    return Usable(found, terms)


def primary_days(battery: Battery, load_wh: float, temperature_c: float) -> float:
    """How many days a battery lasts that nothing charges, from full, at a temperature; infinite without a load."""
    return drained_days(usable(battery, temperature_c).watt_hours, load_wh, lost_a_day(battery, temperature_c))


def drained_days(charge_wh: float, load_wh: float, lost: float) -> float:
    """After how many days a charge is gone by a day's load (Wh) and a share that is lost each day by itself; infinite without a load.

    The charge E falls by load + rate * E, so that it is gone after ln(1 + rate * E0 / load) / rate.
    """
    number(load_wh, "a day's load (Wh)")
    if load_wh == 0:
        return math.inf
    rate = -math.log1p(-min(lost, 0.999999))
    return charge_wh / load_wh if rate == 0 else math.log1p(rate * charge_wh / load_wh) / rate


def rising(curve: Sequence[tuple[float, float]], what: str) -> None:
    """PowerError unless a curve has points, its temperatures rise, and its shares are shares that do not fall."""
    if not curve:
        raise PowerError(f"{what} has no points; give at least one")
    for temperature, part in curve:
        number(temperature, f"{what}: a temperature (C)", least=COLD_C, most=HOT_C, hint="is this in K or F?")
        share(part, what)
    for (cold, low), (warm, high) in itertools.pairwise(curve):
        if warm <= cold or high < low:
            raise PowerError(f"{what}: ({cold:g} C, {low:g}) is followed by ({warm:g} C, {high:g}); let both rise")
