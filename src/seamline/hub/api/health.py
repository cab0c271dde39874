"""Route about the hub itself: whether its database and its broker answer, and whether it stores what devices send."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fastapi import APIRouter

from seamline.hub.api.fleet_models import Health
from seamline.hub.api.state import State
from seamline.hub.api.troubles import troubles
from seamline.hub.hearing import GRACE_MS, Standing

router: Final = APIRouter()


@router.get("/health")
async def health(state: State) -> Health:
    """Say whether database and broker answer, and whether what devices send is stored; always 200 while the API itself runs.

    The broker is asked for real, and an answer is at most a few seconds old. `troubles` names what is wrong, with its remedy.
    """
    database = await state.probe.answer()
    away = database.state.startswith("away")
    hearing = state.context.hearing
    standing = None if hearing is None else await hearing.look(database.known)
    now = state.context.now_ms()
    found = troubles(database.state, standing, now)
    stored = None if standing is None else standing.stored_ms
    return Health(
        status="degraded" if found else "ok",
        now_ms=now,
        version=_version(),
        database=database.state,
        broker="not configured" if standing is None else "ok" if standing.broker is None else f"away: {standing.broker}",
        ingest="unknown" if standing is None or standing.broker is not None or away else _ingest(standing, now),
        stored_ms=stored,
        stored_age_ms=None if stored is None else max(0, now - stored),
        waiting_ms=None if standing is None else standing.waiting_ms,
        generation=database.generation,
        troubles=found,
    )


def _ingest(standing: Standing, now_ms: int) -> str:
    if standing.waiting_ms is None or now_ms - standing.waiting_ms <= GRACE_MS:
        return "ok"
    return f"stuck or behind: what arrived {(now_ms - standing.waiting_ms) // 1000} s ago is not stored"


def _version() -> str:
    try:
        return version("seamline")
    except PackageNotFoundError:
        return "unknown"
