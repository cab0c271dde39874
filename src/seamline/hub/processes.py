"""Runs the chosen roles in one event loop until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from seamline.contract import Family
from seamline.hub.hearing import Hearing
from seamline.hub.ingest.busy import Busy
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.nats import Connection, NatsError, connect
from seamline.hub.ingest.partition import Config, Partition
from seamline.hub.ingest.sessions import Told
from seamline.hub.listener import Listener
from seamline.hub.patience import Patience
from seamline.hub.prepare import StartError, prepare
from seamline.hub.settings import HubSettings
from seamline.hub.twin_service import Announcer
from seamline.hub.worker import Worker, pause

log: Final = logging.getLogger(__name__)
RECONNECT_S: Final = 1.0
BROKER_RETRY_S: Final = 0.2


def now_ms() -> int:
    """The host's clock, Unix ms."""
    return time.time_ns() // 1_000_000


class Broker:
    """A connection for publishing, kept up; `connection` is None while the broker is away."""

    def __init__(self, url: str) -> None:
        self.connection: Connection | None = None
        self._url: Final = url

    async def run(self, stopping: asyncio.Event) -> None:
        """Connect, and again when it breaks."""
        while not stopping.is_set():
            with contextlib.suppress(NatsError):
                self.connection = await connect(self._url, "seamline hub")
                await _first(stopping, self.connection.closed)
                self.connection.close()
            self.connection = None
            await pause(stopping, RECONNECT_S)


@dataclass(slots=True)
class Start:
    """How far the database is: `tried` once, and `done`."""

    tried: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)


async def run_roles(settings: HubSettings, families: Sequence[Family], roles: frozenset[str], stopping: asyncio.Event) -> None:
    """Run until `stopping` is set. A role that fails takes the process with it: the supervisor starts it anew.

    With the database away at the start the API answers (and says so), devices are told to wait, the others wait.
    Raises StartError, in a group.
    """
    catalogue, told, start = Catalogue(families), Told(), Start()
    broker = Broker(settings.nats_url)
    announcer = Announcer(settings.dsn, lambda: broker.connection, now_ms)
    system = Broker(settings.nats_system_url or "")
    hearing = Hearing(lambda: broker.connection, now_ms, lambda: system.connection)
    own = settings.work or tuple(range(settings.partitions))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(broker.run(stopping))
        if settings.nats_system_url is not None:
            tasks.create_task(system.run(stopping))
        tasks.create_task(_prepare(settings, families, start, stopping))
        if "ingest" in roles:
            tasks.create_task(_busy(settings, own, broker, start, stopping))
            for number in own:
                config = Config(settings.nats_url, settings.dsn, number, settings.partitions, stream_bytes=settings.stream_bytes)
                tasks.create_task(_ingest(Partition(config, catalogue, told, now_ms), start, stopping))
            if "worker" not in roles:  # which listens itself
                tasks.create_task(_listen(Listener(settings.dsn, hearing), start, stopping))
        if "worker" in roles:
            tasks.create_task(_worker(Worker(settings, catalogue, announcer, now_ms, hearing), start, stopping))
        if "api" in roles:
            tasks.create_task(_api(settings, catalogue, announcer, hearing, start, stopping))


async def _prepare(settings: HubSettings, families: Sequence[Family], start: Start, stopping: asyncio.Event) -> None:
    """Bring the database up: schema, contracts, partitions. Waits for it."""
    patience = Patience()
    while not stopping.is_set():
        try:
            await prepare(settings.dsn, families)
        except psycopg.OperationalError as error:
            told = patience.told(str(error))
            if told:
                log.warning("waiting for the database: %s", told)
            start.tried.set()
            await pause(stopping, patience.pause_s())
        else:
            start.done.set()
            start.tried.set()
            return


async def _busy(settings: HubSettings, own: Sequence[int], broker: Broker, start: Start, stopping: asyncio.Event) -> None:
    """Tell devices to wait while the database has not been there yet."""
    await _first(start.tried, stopping)
    while not (start.done.is_set() or stopping.is_set()):
        connection = broker.connection
        if connection is None:
            await pause(stopping, BROKER_RETRY_S)
            continue
        telling = [Busy(connection, number, settings.partitions) for number in own]
        for one in telling:
            one.begin()
        await _first(start.done, stopping, connection.closed)
        for one in telling:
            one.end()


async def _worker(worker: Worker, start: Start, stopping: asyncio.Event) -> None:
    await _first(start.done, stopping)
    await worker.run(stopping)


async def _listen(listener: Listener, start: Start, stopping: asyncio.Event) -> None:
    await _first(start.done, stopping)
    await listener.run(stopping)


async def _ingest(partition: Partition, start: Start, stopping: asyncio.Event) -> None:
    await _first(start.done, stopping)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_then(stopping, partition))
        tasks.create_task(partition.run())


async def _then(stopping: asyncio.Event, partition: Partition) -> None:
    await stopping.wait()
    partition.stop()


async def _api(
    settings: HubSettings,
    catalogue: Catalogue,
    announcer: Announcer,
    hearing: Hearing,
    start: Start,
    stopping: asyncio.Event,
) -> None:
    """Serve as soon as the tables are there, or the database is known to be away."""
    from seamline.hub.api.context import ApiContext  # noqa: PLC0415 - FastAPI is 40 MB that other roles do without
    from seamline.hub.api.server import bind, serve  # noqa: PLC0415
    from seamline.hub.frames import Frames  # noqa: PLC0415

    try:
        listener = bind(settings.http_host, settings.http_port)
    except (ValueError, OSError) as error:
        raise StartError(f"{settings.http_host}:{settings.http_port}: the API cannot listen there: {error}") from error
    await _first(start.tried, stopping)
    frames = Frames(settings.nats_url)

    async def asked(device: str) -> None:
        await announcer.announce_twin(device)

    context = ApiContext(
        dsn=settings.dsn,
        frames=frames,
        hearing=hearing,
        contract=catalogue.contract,
        asked=asked,
        now_ms=now_ms,
        stopping=stopping,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(frames.run(stopping))
        tasks.create_task(serve(context, listener))


async def _first(*events: asyncio.Event) -> None:
    """Until one of the events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
