"""A product's contract with every version released before it: what must stay true as they live side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.contract.evolution.gate import Spoken, guard
from seamline.contract.limits import RELEASES_MAX
from seamline.contract.loader import read
from seamline.contract.problems import ContractErrors, Problem, Report, Span
from seamline.contract.scalars import version_key
from seamline.contract.standard import LOSSES

if TYPE_CHECKING:
    from seamline.contract.layout import Layout
    from seamline.contract.model import Contract

LayoutKey = tuple[int, int, int]
"""Message id, layout version, fingerprint: what a frame says about itself."""


@dataclass(frozen=True, slots=True)
class Family:
    """Every version of one product. `versions` goes from the oldest to the newest; `current` is contract.yaml."""

    product: str
    versions: Mapping[str, Contract]
    current: Contract
    layouts: Mapping[LayoutKey, Layout]


@dataclass(frozen=True, slots=True)
class _Member:
    contract: Contract
    report: Report


def load_family(folder: Path | str) -> Family:
    """Return `folder/contract.yaml` with `folder/released/*.yaml`.

    Raises ContractErrors with the problems of all files, then with those between them.
    """
    return read_family(folder)[0]


def read_family(folder: Path | str) -> tuple[Family, Callable[[str], Span]]:
    """Return what `load_family` does, and a function that says where contract.yaml writes a path such as `timing.network`."""
    root = Path(folder)
    current = read(root / "contract.yaml")
    paths = sorted((root / "released").glob("*.yaml"))
    released = [read(path) for path in paths[:RELEASES_MAX]]
    _raise([problem for member in (current, *released) for problem in member[1].problems])
    newest = _Member(_whole(current[0]), current[1])
    members = [_Member(_whole(contract), report) for contract, report in released]
    if len(paths) > RELEASES_MAX:
        newest.report.add("SL117", newest.report.place(""), f"more than {RELEASES_MAX} releases (releases_max)")
    for path, member in zip(paths, members, strict=False):
        _names(path, member, newest)
    if all(member.contract.version != newest.contract.version for member in members):
        members.append(newest)
    members = [member for member in members if member.contract.product == newest.contract.product]
    members.sort(key=lambda member: version_key(member.contract.version))
    guard(Spoken(each.contract.version, message, each.report) for each in members for message in each.contract.messages.values())
    reports = [newest.report, *(report for _, report in released)]
    _raise([problem for report in reports for problem in report.problems])
    return _family(newest.contract, [member.contract for member in members]), newest.report.place


def _whole(contract: Contract | None) -> Contract:
    assert contract is not None  # noqa: S101  (no contract comes with a problem, and those were raised)
    return contract


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise ContractErrors(tuple(problems))


def _family(current: Contract, contracts: list[Contract]) -> Family:
    layouts: dict[LayoutKey, Layout] = {}
    for layout in (LOSSES, *(message.layout for c in contracts for message in c.messages.values())):
        layouts[layout.message_id, layout.version, layout.fingerprint] = layout
    return Family(current.product, {contract.version: contract for contract in contracts}, current, layouts)


def _names(path: Path, member: _Member, newest: _Member) -> None:
    """A released file is named for its version, of the same product, not newer, and never edited."""
    released, current, report = member.contract, newest.contract, member.report
    place = report.place("version")
    if path.stem != released.version:
        text = f"the file is named {path.name}, but is version {released.version}"
        report.add("SL302", place, text, fix=f"name it {released.version}.yaml")
    if released.product != current.product:
        text = f"product '{released.product}' is released in the folder of '{current.product}'"
        report.add("SL301", report.place("product"), text, fix="one folder, one product")
    if version_key(released.version) > version_key(current.version):
        related = ((newest.report.place("version"), f"contract.yaml is {current.version}"),)
        text = f"released version {released.version} is newer than the contract"
        report.add("SL303", place, text, fix="raise the version in contract.yaml", related=related)
    if released.version == current.version and released.document != current.document:
        text = f"{current.version} is released, and this differs from it"
        related = ((place, "released here"),)
        newest.report.add("SL304", newest.report.place("version"), text, fix="raise the version", related=related)
