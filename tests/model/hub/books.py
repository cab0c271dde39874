"""The books: numbered = stored + quarantined + declined + lost + owed, per row and in total, with the age of what is owed."""

from collections.abc import Iterable
from dataclasses import dataclass

from seamline.hub.folds import LedgerFold
from seamline.hub.ledger import LedgerRow


@dataclass(frozen=True, slots=True)
class Books:
    """Counts of records.

    `duplicates` were received again and are in no class. `owed_age_ms` is how long something has been owed without a break,
    the longest of the rows summed; None when nothing is owed or the time is not known.
    """

    numbered: int = 0
    stored: int = 0
    quarantined: int = 0
    declined: int = 0
    lost: int = 0
    owed: int = 0
    duplicates: int = 0
    owed_age_ms: int | None = None

    @property
    def balanced(self) -> bool:
        """Whether every numbered record is in exactly one class."""
        classed = self.stored + self.quarantined + self.declined + self.lost
        return self.numbered == classed + self.owed and self.owed >= 0


def of_row(row: LedgerRow, now_ms: int) -> Books:
    """The books of one (incarnation, boot, channel)."""
    since_ms = row.owed_since_ms if row.owed else None
    return Books(
        numbered=row.numbered,
        stored=row.stored,
        quarantined=row.quarantined,
        declined=row.declined,
        lost=row.lost,
        owed=row.owed,
        duplicates=row.duplicates,
        owed_age_ms=None if since_ms is None else max(0, now_ms - since_ms),
    )


def of_fold(fold: LedgerFold) -> Books:
    """The books of finished boots: nothing is owed."""
    return Books(
        numbered=fold.numbered,
        stored=fold.stored,
        quarantined=fold.quarantined,
        declined=fold.declined,
        lost=fold.lost,
        duplicates=fold.duplicates,
    )


def total(books: Iterable[Books]) -> Books:
    """The sum, with the longest of the ages."""
    parts = tuple(books)
    return Books(
        numbered=sum(part.numbered for part in parts),
        stored=sum(part.stored for part in parts),
        quarantined=sum(part.quarantined for part in parts),
        declined=sum(part.declined for part in parts),
        lost=sum(part.lost for part in parts),
        owed=sum(part.owed for part in parts),
        duplicates=sum(part.duplicates for part in parts),
        owed_age_ms=max((part.owed_age_ms for part in parts if part.owed_age_ms is not None), default=None),
    )


def balance(rows: Iterable[LedgerRow], folds: Iterable[LedgerFold], now_ms: int) -> Books:
    """The books of a device, or of any set of rows and folds."""
    return total((*(of_row(row, now_ms) for row in rows), *(of_fold(fold) for fold in folds)))
