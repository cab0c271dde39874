"""The names of reading tables, of their views and of all their columns.

Every reading table r_<product>_<message> begins with READING_COLUMNS; then one column per field, raw integers, NULL where the
record's layout lacks the field; then, for each field with a calibration, its physical value, and for each calibration the version
of the coefficients it was valued with. Partitioned by range of `arrival`, one partition a day (UTC).
"""

from __future__ import annotations

from typing import Final

READING_COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("device_no", "int4 NOT NULL"),
    ("incarnation", "int8 NOT NULL"),
    ("boot", "int8 NOT NULL"),
    ("seq", "int8 NOT NULL"),
    ("layout", "int2 NOT NULL"),
    ("arrival", "timestamptz NOT NULL"),
    ("uptime_ms", "int8 NOT NULL"),
    ("measured", "timestamptz"),  # NULL: nothing is known but the arrival
    ("error_ms", "int8"),
    ("quality", "int2 NOT NULL"),  # 0 bounded, 1 anchored, 2 synced
    ("revision", "int2 NOT NULL"),
    ("digest", "int8 NOT NULL"),  # hash of the record's bytes: tells a duplicate from a conflict
)


def reading_table(product: str, message: str) -> str:
    """The name of the table that holds a product's messages of one kind, e.g. `r_heater_reading`."""
    return f"r_{_identifier(product)}_{_identifier(message)}"


def reading_view(product: str, message: str) -> str:
    """The name of the view with physical values, e.g. `heater_reading`."""
    return f"{_identifier(product)}_{_identifier(message)}"


_TAKEN: Final = frozenset(name for name, _ in READING_COLUMNS)


def field_column(name: str) -> str:
    """The column of a field: its name, or with a trailing `_` where a column of every reading table has that name."""
    column = _identifier(name)
    return f"{column}_" if column in _TAKEN else column


def physical_column(name: str) -> str:
    """The column of a calibrated field's physical value: no contract name begins with `_`."""
    return f"_physical_{_identifier(name)}"


def version_column(calibration: str) -> str:
    """The column of the version of a calibration's coefficients that a row was valued with; NULL: not valued."""
    return f"_version_{_identifier(calibration)}"


def raw_column(name: str) -> str:
    """The column of a calibrated field's raw count in the view, where its own name has the physical value."""
    return f"_raw_{_identifier(name)}"


def _identifier(name: str) -> str:
    """A contract name as part of an SQL identifier."""
    return "".join(char if char.isalnum() else "_" for char in name.lower())
