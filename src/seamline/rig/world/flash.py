"""A device's flash as its core's entries see it: erased by sectors, programmed by pages, and cut off at any of these operations.

An entry lies in sectors of its own. Writing it erases them, then programs page after page; forgetting it erases them. A cut at
an operation leaves it undone, half done or done:

    erase, half done      the first half of the sector reads 0xFF, the rest is what was there
    program, half done    the first half of the page is new, the rest reads 0xFF

What follows of the entry never happens. What a cut leaves of an entry reads back as it is; the core's checksums have to tell.
"""

from __future__ import annotations

from typing import Final

SECTOR_BYTES: Final = 4096
PAGE_BYTES: Final = 256
"""Of the NOR flash chips on common boards (Winbond W25Q series)."""
ERASED: Final = 0xFF
UNDONE, HALF, DONE = range(3)


class PowerCut(Exception):
    """The power went in the middle of an operation."""


class Flash:
    """Entries that survive power cuts, and the operations counted."""

    __slots__ = ("_cut_at", "_how", "_page_bytes", "_sector_bytes", "cut_found", "entries", "hurt", "operations")

    def __init__(self, sector_bytes: int = SECTOR_BYTES, page_bytes: int = PAGE_BYTES) -> None:
        self.entries: dict[str, bytes] = {}
        self.operations = 0
        self.cut_found = ""
        """What the last cut struck: "erase" or "program"."""
        self.hurt: set[str] = set()
        """Entries that a cut or a turned bit may have left other than they were written."""
        self._sector_bytes = sector_bytes
        self._page_bytes = page_bytes
        self._cut_at: int | None = None
        self._how = UNDONE

    def load(self) -> dict[str, bytes]:
        """Everything that can be read, as it is."""
        return dict(self.entries)

    def cut_after(self, operations: int, how: int) -> None:
        """Lose the power at the operation after so many more; `how`: that one is UNDONE, HALF done or DONE."""
        self._cut_at = self.operations + operations
        self._how = how

    def disarm(self) -> None:
        """Forget a cut that has not happened."""
        self._cut_at = None

    @property
    def armed(self) -> bool:
        """Whether a cut is still to come."""
        return self._cut_at is not None

    def write(self, key: str, data: bytes) -> None:
        """Make an entry durable. Raises PowerCut."""
        sectors, pages = self._sectors(max(len(data), len(self.entries.get(key, b"")))), -(-len(data) // self._page_bytes)
        if self._cut_at is None or self.operations + sectors + pages <= self._cut_at:
            self.operations += sectors + pages
            self.entries[key] = data
            if self.hurt:
                self.hurt.discard(key)
            return
        self._erase(key, sectors)
        for page in range(pages):
            end = (page + 1) * self._page_bytes
            half = end - self._page_bytes // 2
            self._operate("program", key, _programmed(data, half), _programmed(data, end))

    def forget(self, key: str) -> None:
        """Take an entry away. Raises PowerCut."""
        sectors = self._sectors(len(self.entries.get(key, b"")))
        if self._cut_at is None or self.operations + sectors <= self._cut_at:
            self.operations += sectors
        else:
            self._erase(key, sectors)
        self.entries.pop(key, None)
        self.hurt.discard(key)

    def wipe(self) -> None:
        """Lose everything, as an erased or swapped chip does."""
        self.entries.clear()
        self.hurt.clear()

    def rot(self, place: int, bit: int) -> None:
        """Have one bit of one entry turn."""
        keys = sorted(key for key, data in self.entries.items() if data)
        if keys:
            key = keys[place % len(keys)]
            data = bytearray(self.entries[key])
            data[bit // 8 % len(data)] ^= 1 << (bit % 8)
            self.entries[key] = bytes(data)
            self.hurt.add(key)

    def _erase(self, key: str, sectors: int) -> None:
        for sector in range(sectors):
            data = self.entries.get(key, b"")
            start, end = sector * self._sector_bytes, (sector + 1) * self._sector_bytes
            half = start + min(self._sector_bytes, max(0, len(data) - start)) // 2
            self._operate("erase", key, _blank(data, start, half), _blank(data, start, end))

    def _operate(self, what: str, key: str, half: bytes, whole: bytes) -> None:
        """Do one operation on an entry, or as much of it as the power lasts for."""
        cut = self.operations == self._cut_at
        self.operations += 1
        if not cut or self._how != UNDONE:
            after = half if cut and self._how == HALF else whole
            if key in self.entries or after.strip(b"\xff"):
                self.entries[key] = after
        if cut:
            self._cut_at = None
            self.cut_found = what
            self.hurt.add(key)
            raise PowerCut

    def _sectors(self, size: int) -> int:
        return max(1, -(-size // self._sector_bytes))


def _blank(data: bytes, start: int, end: int) -> bytes:
    """`data` with start..end-1 erased."""
    end = min(end, len(data))
    return data if start >= end else data[:start] + bytes([ERASED]) * (end - start) + data[end:]


def _programmed(data: bytes, end: int) -> bytes:
    """`data` as far as it has been programmed, the rest erased."""
    return data[:end] + bytes([ERASED]) * (len(data) - end)
