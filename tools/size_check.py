"""Hold the sizes of the house: no module over 400 lines, no function over 60, no module named for nothing.

Rules and reasons: CONTRIBUTING.md, "How the code should read". Prints `file:line: what` and exits 1 if anything is over.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "managers"}


def findings(file: Path) -> Iterator[tuple[int, str]]:
    """Yield line and finding for each thing in one module that is too large or badly named."""
    text = file.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MODULE_LINES_MAX:
        yield 1, f"{lines} lines; which concept wants out? (at most {MODULE_LINES_MAX})"
    if file.stem in NAMES_THAT_SAY_NOTHING:
        yield 1, "name a module for what it knows"
    for node in ast.walk(ast.parse(text, str(file))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "migrations" not in file.parts:  # a list, as it happened
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {length} lines (at most {FUNCTION_LINES_MAX})"


def main() -> int:
    """Check every module of the package and of the tools; return the exit code."""
    count = 0
    for file in sorted(path for folder in ("src", "tools", "bench") for path in (ROOT / folder).rglob("*.py")):
        for line, what in findings(file):
            count += 1
            print(f"{file.relative_to(ROOT)}:{line}: {what}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
