"""The device core: calls and a time go in, effects come out; it opens nothing, reads no clock and draws no random number itself.

The driver executes the effects in their order, each durable or handed to the network before the next: that order is the
durability promise (a counter is persisted before a number under it is published, a batch before it is sent):

    ("persist", key, bytes)            durable from here on          ("forget", key)
    ("connect", will)                  open a link; `will` is the death's payload
    ("publish", kind, payload)         to up/<device>/<kind>, QoS 1
    ("close", reason)                  end the link; the core already counts it as ended
    ("apply", property, value, version)   a wish for the application, which answers with `report`

A number that `record` gave counts once the effects drained after it are executed; a power cut before that unmakes it.
"""

from .batch import Author
from .clock import Clock
from .compat import U16_MAX, U32_MAX
from .control import Malformed, Marks, Session as Answer, Twin as TwinDocument, is_text, is_token, parse, parse_busy
from .counters import UNTOLD, Counters
from .ending import KEY as END_KEY, RESETS, last_end, mark
from .errors import RecordError, ReportError
from .events import OVER_RATE
from .outbox import NEVER_MS, Lane, Outbox
from .policy import LOSSES_CHANNEL, ChannelPolicy, Policy
from .session import CONNECTING, GREETING, LIVE, OFFLINE, Session
from .shapes import Document, Effect, Random, Stored
from .twin import Twin
from .uplink import Uplink
from .words import Words


class Core:
    """One device, from one boot to the end of its power. Every `now_ms` is the uptime since boot; it never wraps."""

    def __init__(self, policy: "Policy | Document", device_id: str, random_u32: Random, stored: Stored) -> None:
        """`random_u32`: this device's own stream; `stored`: what was persisted ({} on a virgin or erased device).

        Raises PolicyError naming the key that cannot be obeyed.
        """
        self.policy: Policy = policy if isinstance(policy, Policy) else Policy(policy)
        self.device_id = device_id
        self._random = random_u32
        self._stored = stored
        self._effects: list[Effect] = []
        self._counters = Counters(self.policy.stride)
        self._clock = Clock(self.policy.drift_ppm)
        self._outbox = Outbox(self.policy, self._clock, self._effects)
        self._session = Session(self.policy, random_u32)
        self._uplink = Uplink(self._counters, self._session, self._effects)
        self._twin = Twin(self.policy)
        self._words = Words(self._uplink, self._clock, self._twin)
        self._generation: object = None
        self._started = False
        self._deadline_ms: int | None = None
        self._now_ms = 0
        self._counts: dict[str, int] = {"malformed": 0, "stale": 0, "refused_marks": 0, "over_rate": 0}

    @property
    def state(self) -> str:
        """offline, connecting, greeting or live."""
        return self._session.state

    @property
    def incarnation(self) -> int:
        """Of this boot; 0 before `start`."""
        return self._counters.incarnation

    @property
    def boot(self) -> int:
        """Of this boot; 0 before `start`."""
        return self._counters.boot

    def start(
        self,
        now_ms: int,
        reset: str = "power_on",
        firmware: str = "0",
        image: "str | None" = None,
        slot: "str | None" = None,
        epoch: int = 0,
    ) -> None:
        """Begin the boot, once: counters first, then what flash still holds; the first connect is armed.

        `image` and `slot` are single words. Raises ReportError for what a birth could not say.
        """
        if self._started:
            raise ReportError("start was called twice; a new boot is a new Core")
        if not 0 <= epoch <= U16_MAX:
            raise ReportError(f"epoch is {epoch}, outside 0..{U16_MAX}")
        if not is_text(firmware) or not all(word is None or is_token(word) for word in (image, slot)):
            raise ReportError(f"firmware {firmware!r} must be a text, image {image!r} and slot {slot!r} single words or None")
        self._started = True
        counters = self._counters
        ran_before = counters.load(self._stored)
        ended = last_end(self._stored, counters.incarnation, counters.boot, reset) if ran_before else None
        counters.begin(self._random, sorted(self.policy.channels))
        self._persist_counters()
        if counters.is_alone:
            self._persist_counters()
        self._outbox.begin(Author(counters.incarnation, counters.boot, epoch), self._stored)
        self._stored = {}
        about: Document = {"contract": self.policy.contract, "firmware": firmware, "image": image, "slot": slot, "epoch": epoch}
        about["reset"] = reset if reset in RESETS else "unknown"
        self._uplink.about = about
        if counters.spread_ms != UNTOLD:
            self._session.backoff.spread_ms = counters.spread_ms
        self._session.begin(self._at(now_ms), ended, together=ran_before and reset != "software")
        self._rearm()

    def record(self, now_ms: int, channel: int, body: bytes) -> int:
        """Number one record and take custody of it; returns its sequence, or OVER_RATE for an event beyond its bound: only counted.

        `body`: the fields and padding, `record_bytes - 4` bytes. Raises RecordError on a channel or size the policy does not have.
        """
        lane = self._outbox.lanes.get(channel)
        if lane is None or lane.channel is None or channel == LOSSES_CHANNEL:
            raise RecordError(f"channel {channel} is not in the policy")
        if not self._started:
            raise RecordError("call start before record")
        lane.channel.check(now_ms, body)
        if lane.allowance is not None and not lane.allowance.take(now_ms):
            self._counts["over_rate"] += 1
            return OVER_RATE
        sequence = lane.following
        if self._append(lane, lane.channel, now_ms, body):
            self._advance(self._at(now_ms))
        return sequence

    def flush(self, now_ms: int) -> None:
        """Let every record leave now, and be durable where the policy says so: the program is about to end."""
        self._outbox.seal_all()
        self._advance(self._at(now_ms))

    def stop(self, now_ms: int) -> None:
        """The program ends in order, with this last call: `flush`, exact bounds, and a mark by which the next boot knows it."""
        self.flush(now_ms)
        lanes = self._outbox.lanes
        if self._counters.lower({number: lanes[number].following for number in lanes}):
            self._persist_counters()
        self._effects.append(("persist", END_KEY, mark(self.incarnation, self.boot)))

    def connected(self, now_ms: int) -> None:
        """The link is up and dn/<device>/# is subscribed."""
        now_ms = self._at(now_ms)
        if self._session.step("connected"):
            self._session.greet(now_ms)
            self._birth(now_ms)
            self._rearm()
        elif self._session.state == OFFLINE:
            self._uplink.close("stale")

    def connect_failed(self, now_ms: int, reason: str) -> None:
        """The connect did not succeed; `reason` is one short word for the hub's statistics."""
        if self._session.state == CONNECTING:
            self._end(self._at(now_ms), reason)

    def disconnected(self, now_ms: int, reason: str) -> None:
        """The link ended: server_closed, keep_alive, refused or network. After a `close` effect this changes nothing."""
        if self._session.state != OFFLINE:
            self._end(self._at(now_ms), reason)

    def receive(self, now_ms: int, kind: str, payload: "bytes | bytearray | memoryview") -> None:
        """A downlink on dn/<device>/<kind>; what is malformed or stale is counted, never raised."""
        if self._session.state not in (GREETING, LIVE):
            self._counts["stale"] += 1
            return
        now_ms = self._at(now_ms)
        before_ms = self._oldest_sent_ms()
        try:
            heard = self._hear(now_ms, kind, parse(payload))
        except Malformed:
            self._counts["malformed"] += 1
            return
        if not heard:
            self._counts["stale"] += 1
        elif self._session.state == LIVE and (not self._in_flight() or self._oldest_sent_ms() > before_ms):
            self._session.await_answer(now_ms, in_flight=self._in_flight())
        self._advance(now_ms)

    def clock(self, now_ms: int, unix_ms: int, source: str, uncertainty_ms: int) -> None:
        """The time was learnt: from `ntp`, `gnss` or `rtc` (the hub's comes by itself). Raises ClockError on another."""
        anchor = self._clock.add(now_ms, unix_ms, source, uncertainty_ms)
        self._words.anchors[source] = anchor
        self._outbox.learn_time(self._at(now_ms))
        self._advance(self._now_ms)

    def report(self, now_ms: int, prop: str, value: object, based_on: "int | None" = None, fault: "str | None" = None) -> None:
        """The application's word on a property: the value in force, the wish it answers, why that was refused.

        `value`: a raw whole number of 64 bits, a bool, a text or None. Raises ReportError for another, and for a property the
        policy does not have.
        """
        self._twin.check(prop, value, fault)
        self._twin.report(now_ms, prop, value, based_on, fault)
        self._advance(self._at(now_ms))

    def tick(self, now_ms: int) -> None:
        """Let time pass; does nothing before `deadline`."""
        if self._deadline_ms is None or now_ms < self._deadline_ms:
            return
        now_ms = self._at(now_ms)
        self._outbox.expire(now_ms)
        if now_ms >= self._session.due_ms:
            self._due(now_ms)
        self._advance(now_ms)

    def effects(self) -> list[Effect]:
        """What to do now, drained, in the order in which it must be done."""
        if not self._effects:
            return []
        drained = list(self._effects)
        self._effects.clear()
        return drained

    def deadline(self) -> "int | None":
        """The uptime at which `tick` is due; None only before `start`."""
        return self._deadline_ms

    def unix_ms(self, now_ms: int) -> "tuple[int, int] | None":
        """(Unix time, error bound) in ms, or None while nobody told the time."""
        return self._clock.unix_ms(now_ms)

    def books(self) -> Document:
        """What was numbered, is held, was settled and was lost, by channel; and what was ignored."""
        books = self._outbox.books()
        books.update({"incarnation": self.incarnation, "boot": self.boot, "session": self._session.number})
        books.update(self._counts)
        return books

    def _hear(self, now_ms: int, kind: str, document: Document) -> bool:
        """Take one downlink; False when it is not meant for this session."""
        if kind == "marks":
            return self._on_marks(now_ms, Marks(document))
        if kind == "session":
            return self._on_session(now_ms, Answer(document))
        if kind == "busy":
            retry_after_ms = parse_busy(document)
            self._session.hear(now_ms)
            self._session.busy(now_ms, retry_after_ms)
            return True
        if kind == "twin":
            return self._on_twin(now_ms, TwinDocument(document))
        raise Malformed("kind")

    def _on_session(self, now_ms: int, answer: Answer) -> bool:
        session = self._session
        if (answer.session, answer.boot, answer.incarnation) != (session.number, self._counters.boot, self._counters.incarnation):
            return False
        session.hear(now_ms)
        self._counts["refused_marks"] += self._outbox.settle_all(answer.marks)
        self._counters.forget_below(answer.closed)
        first = session.step("answered")
        if first:
            session.answered(now_ms, answer.spread_ms)
            if answer.spread_ms is not None and self._counters.told(session.backoff.spread_ms):
                self._persist_counters()
            self._learn_time(now_ms, answer)
        if answer.generation != self._generation:
            self._twin.forget()
            self._generation = answer.generation
        if answer.twin is not None:
            self._wish(now_ms, answer.twin)
        if first:
            self._words.begin()
        return True

    def _learn_time(self, now_ms: int, answer: Answer) -> None:
        """The hub stamped its answer somewhere between our first birth and now."""
        if answer.time_ms is not None:
            took_ms = now_ms - self._session.born_ms
            at_ms = self._session.born_ms + took_ms // 2
            self._clock.add(at_ms, answer.time_ms, "hub", (took_ms + 1) // 2 + answer.uncertainty_ms)
            self._outbox.learn_time(now_ms)

    def _on_marks(self, now_ms: int, marks: Marks) -> bool:
        """Custody is true whichever session it is told in; only this session's word counts as heard."""
        session = self._session
        if marks.incarnation != self._counters.incarnation:
            return False
        self._counts["refused_marks"] += self._outbox.settle_all(marks.marks)
        if marks.session != session.number:
            return False
        session.hear(now_ms)
        self._words.take(marks.taken or [], self._counters.boot, session.number)
        if session.state == LIVE and marks.probe is not None and marks.probe <= session.probe:
            self._outbox.unsend(marks.probe)
            self._words.again(marks.probe, told=marks.taken is not None)
            session.await_answer(now_ms, in_flight=self._in_flight())
        return True

    def _on_twin(self, now_ms: int, document: TwinDocument) -> bool:
        here = (self._session.number, self._counters.boot, self._counters.incarnation)
        if self._session.state != LIVE or document.to not in (None, here):
            return False
        self._session.hear(now_ms)
        self._wish(now_ms, document)
        return True

    def _wish(self, now_ms: int, document: TwinDocument) -> None:
        told = self._clock.unix_ms(now_ms)
        earliest_ms = None if told is None else told[0] - told[1]
        for name, value, version, _ in self._twin.receive(document, now_ms, earliest_ms):
            self._effects.append(("apply", name, value, version))

    def _due(self, now_ms: int) -> None:
        session = self._session
        if session.step("due"):
            session.connect(now_ms)
            self._uplink.connect(now_ms)
        elif session.state == CONNECTING:
            self._uplink.close("timeout")
            self._end(now_ms, "timeout")
        elif session.is_deaf():
            self._uplink.close("deaf")
            self._end(now_ms, "deaf")
        elif session.state == GREETING:
            self._birth(now_ms)
        else:
            unanswered = session.unanswered
            session.probed(now_ms)
            self._uplink.probe(now_ms, unanswered)

    def _end(self, now_ms: int, reason: str) -> None:
        session = self._session
        was = session.state
        session.step("ended")
        if was == CONNECTING:
            session.fail(now_ms, reason)
        else:
            session.end(now_ms, reason, was_live=was == LIVE)
        self._outbox.unsend(NEVER_MS)
        self._words.end()
        self._rearm()

    def _at(self, now_ms: int) -> int:
        """The uptime of this call; a record may be dated back, what is said may not."""
        self._now_ms = max(self._now_ms, now_ms)
        return self._now_ms

    def _advance(self, now_ms: int) -> None:
        """Say what may be said now, then arm the next deadline."""
        if self._session.state == LIVE and now_ms >= self._session.busy_until_ms:
            self._say(now_ms)
        self._rearm()

    def _say(self, now_ms: int) -> None:
        outbox, session = self._outbox, self._session
        idle = not self._in_flight()
        self._words.say(now_ms, session.probe)
        if outbox.losses.pending:
            self._declare(now_ms)
        while (batch := outbox.next_to_send(now_ms)) is not None:
            outbox.send(batch, now_ms, session.probe)
            self._uplink.data(batch)
        if idle and self._in_flight():
            session.await_answer(now_ms, in_flight=True)

    def _in_flight(self) -> bool:
        """True while a frame or a word is under way."""
        return self._outbox.flight > 0 or self._words.under_way()

    def _oldest_sent_ms(self) -> int:
        """When the oldest of them was sent (uptime), or NEVER_MS."""
        return min(self._outbox.oldest_sent_ms(), self._words.oldest_ms())

    def _declare(self, now_ms: int) -> None:
        """Number what was given up, as records of channel 0, once the last such batch is accounted for."""
        lane = self._outbox.lanes[LOSSES_CHANNEL]
        if lane.channel is None or lane.batches():
            return
        for loss in self._outbox.losses.take(lane.channel.batch_max):
            self._append(lane, lane.channel, now_ms, loss.body())
        if lane.open is not None:
            self._outbox.seal(lane, lane.open)

    def _append(self, lane: Lane, channel: ChannelPolicy, now_ms: int, body: bytes) -> bool:
        """Number and hold one record; True when that may have moved the deadline."""
        if lane.following >= U32_MAX:
            raise RecordError(f"channel {lane.number} has used up its numbers in this boot; restart the device")
        if lane.following >= self._counters.bounds[lane.number] and self._counters.reserve(lane.number, lane.following):
            self._persist_counters()
        return self._outbox.append(lane, channel, now_ms, body)

    def _birth(self, now_ms: int) -> None:
        self._session.birth(now_ms)
        self._uplink.birth(now_ms, self._outbox.held())

    def _persist_counters(self) -> None:
        key, packed = self._counters.persisted()
        self._effects.append(("persist", key, packed))

    def _rearm(self) -> None:
        session, outbox = self._session, self._outbox
        due_ms = min(session.due_ms, outbox.next_expiry_ms())
        if session.state == LIVE and self._now_ms < session.busy_until_ms:
            due_ms = min(due_ms, session.busy_until_ms)
        elif session.state == LIVE and outbox.has_room():
            due_ms = min(due_ms, outbox.due_ms)
        if self._started:
            self._deadline_ms = due_ms
