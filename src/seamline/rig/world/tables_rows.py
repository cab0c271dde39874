"""The rows of the hub's fixed tables, column by column as in `hub.schema`. Every time is in Unix µs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, TypedDict, cast


class Compact(Mapping[str, object]):
    """A row that there are hundreds of thousands of: its columns are members, and take a fifth of what a dictionary does.

    Read by name it is as other rows are, for those who look at any table.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, name: str) -> object:
        if name not in self.__match_args__:
            raise KeyError(name)
        return cast("object", getattr(self, name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.__match_args__)

    def __len__(self) -> int:
        return len(self.__match_args__)

    def but(self, **cells: object) -> Self:
        """A copy with these cells in place of its own, for a third of what `dataclasses.replace` costs."""
        row = cast("Callable[..., Self]", type(self))(*map(self.__getattribute__, self.__match_args__))
        for name, cell in cells.items():
            setattr(row, name, cell)
        return row


class DeviceRow(TypedDict):
    """`device`."""

    no: int
    id: str
    product: str | None
    contract: str | None
    firmware: str | None
    epoch: int
    state: str
    incarnation: int | None
    boot: int | None
    created_at: int


class PositionRow(TypedDict):
    """`ingest_position`."""

    partition: int
    stream: str
    seq: int
    stored_ns: int | None
    at: int


class HearingRow(TypedDict):
    """`hearing`."""

    since_ms: int
    until_ms: int


class LayoutRow(TypedDict):
    """`layout`."""

    product: str
    message: str
    message_id: int
    layout: int
    fingerprint: int
    canonical: str
    registered_at: int


class LedgerRow(TypedDict):
    """`ledger`."""

    device_no: int
    incarnation: int
    boot: int
    channel: int
    mark: int
    high: int
    gaps: list[int]
    upper: int | None
    stored: int
    quarantined: int
    declined: int
    lost: int
    duplicates: int
    version: int
    owed_since_ms: int | None
    first_arrival: int | None
    last_arrival: int | None


@dataclass(slots=True, eq=False)
class FoldRow(Compact):
    """`ledger_fold`."""

    device_no: int
    incarnation: int
    channel: int
    boots: int
    boot_first: int
    boot_last: int
    numbered: int
    stored: int
    quarantined: int
    declined: int
    lost: int
    duplicates: int


class IncarnationRow(TypedDict):
    """`incarnation`."""

    device_no: int
    incarnation: int
    first_seen: int
    closed: int


@dataclass(slots=True, eq=False)
class LossRow(Compact):
    """`loss`."""

    id: int
    device_no: int
    incarnation: int
    boot: int
    boots: int
    channel: int
    first: int
    count: int
    reason: str
    declared_at: int
    told: bool


@dataclass(slots=True, eq=False)
class AnchorRow(Compact):
    """`anchor`."""

    id: int
    device_no: int
    incarnation: int
    boot: int
    at_ms: int
    unix_ms: int
    source: str
    uncertainty_ms: int
    received_at: int
    accepted: bool
    why: str | None


@dataclass(slots=True, eq=False)
class BootRow(Compact):
    """`boot`."""

    device_no: int
    incarnation: int
    boot: int
    reset: str | None
    firmware: str | None
    contract: str | None
    first_heard: int
    last_heard: int
    began_before_ms: int | None
    uptime_ms: int | None
    redate_from_ms: int | None
    redate_version: int
    unborn: bool


class PresenceRow(TypedDict):
    """`presence`."""

    device_no: int
    session: int | None
    incarnation: int | None
    boot: int | None
    born_at: int | None
    last_heard: int | None
    last_answered: int | None
    died_at: int | None
    unanswered: int
    last_end: str | None
    failures: object
    publish_every_ms: int | None
    answer_timeout_ms: int | None
    presumed_lost_after_ms: int | None
    announced: str | None
    check_at: int | None


@dataclass(slots=True, eq=False)
class QuarantineRow(Compact):
    """`quarantine`."""

    id: int
    device_no: int | None
    device_id: str
    arrival: int
    reason: str
    detail: str | None
    channel: int | None
    layout: int | None
    fingerprint: int | None
    incarnation: int | None
    boot: int | None
    first: int | None
    count: int | None
    counted: bool
    bytes: bytes
    resolved_at: int | None
    told: bool


class RefusedRow(TypedDict):
    """`refused`."""

    device_id: str
    reason: str
    count: int
    last_at: int
    sample: bytes | None


class CalibrationRow(TypedDict):
    """`calibration`."""

    device_no: int
    product: str
    name: str
    version: int
    serial: int
    coefficients: object
    valid_from: int | None
    valid_to: int | None
    by: str
    reason: str
    made_at: int


class RevaluationRow(TypedDict):
    """`revaluation`."""

    id: int
    device_no: int
    product: str
    calibration: str
    from_version: int | None
    to_version: int
    by: str
    reason: str
    asked_at: int
    finished_at: int | None
    rows: int
    first_measured: int | None
    last_measured: int | None
    place: object


@dataclass(slots=True, eq=False)
class EventRow(Compact):
    """`event`."""

    id: int
    at: int
    device_no: int | None
    kind: str
    boundary: str | None
    owner: str | None
    contact: str | None
    detail: object


class DesiredRow(TypedDict):
    """`twin_desired`."""

    device_no: int
    property: str
    value: object
    version: int
    asked_by: str
    asked_at: int
    known: int
    known_in: int
    expires_at: int | None
    delivered_at: int | None
    seen_at: int | None
    resolved_at: int | None
    resolution: str | None


class ReportedRow(TypedDict):
    """`twin_reported`."""

    device_no: int
    property: str
    value: object
    version: int
    based_on: int | None
    fault: str | None
    boot: int | None
    incarnation: int | None
    at_ms: int | None
    received_at: int
