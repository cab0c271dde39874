"""What the API says about the fleet. Times are Unix ms, durations ms, counts are records."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from seamline.hub.presence import State as Presence


class Frozen(BaseModel):
    """A value of this API."""

    model_config = ConfigDict(frozen=True)


class Books(Frozen):
    """Every numbered record in exactly one class: numbered = stored + quarantined + declined + lost + owed.

    `owed` is what is left of `numbered` once the other classes are taken off, so the sum is right by itself. `balanced` says that
    `owed` is below zero for no device: no record is counted in two classes, or twice in one. It does not say that what is owed
    will come, nor that a class is the right one.
    `owed_since_ms`: since when something has been owed without a break (the longest of what is summed), null when unknown.
    """

    numbered: int = 0
    stored: int = 0
    quarantined: int = 0
    declined: int = 0
    lost: int = 0
    owed: int = 0
    duplicates: int = 0
    owed_since_ms: int | None = None
    balanced: bool = True


class FleetRow(Frozen):
    """One device in the fleet: what is claimed about it, since when, and its books."""

    id: str
    product: str | None
    contract: str | None
    firmware: str | None
    presence: Presence
    why: str
    since_ms: int | None
    last_heard_ms: int | None
    last_answered_ms: int | None
    publish_every_ms: int | None
    presumed_lost_after_ms: int | None
    numbered: int
    stored: int
    quarantined: int
    declined: int
    lost: int
    owed: int
    owed_since_ms: int | None
    duplicates: int


class AgedRow(FleetRow):
    """A fleet row with its ages at `now_ms` of the answer."""

    age_ms: int | None
    answered_age_ms: int | None
    late_ms: int | None


class FleetPage(Frozen):
    """A page of the fleet; `total` counts the devices that match."""

    now_ms: int
    total: int
    offset: int
    rows: list[AgedRow]


class Coded(Frozen):
    """A column of few different values: `index[i]` points into `values`, -1 is null."""

    values: list[str]
    index: list[int]


class FleetColumns(Frozen):
    """The whole fleet by columns, all of one length. `cursor` resumes the event stream from here."""

    now_ms: int
    cursor: str
    id: list[str]
    contract: Coded
    firmware: Coded
    presence: Coded
    why: Coded
    since_ms: list[int | None]
    last_heard_ms: list[int | None]
    last_answered_ms: list[int | None]
    publish_every_ms: list[int | None]
    presumed_lost_after_ms: list[int | None]
    numbered: list[int]
    stored: list[int]
    quarantined: list[int]
    declined: list[int]
    lost: list[int]
    owed: list[int]
    owed_since_ms: list[int | None]
    duplicates: list[int]


class Rates(Frozen):
    """Changes per second over the last `window_ms`."""

    window_ms: int
    stored_per_s: float
    duplicates_per_s: float
    heard_per_s: float


class Trouble(Frozen):
    """What keeps the hub from its work, and what helps. `since_ms` is null when nobody knows."""

    reason: str
    remedy: str
    since_ms: int | None


class Summary(Frozen):
    """The fleet in one look. `rates` is null until the hub has watched for a moment.

    `troubles` is what keeps the hub itself from hearing or storing. While there is any, a device's silence says nothing about the
    device: its presence is `unknown` from when a word of it was due.
    """

    now_ms: int
    generation: str | None
    devices: int
    by_presence: dict[str, int]
    by_contract: dict[str, int]
    books: Books
    rates: Rates | None
    refused: int
    troubles: list[Trouble] = []


class FleetChange(Frozen):
    """Data of the stream's `change` events: rows that changed, in full, and the summary after them."""

    cursor: str
    now_ms: int
    summary: Summary
    rows: list[FleetRow]


class Health(Frozen):
    """Whether the hub can do its work. `status` is `ok`, or `degraded` with `troubles`.

    `database` is `ok`, `read-only` or `away: …`; `broker` is `ok`, `away: …` or `not configured`; `ingest` is `ok`, `unknown`, or says
    for how long what devices sent has been waiting to be stored. `stored_ms` is when something was last stored (a fleet that is
    quiet stores nothing), `waiting_ms` the arrival of the oldest message that is not stored.
    """

    status: str
    now_ms: int
    version: str
    database: str
    broker: str
    ingest: str
    stored_ms: int | None
    stored_age_ms: int | None
    waiting_ms: int | None
    generation: str | None
    troubles: list[Trouble]
