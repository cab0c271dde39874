"""What a boot finds in flash: the rare states among them, marked."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.device.counters import SLOTS, Counters
from seamline.rig.world.marks import Marks


class Leftovers:
    """The counter slots of one device over its boots."""

    __slots__ = ("_marks", "_slots")

    def __init__(self, marks: Marks) -> None:
        """A virgin device."""
        self._marks = marks
        self._slots = 0

    def look(self, entries: Mapping[str, bytes], stride: int) -> None:
        """Mark what a boot finds that boots seldom find."""
        counters = Counters(stride)
        readable = sum(counters.load({key: entries[key]}) for key in SLOTS if key in entries)
        if not readable and self._slots:
            self._marks.hit("counters-lost")
            self._slots = 0
        elif readable < self._slots:
            self._marks.hit("slot-lost")
        self._slots = max(readable, self._slots)
        if any(key.startswith("o") for key in entries):
            self._marks.hit("booted-with-records")
