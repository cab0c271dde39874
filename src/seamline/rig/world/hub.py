"""The hub of the world: the ingest logic that runs in production (`judge`, `work.commit`), driven in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from seamline.contract import Family
from seamline.hub.drive import drive
from seamline.hub.ingest import work
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.reader import Batch
from seamline.hub.ingest.sessions import Told
from seamline.rig.world.broker import Broker, Message
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.gate import Gate
from seamline.rig.world.heap import MS, Heap
from seamline.rig.world.marks import Marks
from seamline.rig.world.memory_store import MemoryDatabase
from seamline.rig.world.streams import Stream
from seamline.rig.world.trace import Trace
from seamline.rig.world.worker import Commit, Worker

LINGERS_US: Final = (20 * MS, 200 * MS, 1_000 * MS, 2_500 * MS)
"""How long a hub gathers messages before it commits them: production's own, and those of a hub that is busy. One is drawn a run."""


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

    def calm(self) -> None:
        """Everything works from here on."""
        ...

    @property
    def caught_up(self) -> bool:
        """Whether everything in the stream is committed."""
        ...


def commit(parts: work.Parts, batch: Batch, place: work.Place, now_ms: int, catalogue: Catalogue) -> list[tuple[str, bytes]]:
    """What production does with a batch. Raises FencedError, AwayError, Killed."""
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
        commit: Commit = commit,
    ) -> None:
        """`committed` is called after each commit, before anything is answered."""
        self.heap = heap
        self.broker = broker
        self.names = names
        self.marks = marks
        self.trace = trace
        self.stream = stream
        self.gate = Gate()
        self.catalogue = Catalogue(families)
        self.database = MemoryDatabase(lambda: unix_ms(heap.now_us) * 1000 + heap.now_us % 1000, families)
        self.commit = commit
        self.linger_us = stream.pick(LINGERS_US)
        self.index = {name: index for index, name in enumerate(names)}
        self.slow_us = 0
        self.is_up = False
        self.told = Told()
        self._down_us = 0
        self._committed: Final = committed
        self._workers: Final = [Worker(self, partition) for partition in range(broker.partitions)]

    # -- HubPort -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """See HubPort."""
        self.is_up = True
        self.told = Told()
        for worker in self._workers:
            worker.attach_soon()

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
        self.gate.kill_after(effects)
        self._down_us = down_us

    def weather(self, *, away: bool | None = None, slow_us: int | None = None, commits_unknown: int = 0) -> None:
        """See HubPort."""
        if away is not None:
            self.gate.away = away
        if slow_us is not None:
            self.slow_us = slow_us
        self.gate.commits_unknown += commits_unknown

    def calm(self) -> None:
        """See HubPort."""
        self.gate.spare()
        self.gate.commits_unknown = 0
        self.weather(away=False, slow_us=0)

    @property
    def caught_up(self) -> bool:
        """See HubPort."""
        return self.is_up and all(worker.caught_up for worker in self._workers)

    # -- House ---------------------------------------------------------------------------------------------------

    def committed(self) -> None:
        """See House."""
        self._committed()

    def die(self, mark: str) -> None:
        """See House."""
        self.marks.hit(mark)
        self.trace.note(self.heap.now_us, -1, mark)
        self.is_up = False
        self.gate.in_transaction = False
        for worker in self._workers:
            worker.die()
        self.heap.after(self._down_us, self.start)
