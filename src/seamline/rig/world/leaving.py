"""When the records of one boot leave: once they are due they go in a live session as soon as there is room, the urgent first.

The rules are those of docs/wire.md ("The order of a session", "Custody on the device"), worked out from what a device says and is
told. A frame that goes late is excused by what stood in its way: no answered session, a `busy`, or the places in flight all taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from seamline.device import Policy
from seamline.device.frame import HEADER_BYTES
from seamline.device.policy import LOSSES_CHANNEL
from seamline.rig.world.truth import Whose

OFFSET: Final = Struct("<I")
LATE_MS: Final = 250
"""The crystal's rounding, and readings that are handed over with the device's next step."""


class Sent(NamedTuple):
    """A data frame: records up to `end` of (incarnation, boot, channel), the first and the last measured at these uptimes of its boot."""

    whose: Whose
    end: int
    records: int
    first_ms: int
    last_ms: int


class Late(NamedTuple):
    """What a frame breaks."""

    promise: str
    what: str


class Leaving:
    """One boot's records on their way. Times are uptimes in ms."""

    __slots__ = ("_free_ms", "_least_urgent", "_live_ms", "_policy", "_room", "_under_way")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._room = max(1, policy.flight_frames - 1)
        self._live_ms = 0
        self._free_ms = 0
        """Since when nothing has stood in the way."""
        self._under_way: dict[Whose, set[int]] = {}
        """Where the frames end that are not accounted for. After a probe's answer some of them may not be any more: that excuses more."""
        self._least_urgent = -1
        """The lowest priority, as a number the highest, of what went in this session."""

    def answered(self, now_ms: int) -> None:
        """The session is live."""
        self._live_ms = now_ms
        self._free_ms = max(self._free_ms, now_ms)
        self._under_way.clear()
        self._least_urgent = -1

    def silent(self, until_ms: int) -> None:
        """It was told to wait."""
        self._free_ms = max(self._free_ms, until_ms)

    def accounted(self, now_ms: int, incarnation: int, marks: Sequence[Sequence[int]]) -> None:
        """Marks have come: perhaps there is room again."""
        if sum(map(len, self._under_way.values())) >= self._room:
            self._free_ms = max(self._free_ms, now_ms)
        for boot, number, following in marks:
            ends = self._under_way.get((incarnation, boot, number))
            if ends:
                ends.difference_update([end for end in ends if end <= following])

    def sends(self, now_ms: int, sent: Sent, *, is_own: bool, is_again: bool) -> Late | None:
        """A frame goes; what is wrong with that. `is_own`: of the boot that runs; `is_again`: it went in this session before."""
        number = sent.whose[2]
        self._under_way.setdefault(sent.whose, set()).add(sent.end)
        channel = self._policy.channels.get(number)
        if is_again or channel is None or number == LOSSES_CHANNEL:
            return None
        waited = not is_own or (sent.records >= channel.batch_max and sent.last_ms <= self._live_ms)
        if waited and channel.priority < self._least_urgent:
            return Late("urgent-first", f"a frame of channel {number} that waited for the session goes behind a less urgent one")
        self._least_urgent = max(self._least_urgent, channel.priority)
        late_ms = now_ms - max(sent.first_ms + channel.every_ms, self._free_ms)
        if is_own and late_ms > LATE_MS:
            return Late(
                "in-time", f"records of channel {number} leave {late_ms} ms after they were due, with nothing in their way"
            )
        return None


def last_ms(first_ms: int, payload: bytes, count: int, record_bytes: int) -> int:
    """The uptime of a frame's last record."""
    (offset_ms,) = OFFSET.unpack_from(payload, HEADER_BYTES + (count - 1) * record_bytes)
    return first_ms + int(offset_ms)
