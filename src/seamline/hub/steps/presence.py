"""Presence over time: what a device's silence comes to mean, judged when its last claim ends, and told when it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from seamline.hub.events import event
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.params import Int8s
from seamline.hub.presence import Outage, Presence, PresenceRow, State, Timing, assess_through
from seamline.hub.store_port import Row, Store

ROWS_MAX: Final = 5_000
TOLD: Final = frozenset({State.DEAF, State.LOST, State.PRESUMED_LOST})
"""States whose beginning somebody has to hear of; coming back from one is told as well."""
SPOKEN_OF: Final = TOLD | {State.ONLINE}
"""States that are told of at all."""
UNSETTLED: Final = frozenset({State.SILENT, State.UNKNOWN})
AGAIN_MS: Final = 5_000
"""How soon a claim that waits for the hub's own outage to end is looked at again."""


class _Judged(NamedTuple):
    """A device that was judged; `was` is what it was announced as, `check_at` when it was to be looked at."""

    no: int
    product: str | None
    row: PresenceRow
    claim: Presence
    was: str | None
    check_at: str


async def judge_presence(store: Store, catalogue: Catalogue, now_ms: int, outage: Outage | None = None) -> int:
    """Judge the devices that are due and not certainly there; returns how many. `outage` is the hub's own, if it had one."""
    async with store.transaction():
        await store.run("still_online", {"now_ms": now_ms, "most": ROWS_MAX})
        rows = await store.all("due_presence", {"now_ms": now_ms, "most": ROWS_MAX})
        judged = [_judge(row, now_ms, outage) for row in rows]
        # Whoever fell silent before it came back was announced as silent: what its owner knows is what was told last.
        back = [one.no for one in judged if one.claim.state is State.ONLINE and one.was == State.SILENT]
        told = dict(await store.all("last_told", {"devices": Int8s(back)})) if back else {}
        await store.write("announce", [_announced(one, now_ms) for one in judged])
        await store.write("add_events", [_event(catalogue, one, now_ms) for one in judged if _is_news(one, told)])
    return len(rows)


def _judge(row: Sequence[Any], now_ms: int, outage: Outage | None) -> _Judged:
    """Judge a row of `due_presence`."""
    no, product, incarnation, boot, session, born, heard, answered, died, unanswered, last_end, *timing, was, check_at = row
    known = PresenceRow(
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
    return _Judged(no, product, known, assess_through(known, now_ms, Timing(*timing), outage), was, check_at)


def _announced(one: _Judged, now_ms: int) -> Row:
    """What is shown from now on. Of what is not known nobody is told, and what was announced stands until something is."""
    state, next_ms = one.claim.state, one.claim.next_ms
    if next_ms is None and state in UNSETTLED:
        next_ms = now_ms + AGAIN_MS
    return {
        "device_no": one.no,
        "state": one.was if state is State.UNKNOWN else state.value,
        "next_ms": next_ms,
        "was": one.check_at,
    }


def _is_news(one: _Judged, told: Mapping[object, object]) -> bool:
    """Whether somebody has to hear of it: something began that is told of, or is over."""
    if one.claim.state is State.ONLINE:
        return one.was in TOLD or told.get(one.no) in TOLD
    return one.claim.state != one.was and one.claim.state in TOLD


def _event(catalogue: Catalogue, one: _Judged, now_ms: int) -> Row:
    detail = {"why": one.claim.why, "was": one.was, "heard_ms": one.row.last_heard_ms, "answered_ms": one.row.last_answered_ms}
    return event(catalogue, at_ms=now_ms, device=one.no, product=one.product, kind=one.claim.state.value, detail=detail)
