"""New coefficients: stored raw counts are valued anew, a stretch of a device's rows at a time, with an audit row of each pass.

A pass (`revaluation`) values every row of its device that is not valued with what is in force among the versions up to its own;
rows with a newer version are a later pass's. Each stretch is one transaction with the pass's place and figures in it, so a killed
worker goes on where it was, and each row is counted once. Ingest runs beside it: rows that come meanwhile have a version at least
as new (`hub.ingest.values`). The raw counts are only read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, cast

import numpy as np
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seamline.contract import Layout, canonical
from seamline.hub.calibrations import of_layouts, version_of
from seamline.hub.decode import I64, Bools
from seamline.hub.params import Int8s
from seamline.hub.reading_columns import field_column, physical_column, reading_table, version_column
from seamline.hub.statements import library
from seamline.hub.valuing import F64, Count, Counts, Sets

PASSES_MAX: Final = 200
ROWS_MAX: Final = 5_000
"""Rows of one transaction."""
STRETCHES_MAX: Final = 20
"""Of one turn of the worker: other steps wait for it."""

Place: TypeAlias = "tuple[str, int, int, int]"
"""Table, boot, sequence, incarnation of the last row that was looked at."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that is not finished."""

    id: int
    device: int
    product: str
    calibration: str
    version: int
    place: Sequence[object] | None


@dataclass(frozen=True, slots=True)
class Target:
    """One table with columns of the calibration."""

    table: str
    columns: tuple[str, ...]
    counts: dict[int, tuple[Count, ...]]  # by layout version


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows in a row. `raw` by column, NaN for none; `version` 0 for none; `at_us` the moments, Unix µs."""

    boot: I64
    seq: I64
    incarnation: I64
    layout: I64
    arrival: list[object]
    at_us: I64
    version: I64
    raw: dict[str, F64]

    def __len__(self) -> int:
        return len(self.boot)


async def revalue(connection: AsyncConnection[TupleRow]) -> int:
    """Work on what is asked for, a bounded piece; returns how many rows have another value now."""
    rows = await _all(connection, "due_revaluations", {"most": PASSES_MAX})
    left, moved = STRETCHES_MAX, 0
    for one in (Pass(*row) for row in rows):
        used, changed = await _work(connection, one, left)
        left, moved = left - used, moved + changed
        if left <= 0:
            break
    return moved


async def _work(connection: AsyncConnection[TupleRow], one: Pass, stretches: int) -> tuple[int, int]:
    """Do at most so many stretches of a pass; returns how many, and how many rows changed."""
    layouts = [canonical.parse(str(text)) for (text,) in await _all(connection, "layouts_of", {"product": one.product})]
    calibration = of_layouts(layouts).get(one.calibration)
    used = changed = 0
    if calibration is not None:
        sets = Sets(calibration)
        named = {"device": one.device, "product": one.product, "name": one.calibration, "version": one.version}
        sets.put(0, [version_of(row) for row in await _all(connection, "versions_until", named)])
        for target in _targets(layouts, one.calibration):
            at = _begin(one, target)
            while at is not None:
                if used == stretches:
                    return used, changed
                at, moved = await _stretch(connection, one, target, sets, at)
                used, changed = used + 1, changed + moved
    async with connection.transaction():
        await _run(connection, "finished", {"id": one.id})
        await _run(connection, "forget_empty", {"id": one.id})
    return max(1, used), changed


def _targets(layouts: Sequence[Layout], calibration: str) -> list[Target]:
    """The tables with columns of the calibration, in the order of their names."""
    found: dict[str, dict[int, tuple[Count, ...]]] = {}
    for layout in layouts:
        columns = Counts(layout).columns.get(calibration, ())
        if columns:
            found.setdefault(reading_table(layout.product, layout.message), {})[layout.version] = columns
    return [
        Target(table, tuple(dict.fromkeys(count.name for own in found[table].values() for count in own)), found[table])
        for table in sorted(found)
    ]


def _begin(one: Pass, target: Target) -> Place | None:
    """Where the pass goes on in this table; None when it is through with it."""
    if one.place is None or str(one.place[0]) < target.table:
        return target.table, -1, -1, -1
    if str(one.place[0]) > target.table:
        return None
    _, boot, seq, incarnation = cast("tuple[str, int, int, int]", tuple(one.place))
    return target.table, boot, seq, incarnation


async def _stretch(
    connection: AsyncConnection[TupleRow], one: Pass, target: Target, sets: Sets, at: Place
) -> tuple[Place | None, int]:
    """Value the next rows anew; returns the place behind them (None at the table's end) and how many changed."""
    async with connection.transaction():
        rows = await _read(connection, one, target, at)
        values, version = _valued(rows, target, sets)
        changed = (version > 0) | (rows.version > 0)
        changed &= (rows.version <= one.version) & (rows.version != version)
        count = int(np.count_nonzero(changed))
        if count:
            await _write(connection, one, target, rows, changed, values, version)
        last = len(rows) - 1
        place = (target.table, int(rows.boot[last]), int(rows.seq[last]), int(rows.incarnation[last])) if last >= 0 else at
        await _run(
            connection,
            "passed",
            {
                "id": one.id,
                "rows": count,
                "place": Jsonb(place),
                "first_us": int(rows.at_us[changed].min()) if count else None,
                "last_us": int(rows.at_us[changed].max()) if count else None,
            },
        )
    return (place if len(rows) == ROWS_MAX else None), count


def _valued(rows: Stretch, target: Target, sets: Sets) -> tuple[dict[str, F64], I64]:
    """Physical values by column, and the version in force for each row; 0 where the row's layout has no such field."""
    values = {name: np.full(len(rows), np.nan) for name in target.columns}
    version = np.zeros(len(rows), np.int64)
    for layout, counts in target.counts.items():
        inside = rows.layout == layout
        if not inside.any():
            continue
        raws = [rows.raw[count.name][inside] for count in counts]
        found, version[inside] = sets.value(np.zeros(len(raws[0]), np.int64), rows.at_us[inside], raws)
        for count, own in zip(counts, found, strict=True):
            values[count.name][inside] = count.bounded(own)
    return values, version


async def _read(connection: AsyncConnection[TupleRow], one: Pass, target: Target, at: Place) -> Stretch:
    """The rows behind a place."""
    _, boot, seq, incarnation = at
    rows = await _all(
        connection,
        "counted_rows",
        {"device": one.device, "boot": boot, "seq": seq, "incarnation": incarnation, "most": ROWS_MAX},
        table=sql.Identifier(target.table),
        version=sql.Identifier(version_column(one.calibration)),
        counts=_listed([field_column(name) for name in target.columns]),
    )
    head, raw = [list(column) for column in zip(*(row[:7] for row in rows), strict=True)], [row[7:] for row in rows]
    boots, seqs, incarnations, layouts, arrivals, moments, versions = head or [[] for _ in range(7)]
    integers = partial(np.array, dtype=np.int64)
    return Stretch(
        boot=integers(boots),
        seq=integers(seqs),
        incarnation=integers(incarnations),
        layout=integers(layouts),
        arrival=arrivals,
        at_us=integers(moments),
        version=integers([version or 0 for version in versions]),
        raw={
            name: np.array([np.nan if row[at] is None else float(row[at]) for row in raw], np.float64)
            for at, name in enumerate(target.columns)
        },
    )


async def _write(
    connection: AsyncConnection[TupleRow],
    one: Pass,
    target: Target,
    rows: Stretch,
    changed: Bools,
    values: dict[str, F64],
    version: I64,
) -> None:
    places = np.flatnonzero(changed).tolist()
    given: dict[str, object] = {
        "device": one.device,
        "boot": Int8s(rows.boot[changed]),
        "seq": Int8s(rows.seq[changed]),
        "incarnation": Int8s(rows.incarnation[changed]),
        "arrival": [rows.arrival[place] for place in places],
        "version": Int8s(version[changed]),
    }
    given |= {f"value{at}": values[name][changed].tolist() for at, name in enumerate(target.columns)}
    numbered = [f"value{at}" for at in range(len(target.columns))]
    await _run(
        connection,
        "revalue",
        given,
        table=sql.Identifier(target.table),
        version=sql.Identifier(version_column(one.calibration)),
        values=sql.SQL("").join(
            sql.SQL(", {} = nullif(u.{}, 'NaN')").format(sql.Identifier(physical_column(name)), sql.Identifier(number))
            for name, number in zip(target.columns, numbered, strict=True)
        ),
        arrays=sql.SQL("").join(sql.SQL(", {}::float8[]").format(sql.Placeholder(number)) for number in numbered),
        names=_listed(numbered),
    )


def _listed(names: Sequence[str]) -> sql.Composed:
    """The names as identifiers, a comma before each."""
    return sql.SQL("").join(sql.SQL(", ") + sql.Identifier(name) for name in names)


def _statement(name: str, parts: Mapping[str, sql.Composable]) -> sql.SQL | sql.Composed:
    text = library("calibration")[name]
    return text.format(**parts) if parts else text


async def _all(
    connection: AsyncConnection[TupleRow], name: str, parameters: Mapping[str, object], **parts: sql.Composable
) -> list[TupleRow]:
    return await (await connection.execute(_statement(name, parts), parameters)).fetchall()


async def _run(
    connection: AsyncConnection[TupleRow], name: str, parameters: Mapping[str, object], **parts: sql.Composable
) -> None:
    await connection.execute(_statement(name, parts), parameters)
