"""Routes about the fleet: summary, fleet by rows and by columns, and its event stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from pydantic_core import to_json

from seamline.hub.api.feed import Entry, FleetFeed
from seamline.hub.api.fleet_models import AgedRow, Coded, FleetChange, FleetColumns, FleetPage, Presence, Summary
from seamline.hub.api.problem import answers
from seamline.hub.api.state import State
from seamline.hub.api.stream import EventStream, changes, open_stream

router: Final = APIRouter()
ROWS_MAX: Final = 1_000


class Sort(StrEnum):
    """Orders of the fleet; `-` in front turns one round."""

    ID = "id"
    ID_DOWN = "-id"
    AGE = "age"
    AGE_DOWN = "-age"
    PRESENCE = "presence"
    PRESENCE_DOWN = "-presence"
    CONTRACT = "contract"
    CONTRACT_DOWN = "-contract"
    OWED = "owed"
    OWED_DOWN = "-owed"
    LOST = "lost"
    LOST_DOWN = "-lost"
    QUARANTINED = "quarantined"
    QUARANTINED_DOWN = "-quarantined"


# Presence sorts by how much it needs a person.
_URGENCY: Final = {
    Presence.LOST: 0,
    Presence.PRESUMED_LOST: 1,
    Presence.DEAF: 2,
    Presence.SILENT: 3,
    Presence.UNKNOWN: 4,
    Presence.NEVER: 5,
    Presence.ONLINE: 6,
}
_KEYS: Final[dict[str, Callable[[Entry], tuple[int | str, str]]]] = {
    "id": lambda it: (it.record.id, ""),
    "age": lambda it: (-(it.record.last_heard_ms or 0), it.record.id),
    "presence": lambda it: (_URGENCY[it.claim.presence], it.record.id),
    "contract": lambda it: (it.record.contract or "", it.record.id),
    "owed": lambda it: (it.record.owed, it.record.id),
    "lost": lambda it: (it.record.lost, it.record.id),
    "quarantined": lambda it: (it.record.quarantined, it.record.id),
}


@router.get("/summary", responses=answers())
async def summary(state: State) -> Summary:
    """Return the fleet in one look: devices by presence, the books, rates."""
    await state.feed.refresh()
    return state.feed.summary


@router.get("/fleet", responses=answers(422))
async def fleet(
    state: State,
    q: Annotated[str, Query(max_length=200, description="Part of an id, contract or firmware")] = "",
    presence: Annotated[list[Presence] | None, Query(description="Any of these")] = None,
    contract: Annotated[str | None, Query(max_length=200)] = None,
    sort: Sort = Sort.ID,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
) -> FleetPage:
    """List devices, filtered and sorted, with ages at `now_ms`."""
    await state.feed.refresh()
    found = _matching(state.feed, q.casefold().strip(), frozenset(presence or ()), contract)
    found.sort(key=_KEYS[sort.lstrip("-")], reverse=sort.startswith("-"))
    now = state.context.now_ms()
    rows = [aged(entry, now) for entry in found[offset : offset + limit]]
    return FleetPage.model_construct(now_ms=now, total=len(found), offset=offset, rows=rows)


@router.get("/fleet/columns", responses={200: {"model": FleetColumns}, **answers()})
async def columns(state: State) -> Response:
    """Return the whole fleet by columns: 10,000 devices in about 100 kB compressed."""
    await state.feed.refresh()
    return Response(to_json(_columns(state.feed)), media_type="application/json")


@router.get("/fleet/events", response_class=EventStream, responses={200: {"model": FleetChange}, **answers(422)})
async def events(
    state: State,
    cursor: Annotated[str | None, Query(max_length=64, description="Resume after this; from `columns` or `change`")] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> EventStream:
    """Stream what changes, at most once a second: `change` (a FleetChange), `reset` (read the columns anew), `trouble`."""
    return open_stream(changes(state, last_event_id or cursor))


def aged(entry: Entry, now_ms: int) -> AgedRow:
    """Return a device's row with its ages at `now_ms`."""
    row = entry.row()
    age = None if row.last_heard_ms is None else max(0, now_ms - row.last_heard_ms)
    answered = None if row.last_answered_ms is None else max(0, now_ms - row.last_answered_ms)
    late = None if age is None or row.publish_every_ms is None else max(0, age - row.publish_every_ms)
    return AgedRow.model_construct(**dict(row), age_ms=age, answered_age_ms=answered, late_ms=late)


def _matching(feed: FleetFeed, text: str, states: frozenset[Presence], contract: str | None) -> list[Entry]:
    return [
        it
        for it in feed.entries
        if (not states or it.claim.presence in states)
        and (contract is None or it.record.contract == contract)
        and (not text or text in f"{it.record.id} {it.record.contract} {it.record.firmware}".casefold())
    ]


def _coded(values: Sequence[str | None]) -> Coded:
    known = {value: place for place, value in enumerate(sorted({value for value in values if value is not None}))}
    return Coded.model_construct(values=list(known), index=[-1 if value is None else known[value] for value in values])


def _columns(feed: FleetFeed) -> dict[str, object]:
    entries = list(feed.entries)
    records = [entry.record for entry in entries]
    coded = {
        "contract": _coded([it.contract for it in records]),
        "firmware": _coded([it.firmware for it in records]),
        "presence": _coded([it.claim.presence.value for it in entries]),
        "why": _coded([it.claim.why for it in entries]),
    }
    plain = {
        "id": [it.id for it in records],
        "since_ms": [it.claim.since_ms for it in entries],
        "last_heard_ms": [it.last_heard_ms for it in records],
        "last_answered_ms": [it.last_answered_ms for it in records],
        "publish_every_ms": [it.publish_every_ms for it in records],
        "presumed_lost_after_ms": [it.presumed_lost_after_ms for it in records],
        "numbered": [it.numbered for it in records],
        "stored": [it.stored for it in records],
        "quarantined": [it.quarantined for it in records],
        "declined": [it.declined for it in records],
        "lost": [it.lost for it in records],
        "owed": [it.owed for it in records],
        "owed_since_ms": [it.owed_since_ms for it in records],
        "duplicates": [it.duplicates for it in records],
    }
    shapes = {name: {"values": it.values, "index": it.index} for name, it in coded.items()}
    return {"now_ms": feed.now_ms, "cursor": feed.cursor, **shapes, **plain}
