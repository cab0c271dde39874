"""The role `worker`: background steps at their own pace, in one process at a time (an advisory lock).

A step that fails is logged and tried again at its next turn; the others go on. When the database is away all wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg

from seamline.hub import retention
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.settings import HubSettings
from seamline.hub.steps.presence import judge_presence
from seamline.hub.steps.redate import redate
from seamline.hub.steps.release import release
from seamline.hub.steps.revalue import revalue
from seamline.hub.steps.tell import tell_gaps, tell_losses, tell_quarantine
from seamline.hub.steps.twins import send_wishes, tick_twins
from seamline.hub.store import PostgresStore, connect, unavailable
from seamline.hub.store_port import Store
from seamline.hub.tables import reading_tables
from seamline.hub.twin_service import Announcer

log: Final = logging.getLogger(__name__)

LEASE: Final = 0x5EA5
BACKOFF_S_MIN: Final = 0.2
BACKOFF_S_MAX: Final = 5.0
TURN_S: Final = 0.25
"""How often the worker looks at the clock."""


@dataclass(slots=True)
class Step:
    """A step, how often it is due, and when next (in the loop's time)."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]
    due_s: float = 0.0


class Worker:
    """Runs the steps until told to stop."""

    def __init__(self, settings: HubSettings, catalogue: Catalogue, announcer: Announcer, now_ms: Callable[[], int]) -> None:
        self._settings: Final = settings
        self._catalogue: Final = catalogue
        self._announcer: Final = announcer
        self._now_ms: Final = now_ms
        layouts = [layout for family in catalogue.families for layout in family.layouts.values()]
        self._tables: Final = [table.name for table in reading_tables(layouts)]

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; the database may come and go."""
        wait_s = BACKOFF_S_MIN
        while not stopping.is_set():
            try:
                connection = await connect(self._settings.dsn, "worker")
                try:
                    if await self._leased(connection, stopping):
                        wait_s = BACKOFF_S_MIN
                        await self._turns(self._steps(connection), stopping)
                finally:
                    with contextlib.suppress(psycopg.Error, OSError):
                        await connection.close()
            except (psycopg.Error, OSError) as error:
                if not unavailable(error):
                    raise
                log.warning("worker: database: %s", str(error).strip())
                await pause(stopping, wait_s)
                wait_s = min(BACKOFF_S_MAX, wait_s * 2)

    async def _leased(self, connection: psycopg.AsyncConnection, stopping: asyncio.Event) -> bool:
        """Wait until no other worker has the lease; False when stopped meanwhile."""
        store = PostgresStore(connection)
        while not stopping.is_set():
            if await store.lease(LEASE, 0):
                return True
            await pause(stopping, 1.0)
        return False

    def _steps(self, connection: psycopg.AsyncConnection) -> list[Step]:
        store, ingest = PostgresStore(connection, "worker"), PostgresStore(connection)
        catalogue, announcer, now = self._catalogue, self._announcer, self._now_ms
        return [
            Step("presence", 0.5, lambda: judge_presence(store, catalogue, now())),
            Step("redate", 0.5, lambda: redate(store, ingest, catalogue)),
            Step("revalue", 0.5, lambda: revalue(connection)),
            Step("wishes", 1.0, lambda: send_wishes(store, ingest, announcer, now())),
            Step("twins", 1.0, lambda: tick_twins(store, ingest, catalogue, announcer, now())),
            Step("quarantine", 1.0, lambda: tell_quarantine(store, catalogue, now())),
            Step("losses", 1.0, lambda: tell_losses(store, catalogue, now())),
            Step("gaps", 5.0, lambda: tell_gaps(store, catalogue, now())),
            Step("release", 30.0, lambda: self._release(store, ingest)),
            Step("partitions", 3600.0, lambda: self._retain(connection)),
        ]

    async def _turns(self, steps: list[Step], stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            for step in steps:
                if loop.time() >= step.due_s and not stopping.is_set():
                    await self._one(step)
                    step.due_s = loop.time() + step.every_s
            await pause(stopping, TURN_S)

    async def _one(self, step: Step) -> None:
        """One turn of one step. Our own faults are logged and stay this step's."""
        try:
            await step.run()
        except Exception as error:
            if unavailable(error):
                raise
            log.exception("worker: step %s failed, it is tried again in %g s", step.name, step.every_s)

    async def _release(self, store: Store, ingest: Store) -> None:
        """All of it, in bounded transactions."""
        while (count := await release(store, ingest, self._catalogue)) > 0:
            log.info("worker: %d quarantined frames decoded", count)

    async def _retain(self, connection: psycopg.AsyncConnection) -> None:
        today = datetime.fromtimestamp(self._now_ms() / 1000, UTC).date()
        await retention.make_ahead(connection, self._tables, today)
        dropped = await retention.drop_expired(connection, self._tables, today, self._settings.retention_days)
        if dropped:
            log.info("worker: dropped %s", ", ".join(dropped))


async def pause(stopping: asyncio.Event, wait_s: float) -> None:
    """Wait, but not beyond a stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await stopping.wait()
