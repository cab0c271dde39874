"""The role `worker` of the hub in virtual time: production's steps, at production's periods, on the world's database.

A step is a coroutine that waits for nothing but its store. Between its transactions the store lets a little time pass, in which
ingest works: what a step has read may have changed when it writes. A turn in which no step can have anything to do is not
taken: it would read nothing and write nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

from seamline.hub.drive import Driven, Pause
from seamline.hub.hearing import LOOK_MS, Hearing
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.presence import Outage
from seamline.hub.steps.turns import BACKOFF_S_MAX, BACKOFF_S_MIN, LEASE, TURN_S, Step, store_steps
from seamline.hub.store_port import AwayError
from seamline.hub.twin_service import Announcer
from seamline.rig.world.broker import Broker
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.faulty_store import COMMIT, FaultyStore, KilledError, LostAnswerError, StoreFaultKind, StoreFaults
from seamline.rig.world.heap import MS, SECOND, Heap, Timer
from seamline.rig.world.hearing import listen
from seamline.rig.world.marks import Marks
from seamline.rig.world.memory_store import MemoryConnection, MemoryDatabase, MemoryStore
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.streams import Stream
from seamline.rig.world.tables_hub import Tables

BETWEEN_MS: Final = (1, 40)
"""How long a step takes between two of its transactions."""
TURN_US: Final = int(TURN_S * SECOND)
CONNECT_US: Final = (50 * MS, 1_000 * MS)
NEVER_US: Final = 1 << 62
LOOK_US: Final = LOOK_MS * MS


class House(Protocol):
    """The process that the steps are part of."""

    heap: Heap
    broker: Broker
    index: dict[str, int]
    marks: Marks
    catalogue: Catalogue
    database: MemoryDatabase
    store_faults: StoreFaults

    def committed(self) -> None:
        """Something was committed."""
        ...

    def die(self, mark: str) -> None:
        """The process is gone, and comes back."""
        ...


class Closed:
    """Whether an outlet is gone."""

    def __init__(self, broker: Broker) -> None:
        self._broker: Final = broker

    def is_set(self) -> bool:
        """See Flag."""
        return not self._broker.is_up


class Outlet:
    """The hub's connection for downlinks: each message that leaves is an effect."""

    def __init__(self, house: House) -> None:
        self.closed: Final = Closed(house.broker)
        self._house: Final = house

    def publish(self, messages: Iterable[tuple[str, bytes]], /) -> None:
        """Send them. Raises KilledError."""
        for subject, payload in messages:
            self._house.store_faults.send()
            _, device, kind = subject.split(".")
            self._house.broker.send(self._house.index[device], kind, payload)


class UnhurriedStore(FaultyStore):
    """A store that lets time pass between transactions; both of a connection's stores know of its transaction."""

    def __init__(self, connection: MemoryConnection, file: str, faults: StoreFaults, stream: Stream) -> None:
        super().__init__(MemoryStore(connection, file), faults)
        self._database: Final = connection.database
        self._stream: Final = stream

    async def meet(self, what: str) -> bool:
        """See FaultyStore."""
        if what != COMMIT and self._database.holder is None:
            await Pause(self._stream.between(*BETWEEN_MS))
        return await super().meet(what)


class Background:
    """Runs the steps of one hub process. `stream` draws how long things take."""

    def __init__(self, house: House, stream: Stream) -> None:
        self.announcer: Final = Announcer("", lambda: Outlet(house), lambda: unix_ms(house.heap.now_us))
        self._house: Final = house
        self._stream: Final = stream
        self.revalue_rows: int | None = None
        """Rows that a pass over history values in one transaction; None: as many as usual."""
        self._connection: MemoryConnection | None = None
        self._steps: Sequence[Step] = ()
        self._turn: Driven[None] | None = None
        self._timer: Timer | None = None
        self.began_us = 0
        """When its first turn was, since it last connected."""
        self._wait_us = int(BACKOFF_S_MIN * SECOND)
        self._hearing = self._new_hearing()
        self._looked_us = 0

    # -- the process ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect soon, and take turns from then on."""
        self._wait_us = int(BACKOFF_S_MIN * SECOND)
        self._hearing = self._new_hearing()
        self._looked_us = self._house.heap.now_us - LOOK_US
        self._schedule(self._stream.between(*CONNECT_US), self._connect)

    def die(self) -> None:
        """The process is gone: the transaction is rolled back, nothing waits any more."""
        revaluation = self._house.database.tables.revaluation
        if any(revaluation.rows[number]["place"] is not None for number in revaluation.waiting):
            self._house.marks.hit("killed-in-pass")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._drop()

    def woken(self) -> None:
        """Something was committed that a step may be for."""
        timer = self._timer
        if self._connection is not None and self._turn is None and timer is not None:
            at_us = self._next_us()
            if at_us < timer.at_us:
                self._schedule(at_us - self._house.heap.now_us, self._take)

    @property
    def outage(self) -> Outage | None:
        """The latest time in which the hub itself could not hear or store, as far as its process that lives knows."""
        return self._hearing.outage

    @property
    def is_connected(self) -> bool:
        """Whether it has its database, and takes its turns."""
        return self._connection is not None and bool(self._steps)

    def owes(self) -> str:
        """What the steps have left to do besides waiting; empty when nothing."""
        tables = self._house.database.tables
        left = {"redate": tables.boot.waiting, "losses": tables.loss.waiting, "quarantine": tables.quarantine.waiting}
        left["revalue"] = tables.revaluation.waiting
        return ", ".join(name for name, waiting in left.items() if waiting)

    # -- one after the other -------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._drive(self._connected())

    async def _connected(self) -> None:
        house = self._house
        connection = self._connection = house.database.connect()
        ingest = UnhurriedStore(connection, "ingest", house.store_faults, self._stream)
        await ingest.meet("connect")
        if not await ingest.lease(LEASE, 0):
            raise BrokenPromise("no-error", "the lease of the steps is held by nobody that lives")
        store = UnhurriedStore(connection, "worker", house.store_faults, self._stream)

        def now_ms() -> int:
            return unix_ms(house.heap.now_us)

        self._steps = store_steps(store, ingest, house.catalogue, self.announcer, now_ms, self.revalue_rows, lambda: self.outage)
        self.began_us = house.heap.now_us
        self._wait_us = int(BACKOFF_S_MIN * SECOND)

    def _take(self) -> None:
        self._drive(self._turns())

    async def _turns(self) -> None:
        """Every step that is due and may have something to do, in their order; presence is judged by what was heard."""
        if self._connection is not None:
            await self._connection.turn()
        self.listen()
        now_s = self._now_s()
        for step in self._steps:
            if step.due_s <= now_s:
                if self._earliest_us(step.name) <= self._house.heap.now_us:
                    await step.run()
                step.due_s = (now_s // step.every_s + 1) * step.every_s

    def _drive(self, coroutine: Coroutine[object, None, None]) -> None:
        self._turn = Driven(coroutine)
        self._resume()

    def _resume(self) -> None:
        """Go on with what is in hand, until it waits or is done."""
        house, turn = self._house, self._turn
        if turn is None:
            return
        try:
            waits = turn.resume()
        except KilledError:
            self._turn = None
            house.committed()
            house.die("hub-killed-in-step")
        except AwayError as error:
            house.marks.hit("commit-unknown" if isinstance(error, LostAnswerError) else "step-without-database")
            house.committed()
            self._drop()
            wait_us, self._wait_us = self._wait_us, min(int(BACKOFF_S_MAX * SECOND), self._wait_us * 2)
            self._schedule(wait_us, self._connect)
        except BrokenPromise:
            raise
        except Exception as error:
            raise BrokenPromise("no-error", f"a step of the hub raised {type(error).__name__}: {error}") from error
        else:
            if waits is None:
                self._turn = None
            house.committed()
            if waits is not None:
                self._schedule(waits.wait_ms * MS, self._resume)
            else:
                self._schedule(self._next_us() - house.heap.now_us, self._take)

    # -- what it hears -------------------------------------------------------------------------------------------------

    def _new_hearing(self) -> Hearing:
        """As a process that starts has it."""
        heap = self._house.heap
        return Hearing(lambda: None, lambda: unix_ms(heap.now_us))

    def listen(self) -> None:
        """Look, unless that was just done; how far it is committed the database says.

        It looks before each turn, and as often as somebody looks at what it shows: so it costs the world no event. While a transaction
        is open it waits for the next of these.
        """
        house = self._house
        now_us = house.heap.now_us
        is_able = self.is_connected and not house.store_faults.goes_on(StoreFaultKind.AWAY) and house.database.holder is None
        if is_able and now_us - self._looked_us >= LOOK_US:
            self._looked_us = now_us
            listen(self._hearing, house.broker, house.database)

    # -- when ----------------------------------------------------------------------------------------------------------

    def _now_s(self) -> float:
        return (self._house.heap.now_us - self.began_us) // TURN_US * TURN_S

    def _next_us(self) -> int:
        """When the next turn is that a step may have something to do in: a whole number of turns after the first."""
        soon_us, now_us = NEVER_US, self._house.heap.now_us
        for step in self._steps:
            earliest_us = self._earliest_us(step.name)
            if earliest_us < soon_us:
                every_us = int(step.every_s * SECOND)
                from_us = max(earliest_us, now_us + 1, self.began_us + int(step.due_s * SECOND))
                soon_us = min(soon_us, self.began_us - (self.began_us - from_us) // every_us * every_us)
        return min(soon_us, now_us + 3_600 * SECOND)

    def _earliest_us(self, name: str) -> int:
        """Before when a step certainly has nothing to do, as the tables are."""
        tables = self._house.database.tables
        waits = WAITING.get(name)
        if waits is not None:
            return 0 if waits(tables) else NEVER_US
        first_us = tables.presence.first_due()
        return NEVER_US if first_us is None else first_us - unix_ms(0) * MS

    # -- connections ---------------------------------------------------------------------------------------------------

    def _drop(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None and not turn.done:
            with suppress(AwayError):
                turn.abandon()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._steps = ()

    def _schedule(self, wait_us: int, act: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._house.heap.after(wait_us, act)


WAITING: Final[Mapping[str, Callable[[Tables], object]]] = {
    "redate": lambda tables: tables.boot.waiting,
    "wishes": lambda tables: tables.twin_desired.waiting,
    "twins": lambda tables: tables.twin_desired.waiting,
    "quarantine": lambda tables: tables.quarantine.waiting,
    "losses": lambda tables: tables.loss.waiting,
    "gaps": lambda tables: tables.ledger.waiting,
    "release": lambda tables: tables.quarantine.rows,
    "revalue": lambda tables: tables.revaluation.waiting,
}
"""What a step looks at first: with none of it there it does nothing."""
