"""What a simulated sensor reads: slow waves with a little noise, within what the contract allows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from seamline.contract import Field, Layout

CALIBRATED_COUNTS: Final = (500, 3500)
"""Raw counts of a 12-bit converter, away from its rails (its calibration is per device, so no range is known)."""
SPAN_MAX: Final = 4000
"""Wide fields move by this much only, so that a chart shows a curve and not noise."""
PERIODS_S: Final = (20.0, 90.0)
STEP_CHANCE: Final = 0.03
"""How likely an enum or a truth value changes from one record to the next."""


@dataclass(slots=True)
class _Wave:
    middle: float
    swing: float
    period_s: float
    phase: float
    noise: float

    def at(self, seconds: float, random: Random) -> float:
        return self.middle + self.swing * math.sin(seconds / self.period_s * math.tau + self.phase) + random.gauss(0, self.noise)


class Sensor:
    """All columns of one layout on one device. The same random stream gives the same readings at the same times."""

    __slots__ = ("_columns", "_random", "_states", "_waves")

    def __init__(self, layout: Layout, random: Random) -> None:
        self._columns = tuple((place.name, place.field) for place in layout.places)
        self._random = random
        self._waves: Mapping[str, _Wave] = {name: _wave(field, random) for name, field in self._columns if not _steps(field)}
        self._states = {name: random.choice(_choices(field)) for name, field in self._columns if _steps(field)}

    def read(self, seconds: float) -> dict[str, int]:
        """Return raw values by column for a moment of the device's life."""
        return {name: self._value(name, field, seconds) for name, field in self._columns}

    def _value(self, name: str, field: Field, seconds: float) -> int:
        if _steps(field):
            if self._random.random() < STEP_CHANCE:
                self._states[name] = self._random.choice(_choices(field))
            return self._states[name]
        low, high = field.raw_range
        return min(high, max(low, round(self._waves[name].at(seconds, self._random))))


def _steps(field: Field) -> bool:
    return field.enum is not None or field.flags is not None or field.type.high == 1


def _choices(field: Field) -> list[int]:
    if field.flags is not None:
        return [0, *(1 << bit for bit in sorted(field.flags))]
    return sorted(field.enum) if field.enum is not None else [0, 1]


def _wave(field: Field, random: Random) -> _Wave:
    low, high = CALIBRATED_COUNTS if field.calibrated and field.type.high >= CALIBRATED_COUNTS[1] else field.raw_range
    span = min(high - low, SPAN_MAX)
    start = low + (high - low - span) * random.random()
    return _Wave(
        middle=start + span * random.uniform(0.4, 0.6),
        swing=span * random.uniform(0.1, 0.3),
        period_s=random.uniform(*PERIODS_S),
        phase=random.uniform(0, math.tau),
        noise=span * 0.004,
    )
