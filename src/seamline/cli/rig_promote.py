"""`seamline rig promote`: a plan becomes a named regression that every later version runs."""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, WrongUse
from seamline.cli.rig_plans import (
    check_repeats,
    core_for,
    kept_of,
    lost_processes,
    needs_hub,
    parts_with,
    plan_folders,
    read_plan,
    write,
)
from seamline.cli.screen import show

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.world.kept import Kept
    from seamline.rig.world.plan import Plan

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
BESIDE = "rig"
"""The folder of promoted plans beside a contract."""


def promote(options: argparse.Namespace) -> int:
    """Keep a plan under a name, for every version and whatever becomes of the contracts, with what it once broke."""
    needs_hub()
    plan, families = read_plan(options.plan)
    plan = replace(plan, core=core_for(options.plan, plan, options.core))
    folder = _folder(options, plan)
    free = replace(plan, code="", contracts="", kept=None)
    kept = _kept(options, plan, free, families)
    name = _name(options, plan, kept)
    path = folder / f"{name}.json"
    text = replace(free, kept=kept, folder=_seen_from(folder, plan, options.plan)).write()
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
        raise WrongUse(f"{path} is there already: choose another --name")
    write(path, text)
    show(f"{path}: {kept.story}")
    show(f"seamline rig replay {folder}")
    return OK


def _kept(options: argparse.Namespace, plan: Plan, free: Plan, families: list[Family]) -> Kept:
    """What the plan breaks now; what it once broke, where it does no longer."""
    from seamline.rig.world.run import run

    parts = parts_with(free.core, families)
    with lost_processes():
        outcome = run(free, parts)
    if outcome.broken is not None:
        check_repeats(free.core, parts, outcome)
        return kept_of(outcome, families, options.why)
    once = plan.kept
    if once is None or not once.promise:
        raise WrongUse(f"{options.plan} breaks nothing here, and does not say what it once broke: promote it where it fails")
    show(f"it breaks nothing any more; it {once.story}")
    return replace(once, why=options.why or once.why)


def _name(options: argparse.Namespace, plan: Plan, kept: Kept) -> str:
    name: str = f"{kept.promise}-{plan.seed}" if options.name is None else options.name
    if not NAME.fullmatch(name):
        raise WrongUse(f"--name {name}: write small letters, digits and hyphens, at most 80")
    return name


def _folder(options: argparse.Namespace, plan: Plan) -> Path:
    """Where it goes: beside the contract that it is for; for the example's, here."""
    if options.to is not None:
        return options.to
    return plan_folders(plan, options.plan)[0] / BESIDE if plan.folder else Path(BESIDE)


def _seen_from(folder: Path, plan: Plan, path: Path) -> str | None:
    """The products' folders as the promoted plan names them: relative to itself, so that both can move together."""
    if not plan.folder:
        return None
    return os.pathsep.join(_relative(product.resolve(), folder.resolve()) for product in plan_folders(plan, path))


def _relative(product: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(product, folder)).as_posix()
    except ValueError:  # on another drive
        return str(product)
