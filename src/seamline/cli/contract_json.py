"""Problems of contracts as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seamline.contract.problems import Problem, Span


def rendered(problems: Sequence[Problem]) -> str:
    """Return the problems as `{"problems": […]}`; lines and columns count characters from 1, ends are exclusive."""
    return json.dumps({"problems": [_problem(each) for each in problems]}, indent=2, ensure_ascii=False)


def _problem(problem: Problem) -> dict[str, object]:
    related = [{**_place(span), "message": text} for span, text in problem.related]
    return {"code": problem.code, **_place(problem.span), "message": problem.message, "fix": problem.fix, "related": related}


def _place(span: Span) -> dict[str, object]:
    return span._asdict()
