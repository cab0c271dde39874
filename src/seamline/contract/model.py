"""The contract as values: what both sides of the seam agreed on. Durations are integers in ms, sizes in bytes.

Mappings keep the order of the file. Nothing here reads files or checks rules: `loader` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seamline.contract.layout import Layout, Value


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a side of a boundary."""

    name: str
    team: str
    contact: str


@dataclass(frozen=True, slots=True)
class Security:
    """How a boundary is protected, and what kind of data crosses it."""

    authentication: str
    encryption: str
    data: str


@dataclass(frozen=True, slots=True)
class Boundary:
    """A handoff: its owner (with the contact), its promise, what happens when it fails, what proves it."""

    name: str
    owner: str
    contact: str
    promise: str
    on_failure: str | None = None
    proven_by: tuple[str, ...] = ()
    security: Security | None = None


@dataclass(frozen=True, slots=True)
class Fleet:
    """Size of the fleet, connects a second that the cloud accepts, time until everyone is back."""

    devices_max: int
    accept_rate: int
    recovery_ms: int


@dataclass(frozen=True, slots=True)
class Message:
    """A stream of records: its channel (`id`), layout, periods, and what a frame may hold.

    `priority` is high, normal or low. A record older than `expires_ms` may be given up (declared as lost).
    """

    name: str
    id: int
    layout: Layout
    sample_ms: int
    publish_every_ms: int
    batch_max: int
    priority: str
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How raw counts become physical values; coefficients are per device. `terms` are fixed for the product."""

    name: str
    kind: str
    terms: Mapping[str, str]

    @property
    def form(self) -> str:
        """The kind with its terms, as the canonical layout writes it."""
        return ",".join([self.kind, *(f"{key}={value}" for key, value in sorted(self.terms.items()))])


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault code and everything both sides say about it. `layer` is where it arises."""

    code: int
    name: str
    layer: str
    severity: str
    latches: bool
    meaning: str
    cause: str | None = None
    user: str | None = None
    support: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Property(Value):
    """A twin property: its raw value travels as an integer. `conflict` is the rule when both sides change it."""

    conflict: str
    expires_ms: int | None = None
    confirm_within_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """An order with a deadline. Kept for the compiler; the wire has no commands yet."""

    name: str
    body: Mapping[str, Value]
    deadline_ms: int
    result: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timing:
    """Every wait across the boundary. `owners` names who may change each."""

    connect_timeout_ms: int
    answer_timeout_ms: int
    commit_budget_ms: int
    keep_alive_ms: int
    presumed_lost_publishes: int
    network_ms: int
    owners: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: the n-th wait is uniform in 0..min(cap, base * 2**n)."""

    base_ms: int
    cap_ms: int
    reset_after_ms: int


@dataclass(frozen=True, slots=True)
class Buffer:
    """What a device keeps until the hub has it. `store` is ram or flash; `drop_first` are message names in order."""

    outage_ms: int
    capacity_bytes: int
    store: str
    drop_first: tuple[str, ...]
    flight_frames: int


@dataclass(frozen=True, slots=True)
class Clock:
    """How a device knows the time. `resets` is 'on power loss' or 'never'."""

    sources: tuple[str, ...]
    drift_ppm: int
    resets: str
    error_max_ms: int


@dataclass(frozen=True, slots=True)
class Update:
    """The update policy. Kept for the update service."""

    slot_count: int
    slot_bytes: int
    healthy_when: tuple[str, ...]
    attempts: int
    bytes_per_month: int
    power: str


@dataclass(frozen=True, slots=True)
class Identity:
    """How long certificates live. Kept for the identity service."""

    lifetime_ms: int
    renew_at_ms: int
    claim: str


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads what, over which window, how fresh. Kept for the compiler."""

    name: str
    reads: tuple[str, ...]
    within_ms: int
    window_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version of one product's contract.

    `document` is the file as dicts, lists and strings, as written (JSON-able): what a registry stores.
    """

    product: str
    version: str
    summary: str
    owners: Mapping[str, Owner]
    boundaries: Mapping[str, Boundary]
    fleet: Fleet
    enums: Mapping[str, Mapping[int, str]]
    calibrations: Mapping[str, Calibration]
    messages: Mapping[str, Message]
    faults: Mapping[int, Fault]
    state: Mapping[str, Property]
    commands: Mapping[str, Command]
    timing: Timing
    backoff: Backoff
    buffer: Buffer
    clock: Clock
    update: Update | None
    identity: Identity | None
    consumers: Mapping[str, Consumer]
    document: Mapping[str, object]

    @property
    def reference(self) -> str:
        """The contract as a device names it at birth: `heater/1.3.0`."""
        return f"{self.product}/{self.version}"

    @property
    def message_by_id(self) -> Mapping[int, Message]:
        """The messages by channel."""
        return {message.id: message for message in self.messages.values()}

    def accelerated(self, factor: int) -> Contract:
        """Return the same contract with its waits and periods divided by `factor`; see `acceleration`."""
        from seamline.contract.acceleration import accelerate  # noqa: PLC0415  (it builds on this module)

        return accelerate(self, factor)
