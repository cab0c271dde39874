"""The state directory: one folder, readable by its owner only, that holds everything a stack keeps.

    settings.json     effective settings for the roles         ca/         development CA, device certificates
    secrets.json      passwords and keys, made once            broker/     configuration and JetStream's files
    auth.json         what the `auth` role is told             postgres/   the embedded database
    identities.jsonl  whom `auth` lets in                      log/        one file a child
    ports.json        loopback ports, chosen once              run/        one lock a child
    run.json          where the running stack is reached       lock        held by the stack that runs here

Files are replaced whole, never written in place.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from seamline.stack.errors import StateError

FOLDERS = ("ca", "ca/devices", "broker", "postgres", "log", "run")


def storage_error(error: OSError, path: Path) -> StateError:
    """The one clear error for a disk that is full, read-only or not ours."""
    where = error.filename or path
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StateError(f"{where}: no space left: free some, or choose another folder with --state")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StateError(f"{where}: not writable for this user: choose another folder with --state")
    return StateError(f"{where}: {error.strerror or error}")


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file atomically, with mode 0600. Raises StateError when the disk refuses."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise storage_error(error, path) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(error, path) from error


def read_object(path: Path) -> dict[str, object]:
    """A JSON object from a file; empty when there is none. Raises StateError when it is damaged."""
    try:
        value: object = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise storage_error(error, path) from error
    except ValueError as error:
        raise StateError(f"{path}: not JSON ({error}): remove the file, it is made anew") from error
    if not isinstance(value, dict):
        raise StateError(f"{path}: not a JSON object: remove the file, it is made anew")
    return cast("dict[str, object]", value)


def write_object(path: Path, value: Mapping[str, object]) -> None:
    """Write a JSON object atomically, with mode 0600."""
    write_private(path, (json.dumps(value, indent=2) + "\n").encode())


class StateDir:
    """One state directory, made and locked.

    Two stacks never share one: `lock()` is held for as long as the stack runs and falls with its process.
    """

    def __init__(self, root: Path) -> None:
        self.root: Path = root.expanduser().absolute()
        self._lock: int | None = None

    def path(self, *parts: str) -> Path:
        """A path inside the directory."""
        return self.root.joinpath(*parts)

    def make(self) -> None:
        """Make the directory and its folders, private to their owner. Raises StateError."""
        try:
            for folder in (self.root, *(self.root / name for name in FOLDERS)):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self.root.stat()
            if status.st_uid != os.geteuid():
                raise StateError(f"{self.root}: belongs to user {status.st_uid}: choose another folder with --state")
            if stat.S_IMODE(status.st_mode) & 0o077:
                self.root.chmod(0o700)
        except OSError as error:
            raise storage_error(error, self.root) from error

    def lock(self) -> None:
        """Take the directory for this process. Raises StateError when another stack has it."""
        path = self.path("lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise storage_error(error, path) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise StateError(
                f"{self.root}: in use by another stack (process {holder}): stop it, or choose another folder with --state"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle

    @property
    def locked(self) -> bool:
        """Whether this object holds the directory."""
        return self._lock is not None

    def unlock(self) -> None:
        """Give the directory back; nothing happens when it is not held."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
