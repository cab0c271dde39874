"""The terms of a storm: what the devices obey, what broker and hub take, and where each number comes from.

The broker is one queue that does `accept_rate` connects a second. It works on every connection it has accepted, each as far
as it can: HELLO_SHARE of the work when a device's hello comes, the rest when the device has answered, behind all that came
meanwhile. So in a crowd everybody waits for everybody, and a broker that is a connect timeout behind does nothing but handshakes
for devices that have left. That is how goodput collapses (EMQX #4227: 30,000 clients over mutual TLS, every CPU busy, none
connected). More than `connections_max` at once, live ones included, are turned away.

The hub is one queue of messages that takes `messages_rate`. A device that was answered sends its anchor, its twin and its
backlog, `flight_frames` at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seamline.contract import Contract, policy
from seamline.contract.checks.traffic import frames
from seamline.contract.checks.words import DAY_MS
from seamline.contract.limits import FRAME_OVERHEAD_BYTES
from seamline.device import Policy
from seamline.hub.ingest.sessions import reconnect_spread_ms

SECOND_MS: Final = 1_000
TOGETHER_MS: Final = 1_000
"""The power comes back everywhere within so long: "in the same second"."""
CONNECT_MS: Final = 150
"""Round trips of a connect that meets no queue: TCP, TLS 1.3 and CONNECT, four one-way trips of 37.5 ms (rig/world/link.py)."""
ROUND_MS: Final = 75
"""Of these, between the broker's two pieces of work: its flight there, the device's back."""
ANSWER_MS: Final = 125
"""From a birth that meets no queue to its session: two trips, and 50 ms for a batch to fill and be committed."""
CONNECTIONS_MAX: Final = 65_536
"""That a NATS server takes unless it is told otherwise (its `max_connections`); a larger fleet has as many servers as hold it."""
HELLO_SHARE: Final = 1 / 3
"""Of a connect's work at the broker: key exchange and one signature, against two verifications, authorisation and subscription."""
HUB_RATE: Final = 50_000
"""Messages a second where the contract has no `messages_rate`: what one ingest process took (docs/benchmarks.md, `pipelined`)."""
DEVICES_MAX: Final = 10_000_000
"""As many as a contract may state."""
OUTAGE_MS_MAX: Final = 366 * 86_400_000


class StormError(ValueError):
    """What cannot be planned; the message names the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of one storm. Waits in ms, rates a second."""

    devices: int
    accept_rate: int
    recovery_ms: int
    tries_max: int
    connect_timeout_ms: int
    answer_timeout_ms: int
    commit_budget_ms: int
    base_ms: int
    cap_ms: int
    declared_spread_ms: int
    told_spread_ms: int
    messages_rate: int
    rate_is_measured: bool
    """Whether the contract states `messages_rate`."""
    outage_ms: int
    backlog_frames: int
    """What each device brings."""
    flight_frames: int
    greeting_messages: int
    """Besides the birth: an anchor, and the twin's report where there is one."""
    frames_per_day: int
    """Of each device, when nothing goes wrong."""
    connections_max: int


def terms_of(contract: Contract, devices: int | None = None, outage_ms: int | None = None) -> Terms:
    """The terms of a contract, for its fleet and the outage it promises to bridge unless others are given. Raises StormError."""
    fleet, timing = contract.fleet, contract.timing
    count = fleet.devices_max if devices is None else devices
    if not 1 <= count <= DEVICES_MAX:
        raise StormError(f"devices: {count} devices make no storm; say 1 to {DEVICES_MAX}")
    dark_ms = contract.buffer.outage_ms if outage_ms is None else outage_ms
    if not 0 <= dark_ms <= OUTAGE_MS_MAX:
        raise StormError(f"outage: {dark_ms} ms; say 0 to {OUTAGE_MS_MAX} ms (366 days)")
    if timing.connect_timeout_ms <= CONNECT_MS:
        raise StormError(
            f"timing.connect_timeout: within {timing.connect_timeout_ms} ms nobody connects over the internet;"
            f" give it more than {CONNECT_MS} ms"
        )
    obeyed = Policy(policy(contract))
    return Terms(
        devices=count,
        accept_rate=fleet.accept_rate,
        recovery_ms=fleet.recovery_ms,
        tries_max=fleet.tries_max,
        connect_timeout_ms=obeyed.connect_timeout_ms,
        answer_timeout_ms=obeyed.answer_timeout_ms,
        commit_budget_ms=timing.commit_budget_ms,
        base_ms=obeyed.backoff_base_ms,
        cap_ms=obeyed.backoff_cap_ms,
        declared_spread_ms=obeyed.spread_ms,
        told_spread_ms=told_spread_ms(count, fleet.accept_rate, fleet.recovery_ms, fleet.messages_rate),
        messages_rate=fleet.messages_rate or HUB_RATE,
        rate_is_measured=fleet.messages_rate is not None,
        outage_ms=dark_ms,
        backlog_frames=backlog_frames(contract, dark_ms),
        flight_frames=obeyed.flight_frames,
        greeting_messages=2 if contract.state else 1,
        connections_max=-(-count // CONNECTIONS_MAX) * CONNECTIONS_MAX,
        frames_per_day=sum(frames(message, DAY_MS)[0] for message in contract.messages.values()),
    )


def told_spread_ms(devices: int, accept_rate: int, recovery_ms: int, messages_rate: int | None) -> int:
    """The reconnect spread that the hub tells a fleet of this size (`hub.ingest.sessions`); `messages_rate` as the contract says it."""
    return reconnect_spread_ms(devices, accept_rate, recovery_ms // 2, messages_rate)


def backlog_frames(contract: Contract, outage_ms: int) -> int:
    """How many frames a device holds that measured through an outage: full batches, as many as its buffer has room for.

    Above its capacity the buffer drops what the contract says, oldest first; what is left fills it.
    """
    frames = held = 0
    for message in contract.messages.values():
        records = outage_ms // message.sample_ms
        count = -(-records // message.batch_max)
        frames += count
        held += records * message.layout.record_bytes + count * FRAME_OVERHEAD_BYTES
    capacity = contract.buffer.capacity_bytes
    return frames if held <= capacity else max(1, frames * capacity // held)
