"""The ledger of one device: which boots are open, what a birth closes, what folds, and which marks to send.

**Which boots are open.** Of each incarnation the ledger keeps `closed`: every boot below it is over. A boot that is over and has
no row is closed: all it ever numbered is classed and summed up in a fold. A boot that is over and still has rows is waiting
for records the device holds. So a (boot, channel) takes records exactly when it has a row or is not over (`admit`).

**A birth** in boot B ends every boot below B of its incarnation, and every known boot of every other incarnation. Of an ended boot, what
the device neither holds nor the hub has classed is lost as a range; what is then complete folds. Births may be repeated and may come
late: a birth of a boot that is over changes nothing (`stale`), and of the same boot any order gives the same books.

**Folds are increments.** `LedgerFold` values handed out here are to be added to what the database has (`merged`), so that no driver
needs to load them.

The driver holds the rows it passes in locked, hands over every row of the device to `births.receive_birth`, and at least
the touched rows to `take` and `declare`; `changes` tells what to write.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

from seamline.hub.folds import FoldKey, Key, LedgerFold, folded, merged
from seamline.hub.ledger import Class, LedgerRow, Outcome, account


class LossReason(StrEnum):
    """Why records are lost: the first four are the wire's (losses/1), the last is the hub's own."""

    BUFFER_FULL = "buffer_full"
    EXPIRED = "expired"
    CORRUPTED = "corrupted"
    POWER_LOSS = "power_loss"
    ERASED = "erased"
    """A new incarnation came: nothing of the older one's memory is left."""


LOSS_REASONS: Final[Mapping[int, LossReason]] = {
    1: LossReason.BUFFER_FULL,
    2: LossReason.EXPIRED,
    3: LossReason.CORRUPTED,
    4: LossReason.POWER_LOSS,
}
"""Reason codes of losses/1."""


class Admission(StrEnum):
    """Whether a record of a key is accounted."""

    OPEN = "open"
    CLOSED = "closed"
    """All of the boot is classed: compare with what is stored; other bytes are evidence (reason `closed-boot`), not counted.
    Answer with a mark at the frame's end, so that the device drops it."""


class Mark(NamedTuple):
    """Everything of (boot, channel) below `next` is accounted for: one entry of the wire's `marks`."""

    boot: int
    channel: int
    next: int


@dataclass(frozen=True, slots=True)
class DeviceLedger:
    """What the ledger knows of one device.

    `incarnation` is the one that was born last (None before any birth); `closed` maps incarnation to the boot below which
    every boot is over. For `take` and `declare` the rows may be a part of the device's, as long as the touched ones are there.
    """

    incarnation: int | None = None
    closed: Mapping[int, int] = field(default_factory=dict[int, int])
    rows: Mapping[Key, LedgerRow] = field(default_factory=dict[Key, LedgerRow])


@dataclass(frozen=True, slots=True)
class Taken:
    """What `take` or `declare` did. `mark` is to be sent even when the row has just folded; `folds` are to be added."""

    ledger: DeviceLedger
    outcome: Outcome
    mark: Mark
    folds: Mapping[FoldKey, LedgerFold]


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two ledgers of a device, for the driver to write."""

    upserts: Mapping[Key, LedgerRow]
    deletes: tuple[Key, ...]
    closed: Mapping[int, int]
    incarnation: int | None
    """The new current incarnation, or None when it did not change."""


def admit(ledger: DeviceLedger, key: Key) -> Admission:
    """Whether records of the key are accounted, or all of its boot is classed already."""
    over = key.boot < ledger.closed.get(key.incarnation, 0)
    return Admission.CLOSED if over and key not in ledger.rows else Admission.OPEN


def take(ledger: DeviceLedger, key: Key, first: int, count: int, cls: Class, *, now_ms: int) -> Taken:
    """Account a run of records of one frame. A run of a closed boot comes back whole as duplicates, nothing changed."""
    if admit(ledger, key) is Admission.CLOSED:
        end = first + count
        return Taken(ledger, Outcome(duplicates=((first, end),)), Mark(key.boot, key.channel, end), {})
    row, outcome = account(ledger.rows.get(key, LedgerRow()), first, count, cls, now_ms)
    mark = Mark(key.boot, key.channel, row.mark)
    rows = {**ledger.rows, key: row}
    if key.boot < ledger.closed.get(key.incarnation, 0) and row.settled:
        del rows[key]
        folds = {(key.incarnation, key.channel): folded(key, row)}
        return Taken(replace(ledger, rows=rows), outcome, mark, folds)
    return Taken(replace(ledger, rows=rows), outcome, mark, {})


def declare(ledger: DeviceLedger, key: Key, first: int, count: int, *, now_ms: int) -> Taken:
    """Account a declared loss (one record of channel 0 names the key's boot and channel, in the frame's incarnation).

    What is stored already stays stored: `outcome.fresh` is what became lost. When `outcome.refused` is not empty the frame that
    declares must be refused as well, since its acknowledgement would end the device's custody of the declaration.
    """
    return take(ledger, key, first, count, Class.LOST, now_ms=now_ms)


def marks(ledger: DeviceLedger, incarnation: int) -> tuple[Mark, ...]:
    """The marks of every open boot of an incarnation, by boot and channel."""
    rows = sorted((key, row.mark) for key, row in ledger.rows.items() if key.incarnation == incarnation)
    return tuple(Mark(key.boot, key.channel, mark) for key, mark in rows)


def closed_below(ledger: DeviceLedger, incarnation: int) -> int:
    """The wire's `closed`: every boot below it is closed; the device may forget their bounds."""
    over = ledger.closed.get(incarnation, 0)
    return min((key.boot for key in ledger.rows if key.incarnation == incarnation and key.boot < over), default=over)


def settle(ledger: DeviceLedger) -> tuple[DeviceLedger, Mapping[FoldKey, LedgerFold], tuple[Mark, ...]]:
    """Fold every ended boot that is complete: for a background step, since rows moved by the fast path fold nowhere else.

    Gives the ledger, the folds to add and the final marks to send.
    """
    rows, folds, finals = dict(ledger.rows), dict[FoldKey, LedgerFold](), list[Mark]()
    for key in sorted(ledger.rows):
        row = ledger.rows[key]
        if key.boot < ledger.closed.get(key.incarnation, 0) and row.settled:
            del rows[key]
            at = (key.incarnation, key.channel)
            folds[at] = merged(folds.get(at), folded(key, row))
            finals.append(Mark(key.boot, key.channel, row.mark))
    return replace(ledger, rows=rows), folds, tuple(finals)


def changes(before: DeviceLedger, after: DeviceLedger) -> Changes:
    """What a driver has to write to get from one ledger to the other."""
    return Changes(
        upserts={key: row for key, row in after.rows.items() if before.rows.get(key) != row},
        deletes=tuple(sorted(key for key in before.rows if key not in after.rows)),
        closed={inc: boot for inc, boot in after.closed.items() if before.closed.get(inc) != boot},
        incarnation=None if after.incarnation == before.incarnation else after.incarnation,
    )
