"""Hold every package to its floor of covered statements and branches: `python tools/coverage_check.py`, one line a package.

Reads what `coverage run` left behind (in parallel: one file a process), joins it, and names the files that miss most in a
package that is below its floor. Exit code 0: all hold; 1: some do not; 2: there is nothing to read.
"""

from __future__ import annotations

import io
import json
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import coverage
from coverage.exceptions import CoverageException

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {"contract": 100.0, "device": 100.0}
"""Per cent of statements and branches together. A device in the field cannot be mended: what runs there is run here first."""
FLOOR = 90.0
"""Of every other package."""
PART = "seamline"
FILES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Count:
    """Statements and branches of a file or package: how many there are, and how many ran."""

    there: int = 0
    ran: int = 0

    def __add__(self, other: Count) -> Count:
        """Return both together."""
        return Count(self.there + other.there, self.ran + other.ran)

    @property
    def missed(self) -> int:
        """How many did not run."""
        return self.there - self.ran

    @property
    def percent(self) -> float:
        """How much ran, of 100; what holds nothing is covered."""
        return 100.0 * self.ran / self.there if self.there else 100.0


def package_of(path: str) -> str | None:
    """Return which package of Seamline a file belongs to; None for what belongs to none (`seamline/__main__.py`)."""
    parts = Path(path).parts
    at = len(parts) - 1 - parts[::-1].index(PART) if PART in parts else len(parts)
    return parts[at + 1] if at + 2 < len(parts) else None


def counts(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, dict[str, Count]]:
    """Return package → file → count, of coverage's JSON report."""
    found: dict[str, dict[str, Count]] = defaultdict(dict)
    for path, measured in report["files"].items():
        package = package_of(path)
        if package is not None:
            summary = measured["summary"]
            there = summary["num_statements"] + summary["num_branches"]
            found[package][path] = Count(there, summary["covered_lines"] + summary["covered_branches"])
    return found


def judge(found: dict[str, dict[str, Count]]) -> list[str]:
    """Print a line for each package and return those below their floors. A floor whose package is not there does not hold."""
    below: list[str] = []
    for package in sorted({*found, *FLOORS}):
        files = found.get(package, {})
        total = sum(files.values(), Count())
        floor = FLOORS.get(package, FLOOR)
        good = bool(files) and total.ran * 100 >= floor * total.there
        print(f"{'ok  ' if good else 'FAIL'} {package:<10} {total.percent:6.2f} % of {total.there:6,}, at least {floor:g} %")
        if not good:
            below.append(package)
            worst = sorted(files.items(), key=lambda item: (-item[1].missed, item[0]))[:FILES_SHOWN]
            for path, count in worst:
                if count.missed:
                    print(f"     {count.missed:4} missed in {path}")
    return below


def measured() -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Return coverage's report on the data of the last run, as its JSON. Raises CoverageException when there is none."""
    reader = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"), messages=False)
    reader.combine()
    reader.save()
    text = io.StringIO()
    with redirect_stdout(text):
        reader.json_report(outfile="-")
    return json.loads(text.getvalue())


def main() -> int:
    """Join, judge, print; return the exit code."""
    try:
        report = measured()
    except CoverageException as problem:
        print(f"coverage_check: {problem}; run `make test` first", file=sys.stderr)
        return 2
    return 1 if judge(counts(report)) else 0


if __name__ == "__main__":
    sys.exit(main())
