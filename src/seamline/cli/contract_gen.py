"""`seamline contract gen` and `map`: what a contract compiles to, written where it changed, or compared."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, BadInstallation, PromiseBroken, WrongUse
from seamline.cli.screen import show

if TYPE_CHECKING:
    from seamline.contract.family import Family
    from seamline.contract.model import Contract


def gen(options: argparse.Namespace) -> int:
    """Compile a folder's contract for one target. With `--check` nothing is written; exit 1 when a file would change."""
    return _brought(_compiled(options.target, options.folder, options.version), options.out, check=options.check)


def map_(options: argparse.Namespace) -> int:
    """Draw the system map as SVG, or as Mermaid: to a file, or to standard output."""
    texts = _compiled(options.format, options.folder, options.version)
    drawing = "".join(texts.values())  # each of the two targets draws one file
    if options.out is not None:
        return _brought({options.out.name: drawing}, options.out.parent, check=False)
    show(drawing.rstrip("\n"))
    return OK


def _compiled(target: str, folder: Path, version: str | None) -> Mapping[str, str]:
    """Return what the target makes of the folder's contract. Raises WrongUse for a target that is not there."""
    from seamline.cli.contract_stamp import stamped
    from seamline.contract.codegen import TARGETS, target as target_of

    if target not in TARGETS:
        raise WrongUse(f"no target is called {target!r}; the targets are: {', '.join(TARGETS) or 'none'}")
    family = _family(folder)
    contract = _chosen(family, version)
    return {name: stamped(name, text, contract) for name, text in target_of(target)(family, contract).items()}


def _family(folder: Path) -> Family:
    from seamline.contract.family import load_family
    from seamline.contract.problems import ContractErrors

    try:
        return load_family(folder)
    except ContractErrors as errors:
        show(str(errors))
        raise PromiseBroken(f"{folder} does not hold, so nothing was generated") from None


def _chosen(family: Family, version: str | None) -> Contract:
    found = family.current if version is None else family.versions.get(version)
    if found is None:
        raise PromiseBroken(f"{family.product} has no version {version}; there are: {', '.join(family.versions)}")
    return found


def _brought(texts: Mapping[str, str], out: Path, *, check: bool) -> int:
    """Write each file that is not yet as it should be; or only say which those are."""
    stale = [name for name, text in texts.items() if not _is_there(out / name, text)]
    for name in stale:
        if check:
            show(f"differs: {out / name}")
        else:
            _written(out / name, texts[name])
            show(f"wrote {out / name}")
    if check and stale:
        show(f"{len(stale)} of {len(texts)} generated files differ from the contract: run the same command without --check")
        return PROMISE_BROKEN
    if not stale:
        show(f"{len(texts)} file{'' if len(texts) == 1 else 's'} as the contract says; nothing changed")
    return OK


def _is_there(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _written(path: Path, text: str) -> None:
    """Put a file in place whole, or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(text.encode())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise BadInstallation(f"{path} cannot be written: {error.strerror or error}") from None
