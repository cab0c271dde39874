"""What a node uses in a day: each activity with how often, how long and at what power; what is left of the day it idles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seamline.site.power.figures import DAY_S, WH_J, Kind, PowerError, Term, above, amount, number, sourced

WATTS_MOST: Final = 100_000.0
"""Above this it is no node of a site; a figure in mW was taken for one in W."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A state of the hardware with its power in W at the supply, such as sleep, sense, infer, transmit, receive, idle."""

    name: str
    watts: float
    source: str

    def __post_init__(self) -> None:
        number(self.watts, f"the power of mode {self.name} (W)", most=WATTS_MOST, hint="is this in mW?")
        sourced(self.source, f"mode {self.name}")

    @classmethod
    def of_current(cls, name: str, milliamps: float, volts: float, source: str) -> Mode:
        """A mode given as datasheets do, by its current (mA) at a voltage (V)."""
        number(milliamps, f"the current of mode {name} (mA)")
        above(volts, f"the voltage of mode {name} (V)", most=1000.0, hint="is this in mV?")
        return cls(name, milliamps * volts / 1000, f"{source}: {amount(milliamps)} mA at {amount(volts)} V")


@dataclass(frozen=True, slots=True)
class Activity:
    """Something done `times` a day, each time `seconds` in a mode and `joules` besides (a start, a measured inference).

    `source` says where the number of times comes from. `bound` marks a count that is the most there can be.
    """

    name: str
    times: float
    seconds: float
    mode: Mode | None
    source: str
    joules: float = 0.0
    bound: bool = False

    def __post_init__(self) -> None:
        number(self.times, f"how often a day {self.name} happens")
        number(self.seconds, f"how long {self.name} takes (s)", most=DAY_S, hint="is this in ms?")
        number(self.joules, f"the energy of {self.name} (J)")
        if self.seconds > 0 and self.mode is None:
            raise PowerError(f"{self.name} takes {self.seconds:g} s in no mode; name the mode it is done in")
        sourced(self.source, self.name)

    @property
    def seconds_a_day(self) -> float:
        """The time it takes in a day."""
        return self.times * self.seconds

    @property
    def joules_a_day(self) -> float:
        """The energy it takes in a day, at the supply."""
        watts = 0.0 if self.mode is None else self.mode.watts
        return self.times * (self.seconds * watts + self.joules)

    def term(self) -> Term:
        """The line with its arithmetic."""
        parts: list[str] = []
        sources = [self.source]
        if self.mode is not None and self.seconds:
            parts.append(f"{amount(self.seconds)} s x {amount(self.mode.watts)} W")
            sources.append(self.mode.source)
        if self.joules:
            parts.append(f"{amount(self.joules)} J")
        each = " + ".join(parts) or "0 J"
        each = f"({each})" if len(parts) > 1 else each
        kind: Kind = "upper bound" if self.bound else "derived"
        return Term(self.name, self.joules_a_day, "J/d", "; ".join(sources), kind, f"{amount(self.times)} x {each}")


@dataclass(frozen=True, slots=True)
class Load:
    """A day's use: its lines in J/d with their sources, and the sum. `seconds_idle` is what the activities leave of the day."""

    terms: tuple[Term, ...]
    seconds_idle: float

    @property
    def joules(self) -> float:
        """Energy of a day at the battery, in J."""
        return math.fsum(term.value for term in self.terms)

    @property
    def watt_hours(self) -> float:
        """Energy of a day at the battery, in Wh."""
        return self.joules / WH_J

    @property
    def watts(self) -> float:
        """The mean power at the battery, in W."""
        return self.joules / DAY_S


def daily(activities: Sequence[Activity], idle: Mode, converter: float = 1.0, converter_source: str = "") -> Load:
    """A day of activities; the rest of it is spent in `idle`. `converter` is the efficiency between battery and supply.

    PowerError when the activities take more than a day, with the one that takes most.
    """
    busy_s = math.fsum(activity.seconds_a_day for activity in activities)
    if busy_s > DAY_S * (1 + 1e-9):
        worst = max(activities, key=lambda activity: activity.seconds_a_day)
        raise PowerError(
            f"the activities take {busy_s:.0f} s of the {DAY_S:.0f} s of a day, {worst.name} alone {worst.seconds_a_day:.0f} s;"
            " do it less often or faster"
        )
    seconds_idle = max(0.0, DAY_S - busy_s)
    rest = Activity(f"{idle.name} for the rest of the day", 1.0, seconds_idle, idle, "what the activities leave of a day")
    terms = [activity.term() for activity in activities if activity.joules_a_day > 0] + [rest.term()]
    if converter != 1.0:
        terms.append(lost(math.fsum(term.value for term in terms), converter, converter_source))
    return Load(tuple(terms), seconds_idle)


def lost(joules: float, converter: float, source: str) -> Term:
    """What a converter of this efficiency loses of a day's energy; PowerError when it is no efficiency."""
    if not 0 < converter <= 1:
        raise PowerError(f"the converter's efficiency is {converter:g}; it is above 0 and at most 1")
    loss = joules * (1 / converter - 1)
    working = f"{amount(joules)} J x (1/{amount(converter)} - 1)"
    return Term("lost in the converter", loss, "J/d", sourced(source, "the converter"), "derived", working)
