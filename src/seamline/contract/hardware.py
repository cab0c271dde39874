"""What a contract says about the thing itself: memory, flash, battery, and what it may do in each state of its power supply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """The hardware that estimates are held against. Sizes in bytes; `None` where the contract is silent.

    `*_used_bytes` is what the firmware takes besides Seamline's core. `life_ms` is how long the flash must last.
    `uptime_bits` is the width of the millisecond counter that readings are timed by.
    """

    ram_bytes: int
    flash_bytes: int
    ram_used_bytes: int
    flash_used_bytes: int
    page_bytes: int | None
    erase_cycles: int | None
    life_ms: int
    uptime_bits: int


@dataclass(frozen=True, slots=True)
class Battery:
    """What the product runs on without mains: charge in µAh, and how long it must last."""

    capacity_uah: int
    life_ms: int


@dataclass(frozen=True, slots=True)
class PowerState:
    """One state of the power supply: what may be done in it, the current drawn, time a day in it, longest stay."""

    name: str
    may: tuple[str, ...]
    current_ua: int
    daily_ms: int | None = None
    longest_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Power:
    """How the product is fed (`mains`, `battery` or `both`), and its states."""

    source: str
    battery: Battery | None
    states: Mapping[str, PowerState]

    def deaf_ms(self) -> int:
        """Return the longest stay in a state that may not publish: nothing is heard then either."""
        return max((state.longest_ms or 0 for state in self.states.values() if "publish" not in state.may), default=0)
