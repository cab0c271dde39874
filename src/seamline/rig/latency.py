"""Latencies in a histogram that stays small: three significant digits of a millisecond figure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

EXACT_BELOW_MS: Final = 1000
PERCENTILES: Final = (50, 90, 99)


class Latencies:
    """Counts by rounded value: at most 900 values a decade."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.total = 0

    def add(self, value_ms: int) -> None:
        """Count one; a negative one (a stepped clock) counts as 0."""
        step = 1
        while value_ms >= EXACT_BELOW_MS * step:
            step *= 10
        self._counts[max(0, value_ms) // step * step] += 1
        self.total += 1

    def percentile(self, percent: int) -> int | None:
        """Return the smallest value that at least so many percent do not exceed; None when nothing was counted."""
        wanted = -(-self.total * percent // 100)
        passed = 0
        for value in sorted(self._counts):
            passed += self._counts[value]
            if passed >= wanted:
                return value
        return None

    def summary(self, percentiles: Sequence[int] = PERCENTILES) -> dict[str, int | None]:
        """Return `{"p50": ms, …, "max": ms, "count": n}`."""
        figures: dict[str, int | None] = {f"p{percent}": self.percentile(percent) for percent in percentiles}
        return figures | {"max": max(self._counts, default=None), "count": self.total}
