"""The device core's share of a contract: plain ints, strings and lists, JSON-able, without anything to parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.messages import PRIORITIES
from seamline.contract.model import Contract, Message
from seamline.contract.standard import LOSSES

if TYPE_CHECKING:
    from seamline.contract.layout import Layout

STRIDE = 256
"""Sequences reserved with one flash write: the bound that survives a power cut is at most this far ahead."""
LOSSES_BATCH_MAX = 24
"""Loss records of one frame: 16 ranges of a boot are rare, 24 keep the frame below 500 bytes."""


def policy(contract: Contract) -> dict[str, object]:
    """Return the policy dict of `seamline.device.Core`. Times in ms; priority 0 high, 1 normal, 2 low; 0 = never.

    A channel of events has `events_max` in `events_per_ms`. Numbers are plain ones, without the words of a `Duration`.
    """
    timing, backoff, buffer = contract.timing, contract.backoff, contract.buffer
    ids = {name: message.id for name, message in contract.messages.items()}
    fastest_ms = contract.heartbeat_ms
    losses = Message(
        name=LOSSES.message,
        id=LOSSES.message_id,
        layout=LOSSES,
        sample_ms=fastest_ms,
        publish_every_ms=fastest_ms,
        batch_max=LOSSES_BATCH_MAX,
        priority="high",
    )
    return _plain(
        {
            "product": contract.product,
            "version": contract.version,
            "contract": contract.reference,
            "connect_timeout_ms": timing.connect_timeout_ms,
            "answer_timeout_ms": timing.answer_timeout_ms,
            "keep_alive_ms": timing.keep_alive_ms,
            "backoff_base_ms": backoff.base_ms,
            "backoff_cap_ms": backoff.cap_ms,
            "backoff_reset_after_ms": backoff.reset_after_ms,
            "spread_ms": contract.fleet.recovery_ms // 2,
            "drift_ppm": contract.clock.drift_ppm,
            "store": buffer.store,
            "capacity_bytes": buffer.capacity_bytes,
            "flight_frames": buffer.flight_frames,
            "stride": STRIDE,
            "drop_first": [ids[name] for name in buffer.drop_first],
            "channels": [_channel(message) for message in (losses, *contract.messages.values())],
            "state": [{"name": name} for name in contract.state],
        }
    )


def _plain(document: dict[str, object]) -> dict[str, object]:
    return {key: int(value) if isinstance(value, int) else value for key, value in document.items()}


def _channel(message: Message) -> dict[str, object]:
    layout: Layout = message.layout
    bound = message.at_most
    channel: dict[str, object] = {
        "id": message.id,
        "name": message.name,
        "layout": layout.version,
        "fingerprint": layout.fingerprint,
        "record_bytes": layout.record_bytes,
        "every_ms": message.publish_every_ms,
        "batch_max": message.batch_max,
        "priority": PRIORITIES.index(message.priority),
        "expires_ms": message.expires_ms or 0,
    }
    if bound is not None:
        channel |= {"events_max": bound.events, "events_per_ms": bound.per_ms}
    return _plain(channel)
