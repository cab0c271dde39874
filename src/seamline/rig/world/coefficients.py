"""Coefficients that somebody finds for a sensor on the bench: a whole sheet from one number, with values in the range of its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from seamline.contract import Field, Layout
from seamline.contract.calibration import Coefficients
from seamline.contract.model import Calibration
from seamline.hub.calibrations import of_field

NTC: Final = {"a": 1.009249522e-3, "b": 2.378405444e-4, "c": 2.019202697e-7}
"""A common 10 kOhm thermistor's (`rig.calibrations`)."""
SPAN: Final = (0.0, 100.0)
"""What a field without a range measures."""
BEND: Final = 0.01
"""Of the span: how far a curve is from a straight line at its end."""
MIDDLE: Final = 500
TENTH: Final = 5_000
"""A thousand permille from end to end stretch a straight line by a fifth."""
HUNDREDTH: Final = 50_000


@dataclass(frozen=True, slots=True)
class Sensor:
    """A calibration, and the raw counts and physical values that its field takes."""

    calibration: Calibration
    raw: tuple[int, int]
    values: tuple[float, float]

    @classmethod
    def of(cls, calibration: Calibration, field: Field) -> Sensor:
        """The sensor of a field."""
        low, high = field.range or SPAN
        return cls(calibration, field.raw_range, (float(low), float(high)))

    def sheet(self, permille: int) -> Coefficients:
        """Coefficients: the middle reaches from end to end of the field's range, others reach further or not so far."""
        calibration = self.calibration
        if calibration.kind == "steinhart_hart":
            return {name: value * (1 + (permille - MIDDLE) / HUNDREDTH) for name, value in NTC.items()}
        begin, end = (_input(calibration, raw) for raw in self.raw)
        low, high = self.values
        gain = (high - low) / (end - begin) * (1 + (permille - MIDDLE) / TENTH)
        offset = low - gain * begin
        if calibration.kind == "linear":
            return {"gain": gain, "offset": offset}
        if calibration.kind == "table":
            steps = int(calibration.terms["points"]) - 1
            points = [begin + (end - begin) * step / steps for step in range(steps + 1)]
            return {"points": [(point, offset + gain * point) for point in points]}
        furthest = max(abs(begin), abs(end))
        bends = [(high - low) * BEND / furthest**power for power in range(2, len(calibration.coefficients))]
        return dict(zip(calibration.coefficients, [offset, gain, *bends], strict=True))


def sensors_of(layouts: Iterable[Layout]) -> Mapping[str, Sensor]:
    """A sensor for every calibration that these layouts name, by name; the newest layout's where they differ."""
    found: dict[str, Sensor] = {}
    for layout in sorted(layouts, key=lambda layout: layout.version):
        for place in layout.places:
            calibration = of_field(place.field)
            if calibration is not None:
                found[calibration.name] = Sensor.of(calibration, place.field)
    return dict(sorted(found.items()))


def _input(calibration: Calibration, raw: int) -> float:
    """What the formula takes for a raw count."""
    if "adc.bits" not in calibration.terms:
        return float(raw)
    full = (1 << int(calibration.terms["adc.bits"])) - 1
    return min(raw, full) * int(calibration.terms["adc.reference"].removesuffix("mV")) / 1000 / full
