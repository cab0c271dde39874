"""Refuse files that name a package registry's host or a path of one machine: `python tools/address_check.py [FILE…]`.

A lock must install from any mirror and a document must hold on any machine. Looks at what git tracks and at new files that
it does not ignore; prints `file:line: what` for each finding and exits 1 if there is one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Written in parts, so that this file names none of them itself.
HOSTS = [".".join(parts) for parts in (
    ("pypi", "org"), ("pypi", "python", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
    ("yarnpkg", "com"), ("deb", "debian", "org"), ("archive", "ubuntu", "com"), ("crates", "io"), ("proxy", "golang", "org"),
)]  # fmt: skip
PLACES = ["/".join(("", *parts, "")) for parts in (("work",), ("work", "main"), ("opt", "pypi"), ("opt", "wheels"))]
TOO_LARGE_BYTES = 4_000_000  # a picture or a recording: no place for an address that anything would read


def forbidden() -> re.Pattern[str]:
    """Return the pattern of everything that no file may name, this checkout's and this user's folders included."""
    own = [str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2]
    paths = "|".join(rf"(?<![\w.~-]){re.escape(place)}" for place in (*PLACES, *own))
    hosts = "|".join(rf"(?<![\w-]){re.escape(host)}\b" for host in HOSTS)
    return re.compile(f"{hosts}|{paths}")


def files() -> list[Path]:
    """Return every file that is or could be committed."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), cwd=ROOT, capture_output=True, check=True
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def findings(file: Path, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield line and finding for each forbidden name in one file; binary files hold none."""
    if not file.is_file() or file.stat().st_size > TOO_LARGE_BYTES:
        return
    content = file.read_bytes()
    if b"\0" in content[:8192]:
        return
    is_lock = file.parent.name == "requirements" and file.suffix == ".txt"
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        for found in pattern.finditer(line):
            yield number, f"names {found.group()!r}"
        if (is_lock and "://" in line) or (file.name == "package-lock.json" and '"resolved"' in line):
            yield number, "a lock holds an address"


def main(named: list[str]) -> int:
    """Check the named files, or all; return the exit code."""
    pattern = forbidden()
    count = 0
    for file in [Path(name).resolve() for name in named] or files():
        for number, what in findings(file, pattern):
            count += 1
            shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            print(f"{shown}:{number}: {what}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
