"""What a shell may complete an argument with, in shtab's words: paths of files, or of folders only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

_FILES: Final = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}
_FOLDERS: Final = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"}


def takes_file(action: argparse.Action) -> None:
    """The argument's value is the path of a file."""
    _complete(action, _FILES)


def takes_folder(action: argparse.Action) -> None:
    """The argument's value is the path of a folder."""
    _complete(action, _FOLDERS)


def _complete(action: argparse.Action, how: dict[str, str]) -> None:
    action.complete = how  # pyright: ignore[reportAttributeAccessIssue] - shtab's protocol: an attribute that argparse does not know
