"""Reading tables in memory: one a message, columns as arrays, found by device.

Rows come as ingest has them, a batch of one layout at a time (`store_port.Store.copy`), and stay in the order in which they came.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from seamline.contract import Layout
from seamline.hub.calibrations import NONE
from seamline.hub.columns import missing_column
from seamline.hub.decode import I64, Bools, Records
from seamline.hub.reading_columns import field_column, physical_column, version_column
from seamline.hub.valuing import F64, Physical
from seamline.rig.world.tables import Journal
from seamline.rig.world.tables_boots import OF_BOOT, Boots, Column, Key, runs
from seamline.rig.world.tables_cells import there

S = TypeVar("S", bound=np.generic)

ROWS_MIN: Final = 256
REVISION_MAX: Final = 32_767
"""int2."""
_TIMES: Final = ("measured", "error_ms")
"""The columns that are NULL where a row has no date."""

_DATE: Final = (*_TIMES, "quality", "revision")
NARROW: Final[Mapping[str, type[np.integer]]] = {
    "seq": np.uint32,
    "quality": np.int16,
    "revision": np.int16,
}
"""The columns that do not need eight bytes: what the wire or the schema says they hold. There are millions of rows."""
PHYSICAL: Final = physical_column("")
"""What the names of columns with physical values begin with, and no others."""

_NO_ROWS: Final = array("I")

Date: TypeAlias = tuple[int | None, int | None, int, int]
"""(Unix µs, error ms, quality, revision)"""


Valued: TypeAlias = Mapping[str, float]
"""By column: a version (NONE for not valued), or a physical value (NaN for none)."""


class Kept(NamedTuple):
    """What a backup keeps of a sheet: how many rows it had, and what of them a restore has to bring back."""

    used: int
    has: dict[str, Bools]
    dates: dict[str, I64]
    physical: dict[str, F64]
    versions: dict[str, I64]


class Dated(NamedTuple):
    """When a row was made, as far as it is known, and came; `place` says of which of the boots that were asked for it is."""

    place: int
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
        self._boots: Final = Boots()
        self._whose: NDArray[np.uint32] = np.zeros(0, np.uint32)
        """By row: the number of its boot."""
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
            if name not in OF_BOOT:
                self._columns[name][start:end] = column
        for has in self._has.values():
            has[start:end] = dated
        self.fields[start:end] = fields
        if physical is not None:
            for name, values in physical.values.items():
                self._physical_of(physical_column(name))[start:end] = values
            for name, versions in physical.versions.items():
                self._versions_of(version_column(name))[start:end] = versions
        self.used = end
        boots, bounds = runs((keys["device_no"], keys["incarnation"], keys["boot"]))
        self._whose[start:end] = np.repeat(np.array([*map(self._boots.number, boots)], np.uint32), np.diff(bounds))
        for (device, _, _), (first, last) in zip(boots, pairwise((bounds + start).tolist()), strict=True):
            own = self._of_device.get(device)
            if own is None:
                own = self._of_device[device] = array("I")
            own.extend(range(first, last))

    def cut(self, used: int) -> None:
        """Take the rows from `used` on back."""
        for values in self._physical.values():
            values[used : self.used] = np.nan
        for versions in self._versions.values():
            versions[used : self.used] = NONE
        for device in self.column("device_no")[used : self.used].tolist():
            self._of_device[device].pop()
        self.used = used

    def keep(self) -> Kept:
        """For a backup. Key columns and fields are never written again, dates and what was measured are."""
        used = self.used
        return Kept(
            used,
            {name: column[:used].copy() for name, column in self._has.items()},
            {name: self._columns[name][:used].copy() for name in _DATE if name in self._columns},
            {name: column[:used].copy() for name, column in self._physical.items()},
            {name: column[:used].copy() for name, column in self._versions.items()},
        )

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
            for name, values in self._physical.items():
                values[:used] = kept.physical.get(name, np.nan)
            for name, versions in self._versions.items():
                versions[:used] = kept.versions.get(name, NONE)

    def of(self, key: Key) -> I64:
        """Where the rows of a boot are, in the order in which they came."""
        rows = self.of_device(key[0])
        return rows[self._whose[rows] == self._boots.find(key)] if len(rows) else rows

    def of_device(self, device: int) -> I64:
        """Where the rows of a device are, in the order in which they came."""
        own = self._of_device.get(device)
        return np.zeros(0, np.int64) if own is None else np.array(own, np.int64)

    def column(self, name: str) -> I64 | Column:
        """A key column, all of its rows."""
        whose = self._whose[: self.used]
        return self._boots.column(name, whose) if name in OF_BOOT else self._columns[name][: self.used]

    @property
    def dated(self) -> Bools:
        """Which rows have a date."""
        return self._has["measured"][: self.used]

    def versions(self, column: str) -> I64:
        """A column of the versions that rows were valued with, NONE for not valued, all of its rows."""
        return self._versions[column][: self.used] if column in self._versions else np.full(self.used, NONE)

    def physical(self, column: str) -> F64:
        """A column of physical values, NaN for none, all of its rows."""
        return self._physical[column][: self.used] if column in self._physical else np.full(self.used, np.nan)

    @property
    def is_valued(self) -> bool:
        """Whether any row was ever valued."""
        return bool(self._versions)

    def valued(self, at: int, columns: Iterable[str]) -> Valued:
        """What these columns of a row have now: versions, and physical values."""
        return {
            column: float(self.physical(column)[at]) if column.startswith(PHYSICAL) else int(self.versions(column)[at])
            for column in columns
        }

    def revalue(self, at: int, valued: Valued) -> None:
        """Set what `valued` returns."""
        for column, value in valued.items():
            if column.startswith(PHYSICAL):
                self._physical_of(column)[at] = value
            else:
                self._versions_of(column)[at] = int(value)

    def row(self, at: int) -> dict[str, object]:
        """A row by column, as `SELECT *` shows it; times in Unix µs."""
        found: dict[str, object] = {name: int(self.column(name)[at]) for name in (*OF_BOOT, *self._columns)}
        found.update({name: None for name, has in self._has.items() if not has[at]})
        assert self.fields is not None  # noqa: S101 - there is a row
        fields = self.fields[at]
        found["layout"] = self.layout.version
        for place in self.layout.places:
            missing = place.field.may_miss and bool(fields[missing_column(place.name)])
            found[field_column(place.name)] = None if missing else int(fields[place.name])
        for name, values in self._physical.items():
            found[name] = None if np.isnan(values[at]) else float(values[at])
        for name, versions in self._versions.items():
            found[name] = int(versions[at]) or None
        return found

    def date(self, at: int) -> Date:
        """The date of a row."""
        measured_us, error_ms = (int(self._columns[name][at]) if self._has[name][at] else None for name in _TIMES)
        return measured_us, error_ms, int(self._columns["quality"][at]), int(self._columns["revision"][at])

    def before(self, keys: Sequence[Key], seqs: I64, from_ms: I64) -> list[I64]:
        """The rows of these boots before a sequence and from an uptime on: the columns of Dated, and whether each of _TIMES is there."""
        own = [self._of_device.get(key[0], _NO_ROWS) for key in keys]
        which = np.repeat(np.arange(len(keys)), [len(rows) for rows in own])
        rows: I64 = np.frombuffer(b"".join(own), np.dtype(_NO_ROWS.typecode)).astype(np.int64)
        columns, wanted = self._columns, np.array([*map(self._boots.find, keys)], np.int64)
        chosen: Bools = self._whose[rows] == wanted[which]
        chosen &= (columns["seq"][rows] < seqs[which]) & (columns["uptime_ms"][rows] >= from_ms[which])
        which, rows = which[chosen], rows[chosen]
        dated: list[I64] = [columns[name][rows].astype(np.int64) for name in ("seq", "arrival", "uptime_ms", *_TIMES, "quality")]
        return [which, *dated, *(cast("I64", self._has[name][rows]) for name in _TIMES)]

    def redate(self, at: int, date: Date) -> None:
        """Set what `date` returns."""
        for name, value in zip(_DATE, date, strict=True):
            self._columns[name][at] = value or 0
            if name in self._has:
                self._has[name][at] = value is not None

    def _physical_of(self, column: str) -> F64:
        if column not in self._physical:
            self._physical[column] = np.full(0 if self.fields is None else len(self.fields), np.nan)
        return self._physical[column]

    def _versions_of(self, column: str) -> I64:
        if column not in self._versions:
            self._versions[column] = np.full(0 if self.fields is None else len(self.fields), NONE)
        return self._versions[column]

    def _grow(self, size: int, keys: Mapping[str, I64], fields: Records) -> None:
        self._whose = _longer(self._whose, size)
        for name in keys:
            if name in OF_BOOT:
                continue
            column = self._columns.get(name)
            if column is None:
                column = cast("I64", np.zeros(0, NARROW.get(name, np.int64)))
            self._columns[name] = _longer(column, size)
        for name, has in self._has.items():
            self._has[name] = _longer(has, size)
        for name, values in self._physical.items():
            self._physical[name] = np.concatenate([values, np.full(size - len(values), np.nan)])
        for name, versions in self._versions.items():
            self._versions[name] = _longer(versions, size)
        self.fields = _longer(np.zeros(0, fields.dtype) if self.fields is None else self.fields, size)


class ReadingTable:
    """The rows of one message of one product, of all its layouts."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        revised: list[tuple[Sheet, int]] | None = None,
        revalued: list[tuple[Sheet, int]] | None = None,
    ) -> None:
        """`revised` collects the rows that are dated anew, `revalued` those that are valued anew."""
        self.name: Final = name
        self._revised: Final = revised
        self._revalued: Final = revalued
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
        self._journal.note(sheet.cut, sheet.used)
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

    def before(self, keys: Sequence[Key], seqs: I64, from_ms: I64, most: int) -> list[Dated]:
        """The dates of the rows of several boots before a sequence and from an uptime on: of each boot the latest."""
        parts = [sheet.before(keys, seqs, from_ms) for sheet in self.sheets.values() if sheet.used]
        if not parts:
            return []
        columns = parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]
        which, seq = columns[:2]
        order = np.lexsort((-seq, which))
        if len(order) > most:
            place = which[order]
            order = order[np.arange(len(order)) - np.searchsorted(place, place) < most]
        *dated, has_time, has_error = [column[order].tolist() for column in columns]
        for values, has in zip(dated[4:6], (has_time, has_error), strict=True):
            if not all(has):
                values[:] = [value if is_there else None for value, is_there in zip(values, has, strict=True)]
        return list(map(Dated._make, zip(*dated, strict=True)))

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
                self._journal.note(sheet.redate, at, old)
                sheet.redate(at, (measured_us, error_ms, there("quality", quality), min(old[-1] + 1, REVISION_MAX)))
                if self._revised is not None:
                    self._revised.append((sheet, at))
        return count

    def revalue(self, key: Key, seq: int, arrival_us: int, valued: Valued) -> int:
        """Have a row measure something else; returns how many rows that were."""
        count = 0
        for sheet in self.sheets.values():
            rows = sheet.of(key)
            chosen = (sheet.column("seq")[rows] == seq) & (sheet.column("arrival")[rows] == arrival_us)
            for at in rows[chosen].tolist():
                count += 1
                self._journal.note(sheet.revalue, at, sheet.valued(at, valued))
                sheet.revalue(at, valued)
                if self._revalued is not None:
                    self._revalued.append((sheet, at))
        return count


def _longer(column: NDArray[S], size: int) -> NDArray[S]:
    longer = np.zeros(size, column.dtype)
    longer[: len(column)] = column
    return longer
