"""One heap of events in virtual time: integer microseconds since the world began, and a stable order where times are equal."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

MS: Final = 1_000
"""Microseconds in a millisecond: the heap counts the former, contracts and cores the latter."""
SECOND: Final = 1_000_000


class Timer:
    """Something that will happen; `cancel` makes it nothing."""

    __slots__ = ("act", "at_us")

    def __init__(self, at_us: int, act: Callable[[], None]) -> None:
        self.at_us = at_us
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """Have it not happen; harmless when it has."""
        self.act = None


class Heap:
    """Virtual time. What is due at the same moment happens in the order in which it was asked for."""

    __slots__ = ("_asked", "_entries", "now_us", "steps")

    def __init__(self) -> None:
        self.now_us = 0
        self.steps = 0
        """Events that have happened."""
        self._asked = 0
        self._entries: list[tuple[int, int, Timer | None, Callable[..., object], tuple[object, ...]]] = []

    def at(self, at_us: int, act: Callable[[], None]) -> Timer:
        """Have `act` called at `at_us`, or now if that has passed."""
        at_us = max(at_us, self.now_us)
        timer = Timer(at_us, act)
        self._asked = asked = self._asked + 1
        heappush(self._entries, (at_us, asked, timer, _nothing, ()))
        return timer

    def post(self, at_us: int, act: Callable[..., object], *arguments: object) -> None:
        """Have `act(*arguments)` called at `at_us`, not in the past, for certain: what cannot be cancelled costs less."""
        self._asked = asked = self._asked + 1
        heappush(self._entries, (at_us, asked, None, act, arguments))

    def after(self, wait_us: int, act: Callable[[], None]) -> Timer:
        """Have `act` called in `wait_us`."""
        return self.at(self.now_us + wait_us, act)

    def run(self, until_us: int) -> None:
        """Let everything happen that is due up to and including `until_us`; it is that late then."""
        entries, pop = self._entries, heappop
        while entries and entries[0][0] <= until_us:
            at_us, _, timer, act, about = pop(entries)
            if timer is None:
                self.now_us = at_us
                self.steps += 1
                act(*about)
            elif timer.act is not None:
                timed, timer.act = timer.act, None
                self.now_us = at_us
                self.steps += 1
                timed()
        self.now_us = max(self.now_us, until_us)

    def __len__(self) -> int:
        return len(self._entries)


def _nothing() -> None:
    """What a timer's entry would do by itself."""
