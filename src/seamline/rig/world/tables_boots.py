"""Whose the rows of a reading table are: a number for each boot, and the columns that are the same in all rows of a boot."""

from __future__ import annotations

from array import array
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from seamline.hub.decode import I64, Bools

Key: TypeAlias = tuple[int, int, int]
"""(device number, incarnation, boot)"""
Rows: TypeAlias = "slice | I64 | Bools | int"
OF_BOOT: Final = ("device_no", "incarnation", "boot")
"""The members of a Key, by their columns."""


class Boots:
    """The boots of one sheet, numbered as they come. Four bytes a row stand for three columns: there are millions of rows."""

    __slots__ = ("_columns", "_numbers")

    def __init__(self) -> None:
        self._numbers: Final[dict[int, int]] = {}
        self._columns: Final = {name: array("q") for name in OF_BOOT}

    def find(self, key: Key) -> int:
        """The number of a boot; -1 for one that has no rows."""
        return self._numbers.get(_packed(key), -1)

    def number(self, key: Key) -> int:
        """The number of a boot, a new one where it has none."""
        found = self._numbers.setdefault(_packed(key), len(self._numbers))
        if found == len(self._columns["boot"]):
            for column, value in zip(self._columns.values(), key, strict=True):
                column.append(value)
        return found

    def column(self, name: str, whose: NDArray[np.uint32]) -> Column:
        """One of OF_BOOT, for rows of these boots."""
        return Column(self._columns[name], whose)


class Column:
    """A column of OF_BOOT: what is asked of it is looked up."""

    __slots__ = ("_of_boot", "_whose")

    def __init__(self, of_boot: array[int], whose: NDArray[np.uint32]) -> None:
        self._of_boot: Final = of_boot
        self._whose: Final = whose

    def __getitem__(self, rows: Rows) -> I64:
        return np.frombuffer(self._of_boot, np.int64)[self._whose[rows]]


def runs(keys: tuple[I64, I64, I64]) -> tuple[list[Key], I64]:
    """Rows that follow each other and are of one boot: whose they are, and where each run begins and the last one ends."""
    first, size = np.ones(len(keys[0]), np.bool_), len(keys[0])
    if size:
        first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in keys])
    at = np.flatnonzero(first)
    found = zip(*(column[at].tolist() for column in keys), strict=True)
    return cast("list[Key]", list(found)), np.append(at, size)


def _packed(key: Key) -> int:
    device, incarnation, boot = key
    return device << 64 | incarnation << 32 | boot
