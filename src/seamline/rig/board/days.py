"""Which faults make a bad day on a desk, and by what the console tells that it has come.

A day's plan has faults that make it and faults that only go with it: a region's power cut without a power cut is another day. A course
is drawn that has one that makes the day; and a run in which none of them was done, or the board never said what follows from it, has not
met the day. Days whose own faults nobody can do to a board are refused, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seamline.contract import Contract
from seamline.rig.board.translate import Abilities, Course, not_done
from seamline.rig.board.witness import Witness
from seamline.rig.world.plan import Kind

Sign = Callable[[Witness], bool]
PROBES_ANSWERS: Final = 8
"""Answer timeouts from a frame that nobody answers until a device gives its session up (docs/wire.md: A, A, 2A, 4A)."""


@dataclass(frozen=True, slots=True)
class DeskDay:
    """A day on a desk: `kinds` make it, and `sign` holds once the console has told that it came; `state` says what it tells."""

    name: str
    kinds: tuple[Kind, ...]
    state: str
    sign: Sign

    def unmet(self, witness: Witness, done: Mapping[Kind, int]) -> list[str]:
        """What of the day has not come; empty: it was met."""
        if not any(done.get(kind) for kind in self.kinds):
            return [f"{self.name}: none of its own faults was done ({', '.join(self.kinds)})"]
        return [] if self.sign(witness) else [f"{self.name}: the board never said that {self.state}"]

    def noticed(self, course: Course, contract: Contract) -> Course:
        """The course with what makes the day lasting for as long as a board needs to notice it, by its contract."""
        least_ms = LEAST_MS[self.name](contract) if self.name in LEAST_MS else 0
        steps = tuple(
            replace(step, lasts_ms=max(step.lasts_ms, least_ms)) if step.fault in self.kinds else step for step in course.steps
        )
        ends_ms = max((step.at_ms + step.lasts_ms for step in steps), default=0)
        return replace(course, steps=steps, lasts_ms=max(course.lasts_ms, ends_ms)) if least_ms else course

    def is_in(self, course: Course) -> bool:
        """Whether a course has a fault that makes the day."""
        return any(step.fault in self.kinds for step in course.steps)

    def reasons(self, abilities: Abilities) -> list[str]:
        """Why this desk cannot do what makes the day; empty where it can do any of it."""
        found = [(kind, not_done(kind, abilities)) for kind in self.kinds]
        return [f"{kind}: {why}" for kind, why in found] if all(why for _, why in found) else []


def _said(word: str) -> Sign:
    return lambda witness: witness.counts.get(word, 0) > 0


def _ended(witness: Witness) -> bool:
    return _said("ended")(witness) or _said("closed")(witness)


def _booted_again(witness: Witness) -> bool:
    """The first boot is the rig's own."""
    return len(witness.boots) > 1


def _was_new(witness: Witness) -> bool:
    return len({boot.incarnation for boot in witness.boots}) > 1


def _lost_some(witness: Witness) -> bool:
    return any((witness.truth.declared or {}).values())


def _deaf_ms(contract: Contract) -> int:
    return contract.heartbeat_ms + (PROBES_ANSWERS + 1) * contract.timing.answer_timeout_ms


def _tried_ms(contract: Contract) -> int:
    """A connect comes within the spread, and a second one within the first back-off."""
    return contract.fleet.recovery_ms // 2 + contract.timing.connect_timeout_ms


LEAST_MS: Final[Mapping[str, Callable[[Contract], int]]] = {"online-but-deaf": _deaf_ms, "lying-network": _tried_ms}
"""A plan's times are scaled to the run's seconds, a board's waits are not."""
ENDED: Final = "a session of it ended"
BOOTED: Final = "it booted again"
_DAYS: Final[Sequence[DeskDay]] = (
    DeskDay("drop-mid-publish", (Kind.PUBLISH_CUT,), ENDED, _ended),
    DeskDay("slow-backend", (Kind.DATABASE_SLOW, Kind.COMMIT_UNKNOWN), ENDED, _ended),
    DeskDay("rate-limited", (Kind.DATABASE_AWAY,), "it was told to wait", _said("busy")),
    DeskDay("online-but-deaf", (Kind.DEAF,), "it closed a session that did not answer", _said("closed")),
    DeskDay("lying-network", (Kind.PORTAL,), "a connect failed", _said("failed")),
    DeskDay("mixed-fleet", (Kind.UPGRADE,), BOOTED, _booted_again),
    DeskDay("regional-power-cut", (Kind.REGION,), BOOTED, _booted_again),
    DeskDay("week-offline", (Kind.PARTITION,), "it lost and declared any record", _lost_some),
    DeskDay("erased-counter", (Kind.ERASE,), "it began a new incarnation", _was_new),
    DeskDay("born-in-1970", (Kind.DEAD_CLOCK,), BOOTED, _booted_again),
    DeskDay("offline-toggle", (Kind.WISH,), ENDED, _ended),
    DeskDay("raw-counts", (Kind.CORRECTION,), ENDED, _ended),
    DeskDay("partial-outage", (Kind.BROKER_DOWN,), ENDED, _ended),
    DeskDay("wearing-out", (Kind.FLASH_CUT, Kind.ROT), BOOTED, _booted_again),
)
ON_DESK: Final[Mapping[str, DeskDay]] = {day.name: day for day in _DAYS}
"""By name: every day of the rig but those of NOT_ON_DESK."""
NOT_ON_DESK: Final[Mapping[str, str]] = {
    "two-day-fiction": "two days of silence cannot be compressed, and nobody reads what is shown meanwhile: seamline rig run",
}
