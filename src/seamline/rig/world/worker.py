"""One partition of the hub in virtual time: what `hub.ingest.partition` does around `Commits`, scheduled instead of awaited.

Read on from the committed place, take a batch in hand, have it committed and answered, acknowledge it. On a database that is away
keep the batch, tell devices to wait and try again; on a fence throw memory away and read anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, Protocol

from seamline.hub.downlink import busy_payload
from seamline.hub.drive import drive
from seamline.hub.ingest import work
from seamline.hub.ingest.busy import RETRY_MS_MAX, RETRY_MS_MIN
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.commits import Commits
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.partition import BACKOFF_S_MAX, BACKOFF_S_MIN, IDLE_S, LAG_S, LEASE, SLOW_S
from seamline.hub.ingest.reader import Batch, Position
from seamline.hub.ingest.sessions import Told
from seamline.hub.store_port import AwayError, FencedError
from seamline.rig.world.broker import Broker, Message
from seamline.rig.world.clocks import WORLD_BEGAN_UNIX_MS, unix_ms
from seamline.rig.world.faulty_store import FaultyStore, KilledError, LostAnswerError, StoreFaults
from seamline.rig.world.heap import MS, SECOND, Heap, Timer
from seamline.rig.world.marks import Marks
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.streams import Stream
from seamline.rig.world.trace import Trace

BATCH_MAX: Final = 10_000
COMMIT_US: Final = (2 * MS, 40 * MS)
"""How long a commit takes, in good weather."""
ATTACH_US: Final = (50 * MS, 1_000 * MS)
"""From a process's start, or the broker's return, to the first read."""

Commit = Callable[[work.Parts, Batch, work.Place, int, Catalogue], list[tuple[str, bytes]]]
"""Commits a batch and returns what is to be said, with a defect planted in it."""


class House(Protocol):
    """The process that a worker is part of."""

    heap: Heap
    broker: Broker
    names: Sequence[str]
    index: dict[str, int]
    marks: Marks
    trace: Trace
    stream: Stream
    store_faults: StoreFaults
    catalogue: Catalogue
    database: MemoryDatabase
    commit: Commit | None
    told: Told
    meter: Meter
    slow_us: int
    linger_us: int
    is_up: bool

    def committed(self) -> None:
        """Something was committed."""
        ...

    def die(self, mark: str) -> None:
        """The process is gone, and comes back."""
        ...


class PlantedCommits(Commits):
    """Commits with a defect: `plant` does what is done with a batch."""

    def __init__(self, partition: int, hub: House, now_ms: Callable[[], int], plant: Commit) -> None:
        super().__init__(partition, hub.catalogue, hub.told, now_ms, hub.meter)
        self._plant: Final = plant

    async def commit(self, parts: work.Parts, batch: Batch) -> Iterator[tuple[str, bytes]]:
        """See Commits."""
        messages = self._plant(parts, batch, self.place(batch), self._now_ms(), self._catalogue)
        self.committed(batch)
        return iter(messages)


class Worker:
    """One partition."""

    def __init__(self, hub: House, partition: int) -> None:
        self.partition: Final = partition
        self._hub: Final = hub
        self._commits: Commits | None = None
        self._attached = False
        self._pending: Batch | None = None
        self._timer: Timer | None = None
        self._idles = False
        self._slow: Timer | None = None
        self._wait_us = int(BACKOFF_S_MIN * SECOND)
        self._busy_since_us: int | None = None
        self._told_busy: dict[int, int] = {}
        self._subjects: Final[dict[tuple[int, str], bytes]] = {}
        self._read = 0

    @property
    def caught_up(self) -> bool:
        """Whether everything in its partition is committed."""
        stream = self._hub.broker.stream(self.partition)
        return self._attached and (not stream or stream[-1].seq <= self.commits.position.seq)

    @property
    def lag_us(self) -> int:
        """How long the first message that is not committed has waited; 0 where all are."""
        stream = self._hub.broker.stream(self.partition)
        at = bisect_right(stream, self.commits.position.seq, key=_seq_of)
        return 0 if at == len(stream) else self._hub.heap.now_us - stream[at].stored_us

    @property
    def is_attached(self) -> bool:
        """Whether it reads."""
        return self._attached

    @property
    def commits(self) -> Commits:
        """What production does with batches; the process that lives now has its own."""
        if self._commits is None:
            hub = self._hub
            if hub.commit is None:
                self._commits = Commits(self.partition, hub.catalogue, hub.told, self._now_ms, hub.meter)
            else:
                self._commits = PlantedCommits(self.partition, hub, self._now_ms, hub.commit)
        return self._commits

    def attach_soon(self) -> None:
        """Begin to read, from the committed place."""
        self._attached = False
        self._schedule(self._hub.stream.between(*ATTACH_US), self._attach)

    def heard(self, message: Message) -> None:
        """A message has come: be awake for it, and say that it has to wait if it does."""
        if self._busy_since_us is not None and message.kind in {"birth", "probe"}:
            self._say_busy({message.device})
        if self._attached and self._pending is None:
            wake_us = self._hub.heap.now_us + self._hub.linger_us
            if self._idles or self._timer is None or self._timer.act is None or self._timer.at_us > wake_us:
                self._schedule(self._hub.linger_us, self._step)

    def let_go(self) -> None:
        """The broker is gone: forget what is in hand."""
        self._attached = False
        self._pending = None
        self._quiet()
        self._busy_since_us = None

    def die(self) -> None:
        """The process is gone: the connection breaks, the transaction is rolled back."""
        self.let_go()
        self._drop_database()
        self._commits = None
        self._wait_us = int(BACKOFF_S_MIN * SECOND)

    # -- one after the other -------------------------------------------------------------------------------------------

    def _attach(self) -> None:
        if self._hub.broker.is_up:
            self._try(self._attached_now)

    def _attached_now(self) -> None:
        broker, store = self._hub.broker, self._database().store
        position = drive(self.commits.attach(store, Position(str(broker.created), broker.stored), self._holds))
        drive(self.commits.begin_at(store, broker.consume(self.partition, position.seq)))
        self._attached = True
        self._pending = None
        self._wait_us = int(BACKOFF_S_MIN * SECOND)
        self._schedule(0, self._step)

    async def _holds(self, seq: int, stored_ns: int) -> bool:
        """See commits.Holds."""
        return _unix_ns(self._hub.broker.stored_us(seq)) == stored_ns

    def _step(self) -> None:
        """Take a batch in hand; it is committed after the time that takes."""
        hub = self._hub
        if self._pending is None:
            self._pending = self._next()
        if self._pending is None:
            self._end_busy()
            self._wait()
            return
        takes_us = hub.stream.between(*COMMIT_US) + hub.slow_us
        if takes_us > SLOW_S * SECOND:
            hub.marks.hit("slow-commit")
            self._slow = hub.heap.after(int(SLOW_S * SECOND), self._tell_busy)
        self._schedule(takes_us, lambda: self._try(self._store))

    def _store(self) -> None:
        hub, batch = self._hub, self._pending
        if batch is None:
            return
        parts = self._database()
        drive(self.commits.count(parts.store))
        drive(self.commits.take(parts, batch, self._committed))
        hub.store_faults.send()
        hub.broker.acknowledge(self.partition, batch.seqs[-1])
        self._pending = None
        self._wait_us = int(BACKOFF_S_MIN * SECOND)
        self._mind_lag(batch)
        waits = hub.broker.stream(self.partition)
        self._schedule(hub.linger_us if waits else 0, self._step)

    def _committed(self, messages: Iterator[tuple[str, bytes]]) -> None:
        """A batch, or a part of one, is committed: hold it against what was measured, then say what it has to say."""
        hub, halved = self._hub, self.commits.halved
        if halved is not None:
            raise BrokenPromise("no-error", f"the hub raised {type(halved).__name__}: {halved}") from halved
        hub.trace.note(hub.heap.now_us, -1, "commit", b"%d %d" % (self.partition, self.commits.position.seq))
        hub.committed()
        self._drop_slow()
        for said, (subject, payload) in enumerate(messages):
            try:
                hub.store_faults.send()
            except KilledError:
                hub.die("hub-killed-answering" if said else "hub-killed-between")
                raise
            _, device, kind = subject.split(".")
            hub.broker.send(hub.index[device], kind, payload)

    def _idle(self) -> None:
        """Write what was heard and not written yet."""
        if self.caught_up:
            self._try(self._flush)
        else:
            self._step()

    def _flush(self) -> None:
        parts = self._database()
        drive(self.commits.flush(parts))
        self._hub.committed()
        if parts.memory.fleet.dirty.any() or parts.memory.clocks.dirty.any():  # written at most once a second
            self._wait()

    def _try(self, act: Callable[[], None]) -> None:
        """Do something that needs the database, and what is to be done when it cannot be."""
        hub = self._hub
        try:
            act()
        except KilledError:
            if hub.is_up:
                done = self._pending is not None and self._pending.seqs[-1] == self.commits.position.seq
                hub.die("hub-killed-answering" if done else "hub-killed-before")
        except FencedError:
            self._drop_slow()
            self._drop_database()
            self.attach_soon()
        except AwayError as error:
            self._drop_slow()
            hub.marks.hit("commit-unknown" if isinstance(error, LostAnswerError) else "database-away")
            self._drop_database()
            self._tell_busy()
            wait_us = self._wait_us // 2 + hub.stream.below(self._wait_us // 2 + 1)
            self._wait_us = min(int(BACKOFF_S_MAX * SECOND), self._wait_us * 2)
            self._schedule(wait_us, lambda: self._try(act))
        except BrokenPromise:
            raise
        except Exception as error:
            raise BrokenPromise("no-error", f"the hub raised {type(error).__name__}: {error}") from error

    # -- what it works on ----------------------------------------------------------------------------------------------

    def _next(self) -> Batch | None:
        """What the stream holds beyond the committed place, at most a batch of it."""
        hub, stream = self._hub, self._hub.broker.stream(self.partition)
        start = bisect_right(stream, self.commits.position.seq, key=_seq_of)
        messages = stream[start : start + BATCH_MAX]
        if not messages:
            return None
        batch = Batch(
            [self._subjects.get((message.device, message.kind)) or self._subject(message) for message in messages],
            [message.payload for message in messages],
            [message.seq for message in messages],
            [_unix_ns(message.stored_us) for message in messages],
        )
        if batch.seqs[0] <= self._read:
            hub.marks.hit("redelivered")
        self._read = batch.seqs[-1]
        return batch

    def _subject(self, message: Message) -> bytes:
        """What its partition has a message under."""
        subject = f"up.{self.partition}.{self._hub.names[message.device]}.{message.kind}".encode()
        self._subjects[message.device, message.kind] = subject
        return subject

    def _database(self) -> work.Parts:
        """The database, connected and with this partition's lease held. Raises AwayError, KilledError."""
        if self.commits.parts is not None:
            return self.commits.parts
        hub = self._hub
        store = FaultyStore(MemoryStore(hub.database.connect()), hub.store_faults)
        drive(store.meet("connect"))
        if not drive(store.lease(LEASE, self.partition)):
            raise BrokenPromise("no-error", f"the lease of partition {self.partition} is held by nobody that lives")
        return self.commits.begin(store)

    def _drop_database(self) -> None:
        if self._commits is not None:
            with suppress(AwayError):
                drive(self._commits.end())

    def _now_ms(self) -> int:
        return unix_ms(self._hub.heap.now_us)

    # -- busy ----------------------------------------------------------------------------------------------------------

    def _mind_lag(self, batch: Batch) -> None:
        now_us = self._hub.heap.now_us
        lag_us = unix_ms(now_us) * 1000 - batch.stored_ns[-1] // 1000
        if lag_us > LAG_S * SECOND:
            self._begin_busy()
        elif lag_us < LAG_S * SECOND / 2:
            self._end_busy()

    def _begin_busy(self) -> None:
        if self._busy_since_us is None:
            self._busy_since_us = self._hub.heap.now_us
            self._told_busy.clear()

    def _end_busy(self) -> None:
        self._busy_since_us = None

    def _tell_busy(self) -> None:
        """Answer the questions in hand, and those to come, with `busy`."""
        self._begin_busy()
        if self._pending is not None:
            asked = [subject.split(b".") for subject in self._pending.subjects if subject.endswith((b".birth", b".probe"))]
            self._say_busy({self._hub.index[parts[2].decode()] for parts in asked})

    def _say_busy(self, devices: set[int]) -> None:
        """Tell these devices, each once in the time it was given."""
        now_us = self._hub.heap.now_us
        since_us = now_us if self._busy_since_us is None else self._busy_since_us
        retry_ms = min(RETRY_MS_MAX, max(RETRY_MS_MIN, (now_us - since_us) // MS))
        for device in sorted(devices):
            if self._told_busy.get(device, 0) <= now_us:
                self._told_busy[device] = now_us + retry_ms * MS
                self._hub.broker.send(device, "busy", busy_payload(retry_ms))

    # -- timers --------------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Have nothing to do, until the first message; from that on more are waited for."""
        self._schedule(int(IDLE_S * SECOND), self._idle)
        self._idles = True

    def _schedule(self, wait_us: int, act: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._idles = False
        self._timer = self._hub.heap.after(wait_us, act)

    def _quiet(self) -> None:
        self._drop_slow()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop_slow(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None


def _seq_of(message: Message) -> int:
    return message.seq


def _unix_ns(at_us: int) -> int:
    return (WORLD_BEGAN_UNIX_MS * MS + at_us) * 1_000
