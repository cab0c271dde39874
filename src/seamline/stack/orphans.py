"""Processes left over from an earlier start of a child, found by the lock they hold.

Every child inherits an open, locked file (`run/<child>.alive`) and hands it to whatever it forks; the lock is free
when the last of them is gone. That holds for a database's backends, which outlive a postmaster killed by SIGKILL, and
for everything left by a supervisor that was killed itself.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from pathlib import Path

from seamline.stack.errors import ChildError
from seamline.stack.statedir import storage_error

ORPHANS_TIMEOUT_S = 10.0
POLL_S = 0.01


def holders(path: Path) -> list[int]:
    """Process ids, other than ours, that have the file open; empty where the system has no /proc."""
    found: list[int] = []
    try:
        processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names, not paths
    except OSError:
        return found
    for pid in processes:
        if pid == os.getpid():
            continue
        try:
            if any(descriptor.samefile(path) for descriptor in Path(f"/proc/{pid}/fd").iterdir()):
                found.append(pid)
        except OSError:
            continue  # gone meanwhile, or another user's: not one of ours
    return found


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


def claim_alive(path: Path, *, grace_s: float = 0.0) -> int:
    """Take the lock of a child about to be started, ending what is left of an earlier start. Returns the descriptor.

    Leftovers get `grace_s` to end by themselves, then SIGKILL. Raises ChildError when some do not go.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise storage_error(error, path) from error
    started = time.monotonic()
    while not _lock(handle):
        waited = time.monotonic() - started
        if waited > ORPHANS_TIMEOUT_S:
            os.close(handle)
            raise ChildError(f"{path}: processes of an earlier start do not end: {holders(path) or 'unknown'}")
        if waited >= grace_s:
            kill(holders(path))
        time.sleep(POLL_S)
    return handle


def kill(pids: list[int]) -> None:
    """SIGKILL to each of the processes; those already gone are passed over."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
