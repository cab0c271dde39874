"""A panel and its charger: electrical energy out of what falls on the panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from seamline.site.power.figures import PowerError, Term, above, amount, number, share, sourced

Floats = npt.NDArray[np.float64]
STC_C = 25.0
STC_W_M2 = 1000.0
"""Standard test conditions, at which `peak_w` holds (IEC 61215)."""
NOCT_W_M2 = 800.0
NOCT_AMBIENT_C = 20.0
"""The conditions of a nominal operating cell temperature (IEC 61215)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel: peak power (W), its change by the cell's temperature (1/K, negative), nominal operating cell temperature (C).

    `peak_v` is the voltage of its maximum power point, which only a PWM charger asks for.
    """

    name: str
    peak_w: float
    source: str
    per_kelvin: float = -0.004
    noct_c: float = 45.0
    peak_v: float | None = None
    price_cents: int | None = None

    def __post_init__(self) -> None:
        above(self.peak_w, f"{self.name}: peak power (W)", most=1e6, hint="is this in mW?")
        number(self.per_kelvin, f"{self.name}: temperature coefficient (1/K)", least=-0.02, most=0.0, hint="-0.35 %/K is -0.0035")
        number(self.noct_c, f"{self.name}: nominal operating cell temperature (C)", least=20.0, most=100.0)
        if self.price_cents is not None:
            number(self.price_cents, f"{self.name}: price (cents)")
        if self.peak_v is not None:
            above(self.peak_v, f"{self.name}: voltage at its peak (V)", most=1500.0)
        sourced(self.source, f"panel {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A panel as it is mounted: tilt from level (degrees), azimuth clockwise from north, soiling as a share, its charger.

    `horizon` are elevations (degrees) of what stands around it, evenly spaced clockwise from north; empty: nothing does. `efficiency` is the
    charger's; a PWM charger also holds the panel at the battery's voltage.
    """

    panel: Panel
    tilt: float
    azimuth: float
    charger: Literal["mppt", "pwm"] = "mppt"
    efficiency: float = 0.95
    soiling: float = 0.05
    horizon: tuple[float, ...] = ()
    count: int = 1

    def __post_init__(self) -> None:
        number(self.tilt, "a panel's tilt (degrees)", most=90.0)
        number(self.azimuth, "a panel's azimuth (degrees clockwise from north)", most=360.0, hint="south is 180, not 0")
        above(share(self.efficiency, "the charger's efficiency"), "the charger's efficiency")
        share(self.soiling, "soiling")
        for height in self.horizon:
            number(height, "an elevation of the horizon (degrees)", least=-90.0, most=90.0)
        if self.count < 1:
            raise PowerError(f"{self.count} panels; it is at least 1")

    @property
    def peak_w(self) -> float:
        """Peak power of all panels, in W."""
        return self.panel.peak_w * self.count

    @property
    def price_cents(self) -> int | None:
        """Price of all panels, in cents; None without one."""
        return None if self.panel.price_cents is None else self.panel.price_cents * self.count

    def voltage_share(self, battery_v: float) -> float:
        """What a charger lets through of the panel's power because of its voltage: all for MPPT, at most V_battery / V_peak for PWM."""
        if self.charger == "mppt":
            return 1.0
        if self.panel.peak_v is None:
            raise PowerError(f"{self.panel.name}: a PWM charger needs the voltage at its peak (peak_v); give it, or take MPPT")
        if battery_v > self.panel.peak_v:
            raise PowerError(
                f"{self.panel.name} peaks at {self.panel.peak_v:g} V and cannot charge {battery_v:g} V through PWM; take MPPT with boost"
            )
        return battery_v / self.panel.peak_v


def cell_temperature(panel: Panel, plane_w_m2: Floats, air_c: Floats) -> Floats:
    """The cells' temperature: air plus (NOCT - 20) / 800 for each W/m2 (Ross)."""
    return air_c + (panel.noct_c - NOCT_AMBIENT_C) / NOCT_W_M2 * plane_w_m2


def power(array: Array, plane_w_m2: Floats, air_c: Floats, battery_v: float) -> Floats:
    """Electrical power behind the charger, in W, of what falls on the panel's plane (W/m2) in air of a temperature (C)."""
    cells_c = cell_temperature(array.panel, plane_w_m2, air_c)
    warmed = np.maximum(0.0, 1.0 + array.panel.per_kelvin * (cells_c - STC_C))
    steady = array.peak_w * (1.0 - array.soiling) * array.efficiency * array.voltage_share(battery_v)
    return steady * plane_w_m2 / STC_W_M2 * warmed


def terms(array: Array, battery_v: float) -> tuple[Term, ...]:
    """The figures that the array's power is worked out of."""
    panel = array.panel
    source = panel.source
    peak = Term("peak power", array.peak_w, "W", source, "derived", f"{array.count} x {amount(panel.peak_w)} W")
    return (
        peak,
        Term("temperature coefficient", panel.per_kelvin, "1/K", source),
        Term("nominal operating cell temperature", panel.noct_c, "C", source),
        Term("left by soiling", 1.0 - array.soiling, "1", "given with the array"),
        Term(f"{array.charger.upper()} charger", array.efficiency, "1", "given with the array"),
        Term("left by the charger's voltage", array.voltage_share(battery_v), "1", source, "derived"),
    )
