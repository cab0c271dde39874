"""A product's contract with every version released before it: what must stay true as they live side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.contract.limits import RELEASES_MAX
from seamline.contract.loader import build
from seamline.contract.problems import ContractErrors, Problem, Report, Span
from seamline.contract.reader import read_file
from seamline.contract.scalars import version_key
from seamline.contract.standard import LOSSES

if TYPE_CHECKING:
    from seamline.contract.layout import Field, Layout
    from seamline.contract.model import Contract, Message

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

    def place(self, message: str, key: str) -> Span:
        return self.report.place(f"messages.{message}.{key}")


def load_family(folder: Path | str) -> Family:
    """Return `folder/contract.yaml` with `folder/released/*.yaml`.

    Raises ContractErrors with the problems of all files, then with those between them.
    """
    root = Path(folder)
    current = _member(root / "contract.yaml")
    paths = sorted((root / "released").glob("*.yaml"))
    released = [_member(path) for path in paths[:RELEASES_MAX]]
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
    _evolution(members)
    reports = [newest.report, *(report for _, report in released)]
    _raise([problem for report in reports for problem in report.problems])
    return _family(newest.contract, [member.contract for member in members])


def _member(path: Path) -> tuple[Contract | None, Report]:
    report = Report(str(path))
    return build(read_file(path, report), report), report


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


def _evolution(members: list[_Member]) -> None:
    """Compare every message of every version with the newest older layout of the same message."""
    by_name: dict[str, tuple[_Member, Message]] = {}
    by_id: dict[int, tuple[_Member, Message]] = {}
    layouts: dict[tuple[int, int], tuple[_Member, Message]] = {}
    for member in members:
        for message in member.contract.messages.values():
            named, numbered = by_name.get(message.name), by_id.get(message.id)
            if named is not None and named[1].id != message.id:
                _moved(member, message, named, f"'{message.name}' had id {named[1].id}")
            elif numbered is not None and numbered[1].name != message.name:
                _moved(member, message, numbered, f"id {message.id} was '{numbered[1].name}'")
            else:
                _layout(member, message, layouts)
            by_name.setdefault(message.name, (member, message))
            by_id.setdefault(message.id, (member, message))


def _moved(member: _Member, message: Message, before: tuple[_Member, Message], text: str) -> None:
    version = before[0].contract.version
    related = ((before[0].place(before[1].name, "id"), f"in {version}"),)
    fix = "ids and names are never reused: take a new one"
    member.report.add("SL305", member.place(message.name, "id"), f"{text} in {version}", fix=fix, related=related)


def _layout(member: _Member, message: Message, layouts: dict[tuple[int, int], tuple[_Member, Message]]) -> None:
    layout = message.layout
    same = layouts.get((message.id, layout.version))
    if same is None:
        older = [number for channel, number in layouts if channel == message.id and number < layout.version]
        if older:
            _compare(member, message, layouts[message.id, max(older)])
        layouts[message.id, layout.version] = (member, message)
    elif same[1].layout.fingerprint != layout.fingerprint:
        version = same[0].contract.version
        member.report.add(
            "SL306",
            member.place(message.name, "layout"),
            f"layout {layout.version} of '{message.name}' differs from the one in {version}"
            f" (fingerprint {layout.fingerprint:08x}, was {same[1].layout.fingerprint:08x})",
            fix=f"layout: {layout.version + 1}, with new fields at the end",
            related=((same[0].place(message.name, "layout"), f"layout {layout.version} in {version}"),),
        )


def _compare(member: _Member, message: Message, before: tuple[_Member, Message]) -> None:
    """A newer layout starts with the fields of the older: same names, order, types and meanings."""
    old, new = before[1].layout, message.layout
    for index, field in enumerate(old.fields):
        related = ((before[0].place(message.name, f"fields.{field.name}"), f"in {before[0].contract.version}"),)
        found = new.fields[index] if index < len(new.fields) else None
        if found is None or found.name != field.name:
            here = "nothing" if found is None else f"'{found.name}'"
            text = f"layout {new.version} has {here} where layout {old.version} has '{field.name}'"
            place = member.place(message.name, "fields" if found is None else f"fields.{found.name}")
            member.report.add("SL307", place, text, fix="keep old fields, in order, and append", related=related)
            return
        changed = _changed(field, found)
        if changed:
            code = "SL308" if changed == "type" else "SL309"
            text = f"'{field.name}' has another {changed} than in layout {old.version}"
            fix = "give the new meaning a new field at the end"
            place = member.place(message.name, f"fields.{field.name}")
            member.report.add(code, place, text, fix=fix, related=related)


def _changed(old: Field, new: Field) -> str:
    """Return what of the field's meaning changed, or an empty string. Limits may change, enums may grow."""
    if old.type is not new.type:
        return "type"
    for name in ("scale", "offset", "unit", "calibration", "calibration_form"):
        if getattr(old, name) != getattr(new, name):
            return name.replace("_form", " kind")
    kept = dict(new.enum or {})
    if (old.enum is None) != (new.enum is None) or any(kept.get(k) != v for k, v in (old.enum or {}).items()):
        return "enum"
    return ""
