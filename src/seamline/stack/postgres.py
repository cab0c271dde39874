"""The embedded database: PostgreSQL's own programs under our supervision, reached through a private socket only.

PostgreSQL refuses to run as root; as root it therefore runs as `nobody` in a user namespace, where files stay root's,
or, where namespaces are forbidden, really as `nobody`, owning its folder (launch.py).
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from seamline.stack.child import User
from seamline.stack.errors import StateError
from seamline.stack.launch import NOBODY
from seamline.stack.namespace import namespaces_allowed
from seamline.stack.statedir import StateDir

SUPERUSER = "seamline"
DATABASE = "seamline"
PORT = 5432  # names the socket; nothing listens on it
SOCKET_PATH_BYTES_MAX = 107  # sockaddr_un.sun_path on Linux, less the closing NUL


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where the embedded database keeps its files and its socket, and as whom it runs."""

    state: StateDir
    user: User
    sockets: Path

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.state.path("postgres", "data")

    @property
    def dsn(self) -> str:
        """The address for clients: a URL that libpq and SQLAlchemy read."""
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        """The address of one database of the cluster."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.sockets), safe='')}"


def socket_folder(state: StateDir) -> Path:
    """A private folder whose path is short enough for a socket: in the state directory, else in the temporary one."""
    inside = state.path("postgres")
    if socket_fits(inside):
        return inside
    link = state.path("run", "sockets")
    if link.is_symlink() and _is_private(link.readlink()):
        return link.readlink()
    made = Path(tempfile.mkdtemp(prefix="seamline-"))
    if not socket_fits(made):
        raise StateError(f"{made}: too long for a socket's path: set TMPDIR to a shorter folder")
    link.unlink(missing_ok=True)
    link.symlink_to(made)
    return made


def _is_private(folder: Path) -> bool:
    """Whether a folder kept from before is still ours alone; the temporary folder is swept, and open to others."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid in {os.geteuid(), NOBODY} and not status.st_mode & 0o077


def drop_socket_folder(postgres: Postgres) -> None:
    """Remove the socket folder, if it lies outside the state directory; the database must have ended."""
    link = postgres.state.path("run", "sockets")
    if link.is_symlink():
        shutil.rmtree(postgres.sockets, ignore_errors=True)
        link.unlink()


def list_item(folder: Path) -> str:
    """A folder as an item of a list setting: quoted, for a comma or a space would part it."""
    return '"' + str(folder).replace('"', '""') + '"'


def socket_fits(folder: Path) -> bool:
    """Whether a socket, with its lock file, could lie in the folder."""
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) <= SOCKET_PATH_BYTES_MAX


def server_user() -> User:
    """As whom the server can run here.

    An ordinary user as itself, unless the system has no name for it (initdb asks for one); root, and the nameless,
    as `nobody`. Raises StateError when there is no way.
    """
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            if namespaces_allowed():
                return User.NAMESPACE
            raise StateError(
                f"user {os.geteuid()} has no name here and PostgreSQL needs one: add it to /etc/passwd, or use --dsn"
            ) from None
        return User.KEEP
    return User.NAMESPACE if namespaces_allowed() else User.SETUID


def open_postgres(state: StateDir) -> Postgres:
    """The embedded database of a state directory, its folders handed to the user it runs as. Raises StateError."""
    user = server_user()
    postgres = Postgres(state, user, socket_folder(state))
    if user is User.SETUID:
        _hand_over(state.path("postgres"), NOBODY)
        _hand_over(postgres.sockets, NOBODY)
    elif os.geteuid() == 0:
        _hand_over(state.path("postgres"), 0)
    return postgres


def _hand_over(folder: Path, user: int) -> None:
    """Make a tree belong to `user`, when its top does not yet: root may meet a folder made in the other way."""
    if folder.stat().st_uid == user:
        return
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            os.chown(Path(parent) / name, user, user, follow_symlinks=False)
        os.chown(parent, user, user)
