"""Holds what the hub's background steps did against what is true: dates they revised, frames they released, events they told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np

from seamline.hub.timeline import Quality
from seamline.rig.world.audit import ROUNDING_MS
from seamline.rig.world.boot_audit import BootAudit
from seamline.rig.world.clocks import MILLION, WORLD_BEGAN_UNIX_MS
from seamline.rig.world.marks import Marks
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_readings import Sheet
from seamline.rig.world.tables_rows import AnchorRow, QuarantineRow
from seamline.rig.world.truth import OWED, SET_ASIDE, DeviceTruth, LineKey

DRIFT_PPM: Final = 1_000
"""No crystal of a contract is worse."""
TELLS: Final = {"loss": "records", "quarantine": "frames"}
"""What an event of a kind counts."""


class StepAudit:
    """The work of the steps of one world."""

    def __init__(self, tables: Tables, names: Sequence[str], truths: Sequence[DeviceTruth | None], marks: Marks) -> None:
        self._tables: Final = tables
        self._truths: Final = [DeviceTruth() if truth is None else truth for truth in truths]
        self._marks: Final = marks
        self._index: Final = {name: index for index, name in enumerate(names)}
        self._released: Final = bytearray()
        """By the number of a row of the quarantine, whether its release was seen."""
        tables.quarantine.changed = {}
        tables.readings_revised.clear()

    def released(self) -> None:
        """Before what was committed is classed: records that were set aside and released are owed again, until their rows are seen."""
        for number in self._tables.quarantine.drain():
            row = self._tables.quarantine.rows.get(number)
            if row is None or row.resolved_at is None or self._is_released(number):
                continue
            self._released[number] = True
            self._marks.hit("released")
            self._owe(row)

    def _is_released(self, number: int) -> bool:
        if number >= len(self._released):
            self._released.extend(bytes(number + 1 - len(self._released)))
        return bool(self._released[number])

    def committed(self) -> None:
        """After what was committed is classed: the dates that were revised. Raises BrokenPromise."""
        revised = self._tables.readings_revised
        while revised:
            sheet, at = revised.pop()
            if at < sheet.used:
                self._marks.hit("redated")
                self._date(sheet, at)

    def restored(self) -> None:
        """The database is what it was earlier: what was released since is set aside again."""
        self._released.clear()
        for number, row in self._tables.quarantine.rows.items():
            if row.resolved_at is not None and not self._is_released(number):
                self._released[number] = True
        self._tables.quarantine.drain()
        self._tables.readings_revised.clear()

    def untold(self) -> str:
        """What was not told, or not once: the events' sums against what they are about. Empty when all was."""
        tables = self._tables
        lost = sum(row.count * row.boots for row in tables.loss.rows.values())
        aside = len(tables.quarantine.rows)
        for kind, owed in (("loss", lost), ("quarantine", aside)):
            told = 0
            for event in tables.event.rows.values():
                if event.kind == kind:
                    told += int(str(cast("dict[str, object]", event.detail)[TELLS[kind]]))
            if told != owed:
                return f"{owed} {TELLS[kind]} of {kind}, and the events tell of {told}"
        return ""

    def dated(self) -> None:
        """At the end: boots lie between their neighbours, and what was made in one with an anchor that stands is dated by it.

        Raises BrokenPromise.
        """
        BootAudit(self._tables, self._truths, self.index_of).bounded()
        standing: dict[tuple[int, int, int], list[AnchorRow]] = {}
        for anchor in self._tables.anchor.rows.values():
            if anchor.accepted:
                standing.setdefault((anchor.device_no, anchor.incarnation, anchor.boot), []).append(anchor)
        for table in self._tables.readings.values():
            for sheet in table.sheets.values():
                if sheet.used:
                    self._by_anchors(sheet, standing)

    def _by_anchors(self, sheet: Sheet, standing: Mapping[tuple[int, int, int], Sequence[AnchorRow]]) -> None:
        used = sheet.used
        for at in np.flatnonzero(~sheet.dated[:used] | (sheet.column("quality")[:used] == Quality.BOUNDED)).tolist():
            number, incarnation, boot, uptime_ms = (
                int(sheet.column(name)[at]) for name in ("device_no", "incarnation", "boot", "uptime_ms")
            )
            arrival_ms = int(sheet.column("arrival")[at]) // 1000
            anchors = standing.get((number, incarnation, boot), ())
            if anchors and all(_earliest_ms(anchor, uptime_ms) <= arrival_ms for anchor in anchors):
                what = f"a record of boot {boot} has no date by the boot's {len(anchors)} anchors that stand"
                raise BrokenPromise("dates", what, self.index_of(number))

    def _owe(self, row: QuarantineRow) -> None:
        if row.device_no is None or row.first is None or row.count is None or not row.counted:
            return
        truth = self._truths[self.index_of(row.device_no)]
        line = truth.lines.get(LineKey(row.incarnation or 0, row.boot or 0, row.channel or 0))
        for at in range(row.first, min(row.first + row.count, 0 if line is None else len(line.classes))):
            if line is not None and line.classes[at] == SET_ASIDE:
                line.classes[at] = OWED

    def _date(self, sheet: Sheet, at: int) -> None:
        measured_us, error_ms, _, _ = sheet.date(at)
        if measured_us is None or error_ms is None:
            return
        number, incarnation, boot, seq = (int(sheet.column(name)[at]) for name in ("device_no", "incarnation", "boot", "seq"))
        line = self._truths[self.index_of(number)].lines.get(LineKey(incarnation, boot, sheet.layout.message_id))
        if line is None or seq >= len(line.true_us):
            return
        off_us = abs(measured_us - (WORLD_BEGAN_UNIX_MS * 1000 + line.true_us[seq]))
        if off_us > (error_ms + ROUNDING_MS) * 1000:
            what = f"a revised date is off by {off_us // 1000} ms and says at most {error_ms} ms"
            raise BrokenPromise("dates", what, self.index_of(number))

    def index_of(self, number: int) -> int:
        """Which device of the world has this number in the hub."""
        return self._index[self._tables.device_ids.rows[number]]


def _earliest_ms(anchor: AnchorRow, uptime_ms: int) -> int:
    """Before when nothing can have been made at an uptime of the anchor's boot, by the anchor."""
    distance_ms = uptime_ms - anchor.at_ms
    return anchor.unix_ms + distance_ms - anchor.uncertainty_ms - abs(distance_ms) * DRIFT_PPM // MILLION - ROUNDING_MS
