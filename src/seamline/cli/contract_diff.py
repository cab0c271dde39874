"""`seamline contract diff A B`: what two versions say differently, and whom it breaks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken
from seamline.cli.screen import Column, heading, show, show_json, table

if TYPE_CHECKING:
    from seamline.contract.evolution import Difference
    from seamline.contract.evolution.placed import Placed

COLUMNS = (
    Column("verdict"), Column("where", elastic=True), Column("change", elastic=True), Column("for"), Column("firmware"),
    Column("reason", elastic=True),
)  # fmt: skip
RED = "31"


def diff(options: argparse.Namespace) -> int:
    """List the differences by category; exit 1 when one is breaking."""
    from seamline.contract.evolution import compare
    from seamline.contract.evolution.generated_names import lost_names
    from seamline.contract.problems import ContractErrors

    try:
        old, new = _contract(options.old), _contract(options.new)
    except ContractErrors as errors:
        show(str(errors))
        raise PromiseBroken("nothing to compare: a contract does not hold") from None
    found = compare(old.contract, new.contract, old_place=old.place, new_place=new.place)
    found += lost_names(old.contract, new.contract)
    if options.json:
        show_json({"old": old.contract.reference, "new": new.contract.reference, "differences": [_plain(each) for each in found]})
    else:
        _show(found, f"{old.contract.reference} → {new.contract.reference}")
    return PROMISE_BROKEN if any(each.breaking for each in found) else OK


def _contract(said: str) -> Placed:
    """Return the contract at a path: a file, a folder (its contract.yaml), or FOLDER@VERSION."""
    from seamline.contract.evolution.placed import placed

    path = Path(said)
    folder, at, version = said.rpartition("@")
    if path.is_dir():
        return placed(path / "contract.yaml")
    if at and not path.exists():
        released = Path(folder) / "released" / f"{version}.yaml"
        return placed(released) if released.exists() else _unreleased(Path(folder), version)
    return placed(path)


def _unreleased(folder: Path, version: str) -> Placed:
    """Return contract.yaml when it is that version."""
    from seamline.contract.evolution.placed import placed

    found = placed(folder / "contract.yaml")
    if found.contract.version != version:
        known = ", ".join(sorted(path.stem for path in (folder / "released").glob("*.yaml"))) or "none"
        raise PromiseBroken(f"{folder} has no version {version}; released are {known}, contract.yaml is {found.contract.version}")
    return found


def _show(found: Sequence[Difference], title: str) -> None:
    from seamline.contract.evolution import Category, said

    for category in Category:
        chosen = sorted((each for each in found if each.category is category), key=lambda each: not each.breaking)
        if chosen:
            heading(category.value.upper())
            rows = [
                ("breaking" if each.breaking else "ok", each.path, said(each.old, each.new), each.direction.value, ", ".join(each.firmware), each.reason)
                for each in chosen
            ]  # fmt: skip
            table(COLUMNS, rows, [RED if each.breaking else None for each in chosen])
    breaking = sum(each.breaking for each in found)
    show()
    show(f"{title}: {len(found)} difference{'' if len(found) == 1 else 's'}, {breaking or 'none'} breaking")


def _plain(each: Difference) -> dict[str, object]:
    members = {name: value.value if isinstance(value, Enum) else value for name, value in asdict(each).items()}
    return {**members, "place": None if each.place is None else each.place._asdict()}
