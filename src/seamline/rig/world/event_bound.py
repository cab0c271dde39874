"""How often events come, and how often they may be recorded: the contract's bound, worked out apart from the core that keeps it."""

from __future__ import annotations

from typing import Final

from seamline.contract.quantities import EventRate
from seamline.rig.world.heap import MS
from seamline.rig.world.streams import Stream

CLOSEST_SHARE: Final = 1 << 16
"""The closest two events are so small a part of what lies between two at the contract's rate."""
FARTHER_PERMILLE: Final = 800


class Events:
    """Events of one message in one boot: they come in bursts, far more often than the contract lets a core record."""

    __slots__ = ("_burst", "_closest_us", "_events", "_farthest_us", "_next", "_per_ms", "_stream")

    def __init__(self, rate: EventRate, spacing_ms: int, stream: Stream) -> None:
        """None came yet. `spacing_ms`: between two at the contract's rate."""
        self._events = rate.events
        self._per_ms = rate.per_ms
        self._burst = (rate.events - 1) * rate.per_ms
        self._next = 0
        self._farthest_us = spacing_ms * MS
        self._closest_us = max(MS, self._farthest_us // CLOSEST_SHARE)
        self._stream = stream

    def wait_us(self) -> int:
        """How long until the next one comes: short as often as long, on a scale of doublings."""
        stream, longest_us = self._stream, self._closest_us
        while longest_us < self._farthest_us and stream.chance(FARTHER_PERMILLE):
            longest_us *= 2
        return stream.between(self._closest_us, max(self._closest_us, min(longest_us, self._farthest_us)))

    def may_record(self, now_ms: int) -> bool:
        """Whether one that comes at this uptime is within the bound; if so, it counts.

        The next is due a spacing after this one, or after when this one was due; all of a burst may come before they are due. Times are
        multiplied by how many events there may be, so that nothing is rounded.
        """
        at = now_ms * self._events
        if at < self._next - self._burst:
            return False
        self._next = max(at, self._next) + self._per_ms
        return True
