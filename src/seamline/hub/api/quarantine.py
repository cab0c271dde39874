"""Routes about quarantine and raw frames: what could not be taken, and the bytes themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from psycopg import AsyncConnection

from seamline.hub.api.coefficients import coefficients_of
from seamline.hub.api.device import DeviceId, Limit, facts
from seamline.hub.api.device_models import (
    QuarantineDetail,
    QuarantineItem,
    QuarantineReason,
    QuarantineView,
    RecentFrame,
    RefusedReason,
)
from seamline.hub.api.dissect import Layouts, Sender, dissect
from seamline.hub.api.layouts import parse
from seamline.hub.api.problem import ApiError, answers, not_found
from seamline.hub.api.queries import first, rows
from seamline.hub.api.state import State

router: Final = APIRouter()
FRAMES_TIMEOUT_S: Final = 3.0
"""How long the broker may take to give a device's recent frames."""

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class _Registered:
    fingerprint: int
    canonical: str


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    device: str
    arrival_ms: int
    reason: str
    detail: str | None
    channel: int | None
    incarnation: int | None
    boot: int | None
    first: int | None
    count: int | None
    counted: bool
    size_bytes: int
    resolved_ms: int | None
    bytes: bytes

    def item(self) -> QuarantineItem:
        """Return the row without its bytes."""
        return QuarantineItem(**{name: getattr(self, name) for name in QuarantineItem.model_fields})


@router.get("/quarantine", responses=answers(422))
async def quarantine(
    state: State,
    reason: Annotated[str | None, Query(max_length=64)] = None,
    device: Annotated[str | None, Query(max_length=128)] = None,
    before: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Only ids below this")] = None,
    limit: Limit = 100,
) -> QuarantineView:
    """List what waits in quarantine, with counts by reason, and what was refused outright."""
    wanted = {"reason": reason, "device": device, "before": before, "limit": limit}
    async with state.database.reading() as connection:
        reasons = await rows(connection, "quarantine_reasons", None, QuarantineReason)
        refused = await rows(connection, "refused_reasons", None, RefusedReason)
        items = await rows(connection, "quarantine_list", wanted, QuarantineItem)
    return QuarantineView(reasons=reasons, refused=refused, items=items, next=items[-1].id if len(items) == limit else None)


@router.get("/quarantine/{item}", responses=answers(404, 422))
async def quarantined(state: State, item: Id) -> QuarantineDetail:
    """Return one quarantined frame, its bytes taken apart."""
    async with state.database.reading() as connection:
        found = await first(connection, "quarantine_item", {"id": item}, _Stored)
        if found is None:
            raise not_found(f"Nothing in quarantine has the id {item}.", "`seamline quarantine` lists what there is.")
        registered = await _layouts(connection)
        sender = Sender(await coefficients_of(connection, found.device), found.arrival_ms)
    return QuarantineDetail(item=found.item(), frame=dissect(found.bytes, registered, sender))


@router.get("/devices/{device}/frames", responses=answers(404, 422))
async def frames(state: State, device: DeviceId, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[RecentFrame]:
    """Return the device's latest raw frames as the broker still keeps them, newest first, taken apart."""
    async with state.database.reading() as connection:
        await facts(connection, device)
        registered = await _layouts(connection)
        coefficients = await coefficients_of(connection, device)
    if state.context.frames is None:
        raise ApiError(503, "Broker not at hand", "This API runs without a broker connection.", "Ask the hub that has one.")
    try:
        async with asyncio.timeout(FRAMES_TIMEOUT_S):
            found = await state.context.frames.recent(device, limit)
    except (TimeoutError, ConnectionError) as error:
        detail = "The broker does not answer, so recent frames cannot be shown."
        raise ApiError(503, "Broker away", detail, "It is retried by itself; `seamline doctor` says more.") from error
    return [
        RecentFrame(
            **dict(dissect(frame.payload, registered, Sender(coefficients, frame.arrived_ms))),
            stream_seq=frame.stream_seq,
            arrived_ms=frame.arrived_ms,
        )
        for frame in found
    ]


async def _layouts(connection: AsyncConnection) -> Layouts:
    """Return every registered layout by what a frame's head says."""
    found = await rows(connection, "layouts", None, _Registered)
    parsed = [(row.fingerprint, parse(row.canonical)) for row in found]
    return {(layout.channel, layout.version, fingerprint): layout for fingerprint, layout in parsed}
