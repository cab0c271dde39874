"""Which plan a command is about: `PLAN`, a folder with a `plan.yaml`, or `PLAN@VARIANT`."""

from __future__ import annotations

from pathlib import Path

from seamline.cli.exits import WrongUse

PLAN_FILE = "plan.yaml"


def plan_said(said: Path | str, variant: str | None = None) -> tuple[Path, str | None]:
    """The plan's file and the variant that is meant, by `PLAN@VARIANT` or by `--variant`.

    What is there under the whole name is taken so: a folder may have an @ in its name. WrongUse when two variants are named.
    """
    path = Path(said)
    if path.exists():
        return file_of(path), variant
    name, at, own = str(said).rpartition("@")
    if not (at and name and own):
        return file_of(path), variant
    if variant is not None and variant != own:
        raise WrongUse(f"{said} names variant {own}, and --variant names {variant}; give one of them")
    return file_of(Path(name)), own


def file_of(path: Path) -> Path:
    """The plan's file, also of its folder."""
    return path / PLAN_FILE if path.is_dir() else path
