"""What a birth does to the ledger: end boots, close as lost what is neither held nor classed, fold what is complete.

Boots the hub has rows of end one by one; boots it has never heard of, of which the device holds nothing, cost one addition to a fold
for a whole stretch, so that a brown-out loop of a thousand boots a day costs nothing. Where the gaps of a row would exceed
their bound, the rest stays owed until a later birth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seamline.hub.ended import Bounds, bounds
from seamline.hub.folds import FoldKey, Key, LedgerFold, folded, merged
from seamline.hub.inputs import Birth, Held
from seamline.hub.inventory import Admission, DeviceLedger, LossReason, Mark, admit, closed_below, marks
from seamline.hub.ledger import Class, LedgerRow, account, told
from seamline.hub.ranges import Range, Ranges, normal, subtract


@dataclass(frozen=True, slots=True)
class Closure:
    """Records first..first+count-1 of each boot boot_first..boot_last were closed as lost."""

    incarnation: int
    boot_first: int
    boot_last: int
    channel: int
    first: int
    count: int
    reason: LossReason

    @property
    def total(self) -> int:
        """Records closed, over all its boots."""
        return self.count * (self.boot_last - self.boot_first + 1)


@dataclass(frozen=True, slots=True)
class Born:
    """What a birth did. `marks` and `closed_below` go into `session`; `folds` are to be added; `closures` are to be written down."""

    ledger: DeviceLedger
    stale: bool
    """The birth is of a boot that is over (late, or two boards with one name): nothing changed; write an event, do not answer."""
    marks: tuple[Mark, ...] = ()
    closed_below: int = 0
    closures: tuple[Closure, ...] = ()
    folds: Mapping[FoldKey, LedgerFold] = field(default_factory=dict[FoldKey, LedgerFold])
    superseded: int | None = None
    """The incarnation this birth replaced, if it did: worth an event."""


def receive_birth(ledger: DeviceLedger, birth: Birth, now_ms: int) -> Born:
    """Work a birth in. Needs all rows of the device. Repeating a birth changes nothing more."""
    if birth.boot < ledger.closed.get(birth.incarnation, 0):
        return Born(ledger, stale=True)
    superseded = ledger.incarnation if ledger.incarnation != birth.incarnation else None
    held = _by_key(birth.incarnation, birth.held)
    draft = _Draft(ledger, now_ms)
    draft.end_others(birth.incarnation, superseded)
    for key, ranges in held.items():
        draft.hold(key, ranges[-1][1])
    draft.end_older(birth, held)
    after = DeviceLedger(birth.incarnation, {**draft.closed, birth.incarnation: birth.boot}, draft.rows)
    finals = {Mark(key.boot, key.channel, ranges[-1][1]) for key, ranges in held.items() if key not in draft.rows}
    return Born(
        ledger=after,
        stale=False,
        marks=(*marks(after, birth.incarnation), *sorted(finals)),
        closed_below=closed_below(after, birth.incarnation),
        closures=tuple(draft.closures),
        folds=draft.folds,
        superseded=superseded,
    )


def stale_births(closed: Mapping[int, int], incarnation: int | None, births: Iterable[Birth]) -> list[bool]:
    """Which of these births, one after the other, `receive_birth` finds stale: by what is `closed` of each incarnation."""
    closed, found = dict(closed), list[bool]()
    for birth in births:
        found.append(birth.boot < closed.get(birth.incarnation, 0))
        if not found[-1]:
            if incarnation is not None and incarnation != birth.incarnation:
                closed[incarnation] = closed.get(incarnation, 0) + 1
            incarnation, closed[birth.incarnation] = birth.incarnation, birth.boot
    return found


class _Draft:
    """The ledger while a birth is worked in."""

    def __init__(self, ledger: DeviceLedger, now_ms: int) -> None:
        self.closed: dict[int, int] = dict(ledger.closed)
        self.rows: dict[Key, LedgerRow] = dict(ledger.rows)
        self.folds: dict[FoldKey, LedgerFold] = {}
        self.closures: list[Closure] = []
        self._before = ledger
        self._now_ms = now_ms

    def end_others(self, incarnation: int, superseded: int | None) -> None:
        """End every boot ever heard of in other incarnations; a board that comes back does so with its next boot."""
        if superseded is not None:
            self.closed[superseded] = self.closed.get(superseded, 0) + 1  # `closed` was its current boot
        for key in sorted(self._before.rows):
            if key.incarnation != incarnation:
                self.closed[key.incarnation] = max(self.closed.get(key.incarnation, 0), key.boot + 1)
                self._end(key, bound=0, held=(), reason=LossReason.ERASED)

    def hold(self, key: Key, end: int) -> None:
        """Note that the device holds records up to `end`. What is closed stays closed."""
        if admit(self._before, key) is Admission.OPEN:
            self.rows[key] = told(self.rows.get(key, LedgerRow()), end, self._now_ms)

    def end_older(self, birth: Birth, held: Mapping[Key, Ranges]) -> None:
        """End every boot below the birth's: those with rows one by one, the others by whole stretches."""
        given = bounds(birth.ended)
        known: dict[int, list[Range]] = {}
        for key in sorted(self.rows):
            if key.incarnation == birth.incarnation and key.boot < birth.boot:
                known.setdefault(key.channel, []).append((key.boot, key.boot + 1))
                bound = given.get(key.channel, Bounds()).of(key.boot)
                self._end(key, bound, held.get(key, ()), LossReason.POWER_LOSS)
        over = (0, self.closed.get(birth.incarnation, 0))
        for channel, told_bounds in given.items():
            taken = normal((*known.get(channel, ()), over))
            self._close_unseen((birth.incarnation, channel), told_bounds, taken)

    def _end(self, key: Key, bound: int, held: Ranges, reason: LossReason) -> None:
        """End one boot's channel: what is neither held nor classed is lost; a complete row folds."""
        row = told(self.rows[key], bound, self._now_ms)
        for first, end in subtract(row.missing, held):
            row, outcome = account(row, first, end - first, Class.LOST, self._now_ms)
            for a, b in outcome.fresh:
                self.closures.append(Closure(key.incarnation, key.boot, key.boot, key.channel, a, b - a, reason))
        if row.settled:
            del self.rows[key]
            self._fold((key.incarnation, key.channel), folded(key, row))
        else:
            self.rows[key] = row

    def _close_unseen(self, at: FoldKey, given: Bounds, known: Ranges) -> None:
        """Boots of which the hub has heard nothing and the device holds nothing: one addition for a stretch of any length."""
        for first, end in subtract(tuple((stretch.first, stretch.end) for stretch in given.stretches), known):
            upper = given.of(first)
            numbered = (end - first) * upper
            self._fold(at, LedgerFold(end - first, first, end - 1, numbered=numbered, lost=numbered))
            if upper:
                self.closures.append(Closure(at[0], first, end - 1, at[1], 0, upper, LossReason.POWER_LOSS))

    def _fold(self, at: FoldKey, fold: LedgerFold) -> None:
        self.folds[at] = merged(self.folds.get(at), fold)


def _by_key(incarnation: int, held: Iterable[Held]) -> Mapping[Key, Ranges]:
    """The held ranges of each row, in normal form."""
    runs: dict[Key, list[Range]] = {}
    for run in held:
        runs.setdefault(Key(incarnation, run.boot, run.channel), []).append((run.first, run.end))
    return {key: normal(ranges) for key, ranges in runs.items()}
