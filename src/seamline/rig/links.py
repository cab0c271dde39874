"""Links: a TCP proxy with one port a device, so that a network can be made to fail for one device at a time.

TLS passes through untouched: the proxy sees only ciphertext, and a cut in the middle of a publish is a cut in the middle of a
TLS record, as on a real network.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Coroutine
from types import TracebackType
from typing import Final, Self, cast

# What one direction may hold back while it is delayed or its far side is slow; beyond it the sender feels the pressure.
HELD_BYTES_MAX: Final = 256 * 1024


RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for 0 s."""


class _Side(asyncio.Protocol):
    """One end of one proxied connection. What it receives goes to `pair`, through the link's faults."""

    def __init__(self, tunnel: "_Tunnel", *, upward: bool) -> None:
        self._tunnel = tunnel
        self._upward = upward
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._tunnel.made(self)

    def data_received(self, data: bytes) -> None:
        self._tunnel.received(data, upward=self._upward)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._tunnel.lost(self, exc)

    def pause_writing(self) -> None:
        self._tunnel.pressure(upward=not self._upward, held=True)

    def resume_writing(self) -> None:
        self._tunnel.pressure(upward=not self._upward, held=False)


class _Direction:
    """What is on its way in one direction, and what stops it."""

    __slots__ = ("held_bytes", "queue", "slow", "stalled")

    def __init__(self) -> None:
        self.queue: deque[tuple[float, bytes]] = deque()
        self.held_bytes = 0
        self.stalled = False
        self.slow = False


class _Tunnel:
    """One connection of a device: its two sockets and the bytes between them."""

    def __init__(self, link: "Link") -> None:
        self._link = link
        self.device = _Side(self, upward=True)
        self.broker = _Side(self, upward=False)
        self._up = _Direction()
        self._down = _Direction()
        # Read before the broker's side stood: early 3.11 releases read on after a pause in connection_made.
        self._early: list[bytes] = []
        self._dead = False
        self._used_s = asyncio.get_running_loop().time()
        self._forgotten = False
        self.opening: asyncio.Task[None] | None = None

    def made(self, side: _Side) -> None:
        if self._dead:
            _reset(side.transport)
        elif side is self.device:
            cast("asyncio.Transport", side.transport).pause_reading()  # nothing is read before there is somewhere to send it
            self.opening = self._link.dial(self)
        else:
            for data in self._early:
                self._write(data, upward=True)
            self._early.clear()
            self.regulate()

    def received(self, data: bytes, *, upward: bool) -> None:
        if self._is_forgotten():
            return
        if upward:
            data = self._link.passing_up(self, data)
        elif self._link.answer_cuts():
            self.abort()
            return
        if not data:
            return
        direction = self._up if upward else self._down
        if not self._link.delay_s and not direction.queue:
            self._write(data, upward=upward)
            return
        due = asyncio.get_running_loop().time() + self._link.delay_s
        direction.queue.append((due, data))
        direction.held_bytes += len(data)
        if len(direction.queue) == 1:
            asyncio.get_running_loop().call_at(due, self._release, upward)
        self.regulate()

    def _is_forgotten(self) -> bool:
        """Whether a NAT on the way has forgotten this connection: idle for too long once, it is dead for good, and nobody is told."""
        now_s = asyncio.get_running_loop().time()
        self._forgotten |= now_s - self._used_s > self._link.idle_s_max
        self._used_s = now_s
        return self._forgotten

    def _release(self, upward: bool) -> None:  # noqa: FBT001  # called by the loop
        direction = self._up if upward else self._down
        loop = asyncio.get_running_loop()
        while direction.queue and direction.queue[0][0] <= loop.time() and not self._dead:
            _, data = direction.queue.popleft()
            direction.held_bytes -= len(data)
            self._write(data, upward=upward)
        if direction.queue and not self._dead:
            loop.call_at(direction.queue[0][0], self._release, upward)
        self.regulate()

    def _write(self, data: bytes, *, upward: bool) -> None:
        transport = (self.broker if upward else self.device).transport
        if transport is None:
            self._early.append(data)
        elif not transport.is_closing():
            transport.write(data)

    def pressure(self, *, upward: bool, held: bool) -> None:
        (self._up if upward else self._down).slow = held
        self.regulate()

    def stall(self, *, up: bool, down: bool) -> None:
        self._up.stalled = up
        self._down.stalled = down
        self.regulate()

    def regulate(self) -> None:
        """Read from each side only while its bytes may go on: a stalled direction is felt as a network that swallows."""
        for side, direction in ((self.device, self._up), (self.broker, self._down)):
            transport = side.transport
            if transport is None or transport.is_closing() or self.broker.transport is None:
                continue
            if direction.stalled or direction.slow or direction.held_bytes > HELD_BYTES_MAX:
                transport.pause_reading()
            else:
                transport.resume_reading()

    def lost(self, side: _Side, exc: Exception | None) -> None:
        if self._dead:
            return
        other = self.broker if side is self.device else self.device
        if exc is not None or other.transport is None:
            self.abort()
        else:
            other.transport.close()
            self._finish()

    def abort(self) -> None:
        """Break both connections at once; what was on its way is gone."""
        if self.opening is not None:
            self.opening.cancel()
        for side in (self.device, self.broker):
            _reset(side.transport)
        self._finish()

    def answer(self, text: bytes) -> None:
        """Answer the device ourselves, and hang up in order."""
        if self.device.transport is not None:
            self.device.transport.write(text)
            self.device.transport.close()
        self._finish()

    def break_device(self) -> None:
        """Break the device's side; the broker's closes after what was written to it."""
        _reset(self.device.transport)
        if self.broker.transport is not None:
            self.broker.transport.close()
        self._finish()

    def _finish(self) -> None:
        if not self._dead:
            self._dead = True
            self._up.queue.clear()
            self._down.queue.clear()
            self._early.clear()
            self._link.forget(self)


def _reset(transport: asyncio.Transport | None) -> None:
    """Break one end at once, with a reset instead of an orderly end: that is what a network that goes away looks like."""
    if transport is None:
        return
    connection = cast("socket.socket | None", transport.get_extra_info("socket"))
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


class Link:
    """A device's way to the broker: connect to `port` on loopback. Faults act on live and on later connections alike."""

    def __init__(self, links: "Links") -> None:
        self._links = links
        self._server: asyncio.Server | None = None
        self._tunnels: set[_Tunnel] = set()
        self._bytes_up_left: int | None = None
        self._cut_at_answer = False
        self._up_stalled = False
        self._down_stalled = False
        self.port = 0
        self.delay_s = 0.0
        self.idle_s_max = float("inf")
        self.accepts = True
        self.portal = b""
        self.cuts = 0
        self.connections = 0

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen, on a free port of loopback unless told otherwise. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accepted, host, port, backlog=16)
        self.port = cast("int", self._server.sockets[0].getsockname()[1])

    def cut(self) -> int:
        """Break every live connection at once; returns how many."""
        live = list(self._tunnels)
        for tunnel in live:
            tunnel.abort()
        self.cuts += len(live)
        return len(live)

    def cut_after_bytes_up(self, count: int) -> None:
        """Let `count` more bytes through towards the broker, then break: in the middle of a publish."""
        self._bytes_up_left = count

    def cut_at_answer(self) -> None:
        """Let what the device sends through, and break as soon as the broker answers: it has it, the device cannot know."""
        self._cut_at_answer = True

    def stall(self, *, up: bool = False, down: bool = False) -> None:
        """Swallow one or both directions; connections stay open. `stall()` ends it. Down alone is a deaf device."""
        self._up_stalled, self._down_stalled = up, down
        for tunnel in self._tunnels:
            tunnel.stall(up=up, down=down)

    def delay(self, each_way_ms: int) -> None:
        """Hold every byte back for so long, each way."""
        self.delay_s = each_way_ms / 1000

    def refuse(self, refused: bool = True) -> None:  # noqa: FBT001, FBT002  # reads as a sentence: link.refuse(), link.refuse(False)
        """Break each new connection at once, as a network without a route does; live ones stay."""
        self.accepts = not refused

    def forget_idle(self, idle_ms: int | None) -> None:
        """From now on swallow everything of a connection that has been idle for so long, as a NAT does; None ends that for the others."""
        self.idle_s_max = float("inf") if idle_ms is None else idle_ms / 1000

    def answer_with(self, text: bytes) -> None:
        """Answer each new connection with this and close it, as a captive portal does; empty ends it."""
        self.portal = text

    @property
    def live(self) -> int:
        """How many connections are open now."""
        return len(self._tunnels)

    async def close(self) -> None:
        """Break everything and stop listening."""
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # -- for tunnels ---------------------------------------------------------------------------------------------------

    def _accepted(self) -> asyncio.Protocol:
        tunnel = _Tunnel(self)
        tunnel.stall(up=self._up_stalled, down=self._down_stalled)
        self._tunnels.add(tunnel)
        self.connections += 1
        return tunnel.device

    def dial(self, tunnel: _Tunnel) -> asyncio.Task[None]:
        """Connect a new tunnel to the broker."""
        return self._links.spawn(self._dial(tunnel))

    async def _dial(self, tunnel: _Tunnel) -> None:
        if not self.accepts:
            tunnel.abort()
            return
        if self.portal:
            tunnel.answer(self.portal)
            return
        try:
            await asyncio.get_running_loop().create_connection(lambda: tunnel.broker, *self._links.upstream)
        except OSError:
            tunnel.opening = None
            tunnel.abort()
        else:
            tunnel.opening = None

    def passing_up(self, tunnel: _Tunnel, data: bytes) -> bytes:
        """Return what of `data` still gets through; breaks the tunnel where the cut was ordered."""
        left = self._bytes_up_left
        if left is None:
            return data
        if len(data) < left:
            self._bytes_up_left = left - len(data)
            return data
        self._bytes_up_left = None
        transport = tunnel.broker.transport
        if transport is not None and left:
            transport.write(data[:left])
        self.cuts += 1
        tunnel.break_device()
        return b""

    def answer_cuts(self) -> bool:
        """Say whether this answer is the one to break at."""
        armed, self._cut_at_answer = self._cut_at_answer, False
        self.cuts += armed
        return armed

    def forget(self, tunnel: _Tunnel) -> None:
        """Drop a tunnel that has ended."""
        self._tunnels.discard(tunnel)


class Links:
    """All links of a fleet to one broker; `async with Links(host, port) as links: link = await links.add()`."""

    def __init__(self, host: str, port: int) -> None:
        self.upstream = (host, port)
        self._links: list[Link] = []
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for link in self._links:
            with contextlib.suppress(OSError):
                await link.close()
        await self._group.__aexit__(kind, error, trace)

    async def add(self, host: str = "127.0.0.1", port: int = 0) -> Link:
        """Return a new link, listening. Raises OSError."""
        link = Link(self)
        await link.open(host, port)
        self._links.append(link)
        return link

    def cut_all(self) -> int:
        """Break every live connection of every link; returns how many."""
        return sum(link.cut() for link in self._links)

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run a link's connecting in this group."""
        return self._group.create_task(work)
