"""Device rows and their presence: read when first met, and what is heard is written before the database is a second behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import numpy as np

from seamline.hub.decode import Bools
from seamline.hub.ingest.catalogue import Catalogue, Terms
from seamline.hub.ingest.judge import Judged
from seamline.hub.ingest.memory import Memory
from seamline.hub.params import Int8s
from seamline.hub.presence import PresenceRow, on_frame
from seamline.hub.store_port import Row, Store

BEHIND_MS: Final = 1_000
"""How far the database may be behind with when a device was heard, whatever fails: an age on a page is in seconds."""


class Devices:
    """Loads devices into memory and keeps their presence current."""

    def __init__(self, store: Store, catalogue: Catalogue, memory: Memory) -> None:
        self._store: Final = store
        self._catalogue: Final = catalogue
        self._memory: Final = memory
        self._before: dict[int, PresenceRow | None] = {}

    def before(self, slot: int) -> PresenceRow | None:
        """A device's presence as it was before the batch now loaded."""
        return self._before.get(slot)

    async def load(self, judged: Judged) -> None:
        """Read, or make, the row of every device of the batch; then note which of them were heard.

        Of devices that also sent control messages the presence before the batch is kept (`before`).
        """
        fleet = self._memory.fleet
        missing: set[int] = {said.device for said in judged.said if not fleet.devices[said.device].no}
        missing.update(judged.device[fleet.no[judged.device] == 0].tolist())
        if missing:
            await self._load([fleet.devices[slot].id for slot in sorted(missing)])
        self._before = {slot: self.current(slot) for slot in {said.device for said in judged.said}}
        if len(judged):
            arrival_ms = judged.arrival_us // 1000
            np.maximum.at(fleet.heard_ms, judged.device, arrival_ms)
            heard = judged.accountable & judged.frames.heard
            np.maximum.at(fleet.answered_ms, judged.device[heard], arrival_ms[heard])
            fleet.dirty[judged.device] = True

    async def _load(self, ids: Sequence[str]) -> None:
        rows = await self._store.all("devices", {"ids": list(ids)})
        if len(rows) < len(ids):
            known = {str(row[0]) for row in rows}
            await self._store.run("new_devices", {"ids": [name for name in ids if name not in known]})
            rows = await self._store.all("devices", {"ids": list(ids)})
        fleet = self._memory.fleet
        for name, no, product, contract, epoch, incarnation, _boot, *presence in rows:
            slot = fleet.slot(str(name))
            device = fleet.devices[slot]
            device.no, device.product, device.contract = int(no), product, contract
            device.incarnation, device.presence = incarnation, _presence(presence)
            fleet.no[slot], fleet.epoch[slot] = no, epoch
            fleet.product[slot] = self._catalogue.product_code(product)
            if device.presence is not None:
                fleet.session[slot] = device.presence.session
                fleet.written_ms[slot] = written_ms(device.presence)

    def current(self, slot: int) -> PresenceRow | None:
        """A device's presence with every frame heard up to the batches before."""
        fleet, row = self._memory.fleet, self._memory.fleet.devices[slot].presence
        heard_ms, answered_ms = fleet.heard_ms.item(slot), fleet.answered_ms.item(slot)
        if row is None:
            return None
        if answered_ms > (row.last_answered_ms or 0):
            row = on_frame(row, row.incarnation, row.boot, heard=True, now_ms=answered_ms)
        if heard_ms > row.last_heard_ms:
            row = on_frame(row, row.incarnation, row.boot, heard=False, now_ms=heard_ms)
        return row

    async def write(self, rows: Sequence[tuple[int, PresenceRow]]) -> None:
        """Write whole presence rows (slot, row) and keep them in memory."""
        fleet = self._memory.fleet
        written: list[Row] = []
        for slot, row in rows:
            device = fleet.devices[slot]
            device.presence = row
            fleet.session[slot], fleet.dirty[slot], fleet.written_ms[slot] = row.session, False, written_ms(row)
            written.append(presence_row(device.no, row, self._catalogue.terms(device.contract)))
        await self._store.write("presence", written)

    async def keep_up(self) -> None:
        """Write when those devices were heard of whom the database would be a second behind: it belongs to the batch's commit."""
        fleet = self._memory.fleet
        heard_ms = np.maximum(fleet.heard_ms, fleet.answered_ms)[: fleet.used]
        await self._write_heard(fleet.dirty[: fleet.used] & (heard_ms - fleet.written_ms[: fleet.used] >= BEHIND_MS))

    async def flush(self) -> None:
        """Write everything that was heard since it was last written."""
        await self._write_heard(self._memory.fleet.dirty[: self._memory.fleet.used])

    async def _write_heard(self, chosen: Bools) -> None:
        fleet = self._memory.fleet
        slots = np.flatnonzero(chosen)
        if not len(slots):
            return
        fresh = [slot for slot in slots.tolist() if fleet.devices[slot].presence is None]
        if fresh:
            await self._first(fresh)
        known = np.array([_answered_ms(fleet.devices[slot].presence) for slot in slots.tolist()], np.int64)
        # What a row knows already answers no question that came after it.
        answered = np.where(fleet.answered_ms[slots] > known, fleet.answered_ms[slots], 0)
        await self._store.run(
            "heard",
            {"device": Int8s(fleet.no[slots]), "heard": Int8s(fleet.heard_ms[slots]), "answered": Int8s(answered)},
        )
        fleet.dirty[slots] = False
        fleet.written_ms[slots] = fleet.heard_ms[slots]

    async def _first(self, slots: Sequence[int]) -> None:
        """Devices whose frames came before any birth: session 0."""
        fleet = self._memory.fleet
        rows = [(slot, PresenceRow(0, 0, 0, int(fleet.heard_ms[slot]), int(fleet.heard_ms[slot]))) for slot in slots]
        await self.write(rows)


def written_ms(row: PresenceRow) -> int:
    """What the database knows to be heard by this row: of a death it knows later than the last word, so any word is news."""
    return row.last_heard_ms if row.died_ms is None else 0


def _answered_ms(row: PresenceRow | None) -> int:
    """When a device last heard us, by a row that was written; 0 where that is unknown."""
    return 0 if row is None else row.last_answered_ms or 0


def presence_row(no: int, row: PresenceRow, terms: Terms) -> Row:
    """A row of the statement `presence`."""
    return {
        "device_no": no,
        "session": row.session,
        "incarnation": row.incarnation,
        "boot": row.boot,
        "born_ms": row.born_ms,
        "last_heard_ms": row.last_heard_ms,
        "last_answered_ms": row.last_answered_ms,
        "died_ms": row.died_ms,
        "unanswered": row.unanswered,
        "last_end": row.last_end,
        "failures": [list(failure) for failure in row.failures],
        "publish_every_ms": terms.publish_every_ms,
        "answer_timeout_ms": terms.answer_timeout_ms,
        "presumed_lost_after_ms": terms.presumed_lost_after_ms,
    }


def _presence(columns: Sequence[object]) -> PresenceRow | None:
    """The columns of `devices` from the presence's incarnation on."""
    incarnation, boot, session, born, heard, answered, died, unanswered, last_end, failures = columns
    if born is None:
        return None
    counted = cast("list[tuple[str, int]]", failures)
    return PresenceRow(
        incarnation=_int(incarnation),
        boot=_int(boot),
        session=_int(session),
        born_ms=_int(born),
        last_heard_ms=_int(heard),
        last_answered_ms=None if answered is None else _int(answered),
        died_ms=None if died is None else _int(died),
        unanswered=_int(unanswered),
        last_end=None if last_end is None else str(last_end),
        failures=tuple((reason, count) for reason, count in counted),
    )


def _int(value: object) -> int:
    return value if type(value) is int else int(str(value))
