"""Watches one boot of one device from outside: what its core asks for, and what it is told, against what may be.

Nothing here reads the core's inside; `books()` is its public word about its bounds.
"""

from __future__ import annotations

import json
from struct import Struct
from typing import Final, cast

from seamline.device import Core, Policy
from seamline.device.counters import Counters
from seamline.device.frame import FLAG_HEARD
from seamline.device.policy import FRAME_SENT_BYTES_MAX
from seamline.device.shapes import Stored
from seamline.rig.world.clocks import WallClock
from seamline.rig.world.leaving import Leaving, Sent, last_ms
from seamline.rig.world.marks import Marks
from seamline.rig.world.pacing import Pacer, Waits
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.truth import DeviceTruth
from seamline.rig.world.wishing import Wishing

DECODER: Final = json.JSONDecoder()
FRAME_KEY: Final = Struct("<2xB5xIIIH2xIHH")
"""Of a data frame (docs/wire.md): channel, incarnation, boot, first sequence, count; uptime (low, high) and size of its records."""
BOOKS_EVERY: Final = 64
"""Steps between two looks at a core's books: they cost as much as a frame."""
LOSS_RANGES_MAX: Final = 64
LINK_DOWN, LINK_OPENING, LINK_UP = range(3)
FLAPS: Final = 3
"""Sessions in a row that end as soon as they began: the link flaps."""
DEAF: Final = "deaf"
"""Why a core ends a session that nobody answers."""
STOPPED: Final = "stopped"
"""How a boot ended that ended in order."""


class Watch:
    """One boot. Times are uptimes in ms; every method raises BrokenPromise."""

    __slots__ = (
        "_answered",
        "_bounds",
        "_busy",
        "_core",
        "_ended",
        "_failures",
        "_leaving",
        "_link",
        "_marks",
        "_policy",
        "_probe_answered",
        "_probes",
        "_sent",
        "_session",
        "_silent_until_ms",
        "_steps",
        "_truth",
        "_wishing",
        "asked_ms",
        "device",
        "in_vain",
        "pacer",
    )

    def __init__(
        self, device: int, core: Core, policy: Policy, truth: DeviceTruth, waits: Waits, marks: Marks, clock: WallClock
    ) -> None:
        self.device = device
        self.pacer = Pacer(device, policy, waits)
        self._core = core
        self._policy = policy
        self._truth = truth
        self._marks = marks
        self._link = LINK_DOWN
        self._session = 0
        self._answered = False
        self._silent_until_ms = 0
        self._busy: tuple[int, int] | None = None  # the end of the one wait it was told, and how much longer it may take
        self._failures = 0
        self._ended = ""  # why its last session of this boot ended: `deaf`, or something else
        self._leaving = Leaving(policy)
        self._wishing = Wishing(policy, clock)
        self._sent: dict[
            int, int
        ] = {}  # by incarnation, boot, channel and first record, in one number: there is one for each frame
        self._probes = 0
        self._probe_answered = 0
        self._steps = 0
        self._bounds: dict[int, int] = {}
        self.in_vain = 0
        """Births and probes of its session since it last heard anything."""
        self.asked_ms = 0
        """When it sent the last of them."""

    def broken(self, promise: str, what: str) -> BrokenPromise:
        """The error for this device."""
        return BrokenPromise(promise, what, self.device)

    # -- what the core asks for ----------------------------------------------------------------------------------------

    def connects(self, now_ms: int) -> None:
        """It opens a link."""
        if self._link != LINK_DOWN:
            raise self.broken("one-link", "connects while it has a link")
        if now_ms < self._silent_until_ms:
            raise self.broken("busy-obeyed", f"connects {self._silent_until_ms - now_ms} ms too early")
        self.pacer.connects(now_ms, self._silent_until_ms * 3 // 2 + 1)
        self._link = LINK_OPENING
        self._busy = None
        self._session += 1
        self._answered = False
        self._sent.clear()
        self._wishing.connects()
        self._probes = self._probe_answered = self.in_vain = 0

    def closes(self, now_ms: int, reason: str) -> None:
        """It ends its link, or gives the attempt up."""
        if self._link == LINK_OPENING:
            self._marks.hit("connect-timeout")
            self._failures += 1
            self.pacer.failed(now_ms)
        elif self._link == LINK_UP:
            if reason == DEAF:
                self._marks.hit("deaf")
            self._ended = reason
            self._over(now_ms)
        self._link = LINK_DOWN

    def publishes(self, now_ms: int, kind: str, payload: bytes) -> None:
        """It says something."""
        if self._link != LINK_UP:
            raise self.broken("one-link", f"says {kind} without a link")
        if now_ms < self._silent_until_ms:
            raise self.broken("busy-obeyed", f"says {kind} {self._silent_until_ms - now_ms} ms too early")
        self._asks_after_busy(now_ms, kind)
        if kind == "birth":
            self._asks(now_ms)
            self._wishing.born(now_ms)
            self._owns_up(payload)
            return
        if not self._answered:
            raise self.broken("birth-first", f"says {kind} before the hub has answered its birth")
        if kind == "data":
            if self.in_vain and payload[1] & FLAG_HEARD:
                self.in_vain = 0  # it has just said that it hears, truly: since its last frame
            self._data(now_ms, payload)
        elif kind == "probe":
            self._probes += 1
            self._asks(now_ms)
            self._marks.hit("probed")
        elif kind == "anchor" and b'"source":"hub"' in payload:
            self._marks.hit("time-from-hub")

    def _over(self, now_ms: int) -> None:
        self.pacer.ended(now_ms)
        if self.pacer.flaps == FLAPS:
            self._marks.hit("flapped")

    def _asks(self, now_ms: int) -> None:
        self.in_vain += 1
        self.asked_ms = now_ms

    def _asks_after_busy(self, now_ms: int, kind: str) -> None:
        """Note how long after a single `busy` it asks again: somewhere in half as long as that was."""
        if self._busy is not None and kind in {"birth", "probe"}:
            until_ms, window_ms = self._busy
            self.pacer.asked(now_ms - until_ms, window_ms)
            self._marks.hit("busy-obeyed")
            self._busy = None

    def _owns_up(self, birth: bytes) -> None:
        """A birth counts every connect that failed since the last session, by its reason."""
        document = _document(birth)
        self._says_how_it_ended(cast("str | None", document["last_end"]))
        listed = cast("list[list[object]]", document["failures"])
        told = sum(cast("int", count) for _, count in listed)
        if told != self._failures:
            raise self.broken("failures-told", f"its birth tells of {told} failed connects, and {self._failures} failed")
        if told:
            self._marks.hit("failures-told")

    def _says_how_it_ended(self, told: str | None) -> None:
        """A birth says why the session before ended; the first of a boot, how the boot before did."""
        if self._ended:
            if (told == DEAF) != (self._ended == DEAF):
                raise self.broken("end-told", f"its birth says that the last session ended as {told}, and that was {self._ended}")
        elif self._truth.in_order is not None and (told == STOPPED) != self._truth.in_order:
            was = "in order" if self._truth.in_order else "without a word"
            raise self.broken("end-told", f"its birth says that the last boot ended as {told}, and that ended {was}")

    def persists(self, entries: Stored) -> None:
        """It has made a slot of its counters durable: note how far they now bound this boot's numbers."""
        counters = Counters(self._policy.stride)
        if counters.load(entries) and (counters.incarnation, counters.boot) == (self._core.incarnation, self._core.boot):
            self._bounds = counters.bounds

    def _data(self, now_ms: int, payload: bytes) -> None:
        channel, incarnation, boot, first, count, low, high, record_bytes = cast(
            "tuple[int, ...]", FRAME_KEY.unpack_from(payload)
        )
        if len(payload) > FRAME_SENT_BYTES_MAX:
            raise self.broken("bounded", f"a frame of {len(payload)} bytes")
        key = incarnation << 72 | boot << 40 | channel << 32 | first
        before = self._sent.get(key)
        if before is not None:
            self._marks.hit("resent")
            if before >= self._probe_answered:
                what = f"boot {boot}, channel {channel}, record {first} again without a probe's answer"
                raise self.broken("sent-again", what)
        self._sent[key] = self._probes
        is_own = (incarnation, boot) == (self._core.incarnation, self._core.boot)
        if is_own and first + count > self._bounds.get(channel, 0):
            what = f"sends record {first + count - 1} of channel {channel}, and flash bounds {self._bounds.get(channel, 0)}"
            raise self.broken("counted-first", what)
        first_ms = low | high << 32
        sent = Sent((incarnation, boot, channel), first + count, count, first_ms, last_ms(first_ms, payload, count, record_bytes))
        late = self._leaving.sends(now_ms, sent, is_own=is_own, is_again=before is not None)
        if late is not None:
            raise self.broken(*late)
        if channel == 0:
            self._marks.hit("losses-declared")
            return
        line = self._truth.lines.get((incarnation, boot, channel))
        if line is None or first + count > len(line.classes):
            what = f"sends records {first} to {first + count - 1} of boot {boot}, channel {channel}, which it never measured"
            raise self.broken("no-strangers", what)

    # -- what it is told -----------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """The link is up."""
        self._link = LINK_UP

    def failed(self, now_ms: int) -> None:
        """The connect failed."""
        self._failures += self._link == LINK_OPENING
        self._link = LINK_DOWN
        self.pacer.failed(now_ms)

    def lost(self, now_ms: int) -> None:
        """The link ended."""
        if self._link == LINK_UP:
            self._link = LINK_DOWN
            self._ended = "lost"
            self._over(now_ms)

    def hears(self, now_ms: int, kind: str, payload: bytes) -> None:
        """A downlink comes, before the core gets it."""
        if self._link != LINK_UP:
            return
        self.in_vain = 0
        if kind != "busy":
            self._busy = None  # an answer: it has nothing to ask for
        if kind == "busy":
            said = cast("dict[str, int]", _document(payload))
            self._marks.hit("busy")
            until_ms = now_ms + said["retry_after_ms"]
            self._busy = (until_ms, said["retry_after_ms"] // 2) if now_ms >= self._silent_until_ms else None
            self._silent_until_ms = max(self._silent_until_ms, until_ms)
            self._leaving.silent(until_ms + said["retry_after_ms"] // 2)
        elif kind == "twin":
            document = _document(payload)
            self._wishes(document, document)
        elif kind == "session":
            document = _document(payload)
            self._wishes(cast("dict[str, object]", document["twin"] or {}), document)
            if self._is_here(document):
                if not self._answered:
                    self._answered = True
                    self._failures = 0
                    self.pacer.answered(now_ms, cast("int | None", document.get("spread_ms")))
                    self._leaving.answered(now_ms)
                    self._wishing.answered(now_ms, cast("int", document["uncertainty_ms"]))
                self._wishing.generation(cast("int", document["generation"]))
                self._acknowledged(now_ms, cast("int", document["incarnation"]), document["marks"])
        elif kind == "marks":
            document = _document(payload)
            self._acknowledged(now_ms, cast("int", document["incarnation"]), document["marks"])
            if document["session"] == self._session and document["probe"] is not None:
                self._probe_answered = max(self._probe_answered, cast("int", document["probe"]))

    def _is_here(self, document: dict[str, object]) -> bool:
        return (document["session"], document["boot"]) == (self._session, self._core.boot)

    def _wishes(self, twin: dict[str, object], to: dict[str, object]) -> None:
        """Hold a document of the twin against the wishes that were made to this device; `to` says for which session it is, if it does."""
        for setting, wish in cast("dict[str, dict[str, object]]", twin.get("desired") or {}).items():
            if (setting, wish["version"], wish["value"]) not in self._truth.asked:
                what = f"is told to have {setting} at {wish['value']!r}, wish {wish['version']}, and nobody asked that of it"
                raise self.broken("own-mail", what)
        if "session" not in to or self._is_here(to):
            self._wishing.told(twin)

    def applies(self, now_ms: int, true_ms: int, name: str, version: int) -> None:
        """It does as it is asked. `true_ms` is Unix time."""
        wrong = self._wishing.applies(now_ms, true_ms, name, version)
        if wrong is not None:
            raise self.broken("applied-once", wrong)

    def _acknowledged(self, now_ms: int, incarnation: int, marks: object) -> None:
        if incarnation not in self._truth.boots:
            raise self.broken("own-mail", f"is told of incarnation {incarnation:08x}, which it never was")
        listed = cast("list[list[int]]", marks)
        self._leaving.accounted(now_ms, incarnation, listed)
        for boot, channel, following in listed:
            if channel:
                self._truth.acknowledge(self.device, (incarnation, boot, channel), following)

    # -- what must hold after every step -------------------------------------------------------------------------------

    def stepped(self, deadline_ms: int | None) -> None:
        """A step is over."""
        if deadline_ms is None:
            raise self.broken("deadline", "a live core has no deadline")
        self._steps += 1
        if self._steps % BOOKS_EVERY == 0:
            self.audit()

    def audit(self) -> None:
        """Look at the core's bounds."""
        books = self._core.books()
        flight, size = cast("int", books["flight"]), cast("int", books["bytes"])
        waiting = len(cast("list[object]", books["pending_losses"]))
        if not 0 <= flight <= self._policy.flight_frames:
            raise self.broken("bounded", f"{flight} frames in flight, at most {self._policy.flight_frames} may be")
        if not 0 <= size <= self._policy.capacity_bytes:
            raise self.broken("bounded", f"{size} bytes held, the capacity is {self._policy.capacity_bytes}")
        if waiting > LOSS_RANGES_MAX:
            raise self.broken("bounded", f"{waiting} ranges wait to be declared, at most {LOSS_RANGES_MAX} may")


def _document(payload: bytes) -> dict[str, object]:
    """What the hub wrote. Not `json.loads`: that looks for an encoding and for blanks, and there is one for each frame."""
    return cast("dict[str, object]", DECODER.raw_decode(payload.decode())[0])
