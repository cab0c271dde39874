"""Power over cables: Power over Ethernet by class (IEEE 802.3-2022 clauses 33 and 145), and the voltage at the far end of a wire."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seamline.site.frame import SiteError

COPPER_OHM_MM2_M: Final = 0.01724
"""Resistivity of annealed copper at 20 degrees Celsius (IEC 60028)."""
COPPER_PER_KELVIN: Final = 0.00393
"""Its rise for each kelvin (IEC 60028)."""
DROP_MAX_SHARE: Final = 0.05
"""Voltage drop that is accepted for consumers other than lighting (IEC 60364-5-52 annex G, table G.52.1)."""


@dataclass(frozen=True, slots=True)
class PoeClass:
    """A class of Power over Ethernet: what the port must give, and what the device may take after 100 m of cable, in milliwatts."""

    number: int
    port_mw: int
    device_mw: int


POE_CLASSES: Final = (
    PoeClass(1, 4_000, 3_840),
    PoeClass(2, 7_000, 6_490),
    PoeClass(3, 15_400, 13_000),
    PoeClass(4, 30_000, 25_500),
    PoeClass(5, 45_000, 40_000),
    PoeClass(6, 60_000, 51_000),
    PoeClass(7, 75_000, 62_000),
    PoeClass(8, 90_000, 71_300),
)
"""IEEE 802.3-2022 clauses 33.2.6, 33.3.5, 145.2.8 and 145.3.6. Class 0 is class 3 without a promise."""


@dataclass(frozen=True, slots=True)
class Port:
    """One switch: `ports`, what all may give together and one alone (mW), and its highest class, where it is given."""

    id: str
    ports: int
    budget_mw: float
    port_mw: float
    poe_class: int | None = None


@dataclass(frozen=True, slots=True)
class PoeBudget:
    """What a switch must give: what the devices' classes reserve, and what ports give when all draw their most.

    `problems` say what it cannot; empty when it can. `doubts` hold for switches that allot whole classes. `ports` and `budget_mw` are
    of all `switches` of the `part` together; `remedies` name what to buy, each of them alone.
    """

    switch: str
    devices: int
    ports: int
    reserves_mw: float
    draws_mw: float
    budget_mw: float
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    switches: int = 1
    part: str = ""
    remedies: tuple[str, ...] = ()


def poe_class(device_mw: float) -> PoeClass | None:
    """The lowest class that feeds a device that takes so much; None when none does."""
    return next((found for found in POE_CLASSES if device_mw <= found.device_mw), None)


def poe_budget(switch: Port, devices: Mapping[str, float], classes: Mapping[str, int] | None = None) -> PoeBudget:
    """Hold devices (the most each draws, mW) against a switch; `classes` are those that devices ask for, else the lowest that does."""
    problems: list[str] = []
    reserves = draws = 0.0
    allowed = min(switch.port_mw, _class_mw(switch.poe_class))
    for name, milliwatts in devices.items():
        found = _class_of(name, milliwatts, classes or {})
        if found is None:
            problems.append(f"{name} takes {milliwatts / 1000:g} W: no class gives that; feed it from a supply of its own")
            continue
        reserves += found.port_mw
        draws += drawn_mw(name, milliwatts, classes or {})
        if found.port_mw > allowed:
            text = f"{name} needs class {found.number} ({found.port_mw / 1000:g} W)"
            problems.append(f"{text}; a port of {switch.id} gives {allowed / 1000:g} W")
    if len(devices) > switch.ports:
        problems.append(f"{len(devices)} devices, and {switch.id} has {switch.ports} ports; add a switch")
    doubts: list[str] = []
    if draws > switch.budget_mw:
        problems.append(f"{_over('draw', draws, switch)}; add a switch or move devices")
    elif reserves > switch.budget_mw:
        doubts.append(f"{_over('reserve', reserves, switch)}: it must allot what is drawn (by LLDP), or add a switch")
    return PoeBudget(switch.id, len(devices), switch.ports, reserves, draws, switch.budget_mw, tuple(problems), tuple(doubts))


def drawn_mw(device: str, device_mw: float, classes: Mapping[str, int]) -> float:
    """What a port gives a device that draws so much: its class counts on the loss of 100 m. Without a class, what it draws."""
    found = _class_of(device, device_mw, classes)
    return device_mw if found is None else device_mw * found.port_mw / found.device_mw


def _class_of(device: str, device_mw: float, classes: Mapping[str, int]) -> PoeClass | None:
    """The class that a device asks for, else the lowest that feeds it."""
    return next((one for one in POE_CLASSES if one.number == classes.get(device)), None) or poe_class(device_mw)


def _over(verb: str, milliwatts: float, switch: Port) -> str:
    over = (milliwatts - switch.budget_mw) / 1000
    return f"the devices {verb} {milliwatts / 1000:.1f} W, {over:.1f} W more than {switch.id} has"


def _class_mw(number: int | None) -> float:
    if number is None:
        return math.inf
    return next((found.port_mw for found in POE_CLASSES if found.number == number), POE_CLASSES[2].port_mw)


def ohm_per_km(mm2: float, celsius: float = 20.0) -> float:
    """The resistance of one copper conductor of this cross-section."""
    if not mm2 > 0:
        raise SiteError(f"a conductor has {mm2:g} mm2; give its cross-section, above 0")
    return 1000 * COPPER_OHM_MM2_M * (1 + COPPER_PER_KELVIN * (celsius - 20)) / mm2


@dataclass(frozen=True, slots=True)
class Drop:
    """The far end of a two-wire line: its voltage and current, and the share of the voltage lost."""

    volts: float
    amperes: float
    drop_share: float

    @property
    def keeps(self) -> bool:
        """Whether no more is lost than is accepted."""
        return self.drop_share <= DROP_MAX_SHARE


def voltage_drop(volts: float, milliwatts: float, metres: float, conductor_ohm_per_km: float) -> Drop | None:
    """The far end of a line with a load that takes its power whatever the voltage (a DC converter); there and back is counted.

    From V = U + R P / U. None when the line cannot carry so much at all.
    """
    if not (volts > 0 and milliwatts >= 0 and metres >= 0 and conductor_ohm_per_km >= 0):
        text = f"a line of {metres:g} m with {conductor_ohm_per_km:g} ohm/km, {volts:g} V and {milliwatts:g} mW cannot be meant"
        raise SiteError(f"{text}; give positive figures")
    ohms, watts = 2 * metres / 1000 * conductor_ohm_per_km, milliwatts / 1000
    inner = volts * volts - 4 * ohms * watts
    if inner < 0:
        return None
    far = (volts + math.sqrt(inner)) / 2
    return Drop(far, watts / far, (volts - far) / volts)


def mm2_needed(
    volts: float, milliwatts: float, metres: float, sizes: Sequence[float] = (0.75, 1.0, 1.5, 2.5, 4.0, 6.0, 10.0)
) -> float | None:
    """The smallest usual cross-section (IEC 60228) that keeps the drop; None when none does."""
    for mm2 in sizes:
        drop = voltage_drop(volts, milliwatts, metres, ohm_per_km(mm2))
        if drop is not None and drop.keeps:
            return mm2
    return None
