"""A partition's batches on a store, in their order: committed, then answered; halved when they cannot be stored as they are.

No mark is sent before its commit. A batch that the database is away for raises and is taken again by whoever drives this; one
whose own fault it is is halved until the message that cannot be stored is alone, and that one goes to quarantine. Nothing here
waits but for the store: `partition` drives it with an event loop, the rig in virtual time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeAlias

from seamline.hub.events import event
from seamline.hub.ingest import work
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.poison import isolate
from seamline.hub.ingest.reader import Batch, Position
from seamline.hub.ingest.sessions import Told
from seamline.hub.store import unavailable
from seamline.hub.store_port import FencedError, Store

log: Final = logging.getLogger(__name__)

COUNT_EVERY_MS: Final = 10_000

Say: TypeAlias = Callable[[Iterator[tuple[str, bytes]]], None]
"""Sends downlinks: (subject, payload)."""
Holds: TypeAlias = Callable[[int, int], Awaitable[bool]]
"""Whether the stream's message of a sequence is the one that it took at that time (Unix ns), or was let go for its age."""


class Commits:
    """One partition's place, memory and work. `parts` is None while there is no store; `halved` says why a batch last was."""

    def __init__(self, partition: int, catalogue: Catalogue, told: Told, now_ms: Callable[[], int], meter: Meter) -> None:
        self.position = Position()
        self.parts: work.Parts | None = None
        self.halved: Exception | None = None
        self._partition: Final = partition
        self._catalogue: Final = catalogue
        self._told: Final = told
        self._now_ms: Final = now_ms
        self._meter: Final = meter
        self._counted_ms = 0
        self._known = Position()  # the place as the database has it

    def begin(self, store: Store) -> work.Parts:
        """Work on this store with nothing in memory: everything is read anew."""
        self.parts = work.Parts(store, self._catalogue, Memory(), self._told)
        return self.parts

    async def end(self) -> None:
        """Let go of memory and store."""
        parts, self.parts = self.parts, None
        if parts is not None:
            await parts.store.close()

    async def attach(self, store: Store, end: Position, holds: Holds) -> Position:
        """The committed place in the stream that ends there; another stream begins at its start.

        A broker whose machine lost its power may have lost what was not on its disk yet, and numbers what comes since as it had
        numbered that. Where it began anew nobody knows, so the whole stream is read again: the ledger knows what it has.
        """
        rows = await store.all("position", {"partition": self._partition})
        self._known = known = Position(str(rows[0][0]), int(rows[0][1])) if rows else Position()
        stored_ns = None if not rows or rows[0][2] is None else int(rows[0][2])
        lost = known.created == end.created and end.seq < known.seq
        if known.created == end.created and not lost and stored_ns is not None:
            lost = not await holds(known.seq, stored_ns)
        self.position = Position(end.created, known.seq if known.created == end.created and not lost else 0)
        if lost:
            log.warning("partition %d: the stream lost its end, with %d: read anew", self._partition, known.seq)
        return self.position

    async def begin_at(self, store: Store, acknowledged: int) -> None:
        """Have the attached place in the database, and learn the generation.

        A database that knows less of the stream than was acknowledged from it was restored, and gets a new one.
        """
        known = self._known.seq if self._known.created == self.position.created else 0
        if acknowledged > known:
            await self._restored(store, acknowledged, known)
            log.warning("partition %d: the database was restored: replaying from %d", self._partition, self.position.seq)
        if self.position != self._known:
            place = {"partition": self._partition, "stream": self.position.created, "seq": self.position.seq}
            await store.run("start_position", place)
            self._known = self.position
        self._told.generation = int((await store.all("generation"))[0][0])

    async def count(self, store: Store) -> None:
        """Know about how many devices there are: the reconnect spread follows from it."""
        if self._now_ms() - self._counted_ms > COUNT_EVERY_MS:
            self._counted_ms = self._now_ms()
            self._told.fleet_devices = int((await store.all("devices_total"))[0][0])

    async def take(self, parts: work.Parts, batch: Batch, say: Say) -> None:
        """Commit a batch and say what it has to say, halving it when it cannot be stored as it is.

        Raises FencedError, and what `unavailable` knows; then what was not committed is to be taken again.
        """
        try:
            messages = await self.commit(parts, batch)
        except FencedError:
            raise
        except Exception as error:
            if unavailable(error):
                raise
            log.exception("partition %d: %d messages cannot be stored together", self._partition, len(batch))
            self.halved = error
            await self._halves(self.begin(parts.store), batch, say, error)
        else:
            say(messages)
            if parts.memory.full:
                self.begin(parts.store)

    async def commit(self, parts: work.Parts, batch: Batch) -> Iterator[tuple[str, bytes]]:
        """Commit a batch as it is, in one transaction; returns what it has to say."""
        with self._meter.time("judge"):
            judged = judge(batch, parts.memory.fleet, self._catalogue)
        with self._meter.time("commit"):
            answers = await work.commit(parts, judged, self.place(batch), self._now_ms())
        self.committed(batch)
        return answers.messages(parts.memory, self._now_ms())

    def place(self, batch: Batch) -> work.Place:
        """Where the partition is, and where this batch takes it."""
        return work.Place(self._partition, self.position, batch.seqs[-1], batch.stored_ns[-1])

    def committed(self, batch: Batch) -> None:
        """The batch is committed, and the place behind it."""
        self.position = Position(self.position.created, batch.seqs[-1])
        self._meter.messages += len(batch)
        self._meter.batches += 1

    async def flush(self, parts: work.Parts) -> None:
        """Write what was heard and not written yet."""
        now_ms = self._now_ms()
        if parts.memory.fleet.dirty.any() or parts.memory.clocks.dirty.any():
            async with parts.store.transaction():
                await parts.devices.flush()
                await parts.clocks.flush(now_ms)

    async def _restored(self, store: Store, acknowledged: int, known: int) -> None:
        """A new generation, which every device is told."""
        detail = {"partition": self._partition, "acknowledged": acknowledged, "committed": known}
        async with store.transaction():
            await store.run("next_generation")
            await store.run("next_wishes")
            await store.run("raise_wishes")
            families = self._catalogue.families
            product = families[0].product if families else None
            restored = event(
                self._catalogue,
                at_ms=self._now_ms(),
                device=None,
                product=product,
                kind="generation",
                detail=detail,
                boundary="hub",
            )
            await store.write("add_events", [restored])

    async def _halves(self, parts: work.Parts, batch: Batch, say: Say, error: Exception) -> None:
        """Find the message that cannot be stored; everything before and behind it is."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self.take(parts, batch.part(0, middle), say)
            await self.take(self.parts or parts, batch.part(middle, len(batch)), say)
            return
        answers = await isolate(parts, batch, self.place(batch), self._now_ms(), repr(error))
        self.committed(batch)
        say(answers.messages(parts.memory, self._now_ms()))
        self.begin(parts.store)
