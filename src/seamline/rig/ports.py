"""A port that misbehaves on request: sends twice, holds anchors back, publishes what no device should."""

import asyncio
from typing import Final

from seamline.agent.mqtt import Connection, OnLost, OnMessage, Port

HELD_ANCHORS_MAX: Final = 16


class FaultyPort:
    """Wraps a device's port; without orders it changes nothing. `duplicate_until_s` is a time of the loop.

    `gate` bounds how many devices of this process connect at once: each real one has a processor of its own, but here thousands of
    handshakes at once would all take longer than their timeout, and none would ever succeed.
    """

    __slots__ = ("_gate", "_inner", "_kept", "anchor_delay_s", "duplicate_until_s", "duplicated", "live")

    def __init__(self, inner: Port, gate: asyncio.Semaphore | None = None) -> None:
        self._inner = inner
        self._gate = gate or asyncio.Semaphore()
        self.duplicate_until_s = 0.0
        self.anchor_delay_s = 0.0
        self.duplicated = 0
        self.live: Connection | None = None
        self._kept: list[tuple[str, bytes]] = []

    async def connect(
        self, will: bytes, timeout_ms: int, keep_alive_ms: int, on_message: OnMessage, on_lost: OnLost
    ) -> "FaultyConnection":
        """See Port.connect."""
        self.live = None

        def lost(reason: str) -> None:
            self.live = None
            on_lost(reason)

        async with self._gate:
            connection = await self._inner.connect(will, timeout_ms, keep_alive_ms, on_message, lost)
        self.live = connection
        for kind, payload in self._kept:
            connection.publish(kind, payload)
        return FaultyConnection(self, connection)

    def inject(self, kind: str, payload: bytes, *, kept: bool = False) -> bool:
        """Publish bytes of your own over the live connection; False when there is none.

        With `kept`, also over every later one: this one may break before the broker has them.
        """
        if self.live is None:
            return False
        self.live.publish(kind, payload)
        if kept:
            self._kept.append((kind, payload))
        return True


class FaultyConnection:
    """See FaultyPort."""

    __slots__ = ("_held", "_inner", "_port")

    def __init__(self, port: FaultyPort, inner: Connection) -> None:
        self._port = port
        self._inner = inner
        self._held: list[asyncio.TimerHandle] = []

    def publish(self, kind: str, payload: bytes) -> None:
        """See Connection.publish."""
        loop = asyncio.get_running_loop()
        if kind == "anchor" and self._port.anchor_delay_s and len(self._held) < HELD_ANCHORS_MAX:
            self._held.append(loop.call_later(self._port.anchor_delay_s, self._inner.publish, kind, payload))
            return
        self._inner.publish(kind, payload)
        if kind == "data" and loop.time() < self._port.duplicate_until_s:
            self._inner.publish(kind, payload)
            self._port.duplicated += 1

    async def close(self) -> None:
        """See Connection.close."""
        self._release()
        await self._inner.close()

    def abort(self) -> None:
        """See Connection.abort."""
        self._release()
        self._inner.abort()

    def _release(self) -> None:
        for handle in self._held:
            handle.cancel()
        if self._port.live is self._inner:
            self._port.live = None
