"""Tells devices to wait while nothing can be committed: births and probes are answered `busy`, straight from the broker.

It listens beside the stream, so it works with a full buffer, with a database away since the start, and without a look at
what is pending. A device is told once in the time it was given.
"""

from __future__ import annotations

import time
from typing import Final

from seamline.hub.downlink import busy_payload
from seamline.hub.ingest.nats import Connection

RETRY_MS_MIN: Final = 2_000
RETRY_MS_MAX: Final = 30_000
"""Silence asked for grows with the outage between these: short outages must not cost minutes, long ones not bandwidth."""
DEVICES_MAX: Final = 100_000
"""Devices remembered as told; beyond it the memory starts over and some are told twice."""
_QUESTIONS: Final = ("up.*.birth", "up.*.probe")


class Busy:
    """The answer while we cannot answer. `begin` and `end` may be called again and again."""

    def __init__(self, connection: Connection, partition: int, partitions: int) -> None:
        self._connection: Final = connection
        self._partition: Final = partition
        self._partitions: Final = partitions
        self._sids: list[int] = []
        self._since_s = 0.0
        self._told: dict[bytes, float] = {}

    @property
    def on(self) -> bool:
        """Whether devices are being told to wait."""
        return bool(self._sids)

    def begin(self) -> None:
        """From now on answer births and probes with `busy`."""
        if not self._sids:
            self._since_s = time.monotonic()
            self._told.clear()
            self._sids = [self._connection.subscribe(subject, self._asked) for subject in _QUESTIONS]

    def end(self) -> None:
        """Leave the answering to ingest again."""
        for sid in self._sids:
            self._connection.unsubscribe(sid)
        self._sids = []

    def tell(self, devices: set[bytes]) -> None:
        """Tell these devices (ids): their questions are already in the pending batch."""
        now = time.monotonic()
        retry_ms = round(min(RETRY_MS_MAX, max(RETRY_MS_MIN, (now - self._since_s) * 1000)))
        due = [device for device in devices if self._told.get(device, 0.0) <= now]
        if len(self._told) + len(due) > DEVICES_MAX:
            self._told.clear()
        for device in due:
            self._told[device] = now + retry_ms / 1000
        payload = busy_payload(retry_ms)
        self._connection.publish([(f"dn.{device.decode()}.busy", payload) for device in due])

    def _asked(self, subject: bytes, _reply: bytes, _payload: bytes) -> None:
        device = subject.split(b".")[1]
        if partition_of(device, self._partitions) == self._partition:
            self.tell({device})


def partition_of(device: bytes, partitions: int) -> int:
    """The partition the broker puts a device's subject into: FNV-1a (32 bits) of the token, modulo their number."""
    value = 0x811C9DC5
    for byte in device:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value % partitions
