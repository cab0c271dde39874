"""Custody on the device: every numbered record, from its number to the hub's mark or to a noted loss.

Records gather in one open batch a channel; a full or due batch is sealed, kept (in flash too, where the policy says so), sent,
and let go only when the hub's mark has passed it. When the capacity is exceeded the oldest batch of the first channel in the
policy's order goes, one in flight only when nothing else is left; whatever goes is noted as a loss.
"""

import struct

from .ages import by_clock, by_uptime, date_bytes, split
from .batch import BATCH_OVERHEAD_BYTES, UNSTORED, Author, Batch, open_batch, read_segment, segment_bytes
from .clock import Clock
from .compat import U32_MAX
from .events import Allowance
from .losses import BUFFER_FULL, CORRUPTED, EXPIRED, REASONS, Loss, Losses
from .policy import LOSSES_CHANNEL, ChannelPolicy, Policy
from .shapes import Document, Effect, Held, Mark, Stored

HELD_RANGES_MAX = 512  # in a birth; where flash holds more, the oldest are given up at start
SEGMENT_PREFIX = "o"
NEVER_MS = 1 << 62  # later than any uptime
LOWEST_PRIORITY = 2
LOSSES_PRIORITY = -1  # a mark cannot pass a gap that is not declared: losses go before everything


class Lane:
    """One channel's records: the sealed batches of every boot, oldest first, and the open one of this boot."""

    __slots__ = (
        "allowance", "channel", "due_ms", "expires_ms", "following", "lost", "number", "open", "priority", "sealed", "settled",
    )  # fmt: skip

    def __init__(self, number: int, channel: "ChannelPolicy | None") -> None:
        """`channel` is None for one that only an older firmware knew: it is only emptied."""
        self.number = number
        self.channel = channel
        self.priority: int = LOWEST_PRIORITY if channel is None else channel.priority  # the lowest is sent first
        if number == LOSSES_CHANNEL:
            self.priority = LOSSES_PRIORITY
        self.expires_ms: int = 0 if channel is None else channel.expires_ms
        self.allowance: Allowance | None = None  # of events
        if channel is not None and channel.events_max:
            self.allowance = Allowance(channel.events_max, channel.events_per_ms)
        self.following = 0  # the next sequence of this boot
        self.open: Batch | None = None
        self.due_ms = NEVER_MS  # the uptime at which the open batch should leave
        self.sealed: list[Batch] = []
        self.settled = 0  # records that a mark passed while held
        self.lost: dict[str, int] = {}  # records given up, by reason

    def unsent(self) -> "Batch | None":
        """The oldest sealed batch that is not in flight."""
        for batch in self.sealed:
            if not batch.sent:
                return batch
        return None

    def batches(self) -> list[Batch]:
        """Everything held, oldest first."""
        return self.sealed if self.open is None else self.sealed + [self.open]

    def books(self) -> Document:
        """How many records this boot numbered, are held, were settled by a mark, and were lost by reason."""
        held = sum([batch.frame.count for batch in self.batches()])
        return {"numbered": self.following, "held": held, "settled": self.settled, "lost": dict(self.lost)}

    def oldest(self) -> "Batch | None":
        """The oldest batch, sealed or open, that is not in flight."""
        return self.unsent() or self.open

    def expires_at_ms(self, batch: "Batch | None") -> int:
        """The uptime at which `batch` expires, in a lane that does; NEVER_MS for none."""
        return NEVER_MS if batch is None else batch.last_ms + self.expires_ms


class Outbox:
    """The lanes of all channels, their bytes and what was given up; appends `persist` and `forget` to `effects`."""

    def __init__(self, policy: Policy, clock: Clock, effects: list[Effect]) -> None:
        """Empty; `begin` fills it."""
        self._clock = clock
        self._policy = policy
        self._effects = effects
        self._author = Author(0, 0, 0)
        self._order = 0
        self._segment = 0  # the next free n of `o<n>`
        self._flash = policy.store == "flash"
        self.lanes: dict[int, Lane] = {}
        self._by_priority: list[Lane] = []
        self._drop_order: list[Lane] = []
        self._expiring: list[Lane] = []
        for number in [LOSSES_CHANNEL] + policy.drop_first:
            self._add_lane(Lane(number, policy.channels[number]))
        self.bytes = 0  # of everything but channel 0, never above the policy's capacity
        self._room = max(1, policy.flight_frames - 1)
        self.due_ms = NEVER_MS  # the uptime at which the next open batch should leave
        self.flight = 0  # frames sent in this session and not yet accounted for
        self.waiting = 0  # sealed batches not in flight
        self.strange = 0  # segments of another incarnation, or beyond reading
        self.losses = Losses()

    def begin(self, author: Author, stored: Stored) -> None:
        """Take over the segments of ended boots: what is rotten becomes a loss, what is another's is forgotten."""
        self._author = author
        names = [key[1:] for key in stored if key.startswith(SEGMENT_PREFIX)]
        for number in sorted([int(name) for name in names if name.isdigit()]):
            self._segment = number + 1
            self._load(number, stored[SEGMENT_PREFIX + str(number)])
        for lane in self._by_priority:
            lane.sealed.sort(key=_age)
        by_uptime([batch for lane in self._by_priority for batch in lane.sealed])
        self._fit_birth()
        self.fit()

    def append(self, lane: Lane, channel: ChannelPolicy, now_ms: int, body: bytes) -> bool:
        """Hold one record under the lane's next number; True when a batch was opened, sealed or pushed out."""
        batch = lane.open
        changed = batch is None
        if batch is not None and not 0 <= now_ms - batch.frame.uptime_ms <= U32_MAX:  # no offset from its first record
            self.seal(lane, batch)
            batch = None
        if batch is None:
            batch = self._open(lane, channel, now_ms)
        frame = batch.frame
        frame.body += struct.pack("<I", now_ms - frame.uptime_ms) + body
        frame.count += 1
        batch.last_ms = now_ms
        lane.following += 1
        if lane.number != LOSSES_CHANNEL:
            self.bytes += frame.record_bytes
        if frame.count >= channel.batch_max:
            self.seal(lane, batch)
            changed = True
        if self.bytes > self._policy.capacity_bytes:
            self.fit()
            changed = True
        return changed

    def seal(self, lane: Lane, batch: Batch) -> None:
        """Close the lane's open batch; in a flash outbox it is durable from here on."""
        self._close(lane)
        lane.sealed.append(batch)
        self.waiting += 1
        if self._flash:
            batch.segment = self._segment
            self._segment += 1
            told = self._clock.unix_ms(batch.last_ms)
            date = b"" if told is None or lane.number == LOSSES_CHANNEL else date_bytes(told[0] + told[1])
            self._effects.append(("persist", SEGMENT_PREFIX + str(batch.segment), segment_bytes(batch) + date))

    def seal_all(self) -> None:
        """Seal every open batch, due or not."""
        for lane in self._by_priority:
            if lane.open is not None:
                self.seal(lane, lane.open)

    def seal_due(self, now_ms: int, priority: int) -> "Batch | None":
        """Seal the most urgent open batch whose time to leave has come, of a channel more urgent than `priority`."""
        for lane in self._by_priority if self.due_ms <= now_ms else ():
            if lane.open is not None and lane.due_ms <= now_ms and lane.priority < priority:
                batch = lane.open
                self.seal(lane, batch)
                return batch
        return None

    def has_room(self) -> bool:
        """True when data may be sent; the last place in flight is kept for losses, on which the others' marks wait."""
        return self.flight < self._room

    def next_to_send(self, now_ms: int) -> "Batch | None":
        """The batch to send next, sealed if need be; None when nothing is due or there is no room."""
        if self.flight < self._room:
            batch = self.next_unsent() if self.waiting else None
            waits = LOWEST_PRIORITY + 1 if batch is None else self.lanes[batch.frame.channel].priority
            return self.seal_due(now_ms, waits) or batch
        return self.lanes[LOSSES_CHANNEL].unsent() if self.flight < self._policy.flight_frames else None

    def next_unsent(self) -> "Batch | None":
        """The oldest batch of the highest priority that is not in flight."""
        best: Batch | None = None
        best_priority = 0
        for lane in self._by_priority if self.waiting else ():
            if best is not None and lane.priority > best_priority:
                break
            batch = lane.unsent()
            if batch is not None and (best is None or batch.order < best.order):
                best, best_priority = batch, lane.priority
        return best

    def send(self, batch: Batch, now_ms: int, probe: int) -> None:
        """The batch is in flight, sent after `probe` probes of this session."""
        batch.sent = True
        batch.sent_ms = now_ms
        batch.sent_probe = probe
        self.flight += 1
        self.waiting -= 1

    def unsend(self, probe: int) -> None:
        """What was sent before probe number `probe` is in flight no more, and will be sent again."""
        for batch in self._in_flight():
            if batch.sent_probe < probe:
                batch.sent = False
                self.flight -= 1
                self.waiting += 1

    def oldest_sent_ms(self) -> int:
        """When the oldest frame in flight was sent (uptime), or NEVER_MS."""
        oldest_ms = NEVER_MS
        for batch in self._in_flight() if self.flight else ():
            oldest_ms = min(oldest_ms, batch.sent_ms)
        return oldest_ms

    def settle_all(self, marks: list[Mark]) -> int:
        """Take the hub's marks in; how many were refused, being above what was sealed."""
        return sum([0 if self.settle(boot, channel, following) else 1 for boot, channel, following in marks])

    def settle(self, boot: int, number: int, following: int) -> bool:
        """The hub has all of (boot, channel `number`) below `following`; False when this boot never sealed that many."""
        lane = self.lanes.get(number)
        if lane is None:
            return True
        sealed = lane.sealed
        if boot >= self._author.boot:
            sealed_end = lane.following if lane.open is None else lane.open.frame.first
            if boot > self._author.boot or following > sealed_end:
                return False
        start = 0
        while start < len(sealed) and sealed[start].frame.boot < boot:
            start += 1
        end = start
        while end < len(sealed) and sealed[end].frame.boot == boot and sealed[end].end <= following:
            lane.settled += sealed[end].frame.count
            self._release(sealed[end])
            end += 1
        del sealed[start:end]
        return True

    def fit(self) -> None:
        """Give up the oldest batches, in the policy's order, until the capacity holds the rest."""
        while self.bytes > self._policy.capacity_bytes:
            lane, batch = self._victim()
            self._drop(lane, batch, BUFFER_FULL)

    def expire(self, now_ms: int) -> None:
        """Give up batches whose newest record is older than its channel allows; those in flight are on their way."""
        for lane in self._expiring:
            while (batch := lane.oldest()) is not None and lane.expires_at_ms(batch) <= now_ms:
                self._drop(lane, batch, EXPIRED)

    def learn_time(self, now_ms: int) -> None:
        """The clock was told the time: what ended boots left may be older than the uptime since says."""
        told = self._clock.unix_ms(now_ms)
        if told is None:
            return
        for lane in self._expiring:
            by_clock([batch for batch in lane.sealed if batch.frame.boot < self._author.boot], now_ms, told[0] - told[1])

    def next_expiry_ms(self) -> int:
        """The uptime at which `expire` has something to do, or NEVER_MS."""
        earliest_ms = NEVER_MS
        for lane in self._expiring:
            earliest_ms = min(earliest_ms, lane.expires_at_ms(lane.oldest()))
        return earliest_ms

    def books(self) -> Document:
        """Every lane's books, what is held and under way, and what was given up and waits to be declared."""
        books: Document = {"channels": {number: self.lanes[number].books() for number in self.lanes}}
        books.update({"bytes": self.bytes, "flight": self.flight, "strange": self.strange})
        books.update(self.losses.books())
        return books

    def held(self) -> list[Held]:
        """Ranges of everything held, sorted."""
        ranges: list[Held] = []
        for number in sorted(self.lanes):
            for batch in self.lanes[number].batches():
                frame = batch.frame
                last = ranges[-1] if ranges else (0, 0, 0, 0)
                if last[:2] == (frame.boot, number) and last[2] + last[3] == frame.first:
                    ranges[-1] = (frame.boot, number, last[2], last[3] + frame.count)
                else:
                    ranges.append((frame.boot, number, frame.first, frame.count))
        return sorted(ranges)

    def _in_flight(self) -> list[Batch]:
        """A batch is sent only when all before it in its lane are, so those in flight are among each lane's first."""
        found: list[Batch] = []
        for lane in self._by_priority if self.flight else ():
            if lane.sealed:
                found.extend([batch for batch in lane.sealed[: self._policy.flight_frames] if batch.sent])
        return found

    def _open(self, lane: Lane, channel: ChannelPolicy, now_ms: int) -> Batch:
        self._order += 1
        lane.open = open_batch(channel, self._author, lane.following, now_ms, self._order)
        if lane.number != LOSSES_CHANNEL:
            self.bytes += BATCH_OVERHEAD_BYTES
        lane.due_ms = now_ms + channel.every_ms
        self.due_ms = min(self.due_ms, lane.due_ms)
        return lane.open

    def _close(self, lane: Lane) -> None:
        """The lane has no open batch any more."""
        lane.open = None
        lane.due_ms = NEVER_MS
        self.due_ms = min([one.due_ms for one in self._by_priority])

    def _load(self, number: int, data: bytes) -> None:
        key = SEGMENT_PREFIX + str(number)
        data, dated_ms = split(data)
        frame, whole = read_segment(data)
        author = self._author
        if frame is None or frame.incarnation != author.incarnation or frame.boot >= author.boot:
            self.strange += 1
            self._effects.append(("forget", key))
            return
        lane = self.lanes.get(frame.channel)
        if lane is None:
            lane = Lane(frame.channel, None)
            self._add_lane(lane)
        if not whole:
            self._note(lane, Loss(frame.channel, CORRUPTED, frame.boot, frame.first, frame.count))
            self._effects.append(("forget", key))
            return
        self._order += 1
        batch = Batch(frame, self._order, 0)
        batch.segment = number
        batch.dated_ms = dated_ms
        lane.sealed.append(batch)
        self.waiting += 1
        self.bytes += self._cost(batch)

    def _fit_birth(self) -> None:
        """Give up the oldest ranges that a birth would have no room to name."""
        ranges = self.held()
        for boot, number, first, count in ranges[: max(0, len(ranges) - HELD_RANGES_MAX)]:
            lane = self.lanes[number]
            for batch in list(lane.sealed):
                if batch.frame.boot == boot and first <= batch.frame.first < first + count:
                    self._drop(lane, batch, BUFFER_FULL)

    def _victim(self) -> tuple[Lane, Batch]:
        """The oldest batch of the first lane in drop order that has one; one in flight only when all are."""
        in_flight: list[tuple[Lane, Batch]] = []
        for lane in self._drop_order:
            batch = lane.oldest()
            if batch is not None:
                return lane, batch
            in_flight.extend([(lane, batch) for batch in lane.sealed])
        return in_flight[0]

    def _drop(self, lane: Lane, batch: Batch, reason: int) -> None:
        if batch is lane.open:
            self._close(lane)
            self.bytes -= self._cost(batch)
        else:
            lane.sealed.remove(batch)
            self._release(batch)
        frame = batch.frame
        self._note(lane, Loss(lane.number, reason, frame.boot, frame.first, frame.count))

    def _note(self, lane: Lane, loss: Loss) -> None:
        reason = REASONS[loss.reason]
        lane.lost[reason] = lane.lost.get(reason, 0) + loss.count
        self.losses.add(loss, self._author.boot)

    def _release(self, batch: Batch) -> None:
        """A sealed batch is held no longer; its lane is the caller's to mend."""
        self.bytes -= self._cost(batch)
        if batch.sent:
            self.flight -= 1
        else:
            self.waiting -= 1
        if batch.segment != UNSTORED:
            self._effects.append(("forget", SEGMENT_PREFIX + str(batch.segment)))

    def _cost(self, batch: Batch) -> int:
        return 0 if batch.frame.channel == LOSSES_CHANNEL else batch.cost_bytes

    def _add_lane(self, lane: Lane) -> None:
        """Channels that only an older firmware knew are sent last and dropped first; channel 0 is never dropped for room."""
        self.lanes[lane.number] = lane
        self._by_priority.append(lane)
        self._by_priority.sort(key=_urgency)
        if lane.channel is None:
            self._drop_order.insert(0, lane)
        elif lane.number != LOSSES_CHANNEL:
            self._drop_order.append(lane)
            if lane.expires_ms:
                self._expiring.append(lane)


def _urgency(lane: Lane) -> tuple[int, int]:
    return lane.priority, lane.number


def _age(batch: Batch) -> tuple[int, int]:
    return batch.frame.boot, batch.frame.first
