"""Bring a database to the schema this hub needs, once, whoever starts first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg

HEAD: Final = "0006"  # the newest revision below versions/; a test holds it to Alembic's own answer
LOCK: Final = 0x5EA311E  # pg_advisory_lock key: one migration at a time among the hub's processes


def current(dsn: str) -> str | None:
    """The revision a database has; None for an empty one. Raises psycopg.Error when it cannot be reached."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


def upgrade(dsn: str, revision: str = "head") -> None:
    """Run every missing migration, each process waiting for the one that is at it. Imports Alembic (40 MB)."""
    from alembic import command  # noqa: PLC0415 - heavy, and needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    with psycopg.connect(dsn, autocommit=True) as lock, engine.begin() as connection:
        lock.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
