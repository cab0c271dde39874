"""Presence over time: what a device's silence comes to mean, judged when its last claim ends, and told when it changes."""

from __future__ import annotations

from typing import Final

from seamline.hub.events import event
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.presence import Outage, PresenceRow, State, Timing, assess_through
from seamline.hub.store_port import Row, Store

ROWS_MAX: Final = 5_000
TOLD: Final = frozenset({State.DEAF, State.LOST, State.PRESUMED_LOST})
"""States whose beginning somebody has to hear of; coming back from one is told as well."""


UNSETTLED: Final = frozenset({State.SILENT, State.UNKNOWN})
AGAIN_MS: Final = 5_000
"""How soon a claim that waits for the hub's own outage to end is looked at again."""


async def judge_presence(store: Store, catalogue: Catalogue, now_ms: int, outage: Outage | None = None) -> int:
    """Judge the devices that are due and not certainly there; returns how many. `outage` is the hub's own, if it had one."""
    async with store.transaction():
        await store.run("still_online", {"now_ms": now_ms, "most": ROWS_MAX})
        rows = await store.all("due_presence", {"now_ms": now_ms, "most": ROWS_MAX})
        announced: list[Row] = []
        events: list[Row] = []
        for (
            no,
            product,
            incarnation,
            boot,
            session,
            born,
            heard,
            answered,
            died,
            unanswered,
            last_end,
            *timing,
            was,
            check_at,
        ) in rows:
            row = PresenceRow(
                incarnation=incarnation or 0,
                boot=boot or 0,
                session=session,
                born_ms=born or heard,
                last_heard_ms=heard,
                last_answered_ms=answered,
                died_ms=died,
                unanswered=unanswered,
                last_end=last_end,
            )
            claim = assess_through(row, now_ms, Timing(*timing), outage)
            next_ms = claim.next_ms
            if next_ms is None and claim.state in UNSETTLED:
                next_ms = now_ms + AGAIN_MS
            if claim.state is State.UNKNOWN:  # nobody is told, and what was announced stands until something is known
                announced.append({"device_no": no, "state": was, "next_ms": next_ms, "was": check_at})
                continue
            announced.append({"device_no": no, "state": claim.state.value, "next_ms": next_ms, "was": check_at})
            if claim.state != was and (claim.state in TOLD or (was in TOLD and claim.state is State.ONLINE)):
                detail = {"why": claim.why, "was": was, "heard_ms": heard, "answered_ms": answered}
                events.append(event(catalogue, at_ms=now_ms, device=no, product=product, kind=claim.state.value, detail=detail))
        await store.write("announce", announced)
        await store.write("add_events", events)
    return len(rows)
