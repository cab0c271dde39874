"""The proxy passes bytes through untouched, fails as a network does, and is whole again when it is mended."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from seamline.rig.board.errors import ProxyError, SilentError
from seamline.rig.board.proxy import PORTAL, open_proxy


@asynccontextmanager
async def proxied():
    """The proxy, and a way to connect through it to an echo."""
    writers, serving = [], set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()[:2]

    async def dial(way):
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        writers.append(writer)
        return reader, writer

    async with server:
        async with open_proxy(("127.0.0.1", 0), address) as way:
            yield way, lambda: dial(way)
            for writer in writers:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()
        await asyncio.gather(*serving)


def run(body):
    async def limited():
        async with asyncio.timeout(30), proxied() as (way, dial):
            await body(way, dial)

    asyncio.run(limited())


async def echoed(end, data):
    reader, writer = end
    writer.write(data)
    return await reader.readexactly(len(data))


async def to_the_end(end):
    try:
        return await end[0].read()
    except ConnectionError:
        return b""


async def stays_silent(end):
    """Nothing comes while the proxy answers another question that was asked later."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await end[0].readexactly(1)


def test_bytes_pass_and_connections_are_counted():
    async def body(way, dial):
        end = await dial()
        assert await echoed(end, b"one") == b"one"
        assert (way.live, way.connections) == (1, 1)
        way.cut()
        assert await to_the_end(end) == b""
        assert await echoed(await dial(), b"two") == b"two"
        assert (way.live, way.connections) == (1, 2)

    run(body)


def test_a_cut_in_a_publish_lets_a_part_of_it_through_and_breaks():
    async def body(way, dial):
        end = await dial()
        assert await echoed(end, b"one") == b"one"
        way.cut_in_publish()
        end[1].write(b"x" * 500)
        await to_the_end(end)
        assert await echoed(await dial(), b"two") == b"two"

    run(body)


@pytest.mark.parametrize(("up", "down"), [(True, False), (False, True), (True, True)])
def test_stalls_overlap_and_the_bytes_come_when_the_last_one_ends(up, down):
    async def body(way, dial):
        end = await dial()
        assert await echoed(end, b"one") == b"one"
        way.stall(up=up, down=down)
        way.stall(up=up, down=down)
        way.stall(up=up, down=down, ends=True)
        end[1].write(b"two")
        await stays_silent(end)
        way.stall(up=up, down=down, ends=True)
        assert await end[0].readexactly(3) == b"two"

    run(body)


def test_new_connections_are_refused_until_the_last_refusal_ends_and_live_ones_stay():
    async def body(way, dial):
        end = await dial()
        assert await echoed(end, b"one") == b"one"
        way.refuse()
        way.refuse()
        way.refuse(ends=True)
        assert await to_the_end(await dial()) == b""
        assert await echoed(end, b"two") == b"two"
        way.refuse(ends=True)
        assert await echoed(await dial(), b"three") == b"three"

    run(body)


def test_a_slow_network_holds_bytes_back_each_way():
    async def body(way, dial):
        end = await dial()
        way.slow(50)
        began_s = asyncio.get_running_loop().time()
        assert await echoed(end, b"one") == b"one"
        assert asyncio.get_running_loop().time() - began_s >= 0.1
        way.slow(0)
        assert await echoed(end, b"two") == b"two"

    run(body)


def test_a_nat_forgets_an_idle_connection_for_good_and_tells_nobody():
    async def body(way, dial):
        idle, other = await dial(), await dial()
        assert await echoed(idle, b"one") == b"one"
        way.forget_idle(0)
        idle[1].write(b"two")
        await stays_silent(idle)
        way.forget_idle(None)
        idle[1].write(b"three")
        await stays_silent(idle)
        assert way.live == 2  # nobody was told
        assert await echoed(other, b"four") == b"four"
        assert await echoed(await dial(), b"five") == b"five"

    run(body)


def test_a_captive_portal_answers_in_the_brokers_place():
    async def body(way, dial):
        way.portal(on=True)
        assert await to_the_end(await dial()) == PORTAL
        way.portal(on=False)
        assert await echoed(await dial(), b"one") == b"one"

    run(body)


def test_mending_ends_everything_and_breaks_what_was_stalled():
    async def body(way, dial):
        stalled = await dial()
        assert await echoed(stalled, b"one") == b"one"
        way.stall(up=True, down=True)
        way.refuse()
        way.slow(10_000)
        way.forget_idle(0)
        way.portal(on=True)
        way.mend()
        assert await to_the_end(stalled) == b""
        end = await dial()
        assert await echoed(end, b"two") == b"two"
        way.mend()
        assert await echoed(end, b"three") == b"three"

    run(body)


def test_an_address_that_cannot_be_listened_on_is_named():
    async def body(way, dial):
        with pytest.raises(ProxyError, match=rf"cannot listen on 127.0.0.1:{way.port}: .*; name another --listen"):
            async with open_proxy(("127.0.0.1", way.port), ("127.0.0.1", 1)):
                pass

    run(body)


def test_a_broker_that_is_not_there_breaks_the_connection():
    async def body():
        async with asyncio.timeout(30), open_proxy(("127.0.0.1", 0), ("127.0.0.1", 1)) as way:
            assert await to_the_end(await asyncio.open_connection("127.0.0.1", way.port)) == b""

    asyncio.run(body())


def test_what_goes_wrong_inside_comes_out_as_it_is():
    async def body():
        async with open_proxy(("127.0.0.1", 0), ("127.0.0.1", 1)):
            raise SilentError("nothing was said")

    with pytest.raises(SilentError):
        asyncio.run(body())
