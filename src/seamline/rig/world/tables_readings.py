"""Reading tables in memory: one a message, columns as arrays, found by device.

Rows come as ingest has them, a batch of one layout at a time (`store_port.Store.copy`), and stay in the order in which they came.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from seamline.contract import Layout
from seamline.hub.calibrations import NONE
from seamline.hub.columns import missing_column
from seamline.hub.decode import I64, Bools, Records
from seamline.hub.reading_columns import field_column, physical_column, version_column
from seamline.hub.valuing import F64, Physical
from seamline.rig.world.tables import Journal
from seamline.rig.world.tables_cells import there

S = TypeVar("S", bound=np.generic)

ROWS_MIN: Final = 256
REVISION_MAX: Final = 32_767
"""int2."""
_TIMES: Final = ("measured", "error_ms")
"""The columns that are NULL where a row has no date."""

_DATE: Final = (*_TIMES, "quality", "revision")

Key: TypeAlias = tuple[int, int, int]
"""(device number, incarnation, boot)"""
Date: TypeAlias = tuple[int | None, int | None, int, int]
"""(Unix µs, error ms, quality, revision)"""


class Kept(NamedTuple):
    """What a backup keeps of a sheet: how many rows it had, and what of them a restore has to bring back."""

    used: int
    has: dict[str, Bools]
    dates: dict[str, I64]


class Dated(NamedTuple):
    """When a row was made, as far as it is known, and came."""

    seq: int
    arrival_us: int
    uptime_ms: int
    measured_us: int | None
    error_ms: int | None
    quality: int


class Sheet:
    """The rows of one layout: a column each for the key columns, whether they are dated, and the fields."""

    def __init__(self, layout: Layout) -> None:
        self.layout: Final = layout
        self.used = 0
        self._has: Final[dict[str, Bools]] = {name: np.zeros(0, np.bool_) for name in _TIMES}
        self.fields: Records | None = None
        self._columns: Final[dict[str, I64]] = {}
        self._physical: Final[dict[str, F64]] = {}
        self._versions: Final[dict[str, I64]] = {}
        self._of_device: Final[dict[int, array[int]]] = {}

    def append(self, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None) -> None:
        """Add rows; `keys` are the columns of READING_COLUMNS but for `layout`."""
        start, end = self.used, self.used + len(fields)
        if self.fields is None or end > len(self.fields):
            self._grow(max(ROWS_MIN, end + end // 2), keys, fields)
        assert self.fields is not None  # noqa: S101 - made just now
        for name, column in keys.items():
            self._columns[name][start:end] = column
        for has in self._has.values():
            has[start:end] = dated
        self.fields[start:end] = fields
        if physical is not None:
            for name, values in physical.values.items():
                self._physical.setdefault(name, np.full(len(self.fields), np.nan))[start:end] = values
            for name, versions in physical.versions.items():
                self._versions.setdefault(name, np.full(len(self.fields), NONE))[start:end] = versions
        self.used = end
        for at, device in enumerate(keys["device_no"].tolist(), start):
            own = self._of_device.get(device)
            if own is None:
                own = self._of_device[device] = array("I")
            own.append(at)

    def cut(self, used: int) -> None:
        """Take the rows from `used` on back."""
        for values in self._physical.values():
            values[used : self.used] = np.nan
        for versions in self._versions.values():
            versions[used : self.used] = NONE
        for device in self._columns["device_no"][used : self.used].tolist():
            self._of_device[device].pop()
        self.used = used

    def keep(self) -> Kept:
        """For a backup. Key columns and fields are never written again, dates are."""
        has = {name: column[: self.used].copy() for name, column in self._has.items()}
        return Kept(self.used, has, {name: self._columns[name][: self.used].copy() for name in _DATE if name in self._columns})

    def go_back(self, kept: Kept | None) -> None:
        """Have the rows that a backup has; without one, none."""
        used = 0 if kept is None else kept.used
        if self.used > used:
            self.cut(used)
        if kept is not None:
            for name, column in kept.has.items():
                self._has[name][:used] = column
            for name, column in kept.dates.items():
                self._columns[name][:used] = column

    def of(self, key: Key) -> I64:
        """Where the rows of a boot are, in the order in which they came."""
        device, incarnation, boot = key
        own = self._of_device.get(device)
        if own is None:
            return np.zeros(0, np.int64)
        rows = np.array(own, np.int64)
        return rows[(self._columns["boot"][rows] == boot) & (self._columns["incarnation"][rows] == incarnation)]

    def column(self, name: str) -> I64:
        """A key column, all of its rows."""
        return self._columns[name][: self.used]

    @property
    def dated(self) -> Bools:
        """Which rows have a date."""
        return self._has["measured"][: self.used]

    def row(self, at: int) -> dict[str, object]:
        """A row by column, as `SELECT *` shows it; times in Unix µs."""
        found: dict[str, object] = {name: int(column[at]) for name, column in self._columns.items()}
        found.update({name: None for name, has in self._has.items() if not has[at]})
        assert self.fields is not None  # noqa: S101 - there is a row
        fields = self.fields[at]
        found["layout"] = self.layout.version
        for place in self.layout.places:
            missing = place.field.may_miss and bool(fields[missing_column(place.name)])
            found[field_column(place.name)] = None if missing else int(fields[place.name])
        for name, values in self._physical.items():
            found[physical_column(name)] = None if np.isnan(values[at]) else float(values[at])
        for name, versions in self._versions.items():
            found[version_column(name)] = int(versions[at]) or None
        return found

    def date(self, at: int) -> Date:
        """The date of a row."""
        measured_us, error_ms = (int(self._columns[name][at]) if self._has[name][at] else None for name in _TIMES)
        return measured_us, error_ms, int(self._columns["quality"][at]), int(self._columns["revision"][at])

    def dates(self, rows: I64) -> Iterator[Dated]:
        """The dates of these rows."""
        columns = (self._columns[name][rows].tolist() for name in ("seq", "arrival", "uptime_ms", *_TIMES, "quality"))
        has = (self._has[name][rows].tolist() for name in _TIMES)
        for seq, arrival_us, uptime_ms, measured_us, error_ms, quality, is_dated, is_bound in zip(*columns, *has, strict=True):
            yield Dated(seq, arrival_us, uptime_ms, measured_us if is_dated else None, error_ms if is_bound else None, quality)

    def redate(self, at: int, date: Date) -> None:
        """Set what `date` returns."""
        for name, value in zip(_DATE, date, strict=True):
            self._columns[name][at] = value or 0
            if name in self._has:
                self._has[name][at] = value is not None

    def _grow(self, size: int, keys: Mapping[str, I64], fields: Records) -> None:
        for name in keys:
            self._columns[name] = _longer(self._columns.get(name, np.zeros(0, np.int64)), size)
        for name, has in self._has.items():
            self._has[name] = _longer(has, size)
        for name, values in self._physical.items():
            self._physical[name] = np.concatenate([values, np.full(size - len(values), np.nan)])
        for name, versions in self._versions.items():
            self._versions[name] = _longer(versions, size)
        self.fields = _longer(np.zeros(0, fields.dtype) if self.fields is None else self.fields, size)


class ReadingTable:
    """The rows of one message of one product, of all its layouts."""

    def __init__(self, name: str, journal: Journal, revised: list[tuple[Sheet, int]] | None = None) -> None:
        """`revised` collects the rows that are dated anew."""
        self.name: Final = name
        self._revised: Final = revised
        self.sheets: Final[dict[tuple[int, int], Sheet]] = {}
        self._journal: Final = journal

    def __len__(self) -> int:
        return sum(sheet.used for sheet in self.sheets.values())

    def append(self, layout: Layout, keys: Mapping[str, I64], dated: Bools, fields: Records, physical: Physical | None) -> None:
        """Add records of one layout."""
        key = (layout.version, layout.fingerprint)
        sheet = self.sheets.get(key)
        if sheet is None:
            sheet = self.sheets[key] = Sheet(layout)
        self._journal.note(partial(sheet.cut, sheet.used))
        sheet.append(keys, dated, fields, physical)

    def rows(self) -> Iterator[dict[str, object]]:
        """Every row, by column."""
        for sheet in self.sheets.values():
            for at in range(sheet.used):
                yield sheet.row(at)

    def digests(self, key: Key, first: int, end: int) -> Iterator[tuple[int, int]]:
        """(sequence, digest) of a boot's rows in first..end-1."""
        for sheet in self.sheets.values():
            rows = sheet.of(key)
            seq = sheet.column("seq")[rows]
            inside = (seq >= first) & (seq < end)
            yield from zip(seq[inside].tolist(), sheet.column("digest")[rows[inside]].tolist(), strict=True)

    def before(self, key: Key, seq: int, from_ms: int, most: int) -> list[Dated]:
        """The dates of a boot's rows before a sequence and from an uptime on, latest first."""
        found: list[Dated] = []
        for sheet in self.sheets.values():
            rows = sheet.of(key)
            if len(rows):
                rows = rows[(sheet.column("seq")[rows] < seq) & (sheet.column("uptime_ms")[rows] >= from_ms)]
                found += sheet.dates(rows)
        found.sort(key=_latest)
        return found[:most]

    def revise(self, key: Key, seq: int, arrival_us: int, date: tuple[int | None, int | None, int | None]) -> int:
        """Date a row anew: `date` is (Unix µs, error ms, quality); returns how many rows that were.

        Raises RefusedError without a quality.
        """
        measured_us, error_ms, quality = date
        count = 0
        for sheet in self.sheets.values():
            rows = sheet.of(key)
            chosen = (sheet.column("seq")[rows] == seq) & (sheet.column("arrival")[rows] == arrival_us)
            for at in rows[chosen].tolist():
                count += 1
                old = sheet.date(at)
                self._journal.note(partial(sheet.redate, at, old))
                sheet.redate(at, (measured_us, error_ms, there("quality", quality), min(old[-1] + 1, REVISION_MAX)))
                if self._revised is not None:
                    self._revised.append((sheet, at))
        return count


def _latest(row: Dated) -> int:
    return -row.seq


def _longer(column: NDArray[S], size: int) -> NDArray[S]:
    longer = np.zeros(size, column.dtype)
    longer[: len(column)] = column
    return longer
