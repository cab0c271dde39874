"""Sums over finished boots: what a row of the ledger becomes once nothing of its boot can change any more."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from seamline.hub.ledger import LedgerRow


class Key(NamedTuple):
    """Names a ledger row within a device."""

    incarnation: int
    boot: int
    channel: int


@dataclass(frozen=True, slots=True)
class LedgerFold:
    """Finished boots of one (incarnation, channel), summed. Nothing is owed: `numbered` is the sum of the four classes."""

    boots: int
    boot_first: int
    boot_last: int
    numbered: int
    stored: int = 0
    quarantined: int = 0
    declined: int = 0
    lost: int = 0
    duplicates: int = 0


FoldKey: TypeAlias = tuple[int, int]
"""(incarnation, channel)"""


def folded(key: Key, row: LedgerRow) -> LedgerFold:
    """A settled row as the fold of its one boot."""
    return LedgerFold(1, key.boot, key.boot, row.numbered, row.stored, row.quarantined, row.declined, row.lost, row.duplicates)


def merged(one: LedgerFold | None, other: LedgerFold) -> LedgerFold:
    """The sum of two folds of one key."""
    if one is None:
        return other
    return LedgerFold(
        boots=one.boots + other.boots,
        boot_first=min(one.boot_first, other.boot_first),
        boot_last=max(one.boot_last, other.boot_last),
        numbered=one.numbered + other.numbered,
        stored=one.stored + other.stored,
        quarantined=one.quarantined + other.quarantined,
        declined=one.declined + other.declined,
        lost=one.lost + other.lost,
        duplicates=one.duplicates + other.duplicates,
    )
