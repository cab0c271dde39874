"""New coefficients: stored raw counts are valued anew, a stretch of a device's rows at a time, with an audit row of each pass.

A pass (`revaluation`) values every row of its device that is not valued with what is in force among the versions up to its own;
rows with a newer version are a later pass's. Each stretch is one transaction with the pass's place and figures in it, so a killed
worker goes on where it was, and each row is counted once. Ingest runs beside it: rows that come meanwhile have a version at least
as new (`hub.ingest.values`). The raw counts are only read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import isnan
from typing import Final, TypeAlias, cast

import numpy as np

from seamline.contract import Layout, canonical
from seamline.hub.calibrations import of_layouts, version_of
from seamline.hub.decode import I64, Bools
from seamline.hub.params import rows as as_json
from seamline.hub.reading_columns import field_column, physical_column, reading_table, version_column
from seamline.hub.store_port import Store
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
    arrival: list[datetime]
    at_us: I64
    version: I64
    raw: dict[str, F64]

    def __len__(self) -> int:
        return len(self.boot)


async def revalue(store: Store, rows_max: int | None = None) -> int:
    """Work on what is asked for, a bounded piece; returns how many rows have another value now.

    `rows_max`: rows of one transaction (None: ROWS_MAX).
    """
    rows = await store.all("due_revaluations", {"most": PASSES_MAX})
    left, moved = STRETCHES_MAX, 0
    for one in (Pass(*row) for row in rows):
        used, changed = await _work(store, one, left, ROWS_MAX if rows_max is None else rows_max)
        left, moved = left - used, moved + changed
        if left <= 0:
            break
    return moved


async def _work(store: Store, one: Pass, stretches: int, rows_max: int) -> tuple[int, int]:
    """Do at most so many stretches of a pass; returns how many, and how many rows changed."""
    layouts = [canonical.parse(str(text)) for (text,) in await store.all("layouts_of", {"product": one.product})]
    calibration = of_layouts(layouts).get(one.calibration)
    used = changed = 0
    if calibration is not None:
        sets = Sets(calibration)
        named = {"device": one.device, "product": one.product, "name": one.calibration, "version": one.version}
        sets.put(0, [version_of(row) for row in await store.all("versions_until", named)])
        for target in _targets(layouts, one.calibration):
            at = _begin(one, target)
            while at is not None:
                if used == stretches:
                    return used, changed
                at, moved = await _stretch(store, one, target, sets, at, rows_max)
                used, changed = used + 1, changed + moved
    async with store.transaction():
        await store.run("finished", {"id": one.id})
        await store.run("forget_empty", {"id": one.id})
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


async def _stretch(store: Store, one: Pass, target: Target, sets: Sets, at: Place, rows_max: int) -> tuple[Place | None, int]:
    """Value the next rows anew; returns the place behind them (None at the table's end) and how many changed."""
    async with store.transaction():
        rows = await _read(store, one, target, at, rows_max)
        values, version = _valued(rows, target, sets)
        changed = (version > 0) | (rows.version > 0)
        changed &= (rows.version <= one.version) & (rows.version != version)
        count = int(np.count_nonzero(changed))
        if count:
            await _write(store, one, target, rows, changed, values, version)
        last = len(rows) - 1
        place = (target.table, int(rows.boot[last]), int(rows.seq[last]), int(rows.incarnation[last])) if last >= 0 else at
        moments = rows.at_us[changed]
        await store.run(
            "passed",
            {
                "id": one.id,
                "count": count,
                "place": json.dumps(place),
                "first_us": int(moments.min()) if count else None,
                "last_us": int(moments.max()) if count else None,
            },
        )
    return (place if len(rows) == rows_max else None), count


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


async def _read(store: Store, one: Pass, target: Target, at: Place, rows_max: int) -> Stretch:
    """The rows behind a place."""
    _, boot, seq, incarnation = at
    rows = await store.all(
        "counted_rows",
        {"device": one.device, "boot": boot, "seq": seq, "incarnation": incarnation, "most": rows_max},
        table=target.table,
        version=version_column(one.calibration),
        counts=",".join(map(field_column, target.columns)),
    )
    head, raw = [list(column) for column in zip(*(row[:7] for row in rows), strict=True)], [row[7:] for row in rows]
    boots, seqs, incarnations, layouts, arrivals, moments, versions = head or [[] for _ in range(7)]
    integers = partial(np.array, dtype=np.int64)
    return Stretch(
        boot=integers(boots),
        seq=integers(seqs),
        incarnation=integers(incarnations),
        layout=integers(layouts),
        arrival=cast("list[datetime]", arrivals),
        at_us=integers(moments),
        version=integers([version or 0 for version in versions]),
        raw={
            name: np.array([np.nan if row[at] is None else float(row[at]) for row in raw], np.float64)
            for at, name in enumerate(target.columns)
        },
    )


async def _write(
    store: Store, one: Pass, target: Target, rows: Stretch, changed: Bools, values: dict[str, F64], version: I64
) -> None:
    """Write the rows that change, by the names of their columns; what has no value is NULL."""
    columns: dict[str, list[object]] = {
        "device_no": [one.device] * int(np.count_nonzero(changed)),
        "boot": rows.boot[changed].tolist(),
        "seq": rows.seq[changed].tolist(),
        "incarnation": rows.incarnation[changed].tolist(),
        "arrival": [rows.arrival[place].isoformat() for place in np.flatnonzero(changed).tolist()],
    }
    valued: dict[str, list[object]] = {version_column(one.calibration): [number or None for number in version[changed].tolist()]}
    for name in target.columns:
        valued[physical_column(name)] = [None if isnan(own) else own for own in values[name][changed].tolist()]
    columns |= valued
    written = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    await store.run("revalue", {"rows": as_json(written)}, table=target.table, columns=",".join(valued))
