"""The hub's ingest in this process, against a real broker and a real PostgreSQL, with a hand on every byte."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import struct
import time
from binascii import crc32
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import psycopg

from seamline.contract import LOSSES, load_family
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.nats import Connection, JetStreamError, connect
from seamline.hub.ingest.partition import Config, Partition
from seamline.hub.ingest.reader import Limits, consumers
from seamline.hub.ingest.sessions import Told
from seamline.hub.prepare import prepare
from seamline.hub.store import PostgresStore, connect as connect_database

WAIT_S = 20.0
SMALL = Limits(batch_messages=500, ahead_messages=1_000, linger_s=0.005)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def database(dsn: str, name: str) -> str:
    """The address of another database of the same server."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{name}", netloc=parts.netloc))


def layout(family, message="reading", version=3):
    return next(one for one in family.layouts.values() if (one.message, one.version) == (message, version))


def values(of, **given):
    """Raw values that the layout allows; the lowest where none is given."""
    return {one.name: given.get(one.name, one.raw_range[0]) for one in of.fields}


def header(of, *, first, count, boot=1, incarnation=7, uptime_ms=1_000, flags=0, epoch=0, version=1, record=None, channel=None):
    return struct.pack(
        "<BBBBIIIIHHIHH",
        0xA0 | version,
        flags,
        of.message_id if channel is None else channel,
        of.version,
        of.fingerprint,
        incarnation,
        boot,
        first,
        count,
        epoch,
        uptime_ms & 0xFFFF_FFFF,
        uptime_ms >> 32,
        of.record_bytes if record is None else record,
    )


def frame(of, first=0, records=({},), *, every_ms=10, flags=0, **head):
    """A frame of one record for each dict of values, `every_ms` apart."""
    body = b"".join(of.pack_record(at * every_ms, values(of, **given)) for at, given in enumerate(records))
    whole = header(of, first=first, count=len(records), flags=flags, **head) + body
    return whole + struct.pack("<I", crc32(whole)) if flags & 0x10 else whole


def losses(first, *lost, **head):
    """A frame of channel 0: each loss is (channel, reason, boot, first, count)."""
    names = ("channel", "reason", "boot", "first", "count")
    return frame(LOSSES, first, [dict(zip(names, one, strict=True)) for one in lost], **head)


def said(**given):
    return {"incarnation": 7, "boot": 1, "session": 1, "uptime_ms": 1_000, "heard_ms": None, **given}


def birth(**given):
    return {
        **said(contract="heater/1.3.0", firmware="1.3.0", image=None, slot=None, reset="power_on", epoch=0, last_end=None),
        "failures": [],
        "held": [],
        "ended": [],
        **given,
    }


@dataclass
class Hub:
    """One test's hub: its own database, an empty stream, its partitions running."""

    nats_url: str
    dsn: str
    folders: tuple
    partitions: int = 2
    limits: Limits = SMALL
    family: object = None
    broker: Connection | None = None
    downlinks: list[tuple[str, object]] = field(default_factory=list)
    sent: int = 0
    running: dict[int, tuple[Partition, asyncio.Task]] = field(default_factory=dict)

    async def open(self):
        await self.register(*self.folders)
        self.broker = await connect(self.nats_url, "test")
        with contextlib.suppress(JetStreamError):
            await self.broker.jetstream("STREAM.DELETE.UP")
        self.listen()
        return self

    def listen(self):
        self.broker.subscribe(
            "dn.>", lambda subject, _, payload: self.downlinks.append((subject.decode()[3:], json.loads(payload)))
        )

    async def register(self, *folders):
        self.families = [load_family(folder) for folder in folders]
        self.family = self.families[0]
        await prepare(self.dsn, self.families)

    def config(self, number) -> Config:
        return Config(self.nats_url, self.dsn, number, self.partitions, self.limits)

    async def start(self, *numbers):
        """Run partitions (all by default), and wait until each of them reads."""
        told = Told()
        for number in numbers or range(self.partitions):
            partition = Partition(self.config(number), Catalogue(self.families), told, now_ms)
            self.running[number] = (partition, asyncio.create_task(partition.run()))
        await self.until(self.is_reading, "every partition reads")
        return self

    def is_reading(self):
        return all(partition.reading for partition, _ in self.running.values())

    async def has_stream(self):
        try:
            await self.broker.jetstream("STREAM.INFO.UP")
        except JetStreamError:
            return False
        return True

    async def stop(self):
        """Stop the partitions as SIGTERM does."""
        running, self.running = self.running, {}
        for partition, _ in running.values():
            partition.stop()
        for _, task in running.values():
            await asyncio.wait_for(task, WAIT_S)

    async def kill(self):
        """End the partitions in the middle of whatever they do."""
        running, self.running = self.running, {}
        for partition, task in running.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await partition.commits.end()

    async def close(self):
        await self.stop()
        self.broker.close()
        await self.broker.closed.wait()

    def send(self, kind, payload, device="dev"):
        """Publish as if the device had, by MQTT."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.broker.publish([(f"up.{device}.{kind}", raw)])
        self.sent += 1

    def data(self, *frames, device="dev"):
        for one in frames:
            self.send("data", one, device)

    async def settled(self):
        """Everything sent so far is committed and acknowledged."""
        await self.kept()
        await self.until(self._is_settled, "the stream is worked off")

    async def kept(self):
        """Everything sent so far is in the stream."""

        async def is_kept():
            return (await self.broker.jetstream("STREAM.INFO.UP"))["state"]["last_seq"] >= self.sent

        await self.until(is_kept, "the stream has what was sent")

    async def _is_settled(self):
        """The acknowledgement comes after the downlinks on the same connection: when it is there, they are."""
        for number in range(self.partitions):
            try:
                last = await self.broker.jetstream("STREAM.MSG.GET.UP", {"last_by_subj": f"up.{number}.>"})
            except JetStreamError:
                continue  # nothing was sent to this partition
            try:
                acknowledged = await consumers(self.broker, number)
            except JetStreamError:
                return False
            if max(acknowledged.values(), default=0) < last["message"]["seq"]:
                return False
        return True

    async def until(self, holds, what, timeout_s=WAIT_S):
        """Wait for a condition, which may be a coroutine function."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = holds()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout_s:g} s: {what}")
            await asyncio.sleep(0.01)

    def rows(self, query, *parameters):
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters or None).fetchall()

    def one(self, query, *parameters):
        (row,) = self.rows(query, *parameters)
        return row if len(row) > 1 else row[0]

    def ledger(self, channel=1, boot=1):
        """mark, high, gaps, stored, quarantined, declined, lost, duplicates of a row of `dev`."""
        found = self.rows(
            "SELECT mark, high, gaps, stored, quarantined, declined, lost, duplicates FROM ledger"
            " WHERE channel = %s AND boot = %s AND device_no = (SELECT no FROM device WHERE id = 'dev')",
            channel,
            boot,
        )
        return found[0] if found else None

    def told(self, kind, device="dev"):
        """The downlinks of a kind to a device."""
        return [payload for subject, payload in self.downlinks if subject == f"{device}.{kind}"]

    def marks(self, device="dev"):
        """The last mark told of each (boot, channel)."""
        found = {}
        for payload in (*self.told("session", device), *self.told("marks", device)):
            found |= {(boot, channel): upto for boot, channel, upto in payload["marks"]}
        return found

    @contextlib.asynccontextmanager
    async def stores(self) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
        """The worker's and ingest's statements on a connection of their own."""
        connection = await connect_database(self.dsn, "test")
        try:
            yield PostgresStore(connection, "worker"), PostgresStore(connection)
        finally:
            await connection.close()

    def balanced(self):
        """No row of the ledger has a record in two classes or in none, and rows and ledger agree."""
        odd = self.rows(
            "SELECT * FROM ledger l WHERE stored + quarantined + declined + lost <> high - coalesce((SELECT sum(gaps[i + 1] - gaps[i])"
            " FROM generate_series(1, cardinality(gaps), 2) AS i), 0)"
        )
        stored = self.one(
            "SELECT coalesce((SELECT sum(stored) FROM ledger WHERE channel = 1), 0)::int8"
            " + coalesce((SELECT sum(stored) FROM ledger_fold WHERE channel = 1), 0)::int8"
        )
        rows, keys = self.one("SELECT count(*), count(DISTINCT (device_no, incarnation, boot, seq)) FROM r_heater_reading")
        return odd == [] and stored == rows == keys


def on_hub(test):
    """Run an async test on a started hub: `async def test_…(hub)`."""

    @functools.wraps(test)
    def run(hub):
        async def whole():
            opened = await hub.open()
            try:
                await opened.start()
                await test(opened)
            finally:
                await opened.close()

        asyncio.run(whole())

    return run
