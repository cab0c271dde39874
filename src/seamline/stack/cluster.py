"""The database's cluster of files: made whole or not at all, of one major version, free of what a dead server left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from seamline.stack.binaries import find_postgres
from seamline.stack.child import ChildSpec
from seamline.stack.errors import StateError
from seamline.stack.postgres import DATABASE, SUPERUSER, Postgres
from seamline.stack.statedir import storage_error
from seamline.stack.supervisor import launch_arguments

INITDB_TIMEOUT_S = 120.0
# No language but C for PostgreSQL's programs, whatever the user's is.
ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "LANG": "C"}


def make_cluster(postgres: Postgres, alive: int) -> None:
    """Make the cluster, with the database in it, if there is none.

    Aside first, then renamed, so that a half-made one is never taken for whole: a server that runs has the database.
    Raises StateError with the program's words when it fails.
    """
    if postgres.data.exists():
        return
    folder = postgres.data.parent
    for left in folder.glob("new-*"):
        shutil.rmtree(left)
    fresh = folder / f"new-{os.getpid()}"
    binaries = find_postgres()
    initdb = (
        str(binaries.initdb),
        *("-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C"),
        *_locale_arguments(binaries.folder),
    )
    # -j: a statement ends with an empty line, not with each line
    alone = (str(binaries.postgres), "--single", "-j", "-D", str(fresh), "postgres")
    try:
        _run(postgres, alive, initdb, "")
        _run(postgres, alive, alone, f"CREATE DATABASE {DATABASE} STRATEGY file_copy;\n\n")
        fresh.rename(postgres.data)
        _sync(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
    except subprocess.TimeoutExpired:
        raise StateError(f"{folder}: initdb did not end within {INITDB_TIMEOUT_S:g} s: is the disk very slow?") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _run(postgres: Postgres, alive: int, argv: tuple[str, ...], told: str) -> None:
    """Run one of PostgreSQL's programs to its end. Raises StateError, OSError, subprocess.TimeoutExpired."""
    spec = ChildSpec("initdb", argv, postgres.state.path("log", "initdb.log"), lambda: True, user=postgres.user)
    done = subprocess.run(
        launch_arguments(spec),
        input=told,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **ENVIRONMENT},
        timeout=INITDB_TIMEOUT_S,
        pass_fds=(alive,),
        start_new_session=True,
        check=False,
    )
    with spec.log.open("a", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    # a server by itself ends with 0 whatever became of its statement
    if done.returncode != 0 or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        raise StateError(_failure(done.stderr, postgres.data.parent))


def _sync(folder: Path) -> None:
    """Make a rename in the folder survive power loss."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locale_arguments(folder: Path) -> tuple[str, ...]:
    """PostgreSQL 17 brought its own, unchanging collation; before it the C locale does the same for ids and numbers."""
    return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if _major(folder) >= 17 else ()


def _major(folder: Path) -> int:
    """The major version, from the name of the shared folder's catalogue: quicker than to run the program."""
    for catalogue in (folder.parent / "share").rglob("postgres.bki"):
        first = catalogue.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0]
        digits = first.removeprefix("# PostgreSQL ").strip()
        if digits.isdigit():
            return int(digits)
    return 0


def _failure(stderr: str, folder: Path) -> str:
    lines = [line for line in stderr.splitlines() if "error" in line.lower() or "fatal" in line.lower()]
    reason = lines[0] if lines else (stderr.strip().splitlines() or ["no reason given"])[-1]
    if "No space left" in stderr:
        return f"{folder}: no space left to make the database: free some, or choose another folder with --state"
    return f"{folder}: the database cannot be made: {reason}"


def check_version(postgres: Postgres) -> None:
    """Refuse a cluster of another major version, which the server would neither read nor harm. Raises StateError."""
    path = postgres.data / "PG_VERSION"
    made_by = path.read_text(encoding="ascii").strip() if path.exists() else ""
    major = _major(find_postgres().folder)
    if made_by and major and made_by != str(major):
        raise StateError(
            f"{postgres.data}: made by PostgreSQL {made_by}, but this is {major}: name the programs of {made_by} in "
            "SEAMLINE_POSTGRES_BIN (and move the data with pg_dump), or begin anew with another --state"
        )


def drop_stale_pid(postgres: Postgres) -> None:
    """Remove `postmaster.pid` when the process it names is somebody else's.

    Called when no process of the cluster is alive (the child's lock is ours), so whoever has that number now got it
    later. A number nobody has is left for the server, which also frees the shared memory named in the file.
    """
    path = postgres.data / "postmaster.pid"
    try:
        first = path.read_text(encoding="ascii", errors="replace").split("\n", 1)[0].strip()
        named = int(first)
        os.kill(abs(named), 0)
    except (FileNotFoundError, ProcessLookupError):
        return
    except (ValueError, PermissionError):
        pass  # an empty file, or another user's process: not our postmaster either way
    path.unlink(missing_ok=True)
