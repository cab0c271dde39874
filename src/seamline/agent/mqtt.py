"""One MQTT 3.1.1 connection of one device, over gmqtt.

gmqtt serves for exactly one connection and is thrown away after it: the device core owns reconnects and resends, so the
client's own are off (a fresh client has nothing to resend; `reconnect_retries` below zero forbids the rest). What gmqtt leaves
open is closed here: a broker that hangs up before CONNACK, a peer that never finishes closing, and why it ended.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from seamline.agent import reasons
from seamline.agent.gmqtt_client import BrokerRefusedError, Client
from seamline.agent.reasons import ConnectError
from seamline.agent.tls import Endpoint

# A peer that does not answer our goodbye is not waited for.
CLOSE_TIMEOUT_S: Final = 2.0
# gmqtt pings after 0.8 keep-alives of silence and looks every half; it gives up itself, silently, after 2. Two pings have failed then.
SILENT_KEEP_ALIVES: Final = 1.8
# So that a timer that rings a moment early does not ring twice.
WATCH_SLACK_S: Final = 0.1
SUBACK_REFUSED: Final = 0x80

OnMessage = Callable[[str, bytes], None]
OnLost = Callable[[str], None]


class Connection(Protocol):
    """A live connection, as the driver uses it."""

    def publish(self, kind: str, payload: bytes) -> None:
        """Send on `up/<device>/<kind>`, QoS 1. Never blocks, never resends; silently nothing once the connection is lost."""
        ...

    async def close(self) -> None:
        """Say goodbye (the will is not sent) and wait, at most CLOSE_TIMEOUT_S, until the transport is gone."""
        ...

    def abort(self) -> None:
        """Drop the transport at once, as a power cut does: the broker sends the will."""
        ...


class Port(Protocol):
    """How a device reaches its broker."""

    async def connect(
        self, will: bytes, timeout_ms: int, keep_alive_ms: int, on_message: OnMessage, on_lost: OnLost
    ) -> Connection:
        """Connect, subscribe, and return; raises ConnectError with the reason. `on_lost(reason)` is called exactly once, later."""
        ...


class MqttPort:
    """Port of one device: client id = device id, clean session, will on `up/<device>/death`, QoS 1 up, `dn/<device>/#` down."""

    __slots__ = ("_device", "_endpoint")

    def __init__(self, device: str, endpoint: Endpoint) -> None:
        self._device = device
        self._endpoint = endpoint

    async def connect(
        self, will: bytes, timeout_ms: int, keep_alive_ms: int, on_message: OnMessage, on_lost: OnLost
    ) -> Connection:
        """See Port.connect."""
        connection = MqttConnection(self._device, will, on_message, on_lost)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await connection.open(self._endpoint, max(1, keep_alive_ms // 1000))
        except (OSError, ValueError, ConnectError) as error:  # ssl.SSLError, TimeoutError and gaierror are OSErrors
            connection.abort()
            raise reasons.classify(error) from error
        except BaseException:
            connection.abort()
            raise
        return connection


class MqttConnection:
    """See Connection; made by MqttPort.connect."""

    __slots__ = (
        "_client",
        "_device",
        "_gone",
        "_keep_alive_s",
        "_live",
        "_on_lost",
        "_on_message",
        "_prefix",
        "_subscribed",
        "_unanswered",
        "_watching",
    )

    def __init__(self, device: str, will: bytes, on_message: OnMessage, on_lost: OnLost) -> None:
        loop = asyncio.get_running_loop()
        self._device = device
        self._prefix = f"dn/{device}/"
        self._on_message = on_message
        self._on_lost = on_lost
        self._gone: asyncio.Future[None] = loop.create_future()
        self._subscribed: asyncio.Future[int] = loop.create_future()
        self._live = False
        self._unanswered = False
        self._watching: asyncio.TimerHandle | None = None
        self._keep_alive_s = 0
        self._client = Client(device, f"up/{device}/death", will, self)

    async def open(self, endpoint: Endpoint, keep_alive_s: int) -> None:
        """Connect and subscribe. Raises OSError or ConnectError; the caller sets the time limit and aborts after a failure."""
        self._keep_alive_s = keep_alive_s
        attempt = asyncio.ensure_future(self._client.connect(endpoint.host, endpoint.port, endpoint.tls, keep_alive_s))
        try:
            # gmqtt itself would wait for ever for the CONNACK of a broker that has hung up.
            await asyncio.wait((attempt, self._gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            attempt.cancel()
        if attempt.done():
            try:
                attempt.result()
            except BrokerRefusedError as error:
                raise ConnectError(reasons.REFUSED, str(error)) from error
        self._raise_if_gone("before it accepted the connection")
        self._client.subscribe(f"{self._prefix}#")
        await asyncio.wait((self._subscribed, self._gone), return_when=asyncio.FIRST_COMPLETED)
        self._raise_if_gone("before it granted the subscription")
        if self._subscribed.result() >= SUBACK_REFUSED:
            raise ConnectError(reasons.REFUSED, f"subscription to {self._prefix}# not granted")
        self._live = True
        self._watch()

    def publish(self, kind: str, payload: bytes) -> None:
        """See Connection.publish."""
        if self._live:
            self._client.publish(f"up/{self._device}/{kind}", payload)

    async def close(self) -> None:
        """See Connection.close."""
        self._end()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._client.disconnect()
        except OSError:  # TimeoutError is one: the peer is gone or will not answer, and the goodbye is lost with it
            self._client.abort()

    def abort(self) -> None:
        """See Connection.abort."""
        self._end()
        self._client.abort()

    def _watch(self) -> None:
        """Break a connection that has been silent for too long.

        gmqtt gives up then too, but politely: over TLS it waits half a minute for the goodbye of a peer that is not there.
        """
        if not self._live:
            return
        left_s = SILENT_KEEP_ALIVES * self._keep_alive_s - self._client.silent_s()
        if left_s <= 0:
            self._unanswered = True
            self._client.abort()
        else:
            self._watching = asyncio.get_running_loop().call_later(left_s + WATCH_SLACK_S, self._watch)

    def _end(self) -> None:
        self._live = False
        if self._watching is not None:
            self._watching.cancel()

    def _raise_if_gone(self, when: str) -> None:
        if not self._gone.done():
            return
        cause = self._client.cause()
        if cause is None or isinstance(cause, ConnectionResetError):
            # With TLS 1.3 a broker that does not accept our certificate hangs up after the handshake; its alert is often lost.
            message = f"the broker hung up {when}: is it starting, or does it not accept this certificate?"
            raise ConnectError(reasons.SERVER_CLOSED, message)
        raise reasons.classify(cause)

    def received(self, topic: str, payload: bytes) -> None:
        """See gmqtt_client.Events."""
        if self._live and topic.startswith(self._prefix):
            self._on_message(topic[len(self._prefix) :], payload)

    def granted(self, granted: int) -> None:
        """See gmqtt_client.Events."""
        if not self._subscribed.done():
            self._subscribed.set_result(granted)

    def disconnected(self) -> None:
        """See gmqtt_client.Events."""
        if not self._gone.done():
            self._gone.set_result(None)
        if self._live:
            self._end()
            self._on_lost(reasons.ended(self._client.cause(), pings_unanswered=self._unanswered))
