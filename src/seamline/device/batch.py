"""Records held together: what one frame carries, from the first record to the hub's mark; and its form in flash.

A batch never changes once sealed: the same records always travel in the same frame, so a repeated frame is an exact duplicate.

Flash segment `o<n>`: u32 CRC of the header, then the frame with its own CRC. When only the body rotted, the header still says
which records were lost.
"""

import struct

from .compat import crc32
from .errors import FrameError
from .frame import FLAG_CRC, HEADER_BYTES, HEADER_FORMAT, Frame, pack, unpack
from .policy import ChannelPolicy

BATCH_OVERHEAD_BYTES = HEADER_BYTES + 8  # header and two CRCs, counted for RAM batches too
HEADER_CRC_SEED = 0x5EA1  # an erased sector (all 0xFF) must not validate itself
UNSTORED = -1


class Batch:
    """Records of one boot and channel with consecutive sequences.

    `order` counts batches as they were opened, over all channels; `last_ms` is the uptime of the newest record in the running
    boot, below 0 for a batch of an ended one (see ages.py, also for `dated_ms`: the latest Unix time of that record, or 0 while
    unknown); `segment` is n of its key `o<n>`, or UNSTORED. While `sent`, it is in flight since
    `sent_ms`, after `sent_probe` probes of this session.
    """

    __slots__ = ("dated_ms", "frame", "last_ms", "order", "segment", "sent", "sent_ms", "sent_probe")

    def __init__(self, frame: Frame, order: int, last_ms: int) -> None:
        """Hold the frame; not sent, not stored."""
        self.frame = frame
        self.order = order
        self.last_ms = last_ms
        self.dated_ms = 0
        self.segment = UNSTORED
        self.sent = False
        self.sent_ms = 0
        self.sent_probe = 0

    @property
    def cost_bytes(self) -> int:
        """What it takes of the outbox's capacity."""
        return BATCH_OVERHEAD_BYTES + len(self.frame.body)

    @property
    def end(self) -> int:
        """One past its last sequence."""
        return self.frame.first + self.frame.count


class Author:
    """Who numbers records now: written into every frame that this boot opens."""

    __slots__ = ("boot", "epoch", "incarnation")

    def __init__(self, incarnation: int, boot: int, epoch: int) -> None:
        """Hold the identity of this boot."""
        self.incarnation = incarnation
        self.boot = boot
        self.epoch = epoch


def open_batch(channel: ChannelPolicy, author: Author, first: int, now_ms: int, order: int) -> Batch:
    """An empty batch whose first record will be `first`, at `now_ms`."""
    frame = Frame(
        channel=channel.id,
        layout=channel.layout,
        fingerprint=channel.fingerprint,
        incarnation=author.incarnation,
        boot=author.boot,
        first=first,
        count=0,
        epoch=author.epoch,
        uptime_ms=now_ms,
        record_bytes=channel.record_bytes,
        body=bytearray(),
    )
    return Batch(frame, order, now_ms)


def segment_bytes(batch: Batch) -> bytes:
    """The batch as it is written to flash."""
    batch.frame.flags = FLAG_CRC
    packed = pack(batch.frame)
    return struct.pack("<I", crc32(packed[:HEADER_BYTES], HEADER_CRC_SEED)) + packed


def read_segment(data: bytes) -> "tuple[Frame | None, bool]":
    """(frame, whole): what a segment says. A rotten body gives the frame without one; a rotten header gives (None, False)."""
    if len(data) < 4 + HEADER_BYTES:
        return None, False
    (told,) = struct.unpack_from("<I", data, 0)
    packed = data[4:]
    if told != crc32(packed[:HEADER_BYTES], HEADER_CRC_SEED):
        return None, False
    try:
        return unpack(packed), True
    except FrameError:
        return _header_only(packed), False


def _header_only(packed: bytes) -> Frame:
    fields = struct.unpack_from(HEADER_FORMAT, packed, 0)
    _, _, channel, layout, fingerprint, incarnation, boot, first, count, epoch, low, high, record_bytes = fields
    return Frame(
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
        body=b"",
    )
