"""A time server of the rig's own (SNTP, RFC 4330), so that time can be wrong or not to be had."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

from seamline.rig.board.errors import ProxyError

PACKET: Final = struct.Struct(">BBbbII4s8s8s8sQ")
"""Flags, stratum, poll, precision, root delay and dispersion, reference, three times of 8 bytes, the time of sending."""
PACKET_BYTES: Final = 48
FROM_1900_S: Final = 2_208_988_800
SERVER_V4: Final = 0b00_100_100
STRATUM: Final = 2


def ntp_time(unix_ms: int) -> int:
    """Return a time as NTP has it: seconds since 1900 (they wrap in 2036) and 32 bits of fraction."""
    whole, part_ms = divmod(unix_ms, 1000)
    return ((whole + FROM_1900_S) % (1 << 32)) << 32 | (part_ms << 32) // 1000


class TimeServer(asyncio.DatagramProtocol):
    """Answers every query with the time, or a wrong one, or not at all. Use `open_time`."""

    def __init__(self, unix_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._unix_ms = unix_ms
        self._transport: asyncio.DatagramTransport | None = None
        self._blocked = 0
        self._off_ms = 0
        self.answers = 0
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See DatagramProtocol."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = cast("int", transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See DatagramProtocol."""
        if len(data) < PACKET_BYTES or self._blocked or self._transport is None:
            return
        now = ntp_time(self._unix_ms() + self._off_ms)
        told = now.to_bytes(8, "big")
        self.answers += 1
        self._transport.sendto(PACKET.pack(SERVER_V4, STRATUM, 0, -10, 0, 0, b"RIG\0", told, data[40:48], told, now), addr)

    def step(self, by_ms: int) -> None:
        """See port.Time."""
        self._off_ms = by_ms

    def block(self, *, ends: bool = False) -> None:
        """See port.Time."""
        self._blocked += -1 if ends else 1

    def mend(self) -> None:
        """See port.Time."""
        self._off_ms = self._blocked = 0


@asynccontextmanager
async def open_time(host: str, port: int = 0) -> AsyncGenerator[TimeServer]:
    """Serve the time at `host`, on a free port unless told otherwise. Raises ProxyError."""
    try:
        transport, server = await asyncio.get_running_loop().create_datagram_endpoint(TimeServer, local_addr=(host, port))
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ProxyError(f"the time server cannot listen on {host}:{port}: {why}") from error
    try:
        yield server
    finally:
        transport.close()
