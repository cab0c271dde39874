"""The data frame of docs/wire.md: a 32-byte little-endian header, `count` records of one size, an optional CRC32.

`struct.pack` truncates silently on MicroPython, so every field is checked against its range before it is packed.
"""

import struct

from .compat import U8_MAX, U16_MAX, U32_MAX, U48_MAX, crc32
from .errors import FrameError

MAGIC_VERSION = 0xA1  # magic nibble 0xA, framing version 1
MAGIC_NIBBLE = 0xA0
FLAG_CRC = 0x10  # a CRC32 trailer is present
FLAG_HEARD = 0x01  # a downlink was heard in this session since the previous frame was sent
FLAGS_INCOMPATIBLE = 0xF0
HEADER_FORMAT = "<BBBBIIIIHHIHH"
HEADER_BYTES = 32
CRC_BYTES = 4
FRAME_BYTES_MAX = 65536
RECORD_ALIGN_BYTES = 8
SEQUENCES_MAX = 0x100000000  # first sequence + count must not exceed it

_LIMITS = (
    ("flags", U8_MAX),
    ("channel", U8_MAX),
    ("layout", U8_MAX),
    ("fingerprint", U32_MAX),
    ("incarnation", U32_MAX),
    ("boot", U32_MAX),
    ("first", U32_MAX),
    ("count", U16_MAX),
    ("epoch", U16_MAX),
    ("uptime_ms", U48_MAX),
    ("record_bytes", U16_MAX),
)


class Frame:
    """One frame, unpacked. `body` is `count * record_bytes` bytes; `uptime_ms` is that of the first record, 48 bits."""

    __slots__ = (
        "body",
        "boot",
        "channel",
        "count",
        "epoch",
        "fingerprint",
        "first",
        "flags",
        "incarnation",
        "layout",
        "record_bytes",
        "uptime_ms",
    )

    def __init__(
        self,
        *,
        channel: int,
        layout: int,
        fingerprint: int,
        incarnation: int,
        boot: int,
        first: int,
        count: int,
        epoch: int,
        uptime_ms: int,
        record_bytes: int,
        body: bytes | bytearray,
        flags: int = 0,
    ) -> None:
        """Hold the fields; `pack` checks them."""
        self.flags = flags
        self.channel = channel
        self.layout = layout
        self.fingerprint = fingerprint
        self.incarnation = incarnation
        self.boot = boot
        self.first = first
        self.count = count
        self.epoch = epoch
        self.uptime_ms = uptime_ms
        self.record_bytes = record_bytes
        self.body = body


def pack(frame: Frame) -> bytes:
    """The frame's bytes, with a CRC32 trailer when `frame.flags` says so. Raises FrameError when a field does not fit."""
    values = (
        frame.flags,
        frame.channel,
        frame.layout,
        frame.fingerprint,
        frame.incarnation,
        frame.boot,
        frame.first,
        frame.count,
        frame.epoch,
        frame.uptime_ms,
        frame.record_bytes,
    )
    for (name, limit), value in zip(_LIMITS, values):
        if value < 0 or value > limit:
            raise FrameError(name, f"{name} is {value}, outside 0..{limit}")
    _check_shape(frame.flags, frame.first, frame.count, frame.record_bytes)
    if len(frame.body) != frame.count * frame.record_bytes:
        message = f"the body has {len(frame.body)} bytes, {frame.count} records of {frame.record_bytes} were announced"
        raise FrameError("length", message)
    if frame_bytes(frame.flags, frame.count, frame.record_bytes) > FRAME_BYTES_MAX:
        raise FrameError("length", f"the frame would exceed {FRAME_BYTES_MAX} bytes")
    head = struct.pack(
        HEADER_FORMAT,
        MAGIC_VERSION,
        frame.flags,
        frame.channel,
        frame.layout,
        frame.fingerprint,
        frame.incarnation,
        frame.boot,
        frame.first,
        frame.count,
        frame.epoch,
        frame.uptime_ms & U32_MAX,
        frame.uptime_ms >> 32,
        frame.record_bytes,
    )
    packed = head + bytes(frame.body)
    if frame.flags & FLAG_CRC:
        packed += struct.pack("<I", crc32(packed))
    return packed


def unpack(data: bytes | bytearray | memoryview) -> Frame:
    """The frame in `data`. Raises FrameError when `data` is not exactly one valid frame."""
    if len(data) < HEADER_BYTES:
        raise FrameError("short", f"{len(data)} bytes are shorter than a header of {HEADER_BYTES}")
    if len(data) > FRAME_BYTES_MAX:
        raise FrameError("length", f"{len(data)} bytes are longer than the largest frame of {FRAME_BYTES_MAX}")
    fields = struct.unpack_from(HEADER_FORMAT, data, 0)
    magic, flags, channel, layout, fingerprint, incarnation, boot, first, count, epoch, low, high, record_bytes = fields
    if magic & 0xF0 != MAGIC_NIBBLE:
        raise FrameError("magic", "the first nibble is not 0xA: these bytes are no frame")
    if magic != MAGIC_VERSION:
        raise FrameError("version", f"framing version {magic & 0x0F} is unknown")
    _check_shape(flags, first, count, record_bytes)
    if len(data) != frame_bytes(flags, count, record_bytes):
        message = f"{len(data)} bytes, but {count} records of {record_bytes} bytes were announced"
        raise FrameError("length", message)
    end = HEADER_BYTES + count * record_bytes
    if flags & FLAG_CRC:
        (told,) = struct.unpack_from("<I", data, end)
        if told != crc32(bytes(data[:end])):
            raise FrameError("checksum", "the CRC32 trailer does not match")
    return Frame(
        flags=flags,
        channel=channel,
        layout=layout,
        fingerprint=fingerprint,
        incarnation=incarnation,
        boot=boot,
        first=first,
        count=count,
        epoch=epoch,
        uptime_ms=low + (high << 32),
        record_bytes=record_bytes,
        body=bytes(data[HEADER_BYTES:end]),
    )


def frame_bytes(flags: int, count: int, record_bytes: int) -> int:
    """The exact length of a frame."""
    return HEADER_BYTES + count * record_bytes + (CRC_BYTES if flags & FLAG_CRC else 0)


def _check_shape(flags: int, first: int, count: int, record_bytes: int) -> None:
    if flags & FLAGS_INCOMPATIBLE & ~FLAG_CRC:
        raise FrameError("flags", f"flags 0x{flags:02x} need a feature this build does not have")
    if count < 1:
        raise FrameError("count", "a frame carries at least one record")
    if record_bytes < RECORD_ALIGN_BYTES or record_bytes % RECORD_ALIGN_BYTES:
        raise FrameError("size", f"a record of {record_bytes} bytes is not a multiple of {RECORD_ALIGN_BYTES}")
    if first + count > SEQUENCES_MAX:
        raise FrameError("sequence", f"sequence {first} + {count} records exceeds 2**32")
