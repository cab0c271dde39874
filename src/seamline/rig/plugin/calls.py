"""Counts the calls into users' cores, where another process can read it after this one is gone.

The count alone is enough: the same plan makes the same calls, so a run that is repeated finds device, time and call by the number.
"""

from __future__ import annotations

import ctypes
from typing import Final, Protocol

from seamline.rig.world.apart import Ended


class Box(Protocol):
    """A number in memory that processes share."""

    value: int


class Calls:
    """The calls of this process's run."""

    def __init__(self) -> None:
        self._box: Box = ctypes.c_uint64()
        """Odd while a call is going on: twice the calls that are over, and one."""
        self._ends: Ended | None = None
        self.found: Ended | None = None
        """Where this run was ended: the core never returned, or was not entered again."""

    def share(self, box: Box) -> None:
        """Count there from now on."""
        self._box = box

    def begin(self, ends: Ended | None = None) -> None:
        """A run begins; it is to end at a call that is known for that."""
        self._box.value = 0
        self._ends = ends
        self.found = None

    def enter(self) -> Ended | None:
        """A call begins; what is told instead where the run is to end here."""
        self._box.value += 1
        if self._ends is None or self._ends.call != self.number:
            return None
        self.found = self._ends
        return self.found

    def leave(self) -> None:
        """The call is over."""
        self._box.value += 1

    @property
    def number(self) -> int:
        """Of the call that is going on, or was the last."""
        return (self._box.value + 1) // 2


def call_of(box: Box) -> int:
    """The call that is going on; 0: none."""
    return (box.value + 1) // 2 if box.value % 2 else 0


CALLS: Final = Calls()
"""One run goes on at a time in a process."""
