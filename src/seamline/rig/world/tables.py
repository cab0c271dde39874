"""Tables as dictionaries, with what a database adds to them: taking back, finding by owner, numbering, refusing.

A row is a plain dictionary that is never changed in place: a changed copy takes its place (`Table.put`), and the journal keeps
the old one until the transaction ends. Everything is deterministic: the same calls give the same rows in the same order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar

from seamline.hub.store_port import AwayError

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class RefusedError(Exception):
    """The statement cannot be carried out as it is, as PostgreSQL would say with this SQLSTATE (PostgreSQL documentation, A)."""

    def __init__(self, sqlstate: str, why: str) -> None:
        super().__init__(f"{why} (SQLSTATE {sqlstate})")
        self.sqlstate: Final = sqlstate


CARDINALITY: Final = "21000"
NOT_NULL: Final = "23502"
NOT_UNIQUE: Final = "23505"
OUT_OF_RANGE: Final = "22003"
NO_SUCH_TIME: Final = "22008"
NOT_TEXT: Final = "22P02"
NUL_IN_TEXT: Final = "22P05"
FAILED_TRANSACTION: Final = "25P02"
NO_SPACE: Final = "53100"


class NoSpaceError(AwayError):
    """The disk is full (SQLSTATE 53100): nothing can be written, what is there can be read."""

    sqlstate: Final = NO_SPACE


class Journal:
    """How to take back what was done since a transaction began, latest first."""

    def __init__(self) -> None:
        self.undo: Final[list[tuple[Callable[..., object], tuple[object, ...]]]] = []
        self.writes = 0
        """How often something was written or taken back."""
        self.is_full = False
        """Whether the disk is."""

    def note(self, undo: Callable[..., object], *about: object) -> None:
        """Something is about to be written; `undo(*about)` takes it back. Raises NoSpaceError."""
        if self.is_full:
            raise NoSpaceError("could not extend file: No space left on device")
        self.writes += 1
        self.undo.append((undo, about))

    def back_to(self, mark: int) -> None:
        """Take back everything after the mark (a length of `undo`)."""
        while len(self.undo) > mark:
            self.writes += 1
            undo, about = self.undo.pop()
            undo(*about)


SOON_US: Final = 1_000_000
"""What becomes due within so long of the last look, as mostly what is due at once, comes in its order and needs no heap."""


class Moments(Generic[K]):
    """Which keys are due when: what a database has an index on a time for. A moment that is no longer a key's is passed over."""

    def __init__(self) -> None:
        self._at: Final[dict[K, int]] = {}
        self._heap: Final[list[tuple[int, int, K]]] = []
        self._come: list[tuple[int, int, K]] = []
        """Entries that were found to be due once, or soon are, in their order: most are looked at again before they change."""
        self._soon = 0
        self._added = 0

    def put(self, key: K, at: int | None) -> None:
        """Have `key` be due at `at`, and at no other moment; None: at none."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            self._added += 1
            come = self._come
            if at <= self._soon and (not come or at >= come[-1][0]):
                come.append((at, self._added, key))
            else:
                heapq.heappush(self._heap, (at, self._added, key))

    def first(self) -> int | None:
        """The first moment at which something is due."""
        current, heap, come = self._at.get, self._heap, self._come
        while heap and current(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        gone = 0
        while gone < len(come) and current(come[gone][2]) != come[gone][0]:
            gone += 1
        del come[:gone]
        firsts = [entries[0][0] for entries in (heap, come) if entries]
        return min(firsts, default=None)

    def until(self, now: int) -> list[K]:
        """What is due at `now` and before, earliest first; it stays due."""
        heap, come, current = self._heap, self._come, self._at.get
        self._soon = max(self._soon, now + SOON_US)
        while heap and heap[0][0] <= now:
            come.append(heapq.heappop(heap))
        come = self._come = sorted([entry for entry in come if current(entry[2]) == entry[0]])
        return list(dict.fromkeys([key for at, _, key in come if at <= now]))


class Table(Generic[K, R]):
    """Rows by primary key.

    `owner` names what rows are looked up by besides; `due` picks the rows that wait for a step, `when` the moment of one, and
    `parked` names what a row waits for (None: nothing).
    """

    def __init__(
        self,
        journal: Journal,
        owner: Callable[[K, R], Hashable] | None = None,
        due: Callable[[R], bool] | None = None,
        when: Callable[[R], int | None] | None = None,
        parked: Callable[[R], Hashable | None] | None = None,
    ) -> None:
        self.rows: Final[dict[K, R]] = {}
        self.waiting: Final[dict[K, None]] = {}
        self.changed: dict[K, None] | None = None
        """The keys that were written since the last `drain`, once somebody wants to know."""
        self._journal: Final = journal
        self._owner: Final = owner
        self._due: Final = due
        self._when: Final = when
        self._owned: Final[dict[Hashable, list[K]]] = {}
        self._moments: Final = Moments[K]()
        self._lacks: Final = parked
        self.parked: Final[dict[Hashable, dict[K, None]]] = {}
        """The keys of the rows that wait, by what they wait for."""
        self._undo: Final = self._set
        self._undo_all: Final = self._set_all

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, key: K, row: R) -> None:
        """Insert a row, or put a changed copy in its place."""
        self._journal.note(self._undo, key, self.rows.get(key))
        self._set(key, row)

    def put_all(self, rows: Mapping[K, R]) -> None:
        """`put` for each of these rows, at less than half the cost."""
        if rows:
            known, set_row = self.rows.get, self._set
            self._journal.note(self._undo_all, [(key, known(key)) for key in rows])
            for key, row in rows.items():
                set_row(key, row)

    def remove(self, key: K) -> bool:
        """Delete a row; False when there is none."""
        old = self.rows.get(key)
        if old is None:
            return False
        self._journal.note(self._undo, key, old)
        self._set(key, None)
        return True

    def of(self, owner: Hashable) -> Iterator[tuple[K, R]]:
        """The rows of an owner by key, in the order in which they came."""
        for key in self._owned.get(owner, ()):
            yield key, self.rows[key]

    def drain(self) -> list[K]:
        """The keys that were written since this was last asked, also those that were taken back."""
        if not self.changed:
            return []
        found = list(self.changed)
        self.changed.clear()
        return found

    def first_due(self) -> int | None:
        """The first moment that `when` names of any row."""
        return self._moments.first()

    def due_until(self, now: int) -> list[K]:
        """The keys of the rows whose moment has come, earliest first."""
        return self._moments.until(now)

    def replace_all(self, rows: Mapping[K, R]) -> None:
        """Have these rows and no others, for good: nothing takes it back."""
        for key in list(self.rows):
            self._set(key, None)
        for key, row in rows.items():
            self._set(key, row)

    def _set(self, key: K, row: R | None) -> None:
        old = self.rows.get(key)
        if self.changed is not None:
            self.changed[key] = None
        if row is None:
            del self.rows[key]
        else:
            self.rows[key] = row
        if self._owner is not None and (old is None or row is None):
            self._own(self._owner, key, old, row)
        if self._when is not None:
            self._moments.put(key, None if row is None else self._when(row))
        if self._lacks is not None:
            self._park(self._lacks, key, old, row)
        if self._due is not None:
            if row is not None and self._due(row):
                self.waiting.setdefault(key)
            elif key in self.waiting:
                del self.waiting[key]

    def _set_all(self, olds: Sequence[tuple[K, R | None]]) -> None:
        for key, old in reversed(olds):
            self._set(key, old)

    def _park(self, lacks: Callable[[R], Hashable | None], key: K, old: R | None, row: R | None) -> None:
        before, now = (None if one is None else lacks(one) for one in (old, row))
        if before != now:
            if before is not None:
                del self.parked[before][key]
                if not self.parked[before]:
                    del self.parked[before]
            if now is not None:
                self.parked.setdefault(now, {})[key] = None

    def _own(self, owner: Callable[[K, R], Hashable], key: K, old: R | None, row: R | None) -> None:
        if row is not None:
            self._owned.setdefault(owner(key, row), []).append(key)
        elif old is not None:
            self._owned[owner(key, old)].remove(key)  # a row that was just put, nearly always


class Upsert(Generic[K, R]):
    """`INSERT … ON CONFLICT DO UPDATE` of several rows: no statement may change one row twice.

    `rows` are those to be written, when all are known.
    """

    def __init__(self) -> None:
        self.rows: Final[dict[K, R]] = {}

    def meet(self, key: K) -> None:
        """Meet a row again. Raises RefusedError when this statement wrote it, whatever the WHERE would say."""
        if key in self.rows:
            raise RefusedError(CARDINALITY, "ON CONFLICT DO UPDATE command cannot affect row a second time")

    def put(self, key: K, row: R) -> None:
        """This row is written. Raises RefusedError when it was before."""
        self.meet(key)
        self.rows[key] = row

    def into(self, table: Table[K, R]) -> int:
        """Write them; returns how many."""
        table.put_all(self.rows)
        return len(self.rows)


class Numbers:
    """An identity column: a number drawn is gone, also when its transaction is taken back."""

    def __init__(self) -> None:
        self.last = 0

    def draw(self) -> int:
        """The next number, from 1."""
        self.last += 1
        return self.last
