"""Figures with their origin: the lines of a calculation, and what is refused before it starts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from seamline.site.frame import SiteError

Kind = Literal["given", "derived", "assumed", "upper bound"]
DAY_S: Final = 86_400.0
WH_J: Final = 3600.0
"""Joules in a watt hour."""
MIB: Final = 1 << 20


class PowerError(SiteError):
    """A figure that cannot be meant; the message names the part, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a calculation: what it is, its value with unit, where it comes from, and how it was worked out.

    `kind` tells what was given from what was derived of it, from what is assumed for want of better, and from a bound that the truth
    stays below. `working` is the sum in words, such as `96 x 4.5 s x 0.4 W`; empty for a figure that was taken as it stands.
    """

    name: str
    value: float
    unit: str
    source: str
    kind: Kind = "given"
    working: str = ""

    def __str__(self) -> str:
        """The line as it is printed."""
        worked = f" = {self.working}" if self.working else ""
        kind = "" if self.kind == "given" else f"{self.kind}; "
        return f"{self.name}: {amount(self.value)} {self.unit}{worked}  [{kind}{self.source}]"


def amount(value: float) -> str:
    """A number for people: four significant digits, and no exponent where it can do without."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(digits, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def total(name: str, terms: Iterable[Term], source: str = "the sum of the lines above") -> Term:
    """The sum of terms of one unit; PowerError when they have several."""
    lines = tuple(terms)
    units = {term.unit for term in lines}
    if len(units) != 1:
        raise PowerError(f"{name}: {', '.join(sorted(units)) or 'nothing'} cannot be added up; give terms of one unit")
    kind: Kind = "upper bound" if any(term.kind == "upper bound" for term in lines) else "derived"
    return Term(name, math.fsum(term.value for term in lines), units.pop(), source, kind)


def number(value: float, what: str, *, least: float = 0.0, most: float = math.inf, hint: str = "") -> float:
    """`value`, when it is a number between `least` and `most`; PowerError with the hint (such as `are these mAh?`) otherwise."""
    if not math.isfinite(value):
        raise PowerError(f"{what} is {value}; give a number")
    if value < least:
        raise PowerError(f"{what} is {value:g}; it is at least {least:g}{_said(hint)}")
    if value > most:
        raise PowerError(f"{what} is {value:g}; it is at most {most:g}{_said(hint)}")
    return value


def above(value: float, what: str, *, most: float = math.inf, hint: str = "") -> float:
    """`value`, when it is a number above 0 and at most `most`; PowerError otherwise."""
    if number(value, what, most=most, hint=hint) == 0:
        raise PowerError(f"{what} is 0; it is above that{_said(hint)}")
    return value


def share(value: float, what: str) -> float:
    """`value`, when it is a share between 0 and 1; PowerError, that asks for per cent written as such, otherwise."""
    return number(value, what, most=1.0, hint="a share of 1, not per cent")


def sourced(source: str, what: str) -> str:
    """`source`, when it says something; PowerError otherwise."""
    if not source.strip():
        raise PowerError(f"{what} has no source; say where its figures come from (a datasheet with its revision, a measurement)")
    return source


def _said(hint: str) -> str:
    return f" ({hint})" if hint else ""
