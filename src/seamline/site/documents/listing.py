"""A table as what it says of each thing: a column is a title, a width, and how its cell is made of a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from seamline.site.documents.sheets import Column, Row, Table

T = TypeVar("T")
Anchor = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A column, and its cell of a thing."""

    title: str
    share: float
    of: Callable[[T], str]
    anchor: Anchor = "start"

    @property
    def column(self) -> Column:
        """The column."""
        return Column(self.title, self.share, self.anchor)


def figure(title: str, share: float, of: Callable[[T], str]) -> Field[T]:
    """A column of figures, which stand at its right edge."""
    return Field(title, share, of, "end")


def never(_: object) -> bool:
    """No thing is marked."""
    return False


def listed(
    fields: Sequence[Field[T]],
    things: Iterable[T],
    empty: str = "none",
    *,
    alarm: Callable[[T], bool] = never,
    strong: Callable[[T], bool] = never,
    last: Iterable[Row] = (),
) -> Table:
    """A table of things, a line each; `alarm` and `strong` say which lines are red or bold, `last` are lines below them."""
    rows = [Row(tuple(field.of(thing) for field in fields), strong(thing), alarm(thing)) for thing in things]
    return Table(tuple(field.column for field in fields), (*rows, *last), empty)
