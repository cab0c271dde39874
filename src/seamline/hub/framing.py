"""The data frame's numbers (docs/wire.md, "The data frame"), what can be wrong with one, and how an odd one is cut to whole words."""

from __future__ import annotations

from binascii import crc32
from typing import Final

FRAME_BYTES_MAX: Final = 65_536
HEADER_BYTES: Final = 32
HEADER_WORDS: Final = 4
CRC_BYTES: Final = 4
MAGIC: Final = 0xA
FRAMING_VERSION: Final = 1
FLAG_CRC: Final = 0x10
FLAG_HEARD: Final = 0x01
FLAGS_UNKNOWN: Final = 0xF0 & ~FLAG_CRC  # incompatible flags that this hub does not know
SEQUENCE_END: Final = 1 << 32
MIX: Final = 0xBF58_476D_1CE4_E5B9
MIX_LAST: Final = 0x94D0_49BB_1331_11EB
"""SplitMix64's multipliers (Steele et al. 2014), of a record's digest."""

# What can be wrong with a frame, by code; 0 is nothing. The first of them are no frames at all, the others evidence.
OK, NO_FRAME, TRUNCATED, OVERSIZED, MALFORMED, VERSION, CRC, FLAGS = range(8)
FAULTS: Final = ("", "no-frame", "truncated", "oversized", "malformed", "version", "crc", "flags")


def trimmed(payload: bytes) -> tuple[bytes, int]:
    """Return a payload of odd length without its CRC trailer, checked; or 32 harmless bytes, and what is wrong."""
    blank = bytes(HEADER_BYTES)
    if not payload or payload[0] >> 4 != MAGIC:
        return blank, NO_FRAME
    if len(payload) > FRAME_BYTES_MAX:
        return blank, OVERSIZED
    if len(payload) < HEADER_BYTES:
        return blank, TRUNCATED
    if len(payload) % 8 == CRC_BYTES and payload[1] & FLAG_CRC:
        body, trailer = payload[:-CRC_BYTES], payload[-CRC_BYTES:]
        if crc32(body) != int.from_bytes(trailer, "little"):
            return body, CRC
        return body, OK
    expected = HEADER_BYTES + int.from_bytes(payload[20:22], "little") * int.from_bytes(payload[30:32], "little")
    return payload[: len(payload) & ~7], TRUNCATED if len(payload) < expected else OVERSIZED
