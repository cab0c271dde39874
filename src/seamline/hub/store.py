"""The hub's connection to PostgreSQL for writing: one transaction at a time, statements from `hub/sql`.

What goes wrong is told apart by what helps: `unavailable` errors want the same batch again later, `Fenced` wants memory read
anew, and anything else is a batch that cannot be stored as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

import psycopg
from psycopg import AsyncConnection, AsyncTransaction, sql
from psycopg.rows import TupleRow

from seamline.hub import params
from seamline.hub.binary_copy import SIGNATURE, TRAILER
from seamline.hub.statements import library

Row: TypeAlias = Mapping[str, object]
Parameters: TypeAlias = Mapping[str, object]

CONNECT_TIMEOUT_S: Final = 5
STATEMENT_TIMEOUT_MS: Final = 60_000
"""A statement that takes longer is given up and the batch tried again: a lost server must not hold a partition for ever."""
KEEPALIVE_IDLE_S: Final = 10
KEEPALIVE_INTERVAL_S: Final = 5
SILENCE_MS: Final = 20_000
"""A server over TCP that acknowledges nothing for so long is gone."""

_UNAVAILABLE_CLASSES: Final = frozenset({"08", "53", "57", "58", "XX"})
"""SQLSTATE classes: connection, insufficient resources (disk full), operator intervention, system error, internal."""
_RETRY: Final = frozenset({"40001", "40P01", "55P03", "25006"})
"""Serialisation failure, deadlock, lock not available, read-only transaction (a standby before promotion)."""


class FencedError(Exception):
    """Another worker has moved what this one held in memory: roll back, read anew, redo."""


def unavailable(error: BaseException) -> bool:
    """Whether the database, not the batch, is the reason: the same batch will do later."""
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return state[:2] in _UNAVAILABLE_CLASSES or state in _RETRY
    return isinstance(error, OSError)


async def connect(dsn: str, name: str) -> AsyncConnection[TupleRow]:
    """A connection for the hub's own work. Raises psycopg.OperationalError when the database is away.

    Plans are kept generic and join by index: their inputs are arrays of a batch's keys, never much of a table.
    """
    options = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
    connection = await AsyncConnection.connect(
        dsn,
        autocommit=True,
        prepare_threshold=2,
        connect_timeout=CONNECT_TIMEOUT_S,
        application_name=f"seamline {name}",
        options=f"{options} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC",
        keepalives_idle=KEEPALIVE_IDLE_S,
        keepalives_interval=KEEPALIVE_INTERVAL_S,
        keepalives_count=3,
        tcp_user_timeout=SILENCE_MS,
    )
    params.adapt(connection)
    return connection


class Store:
    """Runs the statements of one SQL file on a connection."""

    def __init__(self, connection: AsyncConnection[TupleRow], file: str = "ingest") -> None:
        self.connection: Final = connection
        self._library: Final = library(file)

    def transaction(self) -> AbstractAsyncContextManager[AsyncTransaction]:
        """Everything inside is committed at its end, or nothing."""
        return self.connection.transaction()

    async def all(self, name: str, parameters: Parameters | None = None, **parts: sql.Composable) -> list[TupleRow]:
        """Run a query and return its rows."""
        cursor = await self.connection.execute(self._statement(name, parts), parameters)
        return await cursor.fetchall()

    async def run(self, name: str, parameters: Parameters | None = None, **parts: sql.Composable) -> int:
        """Run a statement and return how many rows it touched."""
        return (await self.connection.execute(self._statement(name, parts), parameters)).rowcount

    async def exactly(self, name: str, count: int, parameters: Parameters) -> None:
        """Run a statement that must touch so many rows. Raises FencedError when another worker was there."""
        touched = await self.run(name, parameters)
        if touched != count:
            raise FencedError(f"{name}: {touched} rows instead of {count}")

    async def write(self, name: str, rows: Sequence[Row]) -> int:
        """Run a statement that takes its rows as one JSON parameter; nothing happens without rows."""
        return await self.run(name, {"rows": params.rows(rows)}) if rows else 0

    async def copy(self, statement: sql.Composed, parts: Iterable[bytes]) -> None:
        """Copy rows in binary form, without signature and trailer, into the table the statement names."""
        cursor = self.connection.cursor()
        async with cursor.copy(statement) as copy:
            await copy.write(SIGNATURE)
            for part in parts:
                await copy.write(part)
            await copy.write(TRAILER)

    def _statement(self, name: str, parts: Mapping[str, sql.Composable]) -> sql.SQL | sql.Composed:
        text = self._library[name]
        return text.format(**parts) if parts else text
