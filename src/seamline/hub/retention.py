"""Partitions by day of arrival: made ahead, dropped whole when they are too old. Ingest never depends on it.

A row whose day has no partition goes to the table's default partition; when the day's own is made later, those rows move over
with it. Days are UTC. What is small and not partitioned (events, anchors, resolved quarantine) is deleted by age.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import psycopg
from psycopg import AsyncConnection, sql

from seamline.hub.statements import trusted

log: Final = logging.getLogger(__name__)

DAYS_BACK: Final = 1
DAYS_AHEAD: Final = 3
"""The broker keeps a day, so a row may arrive up to a day late; three days ahead leave time to notice a dead worker."""
RETENTION_DAYS: Final = 400
"""Default: a year with its season before, and a month to look at it."""

_PATIENCE: Final = sql.SQL("SET LOCAL lock_timeout = '2s'")
"""Whoever waits for a table to itself keeps everyone behind it waiting too, ingest included: not for long."""

_SMALL: Final = (
    ("event", "at", ""),
    ("anchor", "received_at", ""),
    ("quarantine", "arrival", " AND (resolved_at IS NOT NULL OR NOT counted)"),
)


def partition(table: str, day: date) -> str:
    """The name of a day's partition."""
    return f"{table}_{day:%Y%m%d}"


async def make_ahead(connection: AsyncConnection, tables: Iterable[str], today: date) -> list[str]:
    """Make the partitions from yesterday to three days ahead; returns those that were new. Idempotent."""
    days = [today + timedelta(days=ahead) for ahead in range(-DAYS_BACK, DAYS_AHEAD + 1)]
    made: list[str] = []
    for table in tables:
        has = await _partitions(connection, table)
        missing = [day for day in days if partition(table, day) not in has]
        made += [partition(table, day) for day in missing if await _patiently(_make(connection, table, day))]
    return made


async def drop_expired(connection: AsyncConnection, tables: Iterable[str], today: date, days: int) -> list[str]:
    """Drop every partition whose last arrival is more than `days` ago; returns their names."""
    cutoff = today - timedelta(days=days)
    dropped: list[str] = []
    for table in tables:
        for name in sorted(await _partitions(connection, table)):
            day = _day(table, name)
            if day is not None and day < cutoff and await _patiently(_drop(connection, name)):
                dropped.append(name)
        await connection.execute(
            sql.SQL("DELETE FROM {} WHERE arrival < %s").format(sql.Identifier(f"{table}_default")),
            (_midnight(cutoff),),
        )
    for name, column, also in _SMALL:
        query = sql.SQL("DELETE FROM {} WHERE {} < %s").format(sql.Identifier(name), sql.Identifier(column))
        await connection.execute(query + trusted(also), (_midnight(cutoff),))
    return dropped


async def _patiently(step: Awaitable[None]) -> bool:
    """Do a step that needs a table to itself; False when somebody reads it for too long. It is tried again at the next turn."""
    try:
        await step
    except psycopg.errors.LockNotAvailable as error:
        log.info("partitions: %s", str(error).strip())
        return False
    return True


async def _drop(connection: AsyncConnection, name: str) -> None:
    async with connection.transaction():
        await connection.execute(_PATIENCE)
        await connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))


async def _partitions(connection: AsyncConnection, table: str) -> set[str]:
    cursor = await connection.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(%s)",
        (table,),
    )
    return {str(row[0]) for row in await cursor.fetchall()}


async def _make(connection: AsyncConnection, table: str, day: date) -> None:
    """Make one day's partition, moving in what the default partition holds of that day."""
    parent, name = sql.Identifier(table), sql.Identifier(partition(table, day))
    default = sql.Identifier(f"{table}_default")
    bounds = {"low": sql.Literal(_midnight(day)), "high": sql.Literal(_midnight(day + timedelta(days=1)))}
    async with connection.transaction():
        await connection.execute(_PATIENCE)
        # the mode that attaching wants in the end: taken at once, it cannot deadlock with one taken meanwhile
        await connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(default))
        if partition(table, day) in await _partitions(connection, table):
            return  # another hub was faster
        await connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(name, parent))
        await connection.execute(
            sql.SQL(
                "WITH moved AS (DELETE FROM {default} WHERE arrival >= {low} AND arrival < {high} RETURNING *)"
                " INSERT INTO {name} SELECT * FROM moved"
            ).format(default=default, name=name, **bounds)
        )
        await connection.execute(
            sql.SQL("ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})").format(
                parent=parent, name=name, **bounds
            )
        )


def _day(table: str, name: str) -> date | None:
    """The day of a partition, from its name; None for the default partition and for what is no day."""
    digits = name.removeprefix(f"{table}_")
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:  # a partition that somebody made for something else
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
