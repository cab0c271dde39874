"""Rows of a reading table as PostgreSQL's binary COPY, built by NumPy: one structured array is the wire format.

Each row is a 16-bit column count, then for each column a 32-bit length and the value, big-endian (PostgreSQL documentation,
"COPY", Binary Format). A column that is null has length -1 and no value, so rows with and without a date are two shapes; of
a value that is missing in some rows the bytes are cut out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from seamline.contract import FieldType, Layout
from seamline.hub.calibrations import NONE
from seamline.hub.columns import missing_column
from seamline.hub.decode import I64, Records
from seamline.hub.reading_columns import READING_COLUMNS, field_column, physical_column, reading_table, version_column
from seamline.hub.tables import SQL_TYPES
from seamline.hub.valuing import Counts, Physical

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
EPOCH_US: Final = 946_684_800_000_000
"""PostgreSQL counts time from 2000-01-01; this is that instant in Unix µs."""

_BINARY: Final = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "timestamptz": ">i8", "float8": ">f8"}
_NUMERIC_DIGITS: Final = 5
"""Base-10000 digits of the largest u64; leading zeros are allowed and stripped by the server."""
_NUMERIC: Final = np.dtype(
    [("count", ">i2"), ("weight", ">i2"), ("sign", ">i2"), ("scale", ">i2"), ("digits", ">i2", (_NUMERIC_DIGITS,))]
)

Column = tuple[str, str]
"""Name and SQL type."""


class RowShape:
    """The binary form of a row with these columns, none of them null except those named."""

    def __init__(self, columns: Sequence[Column], nulls: frozenset[str]) -> None:
        parts: list[tuple[str, object]] = [("n", ">i2")]
        for name, kind in columns:
            parts.append((f"#{name}", ">i4"))
            if name not in nulls:
                parts.append((name, _NUMERIC if kind == "numeric" else _BINARY[kind]))
        self.dtype: Final = np.dtype(parts)
        template = np.zeros((), self.dtype)
        template["n"] = len(columns)
        for name, _ in columns:
            template[f"#{name}"] = -1 if name in nulls else self.dtype[name].itemsize
        self._template: Final = template

    def empty(self, count: int) -> Records:
        """`count` rows with counts and lengths filled in."""
        return np.full(count, self._template)

    def without(self, rows: Records, missing: Mapping[str, NDArray[np.bool_]]) -> bytes:
        """The rows as bytes, null in each named column where `missing` says so."""
        kept = np.ones((len(rows), self.dtype.itemsize), np.bool_)
        fields = cast("Mapping[str, tuple[np.dtype[np.generic], int]]", self.dtype.fields)
        for name, where in missing.items():
            kind, at = fields[name][:2]
            rows[f"#{name}"][where] = -1
            kept[:, at : at + kind.itemsize] &= ~where[:, None]
        return rows.view(np.uint8).reshape(kept.shape)[kept].tobytes()


class Writer:
    """Makes the COPY of one layout's records into their table."""

    def __init__(self, layout: Layout) -> None:
        self.layout: Final = layout
        self.table: Final = reading_table(layout.product, layout.message)
        self.counts: Final = Counts(layout)
        fields = [(field_column(place.name), SQL_TYPES[place.field.type]) for place in layout.places]
        columns = [(name, kind.partition(" ")[0]) for name, kind in READING_COLUMNS] + fields
        physical = [(physical_column(place.name), "float8") for place in layout.places if place.field.calibration is not None]
        valued = [*columns, *physical, *((version_column(name), "int4") for name in self.counts.calibrations)]
        undated = frozenset({"measured", "error_ms"})
        self._shapes: Final = {
            (is_valued, is_dated): RowShape(valued if is_valued else columns, frozenset() if is_dated else undated)
            for is_valued in (False, True)
            for is_dated in (False, True)
        }
        self.statement: Final = self._copy(columns)
        self.valued_statement: Final = self._copy(valued)
        """The statement for rows made with their physical values."""

    def _copy(self, columns: Sequence[Column]) -> sql.Composed:
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
        return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(self.table), names)

    def rows(self, keys: Mapping[str, I64], dated: NDArray[np.bool_], fields: Records, physical: Physical | None = None) -> bytes:
        """The rows as bytes, without signature and trailer.

        `keys` has every column of READING_COLUMNS but `layout`, as int64; times in Unix µs; `measured` and `error_ms` count
        only where `dated`. Without `physical` the columns of physical values are left out, and so NULL.
        """
        if dated.all() or not dated.any():
            return self._rows(keys, fields, physical, dated=bool(dated.all()))
        parts: list[bytes] = []
        for is_dated, chosen in ((True, dated), (False, ~dated)):
            own = {name: column[chosen] for name, column in keys.items()}
            found = None if physical is None else physical[chosen]
            parts.append(self._rows(own, fields[chosen], found, dated=is_dated))
        return b"".join(parts)

    def _rows(self, keys: Mapping[str, I64], fields: Records, physical: Physical | None, *, dated: bool) -> bytes:
        shape = self._shapes[physical is not None, dated]
        rows = shape.empty(len(fields))
        names = cast("tuple[str, ...]", shape.dtype.names)
        for name, column in keys.items():
            if name in names:
                rows[name] = column - EPOCH_US if name in {"arrival", "measured"} else column
        rows["layout"] = self.layout.version
        missing: dict[str, NDArray[np.bool_]] = {}
        for place in self.layout.places:
            column, name = fields[place.name], field_column(place.name)
            rows[name] = _numeric(column) if place.field.type is FieldType.U64 else column
            if place.field.may_miss and fields[missing_column(place.name)].any():
                missing[name] = fields[missing_column(place.name)]
        if physical is not None:
            missing |= _physical(rows, physical)
        return shape.without(rows, missing) if missing else rows.tobytes()


def _physical(rows: Records, physical: Physical) -> dict[str, NDArray[np.bool_]]:
    """Fill in what records measured; returns where there is no value."""
    missing: dict[str, NDArray[np.bool_]] = {}
    for name, values in physical.values.items():
        column, none = physical_column(name), np.isnan(values)
        rows[column] = values
        if none.any():
            missing[column] = none
    for name, versions in physical.versions.items():
        column, none = version_column(name), versions == NONE
        rows[column] = versions
        if none.any():
            missing[column] = none
    return missing


def _numeric(column: NDArray[np.uint64]) -> Records:
    """Unsigned 64-bit values as `numeric`."""
    values = np.zeros(len(column), _NUMERIC)
    values["count"], values["weight"] = _NUMERIC_DIGITS, _NUMERIC_DIGITS - 1
    rest = column.astype(np.uint64)
    for at in range(_NUMERIC_DIGITS - 1, -1, -1):
        values["digits"][:, at] = rest % np.uint64(10_000)
        rest //= np.uint64(10_000)
    return values
