"""Who connects when: devices by time, for as many as there are, cheap to fill in and to read slot by slot.

A slot is what the storm steps by; a page is many slots. What lies on a later page waits there unsorted until that page is opened:
so a batch that scatters over an hour costs a few cuts and not thousands.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from seamline.rig.storm.draws import I64

PAGE_SLOTS: Final = 64
NARROW_MAX: Final = 0xFFFF

Batch = tuple[I64, I64]
"""Times in ns, and the devices they are of."""


class Agenda:
    """Batches of (time, device). `take` empties one slot after another; what is added for a slot that was taken comes in the next."""

    def __init__(self, slot_ns: int, devices: int) -> None:
        """Slots of `slot_ns`, for devices numbered from 0 to `devices` - 1."""
        self.slot_ns: Final = slot_ns
        self._devices: Final = devices
        self._taken = -1
        self._page = 0
        self._slots: Final[dict[int, list[Batch]]] = {}
        """Of the open page."""
        self._pages: Final[dict[int, list[Batch]]] = {}

    def add(self, times: I64, devices: I64) -> None:
        """Have these devices connect at these times."""
        if not len(times):
            return
        slots = np.maximum(times // self.slot_ns, self._taken + 1)
        pages = slots // PAGE_SLOTS
        for page, batch in _cut(pages, times, devices):
            if page > self._page:
                self._pages.setdefault(page, []).append(batch)
            else:
                self._open(batch)

    def take(self, slot: int) -> Batch:
        """Everybody due in this slot, by time and then by device."""
        page = slot // PAGE_SLOTS
        while self._page < page:
            self._page += 1
            for batch in self._pages.pop(self._page, ()):
                self._open(batch)
        self._taken = slot
        times, devices = _joined(self._slots.pop(slot, []))
        # One number says both, and no two are alike: any way of sorting gives the same order. It has 60 bits at most.
        begin_ns = slot * self.slot_ns
        keys = np.sort(np.maximum(times - begin_ns, 0) * self._devices + devices)
        return begin_ns + keys // self._devices, keys % self._devices

    def next(self, slot: int) -> int | None:
        """The first slot from this one on that may hold somebody; None when nobody waits any more."""
        if self._slots:
            return max(slot, min(self._slots))
        if self._pages:
            return max(slot, min(self._pages) * PAGE_SLOTS)
        return None

    def _open(self, batch: Batch) -> None:
        times, devices = batch
        slots = np.maximum(times // self.slot_ns, self._taken + 1)
        for slot, part in _cut(slots, times, devices):
            self._slots.setdefault(slot, []).append(part)


def _cut(keys: I64, times: I64, devices: I64) -> list[tuple[int, Batch]]:
    """The batch by its keys, each part in the order it came in."""
    first = int(keys[0])
    if (keys == first).all():
        return [(first, (times, devices))]
    low = int(keys.min())
    narrow = keys - low if int(keys.max()) - low > NARROW_MAX else (keys - low).astype(np.uint16)  # those are sorted by radix
    order = np.argsort(narrow, kind="stable")
    keys, times, devices = keys[order], times[order], devices[order]
    ends = np.flatnonzero(np.diff(keys)) + 1
    starts = [0, *ends.tolist()]
    stops = [*ends.tolist(), len(keys)]
    return [(int(keys[start]), (times[start:stop], devices[start:stop])) for start, stop in zip(starts, stops, strict=True)]


def _joined(batches: list[Batch]) -> Batch:
    if not batches:
        empty = np.empty(0, np.int64)
        return empty, empty
    if len(batches) == 1:
        return batches[0]
    return np.concatenate([times for times, _ in batches]), np.concatenate([devices for _, devices in batches])
