"""The fleet as the API last saw it: refreshed from the database by what changed, never more often than once a second.

Every reader shares one refresh. Each entry remembers at which refresh it last changed, so an event stream needs no queue:
its cursor is a number, and a slow reader simply finds more rows behind it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from seamline.hub.api.claims import Claim, FleetRecord, claim
from seamline.hub.api.fleet_models import Books, FleetRow, Presence, Rates, Summary
from seamline.hub.api.queries import Database, first, rows, tuples
from seamline.hub.api.troubles import lasting
from seamline.hub.hearing import Hearing, read
from seamline.hub.presence import Outage
from seamline.hub.store import PostgresStore

REFRESH_MS: Final = 1_000
"""Readers within this time share a view."""
OVERLAP_MS: Final = 10_000
"""Look back this far for changes: a transaction's timestamps are older than its commit (commit budget 4 s, doubled)."""
FULL_MS: Final = 60_000
"""Read everything anew this often, for changes that carry no time."""
RATE_WINDOW_MS: Final = 10_000
"""Rates are taken over about this long."""


@dataclass(frozen=True, slots=True)
class _No:
    no: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A query's single value."""

    value: str | int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A device's record with the claim about it, and the refresh at which either last changed."""

    record: FleetRecord
    claim: Claim
    changed: int

    def row(self) -> FleetRow:
        """Return what the API says of it."""
        it = self.record
        return FleetRow.model_construct(
            id=it.id, product=it.product, contract=it.contract, firmware=it.firmware, presence=self.claim.presence,
            why=self.claim.why, since_ms=self.claim.since_ms,
            last_heard_ms=it.last_heard_ms, last_answered_ms=it.last_answered_ms, publish_every_ms=it.publish_every_ms,
            presumed_lost_after_ms=it.presumed_lost_after_ms, numbered=it.numbered, stored=it.stored,
            quarantined=it.quarantined, declined=it.declined, lost=it.lost, owed=it.owed,
            owed_since_ms=it.owed_since_ms, duplicates=it.duplicates,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sample:
    at_ms: int
    stored: int
    duplicates: int
    heard: int


class FleetFeed:
    """The shared view. `refresh` before reading; the rest is in memory."""

    def __init__(self, database: Database, now_ms: Callable[[], int], hearing: Hearing | None = None) -> None:
        """Start empty: the first `refresh` reads everything. `hearing` knows what the hub itself could not hear or store."""
        self._database: Final = database
        self._now_ms: Final = now_ms
        self._hearing: Final = hearing
        self._outage: Outage | None = None
        self._lock: Final = asyncio.Lock()
        self._entries: dict[int, Entry] = {}
        self._epoch: str = secrets.token_hex(4)
        self._turn: int = 0
        self._full_ms: int | None = None
        self._samples: Final[deque[_Sample]] = deque(maxlen=RATE_WINDOW_MS // REFRESH_MS + 1)
        self.now_ms: int = 0
        self.summary: Summary = _empty()

    @property
    def entries(self) -> Iterable[Entry]:
        """Every device, in the order of registration."""
        return self._entries.values()

    @property
    def cursor(self) -> str:
        """Where a stream stands that has seen everything so far."""
        return f"{self._epoch}-{self._turn}"

    def find(self, no: int) -> Entry | None:
        """Return one device's entry."""
        return self._entries.get(no)

    def since(self, cursor: str | None) -> list[FleetRow] | None:
        """Return the rows changed after `cursor`, or None when it is not of this view: then read everything anew."""
        epoch, _, turn = (cursor or "").partition("-")
        if epoch != self._epoch or not (turn.isascii() and turn.isdigit()) or int(turn) > self._turn:
            return None
        return [entry.row() for entry in self._entries.values() if entry.changed > int(turn)]

    async def refresh(self, within_ms: int = REFRESH_MS) -> None:
        """Bring the view up to date unless it is younger than `within_ms`; raises what the database raises."""
        async with self._lock:
            now = self._now_ms()
            if self._full_ms is None or not 0 <= now - self.now_ms < within_ms:
                await self._read(now)

    async def _read(self, now: int) -> None:
        full = self._full_ms is None or not 0 <= now - self._full_ms < FULL_MS
        since = None if full else datetime.fromtimestamp((self.now_ms - OVERLAP_MS) / 1000, UTC)
        async with self._database.reading() as connection:
            changed: list[int] = []
            if since is not None:
                changed = [row.no for row in await rows(connection, "fleet_changed", {"since": since}, _No)]
            found: list[FleetRecord] = []
            if full or changed:
                wanted = {"since": since, "changed": changed}
                found = [FleetRecord._make(row) for row in await tuples(connection, "fleet", wanted)]
            generation = await first(connection, "generation", None, Scalar)
            refused = await first(connection, "refused_total", None, Scalar)
            known = None if self._hearing is None else await read(PostgresStore(connection, "hearing"))
        standing = None if self._hearing is None else await self._hearing.look(known)
        self._take(found, now, None if standing is None else standing.outage, full=full)
        told = self._sum(now, None if generation is None else str(generation.value), int((refused and refused.value) or 0))
        self.summary = told.model_copy(update={"troubles": lasting(standing, now)})

    def _take(self, found: list[FleetRecord], now: int, outage: Outage | None, *, full: bool) -> None:
        """Merge what was read, and claim anew where a claim's time has come; everywhere when what the hub could hear changed."""
        turn = self._turn + 1
        anew, self._outage = outage != self._outage, outage
        if full and self._entries.keys() - {record.no for record in found}:
            self._entries, self._epoch = {}, secrets.token_hex(4)
        for record in found:
            before = self._entries.get(record.no)
            if before is None or before.record != record:
                self._entries[record.no] = Entry(record, claim(record, now, outage), turn)
        for no, entry in self._entries.items():
            due = entry.claim.next_ms
            if anew or (due is not None and now >= due):
                claimed = claim(entry.record, now, outage)
                if claimed != entry.claim:
                    self._entries[no] = Entry(entry.record, claimed, turn)
        self._turn, self.now_ms = turn, now
        if full:
            self._full_ms = now

    def _sum(self, now: int, generation: str | None, refused: int) -> Summary:
        records = [entry.record for entry in self._entries.values()]
        counts = cast("list[tuple[int, ...]]", list(zip(*(it.counts for it in records), strict=True)))
        numbered, stored, quarantined, declined, lost, owed, duplicates = map(sum, counts or [()] * 7)
        books = Books(
            numbered=numbered,
            stored=stored,
            quarantined=quarantined,
            declined=declined,
            lost=lost,
            owed=owed,
            duplicates=duplicates,
            owed_since_ms=min((it.owed_since_ms for it in records if it.owed_since_ms is not None), default=None),
            balanced=not counts or min(counts[5]) >= 0,
        )
        heard = sum(1 for it in records if it.last_heard_ms is not None and it.last_heard_ms >= now - RATE_WINDOW_MS)
        self._samples.append(_Sample(now, books.stored, books.duplicates, heard))
        presence = Counter(entry.claim.presence.value for entry in self._entries.values())
        return Summary(
            now_ms=now,
            generation=generation,
            devices=len(records),
            by_presence={state.value: presence.get(state.value, 0) for state in Presence},
            by_contract=dict(Counter(it.contract or "unknown" for it in records).most_common()),
            books=books,
            rates=self._rates(),
            refused=refused,
        )

    def _rates(self) -> Rates | None:
        """Compare the newest sample with the oldest within three windows; None while there is only one."""
        last = self._samples[-1]
        old = next((it for it in self._samples if it.at_ms >= last.at_ms - 3 * RATE_WINDOW_MS), last)
        window = last.at_ms - old.at_ms
        if window < REFRESH_MS // 2:
            return None
        return Rates(
            window_ms=window,
            stored_per_s=round(max(0, last.stored - old.stored) * 1000 / window, 1),
            duplicates_per_s=round(max(0, last.duplicates - old.duplicates) * 1000 / window, 1),
            heard_per_s=round(last.heard * 1000 / RATE_WINDOW_MS, 1),
        )


def _empty() -> Summary:
    return Summary(now_ms=0, generation=None, devices=0, by_presence={}, by_contract={}, books=Books(), rates=None, refused=0)
