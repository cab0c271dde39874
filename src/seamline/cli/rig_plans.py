"""Plans as files: read with the contracts they are for, kept with what they broke, and found in folders."""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, cast

import seamline
from seamline.cli.exits import BadInstallation, WrongUse
from seamline.cli.extras import module_of
from seamline.rig.whole import put

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.world.kept import Kept
    from seamline.rig.world.plan import Plan
    from seamline.rig.world.world import Outcome, Parts

OURS = "seamline"
"""Names the core of Seamline where a plan names another."""
PLAN_BYTES_MAX = 64 << 20
"""A plan of a million faults has as much."""


def needs_hub() -> None:
    """Refuse to go on without the extra `hub`."""
    module_of("seamline.rig.world.world", "hub")


def folders_of(contracts: Sequence[Path] | None) -> tuple[Path, ...]:
    """The products' folders; the heater's when none is given."""
    from seamline.rig.demo import example
    from seamline.rig.fleet import FleetError

    try:
        return (example("heater"),) if contracts is None else tuple(contracts)
    except FleetError as error:
        raise BadInstallation(f"{error}; or name a product with --contract") from None


def families_of(folders: Sequence[Path], place: str) -> list[Family]:
    """Load the contracts. `place` is where the folders were named."""
    from seamline.contract import ContractErrors, load_family

    families: list[Family] = []
    for folder in folders:
        try:
            families.append(load_family(folder))
        except ContractErrors as error:
            told = "; ".join(line.strip() for line in str(error).splitlines())
            raise WrongUse(f"{place} {folder}: {told} (see: seamline contract check {folder})") from None
        except OSError as error:
            raise WrongUse(f"{place} {folder} cannot be read: {error.strerror or error}") from None
        product = families[-1].product
        if any(family.product == product for family in families[:-1]):
            raise WrongUse(f"{place} {folder}: the product {product} is named twice; name each folder once")
    return families


def parts_with(core: str | None, families: Sequence[Family]) -> Parts:
    """What a world is made of: with a user's core, which is tried first, in a process of its own.

    Raises WrongUse naming what is wrong with it.
    """
    from seamline.rig.world import world

    if core is None:
        return world.Parts(families)
    from seamline.rig.plugin.elsewhere import parts_apart
    from seamline.rig.plugin.named import CoreError

    try:
        return parts_apart(core, families)
    except CoreError as error:
        raise WrongUse(f"--core {error}") from None


@contextmanager
def lost_processes() -> Generator[None]:
    """A process of the rig that is lost is a problem of the installation, or of a core that does not do the same twice."""
    from seamline.rig.world.apart import CrewError

    try:
        yield
    except CrewError as error:
        raise BadInstallation(str(error)) from None


def core_for(path: Path, plan: Plan, core: str | None) -> str | None:
    """The core to run a plan with: only one that somebody names now is ever loaded. Raises WrongUse."""
    if core is None and plan.core is not None:
        again = f"write --core {shlex.quote(plan.core)} to run it so again, --core {OURS} for the core of Seamline"
        raise WrongUse(f"{path} was run with a core of yours: {again}")
    return None if core == OURS else core


def read_plan(path: Path) -> tuple[Plan, list[Family]]:
    """Read a plan and the contracts it is for, without comparing them. Raises WrongUse naming the file, the place and the remedy."""
    from seamline.rig.world.plan import PlanError, parse

    try:
        if path.stat().st_size > PLAN_BYTES_MAX:
            raise WrongUse(f"{path} has more than {PLAN_BYTES_MAX >> 20} MiB: that is no plan")
        plan = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON text"
        raise WrongUse(f"{path} cannot be read: {reason or error}") from None
    except PlanError as error:
        raise WrongUse(f"{path}: {error}{_remedy(path)}") from None
    return plan, families_of(plan_folders(plan, path), f"{path}: its contract")


def check_plan(path: Path, plan: Plan, families: Sequence[Family]) -> None:
    """Refuse a plan of another version, or for other contracts."""
    from seamline.rig.world.plan import PlanError
    from seamline.rig.world.run import check

    try:
        check(plan, families)
    except PlanError as error:
        raise WrongUse(f"{path}: {error}; or keep it for every version: seamline rig promote {path}") from None


def _remedy(path: Path) -> str:
    """What to do about a plan that does not fit: a promoted one says what it was for."""
    import json

    from seamline.rig.world.kept import KeptError, parse_kept

    try:
        document: object = json.loads(path.read_text(encoding="utf-8"))
        kept = parse_kept(cast("dict[str, object]", document).get("kept")) if isinstance(document, dict) else None
    except (ValueError, KeptError):
        return ""
    if kept is None:
        return ""
    return f". The plan {kept.story}; it no longer fits this Seamline ({seamline.__version__}): mend it by hand, or take it out"


def plan_folders(plan: Plan, path: Path) -> tuple[Path, ...]:
    """The products' folders that a plan names; relative ones from where the plan lies."""
    if not plan.folder:
        return folders_of(None)
    return tuple(Path(os.path.normpath(path.parent / folder)) for folder in plan.folder.split(os.pathsep))


def plans_in(paths: Sequence[Path]) -> list[Path]:
    """The plans' files, those of folders by name. Raises WrongUse for a folder without any."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.json"))
            if not inside:
                raise WrongUse(f"{path} has no plans: `seamline rig promote PLAN --to {path}` puts one there")
            found += inside
        else:
            found.append(path)
    return found


def kept_of(outcome: Outcome, families: Sequence[Family], why: str = "") -> Kept:
    """What is to be remembered of a run."""
    from seamline.rig.world.kept import Kept
    from seamline.rig.world.run import contracts_digest

    broken = outcome.broken
    return Kept(
        promise="" if broken is None else broken.promise,
        what="" if broken is None else broken.what,
        on=datetime.now(UTC).date().isoformat(),
        code=seamline.__version__,
        contracts=contracts_digest(families),
        events=outcome.digest,
        why=why,
        reached=tuple(name for name, times in outcome.marks.counts.items() if times),
    )


def keep(outcome: Outcome, families: Sequence[Family], folder: Path) -> Path:
    """Write the plan of a run that failed, with what it broke."""
    path = kept_path(outcome, folder)
    write(path, replace(outcome.plan, kept=kept_of(outcome, families)).write())
    return path


def kept_path(outcome: Outcome, folder: Path) -> Path:
    """Where the plan of a run that failed is kept."""
    return folder / f"{outcome.plan.seed}-{outcome.broken.promise if outcome.broken else 'plan'}.json"


def check_repeats(core: str | None, parts: Parts, outcome: Outcome) -> None:
    """Run a plan again with a user's core. Raises BadInstallation where that does not do the same twice."""
    from seamline.rig.world.apart import check_repeated
    from seamline.rig.world.run import run

    if core is not None:
        with lost_processes():
            check_repeated(core, outcome.plan.seed, outcome, run(outcome.plan, parts))


def try_to_write(folder: Path, remedy: str = "") -> None:
    """Refuse a folder in which no file can be made, before anything is run for it; leave nothing behind."""
    there = folder.absolute()
    try:
        while not there.exists():
            there = there.parent
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise BadInstallation(f"{folder} cannot be written: {error.strerror or error}{remedy}") from None


def write(path: Path, text: str) -> None:
    """Write a file whole, with its folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, text)
    except OSError as error:
        raise BadInstallation(f"{path} cannot be written: {error.strerror or error}") from None


def origin(families: Sequence[Family]) -> str:
    """What a seed is drawn for, in eight hex digits: this version, its catalogue of faults, and the contracts."""
    from seamline.rig.world.plan import SPECS
    from seamline.rig.world.run import contracts_digest

    kinds = [f"{kind} {spec}" for kind, spec in SPECS.items()]
    text = "\n".join([seamline.__version__, contracts_digest(families), *kinds])
    return blake2b(text.encode(), digest_size=4).hexdigest()
