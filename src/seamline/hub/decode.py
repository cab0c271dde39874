"""Frames in, columns out: headers and records of a whole batch at once, by NumPy (docs/wire.md, "The data frame").

What the words of a record mean is read by `columns`. Everything on the wire is aligned to 8 bytes, so a batch is one array of 64-bit words: headers are four words of each frame,
records a fixed number of words of their layout. Nothing here loops over frames, except over those with a CRC trailer or a
length that cannot be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seamline.hub import decode_few
from seamline.hub.framing import (
    CRC_BYTES,
    FLAG_CRC,
    FLAG_HEARD,
    FLAGS,
    FLAGS_UNKNOWN,
    FRAME_BYTES_MAX,
    FRAMING_VERSION,
    HEADER_BYTES,
    HEADER_WORDS,
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

I64: TypeAlias = NDArray[np.int64]
U64: TypeAlias = NDArray[np.uint64]
Bools: TypeAlias = NDArray[np.bool_]
Records: TypeAlias = NDArray[np.void]

HEADER: Final = np.dtype(
    [
        ("magic", "u1"),
        ("flags", "u1"),
        ("channel", "u1"),
        ("layout", "u1"),
        ("fingerprint", "<u4"),
        ("incarnation", "<u4"),
        ("boot", "<u4"),
        ("first", "<u4"),
        ("count", "<u2"),
        ("epoch", "<u2"),
        ("uptime_low", "<u4"),
        ("uptime_high", "<u2"),
        ("record", "<u2"),
    ]
)


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a batch. Arrays run in parallel, one entry a payload; `words` holds all payloads, each from `start` on.

    `fault` is a code of FAULTS; the other columns are to be believed only where it is 0 (or FLAGS).
    """

    words: U64
    start: I64
    fault: NDArray[np.int8]
    head: Records  # of HEADER

    def __len__(self) -> int:
        return len(self.start)

    def column(self, name: str) -> I64:
        """A header column as int64."""
        return self.head[name].astype(np.int64)

    @property
    def uptime_ms(self) -> I64:
        """Uptime of each frame's first record."""
        return self.column("uptime_low") | (self.column("uptime_high") << 32)

    @property
    def heard(self) -> Bools:
        """The flag *heard*."""
        return (self.head["flags"] & FLAG_HEARD) != 0


def frames(payloads: Sequence[bytes]) -> Frames:
    """Read the headers of a batch and judge each frame by them. Never raises, whatever the bytes."""
    count = len(payloads)
    return _frames_few(payloads) if 0 < count <= decode_few.FRAMES_FEW else frames_many(payloads)


def _frames_few(payloads: Sequence[bytes]) -> Frames:
    """Read and judge a few frames one by one; the result is that of `frames_many`, bit for bit."""
    kept, faults = decode_few.judged(payloads)
    sizes = [len(payload) >> 3 for payload in kept]
    return Frames(
        np.frombuffer(b"".join(kept), "<u8"),
        np.array([0, *accumulate(sizes[:-1])], np.int64),
        np.array(faults, np.int8),
        np.frombuffer(bytearray().join([payload[:HEADER_BYTES] for payload in kept]), HEADER),
    )


def frames_many(payloads: Sequence[bytes]) -> Frames:
    """Read and judge a batch of any size, all frames at once."""
    count = len(payloads)
    sizes = np.fromiter(map(len, payloads), np.int64, count)
    fault = np.zeros(count, np.int8)
    trailer = np.zeros(count, np.int64)
    odd = np.flatnonzero((sizes < HEADER_BYTES) | (sizes > FRAME_BYTES_MAX) | (sizes % 8 != 0))
    if len(odd):
        payloads = list(payloads)
        for at in odd.tolist():
            payloads[at], fault[at] = trimmed(payloads[at])
            trailer[at] = CRC_BYTES if fault[at] == OK else 0
        sizes = np.fromiter(map(len, payloads), np.int64, count)
    words = np.frombuffer(b"".join(payloads), "<u8")
    start = np.zeros(count, np.int64)
    np.cumsum(sizes[:-1] >> 3, out=start[1:])
    head = words[start[:, None] + np.arange(HEADER_WORDS)].view(HEADER)[:, 0] if count else np.empty(0, HEADER)
    return Frames(words, start, _judge(head, sizes + trailer, fault), head)


def _judge(head: Records, sizes: I64, fault: NDArray[np.int8]) -> NDArray[np.int8]:
    """The first thing that is wrong with each frame, gravest first; faults found before stay."""
    count, record = head["count"].astype(np.int64), head["record"].astype(np.int64)
    flags = head["flags"]
    expected = HEADER_BYTES + count * record + np.where((flags & FLAG_CRC) != 0, CRC_BYTES, 0)
    checks: tuple[tuple[int, Bools], ...] = (
        (NO_FRAME, (head["magic"] >> 4) != MAGIC),
        (VERSION, (head["magic"] & 0xF) != FRAMING_VERSION),
        (MALFORMED, (count == 0) | (record == 0) | (record % 8 != 0)),
        (MALFORMED, (head["incarnation"] == 0) | (head["boot"] == 0)),
        (MALFORMED, head["first"].astype(np.int64) + count > SEQUENCE_END),
        (TRUNCATED, sizes < expected),
        (OVERSIZED, sizes > expected),
        (FLAGS, (flags & FLAGS_UNKNOWN) != 0),
    )
    for code, wrong in checks:
        fault[wrong & (fault == OK)] = code
    return fault


def part(payload: bytes, first: int, count: int) -> bytes:
    """Records first..first+count-1 of a sound frame as a frame without checksum. Their offsets stay from the whole frame's uptime."""
    head = bytearray(payload[:HEADER_BYTES])
    size = int.from_bytes(head[30:32], "little")
    at = HEADER_BYTES + (first - int.from_bytes(head[16:20], "little")) * size
    head[1] &= ~FLAG_CRC & 0xFF
    head[16:20], head[20:22] = first.to_bytes(4, "little"), count.to_bytes(2, "little")
    return bytes(head) + payload[at : at + count * size]


@dataclass(frozen=True, slots=True)
class Run:
    """The records of some frames of one layout, in the frames' order. `frame` is each record's index into the batch."""

    frame: I64
    seq: I64
    uptime_ms: I64
    words: U64  # (records, words a record)

    def __len__(self) -> int:
        return len(self.frame)


def records(batch: Frames, chosen: I64, record_bytes: int) -> Run:
    """Gather the records of the chosen frames (indices), all of one layout with `record_bytes` a record."""
    size = record_bytes >> 3
    counts = batch.head["count"][chosen].astype(np.int64)
    if counts.max(initial=0) == 1:
        within = np.zeros(len(chosen), np.int64)
        frame = chosen
    else:
        frame = np.repeat(chosen, counts)
        within = np.arange(len(frame)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = batch.start[frame] + (HEADER_WORDS + within * size)
    words = batch.words[at[:, None] + np.arange(size)]
    uptime = batch.uptime_ms[frame] + (words[:, 0] & np.uint64(0xFFFF_FFFF)).astype(np.int64)
    return Run(frame, batch.head["first"][frame].astype(np.int64) + within, uptime, words)


def digests(run: Run, fingerprint: int) -> I64:
    """A 64-bit hash of what each record says: its layout, its uptime and its fields, however it was framed.

    Multiply and xor-shift rounds (SplitMix64's constants, Steele et al. 2014): not against forgers, the device owns its key.
    """
    if len(run) > decode_few.RECORDS_FEW:
        return digests_many(run, fingerprint)
    hashed = decode_few.digests(run.uptime_ms.tolist(), run.words.tolist(), fingerprint)
    return np.array(hashed, np.uint64).view(np.int64)


def digests_many(run: Run, fingerprint: int) -> I64:
    """Hash a run of any length, all records at once."""
    mixed = (run.uptime_ms.astype(np.uint64) << np.uint64(8)) ^ np.uint64(fingerprint)
    for at in range(run.words.shape[1]):
        word = run.words[:, at] & ~np.uint64(0xFFFF_FFFF) if at == 0 else run.words[:, at]
        mixed = (mixed ^ word) * np.uint64(MIX)
        mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(MIX_LAST)
    return (mixed ^ (mixed >> np.uint64(32))).view(np.int64)
