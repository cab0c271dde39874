"""gmqtt 0.8 behind a typed face: the only module that knows it.

gmqtt carries no types and keeps its transport to itself; what is read of its inside is read here, and guarded by
`tests/unit/agent/test_gmqtt_inside.py`. Its logger is silenced: it writes a traceback for each lost connection, and a fleet
under faults loses thousands, each of which is reported by its reason instead.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from typing import Final, Protocol, cast

import gmqtt
from gmqtt.mqtt import connection as gmqtt_connection
from gmqtt.mqtt.handler import MQTTConnectError
from gmqtt.mqtt.protocol import MQTTProtocol

MQTT_3_1_1: Final = 4
QOS_0: Final = 0
QOS_1: Final = 1
# gmqtt reconnects while its count of failures, from 0, is <= this, so 0 would still allow one; -1 means without end.
NEVER_RECONNECT: Final = -2

logging.getLogger("gmqtt").setLevel(logging.CRITICAL + 1)


class _NoConnection:
    """Takes what gmqtt tells a connection that was never made."""

    def put_package(self, package: object) -> None:
        """Drop it."""


class _CancellableProtocol(MQTTProtocol):
    """gmqtt's protocol, but a connect may be cancelled between the handshake and gmqtt's own bookkeeping.

    There gmqtt's `connection_lost` fails on a missing connection, logs a traceback and leaks its reading task. A fleet on a busy
    machine meets that thousands of times.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if cast("object", self._connection) is None:
            self._connection = _NoConnection()
        super().connection_lost(exc)  # pyright: ignore[reportUnknownMemberType] - gmqtt has no types


gmqtt_connection.MQTTProtocol = _CancellableProtocol


class BrokerRefusedError(Exception):
    """The broker answered CONNECT with a refusal; the text says which."""


class _Transport(Protocol):
    def abort(self) -> None: ...


class _StreamProtocol(Protocol):
    closed: asyncio.Future[None]


class _Inside(Protocol):
    _transport: _Transport
    _protocol: _StreamProtocol
    _last_data_in: float


class _Gmqtt(Protocol):
    _connection: _Inside | None
    on_message: Callable[..., None]
    on_disconnect: Callable[..., None]
    on_subscribe: Callable[..., None]

    def set_config(self, config: dict[str, int]) -> None: ...
    async def connect(self, host: str, port: int, *, ssl: object, keepalive: int, version: int) -> None: ...
    async def disconnect(self) -> None: ...
    def subscribe(self, topic: str, qos: int) -> object: ...
    def publish(self, topic: str, payload: bytes, qos: int) -> None: ...


class Events(Protocol):
    """What a client tells its owner."""

    def received(self, topic: str, payload: bytes) -> None:
        """A message came."""
        ...

    def granted(self, granted: int) -> None:
        """`granted` is the SUBACK's answer: a QoS, or 0x80 for no."""
        ...

    def disconnected(self) -> None:
        """The transport is gone."""
        ...


class Client:
    """A gmqtt client that lives for one connection: clean session, a QoS 1 will, no reconnect, nothing to resend."""

    __slots__ = ("_events", "_gmqtt")

    def __init__(self, client_id: str, will_topic: str, will: bytes, events: "Events") -> None:
        message = gmqtt.Message(will_topic, will, qos=QOS_1)
        inner = cast("_Gmqtt", cast("object", gmqtt.Client(client_id, clean_session=True, will_message=message)))
        inner.set_config({"reconnect_retries": NEVER_RECONNECT})
        inner.on_message = self._message
        inner.on_disconnect = self._disconnect
        inner.on_subscribe = self._subscribe
        self._gmqtt = inner
        self._events = events

    async def connect(self, host: str, port: int, tls: ssl.SSLContext | None, keep_alive_s: int) -> None:
        """Connect and wait for CONNACK. Raises OSError, BrokerRefusedError; waits for ever when the broker hangs up before it."""
        try:
            await self._gmqtt.connect(host, port, ssl=tls or False, keepalive=keep_alive_s, version=MQTT_3_1_1)
        except MQTTConnectError as error:
            raise BrokerRefusedError(str(error)) from error

    def subscribe(self, topic: str) -> None:
        """Ask for `topic` with QoS 0; `on_granted` brings the answer."""
        self._gmqtt.subscribe(topic, QOS_0)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand one QoS 1 message to the transport."""
        self._gmqtt.publish(topic, payload, qos=QOS_1)

    async def disconnect(self) -> None:
        """Send DISCONNECT and wait until the transport is closed: for ever, if the peer stalls."""
        await self._gmqtt.disconnect()

    def abort(self) -> None:
        """Drop the transport, if there is one, without a word."""
        inside = self._inside()
        if inside is not None:
            inside._transport.abort()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see the module

    def cause(self) -> BaseException | None:
        """Return what the transport reported when it ended, or None for an orderly end (or none yet)."""
        inside = self._inside()
        if inside is None:
            return None
        closed = inside._protocol.closed  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see the module
        return closed.exception() if closed.done() and not closed.cancelled() else None

    def silent_s(self) -> float:
        """Return for how long nothing has come in, in seconds."""
        inside = self._inside()
        return 0.0 if inside is None else time.monotonic() - inside._last_data_in  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see the module

    def _inside(self) -> _Inside | None:
        return self._gmqtt._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see the module

    def _message(self, _client: object, topic: str, payload: bytes, *_rest: object) -> None:
        self._events.received(topic, bytes(payload))

    def _disconnect(self, *_rest: object) -> None:
        self._events.disconnected()

    def _subscribe(self, _client: object, _mid: int, granted: tuple[int, ...], _properties: object) -> None:
        self._events.granted(granted[0])
