"""The real port, over mutual TLS against the real broker with authorisation, and the one in memory keep the same promises."""

import asyncio
import json
import socket
from asyncio import sslproto
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import nats
import pytest
from tests.unit.agent.memory import MemoryBroker, MemoryPort

from seamline.agent.mqtt import MqttPort, Port
from seamline.agent.reasons import ConnectError
from seamline.agent.tls import LEAN_BUFFER_BYTES, Endpoint, device_context, lean_buffers
from seamline.rig.links import Link, Links
from seamline.stack import DevelopmentCa, Stack, StateDir

WAIT_S = 10
KEEP_ALIVE_MS = 60_000
NUMBERS = count(1)


@dataclass
class Side:
    """A device's port with the broker's side of it."""

    port: Port
    expect: Callable[[str], Awaitable[bytes]]  # the next payload on up/<device>/<kind>
    send: Callable[[str, bytes], Awaitable[None]]
    drop: Callable[[], None]


@asynccontextmanager
async def memory() -> AsyncIterator[Side]:
    broker = MemoryBroker()

    async def expect(kind: str) -> bytes:
        while True:
            if kind == "death" and broker.wills:
                return broker.wills.pop(0)
            for each in broker.published:
                if each[0] == kind:
                    broker.published.remove(each)
                    return each[1]
            await asyncio.sleep(0)

    async def send(kind: str, payload: bytes) -> None:
        broker.live.send(kind, json.loads(payload))

    yield Side(MemoryPort(broker), expect, send, lambda: broker.live.drop())  # noqa: PLW0108  # `live` changes


@asynccontextmanager
async def real(stack: Stack) -> AsyncIterator[Side]:
    device = f"port-{next(NUMBERS)}"
    pem = stack.issue("heater", [device])[device]
    client = await nats.connect(stack.nats_url)
    heard: dict[str, asyncio.Queue[bytes]] = {kind: asyncio.Queue() for kind in ("data", "birth", "death")}

    async def take(message: "nats.aio.msg.Msg") -> None:
        await heard[message.subject.rpartition(".")[2]].put(message.data)

    await client.subscribe(f"up.{device}.*", cb=take)
    await client.flush()

    async def expect(kind: str) -> bytes:
        return await heard[kind].get()

    async def send(kind: str, payload: bytes) -> None:
        await client.publish(f"dn.{device}.{kind}", payload)
        await client.flush()

    async with Links(stack.mqtt_host, stack.mqtt_port) as links:
        link = await links.add()
        endpoint = Endpoint(stack.mqtt_host, link.port, device_context(stack.ca_file, pem.cert, pem.key))
        yield Side(MqttPort(device, endpoint), expect, send, lambda: link.cut() and None)
        await client.close()


@pytest.fixture(params=["memory", "real"])
def check(request: pytest.FixtureRequest) -> Callable[[Callable[[Side], Coroutine[None, None, None]]], None]:
    def act(body: Callable[[Side], Coroutine[None, None, None]]) -> None:
        async def limited() -> None:
            context = memory() if request.param == "memory" else real(request.getfixturevalue("parts"))
            async with asyncio.timeout(WAIT_S), context as side:
                await body(side)

        asyncio.run(limited())

    return act


Check = Callable[[Callable[[Side], Coroutine[None, None, None]]], None]


def test_what_is_published_arrives_and_what_is_sent_is_heard(check: Check) -> None:
    async def body(side: Side) -> None:
        heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        connection = await side.port.connect(b"will", 5000, KEEP_ALIVE_MS, lambda *each: heard.put_nowait(each), lambda _: None)
        connection.publish("birth", b"hello")
        assert await side.expect("birth") == b"hello"
        await side.send("marks", b'{"a": 1}')
        assert await heard.get() == ("marks", b'{"a": 1}')
        await connection.close()

    check(body)


def test_order_is_kept(check: Check) -> None:
    async def body(side: Side) -> None:
        connection = await side.port.connect(b"will", 5000, KEEP_ALIVE_MS, lambda *_: None, lambda _: None)
        for number in range(50):
            connection.publish("data", bytes([number]))
        assert [(await side.expect("data"))[0] for _ in range(50)] == list(range(50))
        await connection.close()

    check(body)


def test_a_lost_connection_is_told_once_with_its_reason_and_the_will_is_sent(check: Check) -> None:
    async def body(side: Side) -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        connection = await side.port.connect(b"the will", 5000, KEEP_ALIVE_MS, lambda *_: None, lost.put_nowait)
        side.drop()
        assert await lost.get() == "network"
        assert await side.expect("death") == b"the will"
        connection.publish("data", b"into the void")
        connection.abort()
        await asyncio.sleep(0)
        assert lost.empty()

    check(body)


def test_a_goodbye_sends_no_will_and_is_not_reported_as_a_loss(check: Check) -> None:
    async def body(side: Side) -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        connection = await side.port.connect(b"the will", 5000, KEEP_ALIVE_MS, lambda *_: None, lost.put_nowait)
        await connection.close()
        again = await side.port.connect(b"second", 5000, KEEP_ALIVE_MS, lambda *_: None, lost.put_nowait)
        again.abort()
        assert await side.expect("death") == b"second"
        assert lost.empty()

    check(body)


# -- what only a real network can do wrong ---------------------------------------------------------------------------------


async def _connect(device: str, endpoint: Endpoint, timeout_ms: int = 5000) -> str:
    """Try to connect; return the reason it failed, or `connected`."""
    try:
        connection = await MqttPort(device, endpoint).connect(b"", timeout_ms, KEEP_ALIVE_MS, lambda *_: None, lambda _: None)
    except ConnectError as error:
        return error.reason
    await connection.close()
    return "connected"


def _context(stack: Stack, device: str):
    pem = stack.issue("heater", [device])[device]
    return device_context(stack.ca_file, pem.cert, pem.key)


def test_a_certificate_under_another_name_is_refused(parts: Stack) -> None:
    endpoint = Endpoint(parts.mqtt_host, parts.mqtt_port, _context(parts, "port-honest"))
    assert asyncio.run(_connect("port-honest", endpoint)) == "connected"
    assert asyncio.run(_connect("port-other", endpoint)) == "refused"


def test_a_broker_with_a_foreign_certificate_is_a_tls_failure(parts: Stack, tmp_path) -> None:
    foreign_state = StateDir(tmp_path)
    foreign_state.make()
    foreign = DevelopmentCa(foreign_state)
    foreign.issue("heater", ["port-foreign"])
    pem = foreign.credentials("port-foreign")
    distrusting = device_context(foreign.ca_file, pem.cert, pem.key)
    assert asyncio.run(_connect("port-foreign", Endpoint(parts.mqtt_host, parts.mqtt_port, distrusting))) == "tls"
    distrusted = device_context(parts.ca_file, pem.cert, pem.key)
    # Under TLS 1.3 the broker's alert may be overtaken by its hanging up.
    reason = asyncio.run(_connect("port-foreign", Endpoint(parts.mqtt_host, parts.mqtt_port, distrusted)))
    assert reason in {"tls", "server_closed"}


def test_a_closed_port_a_wrong_name_and_silence_are_told_apart(parts: Stack) -> None:
    context = _context(parts, "port-lost")

    async def act() -> None:
        assert await _connect("port-lost", Endpoint("127.0.0.1", 1, context)) == "network"
        assert await _connect("port-lost", Endpoint("no-such-host.invalid", 8883, context)) == "dns"
        with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts, and nobody ever speaks
            endpoint = Endpoint("127.0.0.1", silent.getsockname()[1], context)
            assert await _connect("port-lost", endpoint, timeout_ms=100) == "timeout"

    asyncio.run(act())


def test_a_broker_that_hangs_up_before_it_accepts_is_told_as_such() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()
        await writer.wait_closed()

    async def act() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with server:
            endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
            assert await _connect("port-hung", endpoint) == "server_closed"

    asyncio.run(act())


def test_a_stalled_peer_does_not_hold_up_a_goodbye(parts: Stack) -> None:
    async def act() -> None:
        async with Links(parts.mqtt_host, parts.mqtt_port) as links:
            link = await links.add()
            connection = await _through(link, parts)
            link.stall(up=True, down=True)
            async with asyncio.timeout(5):
                await connection.close()

    asyncio.run(act())


def test_pings_that_go_unanswered_end_the_session_as_keep_alive(parts: Stack) -> None:
    async def act() -> None:
        async with Links(parts.mqtt_host, parts.mqtt_port) as links:
            link = await links.add()
            lost: asyncio.Queue[str] = asyncio.Queue()
            connection = await _through(link, parts, keep_alive_ms=3000, on_lost=lost.put_nowait)
            link.stall(down=True)
            async with asyncio.timeout(WAIT_S):
                assert await lost.get() == "keep_alive"
            await connection.close()

    asyncio.run(act())


def test_lean_buffers_are_what_a_connection_really_gets(parts: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", sslproto.SSLProtocol.max_size)
    lean_buffers()

    async def act() -> int:
        async with Links(parts.mqtt_host, parts.mqtt_port) as links:
            connection = await _through(await links.add(), parts)
            transport = connection._client._gmqtt._connection._transport  # the inside that the saving leans on
            length = len(transport._ssl_protocol._ssl_buffer)
            await connection.close()
            return length

    assert asyncio.run(act()) == LEAN_BUFFER_BYTES


async def _through(link: Link, stack: Stack, keep_alive_ms: int = KEEP_ALIVE_MS, on_lost=lambda _: None):
    device = f"port-{next(NUMBERS)}"
    endpoint = Endpoint(stack.mqtt_host, link.port, _context(stack, device))
    return await MqttPort(device, endpoint).connect(b"", 5000, keep_alive_ms, lambda *_: None, on_lost)
