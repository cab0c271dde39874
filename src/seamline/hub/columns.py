"""Records in, columns out: the fields of one layout for a whole run at once, by NumPy (docs/wire.md, "Layouts").

A layout of whole bytes is a view of the run's words and costs nothing. Any other is gathered, one vectorised shift and mask a
column, in both bit orders; what an optional field lacks, or a range turns into a missing value, is marked in a truth column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seamline.contract import Field, FieldType, Layout, Order, OutOfRange, Place
from seamline.hub.decode import U64, Bools, Records, Run

Outside: TypeAlias = "Callable[[NDArray[np.integer]], Bools]"

WORD_BITS: Final = 64
OFFSET_BITS: Final = 32
"""Of a record's first word; the body's bit stream begins behind it."""


def missing_column(name: str) -> str:
    """Return the name of the truth column beside the column `name`: where that has no value."""
    return f"~{name}"


class Decoder:
    """Reads the fields of one layout from a run's words, and says which records hold a value that cannot be."""

    def __init__(self, layout: Layout) -> None:
        self.layout: Final = layout
        self._viewed: Final = layout.format is not None and not any(place.field.may_miss for place in layout.places)
        self.dtype: Final = _viewed(layout) if self._viewed else _gathered(layout)
        limited = [(place, _outside(place.field)) for place in layout.places if place.field.limited]
        self._rejects: Final = [(place, outside) for place, outside in limited if place.field.out_of_range is OutOfRange.REJECT]
        self._misses: Final = {
            place.name: outside for place, outside in limited if place.field.out_of_range is OutOfRange.MISSING
        }

    def fields(self, run: Run) -> Records:
        """The records as a structured array, columns under the names of the layout's places.

        Where a column may lack a value, `missing_column` says where it does; the value itself is 0 there.
        """
        if self._viewed:
            return np.ascontiguousarray(run.words).view(self.dtype)[:, 0]
        columns = np.empty(len(run), self.dtype)
        words = run.words if self.layout.order is Order.LITTLE else run.words.byteswap()
        for place in self.layout.places:
            column = self._column(words, place)
            if place.field.may_miss:
                missing = self._missing(words, place, column)
                columns[missing_column(place.name)] = missing
                column[missing] = 0
            columns[place.name] = column
        return columns

    def _column(self, words: U64, place: Place) -> NDArray[np.integer]:
        top = taken(words, place.bit, place.bits, self.layout.order)
        shift = WORD_BITS - place.bits
        return top.view(np.int64) >> np.int64(shift) if place.field.type.signed else top >> np.uint64(shift)

    def _missing(self, words: U64, place: Place, column: NDArray[np.integer]) -> Bools:
        outside = self._misses.get(place.name)
        missing = np.zeros(len(column), np.bool_) if outside is None else outside(column)
        if place.presence_bit is not None:
            missing |= taken(words, place.presence_bit, 1, self.layout.order) == 0
        return missing

    def impossible(self, fields: Records) -> Bools:
        """Which records hold a value that its field rejects: range, enum members, flags, truth values other than 0 and 1."""
        wrong = np.zeros(len(fields), np.bool_)
        for place, outside in self._rejects:
            found = outside(fields[place.name])
            wrong |= found & ~fields[missing_column(place.name)] if place.field.optional else found
        return wrong

    def why(self, record: np.void) -> str:
        """Which field of an impossible record is wrong, for people."""
        for place, _ in self._rejects:
            raw = int(record[place.name])
            there = not place.field.optional or not record[missing_column(place.name)]
            if there and not place.field.allows(raw):
                low, high = place.field.raw_range
                return f"{place.name} is {raw}, allowed are {low} to {high}"
        return "every value is allowed"


def taken(words: U64, bit: int, bits: int, order: Order) -> U64:
    """Return the bits at `bit` of every record's body as the highest bits of a word, the rest zero.

    `words` has a row a record, its words as read in `order`: as they are for little, byte-swapped for big.
    """
    at, shift = divmod(OFFSET_BITS + bit, WORD_BITS)
    beyond = shift + bits > WORD_BITS
    if order is Order.LITTLE:
        low = words[:, at] >> np.uint64(shift)
        if beyond:
            low |= words[:, at + 1] << np.uint64(WORD_BITS - shift)
        return low << np.uint64(WORD_BITS - bits)
    top = words[:, at] << np.uint64(shift)
    if beyond:
        top |= words[:, at + 1] >> np.uint64(WORD_BITS - shift)
    return top & np.uint64((1 << bits) - 1 << WORD_BITS - bits)


def _viewed(layout: Layout) -> np.dtype[np.void]:
    """The record as it lies in memory."""
    kinds = ["<u4", *(_kind(place.field.type, "<" if layout.order is Order.LITTLE else ">") for place in layout.places)]
    offsets = [0, *((OFFSET_BITS + place.bit) // 8 for place in layout.places)]
    names = ["offset_ms", *(place.name for place in layout.places)]
    return np.dtype({"names": names, "formats": kinds, "offsets": offsets, "itemsize": layout.record_bytes})


def _gathered(layout: Layout) -> np.dtype[np.void]:
    """Native columns for what does not lie in memory as any processor reads it."""
    columns: list[tuple[str, str]] = []
    for place in layout.places:
        columns.append((place.name, _kind(place.field.type, "=")))
        if place.field.may_miss:
            columns.append((missing_column(place.name), "?"))
    return np.dtype(columns)


def _kind(kind: FieldType, order: str) -> str:
    size = next(size for size in (1, 2, 4, 8) if size >= kind.size)
    return f"{order}{'i' if kind.signed else 'u'}{size}"


def _outside(field: Field) -> Outside:
    """The test for values that the field does not allow."""
    low, high = field.raw_range
    if field.flags is not None:
        undeclared = ~field.flags_mask & (1 << WORD_BITS) - 1
        return lambda column: (column.astype(np.uint64) & np.uint64(undeclared)) != 0
    if field.enum is not None and len(field.enum) != high - low + 1:
        members = np.array(sorted(field.enum))
        return lambda column: ~np.isin(column, members)
    return lambda column: (column < low) | (column > high)
