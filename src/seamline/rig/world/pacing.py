"""How devices come back: every wait before a connect against the window it should have been drawn from.

The windows are those of docs/wire.md ("When to connect"), worked out here a second time from what happens to a device. A wait
above its window breaks a promise at once. Whether waits are spread evenly is known of many: as shares of their windows, their mean
lies within SIGMAS standard errors of one half (1/sqrt(12 n) for even draws), and their mean square distance from one half within as
many of one twelfth (1/sqrt(180 n)), so that neither the middle nor the ends are crowded.

Of few waits another rule says enough, and at once: n even draws from 0..1 add up to s or less with a chance of at most s**n / n!. Where one
is u, so are 1 - u and abs(2u - 1): waits that are not drawn at all, the whole window or its middle each time, are known after a handful. And
whether a device tries too often is known of it alone: a count of tries that is reset too early shows while the link still flaps.
"""

from __future__ import annotations

from math import factorial, sqrt
from typing import Final

from seamline.device import Policy
from seamline.rig.world.promises import BrokenPromise

SIGMAS: Final = 6
"""Chance alone passes it twice in a thousand million runs."""
WAITS_MIN: Final = 24
"""Of fewer neither mean nor spread is judged."""
WINDOW_MS_MIN: Final = 500
"""A shorter window is told by its rounding more than by its draw."""
HASTY: Final = 10**15
"""Waits that chance makes so short, or so alike, once in so many times, or less, are no chance."""
LATE_MS: Final = 2
"""The crystal's rounding, at both ends."""
CAUSES: Final = ("boot", "failure", "session")
AT_ONCE: Final = 0.1
"""Devices that take less of their windows than this, on average, ask again as soon as a `busy` is over, all at the same time."""


class Waits:
    """The fleet's waits by cause: how many, the sum of their shares of the window in 2**-16, and of those' squared distances from half.

    Of the first WAITS_MIN also the sums, rounded up, of what they leave of their windows, and of twice their distances from the middle.
    """

    __slots__ = ("apart", "asked", "asked_total", "count", "left", "squares", "total")

    def __init__(self) -> None:
        self.count: dict[str, int] = dict.fromkeys(CAUSES, 0)
        self.total: dict[str, int] = dict.fromkeys(CAUSES, 0)
        self.squares: dict[str, int] = dict.fromkeys(CAUSES, 0)
        self.left: dict[str, int] = dict.fromkeys(CAUSES, 0)
        self.apart: dict[str, int] = dict.fromkeys(CAUSES, 0)

        self.asked = self.asked_total = 0
        """Questions after a `busy`. Those that an answer made needless are not among them, so their waits are not even."""

    def add(self, cause: str, wait_ms: int, window_ms: int) -> None:
        """Count a wait. Raises BrokenPromise where a few are more alike than chance makes them."""
        share = (wait_ms << 16) // window_ms
        self.count[cause] += 1
        self.total[cause] += share
        self.squares[cause] += (share - (1 << 15)) ** 2
        if self.count[cause] <= WAITS_MIN:
            self._compare(cause, wait_ms, window_ms)

    def _compare(self, cause: str, wait_ms: int, window_ms: int) -> None:
        """Raise BrokenPromise when all waits of a cause so far are as good as their windows, or as their windows' middles."""
        count = self.count[cause]
        self.left[cause] += _rounded_up(window_ms - wait_ms + LATE_MS + 1, window_ms)  # draws are whole ms
        self.apart[cause] += _rounded_up(abs(2 * wait_ms - window_ms) + 2 * LATE_MS + 1, window_ms)
        if _is_no_chance(count, self.left[cause]):
            share = f"{1 - self.left[cause] / count / 65536:.1%}"
            what = f"{count} waits after a {cause} take {share} of their windows on average: none is drawn"
            raise BrokenPromise("jitter", what)
        if _is_no_chance(count, self.apart[cause]):
            share = f"{self.apart[cause] / count / 131072:.1%}"
            what = f"{count} waits after a {cause} lie {share} of their windows from the middle on average: none is drawn"
            raise BrokenPromise("jitter", what)

    def check(self) -> None:
        """Raise BrokenPromise when the waits of a cause are not spread over their windows."""
        for cause in CAUSES:
            count = self.count[cause]
            if count < WAITS_MIN:
                continue
            mean = self.total[cause] / count / 65536
            if abs(mean - 0.5) > SIGMAS / sqrt(12 * count):
                what = f"{count} waits after a {cause} take {mean:.2f} of their windows on average, not one half"
                raise BrokenPromise("jitter", what)
            apart = self.squares[cause] / count / 65536**2
            if abs(apart - 1 / 12) > SIGMAS / sqrt(180 * count):
                what = f"{count} waits after a {cause} lie {sqrt(apart):.2f} of their windows from the middle, not {sqrt(1 / 12):.2f}"
                raise BrokenPromise("jitter", what)
        if self.asked >= WAITS_MIN and self.asked_total < AT_ONCE * 65536 * self.asked:
            raise BrokenPromise("jitter", f"{self.asked} devices that were told to wait asked again as soon as that was over")


class Pacer:
    """One device's window now. Times are uptimes in ms."""

    __slots__ = (
        "_cause", "_from_ms", "_live_ms", "_policy", "_shares", "_tries", "_waited", "_waits", "_window_ms", "device", "flaps",
        "spread_ms",
    )  # fmt: skip

    def __init__(self, device: int, policy: Policy, waits: Waits) -> None:
        self.device = device
        self.spread_ms = policy.spread_ms
        self._policy = policy
        self._waits = waits
        self._tries = 0
        self._waited = self._shares = 0  # since its count last began: how many waits, and their shares, rounded up, in 2**-16
        self.flaps = 0
        """Sessions in a row that were answered and ended too soon for its count to begin anew."""
        self._live_ms: int | None = None
        self._from_ms = 0
        self._window_ms = 0
        self._cause = "boot"

    def booted(self, now_ms: int, *, together: bool, spread_ms: int | None) -> None:
        """A boot began; `spread_ms` is the one its flash holds."""
        if spread_ms is not None:
            self.spread_ms = spread_ms
        self._begin(now_ms, "boot", self.spread_ms if together else self._policy.backoff_base_ms)

    def answered(self, now_ms: int, spread_ms: int | None) -> None:
        """The hub answered the birth."""
        self._live_ms = now_ms
        if spread_ms is not None:
            self.spread_ms = spread_ms

    def failed(self, now_ms: int) -> None:
        """A connect failed."""
        self._begin(now_ms, "failure", self._back_off_ms())

    def ended(self, now_ms: int) -> None:
        """A connection ended."""
        if self._live_ms is not None:
            self.flaps += 1
            if now_ms - self._live_ms >= self._policy.backoff_reset_after_ms:
                self._tries = self._waited = self._shares = self.flaps = 0
        self._live_ms = None
        self._begin(now_ms, "session", max(self.spread_ms, self._back_off_ms()))

    def connects(self, now_ms: int, silent_until_ms: int) -> None:
        """The core connects. Raises BrokenPromise when it should have before."""
        wait_ms = now_ms - self._from_ms
        latest_ms = max(self._from_ms + max(1, self._window_ms), silent_until_ms)
        if now_ms > latest_ms + LATE_MS:
            what = f"connects {wait_ms} ms after a {self._cause}; its window was {self._window_ms} ms"
            raise BrokenPromise("paced", what, self.device)
        if self._window_ms >= WINDOW_MS_MIN and silent_until_ms <= self._from_ms:
            self._waits.add(self._cause, wait_ms, self._window_ms)
            if self._cause != "boot":
                self._count(wait_ms)

    def asked(self, wait_ms: int, window_ms: int) -> None:
        """It asked again, so long after a `busy` was over; the wait is drawn from the window."""
        if window_ms >= WINDOW_MS_MIN:
            self._waits.asked += 1
            self._waits.asked_total += (wait_ms << 16) // window_ms

    def _count(self, wait_ms: int) -> None:
        """Raise BrokenPromise when its waits since its count last began are shorter than chance makes them."""
        self._waited += 1
        self._shares += _rounded_up(wait_ms + LATE_MS, self._window_ms)
        count, shares = self._waited, self._shares
        if _is_no_chance(count, shares):
            share = f"{shares / count / 65536:.1%}"
            what = f"tries too often: {count} waits since a session last held take {share} of their windows on average"
            raise BrokenPromise("paced", what, self.device)

    def _begin(self, now_ms: int, cause: str, window_ms: int) -> None:
        self._from_ms, self._cause, self._window_ms = now_ms, cause, window_ms

    def _back_off_ms(self) -> int:
        window_ms = min(self._policy.backoff_cap_ms, self._policy.backoff_base_ms << min(self._tries, 32))
        self._tries += 1
        return window_ms


def _rounded_up(part_ms: int, window_ms: int) -> int:
    """A part of a window as its share in 2**-16."""
    return -((part_ms << 16) // -window_ms)


def _is_no_chance(count: int, shares: int) -> bool:
    """Whether so many even draws add up to so little, in 2**-16, less than once in HASTY times."""
    return shares**count * HASTY < factorial(count) << 16 * count
