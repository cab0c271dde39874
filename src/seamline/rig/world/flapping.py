"""A network that goes and comes back, again and again, as a wireless does at the edge of its reach."""

from __future__ import annotations

from typing import Final

from seamline.rig.world.heap import MS, Timer
from seamline.rig.world.link import Link


class Flapping:
    """One such time of a link, from now until `end`: away first, then back. The live connection breaks, and connects fail meanwhile."""

    def __init__(self, link: Link, down_ms: int, up_ms: int) -> None:
        self._link: Final = link
        self._down_us: Final = down_ms * MS
        self._up_us: Final = up_ms * MS
        self._is_away = False
        self._timer: Timer
        self._fall()

    def end(self) -> None:
        """The network is back, and stays."""
        self._timer.cancel()
        self._back()

    def _fall(self) -> None:
        self._is_away = True
        self._link.weather.away += 1
        self._link.cut()
        self._timer = self._link.heap.after(self._down_us, self._rise)

    def _rise(self) -> None:
        self._back()
        self._timer = self._link.heap.after(self._up_us, self._fall)

    def _back(self) -> None:
        self._link.weather.away -= self._is_away
        self._is_away = False
