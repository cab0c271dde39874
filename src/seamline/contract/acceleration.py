"""Compressed time: the same contract with shorter waits, so that a demo or a test lives through hours in minutes.

Layouts, fingerprints, sizes and clock figures stay as they are; only periods and waits shrink, never below what a
real broker, database and scheduler on two cores can keep, and never grow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seamline.contract.model import Contract, Message, Property

# Floors in ms, each the smallest figure at which the real stack of the demo does not break its own promise.
SAMPLE_FLOOR_MS = 50  # 20 readings a second and device; an asyncio fleet of hundreds stays on time
PUBLISH_FLOOR_MS = 250
ANSWER_FLOOR_MS = 2000  # a hub that restarts its ingest answers within this; shorter only makes probes
BUDGET_FLOOR_MS = 500
CONNECT_FLOOR_MS = 5000  # a mutual-TLS handshake behind a full accept queue
KEEP_ALIVE_FLOOR_MS = 5000
BACKOFF_BASE_FLOOR_MS = 100
BACKOFF_CAP_FLOOR_MS = 2000
BACKOFF_RESET_FLOOR_MS = 1000
RECOVERY_FLOOR_MS = 1000
TWIN_FLOOR_MS = 2000
OUTAGE_FLOOR_MS = 1000


def shrunk(ms: int, factor: int, floor_ms: int) -> int:
    """Return `ms / factor`, not below the floor, never above `ms`."""
    return min(ms, max(ms // factor, floor_ms))


def accelerate(contract: Contract, factor: int) -> Contract:
    """Return the contract with device-side periods and waits divided by `factor` (an integer from 1)."""
    if factor < 1:
        msg = f"factor {factor} is not at least 1"
        raise ValueError(msg)
    timing, backoff = contract.timing, contract.backoff
    keep_alive_ms = shrunk(timing.keep_alive_ms, factor, KEEP_ALIVE_FLOOR_MS) // 1000 * 1000
    return replace(
        contract,
        messages={name: _message(message, factor) for name, message in contract.messages.items()},
        state={name: _property(item, factor) for name, item in contract.state.items()},
        timing=replace(
            timing,
            connect_timeout_ms=shrunk(timing.connect_timeout_ms, factor, CONNECT_FLOOR_MS),
            answer_timeout_ms=shrunk(timing.answer_timeout_ms, factor, ANSWER_FLOOR_MS),
            commit_budget_ms=shrunk(timing.commit_budget_ms, factor, BUDGET_FLOOR_MS),
            network_ms=shrunk(timing.network_ms, factor, BUDGET_FLOOR_MS),
            keep_alive_ms=keep_alive_ms,
        ),
        backoff=replace(
            backoff,
            base_ms=shrunk(backoff.base_ms, factor, BACKOFF_BASE_FLOOR_MS),
            cap_ms=shrunk(backoff.cap_ms, factor, BACKOFF_CAP_FLOOR_MS),
            reset_after_ms=shrunk(backoff.reset_after_ms, factor, BACKOFF_RESET_FLOOR_MS),
        ),
        buffer=replace(contract.buffer, outage_ms=shrunk(contract.buffer.outage_ms, factor, OUTAGE_FLOOR_MS)),
        fleet=replace(contract.fleet, recovery_ms=shrunk(contract.fleet.recovery_ms, factor, RECOVERY_FLOOR_MS)),
    )


def _message(message: Message, factor: int) -> Message:
    expires_ms, sample_ms = message.expires_ms, shrunk(message.sample_ms, factor, SAMPLE_FLOOR_MS)
    return replace(
        message,
        sample_ms=sample_ms,
        at_most=None if message.at_most is None else message.at_most.spaced(sample_ms),
        publish_every_ms=shrunk(message.publish_every_ms, factor, PUBLISH_FLOOR_MS),
        expires_ms=None if expires_ms is None else shrunk(expires_ms, factor, 2 * PUBLISH_FLOOR_MS),
    )


def _property(item: Property, factor: int) -> Property:
    expires_ms, confirm_ms = item.expires_ms, item.confirm_within_ms
    return replace(
        item,
        expires_ms=None if expires_ms is None else shrunk(expires_ms, factor, TWIN_FLOOR_MS),
        confirm_within_ms=None if confirm_ms is None else shrunk(confirm_ms, factor, TWIN_FLOOR_MS),
    )
