"""The product under judgement: what its folder says, as far as it can be read, and what its fleet says, if it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seamline.contract import ContractErrors, Family
from seamline.contract.evolution.releases import Releases, open_releases, problems_of
from seamline.contract.loader import build
from seamline.contract.model import Contract
from seamline.contract.problems import Problem, Report, Span
from seamline.contract.reader import read_file


@dataclass(frozen=True, slots=True)
class Fleet:
    """What a hub says of the product: devices by version, and devices that have never said theirs."""

    devices: Mapping[str, int]
    unheard: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """A product's folder.

    `draft` is contract.yaml as far as it could be read, with placeholders where it could not; `report` says which sections those are.
    `releases` is None when anything in the folder is no contract; `problems` is everything that `seamline contract check` says.
    """

    folder: Path
    report: Report
    draft: Contract | None
    releases: Releases | None
    problems: tuple[Problem, ...]
    fleet: Fleet | None = None

    @property
    def family(self) -> Family | None:
        """Every version, or None when one of them does not hold."""
        return None if self.releases is None else self.releases.family

    def place(self, path: str) -> Span:
        """Return where contract.yaml writes `path`, or what is around it."""
        return self.report.place(path)

    def sections(self, *names: str) -> Contract | None:
        """Return the contract if these sections of it were read without a problem."""
        return self.draft if self.draft is not None and self.report.clean(*names) else None


def look_at(folder: Path, fleet: Fleet | None = None) -> Subject:
    """Read a product's folder. What is wrong with it is in the result; nothing is raised for it."""
    path = folder / "contract.yaml"
    report = Report(str(path))
    draft = build(read_file(path, report), report)
    try:
        releases = open_releases(folder)
    except ContractErrors as errors:
        return Subject(folder, report, draft, None, errors.problems, fleet)
    return Subject(folder, report, draft, releases, problems_of(releases, None if fleet is None else fleet.devices), fleet)
