"""The logs of children: one file each, bounded, with the supervisor's own words in between."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

LOG_BYTES_MAX = 8 << 20


def note(log: Path, text: str) -> None:
    """A line of the supervisor's own in a child's log. A disk that is full must not stop the supervisor: it is lost then."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"[{stamp}] supervisor: {text}\n")
    except OSError:
        return


def keep_log_small(log: Path, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Move what a log holds to `<name>.1` when it grew too long. Its writer appends, and goes on in the emptied file.

    A line written between the copy and the cut is lost.
    """
    try:
        if log.stat().st_size <= bytes_max:
            return
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)
    except OSError:
        return  # tried again at the next look; a log is no reason to stop
