"""Which message is at the committed place: a broker that lost the end of its stream has another there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of the place that is committed it is not known; the next commit says it."""
    op.add_column("ingest_position", sa.Column("stored_ns", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("ingest_position", "stored_ns")
