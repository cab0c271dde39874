"""Reads `messages`: channels, layouts, periods, priorities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seamline.contract.keys import Keys
from seamline.contract.layout import Field, Layout
from seamline.contract.limits import FIELDS_MAX, FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES, MESSAGES_MAX
from seamline.contract.model import Calibration, Message
from seamline.contract.scalars import DURATION, NAME, SHORT_NAME, VERSION, integer_between, word
from seamline.contract.standard import STANDARD, standard_layout
from seamline.contract.values import Enums, parts

if TYPE_CHECKING:
    from seamline.contract.problems import Span

BATCH_MAX_DEFAULT = 24
"""Four minutes of a 10 s sample: an overhead of about 1.5 bytes a record, and a frame below 500 bytes."""
PRIORITIES = ("high", "normal", "low")
_BYTE = integer_between(1, 255)
_COUNT = integer_between(1, 65_535)

RESERVED_FIELDS = frozenset(
    {
        *("id", "device", "device_no", "channel", "incarnation", "boot", "seq", "sequence", "layout", "digest"),
        *("offset_ms", "uptime_ms", "arrival", "measured", "error_ms", "quality", "revision"),
    }
)
"""Columns that every table of records already has."""


class MessageReader:
    """Reads every message of one contract; keeps what names and ids were used."""

    def __init__(self, product: str, known: Enums, calibrations: Mapping[str, Calibration]) -> None:
        self._product = product
        self._enums = known
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
        every_ms = publish.one("every", DURATION)
        fits = (FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES) // layout.record_bytes
        message = Message(
            name=name,
            id=number,
            layout=layout,
            sample_ms=keys.either("sample", DURATION, every_ms) if standard else keys.one("sample", DURATION),
            publish_every_ms=every_ms,
            batch_max=publish.either("batch_max", _COUNT, min(BATCH_MAX_DEFAULT, fits)),
            priority=publish.either("priority", word(*PRIORITIES), "normal"),
            expires_ms=publish.maybe("expires", DURATION),
        )
        publish.done()
        return message

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
        path = keys.inside("fields")
        names: dict[str, Span] = {}
        fields: list[Field] = []
        for node in keys.list("fields", items_max=FIELDS_MAX):
            field = self._field(Keys(keys.report, node, path), path, names)
            fields.append(field)
        return Layout(product=self._product, message=name, message_id=number, version=version, fields=tuple(fields))

    def _field(self, keys: Keys, path: str, names: dict[str, Span]) -> Field:
        report = keys.report
        before = report.count
        name = keys.one("name", NAME)
        keys.path = f"{path}.{name}"
        report.places[keys.path] = keys.span
        if name in RESERVED_FIELDS:
            report.add("SL118", keys.span, f"'{name}' is a column of every record", fix="give it another name")
        if report.count == before and name in names:
            related = ((names[name], "first given here"),)
            report.add("SL116", keys.span, f"field '{name}' is given twice", fix="rename one", related=related)
        names.setdefault(name, keys.span)
        calibration = None
        if keys.has("calibration"):
            calibration = keys.refer("calibration", tuple(self._calibrations), NAME, what="a calibration")
        found = self._calibrations.get(calibration or "")
        field = Field(
            **parts(keys, name, self._enums, calibrated=calibration is not None),
            calibration=calibration,
            calibration_form=None if found is None else found.form,
            since=keys.maybe("since", VERSION),
        )
        keys.done()
        return field
