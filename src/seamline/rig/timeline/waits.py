"""The waits before connects, as a story tells them; and which of them broke `jitter`.

That promise is about many waits together: no single one breaks it. Those of the cause that it names are the ones to look at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from seamline.rig.timeline.recording import WAIT
from seamline.rig.timeline.words import span
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.trace import Event

CAUSE: Final = re.compile(r"waits after a (\w+)")


class Wait(NamedTuple):
    """After what, how long, and of what window (ms)."""

    cause: str
    wait_ms: int
    window_ms: int

    def __str__(self) -> str:
        share = self.wait_ms / self.window_ms
        return f"{span(self.wait_ms)} after a {self.cause}, of a window of {span(self.window_ms)} ({share:.0%})"


def read(what: str) -> Wait:
    """Read what an event says of a wait."""
    cause, wait_ms, window_ms = what.removeprefix(WAIT).split()
    return Wait(cause, int(wait_ms), int(window_ms))


def broke(broken: BrokenPromise | None) -> str:
    """The cause of the waits that broke `jitter`; empty where something else or nothing broke."""
    found = CAUSE.search(broken.what) if broken is not None and broken.promise == "jitter" else None
    return "" if found is None else found[1]


def offenders(events: Iterable[Event], cause: str) -> Sequence[int]:
    """The devices that have waited so, those that did most often first."""
    counts: Counter[int] = Counter()
    device = -1
    for event in events if cause else ():
        if event.what.startswith(WAIT):
            counts[device] += read(event.what).cause == cause
        elif event.device >= 0:
            device = event.device
    return [device for device, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count]
