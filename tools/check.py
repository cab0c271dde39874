"""Every static check of the house, one line each: `python tools/check.py [NAME…]`.

Runs all of them even when one fails, prints the output of those that fail, and exits 1 if any did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINES_SHOWN = 120  # of a check that fails


def checks(scratch: str) -> dict[str, tuple[str, ...]]:
    """Return name → command of each check; `scratch` is a folder for what they write."""
    python = sys.executable
    return {
        "lint": (python, "-m", "ruff", "check", "."),
        "format": (python, "-m", "ruff", "format", "--check", "."),
        "types": (str(BIN / "basedpyright"), "--level", "error"),
        "floors": (str(BIN / "lint-imports"), "--no-cache"),
        "device": (python, "tools/device_lint.py", "src/seamline/device"),
        "sizes": (python, "tools/size_check.py"),
        "addresses": (python, "tools/address_check.py"),
        "lock": (python, "tools/lock.py", "--check"),
        "changelog": (python, "-m", "towncrier", "build", "--draft", "--version", "next"),
        "docs": (python, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", scratch),
    }


def passes(name: str, command: tuple[str, ...]) -> bool:
    """Run one check, print its line, and its output when it fails; return whether it passed."""
    began = time.monotonic()
    env = {**os.environ, "DISABLE_MKDOCS_2_WARNING": "true", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    good = done.returncode == 0
    print(f"{'ok  ' if good else 'FAIL'} {name:<10} {time.monotonic() - began:5.1f} s", flush=True)
    if not good:
        lines = (done.stdout + done.stderr).strip().splitlines()
        more = [f"… and {len(lines) - LINES_SHOWN} lines more: {' '.join(command)}"] if len(lines) > LINES_SHOWN else []
        print("\n".join((*lines[:LINES_SHOWN], *more)), flush=True)
    return good


def main(wanted: list[str]) -> int:
    """Run the named checks, or all of them; return the exit code (2: no check of that name)."""
    with tempfile.TemporaryDirectory() as scratch:
        known = checks(scratch)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            print(f"check: no check named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
            return 2
        results = [passes(name, command) for name, command in known.items() if not wanted or name in wanted]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
