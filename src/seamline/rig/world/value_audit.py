"""Holds what records measured against the coefficients that people gave: physical values, versions, raw counts, and passes on record.

Expected values come from `contract.calibration.physical`, one count at a time, and not from the columns that the hub works with.
Nothing is looked at before the first coefficients are there: until then no record has a value, and no pass is asked for.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NoReturn, TypeAlias

import numpy as np

from seamline.contract.calibration import CalibrationError, physical
from seamline.contract.model import Calibration
from seamline.hub.calibrations import NONE, Version, spans, version_of
from seamline.hub.columns import missing_column
from seamline.hub.decode import I64, Records
from seamline.hub.reading_columns import physical_column, version_column
from seamline.hub.valuing import Count, Counts
from seamline.rig.world.corrector import Given
from seamline.rig.world.marks import Marks
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_hub import CalibrationKey, Tables
from seamline.rig.world.tables_readings import Sheet
from seamline.rig.world.tables_rows import RevaluationRow

DIGITS: Final = 1e-9
"""A logarithm may differ in its last bit; everything else is exact."""

Sensed: TypeAlias = tuple[int, str, str]
"""Device number, product, calibration."""


class Seen:
    """A sheet as it was last looked at: its fields, and the versions of its rows by calibration."""

    __slots__ = ("counts", "fields", "used", "versions")

    def __init__(self, sheet: Sheet) -> None:
        self.counts: Final = Counts(sheet.layout)
        self.used = 0
        self.fields: Records | None = None
        self.versions: Final[dict[str, I64]] = {name: np.zeros(0, np.int64) for name in self.counts.calibrations}

    def look(self, sheet: Sheet) -> None:
        """See the rows that are new."""
        if sheet.fields is not None:
            new = sheet.fields[self.used : sheet.used]
            self.fields = new.copy() if self.fields is None else np.concatenate([self.fields, new])
        for name, before in self.versions.items():
            self.versions[name] = np.concatenate([before, sheet.versions(version_column(name))[self.used :]])
        self.used = sheet.used


class ValueAudit:
    """The values of a world."""

    def __init__(self, tables: Tables, names: Sequence[str], given: Given, marks: Marks) -> None:
        self._tables: Final = tables
        self._given: Final = given
        self._marks: Final = marks
        self._index: Final = {name: index for index, name in enumerate(names)}
        self._seen: Final[dict[int, Seen]] = {}
        self._moved: Final[Counter[Sensed]] = Counter()
        """Rows whose version changed after they were stored, as counted here."""
        self._values: Final[dict[tuple[Sensed, int, Count, int], float]] = {}
        self._owed: Final[dict[CalibrationKey, None]] = {}
        """Corrections that must have a pass on record."""
        self._serial = 0
        tables.revaluation.changed = {}

    @property
    def _is_idle(self) -> bool:
        return not self._tables.calibration.rows

    def committed(self) -> None:
        """Something was committed. Raises BrokenPromise."""
        tables = self._tables
        if self._is_idle:
            tables.readings_revalued.clear()
            return
        self._corrected()
        for sheet in self._sheets():
            self._come(sheet)
        self._revalued()
        for number in tables.revaluation.drain():
            row = tables.revaluation.rows.get(number)
            if row is not None:
                self._passed(row)

    def restored(self) -> None:
        """The database is what it was earlier: begin anew from there."""
        tables = self._tables
        tables.readings_revalued.clear()
        tables.revaluation.drain()
        for kept in (self._seen, self._moved, self._owed, self._values):
            kept.clear()
        self._serial = max((row["serial"] for row in tables.calibration.rows.values()), default=0)
        for row in tables.revaluation.rows.values():
            self._moved[_sensed(row)] += row["rows"]
        for sheet in self._sheets():
            self._seen[id(sheet)] = seen = Seen(sheet)
            seen.look(sheet)

    def end(self) -> None:
        """Everything has been waited for. Raises BrokenPromise."""
        if self._is_idle:
            return
        for sheet in self._sheets():
            self._values_of(sheet, np.arange(sheet.used))
        for row in self._tables.calibration.rows.values():
            self._in_force((row["device_no"], row["product"], row["name"]))
        for key in self._owed:
            passes = [
                row for _, row in self._tables.revaluation.of(key[0])
                if _sensed(row) == key[:3] and row["to_version"] == key[3] and row["from_version"] != key[3]
            ]  # fmt: skip
            if len(passes) != 1 or passes[0]["finished_at"] is None or passes[0]["from_version"] != (key[3] - 1 or None):
                self._broken("on-record", f"version {key[3]} of {key[2]} has {len(passes)} passes, or not the right one", key[0])

    # -- corrections ---------------------------------------------------------------------------------------------------

    def _corrected(self) -> None:
        """Coefficients that were added since."""
        tables, newest = self._tables, self._serial
        for key, row in tables.calibration.rows.items():
            if row["serial"] <= self._serial:
                continue
            newest = max(newest, row["serial"])
            known = self._given.get((tables.device_ids.rows[key[0]], key[2], key[3]), [])
            if _plain(row["coefficients"]) not in [_plain(one) for one in known]:
                self._broken("physical", f"version {key[3]} of {key[2]} has coefficients that nobody gave", key[0])
            is_heard = any(True for table in (tables.ledger, tables.ledger_fold) for _ in table.of(key[0]))
            if is_heard:
                self._owed[key] = None
            self._marks.hit("corrected" if key[3] > 1 else "calibrated-late" if is_heard else "calibrated-unheard")
            if any(row["place"] is not None for row in self._due(key[:3])):
                self._marks.hit("corrected-in-pass")
        self._serial = newest

    def _due(self, sensed: Sensed) -> list[RevaluationRow]:
        """The passes that are not finished."""
        waiting, rows = self._tables.revaluation.waiting, self._tables.revaluation.rows
        return [rows[number] for number in waiting if _sensed(rows[number]) == sensed]

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _sheets(self) -> Iterator[Sheet]:
        for table in self._tables.readings.values():
            yield from table.sheets.values()

    def _of(self, sheet: Sheet) -> Seen:
        found = self._seen.get(id(sheet))
        if found is None:
            found = self._seen[id(sheet)] = Seen(sheet)
        return found

    def _come(self, sheet: Sheet) -> None:
        """Look at the rows that are new."""
        seen = self._of(sheet)
        if sheet.used <= seen.used or not seen.counts:
            return
        new = np.arange(seen.used, sheet.used)
        seen.look(sheet)
        self._values_of(sheet, new)
        devices = set(sheet.column("device_no")[new].tolist())
        for number in self._tables.revaluation.waiting:
            row = self._tables.revaluation.rows[number]
            if row["place"] is not None and row["device_no"] in devices:
                self._marks.hit("rows-in-pass")

    def _revalued(self) -> None:
        """Look at the rows that a pass has written."""
        written: dict[int, tuple[Sheet, set[int]]] = {}
        for sheet, at in self._tables.readings_revalued:
            if at < sheet.used:
                written.setdefault(id(sheet), (sheet, set()))[1].add(at)
        self._tables.readings_revalued.clear()
        for sheet, places in written.values():
            rows = np.array(sorted(places), np.int64)
            seen = self._seen[id(sheet)]
            for name in seen.counts.calibrations:
                self._moves(sheet, rows, name, seen.versions[name])
            self._untouched(sheet, rows, seen)
            self._values_of(sheet, rows)

    def _moves(self, sheet: Sheet, rows: I64, name: str, before: I64) -> None:
        """Count the rows that have another version, and see whether they may."""
        after = sheet.versions(version_column(name))
        for at in rows[after[rows] != before[rows]].tolist():
            sensed = (int(sheet.column("device_no")[at]), sheet.layout.product, name)
            was, became = int(before[at]), int(after[at])
            if became < was and became not in self._allowed(sensed, was, _moment(sheet, at)):
                self._broken("in-force", f"a record was valued by version {was} of {name}, and is by {became} now", sensed[0])
            before[at] = became
            self._moved[sensed] += 1
            self._marks.hit("revalued")

    def _allowed(self, sensed: Sensed, newest: int, at_us: int) -> set[int]:
        """The versions in force at a moment, for passes that know at least `newest`."""
        known = self._versions(sensed)
        return {spans(known[:count]).at(at_us) for count in range(newest, len(known) + 1)}

    def _untouched(self, sheet: Sheet, rows: I64, seen: Seen) -> None:
        assert sheet.fields is not None  # noqa: S101 - there are rows
        assert seen.fields is not None  # noqa: S101 - they were seen
        wrong = rows[sheet.fields[rows] != seen.fields[rows]]
        if len(wrong):
            what = f"a raw count of {sheet.layout.message} was changed by a pass"
            self._broken("physical", what, int(sheet.column("device_no")[wrong[0]]))

    # -- values --------------------------------------------------------------------------------------------------------

    def _values_of(self, sheet: Sheet, rows: I64) -> None:
        """Hold the physical values of these rows against what their versions of the coefficients give."""
        seen = self._of(sheet)
        if not len(rows):
            return
        assert sheet.fields is not None  # noqa: S101 - there are rows
        devices = sheet.column("device_no")[rows].tolist()
        for name, columns in seen.counts.columns.items():
            calibration = seen.counts.calibrations[name]
            versions = sheet.versions(version_column(name))[rows].tolist()
            for count in columns:
                raws = sheet.fields[count.name][rows].tolist()
                lacks = sheet.fields[missing_column(count.name)][rows].tolist() if count.may_miss else [False] * len(rows)
                found = sheet.physical(physical_column(count.name))[rows].tolist()
                for device, version, raw, is_lacking, value in zip(devices, versions, raws, lacks, found, strict=True):
                    sensed = (device, sheet.layout.product, name)
                    wanted = math.nan if is_lacking else self._value(sensed, version, calibration, count, raw)
                    if not _same(value, wanted):
                        what = f"{count.name} {raw} is {value} by version {version} of {name}, which gives {wanted}"
                        self._broken("physical", what, device)

    def _value(self, sensed: Sensed, version: int, calibration: Calibration, count: Count, raw: int) -> float:
        """What a count measured by a version; NaN for nothing."""
        if version == NONE:
            return math.nan
        key = (sensed, version, count, raw)
        if key not in self._values:
            row = self._tables.calibration.rows.get((*sensed, version))
            if row is None:
                self._broken("physical", f"a record was valued by version {version} of {sensed[2]}, which nobody gave", sensed[0])
            self._values[key] = _physical(calibration, version_of((version, row["coefficients"], None, None)), count, raw)
        return self._values[key]

    # -- passes --------------------------------------------------------------------------------------------------------

    def _passed(self, row: RevaluationRow) -> None:
        """A pass has got further, or was asked for."""
        sensed = _sensed(row)
        counted = sum(one["rows"] for _, one in self._tables.revaluation.of(sensed[0]) if _sensed(one) == sensed)
        if counted != self._moved[sensed]:
            what = f"the passes over {sensed[2]} say that they valued {counted} records anew, and {self._moved[sensed]} were"
            self._broken("on-record", what, sensed[0])
        if (row["first_measured"] is None) != (not row["rows"]) or (row["first_measured"] or 0) > (row["last_measured"] or 0):
            self._broken("on-record", f"a pass over {sensed[2]} does not say from when to when", sensed[0])
        if row["finished_at"] is not None:
            if row["from_version"] == row["to_version"]:
                self._marks.hit("late-valued")
            self._in_force(sensed)

    def _in_force(self, sensed: Sensed) -> None:
        """Where no pass is due, and no date is about to be revised, every record has the version that holds for its moment."""
        tables = self._tables
        if self._due(sensed) or any(key[0] == sensed[0] for key in tables.boot.waiting):
            return
        when = spans(self._versions(sensed))
        for sheet in self._sheets():
            seen = self._seen.get(id(sheet))
            if sheet.layout.product != sensed[1] or seen is None or sensed[2] not in seen.counts.calibrations:
                continue
            versions = sheet.versions(version_column(sensed[2]))
            for at in sheet.of_device(sensed[0]).tolist():
                wanted = when.at(_moment(sheet, at))
                if versions[at] != wanted:
                    what = f"{sensed[2]} of a record is version {versions[at]}, and {wanted} holds for its moment"
                    self._broken("in-force", f"{what}: boot {sheet.column('boot')[at]}, {sheet.column('seq')[at]}", sensed[0])

    def _versions(self, sensed: Sensed) -> list[Version]:
        """The versions of a device's coefficients, in their order."""
        rows = [row for key, row in self._tables.calibration.of(sensed[0]) if key[:3] == sensed]
        rows.sort(key=lambda row: row["version"])
        return [version_of((row["version"], row["coefficients"], row["valid_from"], row["valid_to"])) for row in rows]

    def _broken(self, promise: str, what: str, number: int) -> NoReturn:
        raise BrokenPromise(promise, what, self._index[self._tables.device_ids.rows[number]])


def _physical(calibration: Calibration, version: Version, count: Count, raw: int) -> float:
    """What the contract says that a raw count is; NaN for nothing."""
    try:
        value = physical(calibration, version.coefficients, raw)
    except CalibrationError:
        return math.nan
    low, high = count.missing_below, count.missing_above
    return math.nan if low is not None and high is not None and not low <= value <= high else value


def _same(value: float, wanted: float) -> bool:
    if math.isnan(value) or math.isnan(wanted):
        return math.isnan(value) and math.isnan(wanted)
    return math.isclose(value, wanted, rel_tol=DIGITS, abs_tol=DIGITS)


def _plain(coefficients: object) -> str:
    """Coefficients as JSON has them."""
    return json.dumps(coefficients, sort_keys=True)


def _sensed(row: RevaluationRow) -> Sensed:
    return row["device_no"], row["product"], row["calibration"]


def _moment(sheet: Sheet, at: int) -> int:
    """When a record was measured, Unix µs; as long as nobody knows, when it came."""
    measured_us = sheet.date(at)[0]
    return int(sheet.column("arrival")[at]) if measured_us is None else measured_us
