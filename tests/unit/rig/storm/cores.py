"""A storm with real device cores: one event for each thing that happens, no slots, against the same broker and hub as the plan's.

Each core draws the words that the plan's device of the same number draws, so that the two storms can be held against each other
device by device.
"""

import json
from collections import deque

from seamline.device import Core, Policy
from seamline.device.counters import Counters
from seamline.hub.downlink import HubClock, Session, marks_payload, session_payload
from seamline.hub.twin import TwinDocument
from seamline.rig.storm.draws import Words
from seamline.rig.storm.terms import ANSWER_MS, CONNECT_MS, HELLO_SHARE, ROUND_MS
from seamline.rig.world.heap import MS, Heap
from seamline.rig.world.streams import Stream


def stream_of(words, device):
    """The stream of one device, from where it stands."""
    made = Stream(0, "", "")
    made._state = int(words._states[device])
    return made


def stored_with(policy, spread_ms):
    """The flash of a device that ran before and was told this spread."""
    counters = Counters(policy.stride)
    counters.load({})
    counters.begin(lambda: 7, sorted(policy.channels))
    if spread_ms is not None:
        counters.told(spread_ms)
    return dict([counters.persisted(), counters.persisted()])


class Broker:
    """Two turns a connect, first come, first served; told of a device that left only when its second turn comes."""

    def __init__(self, heap, accept_rate):
        self.heap = heap
        cost_us = 1_000_000 // accept_rate
        self.hello_us = round(cost_us * HELLO_SHARE)
        self.rest_us = cost_us - self.hello_us
        self.waiting = deque()
        self.working = False

    def connect(self, device):
        self._join(device, device.tries, first=True)

    def _join(self, device, attempt, *, first):
        self.waiting.append((device, attempt, first))
        if not self.working:
            self._work()

    def _work(self):
        self.working = bool(self.waiting)
        if not self.working:
            return
        device, attempt, first = self.waiting.popleft()
        waits = device.waits_for(attempt)
        cost_us = self.hello_us if first else self.rest_us if waits else 0
        self.heap.after(cost_us, lambda: self._done(device, attempt, first, waits))

    def _done(self, device, attempt, first, waits):
        if first and waits:
            self.heap.after(ROUND_MS * MS, lambda: self._join(device, attempt, first=False))
        elif not first and waits:
            self.heap.after((CONNECT_MS - ROUND_MS) * MS, lambda: device.connected(attempt))
        self._work()


class Device:
    """A real core with its driver; the hub answers each birth after ANSWER_MS."""

    def __init__(self, index, policy, stored, random, heap, broker, spread_ms):
        self.index, self.heap, self.broker, self.spread_ms = index, heap, broker, spread_ms
        self.core = Core(policy, f"d{index}", random, stored)
        self.on_us = 0
        self.tries = 0
        self.back_us = None
        self.timer = None

    def power_on(self):
        self.on_us = self.heap.now_us
        self._do(lambda now_ms: self.core.start(now_ms, "power_on", "1"))

    def waits_for(self, attempt):
        return self.core.state == "connecting" and self.tries == attempt

    def connected(self, attempt):
        if self.waits_for(attempt):
            self._do(self.core.connected)

    def _answer(self, number):
        core = self.core
        clock, twin = HubClock(1_800_000_000_000, 20), TwinDocument({}, {})
        answer = Session(core.incarnation, core.boot, number, clock, 1, self.spread_ms, (), 0, twin)
        self._do(lambda now_ms: core.receive(now_ms, "session", session_payload(answer)))
        if core.state == "live" and self.back_us is None:
            self.back_us = self.heap.now_us

    def _take(self, word):
        taken = [(word["boot"], word["session"], word["number"])]
        payload = marks_payload(word["incarnation"], word["session"], (), None, taken)
        self._do(lambda now_ms: self.core.receive(now_ms, "marks", payload))

    def _do(self, act):
        act((self.heap.now_us - self.on_us) // MS)
        for effect in self.core.effects():
            if effect[0] == "connect":
                self.tries += 1
                self.broker.connect(self)
            elif effect[0] == "publish" and effect[1] == "birth":
                number = self.core.books()["session"]
                self.heap.after(ANSWER_MS * MS, lambda number=number: self._answer(number))
            elif effect[0] == "publish" and effect[1] in {"anchor", "twin"}:
                word = json.loads(effect[2])
                self.heap.after(ANSWER_MS * MS, lambda word=word: self._take(word))
        if self.timer is not None:
            self.timer.cancel()
        self.timer = self.heap.at(self.on_us + self.core.deadline() * MS, lambda: self._do(self.core.tick))


def storm(policy_document, terms, seed, spread_ms, on_ms):
    """Run until everybody is back; returns (tries, back_us) of each device."""
    policy, heap = Policy(policy_document), Heap()
    broker, words = Broker(heap, terms.accept_rate), Words(seed, terms.devices, "core")
    stored = stored_with(policy, spread_ms)
    devices = [Device(index, policy, stored, stream_of(words, index), heap, broker, spread_ms) for index in range(terms.devices)]
    for device, ms in zip(devices, on_ms, strict=True):
        heap.at(ms * MS, device.power_on)
    while any(device.back_us is None for device in devices) and heap.now_us < 3_600_000_000:
        heap.run(heap.now_us + 1_000_000)
    return [device.tries for device in devices], [device.back_us for device in devices]
