"""The contract as values: what both sides of the seam agreed on. Durations are integers in ms, sizes in bytes.

Mappings keep the order of the file. Nothing here reads files or checks rules: `loader` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seamline.contract.hardware import Device, Power
from seamline.contract.layout import Layout, Value
from seamline.contract.limits import FRAME_BYTES_MAX
from seamline.contract.quantities import EventRate, Money


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
    """Size of the fleet, connects a second that the cloud accepts, time until everyone is back.

    `messages_rate` is what broker and hub were measured to take in a second, `tries_max` how often all layers together may
    try one thing. The rest is of one device: its link in bit/s, its data in bytes a month (30 d), what a MiB costs and may
    cost a month.
    """

    devices_max: int
    accept_rate: int
    recovery_ms: int
    messages_rate: int | None = None
    tries_max: int = 10
    link_rate: int | None = None
    data_budget: int | None = None
    data_cost: Money | None = None
    cost_max: Money | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A stream of records: its channel (`id`), layout, periods, and what a frame may hold.

    `priority` is high, normal or low; `qos` is MQTT's, 0 or 1. A record older than `expires_ms` may be given up (declared
    as lost). A frame has at most `batch_max` records and `frame_bytes_max` bytes.

    A message with `at_most` is sent on events, no more often than that in the mean; its `sample_ms` is what lies between two at
    this rate, which is what budgets reckon with, and `publish_every_ms` how long an event may wait for the next (0: not at all).
    """

    name: str
    id: int
    layout: Layout
    sample_ms: int
    publish_every_ms: int
    batch_max: int
    priority: str
    expires_ms: int | None = None
    qos: int = 1
    frame_bytes_max: int = FRAME_BYTES_MAX
    at_most: EventRate | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How raw counts become physical values, by a formula of `calibration`; its coefficients are per device and versioned.

    `terms` are fixed for the product: `degree` of a polynomial, `points` of a table (at most), `adc.bits`, `adc.reference`
    (`3300mV`), `adc.divider` (`10000Ohm`), `adc.thermistor` (`high`), `unit` of the result.
    """

    name: str
    kind: str
    terms: Mapping[str, str]

    @property
    def unit(self) -> str | None:
        """The unit of the physical value, where it is declared; a thermistor's is Cel unless it is."""
        return self.terms.get("unit", "Cel" if self.kind == "steinhart_hart" else None)

    @property
    def unit_in(self) -> str:
        """The unit of what the formula takes: the thermistor's resistance, the converter's voltage, or the count itself."""
        if self.kind == "steinhart_hart":
            return "Ohm"
        return "V" if "adc.bits" in self.terms else "1"

    @property
    def coefficients(self) -> tuple[str, ...]:
        """The names of what every device needs; `points` is a list of pairs, the others are numbers."""
        if self.kind == "polynomial":
            return tuple(f"c{power}" for power in range(int(self.terms["degree"]) + 1))
        return {"linear": ("gain", "offset"), "steinhart_hart": ("a", "b", "c")}.get(self.kind, ("points",))

    @property
    def form(self) -> str:
        """The kind with its terms, as the canonical layout writes it."""
        return ",".join([self.kind, *(f"{key}={value}" for key, value in sorted(self.terms.items()))])


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault code and everything both sides say about it. `layer` is where it arises.

    A fault that latches stays until it is cleared: `holds` says what stays off until then, `clears` how. `related` are the messages
    to look at.
    """

    code: int
    name: str
    layer: str
    severity: str
    latches: bool
    meaning: str
    cause: str | None = None
    user: str | None = None
    support: str | None = None
    related: tuple[str, ...] = ()
    holds: str | None = None
    clears: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Property(Value):
    """A twin property: its raw value travels as an integer. `conflict` is the rule when both sides change it."""

    conflict: str
    expires_ms: int | None = None
    confirm_within_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """An order with a deadline. Kept for the compiler; the wire has no commands yet.

    `idempotent` says that doing it twice is doing it once; `outcomes` are the words a device answers with.
    """

    name: str
    body: Mapping[str, Value]
    deadline_ms: int
    result: Mapping[str, str]
    idempotent: bool = False
    outcomes: tuple[str, ...] = ("done", "refused", "failed")


@dataclass(frozen=True, slots=True)
class Wait:
    """A further time of a boundary. `kind` is timeout, budget, period, idle, keep_alive or retry (then with `attempts`)."""

    name: str
    owner: str
    boundary: str
    kind: str
    value_ms: int
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """Every wait across the boundaries. `owners` names who may change each, `boundaries` where it holds, if that is said.

    `further` are those that a product adds to the ones that Seamline obeys.
    """

    connect_timeout_ms: int
    answer_timeout_ms: int
    commit_budget_ms: int
    keep_alive_ms: int
    presumed_lost_publishes: int
    network_ms: int
    owners: Mapping[str, str]
    boundaries: Mapping[str, str] = field(default_factory=dict[str, str])
    further: Mapping[str, Wait] = field(default_factory=dict[str, Wait])


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: the n-th wait is uniform in 0..min(cap, base * 2**n)."""

    base_ms: int
    cap_ms: int
    reset_after_ms: int


@dataclass(frozen=True, slots=True)
class Busy:
    """What a device does when it is told to come back later: it waits as asked, at most `wait_max_ms`, plus jitter."""

    wait_max_ms: int


@dataclass(frozen=True, slots=True)
class Buffer:
    """What a device keeps until the hub has it. `store` is ram or flash; `drop_first` are message names in order.

    `durable` says that a power cut loses nothing of it.
    """

    outage_ms: int
    capacity_bytes: int
    store: str
    drop_first: tuple[str, ...]
    flight_frames: int
    durable: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """How a device knows the time. `resets` is 'on power loss' or 'never'; `sync_every_ms` the longest time without a source."""

    sources: tuple[str, ...]
    drift_ppm: int
    resets: str
    error_max_ms: int
    sync_every_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """The update policy. Kept for the update service. `image_bytes` is the size of the largest image."""

    slot_count: int
    slot_bytes: int
    healthy_when: tuple[str, ...]
    attempts: int
    bytes_per_month: int
    power: str
    image_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """How long certificates live, and how long a device may be offline. Kept for the identity service."""

    lifetime_ms: int
    renew_at_ms: int
    claim: str
    offline_max_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads what, over which window, answered within what. Kept for the compiler.

    `by` is how it asks (device, time, fleet), `fresh_ms` the oldest value it may show as current, `order_ms` the distance
    at which it must know which of two devices' readings came first.
    """

    name: str
    reads: tuple[str, ...]
    within_ms: int
    window_ms: int | None = None
    by: tuple[str, ...] = ()
    fresh_ms: int | None = None
    order_ms: int | None = None


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
    flags: Mapping[str, Mapping[int, str]] = field(default_factory=dict[str, Mapping[int, str]])
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
    busy: Busy | None = None
    power: Power | None = None
    device: Device | None = None
    document: Mapping[str, object]

    @property
    def reference(self) -> str:
        """The contract as a device names it at birth: `heater/1.3.0`."""
        return f"{self.product}/{self.version}"

    @property
    def message_by_id(self) -> Mapping[int, Message]:
        """The messages by channel."""
        return {message.id: message for message in self.messages.values()}

    @property
    def heartbeat_ms(self) -> int:
        """The longest that a device is silent while nothing happens: what is sent on a period shows that it lives, no event does.

        Where every message waits for an event (SL249 refuses it), it is the keep-alive.
        """
        periods = [message.publish_every_ms for message in self.messages.values() if message.at_most is None]
        return min(periods, default=self.timing.keep_alive_ms)

    def accelerated(self, factor: int) -> Contract:
        """Return the same contract with its waits and periods divided by `factor`; see `acceleration`."""
        from seamline.contract.acceleration import accelerate  # noqa: PLC0415  (it builds on this module)

        return accelerate(self, factor)
