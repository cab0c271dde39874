"""Write the locks in `requirements/` from `pyproject.toml`; `--check` only says whether they are still its locks.

Each level is compiled under the constraints of the one that contains it, so that a package has one version in all of them.
The first line of a lock carries a hash of the requirements it was made from: freshness is checked offline. Other options
(`--upgrade`, `--upgrade-package NAME`) go to `uv pip compile`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
COMPILE = (
    "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate",
)  # fmt: skip
# Level → what it holds, as arguments for `uv pip compile`; the one that contains the others comes first.
LEVELS = {
    "dev": ("pyproject.toml", "--extra", "hub", "--extra", "site", "--group", "dev"),
    "run": ("pyproject.toml", "--extra", "hub", "--group", "build", "--constraints", "requirements/dev.txt"),
    "bootstrap": ("requirements/bootstrap.in", "--constraints", "requirements/dev.txt"),
}


def first_line() -> str:
    """Return the line that a lock of the present pyproject.toml starts with."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = document["project"]
    asked = [project["requires-python"], project["dependencies"], project["optional-dependencies"], document["dependency-groups"]]
    text = json.dumps([*asked, (FOLDER / "bootstrap.in").read_text()], sort_keys=True)
    return f"# Made by `make lock` from requirements {hashlib.sha256(text.encode()).hexdigest()[:16]}. Do not edit.\n"


def stale() -> list[str]:
    """Return the names of the locks that do not belong to the present pyproject.toml."""
    expected = first_line()
    files = [FOLDER / f"{level}.txt" for level in LEVELS]
    return [file.name for file in files if not file.is_file() or not file.read_text().startswith(expected)]


def write(options: list[str]) -> int:
    """Compile every level; return the exit code."""
    for level, arguments in LEVELS.items():
        target = FOLDER / f"{level}.txt"
        command = (sys.executable, "-m", *COMPILE, *arguments, "--output-file", str(target), *options)
        if subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            print(f"lock: cannot compile requirements/{level}.txt", file=sys.stderr)
            return 1
        target.write_text(first_line() + target.read_text())
    return 0


def main(options: list[str]) -> int:
    """Write the locks, or check them; return the exit code."""
    if options != ["--check"]:
        return write(options)
    for name in stale():
        print(f"requirements/{name} is not the lock of this pyproject.toml; make it anew: make lock", file=sys.stderr)
    return 1 if stale() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
