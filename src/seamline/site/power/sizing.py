"""The least battery and panel that keep a node alive; where none does, what to give up, and how much of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from seamline.site.power.balance import Balance, Conditions, balance, lasts
from seamline.site.power.battery import CAPACITY_MOST_AH, Battery
from seamline.site.power.figures import PowerError, amount, number, share
from seamline.site.power.load import Load
from seamline.site.power.panel import Array
from seamline.site.power.weather import Weather

TRIED_MAX = 400
"""Combinations that are tried at most; each costs some 50 ms a year of hours."""
FACTOR_MOST = 1024.0
"""How many times over or under a size is looked at before it is called out of reach."""
STEPS = 16
"""Halvings: a factor is found to one in ten thousand."""


@dataclass(frozen=True, slots=True)
class Goals:
    """What must hold: days without sun in every month, and at most this share of days that go dark (0: none in the years looked at)."""

    autonomy_days: float
    dark_share: float = 0.0

    def __post_init__(self) -> None:
        number(self.autonomy_days, "days without sun that are asked for", most=366.0)
        share(self.dark_share, "the share of days that may go dark")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Panels as mounted, with the weather that they stand in (it is per watt, but each panel has its own temperature)."""

    array: Array
    weather: Weather


@dataclass(frozen=True, slots=True)
class Choice:
    """A battery with panels, its price (cents; None where one of them has none) and how it fares."""

    battery: Battery
    array: Array
    price_cents: int | None
    balance: Balance


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One way to make the goals hold with what there is: the figure to change, from what, to what, in its unit."""

    constraint: str
    value: float
    needed: float
    unit: str

    def __str__(self) -> str:
        """The way in words."""
        return f"{self.constraint}: {amount(self.needed)} {self.unit} instead of {amount(self.value)}"


@dataclass(frozen=True, slots=True)
class Sizing:
    """The cheapest choice that meets the goals, or None, and then the best there is with every single way to relax.

    `unpriced` are the parts without a price: whatever has one of them was tried after all that is priced. `charger` is what stands between
    panel and battery, where the plan names one, with its price; `instead_of` the plan's own, where another is taken, and `volts` the
    battery's, where they are not those of the plan's kit.
    """

    choice: Choice | None
    nearest: Choice | None
    relaxations: tuple[Relaxation, ...]
    tried: int
    unpriced: tuple[str, ...] = ()
    charger: str | None = None
    charger_cents: int | None = None
    instead_of: str | None = None
    volts: float | None = None

    @property
    def price_cents(self) -> int | None:
        """Of battery, panels and charger together; None where one of them has no price, the plan's own charger left aside."""
        found = self.choice or self.nearest
        if found is None or found.price_cents is None:
            return None
        if self.charger_cents is None and self.instead_of is not None:
            return None
        return found.price_cents + (self.charger_cents or 0)


def size(
    load: Load,
    batteries: Sequence[Battery],
    candidates: Sequence[Candidate],
    goals: Goals,
    conditions: Conditions | None = None,
    go: Callable[[Battery, Candidate], bool] | None = None,
    below: int | None = None,
) -> Sizing:
    """Try combinations from the cheapest (then the smallest) on, and stop at the first that meets the goals.

    What has no price is not taken for free: it comes after all that has one, from the smallest on. `go` says which go together
    (None: all). With `below`, only what costs less (cents) is tried, and of what does not do nothing more is said.

    PowerError when there is nothing to choose from, or more than `TRIED_MAX` combinations.
    """
    under = conditions or Conditions()
    pairs = [(battery, one) for battery in batteries for one in candidates if go is None or go(battery, one)]
    if not pairs:
        raise PowerError("no battery or no panel to choose from")
    if len(pairs) > TRIED_MAX:
        raise PowerError(f"{len(pairs)} combinations of battery and panel; at most {TRIED_MAX} are tried: narrow the catalogue")
    pairs.sort(key=lambda pair: _rank(*pair))
    unpriced = _unpriced(batteries, candidates)
    nearest: Choice | None = None
    for tried, (battery, candidate) in enumerate(pairs, 1):
        cents = _price(battery, candidate)
        if below is not None and (cents is None or cents >= below):
            return Sizing(None, nearest, (), tried - 1, unpriced)
        found = balance(load, battery, candidate.array.peak_w, candidate.weather, under)
        choice = Choice(battery, candidate.array, cents, found)
        if meets(found, goals):
            return Sizing(choice, None, (), tried, unpriced)
        if nearest is None or _short(found, goals) < _short(nearest.balance, goals):
            nearest = choice
    if nearest is None:  # pairs are not empty
        raise PowerError("nothing was tried")
    weather = next(candidate.weather for candidate in candidates if candidate.array is nearest.array)
    ways = relaxations(load, nearest.battery, Candidate(nearest.array, weather), goals, under)
    return Sizing(None, nearest, ways, len(pairs), unpriced)


def meets(found: Balance, goals: Goals) -> bool:
    """Whether a balance keeps the goals."""
    return found.autonomy_days >= goals.autonomy_days and found.run.dark_share <= goals.dark_share


def relaxations(
    load: Load, battery: Battery, candidate: Candidate, goals: Goals, conditions: Conditions
) -> tuple[Relaxation, ...]:
    """Each single change that makes the goals hold: less load, a larger battery, more panel, or lower goals.

    A change that does not help however far it goes is left out. The goals can always be lowered to what is.
    """
    peak_w, weather = candidate.array.peak_w, candidate.weather
    is_ = balance(load, battery, peak_w, weather, conditions)

    def enough(less: Load, cell: Battery, peak: float) -> bool:
        return lasts(less, cell, peak, weather, conditions, autonomy_days=goals.autonomy_days, dark_share=goals.dark_share)

    def lighter(factor: float) -> bool:
        less = Load(tuple(replace(term, value=term.value / factor) for term in load.terms), load.seconds_idle)
        return enough(less, battery, peak_w)

    def larger(factor: float) -> bool:
        return enough(load, _larger(battery, factor), peak_w)

    def sunnier(factor: float) -> bool:
        return enough(load, battery, peak_w * factor)

    found: list[Relaxation] = []
    ways = (
        ("load of a day", load.watt_hours, "Wh/d", lighter, -1),
        (f"battery, as {battery.name}", battery.label_wh, "Wh", larger, 1),
        (f"panel, as {candidate.array.panel.name}", peak_w, "W", sunnier, 1),
    )
    for name, value, unit, test, sign in ways:
        factor = _least(test)
        if factor is not None:
            found.append(Relaxation(name, value, value * factor**sign, unit))
    if is_.autonomy_days < goals.autonomy_days:
        found.append(Relaxation("days without sun asked for", goals.autonomy_days, is_.autonomy_days, "d"))
    if is_.run.dark_share > goals.dark_share:
        found.append(Relaxation("share of days that may go dark", goals.dark_share, is_.run.dark_share, "of all days"))
    return tuple(found)


def _larger(battery: Battery, factor: float) -> Battery:
    """A battery of the same kind, so many times as large, up to the largest that a battery may be."""
    return replace(battery, capacity_ah=min(battery.capacity_ah * factor, CAPACITY_MOST_AH))


def _least(test: Callable[[float], bool]) -> float | None:
    """The least factor above 1 with which a rising test holds; None when the greatest does not help."""
    if not test(FACTOR_MOST):
        return None
    low, high = 0.0, math.log2(FACTOR_MOST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if test(2**middle):
            high = middle
        else:
            low = middle
    return 2**high


def _short(found: Balance, goals: Goals) -> tuple[float, float, float]:
    """How far a balance is from the goals, to compare by: dark days above the goal, days of autonomy, then what was not served."""
    dark = max(0.0, found.run.dark_share - goals.dark_share)
    return dark, max(0.0, goals.autonomy_days - found.autonomy_days), found.run.short_wh


def _price(battery: Battery, candidate: Candidate) -> int | None:
    of_battery, of_panels = battery.price_cents, candidate.array.price_cents
    return None if of_battery is None or of_panels is None else of_battery + of_panels


def _rank(battery: Battery, candidate: Candidate) -> tuple[bool, int, float, float, str, str]:
    cents = _price(battery, candidate)
    return cents is None, cents or 0, battery.label_wh, candidate.array.peak_w, battery.name, candidate.array.panel.name


def _unpriced(batteries: Sequence[Battery], candidates: Sequence[Candidate]) -> tuple[str, ...]:
    names = [battery.name for battery in batteries if battery.price_cents is None]
    names += [candidate.array.panel.name for candidate in candidates if candidate.array.price_cents is None]
    return tuple(dict.fromkeys(names))
