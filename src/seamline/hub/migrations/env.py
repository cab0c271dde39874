"""Alembic's environment: runs on the connection given in the configuration's attributes, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from seamline.hub.sites.schema import metadata


def run() -> None:
    """Run the migrations on the connection that `upgrade` opened."""
    connection = context.config.attributes["connection"]
    if not isinstance(connection, Connection):
        raise TypeError("seamline.hub.migrations is run through upgrade(dsn), which opens the connection")
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


run()
