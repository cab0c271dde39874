"""Who finds out: events that name the boundary, its owner and the owner's contact, each thing told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.store_port import Row, Store

ROWS_MAX: Final = 5_000
GAP_AGE_MS: Final = 60_000
"""How long a hole may be open before its owner hears of it: late frames close most of them within seconds."""


def event(
    catalogue: Catalogue, *, at_ms: int, device: int | None, product: str | None, kind: str, detail: Mapping[str, object],
    boundary: str = "broker",
) -> Row:  # fmt: skip
    """An event about the boundary that ends at `boundary` (`radio-broker`: broker) in the product's contract."""
    found = catalogue.boundary(product, boundary)
    return {
        "at_ms": at_ms,
        "device_no": device,
        "kind": kind,
        "boundary": None if found is None else found.name,
        "owner": None if found is None else found.owner,
        "contact": None if found is None else found.contact,
        "detail": dict(detail),
    }


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
