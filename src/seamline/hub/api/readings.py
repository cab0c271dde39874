"""The readings of a device: dated, with their error bounds, and with what is missing between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from seamline.hub.api.device import DeviceId, facts, layouts
from seamline.hub.api.device_models import MissingRange, Reading, ReadingsView
from seamline.hub.api.layouts import LayoutField, RegisteredLayout, parse, union
from seamline.hub.api.missing import Key, Known, Missing, Seen, owed, place
from seamline.hub.api.problem import answers, not_found
from seamline.hub.api.queries import rows, statement
from seamline.hub.api.state import State
from seamline.hub.reading_columns import field_column, physical_column, reading_table, version_column

router: Final = APIRouter(prefix="/devices/{device}")
QUALITY: Final = ("bounded", "anchored", "synced")
UNIX_MS_MAX: Final = 253_402_300_799_999
"""The end of the year 9999, the last a calendar of four digits can show."""


class Order(StrEnum):
    """Which end of the window to read from."""

    NEWEST = "desc"
    OLDEST = "asc"


@dataclass(frozen=True, slots=True)
class _Column:
    name: str


@dataclass(frozen=True, slots=True)
class _OwedRow:
    incarnation: int
    boot: int
    gaps: list[int]
    high: int
    numbered: int


@dataclass(frozen=True, slots=True)
class _Range:
    incarnation: int
    boot: int
    first: int
    count: int
    reason: str | None


@router.get("/readings", responses=answers(404, 422))
async def readings(
    state: State,
    device: DeviceId,
    message: Annotated[str | None, Query(max_length=64, description="Kind of reading; the product's first if absent")] = None,
    start: Annotated[int | None, Query(alias="from", ge=0, le=UNIX_MS_MAX, description="Unix ms, inclusive")] = None,
    end: Annotated[int | None, Query(alias="to", ge=0, le=UNIX_MS_MAX, description="Unix ms, exclusive")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000)] = 500,
    order: Order = Order.NEWEST,
) -> ReadingsView:
    """Return readings by measured time (by arrival where nothing better is known), and the ranges missing among them."""
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        kinds = [parse(row.canonical) for row in await layouts(connection, it.product) if row.channel]
        if message is None and kinds:
            message = kinds[0].message
        known = [kind for kind in kinds if kind.message == message]
        if not known or message is None:
            names = ", ".join(sorted({kind.message for kind in kinds})) or "none"
            raise not_found(f"No message '{message}' is registered for '{device}'.", f"Registered: {names}.")
        table = reading_table(it.product or "", message)
        columns = {row.name for row in await rows(connection, "readings_columns", {"table": table}, _Column)}
        found: list[dict[str, object]] = []
        if columns:
            wanted = [name for name in _columns(union(known).values()) if name in columns]
            window = {"no": it.no, "from": _date(start), "to": _date(end), "limit": limit + 1}
            found = await _fetch(connection, table, wanted, window, order)
        fields = union(known)
        result = [_reading(row, {kind.version: kind for kind in known}) for row in found[:limit]]
        missing = await _missing(connection, it.no, known[0].channel, result)
    return ReadingsView(
        message=message,
        channel=known[0].channel,
        fields=[item.shape() for item in fields.values()],
        rows=result,
        missing=[_range(item) for item in missing],
        truncated=len(found) > limit,
    )


async def _fetch(
    connection: AsyncConnection, table: str, fields: list[str], window: Mapping[str, object], order: Order
) -> list[dict[str, object]]:
    query = statement(
        "readings",
        table=sql.Identifier(table),
        fields=sql.SQL("").join(sql.SQL(", ") + sql.Identifier(name) for name in fields),
        order=sql.SQL("DESC" if order is Order.NEWEST else "ASC"),
    )
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, window)
        return cast("list[dict[str, object]]", await cursor.fetchall())


def _columns(fields: Iterable[LayoutField]) -> list[str]:
    """Return the table's columns that hold these fields."""
    found: dict[str, None] = {}
    for item in fields:
        found[field_column(item.name)] = None
        if item.calibration is not None:
            found[physical_column(item.name)] = found[version_column(item.calibration.name)] = None
    return list(found)


def _reading(row: dict[str, object], kinds: dict[int, RegisteredLayout]) -> Reading:
    """Turn a table row into a reading: its own layout says which fields it has and what they mean."""
    kind = kinds.get(cast("int", row["layout"]))
    values: dict[str, float | int | str | None] = {}
    counts: dict[str, int] = {}
    versions: dict[str, int] = {}
    outside: list[str] = []
    for item in () if kind is None else kind.fields:
        raw = row.get(field_column(item.name))
        if raw is None:
            continue
        if item.calibration is None:
            values[item.name] = item.shown(int(cast("int", raw)))
            continue
        counts[item.name] = int(cast("int", raw))
        values[item.name] = value = cast("float | None", row.get(physical_column(item.name)))
        version = cast("int | None", row.get(version_column(item.calibration.name)))
        if version is not None:
            versions[item.calibration.name] = version
        if value is not None and item.outside(value):
            outside.append(item.name)
    plain = {
        name: row[name] for name in Reading.model_fields if name in row and name not in {"raw", "values", "versions", "outside"}
    }
    shown = {"values": values, "raw": counts, "versions": versions, "outside": outside}
    return Reading.model_validate({**plain, "quality": QUALITY[cast("int", row["quality"])], **shown})


async def _missing(connection: AsyncConnection, no: int, channel: int, found: list[Reading]) -> list[Missing]:
    """Find what the books know to be missing around the readings found."""
    seen: defaultdict[Key, list[Seen]] = defaultdict(list)
    for it in found:
        seen[Key(it.incarnation, it.boot)].append(Seen(it.seq, it.arrival_ms if it.measured_ms is None else it.measured_ms))
    if not seen:
        return []
    keys = {"no": no, "channel": channel, "boots": [key.boot for key in seen], "incarnations": [key.incarnation for key in seen]}
    known: list[Known] = []
    for row in await rows(connection, "readings_owed", keys, _OwedRow):
        known += owed(Key(row.incarnation, row.boot), row.gaps, row.high, row.numbered)
    for cls in ("lost", "quarantined"):
        for row in await rows(connection, f"readings_{cls}", keys, _Range):
            known.append(Known(Key(row.incarnation, row.boot), row.first, row.count, cls, row.reason))
    newest = max(seen, key=lambda key: max(item.at_ms for item in seen[key]))
    return place(seen, known, newest=newest)


def _range(it: Missing) -> MissingRange:
    return MissingRange(
        incarnation=it.key.incarnation,
        boot=it.key.boot,
        first=it.first,
        count=it.count,
        cls=it.cls,
        reason=it.reason,
        from_ms=it.from_ms,
        to_ms=it.to_ms,
    )


def _date(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)
