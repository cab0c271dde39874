"""Holds what owners are told of gaps against the ledger: one that stays open while its device is heard is told of, and once.

A hole at a mark is the same one until the mark rises. It has been open for as long as it was there at each look, the device heard of
late and nothing in the hub's way at any of them: then a turn of the step has found it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from seamline.hub.steps.tell import GAP_AGE_MS
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.heap import MS, SECOND
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_hub import LedgerKey, Tables
from seamline.rig.world.tables_rows import EventRow

OPEN_US: Final = 20 * SECOND
"""Within this a turn of the step has come: it has one every 5 s, and others go before it."""
LATELY_MS: Final = GAP_AGE_MS - 10_000
"""Heard within this, a device was heard of late enough at any turn since the look before."""
KEYS_A_LOOK: Final = 256
TOGETHER_MS: Final = 10_000
"""So much may the moments of a batch and of a step that reads what it has committed be apart."""


class GapAudit:
    """The gaps of one world's ledger."""

    def __init__(self, tables: Tables, indices: Mapping[str, int]) -> None:
        """`indices`: of the devices, by name."""
        self._tables: Final = tables
        self._indices: Final = indices
        self._open: dict[LedgerKey, tuple[int, int, int]] = {}
        """By key: since when something is owed, the mark, and when the hole there was first seen."""
        self._told: Final[dict[LedgerKey, tuple[int, int]]] = {}
        """By key, of the last event: since when something was owed, and when it was told; both Unix ms."""

    def restored(self) -> None:
        """The database is what it was earlier."""
        self._open.clear()
        self._told.clear()

    def heard(self, event: EventRow) -> None:
        """An event that was told; those of gaps are looked at. Raises BrokenPromise."""
        if event.kind != "gap" or event.device_no is None:
            return
        detail, at_ms = cast("Mapping[str, int]", event.detail), event.at // 1_000
        key, since_ms = (event.device_no, detail["incarnation"], detail["boot"], detail["channel"]), detail["since_ms"]
        where = f"boot {key[2]}, channel {key[3]}"
        if at_ms - since_ms < GAP_AGE_MS:
            raise self._broken(key, f"{where}: a gap is told of that has been there for {at_ms - since_ms} ms")
        before = self._told.get(key)
        if before is not None and since_ms < before[1] - TOGETHER_MS:
            raise self._broken(key, f"{where}: a gap is told of again {at_ms - before[1]} ms after it was")
        self._told[key] = since_ms, at_ms

    def look(self, now_us: int) -> None:
        """Look at what is open; nothing is in the hub's way. Raises BrokenPromise."""
        if not self._tables.ledger.waiting:
            self._open.clear()
            return
        now_ms, still = unix_ms(now_us), dict[LedgerKey, tuple[int, int, int]]()
        for key, _ in zip(self._tables.ledger.waiting, range(KEYS_A_LOOK), strict=False):
            row, presence = self._tables.ledger.rows[key], self._tables.presence.rows.get(key[0])
            since_ms = row["owed_since_ms"]
            heard_ms = 0 if presence is None else (presence["last_heard"] or 0) // MS
            if since_ms is None or since_ms > now_ms - GAP_AGE_MS or heard_ms < now_ms - LATELY_MS:
                continue
            known = self._open.get(key)
            first_us = known[2] if known is not None and known[:2] == (since_ms, row["mark"]) else now_us
            still[key] = since_ms, row["mark"], first_us
            if now_us - first_us > OPEN_US:
                told = self._told.get(key)
                if told is None or told[0] != since_ms:
                    where = f"boot {key[2]}, channel {key[3]}, from record {row['mark']} on"
                    raise self._broken(key, f"{where}: a gap has been open for {now_ms - since_ms} ms, and nobody was told")
        self._open = still

    def unsettle(self) -> None:
        """Something is in the hub's way: what was open before may have waited for that."""
        self._open.clear()

    def _broken(self, key: LedgerKey, what: str) -> BrokenPromise:
        return BrokenPromise("told-once", what, self._indices[self._tables.device_ids.rows[key[0]]])
