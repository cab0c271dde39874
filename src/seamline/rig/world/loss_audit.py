"""Holds every loss against its cause: what a device gives up, and what the hub counts as lost with a boot's power.

It looks when a core of Seamline's notes a loss (`Losses.add`), when flash lets go of records, and when the hub writes a loss down; a core
without Seamline's outbox is not looked into. What was in flash, and whether a fault of the rig had hurt it, the rig knows by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from struct import Struct
from typing import Final, NamedTuple

from seamline.device import Core, Policy
from seamline.device.batch import BATCH_OVERHEAD_BYTES
from seamline.device.counters import Counters
from seamline.device.ending import KEY as END_KEY, mark as end_mark
from seamline.device.frame import HEADER_BYTES, HEADER_FORMAT
from seamline.device.losses import BUFFER_FULL, CORRUPTED, EXPIRED, REASONS, Loss, Losses
from seamline.device.outbox import HELD_RANGES_MAX, SEGMENT_PREFIX, Outbox
from seamline.device.policy import LOSSES_CHANNEL
from seamline.rig.world.clocks import MILLION, WallClock
from seamline.rig.world.flash import Flash
from seamline.rig.world.heap import Heap
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_rows import LossRow
from seamline.rig.world.truth import DeviceTruth, Whose

HEADER: Final = Struct(HEADER_FORMAT)
CRC_BYTES: Final = 4
"""Before the frame of a segment (`seamline.device.batch`)."""
NOT_HURT: Final = frozenset[str]()
"""One for all: a world has thousands of devices, and most of them have whole flash."""
ROUNDING_MS: Final = 2
POWER_LOSS: Final = "power_loss"
OF_DEVICES: Final = frozenset({"buffer_full", "expired", "corrupted"})


class Segment(NamedTuple):
    """What the header of a flash entry says."""

    key: str
    incarnation: int
    boot: int
    channel: int
    first: int
    end: int
    record_bytes: int


class Noted(Losses):
    """The losses of a core, each looked at when it is noted."""

    def __init__(self, look: Callable[[Loss], None]) -> None:
        """Nothing given up yet."""
        super().__init__()
        self._look = look

    def add(self, loss: Loss, boot: int) -> None:
        """See Losses."""
        self._look(loss)
        super().add(loss, boot)


class LossAudit:
    """The losses of one device over all its boots. Raises BrokenPromise."""

    __slots__ = (
        "_clock",
        "_device",
        "_flash",
        "_given_up",
        "_heap",
        "_hurt",
        "_incarnation",
        "_outbox",
        "_policy",
        "_stored",
        "_truth",
    )

    def __init__(self, device: int, heap: Heap, truth: DeviceTruth, flash: Flash, clock: WallClock) -> None:
        """A device that has not booted."""
        self._device = device
        self._heap = heap
        self._truth = truth
        self._flash = flash
        self._clock = clock
        self._outbox: Outbox | None = None
        self._policy: Policy | None = None
        self._incarnation: Callable[[], int] = int
        self._stored: Mapping[str, bytes] = {}
        self._hurt: frozenset[str] = NOT_HURT
        self._given_up: dict[tuple[Whose, str], list[tuple[int, int]]] = {}

    def booted(self, core: Core, policy: Policy, stored: Mapping[str, bytes]) -> None:
        """A core was made of what flash held, and has not started."""
        outbox = getattr(core, "_outbox", None)
        self._outbox = outbox if isinstance(outbox, Outbox) else None
        if self._outbox is not None:
            self._outbox.losses = Noted(self._noted)
        self._incarnation = lambda: core.incarnation
        self._policy = policy
        self._stored = stored
        self._hurt = frozenset(self._flash.hurt) if self._flash.hurt else NOT_HURT
        self._truth.in_order = None if self._outbox is None else _ended_in_order(policy.stride, stored)

    # -- what the device gives up --------------------------------------------------------------------------------------

    def _noted(self, loss: Loss) -> None:
        match loss.reason:
            case reason if reason == BUFFER_FULL:
                self._full(loss)
            case reason if reason == EXPIRED:
                self._expired(loss)
            case reason if reason == CORRUPTED:
                self._corrupted(loss)
            case _:
                raise self._broken(loss, f"for reason {loss.reason}, which is none of a device's")
        key = ((self._incarnation(), loss.boot, loss.channel), REASONS[loss.reason])
        ranges, end = self._given_up.setdefault(key, []), loss.first + loss.count
        if ranges and ranges[-1][1] == loss.first:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((loss.first, end))

    def _full(self, loss: Loss) -> None:
        """The capacity was exceeded with the batch, and none that goes first was left."""
        outbox, policy = self._outbox, self._policy
        if outbox is None or policy is None:
            return
        held = BATCH_OVERHEAD_BYTES + loss.count * self._record_bytes(loss, policy)
        for lane in outbox.lanes.values():
            for batch in lane.batches() if lane.number != LOSSES_CHANNEL else ():
                held += BATCH_OVERHEAD_BYTES + batch.frame.count * batch.frame.record_bytes
        if held <= policy.capacity_bytes:
            if len(outbox.held()) >= HELD_RANGES_MAX:
                return  # a birth has no room for more
            raise self._broken(loss, f"as its outbox was full, and held {held} bytes of {policy.capacity_bytes}")
        rank = {number: place for place, number in enumerate(policy.drop_first)}
        mine = rank.get(loss.channel, -1)
        for lane in outbox.lanes.values():
            batch = None if lane.number == LOSSES_CHANNEL else lane.oldest()
            if batch is None:
                continue
            is_older = lane.number == loss.channel and (batch.frame.boot, batch.frame.first) < (loss.boot, loss.first)
            if is_older or rank.get(lane.number, -1) < mine:
                what = f"while record {batch.frame.first} of boot {batch.frame.boot}, channel {lane.number}, which goes first, was held"
                raise self._broken(loss, what)

    def _record_bytes(self, loss: Loss, policy: Policy) -> int:
        """Of a batch of this boot by its contract, of an ended one by what flash says."""
        channel = policy.channels.get(loss.channel)
        found = next((segment for segment in self._segments(loss.boot, loss.channel) if segment.first == loss.first), None)
        if found is not None:
            return found.record_bytes
        if channel is None:
            raise self._broken(loss, "of a channel that neither its contract nor its flash has")
        return channel.record_bytes

    def _expired(self, loss: Loss) -> None:
        """The newest record is older than its channel allows, unless a clock that lied made it seem so."""
        channel = None if self._policy is None else self._policy.channels.get(loss.channel)
        if self._policy is None or channel is None or not channel.expires_ms:
            raise self._broken(loss, "as expired, and nothing expires on that channel")
        line = self._truth.lines.get((self._incarnation(), loss.boot, loss.channel))
        newest = loss.first + loss.count - 1
        if line is None or newest >= len(line.true_us) or self._clock.has_lied:
            return
        age_ms = (self._heap.now_us - line.true_us[newest]) // 1000
        drift_ms = age_ms * self._policy.drift_ppm // MILLION + ROUNDING_MS
        if age_ms + drift_ms < channel.expires_ms:
            raise self._broken(loss, f"as expired at an age of {age_ms} ms, and may at {channel.expires_ms} ms")

    def _corrupted(self, loss: Loss) -> None:
        """A fault had hurt the batch in flash."""
        told = (loss.first, loss.first + loss.count)
        of_range = [one for one in self._segments(loss.boot, loss.channel) if (one.first, one.end) == told]
        if not of_range:
            raise self._broken(loss, "as corrupted, and its flash held no such batch")
        if not any(one.key in self._hurt for one in of_range):
            raise self._broken(loss, "as corrupted, and its flash held them whole")

    def forgets(self, key: str) -> None:
        """Flash lets go of an entry, or writes over it: over records only when the hub has them, or they were given up."""
        data = self._flash.entries.get(key)
        is_whole = data is not None and key not in self._flash.hurt and len(data) >= CRC_BYTES + HEADER_BYTES
        if self._outbox is None or data is None or not is_whole or not key.startswith(SEGMENT_PREFIX):
            return
        segment = _segment(key, data)
        if segment is None or segment.incarnation != self._incarnation():
            return
        kept = next(self._unaccounted(segment, segment.first, segment.end), None)
        if kept is not None:
            where = f"record {kept} of boot {segment.boot}, channel {segment.channel}"
            raise BrokenPromise("lost-for-cause", f"its flash forgets {where}, which the hub has not said it has", self._device)

    def kept(self) -> str:
        """The entries of records that its flash has and its outbox does not hold; empty when there is none."""
        if self._outbox is None:
            return ""
        held = {SEGMENT_PREFIX + str(batch.segment) for lane in self._outbox.lanes.values() for batch in lane.sealed}
        entries = (key for key in self._flash.entries if key.startswith(SEGMENT_PREFIX) and key[1:].isdigit())
        left = sorted(key for key in entries if key not in held)
        return f"{len(left)} entries of records, {left[0]} the first of them" if left else ""

    # -- what the hub writes down --------------------------------------------------------------------------------------

    def written(self, row: LossRow) -> None:
        """The hub has written a loss down."""
        if self._outbox is None or row.incarnation != self._incarnation() or row.channel == LOSSES_CHANNEL:
            return
        end = row.first + row.count
        for boot in range(row.boot, row.boot + row.boots):
            if row.reason == POWER_LOSS:
                self._power_lost(boot, row.channel, row.first, end)
            elif row.reason in OF_DEVICES:
                ranges = self._given_up.get(((row.incarnation, boot, row.channel), row.reason), [])
                if next(_outside(row.first, end, ranges), None) is not None:
                    where = f"records {row.first} to {end - 1} of boot {boot}, channel {row.channel}"
                    raise BrokenPromise("lost-for-cause", f"{where} are lost as {row.reason}; it never said so", self._device)

    def _power_lost(self, boot: int, channel: int, first: int, end: int) -> None:
        """Nothing of it lay whole in flash at the last boot, which took it over."""
        for segment in self._segments(boot, channel):
            if segment.key not in self._hurt:
                for number in self._unaccounted(segment, max(first, segment.first), min(end, segment.end)):
                    what = f"record {number} of boot {boot}, channel {channel} is lost with the power, and lay whole in flash"
                    raise BrokenPromise("lost-for-cause", what, self._device)

    # -- what there was ------------------------------------------------------------------------------------------------

    def _segments(self, boot: int, channel: int) -> Iterator[Segment]:
        """What flash held of a channel in an ended boot, when the running one began."""
        for key, data in self._stored.items():
            if key.startswith(SEGMENT_PREFIX) and len(data) >= CRC_BYTES + HEADER_BYTES:
                segment = _segment(key, data)
                if segment is not None and (segment.incarnation, segment.boot, segment.channel) == (
                    self._incarnation(), boot, channel,
                ):  # fmt: skip
                    yield segment

    def _unaccounted(self, segment: Segment, first: int, end: int) -> Iterator[int]:
        """Records that the device was not told to be accounted for, and has not given up."""
        whose = (segment.incarnation, segment.boot, segment.channel)
        line = self._truth.lines.get(whose)
        if line is None or end <= line.acknowledged:
            return
        end = min(end, len(line.classes))
        ranges = [gone for reason in OF_DEVICES for gone in self._given_up.get((whose, reason), [])]
        yield from _outside(max(first, line.acknowledged), end, ranges)

    def _broken(self, loss: Loss, why: str) -> BrokenPromise:
        last = loss.first + loss.count - 1
        what = f"gives up records {loss.first} to {last} of boot {loss.boot}, channel {loss.channel}, {why}"
        return BrokenPromise("lost-for-cause", what, self._device)


def _segment(key: str, data: bytes) -> Segment | None:
    """What a segment says of itself, whether it is whole or not."""
    _, _, channel, _, _, incarnation, boot, first, count, _, _, _, record_bytes = HEADER.unpack_from(data, CRC_BYTES)
    return Segment(key, incarnation, boot, channel, first, first + count, record_bytes) if channel != LOSSES_CHANNEL else None


def _outside(first: int, end: int, ranges: list[tuple[int, int]]) -> Iterator[int]:
    """The first of each stretch of first..end-1 that no range has."""
    at = first
    for low, high in sorted(ranges):
        if at >= end:
            return
        if low > at:
            yield at
        at = max(at, high)
    if at < end:
        yield at


def _ended_in_order(stride: int, stored: Mapping[str, bytes]) -> bool:
    """Whether flash holds the word of the boot that its counters name."""
    counters = Counters(stride)
    ran = counters.load(dict(stored)) and not counters.is_alone
    return ran and stored.get(END_KEY) == end_mark(counters.incarnation, counters.boot)
