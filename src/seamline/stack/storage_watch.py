"""Looks after the broker's storage while a stack runs.

A stream that met a full disk takes nothing more, even once there is room again, until the server starts anew (measured with
NATS 2.15). The broker says so in its health; what devices sent meanwhile is theirs still, since no mark was given for it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

from seamline.stack.childlog import note
from seamline.stack.natsline import ask

EVERY_S: Final = 2.0
ROOM_BYTES: Final = 32 << 20
"""Free space that makes a new start worth it: some blocks of the streams."""
QUESTION: Final = "$SYS.REQ.SERVER.PING.HEALTHZ"
SHUT: Final = "write error"


class StorageWatch:
    """Restarts the broker once its disk has room again. One thread, from `start` to `stop`."""

    def __init__(self, url: str, folder: Path, log: Path, restart: Callable[[], None]) -> None:
        """Ask at `url` (the server's system user) and note in `log`; `folder` is on the broker's disk."""
        self._url: Final = url
        self._folder: Final = folder
        self._log: Final = log
        self._restart: Final = restart
        self._told = False
        self._stop: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="seamline-storage", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more. Idempotent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look once: say it when the broker's disk is full, and start the broker anew when it no longer is.

        The log may be on the same disk; what did not fit into it is said when there is room.
        """
        error = write_error(self._url)
        if error is None:
            self._told = False
            return
        if shutil.disk_usage(self._folder).free < ROOM_BYTES:
            if not self._told:
                note(self._log, f"the broker cannot store what devices send: {error}: free some space in {self._folder}")
            self._told = True
            return
        note(self._log, f"there is room again after {error}: the broker is started anew")
        self._told = False
        self._restart()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.look()
            except OSError:
                continue  # the broker, or the folder, is away: the next look will tell


def write_error(url: str) -> str | None:
    """What keeps a stream shut, in the broker's words. Raises OSError when the broker does not answer."""
    told = ask(url, QUESTION, b"{}").get("data")
    error = cast("Mapping[str, object]", told).get("error") if isinstance(told, dict) else None
    return str(error) if error is not None and SHUT in str(error) else None
