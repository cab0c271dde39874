"""Does it last? A node's days and nights on battery and panel: the balance by month, days without sun, and how often it goes dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline.site.power.battery import YEAR_DAYS, Battery, drained_days, lost_a_day, usable
from seamline.site.power.figures import PowerError, Term, amount, number
from seamline.site.power.load import Load
from seamline.site.power.weather import Weather

Floats = npt.NDArray[np.float64]
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COLDER_C: Final = 5.0
"""How much colder than the month's mean air the battery is taken to be when it counts, at night; an assumption, given with each result."""
DARK_SHARE: Final = 1e-9
"""What of a step's load may be missing before it counts: the rounding of floats."""
SETTLED: Final = 1e-9
HALVINGS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the years do: the battery's age and full cycles for which the answer shall hold, and how much colder than air it is."""

    years: float = 5.0
    cycles: float = 0.0
    colder_c: float = COLDER_C

    def __post_init__(self) -> None:
        number(self.years, "the age that is planned for (years)", most=100.0)
        number(self.cycles, "the cycles that are planned for")
        number(self.colder_c, "how much colder than air the battery is (K)", most=60.0)


@dataclass(frozen=True, slots=True)
class Month:
    """One month's day: yield and load (Wh), usable charge (Wh), how many days it lasts without sun, air temperature (C)."""

    name: str
    harvest_wh: float
    load_wh: float
    usable_wh: float
    autonomy_days: float
    air_c: float

    @property
    def surplus_wh(self) -> float:
        """What is left of the yield, or lacks, in Wh a day."""
        return self.harvest_wh - self.load_wh


@dataclass(frozen=True, slots=True)
class Run:
    """A battery's life through the weather, in Wh: harvest + start = served + spilled + lost + end, and load = served + short.

    `lost` is what charging, self-discharge and the cold take. `dark_days` are days on which the load was not served whole.
    """

    days: int
    dark_days: int
    dark_years: int
    years: int
    start_wh: float
    end_wh: float
    harvest_wh: float
    load_wh: float
    served_wh: float
    short_wh: float
    spilled_wh: float
    lost_wh: float
    lowest_wh: float

    @property
    def dark_share(self) -> float:
        """The probability that a day goes dark."""
        return self.dark_days / self.days

    @property
    def dark_share_most(self) -> float:
        """What that probability may still be, at 95 %: where no day went dark, 3 by the number of days (the rule of three)."""
        return max(self.dark_share, 3.0 / self.days) if self.dark_days == 0 else self.dark_share


@dataclass(frozen=True, slots=True)
class Balance:
    """A node's answer: its months, the worst of them, and its run. `notes` say which weather it was and what was assumed."""

    months: tuple[Month, ...]
    run: Run
    upper_bound: bool
    notes: tuple[str, ...]
    terms: tuple[Term, ...]

    @property
    def worst(self) -> Month:
        """The month whose day has the least left over; of two with as little, the one with fewer days without sun."""
        return min(self.months, key=lambda month: (month.surplus_wh, month.autonomy_days))

    @property
    def autonomy_days(self) -> float:
        """Days without sun in the month in which they are fewest."""
        return min(month.autonomy_days for month in self.months)


def balance(load: Load, battery: Battery, peak_w: float, weather: Weather, conditions: Conditions | None = None) -> Balance:
    """Weigh a load, a battery and a panel of `peak_w` in a weather; PowerError for a battery that takes no charge."""
    under = conditions or Conditions()
    number(peak_w, "the panels' peak power (W)", most=1e6)
    if not battery.chemistry.rechargeable:
        raise PowerError(
            f"{battery.name} ({battery.chemistry.name}) takes no charge; leave out the panel, or take another battery"
        )
    air = weather.monthly_air()
    full = [usable(battery, float(value) - under.colder_c, under.years, under.cycles) for value in air]
    harvest = weather.monthly_per_peak() * peak_w
    months = tuple(
        Month(
            name,
            float(harvest[at]),
            load.watt_hours,
            full[at].watt_hours,
            _autonomy(full[at].watt_hours, load, battery, float(air[at])),
            float(air[at]),
        )
        for at, name in enumerate(MONTHS)
    )
    found = run(load, battery, peak_w, weather, [state.watt_hours for state in full])
    worst = min(range(12), key=lambda at: months[at].surplus_wh)
    notes = (
        f"weather: {weather.origin} ({weather.source}), {amount(weather.years)} years",
        *weather.notes,
        f"battery at {under.colder_c:g} K below the month's mean air, after {under.years:g} years and {under.cycles:g} cycles",
    )
    fewest = min(months, key=lambda month: (month.autonomy_days, month.surplus_wh))
    terms = _terms(months[worst], fewest, full[worst].terms, peak_w, weather)
    return Balance(months, found, weather.upper_bound, notes, terms)


def lasts(
    load: Load, battery: Battery, peak_w: float, weather: Weather, under: Conditions, *, autonomy_days: float, dark_share: float
) -> bool:
    """Whether goals hold: what `balance` finds, said as soon as it is known.

    A battery that goes dark too often from full does so from any charge, and its way is not looked for.
    """
    air = [float(value) for value in weather.monthly_air()]
    full = [usable(battery, value - under.colder_c, under.years, under.cycles).watt_hours for value in air]
    if min(_autonomy(held, load, battery, value) for held, value in zip(full, air, strict=True)) < autonomy_days:
        return False
    steps = _steps(load, battery, peak_w, weather, full)
    first = _through(steps, full[steps.months[0]])
    return first.dark_share <= dark_share and run(load, battery, peak_w, weather, full).dark_share <= dark_share


def _autonomy(usable_wh: float, load: Load, battery: Battery, air_c: float) -> float:
    return drained_days(usable_wh, load.watt_hours, lost_a_day(battery, air_c))


def _terms(worst: Month, fewest: Month, of_battery: tuple[Term, ...], peak_w: float, weather: Weather) -> tuple[Term, ...]:
    """The arithmetic of the month with the least left over, and of the one in which days without sun are `fewest`."""
    kind = "upper bound" if weather.upper_bound else "derived"
    each = worst.harvest_wh / peak_w if peak_w else 0.0
    return (
        *of_battery,
        Term(
            f"yield of a day in {worst.name}",
            worst.harvest_wh,
            "Wh/d",
            weather.source,
            kind,
            f"{amount(peak_w)} W x {amount(each)} Wh/W",
        ),
        Term("load of a day", worst.load_wh, "Wh/d", "the load's lines", "derived"),
        Term(
            f"days without sun in {fewest.name}, when they are fewest",
            fewest.autonomy_days,
            "d",
            f"the battery at {amount(fewest.air_c)} Cel mean air, and the lines above",
            "derived",
            f"{amount(fewest.usable_wh)} Wh / {amount(fewest.load_wh)} Wh, less self-discharge",
        ),
    )


def run(load: Load, battery: Battery, peak_w: float, weather: Weather, full_wh: Sequence[float]) -> Run:
    """Go through the weather step by step. `full_wh` is the usable charge of each month, in Wh.

    The load is even over the day. It is served from the panel first, then from the battery; what the battery cannot take is
    spilled. Below the chemistry's lowest charging temperature none of the yield gets into the battery. Charge beyond what a colder
    month can hold counts as lost, which is on the safe side. It starts with the charge that it ends with, the most of them if there
    are several, so that no battery lives on the charge that it was delivered with.
    """
    steps = _steps(load, battery, peak_w, weather, full_wh)
    high = steps.full_wh[steps.months[0]]
    found = _through(steps, high)
    if found.end_wh >= high * (1 - SETTLED):
        return found
    again = _through(steps, found.end_wh)
    if abs(again.end_wh - again.start_wh) <= high * SETTLED:
        return again
    low, high = 0.0, again.end_wh  # what is left at the end rises with the start, but never as fast
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _through(steps, middle).end_wh >= middle:
            low = middle
        else:
            high = middle
    return _through(steps, _through(steps, low).end_wh)


@dataclass(frozen=True, slots=True)
class _Steps:
    """A weather as plain lists, which a loop goes through faster than arrays; the last four are of the months."""

    hours: list[float]
    months: list[int]
    days: list[int]
    yields: list[float]
    may_charge: list[bool]
    watts: float
    charging: float
    full_wh: list[float]
    kept_hour: list[float]


def _steps(load: Load, battery: Battery, peak_w: float, weather: Weather, full_wh: Sequence[float]) -> _Steps:
    kind = battery.chemistry
    coldest_c = math.inf if kind.charge_c is None else kind.charge_c
    return _Steps(
        hours=weather.hours.tolist(),
        months=weather.month.tolist(),
        days=weather.day.tolist(),
        yields=(weather.per_peak * peak_w).tolist(),
        may_charge=(weather.air_c >= coldest_c).tolist(),
        watts=load.watt_hours / 24,
        charging=kind.charging,
        full_wh=list(full_wh),
        kept_hour=[(1.0 - lost_a_day(battery, float(value))) ** (1 / 24) for value in weather.monthly_air()],
    )


def _through(steps: _Steps, start: float) -> Run:
    """One way through the weather from a charge."""
    charge = lowest = start
    served = short = spilled = lost = 0.0
    dark: set[int] = set()
    for hours, month, day, got, may_charge in zip(
        steps.hours, steps.months, steps.days, steps.yields, steps.may_charge, strict=True
    ):
        full = steps.full_wh[month]
        kept = min(charge * steps.kept_hour[month] ** hours, full)
        lost += charge - kept
        need = steps.watts * hours
        direct = min(got, need)
        drawn = min(kept, need - direct)
        charge = kept - drawn
        served += direct + drawn
        missing = need - direct - drawn
        if missing > DARK_SHARE * need:
            short += missing
            dark.add(day)
        left = got - direct
        if may_charge and left > 0:
            taken = min(left * steps.charging, full - charge)
            charge += taken
            put = taken / steps.charging
            lost += put - taken
            left -= put
        spilled += left
        lowest = min(lowest, charge)
    days = steps.days[-1] + 1
    years = max(1, round(days / YEAR_DAYS))
    return Run(
        days=days,
        dark_days=len(dark),
        dark_years=len({min(day * years // days, years - 1) for day in dark}),
        years=years,
        start_wh=start,
        end_wh=charge,
        harvest_wh=math.fsum(steps.yields),
        load_wh=steps.watts * math.fsum(steps.hours),
        served_wh=served,
        short_wh=short,
        spilled_wh=spilled,
        lost_wh=lost,
        lowest_wh=lowest,
    )
