"""Reads what the product is built of: the device's memory and flash, its power supply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.hardware import Battery, Device, Power, PowerState
from seamline.contract.limits import NAMES_MAX
from seamline.contract.quantities import CHARGE, CURRENT
from seamline.contract.scalars import DURATION, MONTH_MS, NAME, SIZE, integer_between, word

if TYPE_CHECKING:
    from seamline.contract.keys import Keys

ACTIVITIES = ("measure", "publish", "update", "infer")
"""What a power state may allow."""
LIFE_MS = 120 * MONTH_MS
"""Ten years: how long flash must last when `device.life` is silent, the life expected of a household appliance."""
UPTIME_BITS = 48
"""The width of the uptime on the wire (docs/wire.md), when `device.uptime_bits` is silent."""


def device(keys: Keys) -> Device:
    """Read `device`."""
    found = Device(
        ram_bytes=keys.one("ram", SIZE),
        flash_bytes=keys.one("flash", SIZE),
        ram_used_bytes=keys.either("ram_used", SIZE, 0),
        flash_used_bytes=keys.either("flash_used", SIZE, 0),
        page_bytes=keys.maybe("page", SIZE),
        erase_cycles=keys.maybe("erase_cycles", integer_between(1, 100_000_000)),
        life_ms=keys.either("life", DURATION, LIFE_MS),
        uptime_bits=keys.either("uptime_bits", integer_between(16, 64), UPTIME_BITS),
    )
    keys.done()
    return found


def power(keys: Keys) -> Power:
    """Read `power`: the source, the battery, the states and what each may do."""
    source = keys.one("source", word("mains", "battery", "both"))
    battery = None
    if keys.has("battery"):
        cell = keys.mapping("battery")
        battery = Battery(cell.one("capacity", CHARGE), cell.one("life", DURATION))
        cell.done()
    states: dict[str, PowerState] = {}
    for name, state in keys.mapping("states").each(NAME, items_max=NAMES_MAX):
        states[name] = PowerState(
            name,
            may=state.words("may", word(*ACTIVITIES), required=False),
            current_ua=state.one("current", CURRENT),
            daily_ms=state.maybe("daily", DURATION),
            longest_ms=state.maybe("longest", DURATION),
        )
        state.done()
    keys.done()
    return Power(source, battery, states)
