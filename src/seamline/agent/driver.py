"""Runs one device core for real: feeds it time, packets and records, and executes what it asks for, strictly in order.

There is no task a device, only callbacks: one timer from the core's deadline, one short-lived task while a connection opens or
closes. Effects after a `persist` wait until it is durable; meanwhile the driver is parked and everything else still may reach
the core, which queues more effects behind.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from seamline.agent.mqtt import Connection, Port
from seamline.agent.reasons import ConnectError
from seamline.agent.store import Change, Store

Effect = tuple[object, ...]
# An application's answer to a wish: called with (property, value, version).
Apply = Callable[[str, object, int], None]

DOWNLINKS = frozenset({"session", "marks", "busy", "twin"})


class DriverEndedError(RuntimeError):
    """The caller went on with a driver whose power is off, or that never started."""


class DeviceCore(Protocol):
    """The part of seamline.device.Core that a driver uses; times are uptime in ms."""

    def start(self, now_ms: int, reset: str = ..., firmware: str = ...) -> None:
        """Boot."""
        ...

    def record(self, now_ms: int, channel: int, body: bytes) -> int:
        """Number a record."""
        ...

    def connected(self, now_ms: int) -> None:
        """The link is up."""
        ...

    def connect_failed(self, now_ms: int, reason: str) -> None:
        """The connect failed."""
        ...

    def disconnected(self, now_ms: int, reason: str) -> None:
        """The link ended."""
        ...

    def receive(self, now_ms: int, kind: str, payload: bytes) -> None:
        """A downlink came."""
        ...

    def tick(self, now_ms: int) -> None:
        """Let time pass."""
        ...

    def effects(self) -> Sequence[Effect]:
        """Return what to do, drained."""
        ...

    def deadline(self) -> int | None:
        """Return when tick is due."""
        ...


class Watcher(Protocol):
    """Sees what passes, and changes nothing."""

    def published(self, kind: str, payload: bytes) -> None:
        """A message left on `up/<device>/<kind>`."""
        ...

    def received(self, kind: str, payload: bytes) -> None:
        """A downlink came on `dn/<device>/<kind>`."""
        ...

    def link(self, state: str, reason: str) -> None:
        """`state` is connected, failed or ended."""
        ...


@dataclass(frozen=True, slots=True)
class Times:
    """What the driver itself needs of the contract's timing."""

    connect_timeout_ms: int
    keep_alive_ms: int


class Driver:
    """One boot of one device. Make a new one, with a new core, for the next boot."""

    __slots__ = (
        "_apply",
        "_armed_ms",
        "_busy",
        "_closing",
        "_connection",
        "_core",
        "_effects",
        "_ended",
        "_failed",
        "_group",
        "_opening",
        "_parked",
        "_port",
        "_store",
        "_timer",
        "_times",
        "_uptime_ms",
        "_watcher",
        "_will",
    )

    def __init__(
        self,
        core: DeviceCore,
        port: Port,
        store: Store,
        times: Times,
        uptime_ms: Callable[[], int],
        *,
        failed: Callable[[BaseException], None],
        apply: Apply | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        """`failed` is told once of an error that ends this driver: a StoreError, or a bug."""
        self._core = core
        self._port = port
        self._store = store
        self._times = times
        self._uptime_ms = uptime_ms
        self._failed = failed
        self._apply = apply
        self._watcher = watcher
        self._effects: deque[Effect] = deque()
        self._parked: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0
        self._connection: Connection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self._busy = False
        self._ended = False
        self._will = b""

    def start(self, group: asyncio.TaskGroup, reset: str, firmware: str) -> None:
        """Boot the core; its connections open in `group`."""
        self._group = group
        self._guard(lambda: self._core.start(self._uptime_ms(), reset=reset, firmware=firmware))

    def record(self, channel: int, body: bytes, uptime_ms: int | None = None) -> int:
        """Number and keep one record, measured now or at `uptime_ms` of now; returns its sequence.

        Raises DriverEndedError after `cut` or a failure, and whatever the core refuses (a wrong channel or size).
        """
        if self._ended:
            message = "the power of this device is off: make a new driver for its next boot"
            raise DriverEndedError(message)
        sequence = self._core.record(self._uptime_ms() if uptime_ms is None else uptime_ms, channel, body)
        self._guard(_nothing)
        return sequence

    def poke(self, act: Callable[[int], None]) -> None:
        """Let the application call its core (clock, report): `act(now_ms)`, then execute what follows."""
        self._guard(lambda: act(self._uptime_ms()))

    def cut(self) -> None:
        """Lose the power: nothing more is sent, written or heard."""
        self._ended = True
        self._effects.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._opening is not None:
            self._opening.cancel()
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    def drop_link(self) -> None:
        """Break the live connection, if there is one, as the network does; the core is told and comes back by itself."""
        connection = self._connection
        if connection is not None:
            connection.abort()
            self._lost(connection, "network")

    async def settle(self) -> None:
        """Wait until everything asked of the store so far is durable."""
        while self._parked is not None and not self._ended:
            await asyncio.wait((self._parked,))

    async def close(self) -> None:
        """End in order: say the session's death ourselves, since a broker that is told goodbye keeps the will to itself."""
        connection = self._connection
        if connection is not None and self._will:
            connection.publish("death", self._will)
        self._connection = None
        self.cut()
        if connection is not None:
            await connection.close()

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open; says nothing about whether anybody answers."""
        return self._connection is not None

    # -- executing effects ---------------------------------------------------------------------------------------------

    def _guard(self, act: Callable[[], None]) -> None:
        """Run a step of the core and what it asks for; an error ends the driver instead of vanishing in a callback."""
        if self._ended:
            return
        try:
            act()
            self._pump()
        except Exception as error:  # noqa: BLE001  # reported, never swallowed
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._ended:
            self.cut()
            self._failed(error)

    def _pump(self) -> None:
        if self._busy:  # an application's answer to "apply" re-entered: the outer loop goes on
            return
        self._busy = True
        try:
            while self._parked is None and not self._ended:
                self._effects.extend(self._core.effects())
                if not self._effects:
                    break
                self._execute()
        finally:
            self._busy = False
        if not self._ended:
            self._arm()

    def _execute(self) -> None:
        changes = self._leading_changes()
        if changes:
            pending = self._store.write(changes)
            if pending is not None:
                self._parked = pending
                pending.add_done_callback(self._written)
            return
        match self._effects.popleft():
            case ("publish", str(kind), bytes() | bytearray() as payload):
                self._publish(kind, bytes(payload))
            case ("connect", bytes() | bytearray() as will):
                self._open(bytes(will))
            case ("close", str(reason)):
                self._close(reason)
            case ("apply", str(name), value, int(version)):
                if self._apply is not None:
                    self._apply(name, value, version)
            case other:
                message = f"the device core asked for {other!r}, which this driver does not know"
                raise TypeError(message)

    def _leading_changes(self) -> list[Change]:
        """Take the run of persists and forgets at the head: one trip to the disk for all of them, in their order."""
        changes: list[Change] = []
        while self._effects and self._effects[0][0] in {"persist", "forget"}:
            effect = self._effects.popleft()
            value = bytes(cast("bytes", effect[2])) if effect[0] == "persist" else None
            changes.append((cast("str", effect[1]), value))
        return changes

    def _written(self, done: asyncio.Future[None]) -> None:
        self._parked = None
        if self._ended:
            if not done.cancelled():
                done.exception()  # the power went while writing: whatever the store says, nobody is there to hear it
            return
        error = done.exception()
        if error is not None:
            self._fail(error)
        else:
            self._guard(_nothing)

    def _publish(self, kind: str, payload: bytes) -> None:
        if self._connection is not None:
            if self._watcher is not None:
                self._watcher.published(kind, payload)
            self._connection.publish(kind, payload)

    # -- connections ---------------------------------------------------------------------------------------------------

    def _open(self, will: bytes) -> None:
        self._will = will
        self._opening = self._spawn(self._connect(will))

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        if self._group is None:
            work.close()
            message = "start the driver before its core asks for a connection"
            raise DriverEndedError(message)
        return self._group.create_task(work)

    async def _connect(self, will: bytes) -> None:
        opened: list[Connection] = []
        try:
            connection = await self._port.connect(
                will,
                self._times.connect_timeout_ms,
                self._times.keep_alive_ms,
                self._received,
                lambda reason: self._lost(opened[0], reason) if opened else None,
            )
        except ConnectError as failure:
            self._note("failed", failure.reason)
            reason = failure.reason
            self._guard(lambda: self._core.connect_failed(self._uptime_ms(), reason))
            return
        finally:
            if self._opening is asyncio.current_task():
                self._opening = None
        if self._ended:
            connection.abort()
            return
        opened.append(connection)
        self._connection = connection
        self._note("connected", "")
        self._guard(lambda: self._core.connected(self._uptime_ms()))

    def _close(self, reason: str) -> None:
        """Execute the core's own close; it needs no answer, and none is given."""
        connection = self._connection
        self._connection = None
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if connection is not None:
            self._note("ended", reason)
            self._closing = self._spawn(connection.close())

    def _lost(self, connection: Connection, reason: str) -> None:
        if self._connection is connection:
            self._connection = None
            self._note("ended", reason)
            self._guard(lambda: self._core.disconnected(self._uptime_ms(), reason))

    def _received(self, kind: str, payload: bytes) -> None:
        if self._connection is None or kind not in DOWNLINKS:
            return
        if self._watcher is not None:
            self._watcher.received(kind, payload)
        self._guard(lambda: self._core.receive(self._uptime_ms(), kind, payload))

    def _note(self, state: str, reason: str) -> None:
        if self._watcher is not None:
            self._watcher.link(state, reason)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Have the core's deadline ring. A timer that is already set for an earlier moment is left: its ring re-arms."""
        deadline_ms = self._core.deadline()
        if deadline_ms is None or (self._timer is not None and self._armed_ms <= deadline_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._armed_ms = deadline_ms
        # At least a millisecond: a deadline that tick() cannot move must not turn into a busy loop.
        wait_ms = max(1, deadline_ms - self._uptime_ms())
        self._timer = loop.call_later(wait_ms / 1000, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._guard(self._tick)

    def _tick(self) -> None:
        self._core.tick(self._uptime_ms())


def held_records(books: Mapping[str, object]) -> int:
    """Return how many records a core still keeps, by its `books()`; a loss that waits to be declared counts as one."""
    channels = cast("Mapping[int, Mapping[str, int]]", books["channels"])
    return sum(channel["held"] for channel in channels.values()) + len(cast("Sequence[object]", books["pending_losses"]))


def _nothing() -> None:
    """Only let the effects be executed."""
