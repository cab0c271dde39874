"""Who finds out: events that name the boundary, its owner and the owner's contact, each thing told once."""

from __future__ import annotations

from typing import Final

from seamline.hub.events import event
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.store_port import Store

ROWS_MAX: Final = 5_000
GAP_AGE_MS: Final = 60_000
"""How long a hole may be open before its owner hears of it: late frames close most of them within seconds."""


async def tell_quarantine(store: Store, catalogue: Catalogue, now_ms: int) -> int:
    """New quarantine, one event for each device and reason."""
    async with store.transaction():
        rows = await store.all("untold_quarantine", {"most": ROWS_MAX})
        events = [
            event(
                catalogue,
                at_ms=now_ms,
                device=device,
                product=product,
                kind="quarantine",
                detail={"reason": reason, "frames": frames, "records": records, "detail": detail},
            )
            for device, product, reason, frames, records, detail in rows
        ]
        await store.write("add_events", events)
    return len(events)


async def tell_losses(store: Store, catalogue: Catalogue, now_ms: int) -> int:
    """New losses, one event for each device, reason and channel."""
    async with store.transaction():
        rows = await store.all("untold_losses", {"most": ROWS_MAX})
        events = [
            event(
                catalogue,
                at_ms=now_ms,
                device=device,
                product=product,
                kind="loss",
                detail={"reason": reason, "channel": channel, "records": records},
            )
            for device, product, reason, channel, records in rows
        ]
        await store.write("add_events", events)
    return len(events)


async def tell_gaps(store: Store, catalogue: Catalogue, now_ms: int) -> int:
    """Holes that have stayed open although the device is there."""
    rows = await store.all("untold_gaps", {"before_ms": now_ms - GAP_AGE_MS, "most": ROWS_MAX})
    events = [
        event(
            catalogue,
            at_ms=now_ms,
            device=device,
            product=product,
            kind="gap",
            detail={
                "incarnation": incarnation,
                "boot": boot,
                "channel": channel,
                "missing": [list(pair) for pair in zip(gaps[::2], gaps[1::2], strict=True)],
                "since_ms": since_ms,
            },
        )
        for device, product, incarnation, boot, channel, gaps, since_ms in rows
    ]
    return await store.write("add_events", events)
