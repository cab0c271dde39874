"""The tables of sites: published plans, which device stands where, and who put it there. `metadata` has them and those of `hub.schema`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from seamline.hub.schema import metadata

__all__ = ["metadata", "site_binding", "site_place", "site_plan"]

_NOW: Final = text("now()")

site_plan: Final = Table(
    "site_plan",
    metadata,
    Column("site", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # the plan's content hash, as its drawings have it
    Column("hash", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("by", Text, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

site_place: Final = Table(
    "site_place",
    metadata,
    Column("site", Text, primary_key=True),
    Column("node", Text, primary_key=True),
    # by name: it may be bound before it was ever heard
    Column("device", Text, nullable=False),
    Column("bound_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    UniqueConstraint("device", name="site_place_device"),
)

site_binding: Final = Table(
    "site_binding",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("site", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Index("site_binding_of", "site", "node", "id"),
)
