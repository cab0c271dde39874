"""`seamline doctor`: what is wrong with this installation, and how to mend it.

Each check answers `ok`, `warn` (works, but), `fail`, or `idle` (nothing to look at, as nothing runs). One that fails
makes the exit code 5.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from seamline.stack import checks_machine, checks_running
from seamline.stack.errors import StackError
from seamline.stack.finding import Check, Finding, Verdict
from seamline.stack.settings import Settings, load_settings

EXIT_OK, EXIT_INSTALLATION = 0, 5


def examine(settings: Settings, checks: Iterable[Check]) -> Iterator[Finding]:
    """All findings, in a sensible order of mending. A check that itself cannot go on is a finding too."""
    for check in checks:
        try:
            yield from check(settings)
        except (StackError, OSError) as error:
            yield Finding(check.__name__.removeprefix("check_").replace("_", " "), Verdict.FAIL, str(error), "see the message")


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """Lines for people."""
    for one in findings:
        yield f"{one.verdict:<5} {one.name}: {one.found}"
        if one.remedy:
            yield f"      → {one.remedy}"


def main(*, state: Path | None = None, as_json: bool = False) -> int:
    """The command. Exit codes: 0 nothing failed, 5 something did."""
    try:
        findings = list(examine(load_settings(state), (*checks_machine.CHECKS, *checks_running.CHECKS)))
    except StackError as error:
        findings = [Finding("settings", Verdict.FAIL, str(error), "mend the setting")]
    failed = any(one.verdict is Verdict.FAIL for one in findings)
    if as_json:
        document = {"ok": not failed, "checks": [asdict(one) for one in findings]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        last = "something is wrong, see above" if failed else "nothing is wrong"
        sys.stdout.writelines(f"{line}\n" for line in (*table(findings), last))
    return EXIT_INSTALLATION if failed else EXIT_OK
