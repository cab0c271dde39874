"""A port without a network, held to the same conformance suite as the real one, and a hub of a few lines to answer it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from seamline.agent.mqtt import OnLost, OnMessage
from seamline.agent.reasons import NETWORK, ConnectError

Json = dict[str, object]


@dataclass
class MemoryBroker:
    """Keeps what devices publish; `answers` may refuse a connect by its reason."""

    published: list[tuple[str, bytes]] = field(default_factory=list)
    wills: list[bytes] = field(default_factory=list)
    connections: list["MemoryConnection"] = field(default_factory=list)
    refuse: str | None = None
    on_publish: Callable[["MemoryConnection", str, bytes], None] | None = None
    goodbyes: int = 0
    attempts: int = 0

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.published]

    def documents(self, kind: str) -> list[Json]:
        return [json.loads(payload) for each, payload in self.published if each == kind]

    @property
    def live(self) -> "MemoryConnection":
        return self.connections[-1]


class MemoryPort:
    """See Port."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def connect(
        self, will: bytes, timeout_ms: int, keep_alive_ms: int, on_message: OnMessage, on_lost: OnLost
    ) -> "MemoryConnection":
        self._broker.attempts += 1
        await asyncio.sleep(0)
        if self._broker.refuse == "timeout":
            try:
                async with asyncio.timeout(timeout_ms / 1000):
                    await asyncio.get_running_loop().create_future()
            except TimeoutError as error:
                raise ConnectError("timeout", "nobody answered") from error
        if self._broker.refuse is not None:
            raise ConnectError(self._broker.refuse, "as told")
        connection = MemoryConnection(self._broker, will, on_message, on_lost)
        self._broker.connections.append(connection)
        return connection


class MemoryConnection:
    """See Connection; `send` and `drop` are the broker's side."""

    def __init__(self, broker: MemoryBroker, will: bytes, on_message: OnMessage, on_lost: OnLost) -> None:
        self._broker = broker
        self._will = will
        self._on_message = on_message
        self._on_lost = on_lost
        self.live = True

    def publish(self, kind: str, payload: bytes) -> None:
        if self.live:
            self._broker.published.append((kind, payload))
            if self._broker.on_publish is not None:
                self._broker.on_publish(self, kind, payload)

    async def close(self) -> None:
        self._broker.goodbyes += self.live
        self.live = False

    def abort(self) -> None:
        if self.live:
            self.live = False
            self._broker.wills.append(self._will)

    def send(self, kind: str, document: Json) -> None:
        """Bring a downlink to the device, in a later turn of the loop as a network does."""
        payload = json.dumps(document).encode()
        asyncio.get_running_loop().call_soon(lambda: self._on_message(kind, payload) if self.live else None)

    def drop(self, reason: str = NETWORK) -> None:
        """Lose the connection."""
        if self.live:
            self.abort()
            self._on_lost(reason)


def answer_birth(birth: Json, **more: object) -> Json:
    """Return the session that answers a birth."""
    echo = {name: birth[name] for name in ("session", "boot", "incarnation")}
    fixed: Json = {"time_ms": 1_700_000_000_000, "uncertainty_ms": 5, "generation": 1, "spread_ms": 0, "marks": [], "closed": 0}
    return {**echo, **fixed, "twin": {"desired": {}, "known": {}}, **more}
