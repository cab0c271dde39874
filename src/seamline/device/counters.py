"""The counters that must survive power loss: incarnation, boot, and how far each channel may have numbered.

Two slots, `c0` and `c1`, are written in turn, so a torn write leaves the one before it. Sequences are bounded in strides: a
bound is durable before the first number under it is given, so flash is written once in `stride` records and never a number
used twice. With both slots lost the incarnation is drawn anew and the boots count from 1 again.

A slot: magic, generation u32, incarnation u32, boot u32, the spread the hub last gave in ms u32 (UNTOLD: never), how many bounds u16, how many ended ranges u16; the bounds (channel u8,
exclusive upper u32); the ranges (first boot u32, last boot u32, channel u8, exclusive upper u32); CRC32.
"""

import struct

from .compat import U32_MAX, crc32
from .shapes import Ended, Random, Slot, Stored

MAGIC = b"SLc1"
CRC_SEED = 0x5EA1  # an erased sector (all 0xFF) must not validate itself
HEAD_FORMAT = "<4sIIIIHH"
HEAD_BYTES = 24
UNTOLD = U32_MAX
BOUND_FORMAT = "<BI"
BOUND_BYTES = 5
ENDED_FORMAT = "<IIBI"
ENDED_BYTES = 13
ENDED_RANGES_MAX = 64
STRIDE_FIRST = 16  # a boot that numbers little over-states little
NEVER = 1 << 96
SLOTS = ("c0", "c1")


class Counters:
    """What the slots say; `bounds` are the running boot's, by channel."""

    def __init__(self, stride: int) -> None:
        """A device that never ran."""
        self._stride = stride
        self._generation = 0
        self.incarnation = 0
        self.boot = 0
        self.bounds: dict[int, int] = {}
        self.ended: list[Ended] = []
        self.is_alone = False  # one slot was lost: until both are written, losing the other would lead back behind this boot
        self.spread_ms: int = UNTOLD  # the hub's, so that a power cut over the whole region finds it in force

    def load(self, stored: Stored) -> bool:
        """Take the newest valid slot; False when there is none. A slot lost beside it may have run one step further."""
        slots = [_read(stored.get(key, b"")) for key in SLOTS]
        found = [slot for slot in slots if slot is not None]
        if not found:
            return False
        newest = max(found, key=lambda slot: slot[0])
        self._generation, self.incarnation, self.boot, self.spread_ms, self.bounds, self.ended = newest
        first_ever = self._generation == 1 and SLOTS[0] not in stored
        self.is_alone = len(found) < len(SLOTS) and not first_ever
        if self.is_alone:
            self._assume_one_more()
        return True

    def begin(self, random: Random, channels: list[int]) -> bool:
        """Begin a boot: the last one joins the ended; True when the incarnation had to be renewed."""
        if self.incarnation == 0 or self.boot >= U32_MAX - 1:
            self._renew(random, channels)
            return True
        for channel in sorted(self.bounds):
            if self.bounds[channel] > 0:
                self.ended.append((self.boot, self.boot, channel, self.bounds[channel]))
        self.ended = merge(self.ended, ENDED_RANGES_MAX)
        self.bounds = dict.fromkeys(channels, 0)
        self.boot += 1
        return False

    def reserve(self, channel: int, sequence: int) -> bool:
        """Make room for `sequence`; True when the bound rose and must be persisted before the number is used."""
        if sequence < self.bounds[channel]:
            return False
        self.bounds[channel] = self._ahead(sequence)
        return True

    def lower(self, following: dict[int, int]) -> bool:
        """The boot ends in order with these next numbers, by channel: its bounds over-state nothing. True when that is worth a write."""
        if self.bounds == following:
            return False
        self.bounds = following
        return True

    def told(self, spread_ms: int) -> bool:
        """The hub gave a spread; True when it is worth a write: less than half the stored one, or above it by more than a quarter.

        A quarter is the hub's margin: with a shorter spread a fleet that grew would come back faster than it is accepted.
        """
        if self.spread_ms != UNTOLD and 4 * spread_ms <= 5 * self.spread_ms and self.spread_ms <= 2 * spread_ms:
            return False
        self.spread_ms = spread_ms
        return True

    def forget_below(self, boot: int) -> None:
        """The hub closed every boot below `boot`: their bounds are of no more use."""
        kept = [(max(first, boot), last, channel, upper) for first, last, channel, upper in self.ended if last >= boot]
        self.ended = kept

    def persisted(self) -> tuple[str, bytes]:
        """(key, bytes) of the next slot."""
        self._generation += 1
        counts = (len(self.bounds), len(self.ended))
        numbers = (self._generation, self.incarnation, self.boot, self.spread_ms)
        head = struct.pack(HEAD_FORMAT, MAGIC, *numbers, *counts)
        parts = [head]
        for channel in sorted(self.bounds):
            parts.append(struct.pack(BOUND_FORMAT, channel, self.bounds[channel]))
        for first, last, channel, upper in self.ended:
            parts.append(struct.pack(ENDED_FORMAT, first, last, channel, upper))
        packed = b"".join(parts)
        return SLOTS[self._generation & 1], packed + struct.pack("<I", crc32(packed, CRC_SEED))

    def _ahead(self, sequence: int) -> int:
        """The next bound: as far again as this boot has come, from STRIDE_FIRST up to the policy's stride."""
        return min(sequence + min(max(STRIDE_FIRST, sequence), self._stride), U32_MAX)

    def _renew(self, random: Random, channels: list[int]) -> None:
        drawn = random() or 1
        self.incarnation = drawn if drawn != self.incarnation else (drawn ^ 1) or 2
        self.boot = 1
        self.bounds = dict.fromkeys(channels, 0)
        self.ended = []

    def _assume_one_more(self) -> None:
        """The lost slot was one write ahead: one more boot, or one channel's next stride; never reuse what it may have held."""
        for channel in self.bounds:
            self.bounds[channel] = self._ahead(self.bounds[channel])
        for channel in sorted(self.bounds):
            self.ended.append((self.boot, self.boot, channel, self.bounds[channel]))
        self.ended = merge(self.ended, ENDED_RANGES_MAX)
        self.bounds = {}
        self.boot += 1


def merge(ended: list[Ended], limit: int) -> list[Ended]:
    """The same bounds in at most `limit` ranges, sorted: equal neighbours first, then where the least is over-stated."""
    ranges: list[Ended] = []
    for entry in sorted(ended, key=lambda entry: (entry[2], entry[0])):
        joins = bool(ranges) and _joins(ranges[-1], entry)
        ranges.append(_joined(ranges.pop(), entry) if joins else entry)
    while len(ranges) > limit:
        costs = [(_overstated(ranges[place], ranges[place + 1]), place) for place in range(len(ranges) - 1)]
        cost, place = min(costs)
        if cost == NEVER:  # one range a channel is as far as it goes
            break
        ranges = ranges[:place] + [_joined(ranges[place], ranges[place + 1])] + ranges[place + 2 :]
    return ranges


def _joins(left: Ended, right: Ended) -> bool:
    return left[2] == right[2] and left[3] == right[3] and left[1] + 1 == right[0]


def _joined(left: Ended, right: Ended) -> Ended:
    return left[0], right[1], left[2], max(left[3], right[3])


def _overstated(left: Ended, right: Ended) -> int:
    """How many numbers joining the two would claim that neither does; ranges of two channels never join."""
    if left[2] != right[2]:
        return NEVER
    claimed = (right[1] - left[0] + 1) * max(left[3], right[3])
    return claimed - (left[1] - left[0] + 1) * left[3] - (right[1] - right[0] + 1) * right[3]


def _read(data: bytes) -> "Slot | None":
    """What a slot holds, or None when it is missing, torn, rotten or erased."""
    if len(data) < HEAD_BYTES + 4 or data[:4] != MAGIC:
        return None
    _, generation, incarnation, boot, spread_ms, bound_count, ended_count = struct.unpack_from(HEAD_FORMAT, data, 0)
    end = HEAD_BYTES + bound_count * BOUND_BYTES + ended_count * ENDED_BYTES
    if len(data) != end + 4 or struct.unpack_from("<I", data, end)[0] != crc32(data[:end], CRC_SEED):
        return None
    bounds: dict[int, int] = {}
    at = HEAD_BYTES
    for _ in range(bound_count):
        channel, upper = struct.unpack_from(BOUND_FORMAT, data, at)
        bounds[channel] = upper
        at += BOUND_BYTES
    ended: list[Ended] = []
    for _ in range(ended_count):
        ended.append(struct.unpack_from(ENDED_FORMAT, data, at))
        at += ENDED_BYTES
    return generation, incarnation, boot, spread_ms, bounds, ended
