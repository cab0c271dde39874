"""Cells: what a statement is given, read as the types of its columns; and time as PostgreSQL keeps it.

Times are Unix microseconds, as integers. The arithmetic is PostgreSQL's: `to_timestamp` goes through a double, and a time
read in milliseconds is rounded, halves away from zero.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias, TypeVar, cast

from seamline.hub.params import Int8s
from seamline.rig.world.tables import NO_SUCH_TIME, NOT_NULL, RefusedError

T = TypeVar("T")

Given: TypeAlias = Mapping[str, object]
"""Parameters of a statement, or one of its rows."""

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
