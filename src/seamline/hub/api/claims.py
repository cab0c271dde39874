"""What is claimed about a device's presence, from its fleet record (a translation to `seamline.hub.presence`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple, cast

from seamline.hub.presence import Heard, Outage, State, Timing, assess_through


class FleetRecord(NamedTuple):
    """One row of `api_fleet.sql`, in its order: device, presence facts and books. Times are Unix ms.

    A tuple, because ten thousand of them are read at once: a dataclass takes four times as long.
    """

    no: int
    id: str
    product: str | None
    contract: str | None
    firmware: str | None
    state: str
    last_heard_ms: int | None
    last_answered_ms: int | None
    born_ms: int | None
    died_ms: int | None
    unanswered: int
    last_end: str | None
    publish_every_ms: int | None
    answer_timeout_ms: int | None
    presumed_lost_after_ms: int | None
    numbered: int
    stored: int
    quarantined: int
    declined: int
    lost: int
    duplicates: int
    owed_since_ms: int | None

    @property
    def owed(self) -> int:
        """Records numbered and in no other class yet."""
        return self.numbered - self.stored - self.quarantined - self.declined - self.lost

    @property
    def counts(self) -> tuple[int, int, int, int, int, int, int]:
        """Numbered, stored, quarantined, declined, lost, owed, duplicates."""
        return (self.numbered, self.stored, self.quarantined, self.declined, self.lost, self.owed, self.duplicates)


class Claim(NamedTuple):
    """A presence state, why, since when (Unix ms), and when it changes by time alone (Unix ms, None: it does not)."""

    presence: State
    why: str
    since_ms: int | None
    next_ms: int | None


UNKNOWN_TIMING: Final = Timing(publish_every_ms=60_000, answer_timeout_ms=12_000, presumed_lost_after_ms=180_000)
"""Assumed while no contract of the device is known: the example contract's numbers."""

# Reasons without ages: a page shows the age itself, ticking. The other states' reasons are facts that do not age.
_AGELESS: Final = {
    State.ONLINE: "heard, and it hears us",
    State.SILENT: "a publish is overdue",
}


def claim(record: FleetRecord, now_ms: int, outage: Outage | None = None) -> Claim:
    """Return what is claimed about a device at `now_ms`; `outage` is the hub's own, if it had one."""
    waits = timing(record.publish_every_ms, record.answer_timeout_ms, record.presumed_lost_after_ms)
    found = assess_through(_heard(record), now_ms, waits, outage)
    since_ms = None if found.for_ms is None else now_ms - found.for_ms
    why = _AGELESS.get(found.state, found.why)
    if found.state is State.PRESUMED_LOST:
        why = f"no word for {waits.presumed_lost_after_ms // max(1, waits.publish_every_ms)} publishes, and its connection was not seen to end"
    return Claim(found.state, why, since_ms, found.next_ms)


@lru_cache(maxsize=64)
def timing(publish_every_ms: int | None, answer_timeout_ms: int | None, presumed_lost_after_ms: int | None) -> Timing:
    """Return a device's own waits, or those assumed while its contract is unknown."""
    if publish_every_ms is None or presumed_lost_after_ms is None:
        return UNKNOWN_TIMING
    return Timing(publish_every_ms, answer_timeout_ms or UNKNOWN_TIMING.answer_timeout_ms, presumed_lost_after_ms)


def _heard(record: FleetRecord) -> Heard | None:
    if record.last_heard_ms is None:
        return None
    born = record if record.born_ms is not None else record._replace(born_ms=record.last_heard_ms)
    return cast("Heard", cast("object", born))
