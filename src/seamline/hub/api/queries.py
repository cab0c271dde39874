"""Named SQL from `hub/sql/api_*.sql`, and the pool that runs it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Final, TypeVar

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow, class_row
from psycopg_pool import AsyncConnectionPool

from seamline.hub import params
from seamline.hub.api.context import ApiContext
from seamline.hub.statements import library

FILES: Final = ("api_fleet", "api_device", "api_readings", "api_quarantine", "api_calibration", "api_site")

Row = TypeVar("Row")
Parameters = Mapping[str, object] | None


@cache
def _statements() -> Mapping[str, sql.SQL]:
    """Every statement of the API's SQL files, by name."""
    return {name: text for file in FILES for name, text in library(file).items()}


def statement(name: str, **parts: sql.Composable) -> sql.SQL | sql.Composed:
    """Return the query `name`, its `{placeholders}` filled."""
    text = _statements()[name]
    return text.format(**parts) if parts else text


async def rows(
    connection: AsyncConnection, name: str, parameters: Parameters, into: type[Row], **parts: sql.Composable
) -> list[Row]:
    """Run the query `name` and return each row as an `into`."""
    async with connection.cursor(row_factory=class_row(into)) as cursor:
        await cursor.execute(statement(name, **parts), parameters)
        return await cursor.fetchall()


async def tuples(connection: AsyncConnection, name: str, parameters: Parameters) -> list[TupleRow]:
    """Run the query `name` and return its rows as tuples, in binary: for many rows."""
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(statement(name), parameters)
        return await cursor.fetchall()


async def first(
    connection: AsyncConnection, name: str, parameters: Parameters, into: type[Row], **parts: sql.Composable
) -> Row | None:
    """Run the query `name` and return its first row as an `into`, or None."""
    found = await rows(connection, name, parameters, into, **parts)
    return found[0] if found else None


async def _configure(connection: AsyncConnection) -> None:
    """Teach a new connection the hub's parameter types."""
    params.adapt(connection)


class Database:
    """The API's pool: connections are checked before use, so a restarted server costs no failed request."""

    def __init__(self, context: ApiContext) -> None:
        """Prepare the pool; `open` starts it."""
        self._pool: Final = AsyncConnectionPool(
            context.dsn,
            min_size=0,
            max_size=context.connections_max,
            timeout=context.deadline_s,
            max_waiting=256,
            max_idle=60.0,
            reconnect_timeout=0.0,
            open=False,
            check=AsyncConnectionPool.check_connection,
            configure=_configure,
            kwargs={"autocommit": True, "application_name": "seamline-api", "connect_timeout": 3},
            name="seamline-api",
        )

    async def open(self) -> None:
        """Start the pool without waiting for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=2.0)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in autocommit; raises `PoolTimeout` when the database is away."""
        async with self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in a transaction that commits at the end of the block."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection
