"""The hub of the world: the ingest logic that runs in production (`judge`, `work.commit`), driven in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from seamline.contract import Family
from seamline.hub.drive import drive
from seamline.hub.ingest import work
from seamline.hub.ingest.catalogue import LOSSES_ID, Catalogue
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.reader import Batch
from seamline.hub.ingest.sessions import Told
from seamline.rig.world.background import Background
from seamline.rig.world.broker import Broker, Message
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.faulty_store import StoreFault, StoreFaultKind, StoreFaults
from seamline.rig.world.heap import MS, SECOND, Heap, Timer
from seamline.rig.world.marks import Marks
from seamline.rig.world.memory_store import MemoryDatabase
from seamline.rig.world.streams import Stream
from seamline.rig.world.trace import Trace
from seamline.rig.world.worker import Commit, Worker

LINGERS_US: Final = (20 * MS, 200 * MS, 1_000 * MS, 2_500 * MS)
"""How long a hub gathers messages before it commits them: production's own, and those of a hub that is busy. One is drawn a run."""
BATCH_US: Final = LINGERS_US[-1] + SECOND
"""Within this a message is committed where nothing is in the way. From a large fleet there is always one that waits."""
FLEET_LARGE: Final = 1_000
LINGER_LARGE_US: Final = 1_000 * MS
"""With so many devices a hub is busy, and gathers at least so long."""


class HubPort(Protocol):
    """The hub as the world knows it."""

    def start(self) -> None:
        """Begin to work."""
        ...

    def heard(self, partition: int, message: Message) -> None:
        """The broker has stored a message."""
        ...

    def broker_lost(self) -> None:
        """The broker is gone; what is in hand is read again."""
        ...

    def broker_back(self) -> None:
        """The broker is there."""
        ...

    def kill_after(self, effects: int, down_us: int) -> None:
        """Be killed after so many effects, and start again so much later."""
        ...

    def weather(self, *, away: bool | None = None, slow_us: int | None = None, commits_unknown: int = 0) -> None:
        """Change how the database does."""
        ...

    def fill(self, *, full: bool) -> None:
        """The database's disk is full, or has room again."""
        ...

    def stop(self, down_us: int, mark: str) -> None:
        """End, and start again so much later."""
        ...

    def withhold(self, versions: int) -> None:
        """Before the start: do not know the newest versions of each product, so many; one is always known."""
        ...

    def register(self) -> bool:
        """Know every version from the next start on; False when the database has no room to write them down."""
        ...

    def calm(self) -> None:
        """Everything works from here on."""
        ...

    @property
    def caught_up(self) -> bool:
        """Whether nothing in the stream has waited for longer than its batch takes."""
        ...


def commit(parts: work.Parts, batch: Batch, place: work.Place, now_ms: int, catalogue: Catalogue) -> list[tuple[str, bytes]]:
    """What `Commits` does with a batch, for a planted defect to wrap. Raises FencedError, AwayError, KilledError."""
    judged = judge(batch, parts.memory.fleet, catalogue)
    answers = drive(work.commit(parts, judged, place, now_ms))
    return list(answers.messages(parts.memory, now_ms))


class Hub:
    """A process with a worker for each partition, over one database that outlives it."""

    def __init__(
        self,
        heap: Heap,
        broker: Broker,
        families: Sequence[Family],
        names: Sequence[str],
        marks: Marks,
        trace: Trace,
        stream: Stream,
        committed: Callable[[], None],
        commit: Commit | None = None,
    ) -> None:
        """`committed` is called after each commit, before anything is answered; `commit` has a defect planted in it."""
        self.heap = heap
        self.broker = broker
        self.names = names
        self.marks = marks
        self.trace = trace
        self.stream = stream
        self.store_faults = StoreFaults()
        self.meter = Meter()
        self.catalogue = Catalogue(families)
        self.database = MemoryDatabase(lambda: unix_ms(heap.now_us) * 1000 + heap.now_us % 1000, families)
        self.commit = commit
        self.linger_us = stream.pick(LINGERS_US)
        if len(names) >= FLEET_LARGE:
            self.linger_us = max(self.linger_us, LINGER_LARGE_US)
        self.index = {name: index for index, name in enumerate(names)}
        self.slow_us = 0
        self.is_up = False
        self.told = Told()
        self._down_us = 0
        self._starting: Timer | None = None
        self._families: Final = tuple(families)
        self._committed: Final = committed
        self._workers: Final = [Worker(self, partition) for partition in range(broker.partitions)]
        self.background: Final = Background(self, Stream(stream.u64(), "hub", "steps"))

    # -- HubPort -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """See HubPort."""
        self._starting = None
        self.is_up = True
        self.told = Told()
        for worker in self._workers:
            worker.attach_soon()
        self.background.start()

    def heard(self, partition: int, message: Message) -> None:
        """See HubPort."""
        if self.is_up:
            self._workers[partition].heard(message)

    def broker_lost(self) -> None:
        """See HubPort."""
        for worker in self._workers:
            worker.let_go()

    def broker_back(self) -> None:
        """See HubPort."""
        if self.is_up:
            for worker in self._workers:
                worker.attach_soon()

    def kill_after(self, effects: int, down_us: int) -> None:
        """See HubPort."""
        self.store_faults.kill_after(effects)
        self._down_us = down_us

    def weather(self, *, away: bool | None = None, slow_us: int | None = None, commits_unknown: int = 0) -> None:
        """See HubPort."""
        if away is not None:
            self.store_faults.end(StoreFaultKind.AWAY)
        if away:
            self.store_faults.begin(StoreFault(StoreFaultKind.AWAY))
        if slow_us is not None:
            self.slow_us = slow_us
        if commits_unknown:
            self.store_faults.begin(StoreFault(StoreFaultKind.LOSE_COMMIT, times=commits_unknown))

    def calm(self) -> None:
        """See HubPort."""
        self.store_faults.end(StoreFaultKind.KILL, StoreFaultKind.LOSE_COMMIT)
        self.weather(away=False, slow_us=0)
        self.fill(full=False)

    def fill(self, *, full: bool) -> None:
        """See HubPort."""
        self.database.tables.journal.is_full = full
        if full:
            self.marks.hit("disk-full")

    def stop(self, down_us: int, mark: str) -> None:
        """See HubPort."""
        self._down_us = down_us
        self.die(mark)

    def withhold(self, versions: int) -> None:
        """See HubPort."""
        known = [_older(family, versions) for family in self._families]
        self.catalogue = Catalogue(known)
        self.database.tables.layout.replace_all({})
        self.database.tables.register(known)
        self.database.tables.journal.undo.clear()

    def register(self) -> bool:
        """See HubPort."""
        if self.database.tables.journal.is_full:
            return False
        self.catalogue = Catalogue(self._families)
        self.database.tables.register(self._families)
        self.database.tables.journal.undo.clear()
        return True

    @property
    def is_well(self) -> bool:
        """Whether nothing stands in the way of what it does."""
        away = self.store_faults.goes_on(StoreFaultKind.AWAY) or self.database.tables.journal.is_full
        return self.is_up and self.broker.is_up and self.background.is_connected and not (away or self.slow_us)

    @property
    def caught_up(self) -> bool:
        """See HubPort."""
        return self.is_up and all(worker.is_attached and worker.lag_us <= BATCH_US for worker in self._workers)

    # -- House ---------------------------------------------------------------------------------------------------

    def committed(self) -> None:
        """See House."""
        self._committed()
        self.background.woken()

    def die(self, mark: str) -> None:
        """See House."""
        self.marks.hit(mark)
        if mark.startswith("hub-killed"):
            self.marks.hit("hub-killed")
        self.trace.note(self.heap.now_us, -1, mark)
        self.is_up = False
        for worker in self._workers:
            worker.die()
        self.background.die()
        if self._starting is not None:
            self._starting.cancel()
        self._starting = self.heap.after(self._down_us, self.start)


def _older(family: Family, versions: int) -> Family:
    """A family without its newest versions."""
    kept = list(family.versions.values())[: max(1, len(family.versions) - versions)]
    wanted = {message.layout for contract in kept for message in contract.messages.values()}
    layouts = {key: layout for key, layout in family.layouts.items() if layout in wanted or layout.message_id == LOSSES_ID}
    return Family(family.product, {contract.version: contract for contract in kept}, kept[-1], layouts)
