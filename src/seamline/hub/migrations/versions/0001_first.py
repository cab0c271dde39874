"""The hub's first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of `hub.schema`."""
    op.create_table(
        "anchor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("unix_ms", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uncertainty_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device_no", "incarnation", "boot", "at_ms", "unix_ms", "source", name="anchor_once"),
    )
    op.create_table(
        "boot",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("boot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reset", sa.Text(), nullable=True),
        sa.Column("firmware", sa.Text(), nullable=True),
        sa.Column("contract", sa.Text(), nullable=True),
        sa.Column("first_heard", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_heard", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_before_ms", sa.BigInteger(), nullable=True),
        sa.Column("uptime_ms", sa.BigInteger(), nullable=True),
        sa.Column("redate_from_ms", sa.BigInteger(), nullable=True),
        sa.Column("redate_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("device_no", "incarnation", "boot"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("boot_redate", "boot", ["device_no"], unique=False, postgresql_where=sa.text("redate_from_ms IS NOT NULL"))
    op.create_table(
        "contract_version",
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("product", "version"),
    )
    op.create_table(
        "device",
        sa.Column("no", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("contract", sa.Text(), nullable=True),
        sa.Column("firmware", sa.Text(), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("device_no", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("event_at", "event", ["at"], unique=False)
    op.create_index("event_device", "event", ["device_no", "at"], unique=False)
    op.create_table(
        "hub_meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "incarnation",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("device_no", "incarnation"),
    )
    op.create_table(
        "ingest_position",
        sa.Column("partition", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partition"),
    )
    op.create_table(
        "layout",
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("message_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("layout", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "layout", "fingerprint"),
    )
    op.create_table(
        "ledger",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("boot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("high", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gaps", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("upper", sa.BigInteger(), nullable=True),
        sa.Column("stored", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("declined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("owed_since_ms", sa.BigInteger(), nullable=True),
        sa.Column("first_arrival", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_arrival", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("device_no", "incarnation", "boot", "channel"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ledger_gaps", "ledger", ["device_no"], unique=False, postgresql_where=sa.text("gaps <> '{}'"))
    op.create_table(
        "ledger_fold",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("boots", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("boot_first", sa.BigInteger(), nullable=False),
        sa.Column("boot_last", sa.BigInteger(), nullable=False),
        sa.Column("numbered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("declined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("device_no", "incarnation", "channel"),
    )
    op.create_table(
        "loss",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("boots", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("loss_device", "loss", ["device_no", "incarnation", "boot", "channel"], unique=False)
    op.create_index("loss_untold", "loss", ["id"], unique=False, postgresql_where=sa.text("NOT told"))
    op.create_table(
        "presence",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=True),
        sa.Column("incarnation", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("born_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_heard", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_answered", sa.DateTime(timezone=True), nullable=True),
        sa.Column("died_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unanswered", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_end", sa.Text(), nullable=True),
        sa.Column("failures", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("publish_every_ms", sa.BigInteger(), nullable=True),
        sa.Column("answer_timeout_ms", sa.BigInteger(), nullable=True),
        sa.Column("presumed_lost_after_ms", sa.BigInteger(), nullable=True),
        sa.Column("announced", sa.Text(), nullable=True),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("device_no"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_no", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("arrival", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("channel", sa.SmallInteger(), nullable=True),
        sa.Column("layout", sa.SmallInteger(), nullable=True),
        sa.Column("fingerprint", sa.BigInteger(), nullable=True),
        sa.Column("incarnation", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quarantine_arrival", "quarantine", ["arrival"], unique=False)
    op.create_index("quarantine_device", "quarantine", ["device_no", "arrival"], unique=False)
    op.create_index("quarantine_untold", "quarantine", ["id"], unique=False, postgresql_where=sa.text("NOT told"))
    op.create_index(
        "quarantine_waiting",
        "quarantine",
        ["channel", "layout", "fingerprint"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL AND reason = 'unregistered'"),
    )
    op.create_table(
        "refused",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("device_id", "reason"),
    )
    op.create_table(
        "twin_desired",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("property", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("known", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("known_in", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("device_no", "property"),
    )
    op.create_table(
        "twin_reported",
        sa.Column("device_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("property", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("based_on", sa.BigInteger(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("incarnation", sa.BigInteger(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("device_no", "property"),
    )


def downgrade() -> None:
    """Drop them; the reading tables are the contracts' and stay."""
    op.drop_table("twin_reported")
    op.drop_table("twin_desired")
    op.drop_table("refused")
    op.drop_index(
        "quarantine_waiting", table_name="quarantine", postgresql_where=sa.text("resolved_at IS NULL AND reason = 'unregistered'")
    )
    op.drop_index("quarantine_untold", table_name="quarantine", postgresql_where=sa.text("NOT told"))
    op.drop_index("quarantine_device", table_name="quarantine")
    op.drop_index("quarantine_arrival", table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_table("presence")
    op.drop_index("loss_untold", table_name="loss", postgresql_where=sa.text("NOT told"))
    op.drop_index("loss_device", table_name="loss")
    op.drop_table("loss")
    op.drop_table("ledger_fold")
    op.drop_index("ledger_gaps", table_name="ledger", postgresql_where=sa.text("gaps <> '{}'"))
    op.drop_table("ledger")
    op.drop_table("layout")
    op.drop_table("ingest_position")
    op.drop_table("incarnation")
    op.drop_table("hub_meta")
    op.drop_index("event_device", table_name="event")
    op.drop_index("event_at", table_name="event")
    op.drop_table("event")
    op.drop_table("device")
    op.drop_table("contract_version")
    op.drop_index("boot_redate", table_name="boot", postgresql_where=sa.text("redate_from_ms IS NOT NULL"))
    op.drop_table("boot")
    op.drop_table("anchor")
