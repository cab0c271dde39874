"""What follows from a contract's numbers: bytes that an outage needs, traffic, how long a silent device keeps trying."""

from __future__ import annotations

from dataclasses import dataclass

from seamline.contract.limits import FRAME_OVERHEAD_BYTES
from seamline.contract.model import Contract, Message
from seamline.contract.scalars import MS

TRIES = 4
"""Births without an answer, or a frame and its three probes, before a session is closed (docs/wire.md, "Order of a session")."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one message makes in a time: records, frames, and their bytes on the wire."""

    message: Message
    records: int
    frames: int
    bytes: int


def load(message: Message, period_ms: int, *, connected: bool) -> Load:
    """Return what a message makes in `period_ms`: frames leave when they are due, or, without a connection, are sealed when full."""
    records = -(-period_ms // message.sample_ms)
    due = max(1, message.publish_every_ms // message.sample_ms) if connected else message.batch_max
    frames = -(-records // min(due, message.batch_max))
    return Load(message, records, frames, records * message.layout.record_bytes + frames * FRAME_OVERHEAD_BYTES)


def loads(contract: Contract, period_ms: int = MS["d"], *, connected: bool = True) -> tuple[Load, ...]:
    """Return what each message makes in `period_ms`; a connected day unless it is said."""
    return tuple(load(message, period_ms, connected=connected) for message in contract.messages.values())


def deaf_after_ms(contract: Contract) -> int:
    """Return after how long without an answer a session is closed: waits of A, 2A, 4A and 8A."""
    return contract.timing.answer_timeout_ms * ((1 << TRIES) - 1)


def spare_ms(contract: Contract) -> int:
    """Return what is left of the answer timeout after the network's and the hub's share."""
    timing = contract.timing
    return timing.answer_timeout_ms - timing.network_ms - timing.commit_budget_ms


def drift_ms(contract: Contract, period_ms: int) -> int:
    """Return the clock's error after `period_ms` without a source, rounded up."""
    return -(-period_ms * contract.clock.drift_ppm // 1_000_000)


def synced_for_ms(contract: Contract) -> int | None:
    """Return how long a clock stays within `error_max` by itself, or None when it does not drift."""
    drift = contract.clock.drift_ppm
    return contract.clock.error_max_ms * 1_000_000 // drift if drift else None
