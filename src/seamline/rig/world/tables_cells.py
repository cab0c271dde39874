"""Cells: what a statement is given, read as the types of its columns; and time as PostgreSQL keeps it.

Times are Unix microseconds, as integers. The arithmetic is PostgreSQL's: `to_timestamp` goes through a double, and a time
read in milliseconds is rounded, halves away from zero.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias, TypeVar, cast

from seamline.hub.params import Int8s
from seamline.hub.statements import library
from seamline.rig.world.tables import NO_SUCH_TIME, NOT_NULL, NOT_TEXT, NUL_IN_TEXT, OUT_OF_RANGE, RefusedError

T = TypeVar("T")

Given: TypeAlias = Mapping[str, object]
"""Parameters of a statement, or one of its rows."""

_BOUNDS: Final = {"int2": 1 << 15, "int4": 1 << 31, "int8": 1 << 63}
_TEXTS: Final = frozenset({"text", "jsonb", "timestamptz"})
_RECORDSET: Final = re.compile(r"jsonb_to_recordset\(%\(rows\)s::jsonb\) AS \w+ \(([^)]*)\)")

EPOCH_S: Final = 946_684_800
"""PostgreSQL counts from 2000-01-01; this is that instant in Unix seconds (src/include/datatype/timestamp.h)."""
EPOCH_US: Final = EPOCH_S * 1_000_000
EARLIEST_S: Final = -210_866_803_200
"""4714-11-24 BC, the first day of the Julian calendar: no timestamp lies before it."""
END_S: Final = 9_224_318_016_000
"""294277-01-01: every timestamp lies before it."""
MS_A_SECOND: Final = 1_000
UNITS_US: Final = {MS_A_SECOND: 1_000, 1_000_000: 1}
"""Units a second → µs. Until 2038 the double's error, at most a quarter of a µs, is rounded away."""
SURE_MS: Final = MS_A_SECOND << 31
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_START_NAIVE: Final = _START.replace(tzinfo=None)


def maybe_int(row: Given, name: str) -> int | None:
    """An integer column, or NULL."""
    value = row.get(name)
    assert value is None or isinstance(value, int)  # noqa: S101 - `cast_rows` has seen to it
    return value


def int_of(row: Given, name: str) -> int:
    """An integer column that is NOT NULL."""
    return there(name, maybe_int(row, name))


def maybe_ints(row: Given, *names: str) -> tuple[int | None, ...]:
    """Several integer columns, or NULLs: one call for all."""
    return cast("tuple[int | None, ...]", tuple([row[name] for name in names]))


def ints_of(row: Given, *names: str) -> tuple[int, ...]:
    """Several integer columns that are NOT NULL."""
    found = maybe_ints(row, *names)
    if None in found:
        there(names[found.index(None)], None)
    return cast("tuple[int, ...]", found)


def maybe_text(row: Given, name: str) -> str | None:
    """A text column, or NULL."""
    value = row.get(name)
    assert value is None or isinstance(value, str)  # noqa: S101 - `cast_rows` has seen to it
    return value


def text_of(row: Given, name: str) -> str:
    """A text column that is NOT NULL."""
    return there(name, maybe_text(row, name))


def truth_of(row: Given, name: str) -> bool:
    """A truth value that is NOT NULL."""
    value = row.get(name)
    assert value is None or isinstance(value, bool)  # noqa: S101 - `cast_rows` has seen to it
    return there(name, value)


def bytes_of(row: Given, name: str) -> bytes:
    """A bytea column that is NOT NULL, given as base64."""
    return b64decode(text_of(row, name))


def there(name: str, value: T | None) -> T:
    """The value of a NOT NULL column. Raises RefusedError."""
    if value is None:
        raise RefusedError(NOT_NULL, f"null value in column {name}")
    return value


def records(given: Given) -> Sequence[Given]:
    """The parameter `rows`, cast."""
    return cast("Sequence[Given]", given["rows"])


def row_types(file: str) -> Mapping[str, Mapping[str, str]]:
    """Column → SQL type of the rows that each statement of an SQL file takes, as the statement itself says."""
    found: dict[str, Mapping[str, str]] = {}
    for name, text in library(file).items():
        columns_of = _RECORDSET.search(text.as_string(None))
        if columns_of is not None:
            found[name] = dict(re.findall(r"(\w+) ([\w\[\]]+)", columns_of[1]))
    return found


def cast_rows(rows: object, types: Mapping[str, str]) -> list[Given]:
    """Records, or JSON text of them, with every column as its type, missing ones NULL. Raises RefusedError before anything is done."""
    if isinstance(rows, str):
        rows = cast("object", json.loads(rows))
    assert isinstance(rows, Sequence)  # noqa: S101 - what the port says
    kinds = [(name, kind, _BOUNDS.get(kind, 0), kind in _TEXTS) for name, kind in types.items()]
    return [_cast_row(row, kinds) for row in cast("Sequence[Given]", rows)]


def _cast_row(row: Given, kinds: Sequence[tuple[str, str, int, bool]]) -> Given:
    """A record, by (column, type, bound of an integer type or 0, whether it takes text). Most cells fit as they are, or are missing."""
    found: dict[str, object] = {}
    get = row.get
    for name, kind, bound, is_text in kinds:
        value = get(name)
        if value is not None and not (type(value) is int and -bound <= value < bound):  # noqa: SIM102 - each met often
            if not (is_text and type(value) is str and value.isascii() and "\x00" not in value):
                value = _cast(name, value, kind)
        found[name] = value
    return found


def _cast(name: str, value: object, kind: str) -> object:
    if isinstance(value, bool):
        fits = kind in {"bool", "jsonb"}
    elif isinstance(value, int):
        bound = _BOUNDS.get(kind)
        if bound is not None and not -bound <= value < bound:
            raise RefusedError(OUT_OF_RANGE, f"{name}: {value} is out of range")
        fits = bound is not None or kind == "jsonb"
    elif isinstance(value, str):
        _storable(value)
        fits = kind in _TEXTS
    else:
        value = _copied(value)
        fits = kind in {"jsonb", "int8[]"}
    if not fits:
        raise RefusedError(NOT_TEXT, f"{name}: {value!r} is no {kind}")
    return value


def integers(given: Given, name: str) -> list[int]:
    """An int8[] parameter."""
    value = given[name]
    assert isinstance(value, Int8s)  # noqa: S101 - what the port says
    return value.values.tolist()


def columns(given: Given, *names: str) -> list[tuple[int, ...]]:
    """`unnest` of int8[] parameters: one tuple a row."""
    return list(zip(*(integers(given, name) for name in names), strict=True))


def texts(given: Given, name: str) -> list[str]:
    """A text[] parameter."""
    return list(cast("Sequence[str]", given[name]))


def number(given: Given, name: str) -> int:
    """An integer parameter."""
    value = given[name]
    assert isinstance(value, int)  # noqa: S101 - what the port says
    return value


def timestamp(count: int | None, a_second: int = MS_A_SECOND) -> int | None:
    """`to_timestamp(count / a_second)` in Unix µs, NULL for NULL. Raises RefusedError beyond what a timestamp holds."""
    if count is None:
        return None
    if a_second == MS_A_SECOND and 0 <= count < SURE_MS:
        return count * 1000
    if a_second in UNITS_US and 0 <= count < a_second << 31:
        return count * UNITS_US[a_second]
    seconds = count / a_second
    if not EARLIEST_S <= seconds < END_S:
        raise RefusedError(NO_SUCH_TIME, f"timestamp out of range: {seconds}")
    return round((seconds - EPOCH_S) * 1e6) + EPOCH_US


def time_of(row: Given, name: str) -> int:
    """A NOT NULL time, given in ms."""
    return there(name, timestamp(maybe_int(row, name)))


def ms(at_us: int | None) -> int | None:
    """`(extract(epoch FROM at) * 1000)::int8`."""
    return None if at_us is None else (at_us + 500) // 1000 if at_us >= 0 else -((500 - at_us) // 1000)


def seconds(at_us: int) -> int:
    """`extract(epoch FROM at)::int8`."""
    return (at_us + 500_000) // 1_000_000


def moment(at_us: int) -> datetime:
    """A `timestamptz` as the driver returns it."""
    return _START + timedelta(0, 0, at_us)


@lru_cache(maxsize=8_192)
def moment_text(at_us: int) -> str:
    """A `timestamptz` as PostgreSQL writes it in UTC."""
    text = (_START_NAIVE + timedelta(0, 0, at_us)).isoformat(" ")
    return f"{text.rstrip('0') if at_us % 1_000_000 else text}+00"


def moment_us(text: str) -> int:
    """A `timestamptz` from ISO 8601 text."""
    since = datetime.fromisoformat(text) - _START
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def least(one: int | None, other: int | None) -> int | None:
    """SQL's `least`: NULLs do not count."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def greatest(one: int | None, other: int | None) -> int | None:
    """SQL's `greatest`: NULLs do not count."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _storable(text: str) -> None:
    if "\x00" in text:
        raise RefusedError(NUL_IN_TEXT, "\\u0000 cannot be converted to text")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise RefusedError(NOT_TEXT, "Unicode surrogates must not stand alone")


def _copied(value: object) -> object:
    """A copy of JSON's values, as a database has one. Raises RefusedError."""
    if isinstance(value, str):
        _storable(value)
        return value
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {_named(name): _copied(item) for name, item in cast("dict[object, object]", value).items()}
    if value is None or isinstance(value, int):
        return value
    return cast("object", json.loads(json.dumps(value)))


def _named(name: object) -> str:
    """A member's name, as JSON writes it."""
    if not isinstance(name, str):
        [name] = cast("dict[str, object]", json.loads(json.dumps({name: None})))
    _storable(name)
    return name
