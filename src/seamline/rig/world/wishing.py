"""What a boot does with its wishes: each is applied once, none after a newer one, and none after its time if it knows the time.

How well it knows the time follows from what it was told, as docs/wire.md has it: the hub's word in its session is off by half of the time
that it took, at most, and by the drift since; what it goes by is no worse. Of a clock that ever lied nothing is asked.
"""

from __future__ import annotations

from typing import Final, cast

from seamline.device import Policy
from seamline.rig.world.clocks import WallClock

ROUNDED_MS: Final = 10
"""Of uptimes and of halves, on both sides."""


class Wishing:
    """One boot. Times are uptimes in ms."""

    __slots__ = ("_answered_ms", "_applied", "_born_ms", "_clock", "_expires_ms", "_generation", "_ppm", "_unsure_ms")

    def __init__(self, policy: Policy, clock: WallClock) -> None:
        self._ppm = policy.drift_ppm
        self._clock = clock
        self._applied: dict[str, int] = {}
        self._expires_ms: dict[tuple[str, int], int | None] = {}
        self._generation: int | None = None
        self._born_ms: int | None = None
        self._answered_ms = 0
        self._unsure_ms: int | None = None

    def connects(self) -> None:
        """A session begins."""
        self._born_ms = None

    def born(self, now_ms: int) -> None:
        """It says a birth, the session's first or again."""
        self._born_ms = now_ms if self._born_ms is None else self._born_ms

    def answered(self, now_ms: int, uncertainty_ms: int) -> None:
        """The hub answers it, for the first time in this session, and says what time it is."""
        self._answered_ms = now_ms
        self._unsure_ms = (now_ms - (self._born_ms or 0) + 1) // 2 + uncertainty_ms

    def generation(self, generation: int) -> None:
        """The hub says which database it has: another one counts its wishes anew."""
        if generation != self._generation:
            self._generation = generation
            self._applied.clear()

    def told(self, twin: dict[str, object]) -> None:
        """A document of its wishes came, for the session that it is in."""
        for name, wish in cast("dict[str, dict[str, object]]", twin.get("desired") or {}).items():
            self._expires_ms[name, cast("int", wish["version"])] = cast("int | None", wish["expires_ms"])

    def applies(self, now_ms: int, true_ms: int, name: str, version: int) -> str | None:
        """It does as it is asked; what is wrong with that. `true_ms` is Unix time."""
        before = self._applied.get(name)
        self._applied[name] = version
        if before is not None and version <= before:
            return f"does wish {version} of {name} when it has done wish {before}"
        if (name, version) not in self._expires_ms:
            return f"does wish {version} of {name}, which no document for a session of this boot has told it"
        expires_ms = self._expires_ms[name, version]
        if expires_ms is None or self._unsure_ms is None or self._clock.has_lied:
            return None
        unsure_ms = self._unsure_ms + abs(now_ms - self._answered_ms) * self._ppm // 1_000_000 + ROUNDED_MS
        if true_ms > expires_ms + 2 * unsure_ms:
            return f"does wish {version} of {name} {true_ms - expires_ms} ms after its time, and knows the time to {unsure_ms} ms"
        return None
