"""Which boots were taken although no birth had named them: only these count against the bound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was taken before counts no more: the count begins anew, as at a birth."""
    op.add_column("boot", sa.Column("unborn", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("boot", "unborn")
