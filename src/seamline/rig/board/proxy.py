"""The way of a board to its broker: one listener that passes TCP through untouched, or fails it as a network does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from seamline.rig.board.errors import ProxyError
from seamline.rig.links import Link, Links

PORTAL: Final = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""What a captive portal says to anybody, also to who speaks TLS."""


PART_BYTES: Final = 48
"""No TLS record with an MQTT publish in it is so short."""


class BrokerProxy:
    """The faults of a network. Use `open_proxy`.

    Counts what it does; `mend` ends everything. The bytes themselves are never changed: they are TLS, and the board would only see
    a broken connection.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._up = 0
        self._down = 0
        self._refused = 0

    @property
    def port(self) -> int:
        """Where the board connects."""
        return self._link.port

    @property
    def live(self) -> int:
        """Connections open now."""
        return self._link.live

    @property
    def connections(self) -> int:
        """Connections the board has begun so far."""
        return self._link.connections

    def cut(self) -> None:
        """Break the live connection."""
        self._link.cut()

    def cut_in_publish(self) -> None:
        """Break the connection in the midst of the next message that the board sends."""
        self._link.cut_after_bytes_up(PART_BYTES)

    def stall(self, *, up: bool, down: bool, ends: bool = False) -> None:
        """Swallow a direction, or both; connections stay. With `ends`, what was begun so ends. They may overlap."""
        step = -1 if ends else 1
        self._up += step * up
        self._down += step * down
        self._link.stall(up=self._up > 0, down=self._down > 0)

    def refuse(self, *, ends: bool = False) -> None:
        """Break each new connection at once. May overlap."""
        self._refused += -1 if ends else 1
        self._link.refuse(self._refused > 0)

    def slow(self, each_way_ms: int) -> None:
        """Hold every byte back for so long; 0 ends it."""
        self._link.delay(each_way_ms)

    def forget_idle(self, idle_ms: int | None) -> None:
        """Be a NAT that forgets connections idle for so long; None ends it, not for those it has forgotten."""
        self._link.forget_idle(idle_ms)

    def portal(self, *, on: bool) -> None:
        """Be a captive portal."""
        self._link.answer_with(PORTAL if on else b"")

    def mend(self) -> None:
        """End every fault. A connection that was stalled is broken too: TCP may take minutes to find out that it is not."""
        stalled = self._up > 0 or self._down > 0
        self._up = self._down = self._refused = 0
        self.slow(0)
        self.forget_idle(None)
        self.portal(on=False)
        self._link.stall()
        self._link.refuse(refused=False)
        if stalled:
            self._link.cut()


@asynccontextmanager
async def open_proxy(listen: tuple[str, int], broker: tuple[str, int]) -> AsyncGenerator[BrokerProxy]:
    """Pass what connects to `listen` on to `broker`; both are (host, port), and port 0 listens on a free one. Raises ProxyError."""
    failed: Exception | None = None
    async with Links(*broker) as links:
        try:  # errors are kept out of the links' task group, which would wrap them
            yield BrokerProxy(await _listening(links, listen))
        except Exception as error:  # noqa: BLE001  # raised again below, as it is
            failed = error
    if failed is not None:
        raise failed


async def _listening(links: Links, listen: tuple[str, int]) -> Link:
    try:
        return await links.add(*listen)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ProxyError(f"the proxy cannot listen on {listen[0]}:{listen[1]}: {why}; name another --listen") from error
