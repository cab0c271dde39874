"""The ledger's scalar path: births, declared losses, and every device with something out of order, by `hub.inventory`.

All that a device sent in the batch is worked through in the stream's order. The rows were read locked; what changed is
written by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from seamline.hub.births import Born, receive_birth
from seamline.hub.folds import FoldKey, Key, LedgerFold, merged
from seamline.hub.ingest.catalogue import LOSSES_ID
from seamline.hub.ingest.judge import DECLINED, QUARANTINED, Group, Judged, Said
from seamline.hub.inputs import Birth
from seamline.hub.inventory import LOSS_REASONS, Admission, DeviceLedger, Taken, admit, take
from seamline.hub.ledger import Class, LedgerRow
from seamline.hub.ranges import Range


@dataclass(frozen=True, slots=True)
class Repeated:
    """Records of a frame that are classed already: to be compared with what is stored. `closed`: of a boot that is closed."""

    frame: int
    first: int
    end: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """Records that a device gave up and that were not classed: rows of `loss`."""

    device: int
    key: Key
    first: int
    count: int
    reason: str
    at_ms: int


@dataclass(slots=True)
class Scalar:
    """What the scalar path did to one device.

    `rows` are the ledger's, changed in place: thousands of frames may meet a device with thousands of open boots.
    """

    device: int
    before: DeviceLedger
    ledger: DeviceLedger
    rows: dict[Key, LedgerRow]
    folds: dict[FoldKey, LedgerFold] = field(default_factory=dict[FoldKey, LedgerFold])
    births: list[tuple[Said, Born]] = field(default_factory=list[tuple[Said, Born]])
    losses: list[Declared] = field(default_factory=list[Declared])
    repeated: list[Repeated] = field(default_factory=list[Repeated])
    marks: dict[Key, int] = field(default_factory=dict[Key, int])
    fresh: list[tuple[int, Range, Class]] = field(default_factory=list[tuple[int, Range, Class]])  # (frame, range, class)
    last_ms: int = 0

    def take(self, key: Key, first: int, count: int, cls: Class, now_ms: int) -> Taken:
        """`inventory.take` on the one row it needs."""
        row = self.rows.get(key)
        own = DeviceLedger(self.ledger.incarnation, self.ledger.closed, {} if row is None else {key: row})
        taken = take(own, key, first, count, cls, now_ms=now_ms)
        self.put(key, taken.ledger.rows.get(key))
        return taken

    def put(self, key: Key, row: LedgerRow | None) -> None:
        """Set a row, or take it out."""
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row


def work(judged: Judged, device: int, ledger: DeviceLedger, frames: Sequence[int], births: Sequence[Said]) -> Scalar:
    """Work through a device's frames (indices, in order) and births, each in its place in the stream."""
    rows = dict(ledger.rows)
    done = Scalar(device, ledger, replace(ledger, rows=rows), rows)
    said: dict[int, Said] = {birth.at: birth for birth in births}
    places = [*((int(judged.at[index]), index) for index in frames), *((at, -1) for at in said)]
    for at, index in sorted(places):
        if index < 0:
            _birth(done, said[at])
        else:
            _frame(done, judged, index)
    return done


def _birth(done: Scalar, said: Said) -> None:
    assert isinstance(said.input, Birth)  # noqa: S101 - chosen by its type
    born = receive_birth(done.ledger, said.input, said.arrival_ms)
    done.births.append((said, born))
    done.rows = dict(born.ledger.rows)
    done.ledger = replace(born.ledger, rows=done.rows)
    done.last_ms = max(done.last_ms, said.arrival_ms)
    _fold(done, born.folds)


def _frame(done: Scalar, judged: Judged, index: int) -> None:
    """Account one frame; one that declares losses is refused whole when any of them cannot be placed yet."""
    head = judged.frames.head[index]
    key = Key(int(head["incarnation"]), int(head["boot"]), int(head["channel"]))
    now_ms = int(judged.arrival_us[index]) // 1000
    done.last_ms = max(done.last_ms, now_ms)
    group = judged.group_at(index)
    if group is not None and group.kind.layout.message_id == LOSSES_ID and judged.verdict[index] not in {QUARANTINED, DECLINED}:
        trial = Scalar(done.device, done.before, done.ledger, done.rows)
        if not _declare(trial, judged, index, group, key, now_ms):
            return
        done.losses += trial.losses
        done.marks |= {lost: max(upto, done.marks.get(lost, 0)) for lost, upto in trial.marks.items()}
        _fold(done, trial.folds)
    closed = admit(done.ledger, key) is Admission.CLOSED
    for first, count, cls in runs(judged, index, group):
        taken = done.take(key, first, count, cls, now_ms)
        done.marks[key] = max(taken.mark.next, done.marks.get(key, 0)) if closed else taken.mark.next
        done.fresh += [(index, fresh, cls) for fresh in taken.outcome.fresh]
        done.repeated += [Repeated(index, *again, closed) for again in taken.outcome.duplicates]
        _fold(done, taken.folds)
    if group is not None:
        _accept(judged, group, index, done.fresh)


def _declare(done: Scalar, judged: Judged, index: int, group: Group, key: Key, now_ms: int) -> bool:
    """Take down every loss of the frame; False when one is refused (too many gaps): then no row has changed."""
    before: dict[Key, LedgerRow | None] = {}
    base, count = int(judged.base[index]), int(judged.frames.head["count"][index])
    for at in range(base, base + count):
        if group.bad[at]:
            continue
        record = group.fields[at]
        lost = Key(key.incarnation, int(record["boot"]), int(record["channel"]))
        before.setdefault(lost, done.rows.get(lost))
        taken = done.take(lost, int(record["first"]), int(record["count"]), Class.LOST, now_ms)
        if taken.outcome.refused:
            for changed, row in before.items():
                done.put(changed, row)
            return False
        done.marks[lost] = max(taken.mark.next, done.marks.get(lost, 0))
        _fold(done, taken.folds)
        reason = LOSS_REASONS[int(record["reason"])].value
        for first, end in taken.outcome.fresh:
            done.losses.append(Declared(done.device, lost, first, end - first, reason, now_ms))
    return True


def runs(judged: Judged, index: int, group: Group | None) -> Iterator[tuple[int, int, Class]]:
    """A frame's records as runs (first, count) of one class each."""
    head = judged.frames.head[index]
    first, count = int(head["first"]), int(head["count"])
    verdict = judged.verdict[index]
    if verdict == QUARANTINED:
        yield first, count, Class.QUARANTINED
    elif verdict == DECLINED:
        yield first, count, Class.DECLINED
    elif group is None or not judged.bad[index]:
        yield first, count, Class.STORED
    else:
        base = int(judged.base[index])
        for bad, members in groupby(group.bad[base : base + count].tolist()):
            size = len(list(members))
            yield first, size, Class.QUARANTINED if bad else Class.STORED
            first += size


def _accept(judged: Judged, group: Group, index: int, fresh: list[tuple[int, Range, Class]]) -> None:
    """Mark the frame's fresh records in its group."""
    offset = int(judged.base[index]) - int(judged.frames.head["first"][index])
    for frame, (first, end), _ in reversed(fresh):
        if frame != index:
            break
        group.accepted[offset + first : offset + end] = True


def _fold(done: Scalar, folds: Mapping[FoldKey, LedgerFold]) -> None:
    for key, fold in folds.items():
        done.folds[key] = merged(done.folds.get(key), fold)
