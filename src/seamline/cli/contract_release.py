"""`seamline contract release` and `retire`: a version comes into the field, and leaves it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from seamline.cli.exits import OK, BadInstallation, PromiseBroken
from seamline.cli.screen import show


def release(options: argparse.Namespace) -> int:
    """Freeze the contract of a folder. Doing it again changes nothing."""
    from seamline.contract.evolution.fingerprint import fingerprint
    from seamline.contract.evolution.releases import open_releases, planned_release
    from seamline.contract.problems import ContractErrors

    try:
        releases = open_releases(options.folder)
        content = (options.folder / "contract.yaml").read_bytes()
        files = planned_release(releases, content, options.date or _today(), adopt=options.adopt)
    except ContractErrors as errors:
        show(str(errors))
        raise PromiseBroken(f"{options.folder} is not released: it has {_counted(len(errors.problems))}") from None
    _written(files)
    current = releases.family.current
    done = "is released" if files else "was released before; nothing changed"
    show(f"{current.reference} {done} (fingerprint {fingerprint(current)[:16]})")
    for path in files:
        show(f"  wrote {path}")
    return OK


def retire(options: argparse.Namespace) -> int:
    """Take a version out of the field when no device has it."""
    from seamline.cli.contract_fleet import ask_fleet
    from seamline.contract.evolution.releases import ReleaseRefused, open_releases, planned_retirement
    from seamline.contract.problems import ContractErrors

    try:
        releases = open_releases(options.folder)
        fleet = ask_fleet(options.fleet, releases.family.product)
        devices = fleet.devices.get(options.version, 0)
        files = planned_retirement(releases, options.version, devices, options.date or _today())
    except ContractErrors as errors:
        show(str(errors))
        raise PromiseBroken(f"{options.version} stays in the field: the folder has {_counted(len(errors.problems))}") from None
    except ReleaseRefused as refused:
        raise PromiseBroken(str(refused)) from None
    if fleet.unheard and not options.despite_unheard:
        raise PromiseBroken(
            f"{options.version} stays in the field: {fleet.unheard} of the hub's devices have never said their version,"
            " and may have this one; if you know that they do not, add --despite-unheard"
        )
    _written(files)
    show(f"{releases.family.product}/{options.version} has left the field: no device of the fleet has it")
    return OK


def _today() -> str:
    return datetime.now(tz=UTC).date().isoformat()


def _counted(problems: int) -> str:
    return f"{problems} problem{'s' if problems > 1 else ''}"


def _written(files: Mapping[Path, bytes]) -> None:
    from seamline.contract.evolution.releases import write

    try:
        write(files)
    except OSError as error:
        raise BadInstallation(f"{error.filename or 'a file'} cannot be written: {error.strerror or error}") from None
