"""Time without a clock: raw ticks that wrap become an uptime that does not; anchors tie uptimes to Unix time."""

from .compat import is_int
from .errors import ClockError
from .shapes import Anchor

FLOOR_UNIX_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z: before Seamline existed; such a clock was never set
UNIX_MS_MAX = 253_402_300_799_999  # the end of the year 9999
UNCERTAINTY_MS_MAX = 366 * 86_400_000  # an anchor that may be wrong by more than a year says nothing
PPM = 1_000_000
SOURCES = ("gnss", "hub", "ntp", "rtc")


class Uptime:
    """Extends a tick counter that wraps at `modulus` (ticks in ms) to an uptime that never does.

    It must be read at least once in each `modulus / 2`; a reading that is slightly older than the last one does not run backwards.
    """

    def __init__(self, modulus: int) -> None:
        """`modulus`: 2**30 for MicroPython's `ticks_ms`, 2**32 for most C timers. Raises ValueError below 2."""
        if not is_int(modulus) or modulus < 2:
            raise ValueError(f"modulus is {modulus!r}; a whole number above 1 is needed")
        self._modulus = modulus
        self._last = -1
        self._uptime_ms = 0

    def extend(self, ticks: int) -> int:
        """The uptime in ms at raw reading `ticks`; the first reading counts from 0 ticks."""
        ticks %= self._modulus
        if self._last < 0:
            self._last = self._uptime_ms = ticks
        ahead = (ticks - self._last) % self._modulus
        if ahead * 2 < self._modulus:
            self._last = ticks
            self._uptime_ms += ahead
        return self._uptime_ms


class Clock:
    """The newest anchor of each source, and the best estimate of Unix time with its error bound."""

    def __init__(self, drift_ppm: int) -> None:
        """`drift_ppm`: how far the uptime counter may run off, parts in a million (the contract's bound)."""
        self._drift_ppm = drift_ppm
        self._anchors: dict[str, Anchor] = {}
        self._best: Anchor | None = None

    def add(self, at_ms: int, unix_ms: int, source: str, uncertainty_ms: int) -> Anchor:
        """Note that it was `unix_ms`, give or take `uncertainty_ms`, at uptime `at_ms`. Raises ClockError on what cannot be."""
        if source not in SOURCES:
            raise ClockError(f"source is {source!r}; use one of {', '.join(SOURCES)}")
        if not is_int(unix_ms) or not 0 <= unix_ms <= UNIX_MS_MAX:
            raise ClockError(f"unix_ms is {unix_ms!r}; a whole number in 0..{UNIX_MS_MAX} is needed")
        if not is_int(uncertainty_ms) or not 0 <= uncertainty_ms <= UNCERTAINTY_MS_MAX:
            raise ClockError(f"uncertainty_ms is {uncertainty_ms!r}; a whole number in 0..{UNCERTAINTY_MS_MAX} is needed")
        anchor = (at_ms, unix_ms, source, uncertainty_ms)
        self._anchors[source] = anchor
        if unix_ms >= FLOOR_UNIX_MS and self._prefers(anchor):
            self._best = anchor
        return anchor

    def anchors(self) -> list[Anchor]:
        """The newest anchor of each source, sorted by source."""
        return [self._anchors[source] for source in SOURCES if source in self._anchors]

    def unix_ms(self, now_ms: int) -> "tuple[int, int] | None":
        """(Unix time, error bound) in ms at uptime `now_ms`, or None while no believable anchor is known."""
        if self._best is None:
            return None
        return self._best[1] + now_ms - self._best[0], self._error_ms(self._best, now_ms)

    def _error_ms(self, anchor: Anchor, now_ms: int) -> int:
        """Uncertainty plus the drift since, rounded up."""
        return anchor[3] + (abs(now_ms - anchor[0]) * self._drift_ppm + PPM - 1) // PPM

    def _prefers(self, new: Anchor) -> bool:
        """A battery clock (rtc) only where nothing better was heard; a newer word where two contradict; else the smaller error."""
        if self._best is None:
            return True
        if (new[2] == "rtc") != (self._best[2] == "rtc"):
            return self._best[2] == "rtc"
        told_ms, error_ms = self._best[1] + new[0] - self._best[0], self._error_ms(self._best, new[0])
        return new[3] <= error_ms or abs(new[1] - told_ms) > error_ms + new[3]
