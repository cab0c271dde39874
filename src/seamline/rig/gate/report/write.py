"""Puts reports into files: a folder gets all of them, a file the one that its ending names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from seamline.rig.gate.report import document, html, junit, markdown
from seamline.rig.gate.verdict import Verdict
from seamline.rig.whole import put

FORMS: Final[dict[str, Callable[[Verdict], str]]] = {
    ".html": html.rendered,
    ".xml": junit.rendered,
    ".md": markdown.rendered,
    ".json": document.rendered,
}
"""A file's ending, and what is written into it."""
NAME: Final = "gate"
"""What the files of a folder are called."""


def files(path: Path) -> list[Path]:
    """Return the files that are meant by a path: itself if it has an ending that is known, else one of each form in that folder."""
    return [path] if path.suffix in FORMS else [path / f"{NAME}{ending}" for ending in FORMS]


def save(verdict: Verdict, path: Path) -> list[Path]:
    """Write the reports that a path means, each whole or not at all; return them. Raises OSError."""
    written: list[Path] = []
    for file in files(path):
        text = FORMS[file.suffix](verdict)
        file.parent.mkdir(parents=True, exist_ok=True)
        put(file, text)
        written.append(file)
    return written
