"""How a board behaves towards its broker: waits after `busy` kept, connects paced, by its own uptime.

The windows are those of docs/wire.md ("When to connect"). One board makes few connects, so chance is reckoned exactly: full jitter
draws each wait evenly from its window, and what is seen is a complaint only where even draws give it once in a million runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from seamline.contract import Contract

LATE_MS: Final = 5_000
"""A board may be held up in a handshake; late is no harm to anybody else."""
EARLY_MS: Final = 2
"""Two clocks are read in whole milliseconds."""
WINDOW_MS_MIN: Final = 500
"""The wait in a shorter window is told by the board's own work more than by its draw."""
CHANCE: Final = 1e-6
DOUBLINGS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Pace:
    """The contract's numbers for connects, in ms."""

    base_ms: int
    cap_ms: int
    reset_after_ms: int
    spread_ms: int

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """Return a contract's numbers."""
        backoff = contract.backoff
        return cls(backoff.base_ms, backoff.cap_ms, backoff.reset_after_ms, contract.fleet.recovery_ms // 2)


class Manners:
    """Follows the words of a board's console, boot after boot; `problems` holds what broke a promise."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.problems: list[str] = []
        self.shares: list[float] = []
        """How much of its window each wait took, where the window is known exactly."""
        self.busy = 0
        self.dials = 0
        self._told_ms = pace.spread_ms
        self._begin(0)

    def _begin(self, now_ms: int) -> None:
        self._tries = 0
        self._state = "off"
        self._live_ms: int | None = None
        self._spread_ms: int | None = None
        self._silent_ms = self._silence_over_ms = 0
        self._from_ms, self._window_ms, self._exact = now_ms, 0, False

    def booted(self, now_ms: int) -> None:
        """A boot began; how it came and what spread its flash holds nobody says, so its first window is the widest there may be."""
        self._begin(now_ms)
        self._window_ms = max(2 * self._told_ms, self._pace.base_ms)

    def heard(self, word: str, now_ms: int, number: int) -> None:
        """One line's word, with the uptime and number in it."""
        match word:
            case "dial":
                self._dialled(now_ms)
            case "up":
                self._state = "up"
            case "failed":
                self._failed(now_ms)
            case "ended":
                self._ended(now_ms)
            case "closed":
                self._failed(now_ms) if self._state == "dialling" else self._ended(now_ms)
            case "live":
                self._live_ms, self._spread_ms = now_ms, number
                self._told_ms = max(self._told_ms, number)
            case "busy":
                self.busy += 1
                self._silent_ms = max(self._silent_ms, now_ms + number)
                self._silence_over_ms = max(self._silence_over_ms, now_ms + number + number // 2)
            case "sent":
                self._silent(word, now_ms)
            case _:
                pass

    def verdict(self) -> list[str]:
        """Everything that broke a promise, the waits taken together included."""
        return [*self.problems, *self._jitter()]

    def _dialled(self, now_ms: int) -> None:
        self.dials += 1
        self._silent("dial", now_ms)
        self._state = "dialling"
        latest_ms = max(self._from_ms + max(1, self._window_ms), self._silence_over_ms)
        wait_ms = now_ms - self._from_ms
        if now_ms > latest_ms + LATE_MS:
            self.problems.append(f"a connect came {wait_ms} ms after what it follows; its window was {self._window_ms} ms")
        if self._exact and self._window_ms >= WINDOW_MS_MIN and self._silence_over_ms <= self._from_ms:
            self.shares.append(wait_ms / self._window_ms)

    def _failed(self, now_ms: int) -> None:
        self._wait(now_ms, self._back_off_ms(), exact=True)

    def _ended(self, now_ms: int) -> None:
        if self._live_ms is not None and now_ms - self._live_ms >= self._pace.reset_after_ms:
            self._tries = 0
        self._live_ms = None
        back_off_ms = self._back_off_ms()
        known = self._spread_ms is not None
        spread_ms = self._spread_ms if self._spread_ms is not None else 2 * self._told_ms
        self._wait(now_ms, max(spread_ms, back_off_ms), exact=known)

    def _wait(self, now_ms: int, window_ms: int, *, exact: bool) -> None:
        self._state = "off"
        self._from_ms, self._window_ms, self._exact = now_ms, window_ms, exact

    def _back_off_ms(self) -> int:
        window_ms = min(self._pace.cap_ms, self._pace.base_ms << min(self._tries, DOUBLINGS_MAX))
        self._tries += 1
        return window_ms

    def _silent(self, what: str, now_ms: int) -> None:
        if now_ms + EARLY_MS < self._silent_ms:
            self.problems.append(f"`{what}` {self._silent_ms - now_ms} ms before the wait was over that the hub had asked for")

    def _jitter(self) -> list[str]:
        """Waits that even draws would not give: all near nothing, or all the same."""
        count = len(self.shares)
        if not count:
            return []
        longest, spread = max(self.shares), min(1.0, max(self.shares) - min(self.shares))
        if max(0.0, longest) ** count < CHANCE:
            return [f"connects without waiting: of {count} waits none took more than {longest:.1%} of its window"]
        if count > 1 and count * spread ** (count - 1) - (count - 1) * spread**count < CHANCE:
            return [f"connects without jitter: {count} waits lie within {spread:.1%} of their windows"]
        return []
