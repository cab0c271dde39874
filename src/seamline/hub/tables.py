"""Reading tables from contracts: made or widened at the hub's start, one a message, with a view of physical values.

A newer layout only appends fields, so a table only ever gains columns, which PostgreSQL does without rewriting it. Columns
hold raw integers; the view applies scale and offset exactly (numeric) and names enum members. Where a calibration lies between
raw and physical, the physical value has a column of its own, and the coefficients' version another (`hub.valuing`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import AsyncConnection, sql

from seamline.contract import Family, Field, FieldType, Layout
from seamline.hub.reading_columns import (
    READING_COLUMNS,
    field_column,
    physical_column,
    raw_column,
    reading_table,
    reading_view,
    version_column,
)
from seamline.hub.statements import trusted

LOCK: Final = 0x5EA3120  # pg_advisory_xact_lock key: one process registers at a time
LOSSES_ID: Final = 0


def _sql_type(kind: FieldType) -> str:
    bits = kind.bits if kind.signed else kind.bits + 1  # SQL has no unsigned integers
    return next((name for name, held in (("int2", 16), ("int4", 32), ("int8", 64)) if bits <= held), "numeric")


SQL_TYPES: Final[Mapping[FieldType, str]] = {kind: _sql_type(kind) for kind in FieldType}
"""The narrowest SQL type that holds every raw value."""


@dataclass(frozen=True, slots=True)
class ReadingTable:
    """One message of one product: its table, its view, and the columns of all its layouts, oldest first."""

    product: str
    message: str
    columns: tuple[tuple[str, Field], ...]  # name as in `Layout.places`, and its field
    versions: Mapping[str, frozenset[int]]  # column's name → layout versions that have it

    @property
    def name(self) -> str:
        """The table's name."""
        return reading_table(self.product, self.message)

    @property
    def calibrations(self) -> tuple[str, ...]:
        """The calibrations that columns have, each once."""
        return tuple(dict.fromkeys(field.calibration for _, field in self.columns if field.calibration is not None))

    @property
    def sql_columns(self) -> tuple[tuple[str, str], ...]:
        """Name and SQL type of every column beyond the key columns."""
        raw = [(field_column(name), SQL_TYPES[field.type]) for name, field in self.columns]
        physical = [(physical_column(name), "float8") for name, field in self.columns if field.calibration is not None]
        return (*raw, *physical, *((version_column(name), "int4") for name in self.calibrations))

    @property
    def view(self) -> str:
        """The view's name."""
        return reading_view(self.product, self.message)


def reading_tables(layouts: Iterable[Layout]) -> tuple[ReadingTable, ...]:
    """The tables that hold these layouts' records; `losses` has its own place in the books."""
    grouped: dict[tuple[str, str], list[Layout]] = {}
    for layout in sorted(layouts, key=lambda layout: (layout.product, layout.message_id, layout.version)):
        if layout.message_id != LOSSES_ID:
            grouped.setdefault((layout.product, layout.message), []).append(layout)
    tables: list[ReadingTable] = []
    for (product, message), group in grouped.items():
        columns = {place.name: place.field for layout in group for place in layout.places}
        versions = {
            name: frozenset(layout.version for layout in group if any(place.name == name for place in layout.places))
            for name in columns
        }
        tables.append(ReadingTable(product, message, tuple(columns.items()), versions))
    return tuple(tables)


async def register(connection: AsyncConnection, families: Sequence[Family]) -> tuple[ReadingTable, ...]:
    """Write down every version and layout of the families, and make or widen their tables, in one transaction.

    Idempotent. Raises psycopg.Error when the database refuses.
    """
    layouts = {key: layout for family in families for key, layout in family.layouts.items()}
    tables = reading_tables(layouts.values())
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        for family in families:
            for contract in family.versions.values():
                await connection.execute(
                    "INSERT INTO contract_version (product, version, document) VALUES (%s, %s, %s)"
                    " ON CONFLICT (product, version) DO UPDATE SET document = excluded.document"
                    " WHERE contract_version.document IS DISTINCT FROM excluded.document",
                    (contract.product, contract.version, json.dumps(contract.document)),
                )
        for layout in layouts.values():
            await connection.execute(
                "INSERT INTO layout (product, message, message_id, layout, fingerprint, canonical)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    layout.product,
                    layout.message,
                    layout.message_id,
                    layout.version,
                    layout.fingerprint,
                    layout.canonical,
                ),
            )
        for table in tables:
            await _make(connection, table)
    return tables


async def _make(connection: AsyncConnection, table: ReadingTable) -> None:
    """One table with its indexes, its partition of last resort, its columns and its view."""
    if not await _has_columns(connection, table):
        for statement in _definition(table):
            await connection.execute(statement)
    await connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(table.view)))
    await connection.execute(view(table))


async def _has_columns(connection: AsyncConnection, table: ReadingTable) -> bool:
    """Whether the table is there with every column: then no lock on it is needed."""
    cursor = await connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0", (table.name,)
    )
    has = {str(row[0]) for row in await cursor.fetchall()}
    return {name for name, _ in table.sql_columns} <= has and "digest" in has


def _definition(table: ReadingTable) -> list[sql.Composed]:
    name = sql.Identifier(table.name)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), trusted(kind)) for column, kind in READING_COLUMNS
    )
    statements = [
        sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}) PARTITION BY RANGE (arrival)").format(name, columns),
        sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} DEFAULT").format(sql.Identifier(f"{table.name}_default"), name),
        sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} (device_no, measured)").format(
            sql.Identifier(f"{table.name}_measured"), name
        ),
        sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} (device_no, boot, seq)").format(sql.Identifier(f"{table.name}_key"), name),
        sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING brin (arrival)").format(sql.Identifier(f"{table.name}_arrival"), name),
    ]
    statements += [
        sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(name, sql.Identifier(column), trusted(kind))
        for column, kind in table.sql_columns
    ]
    return statements


def view(table: ReadingTable) -> sql.Composed:
    """The view with the device's id, every key column, and physical values under the fields' names.

    A calibrated field's is NULL until the device has coefficients; behind the fields stand its raw counts and their versions.
    """
    keys = [column for column, _ in READING_COLUMNS if column != "digest"]
    columns = [sql.SQL("d.id AS device"), *(sql.SQL("r.{}").format(sql.Identifier(column)) for column in keys)]
    columns += [
        sql.SQL("{} AS {}").format(_physical(name, field), sql.Identifier(field_column(name))) for name, field in table.columns
    ]
    columns += [
        sql.SQL("r.{} AS {}").format(sql.Identifier(field_column(name)), sql.Identifier(raw_column(name)))
        for name, field in table.columns
        if field.calibration is not None
    ]
    columns += [sql.SQL("r.{}").format(sql.Identifier(version_column(name))) for name in table.calibrations]
    return sql.SQL("CREATE VIEW {} AS SELECT {} FROM {} r JOIN device d ON d.no = r.device_no").format(
        sql.Identifier(table.view), sql.SQL(", ").join(columns), sql.Identifier(table.name)
    )


def _physical(column: str, field: Field) -> sql.Composable:
    """A column's physical value: exact, or by the calibration of the unit."""
    if field.calibration is not None:
        return sql.SQL("r.{}").format(sql.Identifier(physical_column(column)))
    raw = sql.SQL("r.{}").format(sql.Identifier(field_column(column)))
    if field.enum is not None:
        cases = sql.SQL(" ").join(
            sql.SQL("WHEN {} THEN {}").format(sql.Literal(value), sql.Literal(name)) for value, name in sorted(field.enum.items())
        )
        return sql.SQL("CASE {} {} ELSE {}::text END").format(raw, cases, raw)
    if field.type is FieldType.BOOL:
        return sql.SQL("({} <> 0)").format(raw)
    value: sql.Composable = raw
    if field.scale is not None:
        value = sql.SQL("{} * {}::numeric").format(value, sql.Literal(str(field.scale)))
    if field.offset is not None:
        value = sql.SQL("({}) + {}::numeric").format(value, sql.Literal(str(field.offset)))
    return value
