"""What is wrong with a contract, where, and how to mend it.

`ContractErrors` carries every `Problem` of one load, in the order of the file; a problem has its code, place, message,
related places and fix. `Report` collects them while a file is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PROBLEMS_MAX = 200
"""Problems kept for one load; beyond it a last SL015 says that there are more (bounds hostile files)."""

WORD_CHARS_MAX = 60
"""Longer words are cut where they are shown, and no name is guessed for them."""


def shown(text: str) -> str:
    """Return what was written, in quotes and short enough for a line of a terminal."""
    return repr(text if len(text) <= WORD_CHARS_MAX else text[: WORD_CHARS_MAX - 3] + "...")


def printable(text: str) -> str:
    """Return text with escapes for whatever a terminal would obey or not show."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Language(NamedTuple):
    """A kind of file that is read by the same rules: the letters of its problems' codes, what one is called, what it describes."""

    letters: str
    noun: str
    subject: str
    first: str
    """How such a file may start."""


CONTRACT = Language("SL", "contract", "product", "product: NAME")


class Span(NamedTuple):
    """A stretch of a file. Lines and columns count characters from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule. `str(problem)` is `file:line:col CODE message`."""

    code: str
    span: Span
    message: str
    fix: str | None = None
    related: tuple[tuple[Span, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.span} {self.code} {self.message}"

    def render(self) -> str:
        """Return the problem in full: its line, then the related places and the fix, indented."""
        lines = [str(self)]
        lines += [f"    {span}: {note}" for span, note in self.related]
        if self.fix is not None:
            lines.append(f"    fix: {self.fix}")
        return "\n".join(lines)


class ContractErrors(Exception):
    """A contract, or a family of them, that does not hold. Nothing of it may be used."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.render() for problem in self.problems)


class Report:
    """Collects the problems of one file while it is read.

    A problem belongs to the top-level section it was found in, so that a cross-check can be skipped when
    what it compares was not understood (`clean`). `places` remembers where each thing is written.
    """

    def __init__(self, file: str, language: Language = CONTRACT) -> None:
        self.file = file
        self.language = language
        self.section = ""
        self.places: dict[str, Span] = {}
        self._problems: list[Problem] = []
        self._broken: set[str] = set()
        self.count = 0

    def add(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        fix: str | None = None,
        related: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        """Note one problem in the section being read; `code` is the contract's, of which other languages have their own letters."""
        code = self.language.letters + code[2:]
        self.spoil()
        self.count += 1
        if len(self._problems) < PROBLEMS_MAX:
            related = tuple((place, printable(note)) for place, note in related)
            self._problems.append(Problem(code, span, printable(message), None if fix is None else printable(fix), related))
        elif len(self._problems) == PROBLEMS_MAX:
            text = f"more than {PROBLEMS_MAX} problems (problems_max); the rest is not shown"
            self._problems.append(Problem(f"{self.language.letters}015", span, text, "mend these first"))

    def spoil(self) -> None:
        """Note that the section being read holds something already reported."""
        self._broken.add(self.section)

    @property
    def full(self) -> bool:
        """Whether further problems would not be kept anyway."""
        return self.count > PROBLEMS_MAX

    def clean(self, *sections: str) -> bool:
        """Say whether the named sections were read without a problem."""
        return self._broken.isdisjoint(sections)

    def place(self, path: str) -> Span:
        """Return where `path` (as `timing.keep_alive`) is written, or the nearest thing around it that is."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Span(self.file, 1, 1, 1, 1))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems so far, in the order of the file."""
        last = self._problems[PROBLEMS_MAX:]
        return (*sorted(self._problems[:PROBLEMS_MAX], key=lambda p: (p.span[1:3], p.code)), *last)
