"""A hub played by hand: what a test says to a core, and what the core says back."""

import json

from tests.model.device.world import Lcg, policy

from seamline.device import Core, unpack

BODY = bytes(range(12))  # of channel 1
UNIX_MS = 1_800_000_000_000


def rules(**changes):
    """The small policy of the model, changed."""
    document = policy(capacity_bytes=100_000)
    document.update(changes)
    return document


class Hand:
    """One boot of one device, with its effects kept by kind."""

    def __init__(self, stored=None, started=True, **changes):
        self.flash = dict(stored or {})
        self.core = Core(rules(**changes), "d1", Lcg(7), dict(self.flash))
        self.now_ms = 0
        if started:
            self.core.start(0)
            self.drain()

    def drain(self):
        """Carry out the flash's part, return everything."""
        effects = self.core.effects()
        for effect in effects:
            if effect[0] == "persist":
                self.flash[effect[1]] = effect[2]
            elif effect[0] == "forget":
                del self.flash[effect[1]]
        return effects

    def at(self, now_ms):
        self.now_ms = now_ms
        return self

    def tick(self):
        """Go to the deadline; returns the effects."""
        self.now_ms = max(self.now_ms, self.core.deadline())
        self.core.tick(self.now_ms)
        return self.drain()

    def record(self, channel=1, body=BODY):
        return self.core.record(self.now_ms, channel, body)

    def say(self, kind, **document):
        """A downlink; returns the effects."""
        self.core.receive(self.now_ms, kind, json.dumps(document).encode())
        return self.drain()

    def marks(self, *marks, probe=None, session=None, taken=(), numbered=True):
        """Custody; `taken`: the numbers of words, of this session; the answer of a hub that has them `numbered` tells of them always."""
        told = self.core.books()["session"] if session is None else session
        words = {"taken": [[self.core.boot, told, number] for number in taken]}
        if not taken and (probe is None or not numbered):
            words = {}
        return self.say("marks", incarnation=self.core.incarnation, session=told, marks=list(marks), probe=probe, **words)

    def take(self, effects):
        """The hub takes every word in `effects`; returns them with what the core says to that."""
        taken = [word["number"] for kind in ("anchor", "twin") for word in said(effects, kind)]
        return effects + self.marks(taken=taken) if taken else effects

    def session(self, *marks, **more):
        document = {
            "session": self.core.books()["session"],
            "boot": self.core.boot,
            "incarnation": self.core.incarnation,
            "time_ms": UNIX_MS + self.now_ms,
            "uncertainty_ms": 3,
            "generation": 1,
            "spread_ms": 1000,
            "marks": list(marks),
            "closed": 0,
            "twin": {"desired": {}, "known": {}},
        }
        document.update(more)
        return self.say("session", **document)

    def greet(self):
        """Connect; returns the birth."""
        while self.core.state != "connecting":
            self.tick()
        self.core.connected(self.now_ms)
        return said(self.drain(), "birth")[0]

    def live(self, *marks, **more):
        """Connect and be answered, the words taken; returns the effects of the answer."""
        self.greet()
        return self.take(self.session(*marks, **more))

    def power_cut(self, **changes):
        """The next boot of the same flash."""
        return Hand(self.flash, **changes)


def said(effects, kind):
    """What was published as `kind`: documents, or frames for data."""
    found = [effect[2] for effect in effects if effect[0] == "publish" and effect[1] == kind]
    return [unpack(payload) if kind == "data" else json.loads(payload) for payload in found]


def of_kind(effects, name):
    return [effect[1:] for effect in effects if effect[0] == name]


def numbers(effects):
    """(channel, boot, first, count) of every frame published."""
    return [(frame.channel, frame.boot, frame.first, frame.count) for frame in said(effects, "data")]
