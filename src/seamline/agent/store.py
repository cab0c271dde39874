"""Where a device core's persisted entries live: in memory for fleets, in files for a real node.

A write is durable before anything the core asked for after it. Entries are opaque bytes: the core checks their CRC itself, so
a torn one counts as lost there.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

# (key, value); a value of None forgets the key.
Change = tuple[str, bytes | None]

ENTRY_SUFFIX = ".entry"
TEMPORARY_SUFFIX = ".tmp"
LOCK_NAME = "lock"


class StoreError(Exception):
    """The state cannot be read or written; the message names the place and the remedy."""


class Store(Protocol):
    """Durable entries of one device."""

    def load(self) -> dict[str, bytes]:
        """Return everything that survived."""
        ...

    def write(self, changes: Sequence[Change]) -> asyncio.Future[None] | None:
        """Make `changes` durable in their order: at once (None), or when the returned future is done (it may hold a StoreError)."""
        ...


class MemoryStore:
    """A flash that is a dict: survives the power cuts of a simulated device, not those of this process."""

    __slots__ = ("entries", "writes")

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.writes = 0

    def load(self) -> dict[str, bytes]:
        """See Store.load."""
        return dict(self.entries)

    def write(self, changes: Sequence[Change]) -> None:
        """See Store.write; always durable at once."""
        for key, value in changes:
            if value is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = value
                self.writes += 1

    def erase(self) -> None:
        """Lose everything, as a wiped flash or a swapped board does."""
        self.entries.clear()


class FileStore:
    """One file an entry in a folder of its own, each replaced atomically and synced. One process at a time."""

    __slots__ = ("_folder", "_lock")

    def __init__(self, folder: Path) -> None:
        """Open (and create) the folder. Raises StoreError when it is not ours to write or another process holds it."""
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _explained(error, folder, "cannot be opened") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            message = f"state {folder} is in use by another agent: give this one its own --state"
            raise StoreError(message) from error
        except OSError as error:
            os.close(self._lock)
            raise _explained(error, folder, "cannot be locked") from error

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def load(self) -> dict[str, bytes]:
        """See Store.load. Raises StoreError. What a cut left half-written is removed."""
        entries: dict[str, bytes] = {}
        try:
            for path in sorted(self._folder.iterdir()):
                if path.name.endswith(TEMPORARY_SUFFIX):
                    path.unlink()
                elif path.name.endswith(ENTRY_SUFFIX):
                    entries[unquote(path.name.removesuffix(ENTRY_SUFFIX))] = path.read_bytes()
        except OSError as error:
            raise _explained(error, self._folder, "cannot be read") from error
        return entries

    def write(self, changes: Sequence[Change]) -> asyncio.Future[None]:
        """See Store.write: done in a thread, for a sync takes as long as the card wants."""
        return asyncio.get_running_loop().run_in_executor(None, self.write_now, list(changes))

    def write_now(self, changes: Sequence[Change]) -> None:
        """Write and sync on this thread. Raises StoreError; an entry is then either the old or the new one, whole."""
        try:
            unsynced = False
            for key, value in changes:
                target = self._folder / (quote(key, safe="") + ENTRY_SUFFIX)
                if value is None:
                    target.unlink(missing_ok=True)
                    unsynced = True
                else:
                    self._replace(target, value)
                    unsynced = False
            if unsynced:
                self._sync_folder()
        except OSError as error:
            raise _explained(error, self._folder, "cannot be written") from error

    def _replace(self, target: Path, value: bytes) -> None:
        temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
        try:
            with temporary.open("wb") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            temporary.unlink(missing_ok=True)  # a full disk must not keep the half that fitted
            raise
        temporary.replace(target)
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _explained(error: OSError, folder: Path, what: str) -> StoreError:
    remedies = {
        errno.ENOSPC: "free some room and start again; nothing is half-written",
        errno.EACCES: "give this user the right to write there, or choose another --state",
        errno.EROFS: "choose a --state on a writable disk",
        errno.EDQUOT: "the quota is used up: free some room and start again; nothing is half-written",
    }
    remedy = remedies.get(error.errno or 0, "check the disk, or choose another --state")
    return StoreError(f"state {folder} {what}: {error.strerror or error}; {remedy}")
