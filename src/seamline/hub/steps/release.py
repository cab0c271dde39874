"""Quarantine is not for ever: frames of a layout that is registered by now become rows, and their records *stored*."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.hub import decode
from seamline.hub.decode import I64, Bools, Run
from seamline.hub.ingest.catalogue import Catalogue, Kind, layout_key
from seamline.hub.params import Int8s, rows as as_json
from seamline.hub.store_port import Row, Store

FRAMES_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Held:
    """A quarantined frame: records first..first+count-1 of `bytes` are counted as quarantined."""

    id: int
    device: int
    device_id: str
    arrival_us: int
    channel: int
    layout: int
    fingerprint: int
    incarnation: int
    boot: int
    first: int
    count: int
    bytes: bytes


async def release(store: Store, ingest: Store, catalogue: Catalogue) -> int:
    """Decode what can be decoded by now, in one transaction; returns how many frames were resolved."""
    async with store.transaction():
        held = [Held(*row) for row in await store.all("releasable", {"most": FRAMES_MAX})]
        found = [one for one in held if _kind(catalogue, one) is not None]
        moved: Counter[tuple[int, int, int, int]] = Counter()
        odd: list[Row] = []
        for one in found:
            kind = _kind(catalogue, one)
            assert kind is not None  # noqa: S101 - chosen by it
            bad = await _rows(store, kind, one)
            odd += bad
            moved[one.device, one.incarnation, one.boot, one.channel] += one.count - sum(int(str(row["count"])) for row in bad)
        await ingest.write("add_quarantine", odd)
        await store.run("released", {"ids": Int8s([one.id for one in found])})
        await _books(store, ingest, moved)
        released = Int8s(sorted({device for device, *_ in moved}))
        await store.run("ask_again", {"devices": released, "reason": "late rows", "dated": False})
    return len(found)


def _kind(catalogue: Catalogue, one: Held) -> Kind | None:
    kind = catalogue.kinds.get(layout_key(one.channel, one.layout, one.fingerprint))
    return kind if kind is not None and kind.writer is not None else None


async def _rows(store: Store, kind: Kind, one: Held) -> list[Row]:
    """Copy a frame's sound records; returns the quarantine rows of those with impossible values.

    Dates come with the redating, physical values with the re-valuing.
    """
    frames = decode.frames([one.bytes])
    run = decode.records(frames, np.zeros(1, np.int64), int(frames.head["record"][0]))
    if run.words.shape[1] * 8 != kind.layout.record_bytes:
        return [_still(one, one.first, one.count, "record-size", "the layout's records have another size")]
    fields = kind.decoder.fields(run)
    inside: Bools = (run.seq >= one.first) & (run.seq < one.first + one.count)
    bad: Bools = kind.decoder.impossible(fields) & inside
    good: Bools = inside & ~bad
    count = int(good.sum())
    if count and kind.writer is not None:
        keys = _keys(one, run, good, decode.digests(run, one.fingerprint)[good])
        await store.copy(kind.writer, keys, np.zeros(count, np.bool_), fields[good])
    wrong = np.flatnonzero(bad).tolist()
    return [_still(one, int(run.seq[at]), 1, "out_of_range", kind.decoder.why(fields[at])) for at in wrong]


def _keys(one: Held, run: Run, good: Bools, digest: I64) -> dict[str, I64]:
    def same(value: int) -> I64:
        return np.full(len(digest), value, np.int64)

    return {
        "device_no": same(one.device),
        "incarnation": same(one.incarnation),
        "boot": same(one.boot),
        "seq": run.seq[good],
        "arrival": same(one.arrival_us),
        "uptime_ms": run.uptime_ms[good],
        "measured": same(0),
        "error_ms": same(0),
        "quality": same(0),
        "revision": same(0),
        "digest": digest,
    }


def _still(one: Held, first: int, count: int, reason: str, detail: str) -> Row:
    return {
        "device_no": one.device,
        "device_id": one.device_id,
        "arrival_us": one.arrival_us,
        "reason": reason,
        "detail": detail,
        "channel": one.channel,
        "layout": one.layout,
        "fingerprint": one.fingerprint,
        "incarnation": one.incarnation,
        "boot": one.boot,
        "first": first,
        "count": count,
        "counted": True,
        "bytes": b64encode(one.bytes).decode(),
    }


async def _books(store: Store, ingest: Store, moved: Counter[tuple[int, int, int, int]]) -> None:
    """Move the records' class in the ledger, and have their boots dated. Raises RuntimeError when the books do not hold them."""
    rows: Sequence[Row] = [
        {"device_no": no, "incarnation": incarnation, "boot": boot, "channel": channel, "count": count}
        for (no, incarnation, boot, channel), count in moved.items()
        if count
    ]
    if not rows:
        return
    touched, wanted = (await store.all("reclass", {"rows": as_json(rows)}))[0]
    if touched < 1 or wanted < 1:
        raise RuntimeError(f"ledger has no rows for {wanted} quarantined runs: the books were changed by hand")
    boots: dict[tuple[object, ...], Row] = {
        (row["device_no"], row["incarnation"], row["boot"]): {
            "device_no": row["device_no"],
            "incarnation": row["incarnation"],
            "boot": row["boot"],
            "redate_from_ms": 0,
        }
        for row in rows
    }
    await ingest.write("boots", list(boots.values()))
