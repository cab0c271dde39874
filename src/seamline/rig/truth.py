"""What the devices really measured and when: kept apart from device and hub, to hold both against it at the end.

A record costs its body and 16 bytes here, in flat arrays; nothing is thrown away, so the truth grows with the run (about 35 MB an
hour for 200 devices that sample each second).
"""

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from seamline.contract import Layout
from seamline.contract.layout import OFFSET_BYTES


class StreamKey(NamedTuple):
    """Whose sequence it is, within a device."""

    incarnation: int
    boot: int
    channel: int


class Sent(NamedTuple):
    """A frame that left: its records and when, in Unix ms."""

    first: int
    end: int
    at_ms: int


SENT_MAX: Final = 512
"""Frames remembered for the latency from sending; a device has few in flight, the oldest are forgotten beyond."""


@dataclass(slots=True)
class Stream:
    """Everything numbered on one channel in one boot; record `n` is at index `n`."""

    layout: Layout
    version: str
    quarantined_expected: bool = False
    uptime_ms: "array[int]" = field(default_factory=lambda: array("q"))
    true_ms: "array[int]" = field(default_factory=lambda: array("q"))
    bodies: bytearray = field(default_factory=bytearray)
    acknowledged: int = 0
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=SENT_MAX))
    unsure: int | None = None
    """Records from here on may have been unmade by a power cut while what follows from their number was carried out."""

    def append(self, uptime_ms: int, true_ms: int, body: bytes) -> None:
        """Note the next record; `body` is what follows the offset."""
        self.uptime_ms.append(uptime_ms)
        self.true_ms.append(true_ms)
        self.bodies += body

    @property
    def numbered(self) -> int:
        """How many records there are."""
        return len(self.true_ms)

    def body(self, sequence: int) -> bytes:
        """Return a record's bytes after the offset."""
        size = self.layout.record_bytes - OFFSET_BYTES
        return bytes(self.bodies[sequence * size : (sequence + 1) * size])

    def values(self, sequence: int) -> dict[str, int]:
        """Return a record's raw values by field."""
        return self.layout.unpack(self.body(sequence))


class DeviceTruth:
    """All streams of one device. `declared` counts the records of channel 0, by (incarnation, boot): the core numbers those.

    With `begun`, the truth begins in the midst of the device's life: at that boot of each incarnation, and of other incarnations
    nothing is known.
    """

    __slots__ = ("begun", "declared", "device", "streams")

    def __init__(self, device: str) -> None:
        self.device = device
        self.begun: dict[int, int] | None = None
        self.declared: dict[tuple[int, int], int] = {}
        self.streams: dict[StreamKey, Stream] = {}

    def stream(self, key: StreamKey, layout: Layout, version: str) -> Stream:
        """Return the stream, new when it is the first record of its boot."""
        found = self.streams.get(key)
        if found is None:
            found = self.streams[key] = Stream(layout, version)
        return found

    def marked(self, key: StreamKey, following: int, now_ms: int) -> Iterator[tuple[int, int | None]]:
        """Note that the hub has everything below `following`; yield (measured → now, sent → now) in ms for each record newly so."""
        stream = self.streams.get(key)
        if stream is None:
            return
        for sequence in range(stream.acknowledged, min(following, stream.numbered)):
            while stream.sent and stream.sent[0].end <= sequence:
                stream.sent.popleft()
            sent_ms = stream.sent[0].at_ms if stream.sent and stream.sent[0].first <= sequence else None
            yield now_ms - stream.true_ms[sequence], None if sent_ms is None else now_ms - sent_ms
        stream.acknowledged = max(stream.acknowledged, min(following, stream.numbered))

    def is_earlier(self, incarnation: int, boot: int) -> bool:
        """Whether this boot was over before the truth began."""
        return self.begun is not None and boot < self.begun.get(incarnation, boot + 1)

    @property
    def numbered(self) -> int:
        """How many records the device numbered, all boots and channels."""
        return sum(stream.numbered for stream in self.streams.values())

    @property
    def acknowledged(self) -> int:
        """How many of them the hub's marks have passed, as far as the device heard."""
        return sum(stream.acknowledged for stream in self.streams.values())
