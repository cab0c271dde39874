"""Twins over time: wishes expire or are asked back, and wishes a device has not seen are sent again while it is there."""

from __future__ import annotations

from typing import Final

from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.store_port import Store
from seamline.hub.twin import CONTRACTLESS, tick
from seamline.hub.twin_service import Announcer
from seamline.hub.twin_store import desired_rows, twins_of

DEVICES_MAX: Final = 500
AGAIN_MS: Final = 30_000
"""After this long a wish that was sent and not seen is sent again: downlinks are QoS 0."""


async def tick_twins(store: Store, ingest: Store, catalogue: Catalogue, announcer: Announcer, now_ms: int) -> int:
    """Let time pass for the twins that are due; returns how many wishes changed."""
    due = await store.all("due_twins", {"now_ms": now_ms, "most": DEVICES_MAX})
    asked: list[tuple[str, int]] = []
    changed = 0
    for no, name, contract in due:
        policies = catalogue.terms(contract).policies or {}
        async with ingest.transaction():
            before = (await twins_of(ingest, [no]))[no]
            after = {prop: tick(one, policies.get(prop, CONTRACTLESS), now_ms) for prop, one in before.items()}
            moved = {prop: one for prop, one in after.items() if one != before[prop]}
            changed += await ingest.write("write_desired", desired_rows(no, moved))
        if any(one.desired is not None and one.desired.resolution is None for one in moved.values()):
            asked.append((str(name), int(no)))
    if asked:
        await announcer.send(ingest, asked)
    return changed


async def send_wishes(store: Store, ingest: Store, announcer: Announcer, now_ms: int) -> int:
    """Send wishes that were never sent, or not seen; returns to how many devices."""
    rows = await store.all("unseen_wishes", {"now_ms": now_ms, "again_ms": AGAIN_MS, "most": DEVICES_MAX})
    devices = [(str(name), int(no)) for name, no in rows]
    return len(devices) if devices and await announcer.send(ingest, devices) else 0
