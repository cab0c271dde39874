"""When to try again: full jitter, the hub's spread after a session, a count that only a stable minute resets.

    at boot                     U(0, spread) where the power may have come back everywhere, else U(0, base)
    after a failed connect      U(0, min(cap, base * 2**n))
    after a connection ended    U(0, max(spread, min(cap, base * 2**n)))

n counts attempts and sessions since the last session that was live for `reset_after_ms`.
"""

from .policy import Policy
from .shapes import Random

DOUBLINGS_MAX = 32  # 1 ms << 32 exceeds any cap a contract may state


class Backoff:
    """The count of tries and the device's own random stream."""

    def __init__(self, policy: Policy, random: Random) -> None:
        """`random`: () -> int in [0, 2**32), this device's own stream."""
        self._policy = policy
        self._random = random
        self._tries = 0
        self.spread_ms: int = policy.spread_ms

    def uniform(self, window_ms: int) -> int:
        """A whole number drawn evenly from 0..window_ms."""
        return (self._random() * (window_ms + 1)) >> 32

    def at_boot(self, *, together: bool) -> int:
        """Delay in ms before the first connect; `together`: the power may have come back everywhere at once."""
        return self.uniform(self.spread_ms if together else self._policy.backoff_base_ms)

    def after_failure(self) -> int:
        """Delay in ms after a connect that failed."""
        return self.uniform(self._window_ms())

    def after_session(self) -> int:
        """Delay in ms after a connection ended: the whole fleet may be coming back."""
        return self.uniform(max(self.spread_ms, self._window_ms()))

    def stable(self, live_ms: int) -> None:
        """A session ended that had been live for `live_ms`."""
        if live_ms >= self._policy.backoff_reset_after_ms:
            self._tries = 0

    def _window_ms(self) -> int:
        window_ms = min(self._policy.backoff_cap_ms, self._policy.backoff_base_ms << self._tries)
        self._tries = min(self._tries + 1, DOUBLINGS_MAX)
        return window_ms
