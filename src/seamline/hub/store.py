"""The port `store_port.Store` on PostgreSQL: one connection, one transaction at a time, statements from `hub/sql`.

What goes wrong is told apart by what helps: `unavailable` errors want the same batch again later, `Fenced` wants memory read
anew, and anything else is a batch that cannot be stored as it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import psycopg
from psycopg import AsyncConnection, AsyncTransaction, sql
from psycopg.rows import TupleRow

from seamline.hub import params
from seamline.hub.binary_copy import SIGNATURE, TRAILER, Writer
from seamline.hub.decode import I64, Bools, Records
from seamline.hub.statements import library
from seamline.hub.store_port import FencedError, Parameters, Row
from seamline.hub.valuing import Physical

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


class PostgresStore:
    """Runs the statements of one SQL file on a connection (`store_port.Store` says what each method does)."""

    def __init__(self, connection: AsyncConnection[TupleRow], file: str = "ingest") -> None:
        self.connection: Final = connection
        self._library: Final = library(file)

    def transaction(self) -> AbstractAsyncContextManager[AsyncTransaction]:
        """Everything inside is committed at its end, or nothing."""
        return self.connection.transaction()

    async def all(self, name: str, parameters: Parameters | None = None, **names: str) -> list[TupleRow]:
        """Run a query and return its rows."""
        cursor = await self.connection.execute(self._statement(name, names), parameters)
        return await cursor.fetchall()

    async def run(self, name: str, parameters: Parameters | None = None, **names: str) -> int:
        """Run a statement and return how many rows it touched."""
        return (await self.connection.execute(self._statement(name, names), parameters)).rowcount

    async def exactly(self, name: str, count: int, parameters: Parameters) -> None:
        """Run a statement that must touch so many rows. Raises FencedError when another worker was there."""
        touched = await self.run(name, parameters)
        if touched != count:
            raise FencedError(f"{name}: {touched} rows instead of {count}")

    async def write(self, name: str, rows: Sequence[Row]) -> int:
        """Run a statement that takes its rows as one JSON parameter; nothing happens without rows."""
        return await self.run(name, {"rows": params.rows(rows)}) if rows else 0

    async def copy(
        self, writer: Writer, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None = None
    ) -> None:
        """Copy records in binary form into the writer's table."""
        rows = writer.rows(keys, dated, fields, physical)
        cursor = self.connection.cursor()
        async with cursor.copy(writer.statement if physical is None else writer.valued_statement) as copy:
            await copy.write(SIGNATURE)
            await copy.write(rows)
            await copy.write(TRAILER)

    async def lease(self, kind: int, number: int) -> bool:
        """An advisory lock of the connection."""
        cursor = await self.connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (kind, number))
        return (await cursor.fetchone()) == (True,)

    async def close(self) -> None:
        """Close the connection; one that is broken already is gone."""
        with contextlib.suppress(psycopg.Error, OSError):
            await self.connection.close()

    def _statement(self, name: str, names: Mapping[str, str]) -> sql.SQL | sql.Composed:
        text = self._library[name]
        return text.format(**{part: _identifiers(several) for part, several in names.items()}) if names else text


def _identifiers(names: str) -> sql.Composed:
    """Names of tables or columns, as they stand in SQL."""
    return sql.SQL(", ").join(map(sql.Identifier, names.split(",")))
