"""A hub made of the hub's own logic and dictionaries for a database: what drives a world is what drives the real ingest."""

import json
from itertools import count

from tests.model.device.tiny_hub import UNIX_AT_BOOT_MS
from tests.model.hub.books import balance

from seamline.device import unpack
from seamline.hub.anchors import Tolerance, tie_of, vet
from seamline.hub.births import receive_birth
from seamline.hub.downlink import HubClock, Session, busy_payload, marks_payload, session_payload, twin_payload
from seamline.hub.folds import Key, merged
from seamline.hub.inputs import Anchor, Birth, Death, Probe, TwinReport, parse
from seamline.hub.inventory import LOSS_REASONS, Admission, DeviceLedger, admit, declare, marks, take
from seamline.hub.ledger import Class
from seamline.hub.presence import on_birth, on_death, on_frame, on_probe, on_said
from seamline.hub.timeline import Segment, anchored, datings, heard
from seamline.hub.twin import Policy, Rule, Twin, ask, document, mark_sent, receive

ANSWER_TIMEOUT_MS = 1_000
DRIFT_PPM = 50
ERROR_MAX_MS = 2_000
POLICIES = {"mode": Policy(Rule.CLOUD_WINS), "level": Policy(Rule.NEWEST), "unheard_of": Policy(Rule.DEVICE_WINS)}


class LogicHub:
    """One device's hub. `stored` and `lost` hold what a database would: (incarnation, boot, channel) → {sequence: …}."""

    def __init__(self):
        self.ledger = DeviceLedger()
        self.folds = {}
        self.stored = {}
        self.lost = {}
        self.declared = {}
        self.arrivals = {}
        self.segments = {}
        self.refused_anchors = []
        self.anchors = {}
        self.presence = None
        self.twins = {}
        self.session = 0
        self.duplicates = self.evidence = 0
        self.is_busy = False

    def take(self, kind, payload, wall_ms):
        """One uplink in; the downlinks it causes out, as (kind, document)."""
        self.now_ms = UNIX_AT_BOOT_MS + wall_ms
        if kind == "data":
            return [self._frame(payload)]
        said = parse(kind, payload)
        if isinstance(said, Birth | Probe) and self.is_busy:
            return [("busy", json.loads(busy_payload(700)))]
        match said:
            case Birth():
                return self._birth(said)
            case Probe():
                self.presence = on_probe(self.presence, said, self.now_ms)
                told = marks(self.ledger, said.incarnation)
                return [("marks", json.loads(marks_payload(said.incarnation, said.session, told, said.probe)))]
            case Anchor() | TwinReport():
                return [self._word(said)]
            case Death():
                self.presence = on_death(self.presence, said, self.now_ms)
        return []

    def _word(self, word):
        self.presence = on_said(self.presence, word, self.now_ms, ANSWER_TIMEOUT_MS)
        if isinstance(word, Anchor):
            self._anchor(word)
            self.anchors[word.incarnation, word.boot, str(word.source)] = word.at_ms
        else:
            self._twin(word)
        taken = [(word.boot, word.session, word.number)]
        return ("marks", json.loads(marks_payload(word.incarnation, self.session, (), None, taken)))

    def is_accounted(self, key, sequence):
        row = self.ledger.rows.get(Key(*key))
        if row is None:
            return admit(self.ledger, Key(*key)) is Admission.CLOSED
        return sequence < row.high and not any(first <= sequence < end for first, end in row.gaps)

    def mark(self, key):
        row = self.ledger.rows.get(Key(*key))
        return 0 if row is None else row.mark

    def desire(self, name, value):
        wished = ask(self.twins.get(name, Twin()), POLICIES[name], value, "anna", self._now())
        self.twins[name] = mark_sent(wished, self._now())
        return ("twin", json.loads(self.twin_payload()))

    @property
    def reported(self):
        """What the twins show, as the tiny hub keeps it."""
        return {name: {"value": twin.reported.value} for name, twin in self.twins.items() if twin.reported is not None}

    def twin_payload(self):
        return twin_payload(document(self.twins, self._now()), None)

    def books(self):
        return balance(self.ledger.rows.values(), self.folds.values(), self.now_ms)

    def date(self, key, sequence):
        incarnation, boot, _ = key
        boots = {number: segment for (owner, number), segment in self.segments.items() if owner == incarnation}
        arrival_ms = self.arrivals[key, sequence]
        return datings(boots, DRIFT_PPM, ERROR_MAX_MS)[boot].date(self.stored[key][sequence][0], arrival_ms)

    def _now(self):
        return getattr(self, "now_ms", UNIX_AT_BOOT_MS)

    def _adopt(self, ledger, folds):
        self.ledger = ledger
        for at, fold in folds.items():
            self.folds[at] = merged(self.folds.get(at), fold)

    def _lose(self, key, ranges, reason):
        lost = self.lost.setdefault(tuple(key), {})
        for first, end in ranges:
            for sequence in range(first, end):
                assert sequence not in lost
                assert sequence not in self.stored.get(tuple(key), {})
                lost[sequence] = reason

    def _birth(self, birth):
        born = receive_birth(self.ledger, birth, self.now_ms)
        assert not born.stale, "a device that lives is never stale"
        self._adopt(born.ledger, born.folds)
        for closure in born.closures:
            for boot in range(closure.boot_first, closure.boot_last + 1):
                key = Key(closure.incarnation, boot, closure.channel)
                self._lose(key, [(closure.first, closure.first + closure.count)], closure.reason)
        self.presence = on_birth(self.presence, birth, self.now_ms)
        self._heard(birth.incarnation, birth.boot, birth.uptime_ms)
        self.session = birth.session
        twin = document(self.twins, self.now_ms)
        clock = HubClock(self.now_ms, 3)
        told = (birth.incarnation, birth.boot, birth.session)
        answer = Session(*told, clock, 1, 400, born.marks, born.closed_below, twin)
        return [("session", json.loads(session_payload(answer)))]

    def _frame(self, payload):
        frame = unpack(payload)
        key = Key(frame.incarnation, frame.boot, frame.channel)
        stored = self.stored.setdefault(tuple(key), {})
        records = dict(zip(count(frame.first), self._records(frame), strict=False))
        if frame.channel == 0:
            for sequence, (_, body) in records.items():
                self._declare(frame, body, again=sequence in stored)
        taken = take(self.ledger, key, frame.first, frame.count, Class.STORED, now_ms=self.now_ms)
        assert taken.outcome.refused == ()
        self._adopt(taken.ledger, taken.folds)
        for first, end in taken.outcome.fresh:
            for sequence in range(first, end):
                assert sequence not in stored
                stored[sequence] = records[sequence]
                self.arrivals[tuple(key), sequence] = self.now_ms
        for first, end in taken.outcome.duplicates:
            for sequence in range(first, end):
                if sequence in stored:
                    assert stored[sequence] == records[sequence], "no record is sent with other bytes"
                    self.duplicates += 1
                else:
                    self.evidence += 1
        self.presence = on_frame(self.presence, frame.incarnation, frame.boot, heard=bool(frame.flags & 1), now_ms=self.now_ms)
        self._heard(frame.incarnation, frame.boot, records[frame.first + frame.count - 1][0])
        told = {(mark.boot, mark.channel): mark for mark in (*marks(self.ledger, frame.incarnation), taken.mark)}
        return ("marks", json.loads(marks_payload(frame.incarnation, self.session, told.values())))

    def _records(self, frame):
        for at in range(0, frame.count * frame.record_bytes, frame.record_bytes):
            offset_ms = int.from_bytes(frame.body[at : at + 4], "little")
            yield frame.uptime_ms + offset_ms, frame.body[at + 4 : at + frame.record_bytes]

    def _declare(self, frame, body, again):
        channel, reason = body[0], LOSS_REASONS[body[1]]
        boot, first, many = (int.from_bytes(body[at : at + 4], "little") for at in (2, 6, 10))
        key = Key(frame.incarnation, boot, channel)
        taken = declare(self.ledger, key, first, many, now_ms=self.now_ms)
        assert taken.outcome.refused == ()
        self._adopt(taken.ledger, taken.folds)
        self._lose(key, taken.outcome.fresh, reason)
        teller = (frame.incarnation, frame.boot, channel)
        self.declared[teller] = self.declared.get(teller, 0) + (0 if again else many)

    def _heard(self, incarnation, boot, uptime_ms):
        segment = self.segments.get((incarnation, boot), Segment())
        self.segments[incarnation, boot] = heard(segment, uptime_ms, self.now_ms)

    def _anchor(self, anchor):
        why = vet(anchor, self.now_ms, DRIFT_PPM, Tolerance())
        if why is None:
            segment = self.segments.get((anchor.incarnation, anchor.boot), Segment())
            self.segments[anchor.incarnation, anchor.boot] = anchored(segment, tie_of(anchor))
        else:
            self.refused_anchors.append((anchor, why))

    def _twin(self, said):
        changed, unknown = receive(self.twins, POLICIES, said, {}, self.now_ms)
        assert not unknown
        self.twins |= dict(changed)
