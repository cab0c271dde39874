"""A small NATS client for the ingest path: batches of stream messages in, many small publishes out in one write.

It parses the text protocol (docs.nats.io, "Client protocol") straight from the socket's chunks, because a coroutine or an
object for each message costs several times what decoding its frame does. It knows MSG, HMSG, PING, INFO and -ERR, request
and reply on one inbox, and nothing else. It does not reconnect: `reader` does, since what follows a reconnect is its business.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast
from urllib.parse import unquote, urlsplit

DEFAULT_PORT: Final = 4222
WRITE_BUFFER_BYTES_MAX: Final = 16 << 20
"""Downlinks waiting for the socket; beyond it they are dropped (QoS 0: custody does not depend on them)."""
PAYLOAD_BYTES_MAX: Final = 1_000_000
"""The broker closes a connection that publishes more than its `max_payload`, 1 MB: such a downlink is dropped instead."""

Sink = Callable[[bytes, bytes, bytes], None]
"""Takes (subject, reply or empty, payload) of one message. With an empty reply the payload starts with the headers."""


class NatsError(ConnectionError):
    """The broker is away, refused us, or did not answer in time: transient, connect again."""


NO_STREAM, NO_MESSAGE = 10059, 10037
"""JetStream's `err_code` for a stream, and for a message, that is not there."""


class JetStreamError(Exception):
    """JetStream answered a request with an error: `code` is its `err_code`, e.g. NO_STREAM."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"JetStream: {description} ({code})")
        self.code: Final = code


class Connection(asyncio.Protocol):
    """One connection. Made by `connect`; `closed` is set when it ended, for whatever reason."""

    def __init__(self) -> None:
        self.closed: Final = asyncio.Event()
        self.dropped = 0  # publishes given up because the socket took no more
        self.last_error = ""
        self.last_heard = 0.0
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._sinks: dict[bytes, Sink] = {}
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._inbox: Final = f"_INBOX.{secrets.token_hex(8)}"
        self._pong: asyncio.Future[None] | None = None
        self._next_sid = 1
        self._next_request = 0

    # -- asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the socket."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits, and say so to the owner."""
        if exc is not None and not self.last_error:
            self.last_error = str(exc)
        error = NatsError(f"the broker closed the connection: {self.last_error or 'without a reason'}")
        for waiting in (*self._waiting.values(), *((self._pong,) if self._pong else ())):
            if not waiting.done():
                waiting.set_exception(error)
        self._waiting.clear()
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        """Take every whole message out of what has come; keep the rest."""
        buffer = self._rest + data if self._rest else data
        at, length = 0, len(buffer)
        sinks = self._sinks
        while True:
            eol = buffer.find(b"\r\n", at)
            if eol < 0:
                break
            parts = buffer[at:eol].split(b" ")
            word = parts[0]
            if word == b"HMSG":
                end = eol + 2 + int(parts[-1])
                if end + 2 > length:
                    break
                sink = sinks.get(parts[2])
                if sink is not None:
                    if len(parts) == 6:
                        sink(parts[1], parts[3], buffer[eol + 2 + int(parts[4]) : end])
                    else:
                        sink(parts[1], b"", buffer[eol + 2 : end])
                at = end + 2
            elif word == b"MSG":
                end = eol + 2 + int(parts[-1])
                if end + 2 > length:
                    break
                sink = sinks.get(parts[2])
                if sink is not None:
                    sink(parts[1], parts[3] if len(parts) == 5 else b"", buffer[eol + 2 : end])
                at = end + 2
            else:
                self._line(buffer[at:eol])
                at = eol + 2
        self._rest = buffer[at:]

    def _line(self, line: bytes) -> None:
        if line == b"PING":
            self.write(b"PONG\r\n")
        elif line == b"PONG":
            if self._pong is not None and not self._pong.done():
                self._pong.set_result(None)
        elif line.startswith(b"-ERR"):
            self.last_error = line[4:].strip(b" '").decode("ascii", "replace")

    # -- what the owner calls --------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send protocol bytes; nothing happens on a closed connection."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish (subject, payload) pairs in one write. Dropped, and counted, when the broker takes no more."""
        parts: list[bytes] = []
        for subject, payload in messages:
            if len(payload) > PAYLOAD_BYTES_MAX:
                self.dropped += 1
            else:
                parts.append(b"PUB %b %d\r\n%b\r\n" % (subject.encode(), len(payload), payload))
        if not parts:
            return
        if self._transport is None or self._transport.get_write_buffer_size() > WRITE_BUFFER_BYTES_MAX:
            self.dropped += len(parts)
            return
        self.write(b"".join(parts))

    def subscribe(self, subject: str, sink: Sink) -> int:
        """Subscribe; `sink` is called in the loop for each message. Returns the id for `unsubscribe`."""
        sid = self._next_sid
        self._next_sid += 1
        self._sinks[b"%d" % sid] = sink
        self.write(b"SUB %b %d\r\n" % (subject.encode(), sid))
        return sid

    def unsubscribe(self, sid: int) -> None:
        """End a subscription."""
        if self._sinks.pop(b"%d" % sid, None) is not None:
            self.write(b"UNSUB %d\r\n" % sid)

    async def request(self, subject: str, payload: bytes, timeout_s: float = 5.0) -> bytes:
        """Publish and wait for the one answer. Raises NatsError when nobody answers in time."""
        if not self._next_request:
            self.subscribe(f"{self._inbox}.*", self._answer)
        self._next_request += 1
        reply = f"{self._inbox}.{self._next_request}"
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[reply.encode()] = future
        self.write(b"PUB %b %b %d\r\n%b\r\n" % (subject.encode(), reply.encode(), len(payload), payload))
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            raise NatsError(f"no answer to {subject} within {timeout_s:g} s") from None
        finally:
            self._waiting.pop(reply.encode(), None)

    async def jetstream(self, call: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """Call JetStream's API, e.g. `STREAM.INFO.UP`. Raises JetStreamError when it refuses, NatsError when it is away."""
        answer = await self.request(f"$JS.API.{call}", b"" if body is None else json.dumps(body).encode())
        if answer.startswith(b"NATS/1.0 503"):
            raise NatsError(f"JetStream is not available on this account ({call})")
        parsed = cast("dict[str, object]", json.loads(answer))
        error = cast("dict[str, object] | None", parsed.get("error"))
        if error is not None:
            raise JetStreamError(int(str(error.get("err_code", 0))), str(error.get("description", "refused")))
        return parsed

    async def ping(self, timeout_s: float = 5.0) -> None:
        """One round trip: everything written before it has been handled. Raises NatsError."""
        self._pong = asyncio.get_running_loop().create_future()
        self.write(b"PING\r\n")
        try:
            async with asyncio.timeout(timeout_s):
                await self._pong
        except TimeoutError:
            raise NatsError(f"the broker did not answer a ping within {timeout_s:g} s") from None

    def close(self) -> None:
        """Close after what was written has been sent."""
        if self._transport is not None:
            self._transport.close()

    def _answer(self, subject: bytes, _reply: bytes, payload: bytes) -> None:
        future = self._waiting.get(subject)
        if future is not None and not future.done():
            future.set_result(payload)


async def connect(url: str, name: str, timeout_s: float = 5.0) -> Connection:
    """Connect to `nats://user:password@host:port`. Raises NatsError when the broker is away or refuses us."""
    parts = urlsplit(url if "//" in url else f"nats://{url}")
    options: dict[str, object] = {
        "verbose": False,
        "pedantic": False,
        "headers": True,
        "no_responders": True,
        "lang": "seamline",
        "version": "1",
        "name": name,
    }
    if parts.username:
        options["user"] = unquote(parts.username)
        options["pass"] = unquote(parts.password or "")
    try:
        async with asyncio.timeout(timeout_s):
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection, parts.hostname or "127.0.0.1", parts.port or DEFAULT_PORT
            )
    except (OSError, TimeoutError) as error:
        raise NatsError(f"broker at {parts.hostname}:{parts.port or DEFAULT_PORT} is away: {error or 'timeout'}") from None
    connection.write(b"CONNECT %b\r\n" % json.dumps(options).encode())
    try:
        await connection.ping(timeout_s)
    except NatsError:
        connection.close()
        raise NatsError(f"broker refused the connection: {connection.last_error or 'no answer'}") from None
    return connection
