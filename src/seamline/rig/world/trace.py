"""What happened, as one hash over every event, and the last of them to read."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from struct import Struct
from typing import Final, NamedTuple

HEAD: Final = Struct("<qiHI")
"""When (µs), whose (-1: the house's), how long the event's name and its bytes are."""
HASH_AT_ONCE: Final = 2048
"""Events hashed in one go."""
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

    __slots__ = ("_events", "_hash", "_last", "_live")

    def __init__(self, *, keep_all: bool = False) -> None:
        self._last: deque[tuple[int, int, str, bytes]] = deque(maxlen=None if keep_all else LAST_EVENTS)
        self._hash = blake2b(digest_size=16)
        self._events: list[tuple[int, int, str, bytes]] = []
        self._live: deque[Event] | None = None

    def note(self, at_us: int, device: int, what: str, data: bytes = b"") -> None:
        """Note an event."""
        events = self._events
        events.append((at_us, device, what, data))
        if self._live is not None:
            self._live.append(Event(at_us, device, what, data))
        if len(events) >= HASH_AT_ONCE:
            self._flush()

    @property
    def last(self) -> deque[Event]:
        """The events that are kept, oldest first. One that is set gets every event from then on as it happens."""
        if self._live is not None:
            return self._live
        self._flush()
        return deque(Event(*event) for event in self._last)

    @last.setter
    def last(self, live: deque[Event]) -> None:
        self._live = live

    def digest(self) -> str:
        """The hash of everything so far, in hex."""
        self._flush()
        return self._hash.copy().hexdigest()

    def _flush(self) -> None:
        parts: list[bytes] = []
        names: dict[str, bytes] = {}
        pack = HEAD.pack
        for at_us, device, what, data in self._events:
            name = names.get(what)
            if name is None:
                name = names[what] = what.encode()
            parts += (pack(at_us, device, len(name), len(data)), name, data)
        self._hash.update(b"".join(parts))
        self._last.extend(self._events)
        self._events.clear()
