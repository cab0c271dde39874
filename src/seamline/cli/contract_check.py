"""`seamline contract check`: the contract is right, what was released is as it was, and nothing in the field breaks."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from seamline.cli.exits import OK, PROMISE_BROKEN
from seamline.cli.screen import show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seamline.contract.problems import Problem


class Checked(NamedTuple):
    """What was checked, in a line, and what is wrong with it."""

    summary: str
    problems: tuple[Problem, ...]


def check(options: argparse.Namespace) -> int:
    """Check each path; exit 1 when there is a problem."""
    checked = [examine(path, options.fleet) for path in options.paths]
    if options.format == "text":
        _show_text(checked)
    else:
        module = import_module(f"seamline.cli.contract_{options.format}")
        show(cast("Callable[[Sequence[Problem]], str]", module.rendered)([each for one in checked for each in one.problems]))
    return PROMISE_BROKEN if any(each.problems for each in checked) else OK


def examine(path: Path, fleet: str | None) -> Checked:
    """Return what is wrong with a contract's file, or with a product's folder and what of it is in the field."""
    from seamline.contract.problems import ContractErrors

    try:
        return _folder(path, fleet) if path.is_dir() else _file(path)
    except ContractErrors as errors:
        return Checked("", errors.problems)


def _file(path: Path) -> Checked:
    from seamline.contract.loader import load

    return Checked(f"{load(path).reference}: no problem in this file", ())


def _folder(path: Path, fleet: str | None) -> Checked:
    from seamline.contract.evolution.releases import open_releases, problems_of

    releases = open_releases(path)
    family = releases.family
    if fleet is None:
        registry, own = releases.registry, family.current.version
        in_field = None
        where = [each for each in family.versions if each not in registry.retired and (each != own or each in registry.releases)]
    else:
        from seamline.cli.contract_fleet import ask_fleet

        in_field = ask_fleet(fleet, family.product).devices
        where = [f"{version} ({count})" for version, count in in_field.items() if count]
    summary = f"{family.current.reference}: no problem; in the field: {', '.join(where) or 'none'}"
    return Checked(summary, problems_of(releases, in_field))


def _show_text(checked: Sequence[Checked]) -> None:
    for each in checked:
        for problem in each.problems:
            show(problem.render())
        if not each.problems:
            show(each.summary)
    count = sum(len(each.problems) for each in checked)
    if count:
        show(f"{count} problem{'s' if count > 1 else ''}; `seamline contract explain CODE` says more about each code")
