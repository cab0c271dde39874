"""Who sees what: a sparse matrix of candidates and cells, and the few products that placement needs of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Final, Protocol, cast

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from seamline.site.frame import SiteError

Whole = NDArray[np.int64]
Real = NDArray[np.float64]


CHUNK: Final = 512
"""Rows that are unpacked at a time."""
SHARE: Final = 250_000
"""Entries that are worth a thread; scipy lets go of the interpreter's lock."""
THREADS_MAX: Final = 4


class Columns(Protocol):
    """A sparse matrix by columns: rows of the entries, and where each column's begin."""

    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]


class Product(Protocol):
    """What is used of scipy's sparse matrices, which have no types."""

    def tocsc(self) -> Columns:
        """The same by columns; the rows of each ascending."""
        ...

    def __matmul__(self, other: Whole | Real) -> Whole | Real:
        """The product with a vector."""
        ...

    @property
    def T(self) -> Product:  # noqa: N802 - its name there
        """Turned."""
        ...


@dataclass(frozen=True, eq=False)
class Sight:
    """Rows are candidates, columns cells: candidate j sees `cells[starts[j]:starts[j + 1]]`, ascending, of `width` cells in all."""

    starts: Whole
    cells: NDArray[np.int32]
    width: int

    def __post_init__(self) -> None:
        lengths = np.diff(self.starts)
        if not len(self.starts) or self.starts[0] != 0 or self.starts[-1] != len(self.cells) or (lengths < 0).any():
            raise SiteError("a sight's starts must rise from 0 to the number of its cells")
        if len(self.cells):
            if self.cells.min() < 0 or self.cells.max() >= self.width:
                raise SiteError(f"a sight names cell {self.cells.max()} of {self.width}")
            rises = np.diff(self.cells) > 0
            rises[self.starts[1:-1][(self.starts[1:-1] > 0) & (self.starts[1:-1] < len(self.cells))] - 1] = True
            if not rises.all():
                raise SiteError("the cells that a candidate sees must be ascending, each once")

    @classmethod
    def of(cls, sees: NDArray[np.bool_]) -> Sight:
        """Of a full matrix (candidates, cells)."""
        if sees.ndim != 2:
            raise SiteError(f"a matrix of shape {sees.shape}; give candidates by cells")
        return cls.of_rows((np.flatnonzero(row) for row in sees), sees.shape[1])

    @classmethod
    def of_rows(cls, rows: Iterable[NDArray[np.integer]], width: int) -> Sight:
        """Of the cells that each candidate sees, ascending."""
        kept = [np.asarray(row, np.int32) for row in rows]
        starts = np.zeros(len(kept) + 1, np.int64)
        np.cumsum([len(row) for row in kept], out=starts[1:])
        return cls(starts, np.concatenate(kept) if kept else np.zeros(0, np.int32), width)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, candidate: int) -> NDArray[np.int32]:
        """The cells that it sees."""
        return self.cells[self.starts[candidate] : self.starts[candidate + 1]]

    @cached_property
    def owners(self) -> NDArray[np.int32]:
        """The candidate of each entry of `cells`."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def turned(self) -> Sight:
        """Cells by candidates: who sees a cell."""
        columns = self._wholes.tocsc()
        return Sight(columns.indptr.astype(np.int64), columns.indices.astype(np.int32), len(self))

    def seen_by(self, chosen: Iterable[int]) -> Whole:
        """How many of the chosen see each cell."""
        rows = [self.row(candidate) for candidate in chosen]
        if not rows:
            return np.zeros(self.width, np.int64)
        return np.bincount(np.concatenate(rows), minlength=self.width).astype(np.int64)

    def sums(self, values: Whole) -> Whole:
        """For each candidate the sum of `values` over what it sees; exact."""
        return cast("Whole", self._wholes @ values)

    def real_sums(self, values: Real) -> Real:
        """The same in floating point. Each row is summed up by one thread, so that their number changes no bit."""
        if len(self._reals) == 1:
            return cast("Real", self._reals[0] @ values)

        def product(part: Product) -> Real:
            return cast("Real", part @ values)

        return np.concatenate(list(threads().map(product, self._reals)))

    def part(self, candidates: NDArray[np.integer], cells: NDArray[np.integer]) -> Sight:
        """Only these candidates, and these cells (ascending), numbered anew."""
        number = np.full(self.width, -1, np.int32)
        number[cells] = np.arange(len(cells), dtype=np.int32)
        rows = (number[self.row(int(candidate))] for candidate in candidates)
        return Sight.of_rows((row[row >= 0] for row in rows), len(cells))

    def bits(self) -> NDArray[np.uint8]:
        """(candidates, bytes): each row as bits, the first cell in the highest bit."""
        found = np.empty((len(self), -(-self.width // 8)), np.uint8)
        for first in range(0, len(self), CHUNK):
            last = min(len(self), first + CHUNK)
            entries = slice(int(self.starts[first]), int(self.starts[last]))
            full = np.zeros((last - first, self.width), np.bool_)
            full[self.owners[entries] - first, self.cells[entries]] = True
            found[first:last] = np.packbits(full, axis=1)
        return found

    @cached_property
    def _wholes(self) -> Product:
        return weighted(np.ones(len(self.cells), np.int64), self.cells, self.starts, self.width)

    @cached_property
    def _reals(self) -> list[Product]:
        """The rows in parts of about as many entries, one for each thread."""
        entries = len(self.cells)
        number = max(1, min(THREADS_MAX, os.cpu_count() or 1, entries // SHARE))
        ends = np.searchsorted(self.starts, np.arange(1, number) * (entries // number))
        edges = np.unique([0, *ends.tolist(), len(self)])
        return [self._rows(int(first), int(last)) for first, last in pairwise(edges)] or [self._rows(0, 0)]

    def _rows(self, first: int, last: int) -> Product:
        starts = self.starts[first : last + 1]
        cells = self.cells[starts[0] : starts[-1]]
        return weighted(np.ones(len(cells), np.float64), cells, starts - starts[0], self.width)


@cache
def threads() -> ThreadPoolExecutor:
    """Those that large products share."""
    return ThreadPoolExecutor(min(THREADS_MAX, os.cpu_count() or 1), "products")


def weighted(entries: Whole | Real, columns: NDArray[np.integer], starts: Whole, width: int) -> Product:
    """A sparse matrix: row i has `entries` at `columns`, both from `starts[i]` to `starts[i + 1]`."""
    make = cast("Callable[..., Product]", scipy.sparse.csr_array)
    return make((entries, columns, starts), shape=(len(starts) - 1, width))
