"""What is printed: tables that fit the terminal, headings, and colour only where a terminal can show it."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seamline.cli.answer import Answer

GAP = "  "
WIDTH_WITHOUT_TERMINAL = 200  # in a file or a pipe nothing is cut short of this
ELASTIC_MIN = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `right` aligns numbers, `elastic` gives way when the terminal is narrow.

    A heading of ours is shown in capitals; an `exact` one, a name or unit of the product's, is not.
    """

    name: str
    right: bool = False
    elastic: bool = False
    exact: bool = False

    @property
    def heading(self) -> str:
        """The heading as it is shown."""
        return self.name if self.exact else self.name.upper()


def number(name: str) -> Column:
    """Return a column of numbers."""
    return Column(name, right=True)


def colourful() -> bool:
    """Return whether standard output may be coloured (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, code: str | None) -> str:
    """Return text in the colour of an ANSI code where colour can be shown."""
    return f"\033[{code}m{text}\033[0m" if code and colourful() else text


def show(text: str = "") -> None:
    """Print a line; what the terminal's encoding lacks becomes its nearest ASCII."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(str.maketrans({"–": "-", "—": "-", "…": "~", "·": ".", "●": "*", "×": "x", "±": "+-", "°": "deg"}))
        text = plain.encode(encoding, "replace").decode(encoding)
    print(text)


def show_json(answer: Answer | Mapping[str, object]) -> None:
    """Print one JSON document."""
    import json

    members = answer.members if isinstance(answer, Answer) else answer
    print(json.dumps(members, indent=2, ensure_ascii=False))


def heading(text: str) -> None:
    """Print a section's heading after an empty line."""
    show()
    show(painted(text, "1"))


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print `name  value` lines, names in one column."""
    kept = list(rows)
    widest = max((len(name) for name, _ in kept), default=0)
    for name, text in kept:
        show(f"{painted(name.ljust(widest), '2')}{GAP}{text}")


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], colours: Sequence[str | None] = ()) -> None:
    """Print rows under their headings, cut to the terminal's width; `colours` are of whole rows, in order."""
    kept = [[clean(cell) for cell in row] for row in rows]
    widths = [max(len(column.name), *(len(row[at]) for row in kept), 0) for at, column in enumerate(columns)]
    widths = fitted(widths, [column.elastic for column in columns], room())
    show(painted(_line([column.heading for column in columns], columns, widths), "2"))
    for at, row in enumerate(kept):
        show(painted(_line(row, columns, widths), colours[at] if at < len(colours) else None))


def room() -> int:
    """Return how many characters a line may have."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL


def fitted(widths: Sequence[int], elastic: Sequence[bool], width: int) -> list[int]:
    """Return the widths with the elastic ones narrowed, none below ELASTIC_MIN, until the line fits if it can."""
    result = list(widths)
    over = sum(result) + len(GAP) * (len(result) - 1) - width
    for at in sorted((at for at, gives in enumerate(elastic) if gives), key=lambda at: -result[at]):
        taken = max(0, min(over, result[at] - ELASTIC_MIN))
        result[at] -= taken
        over -= taken
    return result


def clean(text: str) -> str:
    """Return the text without control characters: what a device sends must not steer a terminal."""
    return "".join(char if unicodedata.category(char)[0] != "C" else "�" for char in text)


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    placed: list[str] = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        cut = cell if len(cell) <= width else cell[: width - 1] + "…"
        placed.append(cut.rjust(width) if column.right else cut.ljust(width))
    return GAP.join(placed).rstrip()
