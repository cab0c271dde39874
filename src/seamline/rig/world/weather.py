"""What is wrong with a device's network at the moment: faults make it worse, and take just that back when they end."""

from __future__ import annotations

from typing import Final

from seamline.rig.world.heap import MS

LATENCY_US: Final = (15 * MS, 60 * MS)
"""How long a message takes one way, over a home's wireless and the internet, in good weather."""


class Weather:
    """What is wrong with a link now; chances in permille."""

    __slots__ = (
        "away", "doubled", "down_stalled", "expired", "lost", "nat_idle_us", "overtaken", "portal", "slow_us", "up_stalled",
    )  # fmt: skip

    def __init__(self) -> None:
        self.lost = self.doubled = self.overtaken = 0
        self.slow_us = 0
        self.up_stalled = self.down_stalled = 0
        """How many faults stall it."""
        self.expired = 0
        """How many faults have the device's credentials expired."""
        self.away = 0
        """How many faults have no network there."""
        self.nat_idle_us = 0
        self.portal = ""

    @property
    def is_even(self) -> bool:
        """Whether single messages are left alone."""
        return not (self.lost or self.doubled or self.overtaken)
