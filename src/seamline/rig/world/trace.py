"""What happened, as one hash over every event, and the last of them to read."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from struct import Struct
from typing import Final, NamedTuple

HEAD: Final = Struct("<qiHI")
"""When (µs), whose (-1: the house's), how long the event's name and its bytes are."""
FLUSH_PARTS: Final = 4096
LAST_EVENTS: Final = 400
"""Kept for the report of a failure."""


class Event(NamedTuple):
    """One thing that happened."""

    at_us: int
    device: int
    what: str
    data: bytes


class Trace:
    """Hashes every event in its order."""

    __slots__ = ("_hash", "_parts", "last")

    def __init__(self, *, keep_all: bool = False) -> None:
        self.last: deque[Event] = deque(maxlen=None if keep_all else LAST_EVENTS)
        self._hash = blake2b(digest_size=16)
        self._parts: list[bytes] = []

    def note(self, at_us: int, device: int, what: str, data: bytes = b"") -> None:
        """Note an event."""
        name = what.encode()
        parts = self._parts
        parts.append(HEAD.pack(at_us, device, len(name), len(data)))
        parts.append(name)
        parts.append(data)
        if len(parts) > FLUSH_PARTS:
            self._flush()
        self.last.append(Event(at_us, device, what, data))

    def digest(self) -> str:
        """The hash of everything so far, in hex."""
        self._flush()
        return self._hash.copy().hexdigest()

    def _flush(self) -> None:
        self._hash.update(b"".join(self._parts))
        self._parts.clear()
