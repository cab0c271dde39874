"""One partition's ingest, as in production, on a store in memory: batches go in; rows, books and downlinks come out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count

from tests.integration.hub.harness import layout

from seamline.hub.drive import drive
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.commits import Commits
from seamline.hub.ingest.meter import Meter
from seamline.hub.ingest.reader import Batch, Position
from seamline.hub.ingest.sessions import Told
from seamline.rig.world.memory_store import MemoryDatabase, MemoryStore

NOW_MS = 1_790_000_000_000
STREAM = "made at noon"


@dataclass(frozen=True)
class Ledger:
    """A row of the ledger, as far as these tests look."""

    mark: int
    high: int
    gaps: list[int]
    stored: int
    quarantined: int
    declined: int
    lost: int
    duplicates: int


@dataclass
class Stage:
    """A hub with one partition. A message is (kind, payload) of device `dev`, or (kind, payload, device)."""

    families: list
    now_ms: int = NOW_MS
    told: Told = field(default_factory=lambda: Told(generation=3, fleet_devices=9))
    seq: int = 0
    stream: dict[int, int] = field(default_factory=dict)
    """When the broker took each message, by its sequence."""

    def __post_init__(self):
        self.family = self.families[0]
        self.reading = layout(self.family)
        self.catalogue = Catalogue(self.families)
        self.database = MemoryDatabase(lambda: self.now_ms * 1000, self.families)
        self.tables = self.database.tables
        self.start()

    def start(self):
        """The hub's process begins: nothing is in memory, everything is read anew."""
        self.meter = Meter()
        self.commits = Commits(0, self.catalogue, self.told, lambda: self.now_ms, self.meter)
        store = MemoryStore(self.database.connect())
        drive(self.commits.attach(store, Position(STREAM, self.seq), self.holds))
        drive(self.commits.begin_at(store, 0))
        self.parts = self.commits.begin(store)
        return self

    def take(self, *messages):
        """Commit these messages as one batch, a millisecond apart; returns the downlinks as (device, kind, content)."""
        batch, said = self.batch(*messages), []
        drive(self.commits.take(self.commits.parts, batch, said.extend))
        self.seq = batch.seqs[-1]
        return [(*subject.split(".")[1:], json.loads(bytes(payload))) for subject, payload in said]

    def each(self, *messages):
        """Commit each message as a batch of its own; returns every downlink."""
        return [one for message in messages for one in self.take(message)]

    def batch(self, *messages):
        """The messages as read from the stream; the clock goes on by one for each."""
        batch = Batch()
        for at, (kind, payload, *device) in zip(count(self.seq + 1), messages, strict=False):
            batch.subjects.append(f"up.0.{device[0] if device else 'dev'}.{kind}".encode())
            batch.payloads.append(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
            batch.seqs.append(at)
            batch.stored_ns.append(self.now_ms * 1_000_000)
            self.now_ms += 1
        self.stream.update(zip(batch.seqs, batch.stored_ns, strict=True))
        return batch

    async def holds(self, seq, stored_ns):
        """Whether the stream has the message that was taken then at this place."""
        return self.stream[seq] == stored_ns

    def worker(self):
        """The store of the background steps."""
        return MemoryStore(self.database.connect(), "worker")

    def store(self):
        """Another connection with ingest's statements."""
        return MemoryStore(self.database.connect())

    def stores(self):
        """The worker's and ingest's statements on one connection, as the background steps have them."""
        connection = self.database.connect()
        return MemoryStore(connection, "worker"), MemoryStore(connection)

    # -- what is in the database -------------------------------------------------------------------------------------------

    def no(self, device="dev"):
        return self.tables.device.rows[device]["no"]

    def ledger(self, boot=1, channel=1, incarnation=7, device="dev"):
        row = self.tables.ledger.rows.get((self.no(device), incarnation, boot, channel))
        return None if row is None else Ledger(**{name: row[name] for name in Ledger.__dataclass_fields__})

    def fold(self, channel=1, incarnation=7, device="dev"):
        return self.tables.ledger_fold.rows.get((self.no(device), incarnation, channel))

    def readings(self, **where):
        """The rows of the reading tables with these columns, by (device, incarnation, boot, sequence)."""
        rows = [row for table in self.tables.readings.values() for row in table.rows()]
        found = [row for row in rows if all(row[name] == value for name, value in where.items())]
        return sorted(found, key=lambda row: (row["device_no"], row["incarnation"], row["boot"], row["seq"]))

    def quarantine(self, *columns):
        """Every entry of the quarantine, oldest first: these columns of it."""
        return [tuple(row[name] for name in columns) for row in self.tables.quarantine.rows.values()]

    def events(self, *details):
        """(kind, these details…) of every event, oldest first."""
        found = []
        for row in self.tables.event.rows.values():
            detail = row.detail if isinstance(row.detail, dict) else json.loads(row.detail)
            found.append((row.kind, *(detail.get(name) for name in details)))
        return found

    def presence(self, device="dev"):
        return self.tables.presence.rows[self.no(device)]

    def boot(self, boot=1, incarnation=7, device="dev"):
        return self.tables.boot.rows.get((self.no(device), incarnation, boot))

    def anchors(self, *columns):
        rows = sorted(self.tables.anchor.rows.values(), key=lambda row: row.id)
        return [tuple(row[name] for name in columns) for row in rows]


def told(downlinks, kind, device="dev"):
    """The contents of the downlinks of a kind to a device."""
    return [content for to, what, content in downlinks if (to, what) == (device, kind)]


def marks(downlinks, device="dev"):
    """The last mark told of each (boot, channel)."""
    contents = [*told(downlinks, "session", device), *told(downlinks, "marks", device)]
    return {(boot, channel): upto for content in contents for boot, channel, upto in content["marks"]}
