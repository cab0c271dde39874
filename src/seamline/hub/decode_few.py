"""What `decode` does, for so few frames that NumPy's fixed cost of a call exceeds what a loop takes: bit for bit the same result.

A judgement by NumPy makes some fifty calls, whether for one frame or ten thousand. A hub whose devices trickle in, and every run of
the rig, is given a frame or a few at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from seamline.hub.framing import (
    CRC_BYTES,
    FLAG_CRC,
    FLAGS,
    FLAGS_UNKNOWN,
    FRAME_BYTES_MAX,
    FRAMING_VERSION,
    HEADER_BYTES,
    MAGIC,
    MALFORMED,
    MIX,
    MIX_LAST,
    NO_FRAME,
    OK,
    OVERSIZED,
    SEQUENCE_END,
    TRUNCATED,
    VERSION,
    trimmed,
)

FRAMES_FEW: Final = 24
"""At most so many frames are judged one by one; at about eighty a loop takes as long as NumPy."""
RECORDS_FEW: Final = 12
"""At most so many records are hashed one by one; at about eighteen a loop takes as long as NumPy."""

_HEAD: Final = struct.Struct("<BBBBIIIIHHIHH")
_WORD: Final = (1 << 64) - 1
_FIELDS: Final = _WORD ^ 0xFFFF_FFFF


def judged(payloads: Sequence[bytes]) -> tuple[list[bytes], list[int]]:
    """Return each payload cut to whole words, and a code of FAULTS for it."""
    kept: list[bytes] = []
    faults: list[int] = []
    for whole in payloads:
        payload, fault, trailer = whole, OK, 0
        size = len(whole)
        if size < HEADER_BYTES or size > FRAME_BYTES_MAX or size % 8:
            payload, fault = trimmed(whole)
            trailer = CRC_BYTES if fault == OK else 0
        kept.append(payload)
        faults.append(fault or _judge(payload, len(payload) + trailer))
    return kept, faults


def _judge(payload: bytes, size: int) -> int:
    """Return the first thing that is wrong with a frame of `size` bytes, gravest first."""
    magic, flags, _, _, _, incarnation, boot, first, count, _, _, _, record = _HEAD.unpack_from(payload)
    if magic >> 4 != MAGIC:
        return NO_FRAME
    if magic & 0xF != FRAMING_VERSION:
        return VERSION
    if not count or not record or record % 8 or not incarnation or not boot or first + count > SEQUENCE_END:
        return MALFORMED
    expected = HEADER_BYTES + count * record + (CRC_BYTES if flags & FLAG_CRC else 0)
    if size != expected:
        return TRUNCATED if size < expected else OVERSIZED
    return FLAGS if flags & FLAGS_UNKNOWN else OK


def digests(uptimes_ms: Sequence[int], records: Sequence[Sequence[int]], fingerprint: int) -> list[int]:
    """Return the unsigned digest of each record, given as its words."""
    hashed: list[int] = []
    for uptime_ms, words in zip(uptimes_ms, records, strict=True):
        mixed = (uptime_ms << 8 & _WORD) ^ fingerprint
        kept = _FIELDS  # the first word's low half is the offset, which the uptime holds already
        for word in words:
            mixed = (mixed ^ (word & kept)) * MIX & _WORD
            mixed ^= mixed >> 29
            kept = _WORD
        mixed = mixed * MIX_LAST & _WORD
        hashed.append(mixed ^ (mixed >> 32))
    return hashed
