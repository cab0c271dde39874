"""The hub's tables in memory: those of `hub.schema`, and a reading table for each message of the registered contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeAlias, TypeVar, cast

from seamline.contract import Family
from seamline.hub.tables import reading_tables
from seamline.rig.world.tables import Journal, Numbers, Table
from seamline.rig.world.tables_readings import ReadingTable, Sheet
from seamline.rig.world.tables_rows import (
    AnchorRow,
    BootRow,
    CalibrationRow,
    DesiredRow,
    DeviceRow,
    EventRow,
    FoldRow,
    HearingRow,
    IncarnationRow,
    LayoutRow,
    LedgerRow,
    LossRow,
    PositionRow,
    PresenceRow,
    QuarantineRow,
    RefusedRow,
    ReportedRow,
    RevaluationRow,
)

N = TypeVar("N", int, int | None)

BootKey: TypeAlias = tuple[int, int, int]
"""(device number, incarnation, boot)"""
LedgerKey: TypeAlias = tuple[int, int, int, int]
"""(device number, incarnation, boot, channel)"""
AnchorKey: TypeAlias = tuple[int, int, int, int, int, str]
"""(device number, incarnation, boot, uptime ms, Unix ms, source)"""

CalibrationKey: TypeAlias = tuple[int, str, str, int]
"""(device number, product, name, version)"""

DOCUMENTS_MAX: Final = 4_096
"""Documents of events that are remembered, to hold those that are alike once."""


class Tables:
    """Every table. `now_us` is the time at which the transaction in hand began, Unix µs."""

    def __init__(self, clock_us: Callable[[], int]) -> None:
        self.clock_us: Final = clock_us
        self.now_us = clock_us()
        self.journal: Final = Journal()
        self.device: Final = Table[str, DeviceRow](self.journal, due=lambda row: row["state"] == "active")
        self.device_ids: Final = Table[int, str](self.journal)
        self.hub_meta: Final = Table[str, int](self.journal)
        self.ingest_position: Final = Table[int, PositionRow](self.journal)
        self.hearing: Final = Table[int, HearingRow](self.journal)
        self.layout: Final = Table[tuple[int, int, int], LayoutRow](self.journal)
        self.ledger: Final = Table[LedgerKey, LedgerRow](self.journal, _device_of, lambda row: bool(row["gaps"]))
        self.ledger_fold: Final = Table[tuple[int, int, int], FoldRow](self.journal, _device_of)
        self.incarnation: Final = Table[tuple[int, int], IncarnationRow](self.journal, _device_of)
        self.loss: Final = Table[int, LossRow](self.journal, None, lambda row: not row.told)
        self.anchor: Final = Table[AnchorKey, AnchorRow](self.journal, lambda key, _: key[:2])
        self.boot: Final = Table[BootKey, BootRow](
            self.journal, lambda key, _: key[0], lambda row: row.redate_from_ms is not None
        )
        self.presence: Final = Table[int, PresenceRow](self.journal, when=lambda row: row["check_at"])
        self.quarantine: Final = Table[int, QuarantineRow](
            self.journal, lambda _, row: row.device_no, lambda row: not row.told, parked=_lacks
        )
        self.refused: Final = Table[tuple[str, str], RefusedRow](self.journal)
        self.event: Final = Table[int, EventRow](self.journal, lambda _, row: row.device_no)
        self.twin_desired: Final = Table[tuple[int, str], DesiredRow](
            self.journal, _device_of, lambda row: row["resolution"] in {None, "overridden"}
        )
        self.twin_reported: Final = Table[tuple[int, str], ReportedRow](self.journal, _device_of)
        self.calibration: Final = Table[CalibrationKey, CalibrationRow](self.journal, lambda key, _: key[0])
        self.revaluation: Final = Table[int, RevaluationRow](
            self.journal, lambda _, row: row["device_no"], lambda row: row["finished_at"] is None
        )
        numbered = ("device", "loss", "anchor", "quarantine", "event", "calibration", "revaluation")
        self.numbers: Final = {name: Numbers() for name in numbered}
        self.readings: Final[dict[str, ReadingTable]] = {}
        self.readings_revised: Final[list[tuple[Sheet, int]]] = []
        """Rows that were dated anew since somebody looked, (sheet, place), also those that were taken back."""
        self._documents: Final[dict[str, object]] = {}
        self._same: Final[dict[int | None, int | None]] = {}
        self.readings_revalued: Final[list[tuple[Sheet, int]]] = []
        """Rows that were valued anew, likewise."""

    def register(self, families: Iterable[Family]) -> None:
        """Write the families' layouts down and make their reading tables, as `hub.tables.register` does. Idempotent."""
        layouts = [layout for family in families for layout in family.layouts.values()]
        for layout in layouts:
            key = (layout.message_id, layout.version, layout.fingerprint)
            if key not in self.layout.rows:
                row: LayoutRow = {
                    "product": layout.product,
                    "message": layout.message,
                    "message_id": layout.message_id,
                    "layout": layout.version,
                    "fingerprint": layout.fingerprint,
                    "canonical": layout.canonical,
                    "registered_at": self.now_us,
                }
                self.layout.put(key, row)
        made = partial(ReadingTable, journal=self.journal, revised=self.readings_revised, revalued=self.readings_revalued)
        for table in reading_tables(layouts):
            self.readings.setdefault(table.name, made(table.name))

    def once(self, document: object) -> object:
        """A document, or one just like it that was met before: of a fleet's events, most say the same. Nobody changes them."""
        found = self._documents.setdefault(repr(document), document)
        if len(self._documents) > DOCUMENTS_MAX:
            self._documents.clear()
        return found

    def same(self, number: N) -> N:
        """A device's number, an incarnation or a fingerprint, as the one object that stands for it in every row."""
        return cast("N", self._same.setdefault(number, number))

    def device_of(self, number: int) -> DeviceRow | None:
        """The device of a number."""
        name = self.device_ids.rows.get(number)
        return None if name is None else self.device.rows[name]


def _lacks(row: QuarantineRow) -> tuple[int | None, int | None, int | None] | None:
    """The layout that records were set aside for want of: what their release waits for."""
    is_open = row.resolved_at is None and row.reason == "unregistered" and row.counted
    return (row.channel, row.layout, row.fingerprint) if is_open else None


def _device_of(key: tuple[int, ...] | tuple[int, str], _row: object) -> int:
    return key[0]
