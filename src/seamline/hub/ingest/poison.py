"""The message that cannot be stored, alone: it goes to quarantine and is never in the way again.

Where its header can be believed it is custody (counted, acknowledged); otherwise its bytes are kept as evidence. Either way our
own code is at fault, so it is logged as an error and written down as an event.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import Final

import numpy as np

from seamline.hub.ingest import work
from seamline.hub.ingest.answers import Answers
from seamline.hub.ingest.judge import POISON, QUARANTINED, STORED, judge
from seamline.hub.ingest.reader import Batch
from seamline.hub.store import unavailable
from seamline.hub.store_port import FencedError

log: Final = logging.getLogger(__name__)
WHY_CHARS: Final = 300


async def isolate(parts: work.Parts, batch: Batch, place: work.Place, now_ms: int, why: str) -> Answers:
    """Store one poison message as quarantine and move past it. Raises when the database is away, or another worker was faster."""
    try:
        judged = judge(batch, parts.memory.fleet, parts.catalogue)
        accountable = judged.verdict >= STORED
        if not accountable.any():
            return await _bytes(parts, batch, place, now_ms, why)
        judged.verdict[accountable], judged.reason[accountable] = QUARANTINED, POISON
        judged.groups.clear()
        judged.group[:] = -1
        judged.bad = np.zeros_like(judged.bad)
        return await work.commit(parts, judged, place, now_ms)
    except FencedError:
        raise
    except Exception as error:
        if unavailable(error):
            raise
        log.exception("not even as quarantine, keeping its bytes")
        return await _bytes(parts, batch, place, now_ms, why)


async def _bytes(parts: work.Parts, batch: Batch, place: work.Place, now_ms: int, why: str) -> Answers:
    """Keep the bytes, uncounted, and move past."""
    device_id = batch.subjects[0].decode("utf-8", "replace").split(".")[2]
    row = {
        "device_id": device_id,
        "arrival_us": now_ms * 1000,
        "reason": "poison",
        "detail": why[:WHY_CHARS],
        "counted": False,
        "bytes": b64encode(batch.payloads[0]).decode(),
    }
    async with parts.store.transaction():
        await work.advance(parts.store, place)
        await parts.store.write("add_quarantine", [row])
    return Answers()
