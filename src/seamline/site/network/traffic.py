"""What a device sends, from its product's contract: frames of each message, their size, how many a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seamline.contract.codegen.arithmetic import loads
from seamline.contract.model import Contract
from seamline.contract.scalars import MS
from seamline.site.frame import SiteError

DAY_S: Final = 86_400
HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Stream:
    """A message as the air sees it: frames of `frame_bytes` (the mean, rounded up), so many a day."""

    message: str
    frame_bytes: int
    frames_per_day: float

    def __post_init__(self) -> None:
        if self.frame_bytes < 1 or not 0 <= self.frames_per_day < float("inf"):
            text = f"message {self.message!r}: {self.frames_per_day:g} frames of {self.frame_bytes} bytes a day cannot be meant"
            raise SiteError(f"{text}; give at least 1 byte, and 0 frames or more")


@dataclass(frozen=True, slots=True)
class Traffic:
    """All that one device sends."""

    streams: tuple[Stream, ...] = ()

    @property
    def bytes_per_day(self) -> float:
        """Bytes of frames, without what the radio adds."""
        return sum(stream.frame_bytes * stream.frames_per_day for stream in self.streams)

    @property
    def frames_per_day(self) -> float:
        """Frames of all messages."""
        return sum(stream.frames_per_day for stream in self.streams)


def traffic_of(contract: Contract) -> Traffic:
    """A connected day of a device, by the contract's periods and batches; events at their bound."""
    day = loads(contract, MS["d"])
    return Traffic(tuple(Stream(load.message.name, -(-load.bytes // load.frames), float(load.frames)) for load in day))


def plain(message_bytes: int, per_day: float) -> Traffic:
    """The traffic of a device without a contract: so many messages a day, all of one size."""
    return Traffic((Stream("message", message_bytes, per_day),))
