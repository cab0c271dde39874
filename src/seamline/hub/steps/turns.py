"""Which steps there are on a store, how often each is due, and in which order they take their turns.

Whoever runs them decides what time is: the role `worker` the event loop's, the rig the world's.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.presence import Outage
from seamline.hub.steps.presence import judge_presence
from seamline.hub.steps.redate import redate
from seamline.hub.steps.release import release
from seamline.hub.steps.revalue import revalue
from seamline.hub.steps.tell import tell_gaps, tell_losses, tell_quarantine
from seamline.hub.steps.twins import send_wishes, tick_twins
from seamline.hub.store_port import Store
from seamline.hub.twin_service import Announcer

log: Final = logging.getLogger(__name__)

LEASE: Final = 0x5EA5
"""First key of the lease; one process at a time runs the steps."""
BACKOFF_S_MIN: Final = 0.2
BACKOFF_S_MAX: Final = 5.0
TURN_S: Final = 0.25
"""How often it is looked which steps are due."""


@dataclass(slots=True)
class Step:
    """A step, how often it is due, and when next (seconds of whoever runs it)."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]
    due_s: float = 0.0


def store_steps(
    store: Store,
    ingest: Store,
    catalogue: Catalogue,
    announcer: Announcer,
    now_ms: Callable[[], int],
    revalue_rows: int | None = None,
    outage: Callable[[], Outage | None] = lambda: None,
) -> list[Step]:
    """The steps that need nothing but a store: `store` runs the worker's statements, `ingest` those of ingest.

    `revalue_rows`: rows valued anew in one transaction (None: as many as usual). `outage`: the hub's own, if it had one.
    """
    return [
        Step("presence", 0.5, lambda: judge_presence(store, catalogue, now_ms(), outage())),
        Step("redate", 0.5, lambda: redate(store, ingest, catalogue)),
        Step("wishes", 1.0, lambda: send_wishes(store, ingest, announcer, now_ms())),
        Step("twins", 1.0, lambda: tick_twins(store, ingest, catalogue, announcer, now_ms())),
        Step("quarantine", 1.0, lambda: tell_quarantine(store, catalogue, now_ms())),
        Step("losses", 1.0, lambda: tell_losses(store, catalogue, now_ms())),
        Step("gaps", 5.0, lambda: tell_gaps(store, catalogue, now_ms())),
        Step("release", 30.0, lambda: release_all(store, ingest, catalogue)),
        Step("revalue", 0.5, lambda: revalue(store, revalue_rows)),
    ]


async def release_all(store: Store, ingest: Store, catalogue: Catalogue) -> None:
    """All that can be released, in bounded transactions."""
    while (count := await release(store, ingest, catalogue)) > 0:
        log.info("worker: %d quarantined frames decoded", count)


def due(steps: list[Step], now_s: Callable[[], float]) -> Iterator[Step]:
    """The steps whose turn it is, in their order; each is due again its period after it has run."""
    for step in steps:
        if now_s() >= step.due_s:
            yield step
            step.due_s = now_s() + step.every_s
