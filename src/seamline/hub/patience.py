"""How a role waits for something that is away: often at first, seldom later, and what it says of it meanwhile. Knows no clock."""

from __future__ import annotations

from typing import Final

FIRST_S: Final = 0.2
LONGEST_S: Final = 5.0
SHARE: Final = 0.1
"""Of the time waited so far: what comes back is noticed at most a tenth later than it could be."""
REMIND_S: Final = 60.0


class Patience:
    """One wait. `told` says what is worth a line of the log, `pause_s` how long to leave it alone then."""

    def __init__(self) -> None:
        self._waited_s = 0.0
        self._reason = ""
        self._told_s = 0.0

    def told(self, reason: str) -> str:
        """The reason in one line where it is another than the last one's, or a reminder is due; otherwise nothing."""
        line = "; ".join(part.strip() for part in reason.splitlines() if part.strip()) or "no reason given"
        if line == self._reason and self._waited_s - self._told_s < REMIND_S:
            return ""
        self._reason, self._told_s = line, self._waited_s
        return f"{line} (for {self._waited_s:.0f} s)" if self._waited_s else line

    def pause_s(self) -> float:
        """How long to wait before the next try; counted as waited."""
        pause = min(LONGEST_S, max(FIRST_S, self._waited_s * SHARE))
        self._waited_s += pause
        return pause
