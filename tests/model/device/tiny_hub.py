"""The smallest honest hub: docs/wire.md in dictionaries. Runs on CPython and on MicroPython, like the core it answers."""

import json

from seamline.device import unpack

RETRY_AFTER_MS = 700
UNCERTAINTY_MS = 3
UNIX_AT_BOOT_MS = 1_800_000_000_000


class TinyHub:
    """Keeps every record it was sent, closes what ended boots cannot give any more, and answers with marks."""

    def __init__(self):
        self.stored = {}  # (incarnation, boot, channel) -> {sequence: (uptime_ms, body, fingerprint)}
        self.lost = {}  # the same key -> {sequence: reason}
        self.declared = {}  # (incarnation, declaring boot, channel) -> how many records its losses/1 records gave up
        self.uppers = {}
        self.twin = {}
        self.reported = {}
        self.anchors = {}  # (incarnation, boot, source) -> the uptime of the last one
        self.is_busy = False
        self.spread_ms = 400
        self.generation = 1
        self.session = 0
        self.incarnation = 0
        self.boot = 0
        self.duplicates = 0

    def take(self, kind, payload, now_ms):
        """One uplink in; the downlinks it causes out, as (kind, document)."""
        if kind == "data":
            return self._data(payload)
        document = json.loads(payload.decode())
        if kind in ("birth", "probe") and self.is_busy:
            return [("busy", {"retry_after_ms": RETRY_AFTER_MS})]
        if kind == "birth":
            return self._birth(document, now_ms)
        if kind == "probe":
            return [self._marks(document["incarnation"], document["probe"], document["session"])]
        if kind == "twin":
            self._twin(document)
        if kind == "anchor":
            self.anchors[document["incarnation"], document["boot"], document["source"]] = document["at_ms"]
        return [self._taken(document)] if kind in ("twin", "anchor") else []

    def is_accounted(self, key, sequence):
        return sequence in self.stored.get(key, {}) or sequence in self.lost.get(key, {})

    def mark(self, key):
        """Everything of `key` below it is accounted for."""
        following = 0
        while self.is_accounted(key, following):
            following += 1
        return following

    def desire(self, name, value):
        version = self.twin.get(name, {"version": 0})["version"] + 1
        self.twin[name] = {"value": value, "version": version, "expires_ms": None}
        return ("twin", self._twin_document())

    def _data(self, payload):
        frame = unpack(payload)
        key = (frame.incarnation, frame.boot, frame.channel)
        stored = self.stored.setdefault(key, {})
        for place in range(frame.count):
            at = place * frame.record_bytes
            offset_ms = int.from_bytes(frame.body[at : at + 4], "little")
            record = (frame.uptime_ms + offset_ms, frame.body[at + 4 : at + frame.record_bytes], frame.fingerprint)
            sequence = frame.first + place
            if sequence not in stored:
                stored[sequence] = record
                if frame.channel == 0:
                    self._lose(frame, record[1])
            elif stored[sequence] != record:
                raise AssertionError("record %r/%d was sent with other bytes" % (key, sequence))
            else:
                self.duplicates += 1
        return [self._marks(frame.incarnation, None, self.session)]

    def _lose(self, frame, body):
        channel, reason = body[0], body[1]
        boot, first, count = [int.from_bytes(body[at : at + 4], "little") for at in (2, 6, 10)]
        lost = self.lost.setdefault((frame.incarnation, boot, channel), {})
        for sequence in range(first, first + count):
            lost.setdefault(sequence, reason)
        teller = (frame.incarnation, frame.boot, channel)
        self.declared[teller] = self.declared.get(teller, 0) + count

    def _birth(self, document, now_ms):
        self.incarnation, self.boot, self.session = document["incarnation"], document["boot"], document["session"]
        held = {}
        for boot, channel, first, count in document["held"]:
            held.setdefault((self.incarnation, boot, channel), []).append((first, first + count))
        for boot_first, boot_last, channel, upper in document["ended"]:
            for boot in range(boot_first, boot_last + 1):
                self._close((self.incarnation, boot, channel), upper, held)
        session = {"session": self.session, "boot": self.boot, "incarnation": self.incarnation}
        session["time_ms"] = UNIX_AT_BOOT_MS + now_ms
        session["uncertainty_ms"] = UNCERTAINTY_MS
        session["generation"] = self.generation
        session["spread_ms"] = self.spread_ms
        session["marks"] = self._marks(self.incarnation, None, self.session)[1]["marks"]
        session["closed"] = self._closed()
        session["twin"] = self._twin_document()
        return [("session", session)]

    def _close(self, key, upper, held):
        """An ended boot: whatever it neither holds nor has stored is lost."""
        self.uppers[key] = max(upper, self.uppers.get(key, 0))
        lost = self.lost.setdefault(key, {})
        ranges = held.get(key, [])
        for first, end in ranges:
            if end > upper:
                raise AssertionError("%r holds %d..%d beyond its bound %d" % (key, first, end, upper))
        for sequence in range(upper):
            if not self.is_accounted(key, sequence) and not any(first <= sequence < end for first, end in ranges):
                lost[sequence] = 0

    def _closed(self):
        """Boots below this have nothing left to come."""
        closed = self.boot
        for key in self.uppers:
            if key[0] == self.incarnation and key[1] < closed and self.mark(key) < self.uppers[key]:
                closed = key[1]
        return closed

    def _marks(self, incarnation, probe, session):
        keys = set(self.stored) | set(self.lost)
        marks = [[key[1], key[2], self.mark(key)] for key in sorted(keys) if key[0] == incarnation]
        document = {"incarnation": incarnation, "session": session, "marks": marks, "probe": probe}
        if probe is not None:
            document["taken"] = []
        return ("marks", document)

    def _taken(self, word):
        _, document = self._marks(word["incarnation"], None, self.session)
        document["taken"] = [[word["boot"], word["session"], word["number"]]]
        return ("marks", document)

    def _twin(self, document):
        for name in sorted(document["reported"]):
            report = document["reported"][name]
            if report["version"] > self.reported.get(name, {"version": 0})["version"]:
                self.reported[name] = report
            wish = self.twin.get(name)
            if wish is not None and report["based_on"] == wish["version"]:
                wish["done"] = True

    def _twin_document(self):
        desired = {name: wish for name, wish in self.twin.items() if "done" not in wish}
        return {"desired": desired, "known": {name: self.reported[name]["version"] for name in self.reported}}
