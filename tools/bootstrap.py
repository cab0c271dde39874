"""Make `.venv` what the lock says: `python3 tools/bootstrap.py run|dev`.

Standard library only, for Python >= 3.11 of a bare machine. `run` installs what `make demo` needs, `dev` everything. Does
nothing, without the network, when the environment already stands as locked. Two at once wait for each other on a file lock.
Exit codes: 0 done, 5 the machine cannot be set up (the message names the remedy).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LEVELS = ("run", "dev")
# What an installed tree depends on besides the level's lock: a change in any of them installs anew.
INPUTS = ("pyproject.toml", "requirements/bootstrap.txt", "src/seamline/__init__.py", "tools/bootstrap.py")
INSTALLATION_PROBLEM = 5
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class CannotSetUp(Exception):
    """The machine lacks something; the message says what, and the command that mends it."""


def say(text: str) -> None:
    """Print one line of progress on standard error."""
    print(f"seamline: {text}", file=sys.stderr, flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a command in the project's folder; raise CannotSetUp with its name when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False)
    if done.returncode != 0:
        shown = " ".join(str(part) for part in command[:6])
        raise CannotSetUp(f"this step failed with exit code {done.returncode}: {shown}")


def stamp(level: str) -> Path:
    """Return the file that says which inputs the environment was last built from at this level."""
    return VENV / f".seamline-{level}"


def fingerprint(level: str) -> str:
    """Return a hash over everything that decides how the environment looks at this level."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in (*INPUTS, f"requirements/{level}.txt"):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


def stands(level: str) -> bool:
    """Return whether the environment stands as locked at this level, or at one that contains it."""
    if not PYTHON.exists():
        return False
    contained_in = LEVELS[LEVELS.index(level) :]
    return any(stamp(each).is_file() and stamp(each).read_text() == fingerprint(each) for each in contained_in)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the file lock: a second bootstrap waits here until the first has finished."""
    lock = os.open(ROOT, os.O_RDONLY)  # the folder itself: no file to leave behind, none to delete under a waiter
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another set-up of this folder is running; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def wheel_of_the_system() -> Path | None:
    """Return the pip wheel that Debian keeps for its own venv, if the package is there."""
    return next(iter(sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"), reverse=True)), None)


def wheel_by_apt(folder: Path) -> Path | None:
    """Download Debian's package of the pip wheel without root and unpack it into the folder; None where that fails.

    The package lists are fetched into the folder too where the machine has none, so nothing of the system changes.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    say("this Python has no pip: taking it from the distribution's package python3-pip-whl (nothing is installed)")
    (folder / "lists" / "partial").mkdir(parents=True)
    own_lists = ("-o", f"Dir::State::Lists={folder / 'lists'}", "-o", "APT::Sandbox::User=", "-o", f"Dir::Cache={folder}")
    quiet = ("apt-get", "-qq", "-o", "APT::Sandbox::User=")
    for steps in (
        ((*quiet, "download", "python3-pip-whl"),),
        ((*quiet, *own_lists, "update"), (*quiet, *own_lists, "download", "python3-pip-whl")),
    ):
        if all(subprocess.run(step, cwd=folder, check=False).returncode == 0 for step in steps):
            break
    for package in folder.glob("*.deb"):
        subprocess.run(("dpkg-deb", "-x", package.name, "unpacked"), cwd=folder, check=True)
    return next(folder.glob("unpacked/usr/share/python-wheels/pip-*.whl"), None)


def has_module(name: str) -> bool:
    """Return whether the running Python has this module."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def seeds_pip() -> bool:
    """Return whether `python -m venv` can put a pip into the environment by itself."""
    if not has_module("ensurepip.__main__"):
        return False
    return subprocess.run([sys.executable, "-m", "ensurepip", "--version"], capture_output=True, check=False).returncode == 0


def create_venv(folder: Path) -> None:
    """Create the environment with uv in it, by whichever way this machine offers to get a first pip.

    In this order: the interpreter's own ensurepip; a pip it already has; the distribution's wheel, installed or downloaded.
    """
    lock = ("--quiet", "--require-hashes", "--no-deps", "-r", ROOT / "requirements" / "bootstrap.txt")
    install = ("-m", "pip", "--disable-pip-version-check", "install", *lock)
    if has_module("venv") and seeds_pip():
        run(sys.executable, "-m", "venv", "--clear", VENV)
        run(PYTHON, *install)
        return
    if not has_module("venv"):
        raise CannotSetUp("this Python has no module venv; install it: apt-get install python3-venv")
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
    if has_module("pip.__main__"):
        # Only pip, not everything beside it, may be seen from the new environment.
        (folder / "pip").symlink_to(Path(str(importlib.util.find_spec("pip.__main__").origin)).parent)
        source: Path | None = folder
    else:
        source = wheel_of_the_system() or wheel_by_apt(folder)
    if source is None:
        raise CannotSetUp(
            "this Python can make no environment with pip in it, and no pip was found; install one: apt-get install python3-venv",
        )
    run(PYTHON, *install, env={**os.environ, "PYTHONPATH": str(source)})


def mirror() -> dict[str, str]:
    """Return the package index that pip is set to use, as uv's variable; empty when uv's own setting or the default holds."""
    if any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")):
        return {}
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    address = os.environ.get("PIP_INDEX_URL") or (asked.stdout.strip() if asked.returncode == 0 else "")
    return {"UV_DEFAULT_INDEX": address} if address else {}


def install(level: str) -> None:
    """Make the environment hold exactly the level's lock and this tree in place."""
    uv = (PYTHON, "-m", "uv")
    env = {**os.environ, **mirror(), "VIRTUAL_ENV": str(VENV), "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "copy"}
    if SYSTEM_CERTIFICATES.is_file():  # a company's own authority is in there; a bare machine has none: then uv's own
        env.setdefault("UV_SYSTEM_CERTS", "1")
    run(*uv, "pip", "sync", "--quiet", "--require-hashes", f"requirements/{level}.txt", env=env)
    run(*uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--offline", "--editable", ".", env=env)


def has_uv() -> bool:
    """Return whether the environment is there and can run uv."""
    return PYTHON.exists() and subprocess.run([PYTHON, "-m", "uv", "--version"], capture_output=True, check=False).returncode == 0


def set_up(level: str) -> None:
    """Bring the environment to the level; a cut in the middle leaves no stamp, so the next run finishes it."""
    with alone():
        if stands(level):
            return
        # What already has the tools for development keeps them.
        level = "dev" if stamp("dev").exists() else level
        for each in LEVELS:
            stamp(each).unlink(missing_ok=True)
        if not has_uv():
            say("creating .venv")
            with tempfile.TemporaryDirectory() as folder:
                create_venv(Path(folder))
        say(f"installing the locked packages ({level})")
        install(level)
        stamp(level).write_text(fingerprint(level))


def main(arguments: list[str]) -> int:
    """Run the command line; return its exit code."""
    if len(arguments) != 1 or arguments[0] not in LEVELS:
        say("use: bootstrap.py run|dev")
        return 2
    try:
        if not stands(arguments[0]):
            set_up(arguments[0])
    except (CannotSetUp, OSError) as problem:
        say(f"cannot set up this machine: {problem}")
        return INSTALLATION_PROBLEM
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
