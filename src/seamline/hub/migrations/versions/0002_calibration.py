"""Coefficients of the devices' calibrations, and the passes that valued history anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables; reading tables get their columns when the contracts are registered."""
    op.create_table(
        "calibration",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("coefficients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("device_no", "product", "name", "version"),
        sa.UniqueConstraint("serial"),
    )
    op.create_table(
        "revaluation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=True),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_measured", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_measured", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("revaluation_due", "revaluation", ["id"], unique=False, postgresql_where=sa.text("finished_at IS NULL"))
    op.create_index("revaluation_device", "revaluation", ["device_no", "id"], unique=False)


def downgrade() -> None:
    """Drop them; the columns of reading tables stay, unused."""
    op.drop_table("revaluation")
    op.drop_table("calibration")
