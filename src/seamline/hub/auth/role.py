"""The `auth` role as a process: two connections to the broker, one file to watch.

It outlives the hub and the broker: reconnects without end, and works on the snapshot it has when a new one cannot be
read. Needs no database.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nats
from nats.errors import Error as NatsError

from seamline.hub.auth.config import AuthConfig, ConfigError, read_config
from seamline.hub.auth.cut import cut, sweep
from seamline.hub.auth.nkeys import NkeyError, key_pair
from seamline.hub.auth.responder import Responder, wall_clock
from seamline.hub.auth.snapshot import SnapshotError, read_snapshot
from seamline.state_home import default_state

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

log = logging.getLogger("seamline.auth")

# Asked by health checks, in the account of the requests: answered with process id and counts.
HEALTH = "seamline.auth.health"
REQUESTS = "$SYS.REQ.USER.AUTH"
WATCH_S = 0.2
# A connect that was being decided while its device was banned shows up as a connection a moment later.
SWEEPS_AFTER_S = (0.5, 1.0, 3.0)
RETRY_S = 0.5
# While nobody answers, a device that connects is kept waiting and then refused: the gap after a broker's restart is short.
RECONNECT_WAIT_S = 0.01
EXIT_OK, EXIT_INSTALLATION = 0, 5


async def _connect(url: str, name: str, reconnected: asyncio.Event) -> Client:
    """A connection that comes back for ever; `reconnected` is set each time it did."""

    async def back() -> None:
        log.info("%s: connected again", name)
        reconnected.set()

    async def trouble(error: Exception) -> None:
        log.debug("%s: %s", name, error)

    return await nats.connect(  # pyright: ignore[reportUnknownMemberType] - nats-py's hints are incomplete
        url,
        name=name,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_WAIT_S,
        connect_timeout=2,
        ping_interval=5,
        max_outstanding_pings=2,
        reconnected_cb=back,
        error_cb=trouble,
    )


async def _first_connect(url: str, name: str, reconnected: asyncio.Event) -> Client:
    """The first connection, tried until the broker is there."""
    while True:
        try:
            return await _connect(url, name, reconnected)
        except (OSError, NatsError, TimeoutError) as error:
            log.debug("%s: %s", name, error)
            await asyncio.sleep(RECONNECT_WAIT_S)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


class AuthRole:
    """One `auth` process."""

    def __init__(self, config: AuthConfig) -> None:
        """Raises NkeyError when the issuer's seed is damaged."""
        self._config: AuthConfig = config
        self._identities: Path = Path(config.identities)
        self._responder: Responder = Responder(key_pair(config.issuer_seed), config.account)
        self._suspects: asyncio.Event = asyncio.Event()
        self._stamp: tuple[int, int, int] | None = None
        self._reading: asyncio.Lock = asyncio.Lock()
        self._doubtful: frozenset[str] = frozenset()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        await self._refresh()
        auth = await _first_connect(self._config.auth_url, "seamline-auth", asyncio.Event())
        system = await _first_connect(self._config.system_url, "seamline-auth-system", self._suspects)
        await auth.subscribe(REQUESTS, cb=self._answer)  # pyright: ignore[reportUnknownMemberType] - nats-py's hints are incomplete
        await auth.subscribe(HEALTH, cb=self._tell)  # pyright: ignore[reportUnknownMemberType] - likewise
        await auth.flush()
        log.info("ready with %d identities", len(self._responder.snapshot))
        self._suspects.set()  # whoever was banned while no auth was running is cut now
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(self._watch(system)), tasks.create_task(self._sweep(system))]
                await stop.wait()
                for task in running:
                    task.cancel()
        finally:
            await system.close()
            await auth.close()

    async def _answer(self, message: Msg) -> None:
        if _stamp(self._identities) != self._stamp:
            # Looked at for each request, in a microsecond or two: a device issued just now gets in, one banned just now does not.
            self._doubtful |= await self._refresh()
        answer = self._responder.answer(message.data, wall_clock())
        if answer is not None:
            await message.respond(answer)

    async def _tell(self, message: Msg) -> None:
        known = {"pid": os.getpid(), "identities": len(self._responder.snapshot), **self._responder.counts}
        await message.respond(json.dumps(known).encode())

    async def _refresh(self) -> frozenset[str]:
        """Obey the snapshot file as it is now; returns the devices whose connections are in doubt.

        Read beside the event loop. One that cannot be read changes nothing, and why is logged.
        """
        async with self._reading:
            stamp = _stamp(self._identities)
            if stamp == self._stamp:
                return frozenset()
            try:
                fresh = await asyncio.to_thread(read_snapshot, self._identities)
            except (SnapshotError, OSError, UnicodeDecodeError) as error:
                log.error("identities kept as they were: %s", error)  # noqa: TRY400 - the message says all
                return frozenset()
            else:
                return self._responder.replace_snapshot(fresh)
            finally:
                self._stamp = stamp  # now, not before the read: until then a request must wait for it

    async def _watch(self, system: Client) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            self._doubtful |= await self._refresh()
            if not self._doubtful:
                continue
            doubtful, self._doubtful = self._doubtful, frozenset[str]()
            try:
                await cut(system, self._responder, doubtful)
            except (NatsError, OSError, TimeoutError) as error:
                log.warning("connections not cut yet: %s", error)
            self._suspects.set()

    async def _sweep(self, system: Client) -> None:
        """Sweep at once when there are suspects, and again until what was being decided meanwhile has shown up."""
        waits: list[float] = []
        while True:
            try:
                async with asyncio.timeout(waits[0] if waits else None):
                    await self._suspects.wait()
                self._suspects.clear()
                waits = list(SWEEPS_AFTER_S)
            except TimeoutError:
                waits = waits[1:]
            try:
                await sweep(system, self._responder, self._config.account)
            except (NatsError, OSError, TimeoutError, ValueError) as error:
                log.warning("sweep put off: %s", error)
                waits = [RETRY_S, *SWEEPS_AFTER_S]


async def _serve(role: AuthRole) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.ensure_future(role.run(stop))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        await asyncio.wait({running}, timeout=1.0)
        running.cancel()
    stopping.cancel()
    await asyncio.gather(running, stopping, return_exceptions=True)
    if running.done() and not running.cancelled():
        running.result()


def _new_loop() -> asyncio.AbstractEventLoop:
    """Make uvloop's loop where it is installed: a third less CPU a connect."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main(state: Path | None) -> int:
    """Run the role until SIGTERM or SIGINT. Returns the exit code: 0, or 5 when the configuration is unusable."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    try:
        role = AuthRole(read_config(state or default_state()))
    except (ConfigError, NkeyError) as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all
        return EXIT_INSTALLATION
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(role))
    return EXIT_OK
