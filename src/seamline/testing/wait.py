"""Waiting for a condition of the real world, with a bound and a name: tests never just sleep."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_S = 0.005


def until(condition: Callable[[], object], what: str, timeout_s: float = 10.0) -> None:
    """Return as soon as `condition()` is true. Raises AssertionError naming `what` when it is not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(POLL_S)
