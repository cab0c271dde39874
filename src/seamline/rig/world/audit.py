"""Holds what the hub has committed against what was measured: after each commit what is new, and at the end everything.

It reads the tables, not what the ingest logic says of them: a record counts as stored when its row is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Reversible, Sequence
from typing import Final, NoReturn

import numpy as np

from seamline.hub.decode import I64
from seamline.rig.world.clocks import WORLD_BEGAN_UNIX_MS
from seamline.rig.world.marks import Marks
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_readings import Sheet
from seamline.rig.world.tables_rows import LossRow
from seamline.rig.world.truth import LOST, SET_ASIDE, STORED, DeviceTruth, Line, LineKey, Values, Whose

ROUNDING_MS: Final = 2
"""Uptimes are whole milliseconds on both ends of an anchor."""


class Audit:
    """The books of a world."""

    def __init__(self, tables: Tables, names: Sequence[str], truths: Sequence[DeviceTruth | None], marks: Marks) -> None:
        self._tables: Final = tables
        self._truths: Final = [DeviceTruth() if truth is None else truth for truth in truths]
        self._marks: Final = marks
        self._index: Final = {name: index for index, name in enumerate(names)}
        self._numbers: dict[int, int] = {}
        self._seen: Final[dict[int, int]] = {}
        self._columns: Final[dict[int, dict[str, I64]]] = {}
        self._losses = self._set_aside = 0
        self.rows = 0
        self.lost: Callable[[int, LossRow], None] = lambda _device, _row: None
        """Told of each new loss that the hub has written down."""

    def committed(self) -> None:
        """Something was committed. Raises BrokenPromise."""
        for table in self._tables.readings.values():
            for sheet in table.sheets.values():
                seen = self._seen.get(id(sheet), 0)
                if sheet.used > seen:
                    self._seen[id(sheet)] = sheet.used
                    self._rows(sheet, seen, sheet.used)
        self._lost()
        self._quarantined()

    def restored(self) -> None:
        """The database is what it was earlier: look at everything anew. Raises BrokenPromise."""
        self._numbers.clear()
        self._seen.clear()
        self._losses = self._set_aside = self.rows = 0
        for truth in self._truths:
            for line in truth.lines.values():
                line.restored()
        self.committed()

    def excuse(self) -> None:
        """What is not there and was acknowledged comes back from nowhere: devices and broker have let go of it."""
        for truth in self._truths:
            for line in truth.lines.values():
                line.excused = max(line.excused, line.acknowledged)

    def owed(self) -> Iterator[tuple[int, LineKey, int]]:
        """Records in no class, of the incarnations that their devices have now: (device, key, number)."""
        for index, truth in enumerate(self._truths):
            living = next(reversed(truth.boots), None)
            for key, number in truth.owed():
                if key.incarnation == living:
                    yield index, key, number

    def balance(self) -> None:
        """Hold the hub's own books against what is there. Raises BrokenPromise."""
        counts: dict[int, list[int]] = {}
        self._marks.hit("duplicate", sum(row["duplicates"] for row in self._tables.ledger.rows.values()))
        for key, row in self._tables.ledger.rows.items():
            own = counts.setdefault(self._device(key[0]), [0, 0, 0, 0])
            owed = max(row["high"], row["upper"] or 0) - row["stored"] - row["quarantined"] - row["declined"] - row["lost"]
            if owed < 0 or (owed == 0) != (not row["gaps"] and row["mark"] >= (row["upper"] or 0)):
                self._broken("books", f"ledger row {key} has a mark of {row['mark']} and owes {owed}", key[0])
            if key[3]:
                own[0] += row["stored"]
                own[1] += row["quarantined"] + row["declined"]
        for key, fold in self._tables.ledger_fold.rows.items():
            own = counts.setdefault(self._device(key[0]), [0, 0, 0, 0])
            classed = fold.stored + fold.quarantined + fold.declined + fold.lost
            if classed != fold.numbered:
                self._broken("books", f"fold {key} numbers {fold.numbered} and classes {classed}", key[0])
            if key[2]:
                own[0] += fold.stored
                own[1] += fold.quarantined + fold.declined
        for index, truth in enumerate(self._truths):
            stored = sum(line.classes.count(STORED) for line in truth.lines.values())
            aside = sum(line.classes.count(SET_ASIDE) for line in truth.lines.values())
            told = counts.get(index, [0, 0, 0, 0])
            if (stored, aside) != (told[0], told[1]):
                what = f"the ledger counts {told[0]} stored and {told[1]} set aside; {stored} and {aside} are there"
                raise BrokenPromise("books", what, index)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _rows(self, sheet: Sheet, start: int, end: int) -> None:
        self.rows += end - start
        names = ("device_no", "incarnation", "boot", "seq")
        device, incarnation, boot, seq = (sheet.column(name)[start:end] for name in names)
        new = np.ones(end - start, np.bool_)
        same = (device[1:] == device[:-1]) & (incarnation[1:] == incarnation[:-1]) & (boot[1:] == boot[:-1])
        new[1:] = ~(same & (seq[1:] == seq[:-1] + 1))
        at = np.flatnonzero(new)
        lengths = np.diff(np.append(at, end - start)).tolist()
        values: list[bytes] = []
        true_us: list[bytes] = []
        read: Values | None = None
        message, fingerprint = sheet.layout.message_id, sheet.layout.fingerprint
        columns = (device[at].tolist(), incarnation[at].tolist(), boot[at].tolist(), seq[at].tolist())
        for number, born, boots, first, length in zip(*columns, lengths, strict=True):
            line = self._line(number, (born, boots, message), first, first + length)
            read = line.values
            if read.layout.fingerprint != fingerprint:
                self._broken("values", f"a record of {read.layout.message} is stored under another layout", number)
            wrong = line.classify(first, first + length, STORED)
            if wrong:
                self._broken("stored-once", f"boot {boots}, channel {sheet.layout.message_id}: {wrong}", number)
            values.append(line.value[first : first + length].tobytes())
            true_us.append(line.true_us[first : first + length].tobytes())
        if read is not None:
            self._values(sheet, start, end, read, np.frombuffer(b"".join(values), np.uint8))
            self._dates(sheet, start, end, np.frombuffer(b"".join(true_us), np.int64))

    def _line(self, number: int, key: Whose, first: int, end: int) -> Line:
        line = self._truths[self._device(number)].lines.get(key)
        if line is None or end > len(line.classes):
            what = f"boot {key[1]}, channel {key[2]}, records {first} to {end - 1} were never measured"
            raise BrokenPromise("no-strangers", what, self._device(number))
        return line

    def _values(
        self, sheet: Sheet, start: int, end: int, read: Values, chosen: np.ndarray[tuple[int], np.dtype[np.uint8]]
    ) -> None:
        assert sheet.fields is not None  # noqa: S101 - there are rows
        columns = self._columns.get(id(read))
        if columns is None:
            columns = self._columns[id(read)] = {name: np.array(column) for name, column in read.columns.items()}
        for name, column in columns.items():
            wrong = sheet.fields[name][start:end] != column[chosen]
            if wrong.any():
                at = start + int(np.flatnonzero(wrong)[0])
                what = f"{name} is stored as {sheet.fields[name][at]}, but {column[chosen[at - start]]} was measured"
                self._broken("values", what, int(sheet.column("device_no")[at]))

    def _dates(self, sheet: Sheet, start: int, end: int, true_us: I64) -> None:
        dated = sheet.dated[start:end]
        if not dated.all():
            self._marks.hit("undated", int(np.count_nonzero(~dated)))
        off_us = np.abs(sheet.column("measured")[start:end] - (WORLD_BEGAN_UNIX_MS * 1000 + true_us))
        wrong = dated & (off_us > (sheet.column("error_ms")[start:end] + ROUNDING_MS) * 1000)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            said = int(sheet.column("error_ms")[start + at])
            what = f"a date is off by {int(off_us[at]) // 1000} ms and says at most {said} ms"
            self._broken("dates", what, int(sheet.column("device_no")[start + at]))

    # -- what is no row ------------------------------------------------------------------------------------------------

    def _lost(self) -> None:
        rows = self._tables.loss.rows
        for number in _since(rows, self._losses):
            row = rows[number]
            device = self._device(row.device_no)
            truth = self._truths[device]
            self.lost(device, row)
            for boot in range(row.boot, row.boot + row.boots):
                line = truth.lines.get(LineKey(row.incarnation, boot, row.channel))
                if line is not None:
                    wrong = line.classify(row.first, row.first + row.count, LOST)
                    if wrong:
                        self._broken("stored-once", f"boot {boot}, channel {row.channel}: {wrong}", row.device_no)
            self._losses = number

    def _quarantined(self) -> None:
        rows = self._tables.quarantine.rows
        for number in _since(rows, self._set_aside):
            row, self._set_aside = rows[number], number
            if row.device_no is None or row.first is None or row.count is None or row.resolved_at is not None:
                continue
            if row.reason in {"conflict", "out_of_range"}:
                self._broken("values", f"quarantined as {row.reason}: {row.detail}", row.device_no)
            if row.counted and row.channel:
                key = LineKey(row.incarnation or 0, row.boot or 0, row.channel)
                line = self._line(row.device_no, key, row.first, row.first + row.count)
                wrong = line.classify(row.first, row.first + row.count, SET_ASIDE)
                if wrong:
                    self._broken("stored-once", f"boot {key.boot}, channel {key.channel}: {wrong}", row.device_no)

    def _device(self, number: int) -> int:
        found = self._numbers.get(number)
        if found is None:
            found = self._numbers[number] = self._index[self._tables.device_ids.rows[number]]
        return found

    def _broken(self, promise: str, what: str, number: int) -> NoReturn:
        raise BrokenPromise(promise, what, self._device(number))


def _since(rows: Reversible[int], last: int) -> list[int]:
    """The keys above `last`, of rows numbered in the order in which they came."""
    found: list[int] = []
    for number in reversed(rows):
        if number <= last:
            break
        found.append(number)
    return found[::-1]
