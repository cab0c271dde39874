"""One partition, for as long as the hub runs: read, commit, acknowledge, answer; and what to do when something is away.

What is done with batches is in `commits`; this drives it, with broker, database and event loop. Nothing is acknowledged, and no
mark is sent, before its commit; while the database is away the batch in hand waits, and devices are told to. One process at a
time works on a partition (an advisory lock), and should two believe to, the place in the stream fences the second.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import psycopg

from seamline.hub.ingest import work
from seamline.hub.ingest.busy import Busy
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.commits import Commits
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.nats import Connection, JetStreamError, NatsError, connect
from seamline.hub.ingest.reader import STREAM_BYTES, Batch, Limits, Reader, ensure_stream, holds
from seamline.hub.ingest.sessions import Told
from seamline.hub.store import PostgresStore, connect as connect_database, unavailable
from seamline.hub.store_port import FencedError, Store

log: Final = logging.getLogger(__name__)

LEASE: Final = 0x5EA4
"""First key of the lease; the second is the partition."""
IDLE_S: Final = 0.5
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
        self.commits: Final = Commits(config.partition, catalogue, told, now_ms, self.meter)
        self.reading = False
        """Whether it reads the stream from the committed place."""
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
        await self.commits.end()

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
                await self.commits.end()  # with its lease, or the next connection would wait for it for ever
                reader = self._let_go(reader)
            except (psycopg.Error, OSError) as error:
                if isinstance(error, NatsError) or not unavailable(error):
                    raise
                log.warning("partition %d: database: %s", self.config.partition, str(error).strip())
                await self.commits.end()
                self._tell_busy(busy)
                wait_s = await self._pause(wait_s, connection)

    async def _attach(self, connection: Connection, store: Store) -> Reader:
        """Read on from the committed place; notice a database that was restored."""
        end = await ensure_stream(connection, self.config.partitions, self.config.stream_bytes)
        position = await self.commits.attach(store, end, partial(holds, connection))
        reader = Reader(connection, self.config.partition, self.config.limits)
        await self.commits.begin_at(store, await reader.attach(position))
        self.reading = True
        return reader

    async def _step(self, parts: work.Parts, reader: Reader, busy: Busy) -> None:
        """One batch, or one idle moment."""
        await self.commits.count(parts.store)
        batch = self._pending if self._pending is not None else await reader.next(IDLE_S)
        if not len(batch):
            busy.end()
            await self.commits.flush(parts)
            return
        self._pending = batch
        slow = asyncio.get_running_loop().call_later(SLOW_S, self._tell_busy, busy)
        try:
            await self.commits.take(parts, batch, reader.connection.publish)
        finally:
            slow.cancel()
        reader.acknowledge(batch)
        self._pending = None
        self._mind_lag(batch, busy)

    async def _database(self) -> work.Parts:
        """The database, connected and with this partition's lease held. Raises psycopg.Error."""
        if self.commits.parts is not None:
            return self.commits.parts
        store = PostgresStore(await connect_database(self.config.dsn, f"ingest {self.config.partition}"))
        try:
            while not self._stop.is_set() and not await store.lease(LEASE, self.config.partition):
                await self._pause(1.0)
        except BaseException:
            await store.close()
            raise
        return self.commits.begin(store)

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
