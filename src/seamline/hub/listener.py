"""Listens in a process that has no worker: while ingest lives in any process, it is known that the hub hears."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import psycopg

from seamline.hub.hearing import LOOK_MS, Hearing, listen
from seamline.hub.store import PostgresStore, connect, unavailable
from seamline.hub.worker import pause

log: Final = logging.getLogger(__name__)


class Listener:
    """Looks every LOOK_MS until told to stop, and writes down that the hub hears."""

    def __init__(self, dsn: str, hearing: Hearing) -> None:
        self._dsn: Final = dsn
        self._hearing: Final = hearing

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until `stopping` is set; the database may come and go."""
        while not stopping.is_set():
            try:
                store = PostgresStore(await connect(self._dsn, "listener"), "hearing")
                try:
                    while not stopping.is_set():
                        await listen(store, self._hearing)
                        await pause(stopping, LOOK_MS / 1000)
                finally:
                    await store.close()
            except (psycopg.Error, OSError) as error:
                if not unavailable(error):
                    raise
                log.debug("listener: database: %s", str(error).strip())
                await pause(stopping, LOOK_MS / 1000)
