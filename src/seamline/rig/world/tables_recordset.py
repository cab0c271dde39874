"""What a statement is given as rows: read by column, every cell as the type that the statement's SQL says.

PostgreSQL casts the whole recordset before the statement touches a row, and so does this: a cell that its column does not take is
refused before anything is done. Most rows of a statement are alike in what their cells are (numbers, words, NULL), so what there is
to look at in such a row is worked out once.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from types import NoneType
from typing import Final, TypeAlias, cast, final

from seamline.hub.statements import library
from seamline.rig.world.tables import NOT_NULL, NOT_TEXT, NUL_IN_TEXT, OUT_OF_RANGE, RefusedError
from seamline.rig.world.tables_cells import MS_A_SECOND, SURE_MS, Given, timestamp

Cells: TypeAlias = tuple[object, ...]
"""A row, in the order of the statement's columns."""

_INTEGERS: Final = {"int2": "h", "int4": "i", "int8": "q"}
"""Types of integers, as `struct` knows them."""
_LOWEST: Final = {kind: -1 << 8 * struct.calcsize(f"={code}") - 1 for kind, code in _INTEGERS.items()}
ROWS_MANY: Final = 4
"""From so many rows on a look through each column costs less than one through each row."""
_TEXTS: Final = frozenset({"text", "jsonb", "timestamptz"})
_RECORDSET: Final = re.compile(r"jsonb_to_recordset\(%\(rows\)s::jsonb\) AS \w+ \(([^)]*)\)")
_AS_IT_IS: Final[Mapping[str, frozenset[type]]] = {
    "jsonb": frozenset({int, bool, NoneType}),
    "bool": frozenset({bool, NoneType}),
}
"""By type of column, what it takes whatever its value; NULL is taken by all."""


@final
class Look:
    """What is to be looked at in rows whose cells have certain types."""

    __slots__ = ("_integers", "_pack", "_rest", "_texts")

    def __init__(self, kinds: Sequence[str], types: Sequence[type]) -> None:
        integers: list[int] = []
        self._texts: Final[list[int]] = []
        self._rest: Final[list[int]] = []
        for at, (kind, found) in enumerate(zip(kinds, types, strict=True)):
            if found is int and kind in _INTEGERS:
                integers.append(at)
            elif found is str and kind in _TEXTS:
                self._texts.append(at)
            elif found not in _AS_IT_IS.get(kind, _NULL):
                self._rest.append(at)
        integers = integers and [*integers, integers[0]]  # of one place `itemgetter` would give no tuple
        self._integers: Final = cast("Callable[[Cells], Sequence[int]]", itemgetter(*integers)) if integers else _nothing
        self._pack: Final = struct.Struct("=" + "".join(_INTEGERS[kinds[at]] for at in integers)).pack

    def through(self, cells: Cells) -> Sequence[int]:
        """Return the places of the cells that need more than a look."""
        try:
            self._pack(*self._integers(cells))  # refuses what is out of range in one call for all
        except struct.error:
            return range(len(cells))
        for at in self._texts:
            text = cast("str", cells[at])
            if not text.isascii() or "\x00" in text:
                return range(len(cells))
        return self._rest


def _nothing(_cells: Cells) -> Sequence[int]:
    return ()


_NULL: Final = frozenset[type]({NoneType})


@final
class Shape:
    """The columns of a statement's rows."""

    __slots__ = ("_kinds", "_looks", "names")

    def __init__(self, types: Mapping[str, str]) -> None:
        self.names: Final = tuple(types)
        self._kinds: Final = tuple(types.values())
        self._looks: Final[dict[tuple[type, ...], Look]] = {}

    def cast(self, row: Given) -> Cells:
        """A row with every cell as its column's type. Raises RefusedError."""
        get = row.get
        cells = tuple([get(name) for name in self.names])
        types = tuple(map(type, cells))
        look = self._looks.get(types)
        if look is None:
            look = self._looks[types] = Look(self._kinds, types)
        more = look.through(cells)
        if not more:
            return cells
        changed = list(cells)
        for at in more:
            if cells[at] is not None:
                changed[at] = _cast(self.names[at], cells[at], self._kinds[at])
        return tuple(changed)

    def rows(self, rows: Sequence[Given]) -> Iterable[Cells]:
        """A few rows, cast, by column. Raises RefusedError."""
        return zip(*[self.cast(row) for row in rows], strict=True) if rows else [()] * len(self.names)

    def columns(self, rows: Sequence[Given]) -> Iterable[Cells]:
        """The same, each column looked through as a whole: that costs less from some rows on."""
        for name, kind in zip(self.names, self._kinds, strict=True):
            cells = tuple([row.get(name) for row in rows])
            yield (
                cells if _are_fine(cells, kind) else tuple([None if cell is None else _cast(name, cell, kind) for cell in cells])
            )


def _are_fine(cells: Cells, kind: str) -> bool:
    """Whether a column takes these cells as they are."""
    types: set[type] = set(map(type, cells))
    if types <= _AS_IT_IS.get(kind, _NULL):
        return True
    known = [cell for cell in cells if cell is not None] if NoneType in types else cells
    types.discard(NoneType)
    if kind in _INTEGERS and types == {int}:
        return _LOWEST[kind] <= min(cast("Sequence[int]", known)) and max(cast("Sequence[int]", known)) <= ~_LOWEST[kind]
    if kind in _TEXTS and types == {str}:
        text = "".join(cast("Sequence[str]", known))
        return text.isascii() and "\x00" not in text
    return False


@final
class Recordset:
    """Rows by column. What a row lacks is NULL; a column read as NOT NULL is refused where it has one."""

    __slots__ = ("_columns", "_names", "count")

    def __init__(self, rows: Sequence[Given], shape: Shape) -> None:
        """Cast the rows. Raises RefusedError."""
        self.count: Final = len(rows)
        self._names: Final = shape.names
        cast_all = shape.columns if len(rows) >= ROWS_MANY else shape.rows
        self._columns: Final = dict(zip(shape.names, cast_all(rows), strict=True))

    def values(self, name: str) -> tuple[object, ...]:
        """A column of any type, or NULLs."""
        return self._columns[name]

    def maybe_ints(self, name: str) -> tuple[int | None, ...]:
        """A column of integers, or NULLs."""
        return cast("tuple[int | None, ...]", self._columns[name])

    def ints(self, name: str) -> tuple[int, ...]:
        """A column of integers that is NOT NULL."""
        return cast("tuple[int, ...]", self.whole(name))

    def maybe_texts(self, name: str) -> tuple[str | None, ...]:
        """A column of texts, or NULLs."""
        return cast("tuple[str | None, ...]", self._columns[name])

    def texts(self, name: str) -> tuple[str, ...]:
        """A column of texts that is NOT NULL."""
        return cast("tuple[str, ...]", self.whole(name))

    def truths(self, name: str) -> tuple[bool, ...]:
        """A column of truth values that is NOT NULL."""
        return cast("tuple[bool, ...]", self.whole(name))

    def maybe_times(self, name: str, a_second: int = MS_A_SECOND) -> list[int | None]:
        """A column of times in Unix µs, or NULLs, given as so many units a second. Raises RefusedError."""
        if a_second == MS_A_SECOND:
            return [
                None if count is None else count * 1000 if 0 <= count < SURE_MS else timestamp(count)
                for count in self.maybe_ints(name)
            ]
        return [timestamp(count, a_second) for count in self.maybe_ints(name)]

    def times(self, name: str, a_second: int = MS_A_SECOND) -> list[int]:
        """A column of times that is NOT NULL."""
        self.whole(name)
        return cast("list[int]", self.maybe_times(name, a_second))

    def rows(self) -> Sequence[Given]:
        """The rows one by one, for statements that are rare."""
        return [dict(zip(self._names, cells, strict=True)) for cells in zip(*self._columns.values(), strict=True)]

    def whole(self, name: str) -> tuple[object, ...]:
        """A column of any type that is NOT NULL."""
        column = self._columns[name]
        if None in column:
            raise RefusedError(NOT_NULL, f"null value in column {name}")
        return column


def shapes(file: str) -> Mapping[str, Shape]:
    """What the rows of each statement of an SQL file are like, as the statement itself says."""
    found: dict[str, Shape] = {}
    for name, text in library(file).items():
        columns_of = _RECORDSET.search(text.as_string(None))
        if columns_of is not None:
            found[name] = Shape(dict(re.findall(r"(\w+) ([\w\[\]]+)", columns_of[1])))
    return found


def cast_rows(rows: object, shape: Shape) -> Recordset:
    """Records, or JSON text of them. Raises RefusedError before anything is done."""
    if isinstance(rows, str):
        rows = cast("object", json.loads(rows))
    assert isinstance(rows, Sequence)  # noqa: S101 - what the port says
    return Recordset(cast("Sequence[Given]", rows), shape)


def recordset(given: Given) -> Recordset:
    """The parameter `rows`, cast."""
    return cast("Recordset", given["rows"])


def records(given: Given) -> Sequence[Given]:
    """The parameter `rows`, cast, one by one."""
    return recordset(given).rows()


def _cast(name: str, value: object, kind: str) -> object:
    if isinstance(value, bool):
        fits = kind in {"bool", "jsonb"}
    elif isinstance(value, int):
        if kind in _INTEGERS and not _LOWEST[kind] <= value <= ~_LOWEST[kind]:
            raise RefusedError(OUT_OF_RANGE, f"{name}: {value} is out of range")
        fits = kind in _INTEGERS or kind == "jsonb"
    elif isinstance(value, str):
        _storable(value)
        fits = kind in _TEXTS
    else:
        value = _copied(value)
        fits = kind in {"jsonb", "int8[]"}
    if not fits:
        raise RefusedError(NOT_TEXT, f"{name}: {value!r} is no {kind}")
    return value


def _storable(text: str) -> None:
    if "\x00" in text:
        raise RefusedError(NUL_IN_TEXT, "\\u0000 cannot be converted to text")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise RefusedError(NOT_TEXT, "Unicode surrogates must not stand alone")


def _copied(value: object) -> object:
    """A copy of JSON's values, as a database has one. Raises RefusedError."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        _storable(value)
        return value
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {_named(name): _copied(item) for name, item in cast("dict[object, object]", value).items()}
    return cast("object", json.loads(json.dumps(value)))


def _named(name: object) -> str:
    """A member's name, as JSON writes it."""
    if not isinstance(name, str):
        [name] = cast("dict[str, object]", json.loads(json.dumps({name: None})))
    _storable(name)
    return name
