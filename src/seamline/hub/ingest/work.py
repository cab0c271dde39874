"""One batch in one transaction: everything it changes is committed with its place in the stream, or nothing is.

The steps, in order: devices → boots → anchors (dates profit at once) → ledger, fast path and scalar → rows, dated and valued →
books around them (losses, quarantine, presence, boots, twin, events) → place. What is to be said to devices is collected in
`Answers` and said after the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from seamline.hub.decode import I64, Bools
from seamline.hub.ingest import fast, slow
from seamline.hub.ingest.answers import Answers
from seamline.hub.ingest.books import Books
from seamline.hub.ingest.boots import Boots
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.clocks import Clockwork
from seamline.hub.ingest.devices import Devices
from seamline.hub.ingest.evidence import Evidence
from seamline.hub.ingest.judge import STORED, Judged, Said, reconsider, renamed
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.reader import Position
from seamline.hub.ingest.sessions import Sessions, Told
from seamline.hub.ingest.values import Values
from seamline.hub.inputs import Birth
from seamline.hub.store_port import Store

EARLIEST_MS: Final = -62_135_596_800_000
"""0001-01-01, the first day a calendar of four digits can show: no date lies before it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the partition is, and where it is after this batch: behind the message `seq`, which the broker took at `stored_ns`."""

    partition: int
    before: Position
    seq: int
    stored_ns: int


@dataclass(slots=True)
class Parts:
    """What works on a partition's batches; `memory` is shared by all of them."""

    store: Store
    catalogue: Catalogue
    memory: Memory
    told: Told
    clocks: Clockwork = field(init=False)
    devices: Devices = field(init=False)
    boots: Boots = field(init=False)
    books: Books = field(init=False)
    sessions: Sessions = field(init=False)
    evidence: Evidence = field(init=False)
    values: Values = field(init=False)

    def __post_init__(self) -> None:
        self.clocks = Clockwork(self.store, self.catalogue, self.memory)
        self.boots = Boots(self.store, self.memory)
        self.devices = Devices(self.store, self.catalogue, self.memory)
        self.books = Books(self.store, self.memory)
        self.sessions = Sessions(self.store, self.catalogue, self.memory, self.devices, self.clocks, self.told)
        self.evidence = Evidence(self.store, self.catalogue, self.memory)
        self.values = Values(self.store, self.catalogue, self.memory)


async def commit(parts: Parts, judged: Judged, place: Place, now_ms: int) -> Answers:
    """Store a batch. Raises FencedError, psycopg.Error; then nothing is stored, and memory is to be thrown away."""
    answers = Answers()
    async with parts.store.transaction():
        await advance(parts.store, place)  # first: a second worker on this partition waits here, and then finds itself fenced
        await parts.devices.load(judged)
        stale = await parts.books.stale(renamed(judged, parts.memory.fleet, parts.catalogue))
        reconsider(judged, parts.memory.fleet, parts.catalogue, stale)
        await parts.boots.admit(judged)
        await parts.clocks.anchors(judged, now_ms)
        moves, scalars = await _ledger(parts, judged, answers)
        await _rows(parts, judged)
        await parts.evidence.write(judged, moves, scalars)
        await parts.sessions.work(judged, scalars, answers, now_ms)
        await parts.devices.keep_up()
        await parts.clocks.flush(now_ms)
    return answers


async def advance(store: Store, place: Place) -> None:
    """Move the partition's place. Raises FencedError when another worker has moved it."""
    await store.exactly(
        "advance",
        1,
        {
            "partition": place.partition,
            "stream": place.before.created,
            "expected": place.before.seq,
            "seq": place.seq,
            "stored_ns": place.stored_ns,
        },
    )


async def _ledger(parts: Parts, judged: Judged, answers: Answers) -> tuple[fast.Moves | None, list[slow.Scalar]]:
    """Account every accountable frame and every birth; returns what the fast and the scalar path did."""
    births = [said for said in judged.said if isinstance(said.input, Birth)]
    slowly = {said.device for said in births}
    moves: fast.Moves | None = None
    if judged.accountable.any():
        keys = parts.memory.keys
        grouped = fast.group(judged, keys)
        await parts.books.load(grouped)
        await parts.clocks.hear(judged, grouped)
        taken = fast.plain(grouped, keys)
        owner = keys.device[grouped.key]
        slowly.update(owner[~taken | (keys.channel[grouped.key] == 0)].tolist())
        if slowly:
            taken &= ~parts.memory.fleet.marked(slowly)[owner]
        moves = fast.move(judged, grouped, taken)
        fast.accept(judged, moves.frames)
        await parts.books.move(moves)
        answers.moved(parts.memory, moves)
    return moves, await _scalar(parts, judged, slowly, births, answers) if slowly else []


async def _scalar(parts: Parts, judged: Judged, slowly: set[int], births: Sequence[Said], answers: Answers) -> list[slow.Scalar]:
    devices = sorted(slowly)
    ledgers = await parts.books.ledgers(devices)
    of_frames = _by_device(judged, parts.memory.fleet.marked(devices))
    own: dict[int, list[Said]] = {}
    for birth in births:
        own.setdefault(birth.device, []).append(birth)
    scalars = [slow.work(judged, device, ledgers[device], of_frames.get(device, ()), own.get(device, ())) for device in devices]
    await parts.books.write(scalars)
    for scalar in scalars:
        parts.memory.keys.forget_device(scalar.device)
        answers.scalar(parts.memory, scalar)
    return scalars


def _by_device(judged: Judged, marked: Bools) -> dict[int, list[int]]:
    """The accountable frames of the devices that are marked, in order."""
    chosen = np.flatnonzero(judged.accountable & marked[judged.device])
    found: dict[int, list[int]] = {}
    for index, device in zip(chosen.tolist(), judged.device[chosen].tolist(), strict=True):
        found.setdefault(device, []).append(index)
    return found


async def _rows(parts: Parts, judged: Judged) -> None:
    """Date, value and copy the records that are fresh and sound."""
    await parts.values.load(judged)
    for group in judged.groups:
        if group.kind.writer is None:
            continue
        stored = group.accepted & ~group.bad & (judged.verdict == STORED)[group.run.frame]
        if not stored.any():
            continue
        run, whole = group.run, bool(stored.all())
        frame = run.frame if whole else run.frame[stored]
        arrival_us = judged.arrival_us[frame]
        uptime_ms = run.uptime_ms if whole else run.uptime_ms[stored]
        dates = parts.clocks.date(judged, frame, uptime_ms, arrival_us // 1000)
        head = judged.frames.head
        keys: dict[str, I64] = {
            "device_no": parts.memory.fleet.no[judged.device[frame]],
            "incarnation": head["incarnation"][frame].astype(np.int64),
            "boot": head["boot"][frame].astype(np.int64),
            "seq": run.seq if whole else run.seq[stored],
            "arrival": arrival_us,
            "uptime_ms": uptime_ms,
            "measured": np.maximum(dates.unix_ms, EARLIEST_MS) * 1000,
            "error_ms": dates.error_ms,
            "quality": dates.quality,
            "revision": np.zeros(len(frame), np.int64),
            "digest": group.digest if whole else group.digest[stored],
        }
        fields = group.fields if whole else group.fields[stored]
        at_us = np.where(dates.known, keys["measured"], arrival_us)
        physical = parts.values.value(group.kind, judged.device[frame], at_us, fields)
        await parts.store.copy(group.kind.writer, keys, dates.known, fields, physical)
