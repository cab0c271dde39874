"""Quarantine: bytes that are not rows, kept with their reason; and repeated records held against what is stored.

Counted entries are custody: their records are in the ledger's class *quarantined*. The others are evidence: damaged frames, other
bytes under a key that is classed already. Evidence of one device is bounded; beyond the bound it is only counted.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np

from seamline.hub import decode
from seamline.hub.decode import I64, Bools
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.fast import Moves
from seamline.hub.ingest.judge import DECLINED, EVIDENCE, POISON, QUARANTINED, UNBORN_BOOT, Judged, Refusal
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.slow import Repeated, Scalar
from seamline.hub.ledger import Class
from seamline.hub.params import Int8s
from seamline.hub.ranges import Range, intersect, normal
from seamline.hub.store_port import Row, Store

EVIDENCE_MAX: Final = 1_000
"""Uncounted frames kept of one device."""
EVIDENCE_BYTES_MAX: Final = 4 << 20
"""Bytes of uncounted frames kept of one device; the frame that passes the bound is the last."""
ROWS_AT_ONCE: Final = 1_000
"""Rows written in one statement: 64 KiB of every other record impossible make thousands."""
BYTES_AT_ONCE: Final = 4 << 20
HELD_AT_ONCE: Final = 64
"""Quarantined frames read at once, 64 KiB each at most."""
SAMPLE_BYTES: Final = 256
"""How much of what is no frame is kept as a sample."""

LedgerKey: TypeAlias = tuple[int, int, int, int]
"""(fleet slot, incarnation, boot, channel)"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of quarantine: records first..first+count-1 of a frame; without count the frame says nothing reliable."""

    frame: int
    reason: str
    detail: str | None
    counted: bool
    first: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored or quarantined under one key: digests by sequence, ascending."""

    seqs: I64
    digests: I64

    @classmethod
    def of(cls, found: Mapping[int, int]) -> Self:
        """From digests by sequence."""
        seqs = np.fromiter(found.keys(), np.int64, len(found))
        order = np.argsort(seqs)
        return cls(seqs[order], np.fromiter(found.values(), np.int64, len(found))[order])

    def span(self, again: Repeated) -> tuple[int, int]:
        """Where its records are."""
        low, high = np.searchsorted(self.seqs, (again.first, again.end)).tolist()
        return low, high

    def covers(self, again: Repeated) -> bool:
        """Whether all of its records are there."""
        low, high = self.span(again)
        return high - low == again.end - again.first


class Evidence:
    """Writes quarantine and counts of refused messages."""

    def __init__(self, store: Store, catalogue: Catalogue, memory: Memory) -> None:
        self._store: Final = store
        self._catalogue: Final = catalogue
        self._memory: Final = memory

    async def write(self, judged: Judged, moves: Moves | None, scalars: Sequence[Scalar]) -> None:
        """Everything of the batch that did not become rows."""
        await self._keep(judged, _fresh(judged, moves, scalars))  # first: what is repeated may be one of these
        evidence = [*_damaged(judged)]
        repeated = [again for scalar in scalars for again in scalar.repeated]
        if repeated:
            evidence += await self._repeats(judged, repeated)
        kept, over = await self._bounded(judged, evidence)
        await self._keep(judged, kept)
        await self._store.write("add_refused", self._refused([*judged.refused, *over]))

    async def _keep(self, judged: Judged, entries: Iterable[Entry]) -> None:
        """Write entries, so many at once that memory stays bounded."""
        rows: list[Row] = []
        size = 0
        for entry in entries:
            content = _content(judged, entry)
            rows.append(self._row(judged, entry, content))
            size += len(content)
            if len(rows) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
                await self._store.write("add_quarantine", rows)
                rows, size = [], 0
        await self._store.write("add_quarantine", rows)

    async def _bounded(self, judged: Judged, entries: Sequence[Entry]) -> tuple[list[Entry], list[Refusal]]:
        """Evidence, each once, within the bounds of its device; the rest is counted as refused."""
        if not entries:
            return [], []
        numbers = self._memory.fleet.no[judged.device[[entry.frame for entry in entries]]]
        rows = await self._store.all("evidence", {"devices": Int8s(np.unique(numbers))})
        held = {int(no): (int(count), int(size)) for no, count, size in rows}
        kept: dict[tuple[int, str, int | None, bytes], Entry] = {}
        over: list[Refusal] = []
        for entry, no in zip(entries, numbers.tolist(), strict=True):
            count, size = held.get(no, (0, 0))
            if count < EVIDENCE_MAX and size < EVIDENCE_BYTES_MAX:
                content = _content(judged, entry)
                if kept.setdefault((no, entry.reason, entry.first, content), entry) is entry:
                    held[no] = (count + 1, size + len(content))
            else:
                at_ms = int(judged.arrival_us[entry.frame]) // 1000
                over.append(Refusal(int(judged.device[entry.frame]), entry.reason, judged.payloads[entry.frame], at_ms))
        return list(kept.values()), over

    async def _repeats(self, judged: Judged, repeated: Sequence[Repeated]) -> list[Entry]:
        """Compare repeated records with what is stored under their keys."""
        comparable = [again for again in repeated if judged.verdict[again.frame] != DECLINED]
        rows = await self._stored(judged, comparable)
        stored = {key: Known.of(found) for key, found in rows.items()}
        missing = [again for again in comparable if not stored[_key(judged, again.frame)].covers(again)]
        for key, found in (await self._held(judged, missing) if missing else {}).items():
            stored[key] = Known.of({**found, **rows[key]})
        entries: list[Entry] = []
        for again in comparable:
            group = judged.group_at(again.frame)
            if group is not None and group.kind.writer is None:
                continue  # losses are books: what they declared is in the ledger
            entries += _conflicts(again, stored[_key(judged, again.frame)], _digests(judged, again))
        return entries

    async def _stored(self, judged: Judged, repeated: Sequence[Repeated]) -> dict[LedgerKey, dict[int, int]]:
        """Digests of stored rows by key and sequence; every repeated key is there."""
        found: dict[LedgerKey, dict[int, int]] = {_key(judged, again.frame): {} for again in repeated}
        by_table: dict[str, list[Repeated]] = {}
        for again in repeated:
            group = judged.group_at(again.frame)
            if group is not None and group.kind.writer is not None:
                by_table.setdefault(group.kind.writer.table, []).append(again)
        for table, own in by_table.items():
            runs = _runs(judged, own)
            for place, seq, digest in await self._store.all("digests", self._named(runs), table=table):
                found[runs[int(place) - 1][0]][int(seq)] = int(digest)
        return found

    async def _held(self, judged: Judged, repeated: Sequence[Repeated]) -> dict[LedgerKey, dict[int, int]]:
        """Digests of quarantined records by key and sequence."""
        runs = _runs(judged, repeated)
        wanted: dict[LedgerKey, list[Range]] = {}
        for key, run in runs:
            wanted.setdefault(key, []).append(run)
        slots = {int(self._memory.fleet.no[key[0]]): key[0] for key in wanted}
        ids = [int(row[0]) for row in await self._store.all("held", self._named(runs))]
        found: dict[LedgerKey, dict[int, int]] = {key: {} for key in wanted}
        for at in range(0, len(ids), HELD_AT_ONCE):
            chosen = {"ids": Int8s(ids[at : at + HELD_AT_ONCE])}
            for no, incarnation, boot, channel, first, count, payload in await self._store.all("held_bytes", chosen):
                key = (slots[int(no)], int(incarnation), int(boot), int(channel))
                begin, digests = quarantined_digests(bytes(payload))
                for low, high in intersect(tuple(wanted[key]), ((int(first), int(first) + int(count)),)):
                    found[key].update(zip(range(low, high), digests[low - begin : high - begin].tolist(), strict=False))
        return found

    def _named(self, runs: Sequence[tuple[LedgerKey, Range]]) -> Mapping[str, object]:
        """Runs of records as parameters."""
        return {
            "device": Int8s([int(self._memory.fleet.no[key[0]]) for key, _ in runs]),
            "incarnation": Int8s([key[1] for key, _ in runs]),
            "boot": Int8s([key[2] for key, _ in runs]),
            "channel": Int8s([key[3] for key, _ in runs]),
            "first": Int8s([run[0] for _, run in runs]),
            "end": Int8s([run[1] for _, run in runs]),
        }

    def _row(self, judged: Judged, entry: Entry, content: bytes) -> Row:
        head = judged.frames.head[entry.frame]
        device = self._memory.fleet.devices[int(judged.device[entry.frame])]
        legible = entry.count is not None
        return {
            "device_no": device.no,
            "device_id": device.id,
            "arrival_us": int(judged.arrival_us[entry.frame]),
            "reason": entry.reason,
            "detail": entry.detail,
            "channel": int(head["channel"]) if legible else None,
            "layout": int(head["layout"]) if legible else None,
            "fingerprint": int(head["fingerprint"]) if legible else None,
            "incarnation": int(head["incarnation"]) if legible else None,
            "boot": int(head["boot"]) if legible else None,
            "first": entry.first,
            "count": entry.count,
            "counted": entry.counted,
            "bytes": b64encode(content).decode(),
        }

    def _refused(self, refused: Iterable[Refusal]) -> list[Row]:
        """One row for each device and reason, with the latest as sample."""
        rows: dict[tuple[int, str], dict[str, object]] = {}
        for one in refused:
            row = rows.setdefault((one.device, one.reason), {"count": 0})
            row["count"] = int(str(row["count"])) + 1
            row["device_id"], row["reason"] = self._memory.fleet.devices[one.device].id, one.reason
            row["at_ms"], row["sample"] = one.at_ms, b64encode(one.sample[:SAMPLE_BYTES]).decode()
        return list(rows.values())


def quarantined_digests(payload: bytes) -> tuple[int, I64]:
    """(first sequence, digests) of a quarantined frame's records; none for one that is damaged."""
    frames = decode.frames([payload])
    if frames.fault[0] not in {decode.OK, decode.FLAGS}:
        return 0, np.zeros(0, np.int64)
    run = decode.records(frames, np.zeros(1, np.int64), int(frames.head["record"][0]))
    return int(frames.head["first"][0]), decode.digests(run, int(frames.head["fingerprint"][0]))


def _content(judged: Judged, entry: Entry) -> bytes:
    """What is kept of a frame: all of it, or the entry's records as a frame of their own, so that no byte is kept many times."""
    head, payload = judged.frames.head[entry.frame], judged.payloads[entry.frame]
    if entry.first is None or entry.count is None or entry.count == int(head["count"]):
        return payload
    if judged.frames.fault[entry.frame] != decode.OK:
        return payload
    return decode.part(payload, entry.first, entry.count)


def _damaged(judged: Judged) -> Iterator[Entry]:
    """Frames that are damaged, or of a boot nobody named: kept as they came."""
    for index in np.flatnonzero(judged.verdict == EVIDENCE).tolist():
        if judged.reason[index] == UNBORN_BOOT:
            head = judged.frames.head[index]
            detail = "no birth named the boot, and too many such boots were heard"
            yield Entry(index, judged.reason_at(index), detail, counted=False, first=int(head["first"]), count=int(head["count"]))
            continue
        size = len(judged.payloads[index])
        yield Entry(index, judged.reason_at(index), f"{size} bytes", counted=False)


def _fresh(judged: Judged, moves: Moves | None, scalars: Sequence[Scalar]) -> Iterator[Entry]:
    """Records accounted as quarantined just now."""
    if moves is not None:
        odd = (judged.verdict[moves.frames] == QUARANTINED) | (
            (judged.verdict[moves.frames] != DECLINED) & (judged.bad[moves.frames] > 0)
        )
        for index in moves.frames[odd].tolist():
            head = judged.frames.head[index]
            first = int(head["first"])
            yield from _entries(judged, index, first, first + int(head["count"]))
    for scalar in scalars:
        for index, (first, end), cls in scalar.fresh:
            if cls is Class.QUARANTINED:
                yield from _entries(judged, index, first, end)


def _entries(judged: Judged, index: int, first: int, end: int) -> Iterator[Entry]:
    """Entries for the quarantined records of a frame within first..end-1: all of them, or those with impossible values."""
    if judged.verdict[index] == QUARANTINED:
        reason = judged.reason_at(index)
        yield Entry(index, reason, _detail(judged, index), counted=True, first=first, count=end - first)
        return
    group = judged.group_at(index)
    if group is None:
        return
    offset = int(judged.base[index]) - int(judged.frames.head["first"][index])
    for low, high in _stretches(group.bad[offset + first : offset + end]):
        why = group.kind.decoder.why(group.fields[offset + first + low])
        yield Entry(index, "out_of_range", why, counted=True, first=first + low, count=high - low)


def _detail(judged: Judged, index: int) -> str:
    head = judged.frames.head[index]
    named = f"message {head['channel']}, layout {head['layout']}, fingerprint {head['fingerprint']:08x}"
    if judged.reason[index] == POISON:
        return f"{named}: our own code failed on it, see the log"
    return f"{named}, flags {head['flags']:02x}, {head['record']} bytes a record"


def _stretches(mask: Bools) -> Iterator[tuple[int, int]]:
    """The runs of true values as (first, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _digests(judged: Judged, again: Repeated) -> I64:
    """The digests of a repeated run's records as they came now."""
    offset = again.first - int(judged.frames.head["first"][again.frame])
    count = again.end - again.first
    group = judged.group_at(again.frame)
    if group is not None:
        base = int(judged.base[again.frame]) + offset
        return group.digest[base : base + count]
    head = judged.frames.head[again.frame]
    run = decode.records(judged.frames, np.array([again.frame]), int(head["record"]))
    return decode.digests(run, int(head["fingerprint"]))[offset : offset + count]


def _conflicts(again: Repeated, known: Known, digests: I64) -> Iterator[Entry]:
    """Entries for repeated records that are not what is stored under their key."""
    low, high = known.span(again)
    at = known.seqs[low:high] - again.first
    bare, differs = np.ones(len(digests), np.bool_), np.ones(len(digests), np.bool_)
    bare[at], differs[at] = False, known.digests[low:high] != digests[at]
    for begin, end in _stretches(differs):
        alone = bool(bare[begin:end].all())
        reason = "closed-boot" if again.closed else "late" if alone else "conflict"
        detail = "nothing is stored to compare with" if alone else "other bytes are stored under this key"
        yield Entry(again.frame, reason, detail, counted=False, first=again.first + begin, count=end - begin)


def _runs(judged: Judged, repeated: Iterable[Repeated]) -> list[tuple[LedgerKey, Range]]:
    """Which records were repeated: each once, however often it came."""
    runs: dict[LedgerKey, list[Range]] = {}
    for again in repeated:
        runs.setdefault(_key(judged, again.frame), []).append((again.first, again.end))
    return [(key, run) for key, ranges in runs.items() for run in normal(ranges)]


def _key(judged: Judged, index: int) -> LedgerKey:
    """(device slot, incarnation, boot, channel) of a frame."""
    head = judged.frames.head[index]
    return int(judged.device[index]), int(head["incarnation"]), int(head["boot"]), int(head["channel"])
