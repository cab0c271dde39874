"""The API on a port of its own, in a thread, with a clock that tests may turn."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from seamline.contract import Family
from seamline.hub.api.context import ApiContext, FrameSource, RawFrame, unix_ms
from seamline.hub.api.server import bind, serve
from seamline.hub.hearing import Hearing

JOIN_S = 10.0
"""How long the server may take to end; its own limit is 3 s."""


@dataclass(slots=True)
class TurnedClock:
    """The host's clock, turned forward by `ahead_ms`."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        """Return the time, Unix ms."""
        return unix_ms() + self.ahead_ms


@dataclass(slots=True)
class KeptFrames:
    """A `FrameSource` of frames that a test puts there, newest first; `away` makes it a broker that is gone."""

    frames: list[RawFrame] = field(default_factory=list[RawFrame])
    away: bool = False

    async def recent(self, device: str, limit: int) -> list[RawFrame]:
        """Return the first `limit` frames, whoever's they are; raises `ConnectionError` while away."""
        del device
        if self.away:
            message = "no broker"
            raise ConnectionError(message)
        return self.frames[:limit]


@dataclass(frozen=True, slots=True)
class ServedApi:
    """A running API: its address, and what a test may turn."""

    url: str
    clock: TurnedClock
    frames: KeptFrames
    asked: list[str]
    stop: Callable[[], None]


@contextmanager
def serving(
    dsn: str,
    family: Family,
    pages: Path | None = None,
    *,
    beside: Sequence[Family] = (),
    hearing: Callable[[Callable[[], int]], Hearing] | None = None,
) -> Generator[ServedApi]:
    """Serve the API over the database at `dsn`; it knows the contracts of `family`, and of those `beside` it.

    `hearing` makes what knows whether the hub hears, from the clock that a test turns; None: no broker is configured.
    """
    clock, frames, asked = TurnedClock(), KeptFrames(), list[str]()
    loop = asyncio.new_event_loop()
    listener = bind("127.0.0.1", 0)
    context = _context(dsn, (family, *beside), clock, frames, asked, pages)
    if hearing is not None:
        context = replace(context, hearing=hearing(clock))
    thread = threading.Thread(target=_run, args=(loop, context, listener), name="api", daemon=True)
    thread.start()

    def stop() -> None:
        if thread.is_alive():
            loop.call_soon_threadsafe(context.stopping.set)
            thread.join(JOIN_S)

    try:
        yield ServedApi(f"http://127.0.0.1:{listener.getsockname()[1]}", clock, frames, asked, stop)
    finally:
        stop()


def _context(
    dsn: str, families: Sequence[Family], clock: TurnedClock, frames: FrameSource, asked: list[str], pages: Path | None
) -> ApiContext:
    known = {f"{family.product}/{version}": contract for family in families for version, contract in family.versions.items()}

    async def note(device: str) -> None:
        asked.append(device)

    return ApiContext(
        dsn=dsn,
        frames=frames,
        contract=known.get,
        asked=note,
        now_ms=clock,
        pages=pages,
        deadline_s=1.0,
    )


def _run(loop: asyncio.AbstractEventLoop, context: ApiContext, listener: socket.socket) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(serve(context, listener))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
