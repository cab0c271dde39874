"""Runs the chosen roles in one event loop until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.nats import Connection, NatsError, connect
from seamline.hub.ingest.partition import Config, Partition
from seamline.hub.ingest.sessions import Told
from seamline.hub.role import now_ms
from seamline.hub.settings import HubSettings
from seamline.hub.twin_service import Announcer
from seamline.hub.worker import Worker

log: Final = logging.getLogger(__name__)
RECONNECT_S: Final = 1.0


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
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECONNECT_S):
                    await stopping.wait()


async def run_roles(settings: HubSettings, catalogue: Catalogue, roles: frozenset[str], stopping: asyncio.Event) -> None:
    """Run until `stopping` is set. A role that fails takes the process with it: the supervisor starts it anew."""
    told = Told()
    broker = Broker(settings.nats_url)
    announcer = Announcer(settings.dsn, lambda: broker.connection, now_ms)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(broker.run(stopping))
        if "ingest" in roles:
            for number in settings.work or range(settings.partitions):
                config = Config(settings.nats_url, settings.dsn, number, settings.partitions, stream_bytes=settings.stream_bytes)
                tasks.create_task(_ingest(Partition(config, catalogue, told, now_ms), stopping))
        if "worker" in roles:
            worker = Worker(settings, catalogue, announcer, now_ms)
            tasks.create_task(worker.run(stopping))
        if "api" in roles:
            tasks.create_task(_api(settings, catalogue, announcer, stopping))


async def _ingest(partition: Partition, stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_then(stopping, partition))
        tasks.create_task(partition.run())


async def _then(stopping: asyncio.Event, partition: Partition) -> None:
    await stopping.wait()
    partition.stop()


async def _api(settings: HubSettings, catalogue: Catalogue, announcer: Announcer, stopping: asyncio.Event) -> None:
    from seamline.hub.api.context import ApiContext  # noqa: PLC0415 - FastAPI is 40 MB that other roles do without
    from seamline.hub.api.server import bind, serve  # noqa: PLC0415
    from seamline.hub.frames import Frames  # noqa: PLC0415

    frames = Frames(settings.nats_url)

    async def asked(device: str) -> None:
        await announcer.announce_twin(device)

    context = ApiContext(
        dsn=settings.dsn, frames=frames, contract=catalogue.contract, asked=asked, now_ms=now_ms, stopping=stopping
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(frames.run(stopping))
        tasks.create_task(serve(context, bind(settings.http_host, settings.http_port)))


async def _first(*events: asyncio.Event) -> None:
    """Until one of the events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
