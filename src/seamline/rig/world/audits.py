"""Everything that holds a world's hub against what is true, in the order in which it must be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seamline.rig.world.anchor_audit import AnchorAudit
from seamline.rig.world.audit import Audit
from seamline.rig.world.backup import Backup
from seamline.rig.world.broker import Message
from seamline.rig.world.corrector import Given
from seamline.rig.world.device import Device
from seamline.rig.world.heap import Heap
from seamline.rig.world.hub import Hub
from seamline.rig.world.marks import Marks
from seamline.rig.world.presence_audit import PresenceAudit
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.step_audit import StepAudit
from seamline.rig.world.twin_audit import TwinAudit
from seamline.rig.world.value_audit import ValueAudit


class Audits:
    """The books, dates, values, twins and presence of one world; and what a restored database may have lost for good."""

    def __init__(
        self, heap: Heap, hub: Hub, names: Sequence[str], devices: Mapping[int, Device], given: Given, marks: Marks
    ) -> None:
        truths = [devices[index].truth if index in devices else None for index in range(len(names))]
        tables = hub.database.tables
        self.books: Final = Audit(tables, names, truths, marks)
        self.steps: Final = StepAudit(tables, names, truths, marks)
        self.values: Final = ValueAudit(tables, names, given, marks)
        self.twins: Final = TwinAudit(heap, hub.database, {device.name: device for device in devices.values()}, marks)
        self.anchors: Final = AnchorAudit(tables, devices.values())
        self.presence: Final = PresenceAudit(heap, hub, devices, marks)
        self.books.lost = lambda index, row: devices[index].losses.written(row)
        self._hub: Final = hub
        self._devices: Final = devices
        self._marks: Final = marks
        self._writes = -1  # of the tables, when they were last looked at
        self._backup: Backup | None = None
        self._is_holed = False  # whether the stream lost something that a restore needs, or may need

    def committed(self) -> None:
        """Something may have been committed. Raises BrokenPromise."""
        writes = self._hub.database.tables.journal.writes
        if writes == self._writes:
            return
        self._writes = writes
        self.steps.released()
        self.books.committed()
        self.steps.committed()
        self.values.committed()
        self.twins.committed()
        self.presence.committed()

    def heard(self, message: Message) -> None:
        """The broker has stored a message."""
        self.presence.heard(message)
        self.twins.heard(message)

    # -- backups -------------------------------------------------------------------------------------------------------

    def back_up(self) -> None:
        """Keep the database as it is, and the stream from here on."""
        self._backup = Backup(self._hub.database.tables)
        self._hub.broker.retains = True

    def restore(self) -> None:
        """Have the database as it was backed up; what the stream still holds is read again. No process of the hub may live."""
        if self._backup is None:
            return
        self._marks.hit("database-restored")
        self._backup.restore(self._hub.database.tables)
        self._hub.broker.retains = False
        self.steps.restored()
        self.books.restored()
        self.values.restored()
        self.twins.restored()
        self.presence.restored()
        if self._is_holed:
            self.books.excuse()
            self.presence.lost()

    def stream_lost(self) -> None:
        """The stream has lost messages: what a restored database has not read again by now is nowhere."""
        self.presence.lost()
        if self._backup is not None and not self._is_holed:
            self._is_holed = True
            self._marks.hit("restore-with-holes")
            self.books.excuse()

    @property
    def is_holed(self) -> bool:
        """Whether a restored database lacks what the stream has lost: the boots of then are only closed by the next ones."""
        return self._is_holed and bool(self._marks.counts["database-restored"])

    # -- the end -------------------------------------------------------------------------------------------------------

    def unsettled(self) -> str:
        """What the steps have left to do, which twin is not settled or which anchor not told yet; empty when nothing is."""
        owes = self._hub.background.owes()
        found = None if owes else self.twins.unsettled(self._hub.catalogue) or self.anchors.untold()
        return owes or ("" if found is None else found[1])

    def end(self, waited: str) -> None:
        """Everything has been waited for. Raises BrokenPromise."""
        owes = self._hub.background.owes()
        if owes:
            raise BrokenPromise("caught-up", f"the steps of the hub still have work {waited}: {owes}")
        found = self.twins.unsettled(self._hub.catalogue)
        if found is not None:
            raise BrokenPromise("twins-converged", f"{found[1]}, {waited}", found[0])
        for index, device in self._devices.items():
            kept = device.losses.kept()
            if kept:
                raise BrokenPromise("nothing-owed", f"keeps in flash what it does not hold any more: {kept}, {waited}", index)
        untold_anchor = self.anchors.untold()
        if untold_anchor is not None:
            raise BrokenPromise("time-told", f"{untold_anchor[1]}, {waited}", untold_anchor[0])
        if any(
            sum(sheet.used > 0 for sheet in table.sheets.values()) > 1 for table in self._hub.database.tables.readings.values()
        ):
            self._marks.hit("two-versions")
        untold = self.steps.untold()
        if untold:
            raise BrokenPromise("told-once", untold)
        unnamed = self.presence.told.unnamed()
        if unnamed is not None:
            raise BrokenPromise("told-once", unnamed[1], self.steps.index_of(unnamed[0]))
        self.steps.dated()
        self.values.end()
