"""The role `worker`: background steps at their own pace, in one process at a time (an advisory lock).

A step that fails is logged and tried again at its next turn; the others go on. When the database is away all wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import psycopg

from seamline.hub import retention
from seamline.hub.hearing import LOOK_MS, Hearing, listen
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.settings import HubSettings
from seamline.hub.steps.turns import BACKOFF_S_MAX, BACKOFF_S_MIN, LEASE, TURN_S, Step, due, store_steps
from seamline.hub.store import PostgresStore, connect, unavailable
from seamline.hub.tables import reading_tables
from seamline.hub.twin_service import Announcer

log: Final = logging.getLogger(__name__)


class Worker:
    """Runs the steps until told to stop."""

    def __init__(
        self,
        settings: HubSettings,
        catalogue: Catalogue,
        announcer: Announcer,
        now_ms: Callable[[], int],
        hearing: Hearing,
    ) -> None:
        self._settings: Final = settings
        self._catalogue: Final = catalogue
        self._announcer: Final = announcer
        self._now_ms: Final = now_ms
        self._hearing: Final = hearing
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
        steps = store_steps(
            PostgresStore(connection, "worker"),
            PostgresStore(connection),
            self._catalogue,
            self._announcer,
            self._now_ms,
            outage=lambda: self._hearing.outage,
        )
        listens = PostgresStore(connection, "hearing")
        looks = Step("hearing", LOOK_MS / 1000, lambda: listen(listens, self._hearing))  # first: presence is judged by it
        return [looks, *steps, Step("partitions", 3600.0, lambda: self._retain(connection))]

    async def _turns(self, steps: list[Step], stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            for step in due(steps, loop.time):
                await self._one(step)
                if stopping.is_set():
                    break
            await pause(stopping, TURN_S)

    async def _one(self, step: Step) -> None:
        """One turn of one step. Our own faults are logged and stay this step's."""
        try:
            await step.run()
        except Exception as error:
            if unavailable(error):
                raise
            log.exception("worker: step %s failed, it is tried again in %g s", step.name, step.every_s)

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
