"""SQL for PostgreSQL: a table for each message as the hub keeps it, its view of physical values, and the way from version to version.

Columns hold raw integers, with a comment that says what they mean; a column that a record's layout lacks is NULL. A calibrated
field has a column more, of its physical value, and each calibration one of the version of its coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from seamline.contract.codegen.columns import Column, Stream, streams
from seamline.contract.codegen.wording import guessed, limits
from seamline.contract.family import Family
from seamline.contract.field_types import FieldType
from seamline.contract.layout import Field, Layout, shortest
from seamline.contract.model import Contract

KEY_COLUMNS = (
    ("device_no", "int4 NOT NULL", "The device"),
    ("incarnation", "int8 NOT NULL", "Random number of the life of the boot counter"),
    ("boot", "int8 NOT NULL", "Boot, from 1"),
    ("seq", "int8 NOT NULL", "Sequence in boot and channel, from 0"),
    ("layout", "int2 NOT NULL", "Layout version that the record came in"),
    ("arrival", "timestamptz NOT NULL", "When the hub took the frame over"),
    ("uptime_ms", "int8 NOT NULL", "Uptime when it was measured, ms"),
    ("measured", "timestamptz", "When it was measured; NULL when nothing is known but the arrival"),
    ("error_ms", "int8", "How far that may be off, ms"),
    ("quality", "int2 NOT NULL", "0 bounded, 1 anchored, 2 synced"),
    ("revision", "int2 NOT NULL", "How often the time was revised"),
    ("digest", "int8 NOT NULL", "Hash of the record's bytes"),
)
"""The columns that every table of records begins with: name, type, meaning."""
_TAKEN = frozenset(name for name, _, _ in KEY_COLUMNS)


def sql(family: Family, _contract: Contract) -> Mapping[str, str]:
    """The target `sql`: `tables.sql` makes everything; `evolve/<from>-<to>.sql` turns one version's tables into the next one's."""
    found = {"tables.sql": "\n".join(text for stream in streams(family) for text in _whole(stream)) + "\n"}
    versions = list(family.versions.values())
    for before, after in pairwise(versions):
        steps = list(_evolution(family, before, after))
        found[f"evolve/{before.version}-{after.version}.sql"] = ("\n".join(steps) if steps else "-- Nothing to do.") + "\n"
    return found


def column_type(kind: FieldType) -> str:
    """Return the narrowest SQL type that holds every raw value; SQL has no unsigned integers."""
    bits = kind.bits + (not kind.signed)
    return next((name for name, held in (("int2", 16), ("int4", 32), ("int8", 64)) if bits <= held), "numeric")


def column_name(name: str) -> str:
    """Return a column's name: the field's, with a trailing `_` where every table has a column of that name."""
    return f"{name}_" if name in _TAKEN else name


def table_name(stream: Stream) -> str:
    """Return the table's name, such as `r_heater_reading`."""
    return f"r_{_plain(stream.product)}_{_plain(stream.message)}"


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in name.lower())


def _identifier(name: str) -> str:
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _whole(stream: Stream) -> Iterator[str]:
    table = _identifier(table_name(stream))
    columns = ",\n".join(f"  {_identifier(name)} {kind}" for name, kind, _ in KEY_COLUMNS)
    yield f"CREATE TABLE {table} (\n{columns}\n) PARTITION BY RANGE (arrival);"
    yield f"CREATE TABLE {_identifier(f'{table_name(stream)}_default')} PARTITION OF {table} DEFAULT;"
    for suffix, how in (
        ("measured", "(device_no, measured)"),
        ("key", "(device_no, boot, seq)"),
        ("arrival", "USING brin (arrival)"),
    ):
        yield f"CREATE INDEX {_identifier(f'{table_name(stream)}_{suffix}')} ON {table} {how};"
    layouts = ", ".join(f"{layout.version} ({layout.fingerprint:08x})" for layout in stream.layouts)
    yield f"COMMENT ON TABLE {table} IS {_literal(f'Message {stream.message_id} of {stream.product}, layouts {layouts}')};"
    for name, _, meaning in KEY_COLUMNS:
        yield f"COMMENT ON COLUMN {table}.{_identifier(name)} IS {_literal(meaning)};"
    for column in stream.columns:
        yield from _added(table, column)
    yield from _valued(table, stream.columns)


def _valued(table: str, columns: Sequence[Column]) -> Iterator[str]:
    """Add what the calibrated ones of these columns measured; the version of a calibration may be there for another field."""
    calibrated = [column for column in columns if column.field.calibration is not None]
    for column in calibrated:
        name, field = _identifier(f"_physical_{column.name}"), column.field
        yield f"ALTER TABLE {table} ADD COLUMN {name} float8;"
        meaning = (
            f"{column.name} by {field.calibration} of the device, {field.unit or 'without a unit'}; NULL where it gives no value"
        )
        yield f"COMMENT ON COLUMN {table}.{name} IS {_literal(meaning)};"
    for calibration in dict.fromkeys(column.field.calibration for column in calibrated):
        name = _identifier(f"_version_{calibration}")
        yield f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} int4;"
        meaning = f"Version of the coefficients of {calibration}; NULL where the device had none"
        yield f"COMMENT ON COLUMN {table}.{name} IS {_literal(meaning)};"


def _added(table: str, column: Column) -> Iterator[str]:
    name = _identifier(column_name(column.name))
    yield f"ALTER TABLE {table} ADD COLUMN {name} {column_type(column.field.type)};"
    yield f"COMMENT ON COLUMN {table}.{name} IS {_literal(_meaning(column.field))};"


def _meaning(field: Field) -> str:
    """Say what a raw integer of the column means."""
    if field.calibration is not None:
        formula = f"raw count, {field.calibration} of the device gives {field.unit or 'the value'}"
    elif field.enum is not None or field.flags is not None or field.type is FieldType.BOOL:
        formula = "bits" if field.flags is not None else "0 false, 1 true" if field.enum is None else ""
    else:
        scale = "" if field.scale is None else f" × {shortest(field.scale)}"
        offset = "" if field.offset is None else f" + {shortest(field.offset)}"
        formula = f"raw{scale}{offset} {field.unit or ''}".rstrip()
    flags = ", ".join(f"{bit} {word}" for bit, word in sorted((field.flags or {}).items()))
    since = f"since {field.since}" if field.since else ""
    source = "" if field.inferred is None else guessed(field.inferred)
    return "; ".join(filter(None, (formula, limits(field), flags, source, since)))


def _evolution(family: Family, before: Contract, after: Contract) -> Iterator[str]:
    """New messages get a table, new fields a column; nothing is ever dropped: older firmware still sends it."""
    for stream in streams(family):
        old, new = before.messages.get(stream.message), after.messages.get(stream.message)
        if new is None:
            continue
        if old is None:
            yield from _whole(_in(stream, new.layout, frozenset()))
            continue
        had = frozenset(place.name for place in old.layout.places)
        added = _in(stream, new.layout, had).columns
        for column in added:
            yield from _added(_identifier(table_name(stream)), column)
        yield from _valued(_identifier(table_name(stream)), added)


def _in(stream: Stream, layout: Layout, had: frozenset[str]) -> Stream:
    """Return the stream with one layout alone, and those of its columns that were not there before."""
    names = {place.name for place in layout.places} - had
    return replace(stream, layouts=(layout,), columns=tuple(column for column in stream.columns if column.name in names))
