"""Server-sent events of the fleet: a cursor for each reader instead of a queue, so nothing can grow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from seamline.hub.api.feed import REFRESH_MS
from seamline.hub.api.state import ApiState

HEARTBEAT_S: Final = 5.0
"""A `now` event at least this often: a page that hears nothing for three of them calls itself offline."""
RETRY_MS: Final = 2_000
"""What a browser waits before it connects again."""


class EventStream(StreamingResponse):
    """A `text/event-stream` answer that no proxy or cache may hold back."""

    media_type = "text/event-stream"


def open_stream(content: AsyncIterator[bytes]) -> EventStream:
    """Answer with `content` as it comes."""
    return EventStream(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _event(name: str, data: object, cursor: str | None = None) -> bytes:
    head = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    return head + b"event: " + name.encode() + b"\ndata: " + to_json(data) + b"\n\n"


async def changes(state: ApiState, cursor: str | None) -> AsyncIterator[bytes]:
    """Yield the fleet's changes after `cursor` until the hub stops; a slow reader gets fewer, larger changes."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    feed, now_ms = state.feed, state.context.now_ms
    told_ms = 0
    while not state.context.stopping.is_set():
        try:
            await feed.refresh()
        except (psycopg.Error, PoolTimeout):
            yield _event("trouble", {"now_ms": now_ms(), "detail": "The hub cannot reach its database."})
        else:
            found = feed.since(cursor)
            if found is None:
                cursor = feed.cursor
                yield _event("reset", {"now_ms": now_ms(), "cursor": cursor}, cursor)
            elif found or now_ms() - told_ms >= HEARTBEAT_S * 1000:
                cursor, told_ms = feed.cursor, now_ms()
                data = {
                    "cursor": cursor,
                    "now_ms": told_ms,
                    "summary": feed.summary.model_dump(),
                    "rows": [row.model_dump() for row in found],
                }
                yield _event("change", data, cursor)
        await _pause(state.context.stopping)
    yield _event("bye", {"now_ms": now_ms()})


async def _pause(stopping: asyncio.Event) -> None:
    """Wait a turn, or less when the hub stops."""
    try:
        async with asyncio.timeout(REFRESH_MS / 1000):
            await stopping.wait()
    except TimeoutError:
        return
