"""The hub's fixed tables, as SQLAlchemy Core; the reading tables are made from contracts (`hub.tables`, `hub.reading_columns`).

Unsigned 32-bit numbers of the wire (incarnation, boot, sequence, fingerprint) are `BIGINT` here. Times named `…_ms` are
integers in milliseconds; every other time is `timestamptz`. `arrival` is when the hub took the frame over: it never changes,
and retention counts from it. Migrations (`hub.migrations`) build exactly these tables; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata: Final = MetaData()

_NOW: Final = text("now()")
_ZERO: Final = text("0")


def _at(name: str, *, required: bool = False) -> Column[object]:
    """A `timestamptz` column."""
    return Column(name, DateTime(timezone=True), nullable=not required)


def _count(name: str) -> Column[int]:
    """A counter that starts at zero."""
    return Column(name, BigInteger, nullable=False, server_default=_ZERO)


device: Final = Table(
    "device",
    metadata,
    Column("no", Integer, Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("product", Text),
    Column("contract", Text),
    Column("firmware", Text),
    Column("epoch", Integer, nullable=False, server_default=_ZERO),
    Column("state", Text, nullable=False, server_default=text("'active'")),
    Column("incarnation", BigInteger),
    Column("boot", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

hub_meta: Final = Table(
    "hub_meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
)

ingest_position: Final = Table(
    "ingest_position",
    metadata,
    Column("partition", SmallInteger, primary_key=True, autoincrement=False),
    # when the broker made the stream, in its words: another stream counts from 1 again
    Column("stream", Text, nullable=False),
    # everything of the partition up to this stream sequence is committed
    Column("seq", BigInteger, nullable=False),
    # when the broker took the message at `seq` (Unix ns): a stream that lost its end has another there; NULL: not known
    Column("stored_ns", BigInteger),
    _at("at", required=True),
)

# when the hub heard and stored: what lies between two spans is an outage of its own
hearing: Final = Table(
    "hearing",
    metadata,
    Column("since_ms", BigInteger, primary_key=True, autoincrement=False),
    # all that had come by then was stored
    Column("until_ms", BigInteger, nullable=False),
    postgresql_with={"fillfactor": "50"},
)

contract_version: Final = Table(
    "contract_version",
    metadata,
    Column("product", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

layout: Final = Table(
    "layout",
    metadata,
    Column("product", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("message_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("layout", SmallInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),
    Column("canonical", Text, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)


def _device_key(*, primary_key: bool = False) -> Column[int]:
    """The column that names the device; no foreign key: ingest makes the device row in the same transaction."""
    return Column("device_no", Integer, primary_key=primary_key, autoincrement=False, nullable=False)


ledger: Final = Table(
    "ledger",
    metadata,
    _device_key(primary_key=True),
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", SmallInteger, primary_key=True, autoincrement=False),
    Column("mark", BigInteger, nullable=False, server_default=_ZERO),
    Column("high", BigInteger, nullable=False, server_default=_ZERO),
    # flat pairs [a, b): what between mark and high is still missing
    Column("gaps", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("upper", BigInteger),
    _count("stored"),
    _count("quarantined"),
    _count("declined"),
    _count("lost"),
    _count("duplicates"),
    _count("version"),
    # since when something has been owed without a break, Unix ms; meaningful while something is
    Column("owed_since_ms", BigInteger),
    _at("first_arrival"),
    _at("last_arrival"),
    Index("ledger_gaps", "device_no", postgresql_where=text("gaps <> '{}'")),
    postgresql_with={"fillfactor": "70"},
)

ledger_fold: Final = Table(
    "ledger_fold",
    metadata,
    _device_key(primary_key=True),
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", SmallInteger, primary_key=True, autoincrement=False),
    _count("boots"),
    Column("boot_first", BigInteger, nullable=False),
    Column("boot_last", BigInteger, nullable=False),
    _count("numbered"),
    _count("stored"),
    _count("quarantined"),
    _count("declined"),
    _count("lost"),
    _count("duplicates"),
)

incarnation: Final = Table(
    "incarnation",
    metadata,
    _device_key(primary_key=True),
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("first_seen", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("closed", BigInteger, nullable=False, server_default=_ZERO),
)

loss: Final = Table(
    "loss",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _device_key(),
    Column("incarnation", BigInteger, nullable=False),
    Column("boot", BigInteger, nullable=False),
    # the same loss in so many boots from `boot` on: a brown-out loop is one row; the records lost are boots * count
    Column("boots", BigInteger, nullable=False, server_default=text("1")),
    Column("channel", SmallInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("declared_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("told", Boolean, nullable=False, server_default=text("false")),
    Index("loss_untold", "id", postgresql_where=text("NOT told")),
    Index("loss_device", "device_no", "incarnation", "boot", "channel"),
)

anchor: Final = Table(
    "anchor",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _device_key(),
    Column("incarnation", BigInteger, nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("unix_ms", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("uncertainty_ms", BigInteger, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("accepted", Boolean, nullable=False),
    Column("why", Text),
    UniqueConstraint("device_no", "incarnation", "boot", "at_ms", "unix_ms", "source", name="anchor_once"),
)

boot: Final = Table(
    "boot",
    metadata,
    _device_key(primary_key=True),
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("reset", Text),
    Column("firmware", Text),
    Column("contract", Text),
    _at("first_heard", required=True),
    _at("last_heard", required=True),
    # the least of (arrival − uptime): the boot cannot have begun later than this, Unix ms
    Column("began_before_ms", BigInteger),
    # the highest uptime heard of, ms
    Column("uptime_ms", BigInteger),
    # the timeline changed from this uptime on since the rows were dated: a background step dates them anew
    Column("redate_from_ms", BigInteger),
    # counts the requests, so that one made while the step is at work is not taken for done
    _count("redate_version"),
    # taken although no birth had named it: only so many are, of a device between two births
    Column("unborn", Boolean, nullable=False, server_default=text("false")),
    Index("boot_redate", "device_no", postgresql_where=text("redate_from_ms IS NOT NULL")),
    postgresql_with={"fillfactor": "80"},
)

presence: Final = Table(
    "presence",
    metadata,
    _device_key(primary_key=True),
    Column("session", BigInteger),
    Column("incarnation", BigInteger),
    Column("boot", BigInteger),
    _at("born_at"),
    _at("last_heard"),
    _at("last_answered"),
    _at("died_at"),
    Column("unanswered", Integer, nullable=False, server_default=_ZERO),
    Column("last_end", Text),
    Column("failures", JSONB, nullable=False, server_default=text("'[]'")),
    Column("publish_every_ms", BigInteger),
    Column("answer_timeout_ms", BigInteger),
    Column("presumed_lost_after_ms", BigInteger),
    # the state last announced as an event, so that a transition is told once; and when to look again
    Column("announced", Text),
    _at("check_at"),
    postgresql_with={"fillfactor": "50"},
)

quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("device_no", Integer),
    Column("device_id", Text, nullable=False),
    Column("arrival", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("reason", Text, nullable=False),
    Column("detail", Text),
    Column("channel", SmallInteger),
    Column("layout", SmallInteger),
    Column("fingerprint", BigInteger),
    Column("incarnation", BigInteger),
    Column("boot", BigInteger),
    Column("first", BigInteger),
    Column("count", BigInteger),
    # the ledger counts these records in its class `quarantined`
    Column("counted", Boolean, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    _at("resolved_at"),
    # the owner of the boundary has been told by an event
    Column("told", Boolean, nullable=False, server_default=text("false")),
    Index("quarantine_untold", "id", postgresql_where=text("NOT told")),
    Index("quarantine_device", "device_no", "arrival"),
    Index("quarantine_arrival", "arrival"),
    Index(
        "quarantine_waiting",
        "channel",
        "layout",
        "fingerprint",
        postgresql_where=text("resolved_at IS NULL AND reason = 'unregistered'"),
    ),
)

refused: Final = Table(
    "refused",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    _count("count"),
    Column("last_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("sample", LargeBinary),
)

event: Final = Table(
    "event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("device_no", Integer),
    Column("kind", Text, nullable=False),
    Column("boundary", Text),
    Column("owner", Text),
    Column("contact", Text),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("event_device", "device_no", "at"),
    Index("event_at", "at"),
)

twin_desired: Final = Table(
    "twin_desired",
    metadata,
    _device_key(primary_key=True),
    Column("property", Text, primary_key=True),
    Column("value", JSONB),
    Column("version", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    # the reported version, and its incarnation, that whoever asked knew (0: none)
    _count("known"),
    _count("known_in"),
    _at("expires_at"),
    _at("delivered_at"),
    _at("seen_at"),
    _at("resolved_at"),
    Column("resolution", Text),
)

twin_reported: Final = Table(
    "twin_reported",
    metadata,
    _device_key(primary_key=True),
    Column("property", Text, primary_key=True),
    Column("value", JSONB),
    Column("version", BigInteger, nullable=False),
    Column("based_on", BigInteger),
    Column("fault", Text),
    Column("boot", BigInteger),
    Column("incarnation", BigInteger),
    Column("at_ms", BigInteger),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

calibration: Final = Table(
    "calibration",
    metadata,
    _device_key(primary_key=True),
    Column("product", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # rows are only ever added; who remembers coefficients asks for what came after the last serial he knows
    Column("serial", BigInteger, Identity(), nullable=False, unique=True),
    Column("coefficients", JSONB, nullable=False),
    # of records measured from here on, and before there; null: no bound
    _at("valid_from"),
    _at("valid_to"),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

revaluation: Final = Table(
    "revaluation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _device_key(),
    Column("product", Text, nullable=False),
    Column("calibration", Text, nullable=False),
    # the newest version before (null: none), and the newest one that this pass knows
    Column("from_version", Integer),
    Column("to_version", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    _at("finished_at"),
    # how many rows have another value now, and the first and last moment of them
    _count("rows"),
    _at("first_measured"),
    _at("last_measured"),
    # where the pass is: [table, boot, seq, incarnation]; null before its first row
    Column("place", JSONB),
    Index("revaluation_due", "id", postgresql_where=text("finished_at IS NULL")),
    Index("revaluation_device", "device_no", "id"),
)
