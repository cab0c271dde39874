"""The rig's time server tells the time to anybody who speaks SNTP, lies when it is told to, and can be silent."""

import asyncio

import pytest
from hypothesis import given, strategies as st

from seamline.rig.board import simulated
from seamline.rig.board.errors import ProxyError
from seamline.rig.board.timeserver import FROM_1900_S, PACKET_BYTES, TimeServer, ntp_time, open_time

UNIX_MS = 1_800_000_000_123


def ask(server):
    """What a simulated board understands, in Unix ms; 0 for no answer."""
    return asyncio.to_thread(simulated.ask_time, "127.0.0.1", server.port, 0.3)


def test_the_time_is_told_to_the_millisecond_stepped_and_withheld():
    async def body():
        async with asyncio.timeout(30), open_time("127.0.0.1") as server:
            server._unix_ms = lambda: UNIX_MS
            assert abs(await ask(server) - UNIX_MS) <= 1
            server.step(-86_400_000)
            assert abs(await ask(server) - UNIX_MS + 86_400_000) <= 1
            server.block()
            server.block()
            server.block(ends=True)
            assert await ask(server) == 0
            server.mend()
            assert abs(await ask(server) - UNIX_MS) <= 1
            assert server.answers == 3

    asyncio.run(body())


@given(st.integers(0, 2_000_000_000_000))
def test_a_time_survives_its_fraction(unix_ms):
    stamp = ntp_time(unix_ms)
    assert 0 <= stamp < 1 << 64
    whole_s = (unix_ms // 1000 + FROM_1900_S) % (1 << 32)
    assert stamp >> 32 == whole_s
    assert abs((stamp & 0xFFFFFFFF) * 1000 / (1 << 32) - unix_ms % 1000) < 1e-3


def test_what_is_no_query_gets_no_answer():
    sent = []

    class Wire:
        def get_extra_info(self, name):
            return ("127.0.0.1", 5)

        def sendto(self, data, address):
            sent.append((data, address))

    server = TimeServer(lambda: UNIX_MS)
    server.datagram_received(bytes(PACKET_BYTES), ("a", 1))  # nobody to answer with yet
    server.connection_made(Wire())
    server.datagram_received(b"short", ("a", 1))
    assert sent == []
    server.datagram_received(bytes(40) + b"original", ("a", 1))
    ((answer, _),) = sent
    assert answer[24:32] == b"original"  # RFC 4330: the asker's own stamp comes back
    assert (answer[0] & 7, answer[1]) == (4, 2)


def test_an_address_that_cannot_be_listened_on_is_named():
    async def body():
        async with open_time("127.0.0.1") as server:
            with pytest.raises(ProxyError, match=f"the time server cannot listen on 127.0.0.1:{server.port}: "):
                async with open_time("127.0.0.1", server.port):
                    pass

    asyncio.run(body())
