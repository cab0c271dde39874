"""Files that are whole, or as they were."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def put(path: Path, text: str) -> None:
    """Have the file whole, or as it was: a full disk leaves no half of it. Raises OSError."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
