"""What a device knows of time: a crystal that is a little off, and a wall clock that may be wrong in every way clocks are."""

from __future__ import annotations

from typing import Final

MILLION: Final = 1_000_000
RATE_MS: Final = MILLION * 1000
"""What a true microsecond times a rate is divided by for milliseconds of uptime."""
WORLD_BEGAN_UNIX_MS: Final = 1_800_000_000_000
"""Unix time at the world's beginning (2027-01-15): any moment after 2024 would do, and it never changes."""
BORN_IN_1970_MS: Final = 7_000
"""What a clock without a battery says shortly after power on."""
RTC_UNCERTAINTY_MS: Final = 1_000
NTP_ERROR_MS_MAX: Final = 40
"""How far an answer over the internet is off at most; it says 50."""
NTP_UNCERTAINTY_MS: Final = 50


def unix_ms(true_us: int) -> int:
    """Unix time in ms at a moment of the world."""
    return WORLD_BEGAN_UNIX_MS + true_us // 1000


class Crystal:
    """The uptime of one boot: runs `ppm` parts in a million fast."""

    __slots__ = ("began_us", "rate")

    def __init__(self, began_us: int, ppm: int) -> None:
        self.began_us = began_us
        self.rate = MILLION + ppm
        """Its microseconds in a second."""

    def uptime_ms(self, true_us: int) -> int:
        """What the counter says at a moment of the world."""
        return (true_us - self.began_us) * self.rate // RATE_MS

    def true_us(self, uptime_ms: int) -> int:
        """The first moment at which the counter says `uptime_ms`."""
        return self.began_us - (-uptime_ms * RATE_MS // self.rate)


class WallClock:
    """A battery clock, or what NTP made of it: `step` sets it off, `die` takes it back to 1970."""

    __slots__ = ("_dead_since_us", "has_lied", "off_ms")

    def __init__(self) -> None:
        self.off_ms = 0
        self.has_lied = False
        """Whether it was ever wrong."""
        self._dead_since_us: int | None = None

    def step(self, by_ms: int) -> None:
        """Put it off by so much more."""
        self.off_ms += by_ms
        self.has_lied = True

    def lie(self, by_ms: int) -> None:
        """Put it off by so much, however far off it was."""
        self.off_ms = by_ms
        self.has_lied = True

    def die(self, true_us: int) -> None:
        """Lose the battery: it starts again near the epoch."""
        self._dead_since_us = true_us
        self.has_lied = True

    def mend(self) -> None:
        """Have it right again."""
        self.off_ms = 0
        self._dead_since_us = None

    @property
    def is_right(self) -> bool:
        """Whether it may be believed."""
        return self.off_ms == 0 and self._dead_since_us is None

    def unix_ms(self, true_us: int) -> int:
        """What it says; never below 0, which no clock can show."""
        if self._dead_since_us is not None:
            return BORN_IN_1970_MS + (true_us - self._dead_since_us) // 1000
        return max(0, unix_ms(true_us) + self.off_ms)
