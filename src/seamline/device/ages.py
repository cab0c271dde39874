"""How old what ended boots left is: as old as can be known, so that what expires has expired for certain.

An age is kept as `Batch.last_ms`, the uptime of the newest record as if the running boot had been on then: below 0. The uptime
that was spent since is known from what was numbered later. The time without power counts where the clock was known both when
the batch was sealed and now: its segment then ends in a date.

A date: the latest Unix time in ms at which the newest record can have been made, u64; CRC32 of these 8 bytes. A torn one is none.
"""

import struct

from .batch import HEADER_CRC_SEED, Batch
from .compat import crc32
from .frame import HEADER_BYTES, HEADER_FORMAT, frame_bytes

DATE_FORMAT = "<Q"
DATE_BYTES = 12


def date_bytes(unix_ms: int) -> bytes:
    """What is put behind a segment."""
    packed = struct.pack(DATE_FORMAT, unix_ms)
    return packed + struct.pack("<I", crc32(packed, HEADER_CRC_SEED))


def split(data: bytes) -> tuple[bytes, int]:
    """(segment, its date): without its date, or with the date 0 where it has none that can be read."""
    if len(data) < 4 + HEADER_BYTES:
        return data, 0
    header = struct.unpack_from(HEADER_FORMAT, data, 4)
    end = 4 + frame_bytes(header[1], header[8], header[12])
    date = data[end:]
    if len(date) != DATE_BYTES or struct.unpack_from("<I", date, 8)[0] != crc32(date[:8], HEADER_CRC_SEED):
        return data[:end], 0
    return data[:end], struct.unpack_from(DATE_FORMAT, date, 0)[0]


def by_uptime(batches: list[Batch]) -> None:
    """Age what ended boots left by the uptime spent since: in its own boot and in each later one, as far as records are left."""
    ran_ms: dict[int, int] = {}
    for batch in batches:
        boot = batch.frame.boot
        ran_ms[boot] = max(ran_ms.get(boot, 0), _newest_ms(batch))
    spent_ms = 0
    for boot in sorted(ran_ms, reverse=True):
        spent_ms += ran_ms[boot]
        ran_ms[boot] = spent_ms
    for batch in batches:
        batch.last_ms = _newest_ms(batch) - ran_ms[batch.frame.boot]


def by_clock(batches: list[Batch], now_ms: int, earliest_ms: int) -> None:
    """Age a lane's batches of ended boots, oldest first, by the clock: at uptime `now_ms` it is at least `earliest_ms` (Unix).

    One without a date is taken to be as old as the next one that has it, which was numbered later.
    """
    newest_ms = now_ms
    for batch in reversed(batches):
        if batch.dated_ms:
            newest_ms = now_ms - (earliest_ms - batch.dated_ms)
        batch.last_ms = min(batch.last_ms, newest_ms)


def _newest_ms(batch: Batch) -> int:
    """The uptime of its newest record, in its own boot."""
    frame = batch.frame
    (offset_ms,) = struct.unpack_from("<I", frame.body, (frame.count - 1) * frame.record_bytes)
    return frame.uptime_ms + offset_ms
