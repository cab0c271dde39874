"""Reads the events of a recorded run, one after the other, into a story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from seamline.rig.timeline.fault_words import told
from seamline.rig.timeline.recording import MARK, SENT, STORED, WAIT, Recorded
from seamline.rig.timeline.story import BROKER, HUB, Message, Moment, Span, Story, concerned, lane_of, spans_of
from seamline.rig.timeline.waits import Wait, broke, offenders, read
from seamline.rig.timeline.words import is_wish, said, span
from seamline.rig.world.marks import CATALOGUE
from seamline.rig.world.plan import HOUSE
from seamline.rig.world.trace import Event

UPLINKS: Final = frozenset(("data", "birth", "death", "probe", "anchor", "twin"))
DOWNLINKS: Final = frozenset(("session", "marks", "busy"))
LOST: Final[Mapping[str, str]] = {"uplink-lost": "lost on its way up", "downlink-lost": "lost on its way down"}
OF_THE_NEXT: Final = frozenset(
    (
        "cut-in-erase",
        "cut-in-program",
        "cut-in-recovery",
        "counters-lost",
        "slot-lost",
        "flash-rot",
        "booted-with-records",
        "resent",
    )
)
"""Marks that are counted just before an event of the device that they concern."""
OF_BROKER: Final = frozenset(("keep-alive-expired", "takeover", "late-death"))
OF_HUB: Final = frozenset(("redelivered", "database-away", "commit-unknown", "slow-commit", "duplicate"))
BEFORE_US: Final = 60_000_000
"""A message that has not come by now may still come; this long after it was sent it is taken for lost."""


def tell(recorded: Recorded) -> Story:
    """The story of a recorded run."""
    return _Telling(recorded).story


class _Telling:
    """Walks through the events."""

    def __init__(self, recorded: Recorded) -> None:
        outcome = recorded.outcome
        self._cause: Final = broke(outcome.broken)
        devices = concerned(outcome.plan, outcome.broken, offenders(recorded.events, self._cause))
        self.story: Final = Story(
            outcome.plan, outcome.digest, outcome.broken, devices, outcome.virtual_us, is_whole=recorded.is_whole
        )
        self._names: Final = recorded.names
        self._shown: Final = frozenset(devices)
        self._waiting: Final[dict[tuple[int, str, bytes], list[Message]]] = {}
        self._last: tuple[Message, list[Message]] | None = None
        self._came: Final[dict[tuple[int, str, bytes], Message]] = {}
        self._next: list[str] = []
        self._connects: Moment | None = None
        self._since: Final[dict[tuple[int, str], int]] = {}
        self._stored: Final[dict[int, dict[int, tuple[int, str]]]] = {}
        self._verbs: Final[Mapping[str, Callable[[Event], None]]] = {
            "boot": self._boots,
            "dark": self._goes_dark,
            "connect": self._begins_to_connect,
            "connected": self._is_connected,
            "failed": lambda event: self._of_link(event, f"could not connect: {event.data.decode()}"),
            "lost": lambda event: self._loses(event, f"loses its connection: {event.data.decode()}"),
            "close": lambda event: self._loses(event, f"closes: {event.data.decode()}"),
            "commit": self._commits,
            "broken": self._breaks,
        }
        self._faults()
        for event in recorded.events:
            self._read(event)
        self._end()

    # -- one event -----------------------------------------------------------------------------------------------------

    def _read(self, event: Event) -> None:
        what = event.what
        if what.startswith(MARK):
            self._mark(event, what.removeprefix(MARK))
            return
        if what.startswith(WAIT):
            self._waited(read(what))
            return
        self._connects = None
        if event.device != HOUSE and event.device not in self._shown:
            self._next.clear()
            return
        verb = self._verbs.get(what)
        if verb is not None:
            verb(event)
        elif what.startswith(STORED):
            self._arrives_at_broker(event)
        elif what.startswith(SENT):
            self._send(event, what.removeprefix(SENT), HUB, f"d{event.device}", "down")
        elif what in DOWNLINKS or (what == "twin" and is_wish(event.data)):
            self._arrives_at_device(event)
        elif what in UPLINKS:
            self._send(event, what, f"d{event.device}", BROKER, "up")
        elif what.startswith("hub-killed"):
            self._note(event, HUB, "dark", CATALOGUE.get(what, what))
        if event.device != HOUSE:
            self._next.clear()

    def _note(self, event: Event, lane: str, sort: str, what: str, device: int | None = None) -> Moment:
        moment = Moment(event.at_us, lane, sort, what, event.device if device is None else device)
        self.story.moments.append(moment)
        return moment

    def _faults(self) -> None:
        """Begin and end of every fault, as the plan has them."""
        story = self.story
        for fault in story.plan.faults:
            if fault.device != HOUSE and fault.device not in self._shown:
                continue
            from_us, until_us = fault.at_ms * 1_000, (fault.at_ms + fault.lasts_ms) * 1_000
            if from_us <= story.end_us:
                lasts = span(fault.lasts_ms) if fault.lasts_ms else ""
                story.moments.append(Moment(from_us, lane_of(fault), "fault", told(fault, lasts), fault.device))
            if fault.lasts_ms and until_us <= story.end_us:
                story.moments.append(Moment(until_us, lane_of(fault), "mend", f"{fault.kind} is over", fault.device))
        if story.plan.duration_ms * 1_000 < story.end_us:
            text = "faults are over and nothing more is measured: all must be delivered"
            story.moments.append(Moment(story.plan.duration_ms * 1_000, HUB, "mend", text))

    # -- a device ------------------------------------------------------------------------------------------------------

    def _boots(self, event: Event) -> None:
        found = [CATALOGUE[name] for name in self._next]
        more = "".join(f"; {text}" for text in found)
        self._close_span(event, "dark", "has no power")
        self._note(event, f"d{event.device}", "boot", f"boots after {event.data.decode().replace('_', ' ')}{more}")

    def _goes_dark(self, event: Event) -> None:
        cut = next((CATALOGUE[name] for name in self._next if name in {"cut-in-erase", "cut-in-program"}), "")
        self._close_span(event, "live", "is connected")
        self._since[event.device, "dark"] = event.at_us
        self._note(event, f"d{event.device}", "dark", "goes dark" + (f": {cut}" if cut else ""))

    def _begins_to_connect(self, event: Event) -> None:
        self._connects = self._note(event, f"d{event.device}", "link", "connects")

    def _waited(self, wait: Wait) -> None:
        """How long the connect just before has been waited for; nothing of a device that is not shown."""
        moment = self._connects
        if moment is not None:
            moment.what += f" {wait}"
            moment.offends = wait.cause == self._cause

    def _of_link(self, event: Event, what: str) -> None:
        self._note(event, f"d{event.device}", "link", what)

    def _is_connected(self, event: Event) -> None:
        self._since[event.device, "live"] = event.at_us
        self._of_link(event, "is connected")

    def _loses(self, event: Event, what: str) -> None:
        self._close_span(event, "live", "is connected")
        self._of_link(event, what)

    def _close_span(self, event: Event, sort: str, what: str) -> None:
        from_us = self._since.pop((event.device, sort), None)
        if from_us is not None:
            self.story.spans.append(Span(f"d{event.device}", sort, what, from_us, event.at_us))

    # -- messages ------------------------------------------------------------------------------------------------------

    def _send(self, event: Event, kind: str, source: str, target: str, sort: str) -> None:
        again = "again: " if "resent" in self._next else ""
        text = again + said(kind, event.data, self._names.get(event.device, {}))
        message = Message(self._note(event, source, sort, text, event.device), source, target)
        self.story.messages.append(message)
        waiting = self._waiting.setdefault((event.device, kind, event.data), [])
        waiting.append(message)
        self._last = message, waiting

    def _arrive(self, event: Event, kind: str) -> Message | None:
        """The message that this is; one that comes once more is the last like it."""
        key = (event.device, kind, event.data)
        waiting = self._waiting.get(key)
        if waiting:
            since_us = self._since.get(
                (event.device, "live"), 0
            )  # what an ended connection took along is sent again, byte for byte
            message = next((each for each in waiting if each.sent.at_us >= since_us), waiting[0])
            waiting.remove(message)
            message.arrived_us = event.at_us
            self._came[key] = message
            return message
        message = self._came.get(key)
        if message is not None:
            message.again += 1
        return message

    def _arrives_at_device(self, event: Event) -> None:
        self._arrive(event, event.what)

    def _arrives_at_broker(self, event: Event) -> None:
        partition, seq, kind = event.what.removeprefix(STORED).split()
        text = said(kind, event.data, self._names.get(event.device, {}))
        if self._arrive(event, kind) is None:
            self._note(event, BROKER, "up", f"stores the will of device {event.device}: {text}", event.device)
        stored = self._stored.setdefault(int(partition), {})
        for later in [number for number in stored if number >= int(seq)]:  # a broker that lost its stream counts anew
            del stored[later]
        stored[int(seq)] = (event.device, text if kind == "data" else kind)

    def _commits(self, event: Event) -> None:
        partition, seq = (int(number) for number in event.data.split())
        stored = self._stored.get(partition, {})
        done = [number for number in stored if number <= seq]
        texts: dict[int, list[str]] = {}
        for number in done:
            device, text = stored.pop(number)
            texts.setdefault(device, []).append(text)
        if texts:
            whose = "; ".join(f"{', '.join(said)} of device {device}" for device, said in texts.items())
            self._note(event, HUB, "commit", f"commits partition {partition} up to message {seq}: {whose}")

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _mark(self, event: Event, name: str) -> None:
        if name in LOST:
            if self._last is not None and self._last[0] in self._last[1] and self._last[0].sent.at_us == event.at_us:
                message, waiting = self._last
                message.why = LOST[name]
                waiting.remove(message)
        elif name in OF_THE_NEXT:
            self._next.append(name)
        elif name in OF_BROKER or name in OF_HUB:
            moments = self.story.moments
            if moments and moments[-1].what == CATALOGUE[name] and moments[-1].at_us == event.at_us:
                return
            self._note(event, BROKER if name in OF_BROKER else HUB, "mark", CATALOGUE[name])

    def _breaks(self, event: Event) -> None:
        lane = HUB if event.device == HOUSE else f"d{event.device}"
        self._note(event, lane, "broken", f"broken: {event.data.decode()}")

    def _end(self) -> None:
        """Order what was told, and say of each message that never came what is known."""
        story = self.story
        for (device, sort), from_us in self._since.items():
            what = "has no power" if sort == "dark" else "is connected"
            story.spans.append(Span(f"d{device}", sort, what, from_us, story.end_us))
        story.spans += spans_of(story.plan.faults, story.devices, story.end_us)
        story.moments.sort(key=lambda moment: (moment.at_us, moment.sort == "broken"))
        for message in story.messages:
            if message.arrived_us is None and not message.why:
                waits = story.end_us - message.sent.at_us < BEFORE_US and story.broken is not None
                message.why = "still on its way at the end" if waits else "never comes"
