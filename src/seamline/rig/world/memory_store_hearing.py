"""The statements of `hub/sql/hearing.sql`, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seamline.rig.world.memory_store_ledger import Result, Statement
from seamline.rig.world.tables import Upsert
from seamline.rig.world.tables_cells import Given, integers, ms
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_recordset import recordset
from seamline.rig.world.tables_rows import HearingRow


def _places(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    rows = sorted(base.ingest_position.rows.items())
    return [(partition, row["stream"], row["seq"], ms(row["at"])) for partition, row in rows]


def _spans(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    return [(since_ms, row["until_ms"]) for since_ms, row in sorted(base.hearing.rows.items())]


def _write_spans(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert, rows = Upsert[int, HearingRow](), recordset(given)
    for since_ms, until_ms in zip(rows.ints("since_ms"), rows.ints("until_ms"), strict=True):
        upsert.meet(since_ms)
        upsert.put(since_ms, {"since_ms": since_ms, "until_ms": until_ms})
    return upsert.into(base.hearing)


def _forget_spans(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return sum(base.hearing.remove(since_ms) for since_ms in integers(given, "since"))


HEARING: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement for statement in (_places, _spans, _write_spans, _forget_spans)
}
