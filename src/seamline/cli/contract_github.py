"""Problems of contracts as GitHub's workflow commands, which annotate the lines of a pull request.

Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Setting an error message".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seamline.contract.problems import Problem

_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def rendered(problems: Sequence[Problem]) -> str:
    """Return a line for each problem."""
    return "\n".join(_line(each) for each in problems)


def _line(problem: Problem) -> str:
    span = problem.span
    places = {
        "file": span.file, "line": span.line, "col": span.column, "endLine": span.end_line,
        "endColumn": span.end_column, "title": problem.code,
    }  # fmt: skip
    said = ",".join(f"{name}={str(value).translate(_PROPERTY)}" for name, value in places.items())
    text = problem.message if problem.fix is None else f"{problem.message}\nfix: {problem.fix}"
    return f"::error {said}::{text.translate(_TEXT)}"
