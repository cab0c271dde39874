"""One row of the ledger: what became of every record of one (device, incarnation, boot, channel).

A sequence number below `mark` is classed, for ever, in exactly one class: stored, quarantined, declined or lost. Between
`mark` and `high` the bounded list `gaps` names what is still missing; from `high` on nothing is classed. What is owed is
derived and never stored:

    numbered = max(high, upper)        upper: what the device said it has numbered (births), null when it never said
    owed     = numbered - (stored + quarantined + declined + lost)

What was classed stays: a loss declared for a stored record changes nothing, and neither does a record that comes after its
loss was declared (its bytes are evidence, see `repeat`).

**Fast path.** A driver may account a frame without this module, in SQL or NumPy, exactly when

    mark == high == first, gaps is empty, the boot is not closed (`inventory.admit` says OPEN), and every record gets one class

and then the new row is `mark = high = first + count`, `<class> += count`, `version += 1`, everything else unchanged. A
missing row of an open boot counts as the empty row (mark 0, high 0). Consecutive frames of one key in one batch chain: the
second's `first` is compared with the first's end. `upper` and `owed_since_ms` need no look: both are read through `owed`.
All other frames take `account`, which gives the same result for these (held by a property test).
"""

from enum import Enum, StrEnum
from typing import NamedTuple

from seamline.hub.ranges import Range, Ranges, intersect, normal, size, subtract

SEQUENCE_END = 1 << 32
"""Exclusive bound of a sequence number (u32 on the wire)."""

GAPS_MAX = 64
"""Gaps one row may hold; a frame that would need more is refused, not acknowledged, and comes again once gaps have closed."""


class Class(StrEnum):
    """What became of a record. Exactly one holds for each classed sequence number."""

    STORED = "stored"
    QUARANTINED = "quarantined"
    DECLINED = "declined"
    LOST = "lost"


class Repeat(Enum):
    """What a record is that arrived for a sequence number already classed."""

    DUPLICATE = "duplicate"
    """Same bytes as those stored: normal on the wire, dropped and counted."""
    CONFLICT = "conflict"
    """Other bytes under the same key: evidence for quarantine (reason `conflict`), not counted, since the key is classed."""
    UNKNOWN = "unknown"
    """Classed without bytes that could be compared (lost, declined, or expired from storage): evidence (reason `late`), not counted."""


class LedgerRow(NamedTuple):
    """State of one key.

    Invariants: `mark <= high`; gaps lie in mark..high, the first begins at mark and the last ends before high; without gaps
    mark == high; `classed == high - size(gaps)`. `owed_since_ms` is the Unix time since when something has been owed without a
    break, meaningful only while `owed > 0`.
    """

    mark: int = 0
    high: int = 0
    gaps: Ranges = ()
    upper: int | None = None
    stored: int = 0
    quarantined: int = 0
    declined: int = 0
    lost: int = 0
    duplicates: int = 0
    version: int = 0
    owed_since_ms: int | None = None

    @property
    def classed(self) -> int:
        """Records in one of the four classes."""
        return self.stored + self.quarantined + self.declined + self.lost

    @property
    def numbered(self) -> int:
        """Records the device is known to have numbered."""
        return self.high if self.upper is None else max(self.high, self.upper)

    @property
    def owed(self) -> int:
        """Records numbered and not classed yet."""
        return self.numbered - self.classed

    @property
    def settled(self) -> bool:
        """Whether nothing known to be numbered is missing."""
        return self.owed == 0

    @property
    def missing(self) -> Ranges:
        """What is owed: the gaps, and the tail up to `upper`."""
        tail = ((self.high, self.numbered),) if self.numbered > self.high else ()
        return normal((*self.gaps, *tail))


class Outcome(NamedTuple):
    """What accounting a run of records came to: disjoint, and together the whole run."""

    fresh: Ranges = ()
    """Classed now: the records to store (or to quarantine, decline, write down as lost)."""
    duplicates: Ranges = ()
    """Classed before: compare digests (`repeat`)."""
    refused: Ranges = ()
    """Would need more than GAPS_MAX gaps: do not store, do not acknowledge."""


def account(row: LedgerRow, first: int, count: int, cls: Class, now_ms: int) -> tuple[LedgerRow, Outcome]:
    """Class `count` records from sequence `first` as `cls`; what is classed already stays as it is.

    `duplicates` counts what was received again, so a loss declared twice does not add to it. Raises ValueError when the run
    is empty or leaves 0..2**32: the frame's parser has refused that before.
    """
    end = first + count
    if first < 0 or count < 1 or end > SEQUENCE_END:
        message = f"run {first}+{count} is empty or outside 0..2**32: refuse the frame before it is accounted"
        raise ValueError(message)
    if row.mark == row.high == first:
        return _counted(row, _Extent(end, end), cls, (count, 0), now_ms), Outcome(fresh=((first, end),))
    extent, taken, refused = _Extent(row.mark, row.high, row.gaps), list[Range](), list[Range]()
    wanted = intersect((*row.gaps, (row.high, SEQUENCE_END)), ((first, end),))
    for part in wanted:
        after = _placed(extent, part)
        if len(after.gaps) > GAPS_MAX and len(after.gaps) > len(extent.gaps):
            refused.append(part)
        else:
            extent = after
            taken.append(part)
    fresh = normal(taken)
    duplicates = subtract(((first, end),), wanted)
    again = 0 if cls is Class.LOST else size(duplicates)
    return _counted(row, extent, cls, (size(fresh), again), now_ms), Outcome(fresh, duplicates, normal(refused))


def told(row: LedgerRow, upper: int, now_ms: int) -> LedgerRow:
    """Note that the device has numbered everything below `upper` (a birth's `held` or `ended`). Bounds only rise."""
    if upper <= (row.upper or 0):
        return row
    owed = max(row.high, upper) - row.classed
    return row._replace(upper=upper, version=row.version + 1, owed_since_ms=_since(row, owed, now_ms))


def reclass(row: LedgerRow, count: int, old: Class, new: Class) -> LedgerRow:
    """Move `count` records to another class: quarantined ones decoded later become stored, or are declined by an audited act.

    Raises ValueError when the row has not so many of the old class.
    """
    held = _of(row, old)
    if count < 0 or count > held:
        message = f"cannot move {count} records from {old} to {new}: the row has {held}"
        raise ValueError(message)
    if old is new:
        return row
    moved = {old.value: held - count, new.value: _of(row, new) + count}
    return row._replace(version=row.version + 1, **moved)


def repeat(stored_digest: int | None, digest: int) -> Repeat:
    """Judge a record whose key is classed already by the digest of the bytes stored under it (None: there are none)."""
    if stored_digest is None:
        return Repeat.UNKNOWN
    return Repeat.DUPLICATE if stored_digest == digest else Repeat.CONFLICT


class _Extent(NamedTuple):
    """What is classed: everything below `high` but the gaps."""

    mark: int
    high: int
    gaps: Ranges = ()


def _placed(extent: _Extent, part: Range) -> _Extent:
    """The extent with one run of missing numbers filled."""
    first, end = part
    high = max(extent.high, end)
    opened = (*extent.gaps, (extent.high, first)) if first > extent.high else extent.gaps
    gaps = subtract(opened, (part,))
    return _Extent(gaps[0][0] if gaps else high, high, gaps)


def _counted(row: LedgerRow, extent: _Extent, cls: Class, counts: tuple[int, int], now_ms: int) -> LedgerRow:
    """The row with a new extent and (fresh, repeated) records counted."""
    fresh, again = counts
    owed = max(extent.high, row.upper or 0) - row.classed - fresh
    return row._replace(
        mark=extent.mark,
        high=extent.high,
        gaps=extent.gaps,
        duplicates=row.duplicates + again,
        version=row.version + 1,
        owed_since_ms=_since(row, owed, now_ms),
        **{cls.value: _of(row, cls) + fresh},
    )


def _since(before: LedgerRow, owed: int, now_ms: int) -> int | None:
    """Since when something has been owed, given how much is now."""
    if owed == 0:
        return None
    return now_ms if before.owed == 0 or before.owed_since_ms is None else before.owed_since_ms


def _of(row: LedgerRow, cls: Class) -> int:
    """The count of one class."""
    match cls:
        case Class.STORED:
            return row.stored
        case Class.QUARANTINED:
            return row.quarantined
        case Class.DECLINED:
            return row.declined
        case Class.LOST:
            return row.lost
