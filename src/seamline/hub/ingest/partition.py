"""One partition, for as long as the hub runs: read, commit, acknowledge, answer; and what to do when something is away.

Nothing is acknowledged, and no mark is sent, before its commit. A batch that cannot be committed stays in hand: while the
database is away it waits (and devices are told to); when it is the batch's fault it is halved until the message that cannot be
stored is alone, and that one goes to quarantine. One process at a time works on a partition (an advisory lock), and should
two believe to, the place in the stream fences the second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import psycopg

from seamline.hub.ingest import work
from seamline.hub.ingest.answers import Answers
from seamline.hub.ingest.busy import Busy
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.nats import Connection, JetStreamError, NatsError, connect
from seamline.hub.ingest.poison import isolate
from seamline.hub.ingest.reader import STREAM_BYTES, Batch, Limits, Position, Reader, ensure_stream
from seamline.hub.ingest.sessions import Told
from seamline.hub.store import FencedError, Store, connect as connect_database, unavailable

log: Final = logging.getLogger(__name__)

LEASE: Final = 0x5EA4
"""First key of pg_advisory_lock; the second is the partition."""
IDLE_S: Final = 0.5
COUNT_EVERY_MS: Final = 10_000
BACKOFF_S_MIN: Final = 0.1
BACKOFF_S_MAX: Final = 5.0
SLOW_S: Final = 2.0
"""A commit that takes longer has devices told to wait: half the commit budget of the example contract."""
LAG_S: Final = 5.0
"""So far behind the stream that a birth would wait longer than a device does."""


@dataclass(frozen=True, slots=True)
class Config:
    """Where a partition works."""

    nats_url: str
    dsn: str
    partition: int
    partitions: int
    limits: Limits = field(default_factory=Limits)
    stream_bytes: int = STREAM_BYTES


class Partition:
    """Runs one partition; `run` until `stop` is set."""

    def __init__(self, config: Config, catalogue: Catalogue, told: Told, now_ms: Callable[[], int]) -> None:
        self.config: Final = config
        self.meter: Final = Meter()
        self._catalogue: Final = catalogue
        self._told: Final = told
        self._now_ms: Final = now_ms
        self._parts: work.Parts | None = None
        self._counted_ms = 0
        self.reading = False
        """Whether it reads the stream from the committed place."""
        self._position = Position()
        self._pending: Batch | None = None
        self._stop: Final = asyncio.Event()
        self._jitter: Final = random.Random()  # noqa: S311 - spreads reconnects, keeps no secrets

    def stop(self) -> None:
        """Finish the batch in hand, then end."""
        self._stop.set()

    async def run(self) -> None:
        """Work until stopped; broker and database may come and go."""
        wait_s = BACKOFF_S_MIN
        while not self._stop.is_set():
            started_s = time.monotonic()
            try:
                connection = await connect(self.config.nats_url, f"seamline ingest {self.config.partition}")
                try:
                    await self._with_broker(connection)
                finally:
                    connection.close()
            except (NatsError, JetStreamError) as error:
                log.warning("partition %d: %s", self.config.partition, error)
                if time.monotonic() - started_s > BACKOFF_S_MAX:  # it did work for a while
                    wait_s = BACKOFF_S_MIN
                wait_s = await self._pause(wait_s)
        await self._drop_database()

    async def _with_broker(self, connection: Connection) -> None:
        """Work while the broker is there. What is in hand is read again by the next connection, from the committed place."""
        self.reading = False
        busy = Busy(connection, self.config.partition, self.config.partitions)
        reader: Reader | None = None
        wait_s = BACKOFF_S_MIN
        self._pending = None
        while not self._stop.is_set():
            try:
                parts = await self._database()
                if reader is None:
                    reader = await self._attach(connection, parts.store)
                await self._step(parts, reader, busy)
                wait_s = BACKOFF_S_MIN
            except FencedError as error:
                log.warning("partition %d: %s; reading anew", self.config.partition, error)
                await self._drop_database()  # with its lease, or the next connection would wait for it for ever
                reader = self._let_go(reader)
            except (psycopg.Error, OSError) as error:
                if isinstance(error, NatsError) or not unavailable(error):
                    raise
                log.warning("partition %d: database: %s", self.config.partition, str(error).strip())
                await self._drop_database()
                self._tell_busy(busy)
                wait_s = await self._pause(wait_s, connection)

    async def _attach(self, connection: Connection, store: Store) -> Reader:
        """Read on from the committed place; notice a database that was restored."""
        created = await ensure_stream(connection, self.config.partitions, self.config.stream_bytes)
        self._position = await self._committed(store, created)
        reader = Reader(connection, self.config.partition, self.config.limits)
        acknowledged = await reader.attach(self._position)
        if acknowledged > self._position.seq:
            await self._restored(store, acknowledged)
            log.warning("partition %d: the database was restored: replaying from %d", self.config.partition, self._position.seq)
        self._told.generation = int((await store.all("generation"))[0][0])
        self.reading = True
        return reader

    async def _restored(self, store: Store, acknowledged: int) -> None:
        """The database knows less than was acknowledged from it: a new generation, which every device is told."""
        detail = {"partition": self.config.partition, "acknowledged": acknowledged, "committed": self._position.seq}
        async with store.transaction():
            await store.run("next_generation")
            families = self._catalogue.families
            boundary = self._catalogue.boundary(families[0].product, "hub") if families else None
            event = {"at_ms": self._now_ms(), "kind": "generation", "detail": detail}
            owner = {} if boundary is None else {"boundary": boundary.name, "owner": boundary.owner, "contact": boundary.contact}
            await store.write("add_events", [{**event, **owner}])

    async def _committed(self, store: Store, created: str) -> Position:
        """The place in this stream; another stream begins at its start."""
        rows = await store.all("position", {"partition": self.config.partition})
        if rows and rows[0][0] == created:
            return Position(created, int(rows[0][1]))
        await store.run("start_position", {"partition": self.config.partition, "stream": created, "seq": 0})
        return Position(created, 0)

    async def _step(self, parts: work.Parts, reader: Reader, busy: Busy) -> None:
        """One batch, or one idle moment."""
        await self._count(parts.store)
        batch = self._pending if self._pending is not None else await reader.next(IDLE_S)
        if not len(batch):
            busy.end()
            await self._idle(parts)
            return
        self._pending = batch
        slow = asyncio.get_running_loop().call_later(SLOW_S, self._tell_busy, busy)
        try:
            await self._store(parts, batch, reader.connection)
        finally:
            slow.cancel()
        reader.acknowledge(batch)
        self._pending = None
        self._mind_lag(batch, busy)

    async def _count(self, store: Store) -> None:
        """Know about how many devices there are: the reconnect spread follows from it."""
        if self._now_ms() - self._counted_ms > COUNT_EVERY_MS:
            self._counted_ms = self._now_ms()
            self._told.fleet_devices = int((await store.all("devices_total"))[0][0])

    async def _store(self, parts: work.Parts, batch: Batch, connection: Connection) -> None:
        """Commit a batch, halving it when it cannot be stored as it is."""
        try:
            answers = await self._commit(parts, batch)
        except (FencedError, NatsError):
            raise
        except Exception as error:
            if unavailable(error):
                raise
            log.exception("partition %d: %d messages cannot be stored together", self.config.partition, len(batch))
            await self._halves(self._fresh(parts.store), batch, connection, error)
        else:
            connection.publish(answers.messages(parts.memory, self._now_ms()))
            if parts.memory.full:
                self._fresh(parts.store)

    async def _halves(self, parts: work.Parts, batch: Batch, connection: Connection, error: Exception) -> None:
        """Find the message that cannot be stored; everything before and behind it is."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._store(parts, batch.part(0, middle), connection)
            await self._store(self._parts or parts, batch.part(middle, len(batch)), connection)
            return
        answers = await isolate(parts, batch, self._place(batch), self._now_ms(), repr(error))
        self._committed_to(batch)
        connection.publish(answers.messages(parts.memory, self._now_ms()))
        self._fresh(parts.store)

    async def _commit(self, parts: work.Parts, batch: Batch) -> Answers:
        with self.meter.time("judge"):
            judged = judge(batch, parts.memory.fleet, self._catalogue)
        with self.meter.time("commit"):
            answers = await work.commit(parts, judged, self._place(batch), self._now_ms())
        self._committed_to(batch)
        self.meter.messages += len(batch)
        self.meter.batches += 1
        return answers

    def _place(self, batch: Batch) -> work.Place:
        return work.Place(self.config.partition, self._position, batch.seqs[-1])

    def _committed_to(self, batch: Batch) -> None:
        self._position = Position(self._position.created, batch.seqs[-1])

    async def _idle(self, parts: work.Parts) -> None:
        """Write what was heard and not written yet."""
        now_ms = self._now_ms()
        if parts.memory.fleet.dirty.any() or parts.memory.clocks.dirty.any():
            async with parts.store.transaction():
                await parts.devices.flush(now_ms)
                await parts.clocks.flush(now_ms)

    async def _database(self) -> work.Parts:
        """The database, connected and with this partition's lease held. Raises psycopg.Error."""
        if self._parts is not None:
            return self._parts
        connection = await connect_database(self.config.dsn, f"ingest {self.config.partition}")
        try:
            while not self._stop.is_set():
                cursor = await connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LEASE, self.config.partition))
                if (await cursor.fetchone()) == (True,):
                    break
                await self._pause(1.0)
        except BaseException:
            await connection.close()
            raise
        return self._fresh(Store(connection))

    def _fresh(self, store: Store) -> work.Parts:
        """Throw memory away: everything is read anew."""
        self._parts = work.Parts(store, self._catalogue, Memory(), self._told)
        return self._parts

    async def _drop_database(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await parts.store.connection.close()

    def _let_go(self, reader: Reader | None) -> None:
        """Give up what is in hand: the place says where to read on."""
        self._pending = None
        if reader is not None:
            reader.detach()

    def _mind_lag(self, batch: Batch, busy: Busy) -> None:
        """Tell devices to wait while we are far behind the stream, and no longer."""
        lag_s = time.time() - batch.stored_ns[-1] / 1e9
        if lag_s > LAG_S:
            busy.begin()
        elif lag_s < LAG_S / 2:
            busy.end()

    def _tell_busy(self, busy: Busy) -> None:
        """Answer the questions in hand, and those to come, with `busy`."""
        busy.begin()
        if self._pending is not None:
            asked = {subject.split(b".")[2] for subject in self._pending.subjects if subject.endswith((b".birth", b".probe"))}
            busy.tell(asked)

    async def _pause(self, wait_s: float, connection: Connection | None = None) -> float:
        """Wait with full jitter, not longer than until stopped or the broker is gone; returns the next wait's bound."""
        events = [self._stop] + ([connection.closed] if connection is not None else [])
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, timeout=self._jitter.uniform(wait_s / 2, wait_s), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if connection is not None and connection.closed.is_set():
            raise NatsError(f"the broker is away: {connection.last_error or 'connection closed'}")
        return min(BACKOFF_S_MAX, wait_s * 2)
