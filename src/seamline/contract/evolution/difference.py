"""What a difference between two versions of a contract is: its category, verdict, direction, and whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from seamline.contract.problems import Span


class Category(Enum):
    """What of the seam a difference touches."""

    WIRE = "wire"
    """Ids, layouts, field order, widths, byte order, encoding: the bytes."""
    MEANING = "meaning"
    """Units, scales, calibrations, enum members, ranges, clocks, fault codes: what the bytes say."""
    BEHAVIOUR = "behaviour"
    """Timing, service, buffer, retries, twin rules, power, update: what either side does and may expect."""
    SOURCE = "source"
    """Names and texts of generated code and documents: what people and compilers read."""


class Direction(Enum):
    """Which pair meets at the seam while firmware and cloud are of different versions."""

    OLD_FIRMWARE = "old firmware with new cloud"
    NEW_FIRMWARE = "new firmware with old cloud"
    BOTH = "both ways"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two versions.

    `path` is where the file says it (`messages.reading.fields.room.scale`), `old` and `new` what it says there, None where it says
    nothing. `firmware` holds the versions concerned, `code` the rule that a breaking one offends when there is one of its own,
    `place` where it stands in the newer file, or in the older one when it is gone.
    """

    category: Category
    breaking: bool
    direction: Direction
    firmware: tuple[str, ...]
    path: str
    old: str | None
    new: str | None
    reason: str
    code: str | None = None
    place: Span | None = None

    def __str__(self) -> str:
        word = "breaking" if self.breaking else "compatible"
        return f"{self.path}: {said(self.old, self.new)} ({self.category.value}, {word}: {self.reason})"


def said(old: str | None, new: str | None) -> str:
    """Return a change in words: `2 s → 3 s`, `added 3 s`, `removed 2 s`."""
    if old is None:
        return f"added {new}"
    return f"removed {old}" if new is None else f"{old} → {new}"
