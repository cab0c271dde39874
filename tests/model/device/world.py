"""One core, one tiny hub and an unfaithful network between them, in virtual time; the promises are checked at every step.

Runs on CPython (driven by Hypothesis) and on MicroPython (driven by a seed), so it is written in what both can run.
"""

import hashlib
import json

from tests.model.device.tiny_hub import UNIX_AT_BOOT_MS, TinyHub

from seamline.device import Core, unpack

FRAME_BYTES_MAX = 8192
SETTLE_STEPS_MAX = 4000


def channel(number, record_bytes, every_ms, batch_max, priority, expires_ms=0):
    return {
        "id": number,
        "name": "channel%d" % number,
        "layout": 1,
        "fingerprint": 0xF0000000 + number,
        "record_bytes": record_bytes,
        "every_ms": every_ms,
        "batch_max": batch_max,
        "priority": priority,
        "expires_ms": expires_ms,
    }


def policy(store="ram", capacity_bytes=700, expires_ms=0):
    """Small numbers, so that a short story meets every bound."""
    return {
        "product": "toy",
        "version": "1.0.0",
        "contract": "toy/1.0.0",
        "connect_timeout_ms": 1500,
        "answer_timeout_ms": 1000,
        "keep_alive_ms": 9000,
        "backoff_base_ms": 200,
        "backoff_cap_ms": 5000,
        "backoff_reset_after_ms": 6000,
        "spread_ms": 1000,
        "drift_ppm": 50,
        "store": store,
        "capacity_bytes": capacity_bytes,
        "flight_frames": 3,
        "stride": 8,
        "drop_first": [2],
        "channels": [
            channel(0, 24, 0, 4, 0),
            channel(1, 16, 400, 4, 1),
            channel(2, 8, 2000, 3, 2, expires_ms),
            channel(3, 24, 0, 1, 0),
        ],
        "state": [{"name": "mode"}, {"name": "level"}],
    }


class Lcg:
    """A random stream that is the same on every interpreter."""

    def __init__(self, seed):
        self.state = seed & 0xFFFFFFFF

    def __call__(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        mixed = self.state ^ (self.state >> 16)
        return (mixed * 0x45D9F3B) & 0xFFFFFFFF

    def below(self, limit):
        return (self() * limit) >> 32


class PowerCut(Exception):
    """The power went between two effects."""


class World:
    """What a device, its flash, a broker and a hub make together."""

    def __init__(self, rules, seed):
        self.rules = rules
        self.random = Lcg(seed)
        self.hub = TinyHub()
        self.flash = {}
        self.truth = {}  # (incarnation, boot, channel) -> {sequence: (uptime_ms, body)}: numbered for good
        self.trace = hashlib.sha256()
        self.wall_ms = 0  # across boots, for the hub
        self.effects_left = None  # until the power goes
        self.torn = False
        self.applied = []
        self.boots = 0
        self.boot()

    # The device's life

    def boot(self, reset="power_on"):
        self.now_ms = 0
        self.boots += 1
        self.link = "down"
        self.up = []
        self.down = []
        self.silent_until_ms = 0
        self.answered = False
        self.sent = {}
        self.probes = 0
        self.probe_answered = 0
        self.effects_left = None
        self.core = Core(self.rules, "toy-1", self.random, self.flash_read())
        self.call(lambda: self.core.start(0, reset, "1.0.0"))

    def flash_read(self):
        return {key: self.flash[key] for key in self.flash}

    def call(self, step):
        """Let the core do something, then carry out what it asks; False when the power went meanwhile."""
        step()
        try:
            effects = self.core.effects()
            while effects:
                for effect in effects:
                    self.carry_out(effect)
                effects = self.core.effects()
        except PowerCut:
            self.boot("brownout")
            return False
        self.check()
        return True

    def carry_out(self, effect):
        self.note(effect)
        kind = effect[0]
        if self.effects_left is not None:
            if self.effects_left == 0:
                if self.torn and kind == "persist":
                    self.flash[effect[1]] = effect[2][: len(effect[2]) // 2]
                raise PowerCut
            self.effects_left -= 1
        if kind == "persist":
            self.flash[effect[1]] = effect[2]
        elif kind == "forget":
            self.flash.pop(effect[1], None)
        elif kind == "connect":
            self.require(self.link == "down", "connect only without a link")
            self.require(self.now_ms >= self.silent_until_ms, "busy is obeyed by connects")
            self.link = "opening"
            self.answered = False
            self.sent = {}
            self.probes = 0
            self.probe_answered = 0
        elif kind == "close":
            self.link = "down"
        elif kind == "publish":
            self.publish(effect[1], effect[2])
        elif kind == "apply":
            self.applied.append(effect[1:])
        else:
            raise AssertionError("an unknown effect: %r" % (effect,))

    def publish(self, kind, payload):
        self.require(self.link == "up", "publish only on a link")
        self.require(self.now_ms >= self.silent_until_ms, "busy is obeyed by publishes")
        self.require(kind == "birth" or self.answered, "nothing but births before the session")
        if kind == "probe":
            self.probes += 1
        if kind == "data":
            self.require(len(payload) <= FRAME_BYTES_MAX, "a frame has its bound")
            frame = unpack(payload)
            key = (frame.incarnation, frame.boot, frame.channel, frame.first)
            if key in self.sent:
                self.require(self.sent[key] < self.probe_answered, "a probe is answered before data is sent again")
            self.sent[key] = self.probes
        self.up.append((kind, payload))

    def note(self, effect):
        """Into the trace, so that two interpreters can be compared."""
        for part in effect:
            data = part if isinstance(part, bytes) else str(part).encode()
            self.trace.update(len(data).to_bytes(4, "little") + data)

    # What may happen

    def pass_time(self, most_ms):
        """Up to `most_ms`, stopping at the deadline."""
        deadline_ms = self.core.deadline()
        until_ms = min(self.now_ms + most_ms, max(deadline_ms, self.now_ms))
        self.wall_ms += until_ms - self.now_ms
        self.now_ms = until_ms
        was_due = self.now_ms >= deadline_ms
        if self.call(lambda: self.core.tick(self.now_ms)) and was_due:
            self.require(self.core.deadline() > self.now_ms, "a tick at the deadline moves the deadline")

    def record(self, number, value):
        body_bytes = 0
        for entry in self.rules["channels"]:
            if entry["id"] == number:
                body_bytes = entry["record_bytes"] - 4
        body = (value & 0xFFFFFFFF).to_bytes(4, "little") + bytes(body_bytes - 4)
        key = (self.core.incarnation, self.core.boot, number)
        given = []
        at_ms = self.now_ms
        if self.call(lambda: given.append(self.core.record(at_ms, number, body))):
            known = self.truth.setdefault(key, {})
            self.require(given[0] not in known, "a number is given once")
            known[given[0]] = (at_ms, body)

    def answer_connect(self, well):
        if self.link != "opening":
            return
        if well:
            self.link = "up"
            self.call(lambda: self.core.connected(self.now_ms))
        else:
            self.link = "down"
            self.call(lambda: self.core.connect_failed(self.now_ms, "refused"))

    def disconnect(self, lose):
        """The link breaks; what the broker already had may still reach the hub."""
        if self.link != "up":
            return
        while self.up and not lose:
            self.deliver_up(True)
        self.link = "down"
        self.up = []
        self.down = []
        self.call(lambda: self.core.disconnected(self.now_ms, "network"))

    def deliver_up(self, well, twice=False):
        """The oldest uplink; `twice` when the broker does not know whether the hub has it (at least once)."""
        if not self.up:
            return
        kind, payload = self.up.pop(0)
        if not well and kind in ("data", "twin", "anchor"):
            return
        for _ in range(2 if twice else 1):
            for answer in self.hub.take(kind, payload, self.wall_ms):
                self.down.append((answer[0], json.dumps(answer[1]).encode()))

    def deliver_down(self, place, keep):
        """One downlink, not always the oldest; kept for a second time when `keep`."""
        if self.link != "up" or not self.down:
            return
        place %= len(self.down)
        kind, payload = self.down[place] if keep else self.down.pop(place)
        document = json.loads(payload.decode())
        if kind == "session" and document["session"] == self.core.books()["session"]:
            self.answered = True
        told = (document.get("incarnation"), document.get("session"))
        if kind == "marks" and told == (self.core.incarnation, self.core.books()["session"]):
            self.probe_answered = max(self.probe_answered, document["probe"] or 0)
        if kind == "busy":
            self.silent_until_ms = max(self.silent_until_ms, self.now_ms + document["retry_after_ms"])
        self.call(lambda: self.core.receive(self.now_ms, kind, payload))

    def lose_down(self):
        self.down = self.down[1:]

    def desire(self, name, value):
        kind, document = self.hub.desire(name, value)
        if self.link == "up":
            self.down.append((kind, json.dumps(document).encode()))

    def application(self):
        """The application does what it is asked."""
        applied, self.applied = self.applied, []
        for name, value, version in applied:
            self.report(name, value, version)

    def report(self, name, value, based_on=None):
        self.call(lambda: self.core.report(self.now_ms, name, value, based_on))

    def clock(self, source, error_ms):
        unix_ms = UNIX_AT_BOOT_MS + self.wall_ms + error_ms
        self.call(lambda: self.core.clock(self.now_ms, unix_ms, source, abs(error_ms)))

    def cut_power(self, effects, torn):
        """The power goes after that many more effects; at once when that is 0 and nothing is written."""
        if effects == 0 and not torn:
            self.boot()
        else:
            self.effects_left = effects
            self.torn = torn

    def erase(self):
        """The flash is wiped, or the board swapped, and the power comes back."""
        self.flash = {}
        self.boot()

    def rot(self, place, bit):
        """One bit of one entry turns while the power is off."""
        keys = sorted(self.flash)
        if keys:
            key = keys[place % len(keys)]
            data = bytearray(self.flash[key])
            data[bit // 8 % len(data)] ^= 1 << (bit % 8)
            self.flash[key] = bytes(data)
        self.boot()

    # What must hold

    def require(self, holds, promise):
        if not holds:
            raise AssertionError(promise)

    def check(self):
        outbox = self.core._outbox
        self.require(self.core.deadline() is not None, "every core that lives has a deadline")
        self.require(0 <= outbox.flight <= self.rules["flight_frames"], "frames in flight are bounded")
        self.require(self.core.state == "live" or outbox.flight == 0, "nothing is in flight without a session")
        self.require(outbox.bytes <= self.rules["capacity_bytes"], "the outbox keeps to its capacity")
        held_bytes, sent, waiting = 0, 0, 0
        segments = []
        for number in outbox.lanes:
            lane = outbox.lanes[number]
            for batch in lane.batches():
                held_bytes += batch.cost_bytes if number else 0
                sent += 1 if batch.sent else 0
            waiting += len([batch for batch in lane.sealed if not batch.sent])
            segments.extend(["o%d" % batch.segment for batch in lane.sealed if batch.segment >= 0])
        self.require((held_bytes, sent, waiting) == (outbox.bytes, outbox.flight, outbox.waiting), "the outbox knows its sums")
        in_flash = sorted([key for key in self.flash if key.startswith("o")])
        self.require(sorted(segments) == in_flash, "the flash holds what the outbox holds, no more and no less")
        self.check_custody()

    def check_custody(self):
        """Whatever this boot numbered is held, or accounted for by the hub, or given up as a loss that is still to be told."""
        core = self.core
        held = set()
        for boot, number, first, count in core._outbox.held():
            held.update([(boot, number, sequence) for sequence in range(first, first + count)])
        for loss in core._outbox.losses.pending:
            held.update([(loss.boot, loss.channel, loss.first + place) for place in range(loss.count)])
        untold = self.untold()
        for number in core._outbox.lanes:
            key = (core.incarnation, core.boot, number)
            for sequence in range(core._outbox.lanes[number].following):
                safe = (core.boot, number, sequence) in held or self.hub.is_accounted(key, sequence)
                self.require(
                    safe or (core.boot, number, sequence) in untold, "a numbered record is kept until it is accounted for"
                )

    def untold(self):
        """Losses that are numbered on channel 0 and still on their way."""
        told = set()
        lane = self.core._outbox.lanes[0]
        for batch in lane.batches():
            for place in range(batch.frame.count):
                body = batch.frame.body[place * 24 + 4 : place * 24 + 24]
                boot, first, count = [int.from_bytes(body[at : at + 4], "little") for at in (2, 6, 10)]
                told.update([(boot, body[0], first + step) for step in range(count)])
        return told

    def settle(self):
        """Everything works from here on: soon nothing is owed, and the books balance."""
        self.effects_left = None
        self.hub.is_busy = False
        for _ in range(SETTLE_STEPS_MAX):
            self.answer_connect(True)
            while self.up or (self.down and self.link == "up"):
                self.deliver_up(True)
                self.deliver_down(0, False)
            self.application()
            if self.is_settled():
                break
            self.pass_time(1 << 40)
        self.require(self.is_settled(), "everything held is handed over in the end")
        self.balance()

    def is_settled(self):
        outbox = self.core._outbox
        if self.core._words.under_way() or self.core._twin.due():
            return False
        return self.core.state == "live" and not outbox.held() and not outbox.losses.pending

    def balance(self):
        """Every number that counted is in exactly one class, every stored value is the one that was measured."""
        core, hub = self.core, self.hub
        for key in sorted(self.truth):
            for sequence in sorted(self.truth[key]):
                stored = hub.stored.get(key, {}).get(sequence)
                if stored is not None:
                    self.require(stored[:2] == self.truth[key][sequence], "a stored value is the measured one, dated as measured")
                elif key[0] == core.incarnation:
                    self.require(sequence in hub.lost.get(key, {}), "what is not stored is lost and said so")
        self.balance_words()
        channels = core.books()["channels"]
        for number in sorted(channels):
            given_up = 0
            for reason in sorted(channels[number]["lost"]):
                given_up += channels[number]["lost"][reason]
            declared = hub.declared.get((core.incarnation, core.boot, number), 0)
            if core.books()["undeclared"] == 0:
                self.require(declared == given_up, "losses declared are exactly what was given up")
            key = (core.incarnation, core.boot, number)
            self.require(hub.mark(key) == core._outbox.lanes[number].following, "nothing is owed and nothing invented")

    def balance_words(self):
        """The hub has every report and the newest anchor of each source, whatever was lost on a link that lived."""
        core, hub = self.core, self.hub
        for name in sorted(core._twin._reported):
            told = hub.reported.get(name)
            self.require(
                told is not None and told["value"] == core._twin._reported[name].value, "the twin shows what is in force"
            )
        for anchor in core._clock.anchors():
            told = hub.anchors.get((core.incarnation, core.boot, anchor[2]))
            self.require(told == anchor[0], "the hub has the newest anchor of each source")


def play(world, random, steps):
    """A story from a seed: `steps` things that happen, then everything is mended."""
    for _ in range(steps):
        one_thing(world, random)
    world.settle()


def one_thing(world, random):
    dice = random.below(100)
    if dice < 22:
        world.pass_time(1 + random.below(1500))
    elif dice < 44:
        for _ in range(1 + random.below(6)):
            world.record(1 + random.below(3), random())
    elif dice < 58:
        for _ in range(1 + random.below(4)):
            world.deliver_up(random.below(6) > 0, random.below(10) == 0)
    elif dice < 72:
        for _ in range(1 + random.below(4)):
            world.deliver_down(random.below(3), random.below(6) == 0)
    elif dice < 80:
        world.answer_connect(random.below(4) > 0)
    else:
        one_rare_thing(world, random, dice)


def one_rare_thing(world, random, dice):
    if dice < 83:
        world.disconnect(random.below(2) == 0)
    elif dice < 85:
        world.lose_down()
    elif dice < 87:
        world.hub.is_busy = not world.hub.is_busy
    elif dice < 90:
        world.cut_power(random.below(5), random.below(2) == 0)
    elif dice < 92:
        world.desire(("mode", "level", "unheard_of")[random.below(3)], random.below(9))
    elif dice < 94:
        world.application()
    elif dice < 96:
        world.report(("mode", "level")[random.below(2)], random.below(9))
    elif dice < 98:
        world.clock(("ntp", "gnss", "rtc")[random.below(3)], random.below(100))
    elif random.below(4) == 0:
        world.erase() if random.below(2) else world.rot(random.below(64), random.below(4096))
    else:
        world.record(1 + random.below(3), random())


def play_seed(seed, store, steps):
    """Play one story; returns the trace's hash, in hex."""
    world = World(policy(store, expires_ms=4000 if seed % 3 == 0 else 0), seed)
    play(world, Lcg(seed ^ 0x5EED), steps)
    return world.trace.digest().hex()
