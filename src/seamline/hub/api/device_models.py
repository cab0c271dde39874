"""What the API says about one device. Times are Unix ms, durations ms, counts are records."""

from __future__ import annotations

from pydantic import Field, JsonValue, computed_field

from seamline.hub.api import event_words
from seamline.hub.api.fleet_models import AgedRow, Books, Frozen
from seamline.hub.api.layouts import FieldShape


class Boot(Frozen):
    """One boot of a device, newest heard first in lists."""

    incarnation: int
    boot: int
    reset: str | None
    firmware: str | None
    contract: str | None
    first_heard_ms: int
    last_heard_ms: int


class MessageKind(Frozen):
    """A kind of reading the device's product knows."""

    name: str
    channel: int
    layouts: list[int]


class DeviceView(Frozen):
    """A device: identity, presence in both directions, session, boots."""

    now_ms: int
    row: AgedRow
    state: str
    epoch: int
    incarnation: int | None
    boot: int | None
    session: int | None
    created_ms: int
    born_ms: int | None
    died_ms: int | None
    unanswered: int
    last_end: str | None
    failures: list[tuple[str, int]]
    answer_timeout_ms: int | None
    messages: list[MessageKind]
    boots: list[Boot]


class LedgerLine(Frozen):
    """The books of one (incarnation, boot, channel); `gaps` are `[first, end)` pairs still missing below `high`."""

    incarnation: int
    boot: int
    channel: int
    message: str | None
    mark: int
    high: int
    upper: int | None
    gaps: list[tuple[int, int]]
    books: Books
    first_arrival_ms: int | None
    last_arrival_ms: int | None


class LedgerFold(Frozen):
    """Ended boots `boot_first`..`boot_last` in one line: nothing is owed there any more."""

    incarnation: int
    channel: int
    message: str | None
    boots: int
    boot_first: int
    boot_last: int
    books: Books


class Loss(Frozen):
    """A range given up, and why; the same in each of `boots` boots from `boot` on."""

    incarnation: int
    boot: int
    boots: int
    channel: int
    first: int
    count: int
    reason: str
    declared_ms: int


class LedgerView(Frozen):
    """All the books of a device; `total` sums all lines and folds. `truncated`: more open lines exist than are listed.

    `losses` are the newest declared ones.
    """

    total: Books
    lines: list[LedgerLine]
    folds: list[LedgerFold]
    losses: list[Loss]
    truncated: bool


class Reading(Frozen):
    """One reading: when, how surely, and its values (a field the record's layout lacks is absent; enums by name).

    The value of a calibrated field is physical, null while its device has no coefficients and where they give none; `raw` has the
    counts, `versions` by calibration what they were valued with, `outside` the fields whose value is beyond the contract's range.
    """

    incarnation: int
    boot: int
    seq: int
    layout: int
    uptime_ms: int
    arrival_ms: int
    measured_ms: int | None
    error_ms: int | None
    quality: str
    revision: int
    values: dict[str, float | int | str | None]
    raw: dict[str, int]
    versions: dict[str, int]
    outside: list[str]


class MissingRange(Frozen):
    """Sequence numbers without a reading: `owed`, `lost` or `quarantined`, between the dates of their neighbours."""

    incarnation: int
    boot: int
    first: int
    count: int
    cls: str
    reason: str | None
    from_ms: int | None
    to_ms: int | None


class ReadingsView(Frozen):
    """A window of readings. `truncated`: more match than `limit`."""

    message: str
    channel: int
    fields: list[FieldShape]
    rows: list[Reading]
    missing: list[MissingRange]
    truncated: bool


class Anchor(Frozen):
    """What the clock was told: at this uptime it was this Unix time. With its source and whether the hub believes it."""

    id: int
    incarnation: int
    boot: int
    at_ms: int
    unix_ms: int
    source: str
    uncertainty_ms: int
    accepted: bool
    why: str | None
    received_ms: int


class Event(Frozen):
    """Something that happened, and whose boundary it was. `title` and `text` say `kind` and `detail` in words."""

    id: int
    at_ms: int
    kind: str
    boundary: str | None
    owner: str | None
    contact: str | None
    detail: JsonValue

    @computed_field
    @property
    def title(self) -> str:
        """What happened, in a word or two."""
        return event_words.title(self.kind)

    @computed_field
    @property
    def text(self) -> str:
        """What is known of it, as a sentence."""
        return event_words.sentence(self.kind, self.at_ms, self.detail)


class FramePart(Frozen):
    """A named piece of a frame: `start`..`end` (bytes, exclusive), what it says, and whether that is as it should be."""

    name: str
    start: int
    end: int
    text: str
    ok: bool = True


class FrameRecord(Frozen):
    """A record of a frame: values as in Reading, valued with the coefficients in force when the frame arrived."""

    seq: int
    uptime_ms: int
    values: dict[str, float | int | str | None]
    raw: dict[str, int]
    versions: dict[str, int]


class FrameView(Frozen):
    """A raw frame, its bytes in hex and their meaning. `fault` says why it is not a frame of a known layout.

    `fields` are those of its layout, empty when it is not known.
    """

    hex: str
    size_bytes: int
    truncated: bool
    fault: str | None
    parts: list[FramePart]
    fields: list[FieldShape]
    records: list[FrameRecord]


class RecentFrame(FrameView):
    """A frame as the broker keeps it, with its position in the stream."""

    stream_seq: int
    arrived_ms: int


class QuarantineReason(Frozen):
    """How much waits in quarantine for one reason."""

    reason: str
    frames: int
    records: int
    waiting: int
    devices: int
    last_ms: int


class RefusedReason(Frozen):
    """Bytes that were no frames at all: counted and sampled, not kept."""

    reason: str
    count: int
    devices: int
    last_ms: int


class QuarantineItem(Frozen):
    """One quarantined frame. `counted`: its records are in the ledger's class quarantined."""

    id: int
    device: str
    arrival_ms: int
    reason: str
    detail: str | None
    channel: int | None
    incarnation: int | None
    boot: int | None
    first: int | None
    count: int | None
    counted: bool
    size_bytes: int
    resolved_ms: int | None


class QuarantineView(Frozen):
    """Quarantine, newest first; `next` is the `before` of the following page."""

    reasons: list[QuarantineReason]
    refused: list[RefusedReason]
    items: list[QuarantineItem]
    next: int | None


class QuarantineDetail(Frozen):
    """One quarantined frame with its bytes taken apart."""

    item: QuarantineItem
    frame: FrameView


class Wish(Frozen):
    """What was asked for. `value` is physical; `raw` is what travels."""

    value: JsonValue
    raw: JsonValue
    version: int
    by: str
    asked_ms: int
    expires_ms: int | None
    sent_ms: int | None
    seen_ms: int | None
    resolved_ms: int | None
    resolution: str | None


class Report(Frozen):
    """What the device last said is in force. `at_ms` is its uptime then."""

    value: JsonValue
    raw: JsonValue
    version: int
    based_on: int | None
    fault: str | None
    boot: int
    at_ms: int
    received_ms: int


class TwinProperty(Frozen):
    """One property of the twin: its meaning, its state with reason and since when, and both directions.

    `type` is null when the device's contract is not known here: values are raw then, and nothing can be asked.
    """

    name: str
    type: str | None
    unit: str | None
    low: float | None
    high: float | None
    step: float | None
    enum: dict[int, str] | None
    conflict: str | None
    confirm_within_ms: int | None
    state: str | None
    why: str | None
    since_ms: int | None
    overdue: bool
    desired: Wish | None
    reported: Report | None


class Asked(Frozen):
    """A change somebody asks for. `value` is physical, an enum's name, or a truth value; `by` says who asks."""

    value: bool | int | float | str
    by: str = Field(min_length=1, max_length=64)
