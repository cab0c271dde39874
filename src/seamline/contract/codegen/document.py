"""A document as values: headings, paragraphs, tables. Markdown and HTML are two ways to write the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` is 1 for the title. `anchor` is unique in the document."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption. The first column names the row; columns in `numeric` are aligned as numbers."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text whose every character matters."""

    text: str


Block: TypeAlias = Heading | Paragraph | Table | Verbatim
