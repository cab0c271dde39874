"""A small NOR flash: erased by sectors, programmed by pages, and cut off inside any of these operations, at several points of it."""

from __future__ import annotations

ERASED = 0xFF
TEARS = ("before", "a quarter in", "half way", "half way, from the far end", "three quarters in", "after")
"""Where in an operation the power goes."""
_DONE = {"before": 0, "a quarter in": 1, "half way": 2, "half way, from the far end": 2, "three quarters in": 3, "after": 4}
"""How many quarters of it are done by then."""


class PowerLost(Exception):
    """The power went inside a flash operation."""


class Nor:
    """Entries in sectors of their own. `operations` counts erases and page programs; `cut_at` is the number of the one to be cut.

    What a cut leaves of an entry reads back as it is: erased bytes are 0xFF, what was not reached is as it was.
    """

    def __init__(self, sector_bytes, page_bytes, entries=None, cut_at=None, tear="before"):
        self.sector_bytes = sector_bytes
        self.page_bytes = page_bytes
        self.entries = dict(entries or {})
        self.operations = 0
        self.kinds = {"erase": 0, "program": 0}
        self.cut_at = cut_at
        self.tear = tear
        self.sectors_most = 0
        self.written = set()

    def write(self, key, data):
        """Make an entry durable: erase its sectors, program its pages."""
        old = self.entries.get(key, b"")
        self._erase(key, max(len(old), len(data)))
        blank = bytes([ERASED]) * len(data)
        for start in range(0, len(data), self.page_bytes):
            end = min(start + self.page_bytes, len(data))
            before = data[:start] + blank[start:]
            self._operate("program", key, before, data[:end] + blank[end:], start, end)
        self.entries[key] = data
        self.written.add(key)
        self.sectors_most = max(self.sectors_most, sum(self._sectors(len(held)) for held in self.entries.values()))

    def forget(self, key):
        """Take an entry away."""
        if key in self.entries:
            self._erase(key, len(self.entries[key]))
            del self.entries[key]

    def _erase(self, key, size):
        for sector in range(self._sectors(size)):
            data = self.entries.get(key, b"")
            start, end = sector * self.sector_bytes, min((sector + 1) * self.sector_bytes, len(data))
            blank = data if start >= end else data[:start] + bytes([ERASED]) * (end - start) + data[end:]
            self._operate("erase", key, data, blank, start, max(start, end))

    def _operate(self, kind, key, before, after, start, end):
        """One operation, which turns `before` into `after` between `start` and `end`; cut, it stops on the way and the power is gone."""
        self.kinds[kind] += 1
        number, self.operations = self.operations, self.operations + 1
        if number != self.cut_at:
            self._leave(key, after)
            return
        self.cut_at = None
        reached = (end - start) * _DONE[self.tear] // 4
        if self.tear == "half way, from the far end":
            self._leave(key, before[: end - reached] + after[end - reached :])
        else:
            self._leave(key, after[: start + reached] + before[start + reached :])
        raise PowerLost

    def _leave(self, key, data):
        """What the sectors hold now; an entry of nothing but erased bytes that was not there is not there."""
        if key in self.entries or data.strip(bytes([ERASED])):
            self.entries[key] = data

    def _sectors(self, size):
        return max(1, -(-size // self.sector_bytes))
