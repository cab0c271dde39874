"""When the hub heard and stored: a process that starts has to know when nobody did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of the time before nothing is known."""
    op.create_table(
        "hearing",
        sa.Column("since_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("since_ms"),
        postgresql_with={"fillfactor": "50"},
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("hearing")
