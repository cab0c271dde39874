"""Bring a database to what this hub needs, before any role starts: fixed tables, contracts, partitions for the days ahead."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from seamline.contract import Family
from seamline.hub import retention
from seamline.hub.migrations.upgrade import HEAD, current
from seamline.hub.store import connect
from seamline.hub.tables import register

log: Final = logging.getLogger(__name__)
SPEECH_CHARS: Final = 2_000


class StartError(RuntimeError):
    """A role cannot start, and trying again would not help; says why and what would."""


class MigrationError(StartError):
    """The database could not be brought to this hub's schema; says what the migration said."""


async def prepare(dsn: str, families: Sequence[Family]) -> None:
    """Migrate, register, make partitions. Raises psycopg.OperationalError while the database is away, MigrationError."""
    found = await asyncio.to_thread(current, dsn)
    if found is not None and found > HEAD:
        raise MigrationError(
            f"the database's schema is revision {found}, newer than this hub's {HEAD}: install the newer hub, or restore a backup"
        )
    if found != HEAD:
        await _migrate(dsn)
    connection = await connect(dsn, "prepare")
    try:
        tables = await register(connection, families)
        made = await retention.make_ahead(connection, [table.name for table in tables], datetime.now(UTC).date())
        log.info("%d reading tables, %d partitions made", len(tables), len(made))
    finally:
        await connection.close()


async def _migrate(dsn: str) -> None:
    """In a process of its own: Alembic and SQLAlchemy would stay in this one's memory."""
    command = (sys.executable, "-m", "seamline.hub.migrations", dsn)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if process.returncode:
        raise MigrationError(
            f"the database's schema could not be brought to {HEAD}: {said.decode('utf-8', 'replace')[-SPEECH_CHARS:]}"
        )
    log.info("schema brought to revision %s", HEAD)
