"""How often events may be recorded: the contract's bound, kept where they arise, so that no switch that chatters empties a budget."""

OVER_RATE = -1  # what `Core.record` returns for an event beyond the bound, in place of a sequence


class Allowance:
    """A bucket of `events_max` events that fills evenly in `per_ms`: all may come at once, in the mean no more do.

    A boot begins with a full one: nobody knows how long the power was off.
    """

    __slots__ = ("_at_ms", "_credit", "_full", "_max", "_per_ms")

    def __init__(self, events_max: int, per_ms: int) -> None:
        """`events_max` in `per_ms`, both at least 1."""
        self._max = events_max
        self._per_ms = per_ms
        self._full = events_max * per_ms  # in events * ms, so that nothing is rounded
        self._credit = self._full
        self._at_ms = 0

    def take(self, now_ms: int) -> bool:
        """Whether one more event may be recorded at this uptime; if so, it counts."""
        since_ms = max(0, now_ms - self._at_ms)
        self._at_ms += since_ms
        credit = min(self._full, self._credit + since_ms * self._max)
        self._credit = credit if credit < self._per_ms else credit - self._per_ms
        return credit >= self._per_ms
