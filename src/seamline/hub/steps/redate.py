"""Late anchors: dates of stored rows are revised where they moved beyond their bound or are known better, with a revision number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, cast

from seamline.hub.clock_store import segments_of
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.work import EARLIEST_MS
from seamline.hub.params import Int8s
from seamline.hub.reading_columns import reading_table
from seamline.hub.store_port import Row, Store
from seamline.hub.timeline import Date, Dating, Quality, Segment, datings, revised

BOOTS_MAX: Final = 100
ROWS_MAX: Final = 5_000
"""Rows looked at in one statement."""
BEFORE_ALL: Final = 1 << 32
QUALITIES: Final = tuple(Quality)

Stored: TypeAlias = tuple[int, datetime, int, int, int | None, int | None, int]
"""A stored row: sequence, arrival, uptime ms, arrival ms, Unix ms, error ms, quality."""


@dataclass(frozen=True, slots=True)
class Due:
    """A boot whose rows from an uptime on are to be dated anew."""

    device: int
    incarnation: int
    boot: int
    from_ms: int
    version: int
    contract: str | None
    product: str | None

    @property
    def named(self) -> Mapping[str, object]:
        """Its key as parameters."""
        return {"device": self.device, "incarnation": self.incarnation, "boot": self.boot}


async def redate(store: Store, ingest: Store, catalogue: Catalogue) -> int:
    """Date a bounded number of boots anew; returns how many rows were revised."""
    due = [Due(*row) for row in await store.all("redates", {"most": BOOTS_MAX})]
    if not due:
        return 0
    segments = await segments_of(ingest, sorted({(one.device, one.incarnation) for one in due}))
    tables = {product: await _tables(store, product) for product in dict.fromkeys(one.product for one in due)}
    moved = 0
    for one in due:
        dating = _dating(one, segments[one.device, one.incarnation], catalogue)
        of_boot = sum([await _boot(store, table, one, dating) for table in tables[one.product]])
        if of_boot:  # another version of a calibration may be in force at the new moment
            await store.run("ask_again", {"devices": Int8s([one.device]), "reason": "dates revised", "dated": True})
        moved += of_boot
        await store.run("redated", {**one.named, "version": one.version})
    return moved


def _dating(due: Due, boots: Mapping[int, Segment], catalogue: Catalogue) -> Dating:
    terms = catalogue.terms(due.contract)
    known = {due.boot: Segment(), **boots}
    return datings(known, terms.drift_ppm, terms.error_max_ms)[due.boot]


async def _tables(store: Store, product: str | None) -> list[str]:
    if product is None:
        return []
    rows = await store.all("reading_tables", {"product": product})
    return [reading_table(product, str(message)) for _, message in rows]


async def _boot(store: Store, table: str, due: Due, dating: Dating) -> int:
    """From the latest row backwards, those of the uptimes from which on the dates may differ."""
    before, moved = BEFORE_ALL, 0
    while True:
        rows = await store.all(
            "dated_rows", {**due.named, "before": before, "from_ms": due.from_ms, "most": ROWS_MAX}, table=table
        )
        changed = [row for row in [_revision(cast("Stored", one), dating) for one in rows] if row is not None]
        if changed:
            moved += await _revise(store, table, due, changed)
        if len(rows) < ROWS_MAX:
            return moved
        before = int(rows[-1][0])


async def _revise(store: Store, table: str, due: Due, rows: Sequence[Row]) -> int:
    from seamline.hub.params import rows as as_json  # noqa: PLC0415 - a name that reads well here

    return await store.run("revise", {**due.named, "rows": as_json(rows)}, table=table)


def _revision(row: Stored, dating: Dating) -> Row | None:
    """The new date of a stored row, when its old one gives way."""
    seq, arrival, uptime_ms, arrival_ms, measured_ms, error_ms, quality = row
    new = dating.date(uptime_ms, arrival_ms)
    if new.unix_ms is not None and new.unix_ms < EARLIEST_MS:
        new = new._replace(unix_ms=EARLIEST_MS)
    if not revised(Date(measured_ms, error_ms, QUALITIES[quality]), new):
        return None
    return {
        "seq": seq,
        "arrival": arrival.isoformat(),
        "unix_ms": new.unix_ms,
        "error_ms": new.error_ms,
        "quality": int(new.quality),
    }
