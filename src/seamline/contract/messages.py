"""Reads `messages`: channels, layouts, periods, priorities, and what a frame may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seamline.contract.keys import Keys
from seamline.contract.layout import Layout
from seamline.contract.layouts import LayoutReader
from seamline.contract.limits import FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES, MESSAGES_MAX
from seamline.contract.model import Calibration, Message
from seamline.contract.quantities import EVENT_RATE, EventRate
from seamline.contract.scalars import DURATION, SHORT_NAME, SIZE, integer_between, word
from seamline.contract.standard import STANDARD, standard_layout
from seamline.contract.values import Known

if TYPE_CHECKING:
    from seamline.contract.problems import Span

BATCH_MAX_DEFAULT = 24
"""Four minutes of a 10 s sample: an overhead of about 1.5 bytes a record, and a frame below 500 bytes."""
EVENT_BATCH_MAX_DEFAULT = 1
"""An event that waits for no other is a frame of its own: it leaves, and is kept in flash, at once."""
WHEN = ("period", "event")
PRIORITIES = ("high", "normal", "low")
_BYTE = integer_between(1, 255)
_COUNT = integer_between(1, 65_535)
_QOS = integer_between(0, 1)
QOS_DEFAULT = 1


class MessageReader:
    """Reads every message of one contract; keeps what names and ids were used."""

    def __init__(self, product: str, known: Known, calibrations: Mapping[str, Calibration]) -> None:
        self._product = product
        self._known = known
        self._calibrations = calibrations
        self._ids: dict[int, Span] = {}

    def read(self, keys: Keys) -> dict[str, Message]:
        """Read the section; at least one message is needed."""
        found: dict[str, Message] = {}
        for name, message in keys.each(SHORT_NAME, items_max=MESSAGES_MAX):
            if name == "losses":
                text = "'losses' is Seamline's own message"
                keys.report.add("SL118", keys.report.place(message.path), text, fix="give it another name")
            found[name] = self._message(name, message)
            message.done()
        if not found and not keys.broken:
            keys.report.add("SL104", keys.span, "'messages' is empty", fix="a product says something: add a message")
        return found

    def _message(self, name: str, keys: Keys) -> Message:
        number = self._id(keys)
        standard = keys.has("standard")
        layout = self._standard(name, number, keys) if standard else self._own(name, number, keys)
        publish = keys.mapping("publish")
        at_most = self._at_most(keys, standard=standard)
        every_ms = publish.one("every", DURATION) if at_most is None else publish.either("every", DURATION, 0)
        frame_max = self._frame_max(publish, layout)
        fits = (frame_max - FRAME_OVERHEAD_BYTES) // layout.record_bytes
        message = Message(
            name=name,
            id=number,
            layout=layout,
            sample_ms=_sample_ms(keys, every_ms, at_most, standard=standard),
            publish_every_ms=every_ms,
            batch_max=publish.either("batch_max", _COUNT, min(BATCH_MAX_DEFAULT if every_ms else EVENT_BATCH_MAX_DEFAULT, fits)),
            priority=publish.either("priority", word(*PRIORITIES), "normal"),
            expires_ms=publish.maybe("expires", DURATION),
            qos=publish.either("qos", _QOS, QOS_DEFAULT),
            frame_bytes_max=frame_max,
            at_most=at_most,
        )
        if publish.has("frame_max") and message.batch_max > fits:
            text = f"a frame of {frame_max} bytes holds {fits} records of {layout.record_bytes} bytes, not {message.batch_max}"
            place = keys.report.place(publish.inside("batch_max"))
            keys.report.add("SL133", place, text, fix=f"batch_max: {fits}, or a larger frame_max")
        publish.done()
        return message

    def _at_most(self, keys: Keys, *, standard: bool) -> EventRate | None:
        """Read `when` and what belongs to it: an event has a bound and no period, everything else a period and no bound."""
        before = keys.report.count
        event = keys.either("when", word(*WHEN), WHEN[0]) == "event"
        if keys.report.count > before:
            keys.has("at_most")  # whether it belongs here is not known
            return None
        if event and standard:
            fix = "remove 'when': it goes out on its period"
            keys.report.add("SL134", keys.report.place(keys.inside("when")), "a standard message waits for no event", fix=fix)
        elif event and keys.has("sample"):
            text = "an event has no sampling period"
            keys.report.add("SL134", keys.node("sample").span, text, fix="remove 'sample': 'at_most' bounds an event")
        elif not event and keys.has("at_most"):
            text = "'at_most' bounds events, and this is sent on its period"
            keys.report.add("SL134", keys.node("at_most").span, text, fix="add 'when: event', or remove 'at_most'")
        return keys.one("at_most", EVENT_RATE) if event and not standard else None

    def _frame_max(self, publish: Keys, layout: Layout) -> int:
        """Read how large a frame may be: at least one record, at most what a device can build in RAM."""
        before = publish.report.count
        size = publish.either("frame_max", SIZE, FRAME_BYTES_MAX)
        least = FRAME_OVERHEAD_BYTES + layout.record_bytes
        if publish.report.count == before and not least <= size <= FRAME_BYTES_MAX:
            place = publish.report.place(publish.inside("frame_max"))
            text = f"a frame of {size} bytes is not between {least} (one record) and {FRAME_BYTES_MAX}"
            publish.report.add(
                "SL133", place, text, fix=f"frame_max: 1 KiB, or whatever suits the link, up to {FRAME_BYTES_MAX} B"
            )
        return min(max(size, least), FRAME_BYTES_MAX)

    def _id(self, keys: Keys) -> int:
        before = keys.report.count
        number = keys.one("id", _BYTE)
        span = keys.report.place(keys.inside("id"))
        if keys.report.count == before and number in self._ids:
            related = ((self._ids[number], "first used here"),)
            keys.report.add("SL116", span, f"message id {number} is used twice", fix="take a free id", related=related)
        if keys.report.count == before:
            self._ids[number] = span
        return number

    def _standard(self, name: str, number: int, keys: Keys) -> Layout:
        chosen = keys.one("standard", word(*STANDARD))
        for extra in ("layout", "fields"):
            if keys.has(extra):
                text = f"'{chosen}' defines its own {extra}"
                keys.report.add("SL114", keys.node(extra).span, text, fix=f"remove '{extra}' or 'standard'")
        return standard_layout(chosen, self._product, name, number)

    def _own(self, name: str, number: int, keys: Keys) -> Layout:
        version = keys.one("layout", _BYTE)
        return LayoutReader(keys, self._known, self._calibrations).read(self._product, name, number, version)


def _sample_ms(keys: Keys, every_ms: int, at_most: EventRate | None, *, standard: bool) -> int:
    """Return how far apart records are: as the file says, or for events, as their bound says."""
    if at_most is not None:
        return at_most.spacing_ms
    told = standard or keys.has("at_most")  # a bound where no event is has been refused: that is one mistake, not two
    return keys.either("sample", DURATION, every_ms) if told else keys.one("sample", DURATION)
