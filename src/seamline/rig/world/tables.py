"""Tables as dictionaries, with what a database adds to them: taking back, finding by owner, numbering, refusing.

A row is a plain dictionary that is never changed in place: a changed copy takes its place (`Table.put`), and the journal keeps
the old one until the transaction ends. Everything is deterministic: the same calls give the same rows in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class RefusedError(Exception):
    """The statement cannot be carried out as it is, as PostgreSQL would say with this SQLSTATE (PostgreSQL documentation, A)."""

    def __init__(self, sqlstate: str, why: str) -> None:
        super().__init__(f"{why} (SQLSTATE {sqlstate})")
        self.sqlstate: Final = sqlstate


CARDINALITY: Final = "21000"
NOT_NULL: Final = "23502"
OUT_OF_RANGE: Final = "22003"
NO_SUCH_TIME: Final = "22008"
NOT_TEXT: Final = "22P02"
NUL_IN_TEXT: Final = "22P05"
FAILED_TRANSACTION: Final = "25P02"


class Journal:
    """How to take back what was done since a transaction began, latest first."""

    def __init__(self) -> None:
        self.undo: Final[list[Callable[[], object]]] = []

    def back_to(self, mark: int) -> None:
        """Take back everything after the mark (a length of `undo`)."""
        while len(self.undo) > mark:
            self.undo.pop()()


class Table(Generic[K, R]):
    """Rows by primary key. `owner` names what rows are looked up by besides; `due` picks the rows that wait for a step."""

    def __init__(
        self,
        journal: Journal,
        owner: Callable[[K, R], Hashable] | None = None,
        due: Callable[[R], bool] | None = None,
    ) -> None:
        self.rows: Final[dict[K, R]] = {}
        self.waiting: Final[dict[K, None]] = {}
        self._undo: Final = journal.undo
        self._owner: Final = owner
        self._due: Final = due
        self._owned: Final[dict[Hashable, dict[K, None]]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, key: K, row: R) -> None:
        """Insert a row, or put a changed copy in its place."""
        self._undo.append(partial(self._set, key, self.rows.get(key)))
        self._set(key, row)

    def remove(self, key: K) -> bool:
        """Delete a row; False when there is none."""
        old = self.rows.get(key)
        if old is None:
            return False
        self._undo.append(partial(self._set, key, old))
        self._set(key, None)
        return True

    def of(self, owner: Hashable) -> Iterator[tuple[K, R]]:
        """The rows of an owner by key, in the order in which they came."""
        for key in self._owned.get(owner, ()):
            yield key, self.rows[key]

    def _set(self, key: K, row: R | None) -> None:
        old = self.rows.get(key)
        if row is None:
            del self.rows[key]
        else:
            self.rows[key] = row
        if self._owner is not None:
            self._own(self._owner, key, old, row)
        if self._due is not None:
            if row is not None and self._due(row):
                self.waiting.setdefault(key)
            else:
                self.waiting.pop(key, None)

    def _own(self, owner: Callable[[K, R], Hashable], key: K, old: R | None, row: R | None) -> None:
        if row is None:
            assert old is not None  # noqa: S101 - one of both is there
            del self._owned[owner(key, old)][key]
        elif old is None:
            self._owned.setdefault(owner(key, row), {})[key] = None


class Upsert(Generic[K]):
    """`INSERT … ON CONFLICT DO UPDATE` of several rows: no statement may change one row twice."""

    def __init__(self) -> None:
        self._touched: Final[set[K]] = set()

    def meet(self, key: K) -> None:
        """Meet a row again. Raises RefusedError when this statement wrote it, whatever the WHERE would say."""
        if key in self._touched:
            raise RefusedError(CARDINALITY, "ON CONFLICT DO UPDATE command cannot affect row a second time")

    def touch(self, key: K) -> None:
        """Note that this row is written now. Raises RefusedError when it was before."""
        self.meet(key)
        self._touched.add(key)

    def __len__(self) -> int:
        return len(self._touched)


class Numbers:
    """An identity column: a number drawn is gone, also when its transaction is taken back."""

    def __init__(self) -> None:
        self._last = 0

    def draw(self) -> int:
        """The next number, from 1."""
        self._last += 1
        return self._last
