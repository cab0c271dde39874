"""Late anchors: dates of stored rows are revised where they moved beyond their bound or are known better, with a revision number.

The boots that wait are taken a hundred at a time, and each statement is about all of them: so a fleet that comes back, each device
with an anchor, costs a handful of statements a table and not as many for each boot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, cast

import numpy as np

from seamline.hub.clock_store import segments_of
from seamline.hub.decode import I64, Bools
from seamline.hub.ingest import dating
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.memory import Clocks
from seamline.hub.ingest.work import EARLIEST_MS
from seamline.hub.params import Int8s, rows as as_json
from seamline.hub.reading_columns import reading_table
from seamline.hub.store_port import Row, Store
from seamline.hub.timeline import Dating, Segment, datings

BOOTS_MAX: Final = 100
ROWS_FEW: Final = 200
"""Rows of each boot looked at in one statement about all of them: most have fewer."""
ROWS_MAX: Final = 5_000
"""Rows looked at in one statement about a boot that has more."""
BEFORE_ALL: Final = 1 << 32

Stored: TypeAlias = tuple[int, int, datetime, int, int, int | None, int | None, int]
"""A stored row: its boot's place from 1, sequence, arrival, uptime ms, arrival ms, Unix ms, error ms, quality."""


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


@dataclass(frozen=True, slots=True)
class Dates:
    """How to date the records of the boots that are due: the first is slot 0 of `clocks`, and so on."""

    clocks: Clocks
    many: Mapping[int, Dating]


async def redate(store: Store, ingest: Store, catalogue: Catalogue) -> int:
    """Date a bounded number of boots anew; returns how many rows were revised."""
    due = [Due(*row) for row in await store.all("redates", {"most": BOOTS_MAX})]
    if not due:
        return 0
    segments = await segments_of(ingest, sorted({(one.device, one.incarnation) for one in due}))
    moved = 0
    for product in dict.fromkeys(one.product for one in due):
        tables = await _tables(store, catalogue, product)
        own = [one for one in due if one.product == product]
        dates = _dates(own if tables else (), segments, catalogue)
        for table in tables:
            moved += await _table(store, table, own, dates)
    await store.run("redated", {**_named(due), "version": Int8s([one.version for one in due])})
    return moved


def _dates(due: Sequence[Due], segments: Mapping[tuple[int, int], Mapping[int, Segment]], catalogue: Catalogue) -> Dates:
    clocks, many = Clocks(), dict[int, Dating]()
    for one in due:
        terms = catalogue.terms(one.contract)
        known = {one.boot: Segment(), **segments[one.device, one.incarnation]}
        found = datings(known, terms.drift_ppm, terms.error_max_ms)[one.boot]
        dating.put(clocks, clocks.slot(one.device, one.incarnation, one.boot), found, many)
    return Dates(clocks, many)


def _named(due: Sequence[Due]) -> dict[str, object]:
    """Keys of boots as parameters."""
    return {
        "device": Int8s([one.device for one in due]),
        "incarnation": Int8s([one.incarnation for one in due]),
        "boot": Int8s([one.boot for one in due]),
    }


async def _tables(store: Store, catalogue: Catalogue, product: str | None) -> list[str]:
    """The tables of a product; of every product where a device has not said yet what it is: its frames came before its birth."""
    found: list[str] = []
    for name in [family.product for family in catalogue.families] if product is None else [product]:
        found += [reading_table(name, str(message)) for _, message in await store.all("reading_tables", {"product": name})]
    return found


async def _table(store: Store, table: str, due: Sequence[Due], dates: Dates) -> int:
    """Revise one table's rows of these boots; returns how many gave way."""
    look = _Look(store, table, due, dates)
    every = range(len(due))
    rows = await look.at(every, [BEFORE_ALL] * len(due), ROWS_FEW)
    counts = Counter(row[0] for row in rows)
    for place in every:
        if counts[place + 1] == ROWS_FEW:  # it may have more
            before = min(row[1] for row in rows if row[0] == place + 1)
            while len(more := await look.at([place], [before], ROWS_MAX)) == ROWS_MAX:
                before = min(row[1] for row in more)
    return look.moved


@dataclass(slots=True)
class _Look:
    """Goes through one table."""

    store: Store
    table: str
    due: Sequence[Due]
    dates: Dates
    moved: int = 0

    async def at(self, places: Sequence[int], before: Sequence[int], most: int) -> Sequence[Stored]:
        """The latest rows before a sequence of the boots at these places; those that give way are revised."""
        asked = [self.due[place] for place in places]
        bounds = {"before": Int8s(before), "from_ms": Int8s([one.from_ms for one in asked])}
        given = {**_named(asked), **bounds, "most": most}
        rows = cast("Sequence[Stored]", await self.store.all("dated_rows", given, table=self.table))
        changed = _revisions(rows, places, self.due, self.dates) if rows else []
        if changed:
            await self._revise(changed)
        return rows

    async def _revise(self, changed: Sequence[Row]) -> None:
        """Write new dates, and in the same transaction ask that values be looked at: other coefficients may hold for the new moments.

        Nobody would ask again for a row that is dated already.
        """
        devices = sorted({cast("int", row["device_no"]) for row in changed})
        async with self.store.transaction():
            self.moved += await self.store.run("revise", {"rows": as_json(changed)}, table=self.table)
            await self.store.run("ask_again", {"devices": Int8s(devices), "reason": "dates revised", "dated": True})


def _revisions(rows: Sequence[Stored], places: Sequence[int], due: Sequence[Due], dates: Dates) -> list[Row]:
    """The new dates of stored rows whose old ones give way (`timeline.revised`, by column)."""
    nth, seq, arrival, uptime_ms, arrival_ms, measured_ms, error_ms, quality = zip(*rows, strict=True)
    slots: I64 = np.array(places, np.int64)[np.array(nth, np.int64) - 1]
    boots = [due[slot] for slot in cast("list[int]", slots.tolist())]
    new = dating.date(dates.clocks, dates.many, slots, np.array(uptime_ms, np.int64), np.array(arrival_ms, np.int64))
    unix_ms = np.maximum(new.unix_ms, EARLIEST_MS)
    is_open: Bools = np.array([None in date for date in zip(measured_ms, error_ms, strict=True)])
    old_ms, bound_ms = (np.array([one or 0 for one in column], np.int64) for column in (measured_ms, error_ms))
    better: Bools = new.quality > np.array(quality, np.int64)
    gives_way: Bools = new.known & (is_open | better | (np.abs(unix_ms - old_ms) > bound_ms))
    return [
        {
            "device_no": boots[at].device,
            "incarnation": boots[at].incarnation,
            "boot": boots[at].boot,
            "seq": seq[at],
            "arrival": arrival[at].isoformat(),
            "unix_ms": int(unix_ms[at]),
            "error_ms": int(new.error_ms[at]),
            "quality": int(new.quality[at]),
        }
        for at in np.flatnonzero(gives_way).tolist()
    ]
