"""A link does to one device's bytes exactly what it is told, and nothing to anybody else's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

import pytest

from seamline.rig.links import Link, Links


class Echo:
    """A server that keeps what each connection sent, and sends it back; and the clients' ends, closed at the end."""

    def __init__(self) -> None:
        self.heard: list[bytearray] = []
        self.ended = asyncio.Event()
        self.serving: set[asyncio.Task[None] | None] = set()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        heard = bytearray()
        self.heard.append(heard)
        try:
            while data := await reader.read(65536):
                heard += data
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            await closed(writer)
            self.ended.set()

    async def dial(self, link: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        self.writers.append(writer)
        return reader, writer


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def linked(upstream: int | None = None) -> AsyncIterator[tuple[Link, Echo, Links]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    port = upstream or server.sockets[0].getsockname()[1]
    async with server:
        async with Links("127.0.0.1", port) as links:
            yield await links.add(), echo, links
            for writer in echo.writers:
                await closed(writer)
        await asyncio.gather(*(task for task in echo.serving if task))


def run(body: Callable[[], Coroutine[None, None, None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(10):
            await body()

    asyncio.run(limited())


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def test_bytes_pass_both_ways_unchanged() -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            reader, writer = await echo.dial(link)
            payload = bytes(range(256)) * 4096
            writer.write(payload)
            assert await reader.readexactly(len(payload)) == payload

    run(body)


def test_a_cut_breaks_live_connections_and_lets_the_next_one_in() -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            reader, writer = await echo.dial(link)
            writer.write(b"a")
            await reader.readexactly(1)
            assert link.cut() == 1
            assert await read_to_the_end(reader) == b""
            again, writer_again = await echo.dial(link)
            writer_again.write(b"b")
            assert await again.readexactly(1) == b"b"

    run(body)


@pytest.mark.parametrize("through", [0, 1, 1000])
def test_a_cut_after_so_many_bytes_lets_exactly_those_through(through: int) -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            reader, writer = await echo.dial(link)
            writer.write(b"hello")
            await reader.readexactly(5)
            link.cut_after_bytes_up(through)
            writer.write(b"x" * 5000)
            await read_to_the_end(reader)
            await echo.ended.wait()
            assert bytes(echo.heard[0]) == b"hello" + b"x" * through

    run(body)


def test_a_cut_at_the_answer_lets_the_question_through() -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            reader, writer = await echo.dial(link)
            link.cut_at_answer()
            writer.write(b"question")
            assert await read_to_the_end(reader) == b""
            assert bytes(echo.heard[0]) == b"question"

    run(body)


def test_a_deaf_link_sends_but_hears_nothing_until_it_is_healed() -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            reader, writer = await echo.dial(link)
            writer.write(b"a")
            await reader.readexactly(1)
            link.stall(down=True)
            writer.write(b"b")
            while bytes(echo.heard[0]) != b"ab":
                await asyncio.sleep(0)
            answer = asyncio.create_task(reader.readexactly(1))
            finished, _ = await asyncio.wait({answer}, timeout=0.05)
            assert not finished
            link.stall()
            assert await answer == b"b"

    run(body)


def test_a_delay_holds_each_way_and_keeps_the_order() -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            link.delay(20)
            reader, writer = await echo.dial(link)
            loop = asyncio.get_running_loop()
            began = loop.time()
            for letter in b"abc":
                writer.write(bytes([letter]))
                await asyncio.sleep(0)
            assert await reader.readexactly(3) == b"abc"
            assert loop.time() - began >= 0.04

    run(body)


def test_a_refusing_link_breaks_new_connections_only() -> None:
    async def body() -> None:
        async with linked() as (link, echo, _links):
            reader, writer = await echo.dial(link)
            writer.write(b"a")
            await reader.readexactly(1)
            link.refuse()
            other, _writer = await echo.dial(link)
            assert await read_to_the_end(other) == b""
            writer.write(b"b")
            assert await reader.readexactly(1) == b"b"

    run(body)


def test_without_a_broker_the_device_sees_a_broken_connection() -> None:
    async def body() -> None:
        async with linked(upstream=1) as (link, echo, _links):
            reader, _writer = await echo.dial(link)
            assert await read_to_the_end(reader) == b""
            while link.live:
                await asyncio.sleep(0)

    run(body)


def test_cutting_all_breaks_every_link_once() -> None:
    async def body() -> None:
        async with linked() as (first, echo, links):
            second = await links.add()
            readers: list[asyncio.StreamReader] = []
            for link in (first, second):
                reader, writer = await echo.dial(link)
                writer.write(b"a")
                await reader.readexactly(1)
                readers.append(reader)
            assert links.cut_all() == len(readers)
            for reader in readers:
                assert await read_to_the_end(reader) == b""

    run(body)
