"""Holds each device that is told of as presumed lost against the time in which it could have been heard, and the hub to its own outages.

What a broker could not take the hub cannot hear: the plan says when. What has lain in the stream the hub has had time to read, or to
find that it is behind. A device may be silent as long as its contract allows, and time in which nothing could be heard is none of it,
whichever process of the hub lived then: the database says when the hub heard. The other way round, no time in which the hub was well is
one of its outages: it would excuse devices that are lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, cast

from seamline.hub.hearing import GRACE_MS
from seamline.hub.presence import State
from seamline.rig.world.clocks import WORLD_BEGAN_UNIX_MS
from seamline.rig.world.heap import MS
from seamline.rig.world.hub import Hub
from seamline.rig.world.plan import Fault, Kind
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_rows import EventRow

SLACK_MS: Final = 2_000
"""Rounding, and the time between a look and what is told by it."""
NOTICED_MS: Final = GRACE_MS + 10_000
"""After so long the hub knows that it does not hear or store: a busy moment is none, and it looks every few seconds."""
EXCUSED_MS: Final = 15_000
"""So much of an outage the hub may have been well: what is known of its end is as old as the last look, and a look is late at most once."""
STRETCHES: Final = 4
DOWN: Final = frozenset({Kind.BROKER_DOWN, Kind.STREAM_LOST, Kind.TAIL_LOST})
NEVER_US: Final = -(1 << 62)


def unheard(faults: Sequence[Fault]) -> list[tuple[int, int]]:
    """When the broker takes nothing for so long that the hub notices, by a plan's faults: from and until, in ms, in their order."""
    found: list[tuple[int, int]] = []
    full = (one for one in faults if one.kind is Kind.DISK_FULL and one.numbers["whose"])
    for fault in sorted([*full, *(one for one in faults if one.kind in DOWN)], key=_when):
        from_ms, until_ms = fault.at_ms, fault.at_ms + fault.lasts_ms
        if found and from_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until_ms))
        else:
            found.append((from_ms, until_ms))
    return [(from_ms, until_ms) for from_ms, until_ms in found if until_ms - from_ms > NOTICED_MS]


class BlameAudit:
    """The events of one world's hub that say that a device has been silent for too long."""

    def __init__(self, hub: Hub) -> None:
        self._hub: Final = hub
        self.unheard: Sequence[tuple[int, int]] = ()
        """See `unheard`."""
        self._well: Final[deque[tuple[int, int]]] = deque(maxlen=STRETCHES)
        """The latest times in which the hub was well at every look: from and until, in ms."""
        self._is_well = False

    def restored(self) -> None:
        """The database is what it was earlier: it knows nothing of when the hub heard since."""
        self._well.clear()
        self._is_well = False

    def look(self, now_ms: int, *, is_well: bool) -> None:
        """Hold the hub's outages against when it was well, as it is now. Raises BrokenPromise."""
        if is_well:
            from_ms = self._well.pop()[0] if self._is_well else now_ms
            self._well.append((from_ms, now_ms))
        self._is_well = is_well
        outage = self._hub.background.outage
        while outage is not None:
            out_ms = outage.from_ms - WORLD_BEGAN_UNIX_MS
            back_ms = now_ms if outage.until_ms is None else outage.until_ms - WORLD_BEGAN_UNIX_MS
            for from_ms, until_ms in self._well:
                if min(until_ms, back_ms) - max(from_ms, out_ms) > EXCUSED_MS:
                    said = f"the hub says it could not hear from {out_ms} ms to {back_ms} ms, and was well from {from_ms} ms to {until_ms} ms"
                    raise BrokenPromise("unblamed", said)
            outage = outage.earlier

    def heard(self, event: EventRow, sure_us: Mapping[int, int]) -> None:
        """An event that was told. `sure_us`: when the last word of each device came that the stream has. Raises BrokenPromise."""
        if event.kind != State.PRESUMED_LOST or event.device_no is None:
            return
        index = self._hub.index[self._hub.database.tables.device_ids.rows[event.device_no]]
        at_ms = event.at // MS - WORLD_BEGAN_UNIX_MS
        word_ms = cast("Mapping[str, int]", event.detail)["heard_ms"] - WORLD_BEGAN_UNIX_MS
        sure_ms = sure_us.get(index, NEVER_US) // MS
        self._told(event.device_no, index, max(word_ms, sure_ms) if sure_ms < at_ms - NOTICED_MS else word_ms, at_ms)

    def _told(self, number: int, index: int, word_ms: int, at_ms: int) -> None:
        """A device was told of; its last word came at `word_ms`, the hub judged at `at_ms`."""
        row = self._hub.database.tables.presence.rows[number]
        silent_ms = (row["publish_every_ms"] or 0) + (row["answer_timeout_ms"] or 0)
        bound_ms = max(silent_ms, row["presumed_lost_after_ms"] or 0)
        known_ms = at_ms - NOTICED_MS  # what began later the hub may not have noticed yet
        spans = [(from_ms, until_ms) for from_ms, until_ms in self.unheard if from_ms < known_ms and until_ms > word_ms]
        missed_ms = sum(min(at_ms, until_ms) - max(word_ms, from_ms) for from_ms, until_ms in spans)
        if at_ms - word_ms - missed_ms + SLACK_MS < bound_ms:
            silent = f"{at_ms - word_ms} ms after its last word, of which the broker took nothing for {missed_ms} ms"
            raise BrokenPromise("unblamed", f"is told of as presumed lost {silent}; the bound is {bound_ms} ms", index)


def _when(fault: Fault) -> int:
    return fault.at_ms
