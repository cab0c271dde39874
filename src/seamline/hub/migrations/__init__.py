"""Alembic migrations of the hub's fixed tables; `python -m seamline.hub.migrations DSN` brings a database up to date."""
