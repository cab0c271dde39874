"""Pauses Python's collector of cycles while something is built that stays.

Reading a long contract makes 100,000 objects, none of which can be freed; the collector would walk them all again and again, and
take a third of the time. What is built is bounded by `limits`, so that nothing is missed by not looking for garbage meanwhile.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uncollected(work: Callable[P, R]) -> Callable[P, R]:
    """Return `work` as a function that runs without the collector, which is as it was afterwards."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():  # switched off, or paused by another thread, which switches it on again
            return work(*args, **kwargs)
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            gc.enable()

    return run
