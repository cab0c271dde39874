"""Whether the database answers, asked so that a server that hangs holds nobody up."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

import psycopg
from psycopg_pool import PoolTimeout

from seamline.hub.api.feed import Scalar
from seamline.hub.api.queries import Database, first
from seamline.hub.hearing import Known, read
from seamline.hub.store import PostgresStore


class DatabaseAnswer(NamedTuple):
    """What the database says: `state` is `ok`, `read-only`, or why it is away; what it knows of the hub's hearing (None: away)."""

    state: str
    generation: str | None
    known: Known | None


class DatabaseProbe:
    """Asks once at a time, whoever wants to know meanwhile, and waits for the answer no longer than `deadline_s`.

    A question to a server that hangs cannot be taken back: it is left standing, and is the only one.
    """

    def __init__(self, database: Database, deadline_s: float) -> None:
        """Ask `database`."""
        self._database: Final = database
        self._deadline_s: Final = deadline_s
        self._asked: asyncio.Task[DatabaseAnswer] | None = None

    async def answer(self) -> DatabaseAnswer:
        """Return what the database says now."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(_ask(self._database))
        asked = self._asked
        done, _ = await asyncio.wait({asked}, timeout=self._deadline_s)
        return asked.result() if done else DatabaseAnswer(f"away: no answer within {self._deadline_s:g} s", None, None)


async def _ask(database: Database) -> DatabaseAnswer:
    try:
        async with database.reading() as connection:
            read_only = await first(connection, "read_only", None, Scalar)
            generation = await first(connection, "generation", None, Scalar)
            known = await read(PostgresStore(connection, "hearing"))
    except (psycopg.Error, PoolTimeout) as error:
        return DatabaseAnswer(f"away: {type(error).__name__}", None, None)
    refuses = read_only is not None and read_only.value == "on"
    return DatabaseAnswer("read-only" if refuses else "ok", None if generation is None else str(generation.value), known)
