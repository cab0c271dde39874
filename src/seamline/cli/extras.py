"""Which commands need more than the base install: what they import, and the line that names the extra."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from seamline.cli.exits import MissingExtra


def module_of(name: str, extra: str) -> ModuleType:
    """Import a module of ours that needs an extra. Raises MissingExtra when a package of that extra is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        lacking = (error.name or "").partition(".")[0]
        if lacking in {"", "seamline"}:
            raise
        raise MissingExtra(f"this needs the extra '{extra}' (no module {lacking}): pip install 'seamline[{extra}]'") from error
