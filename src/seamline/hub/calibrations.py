"""Which coefficients a record is valued with: versions of one device's calibration, and the moments they hold for.

A version holds for records measured from `from_us` on and before `to_us`; without bounds, for all of them. Of those that hold,
the newest is in force. So a correction without bounds re-values the whole history, one from the day a sensor was replaced leaves
alone what the old sensor measured, and one with an end corrects the old sensor afterwards. The moment of a record is when it was
measured, or where that is not known its arrival.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from seamline.contract import Field, Layout
from seamline.contract.calibration import Coefficients
from seamline.contract.model import Calibration

NONE: Final = 0
"""No version is in force: versions count from 1."""
EVER_US: Final = -(1 << 62)
"""Unix µs before every moment."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the coefficients. Bounds in Unix µs, the upper one exclusive; None: there is none."""

    version: int
    coefficients: Coefficients
    from_us: int | None = None
    to_us: int | None = None

    def holds(self, at_us: int) -> bool:
        """Whether it holds for a record of this moment."""
        return (self.from_us is None or at_us >= self.from_us) and (self.to_us is None or at_us < self.to_us)


@dataclass(frozen=True, slots=True)
class Spans:
    """Versions in force over time: `version[i]` from `start_us[i]` on; the first start is EVER_US."""

    start_us: tuple[int, ...]
    version: tuple[int, ...]

    def at(self, at_us: int) -> int:
        """The version in force for a record of this moment; NONE where there is none."""
        return self.version[bisect_right(self.start_us, at_us) - 1]


def spans(versions: Iterable[Version]) -> Spans:
    """Work out which version is in force when."""
    known = sorted(versions, key=lambda one: -one.version)
    bounds = {bound for one in known for bound in (one.from_us, one.to_us) if bound is not None}
    starts: list[int] = []
    chosen: list[int] = []
    for start in sorted({EVER_US, *bounds}):
        version = next((one.version for one in known if one.holds(start)), NONE)
        if not chosen or chosen[-1] != version:
            starts.append(start)
            chosen.append(version)
    return Spans(tuple(starts), tuple(chosen))


def of_field(field: Field) -> Calibration | None:
    """The calibration of a field, from what its layout says of it; None for a field without one."""
    if field.calibration is None:
        return None
    kind, *terms = (field.calibration_form or "").split(",")
    pairs = [term.partition("=") for term in terms]
    return Calibration(field.calibration, kind, {name: value for name, _, value in pairs})


def of_layouts(layouts: Iterable[Layout]) -> Mapping[str, Calibration]:
    """Every calibration that a column of these layouts has, by name; the newest layout's where they differ."""
    found: dict[str, Calibration] = {}
    for layout in sorted(layouts, key=lambda layout: layout.version):
        for field in layout.fields:
            calibration = of_field(field)
            if calibration is not None:
                found[calibration.name] = calibration
    return found


def version_of(row: Sequence[object]) -> Version:
    """A version from the columns (version, coefficients, from, to in Unix µs) of a statement."""
    version, coefficients, from_us, to_us = row
    parsed = json.loads(coefficients) if isinstance(coefficients, str) else coefficients
    return Version(int(str(version)), cast("Coefficients", parsed), _maybe(from_us), _maybe(to_us))


def _maybe(value: object) -> int | None:
    return None if value is None else int(str(value))
