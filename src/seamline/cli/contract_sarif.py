"""Problems of contracts as SARIF 2.1.0 (OASIS), which code hosts and editors show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from seamline import __version__

if TYPE_CHECKING:
    from seamline.contract.problems import Problem, Span

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def rendered(problems: Sequence[Problem]) -> str:
    """Return one log of one run; its rules are those that were broken."""
    codes = sorted({each.code for each in problems})
    driver = {"name": "seamline", "version": __version__, "rules": [_rule(code) for code in codes]}
    results = [_result(each, codes.index(each.code)) for each in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, object]:
    from seamline.contract.rules import RULES

    rule = RULES[code]
    texts = {"shortDescription": rule.title, "fullDescription": rule.why, "help": f"seamline contract explain {code}"}
    return {"id": code, **{name: {"text": text} for name, text in texts.items()}}


def _result(problem: Problem, rule: int) -> dict[str, object]:
    text = problem.message if problem.fix is None else f"{problem.message}\nfix: {problem.fix}"
    return {
        "ruleId": problem.code, "ruleIndex": rule, "level": "error", "message": {"text": text},
        "locations": [_location(problem.span)],
        "relatedLocations": [{**_location(span), "message": {"text": note}} for span, note in problem.related],
    }  # fmt: skip


def _location(span: Span) -> dict[str, object]:
    region = {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.file)}, "region": region}}


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
