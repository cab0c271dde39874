"""The statements of `hub/sql/ingest.sql` about boots, anchors, quarantine and events, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from seamline.rig.world.memory_store_ledger import Result, Statement
from seamline.rig.world.tables import Upsert
from seamline.rig.world.tables_cells import (
    Given,
    bytes_of,
    columns,
    greatest,
    int_of,
    integers,
    ints_of,
    least,
    maybe_int,
    maybe_ints,
    maybe_text,
    number,
    records,
    text_of,
    there,
    time_of,
    timestamp,
    truth_of,
)
from seamline.rig.world.tables_hub import AnchorKey, BootKey, Tables
from seamline.rig.world.tables_rows import AnchorRow, BootRow, EventRow, QuarantineRow, RefusedRow

_ANCHOR: Final = ("device_no", "incarnation", "boot", "at_ms", "unix_ms", "uncertainty_ms")


def _boots(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[BootKey]()
    for r in records(given):
        row = _boot_row(base, r)
        key = (row["device_no"], row["incarnation"], row["boot"])
        upsert.touch(key)
        old = base.boot.rows.get(key)
        base.boot.put(key, row if old is None else _heard_again(old, row))
    return len(upsert)


def _boot_row(base: Tables, r: Given) -> BootRow:
    no, incarnation, boot = ints_of(r, "device_no", "incarnation", "boot")
    first_ms, last_ms, began_before_ms = maybe_ints(r, "first_ms", "last_ms", "began_before_ms")
    uptime_ms, redate_from_ms = maybe_ints(r, "uptime_ms", "redate_from_ms")
    last_ms = first_ms if last_ms is None else last_ms
    return {
        "device_no": no,
        "incarnation": incarnation,
        "boot": boot,
        "reset": maybe_text(r, "reset"),
        "firmware": maybe_text(r, "firmware"),
        "contract": maybe_text(r, "contract"),
        "first_heard": base.now_us if first_ms is None else there("first_heard", timestamp(first_ms)),
        "last_heard": base.now_us if last_ms is None else there("last_heard", timestamp(last_ms)),
        "began_before_ms": began_before_ms,
        "uptime_ms": uptime_ms,
        "redate_from_ms": redate_from_ms,
        "redate_version": 0,
        "unborn": bool(r.get("unborn")),
    }


def _heard_again(old: BootRow, row: BootRow) -> BootRow:
    return {
        "device_no": old["device_no"],
        "incarnation": old["incarnation"],
        "boot": old["boot"],
        "reset": old["reset"] if row["reset"] is None else row["reset"],
        "firmware": old["firmware"] if row["firmware"] is None else row["firmware"],
        "contract": old["contract"] if row["contract"] is None else row["contract"],
        "first_heard": min(old["first_heard"], row["first_heard"]),
        "last_heard": max(old["last_heard"], row["last_heard"]),
        "began_before_ms": least(old["began_before_ms"], row["began_before_ms"]),
        "uptime_ms": greatest(old["uptime_ms"], row["uptime_ms"]),
        "redate_from_ms": least(old["redate_from_ms"], row["redate_from_ms"]),
        "redate_version": old["redate_version"] + (row["redate_from_ms"] is not None),
        "unborn": old["unborn"],
    }


def _boots_heard(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[BootKey]()
    names = ("device", "incarnation", "boot", "first_ms", "last_ms", "began_before_ms", "uptime_ms")
    for device, incarnation, boot, first_ms, last_ms, began_before_ms, uptime_ms in columns(given, *names):
        key = (device, incarnation, boot)
        upsert.touch(key)
        first, last = there("first_heard", timestamp(first_ms)), there("last_heard", timestamp(last_ms))
        old = base.boot.rows.get(key)
        row: BootRow
        if old is None:
            row = {
                "device_no": device,
                "incarnation": incarnation,
                "boot": boot,
                "reset": None,
                "firmware": None,
                "contract": None,
                "first_heard": first,
                "last_heard": last,
                "began_before_ms": began_before_ms,
                "uptime_ms": uptime_ms,
                "redate_from_ms": None,
                "redate_version": 0,
                "unborn": False,
            }
        else:
            row = old.copy()
            if first < old["first_heard"]:
                row["first_heard"] = first
            if last > old["last_heard"]:
                row["last_heard"] = last
            row["began_before_ms"] = least(old["began_before_ms"], began_before_ms)
            row["uptime_ms"] = greatest(old["uptime_ms"], uptime_ms)
        base.boot.put(key, row)
    return len(upsert)


def _heard_boots(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    asked = columns(given, "device", "incarnation", "boot", "declared")
    for at, (device, incarnation, boot, declared) in enumerate(asked, 1):
        closed = base.incarnation.rows.get((device, incarnation))
        if (
            (device, incarnation, boot) in base.boot.rows
            or any(key[1:3] == (incarnation, boot) for key, _ in base.ledger.of(device))
            or (declared == 1 and closed is not None and closed["closed"] > boot)
        ):
            found.append((at,))
    return found


def _unborn_boots(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for device in sorted(set(integers(given, "devices"))):
        row = base.presence.rows.get(device)
        born_at = row["born_at"] if row is not None and (row["session"] or 0) > 0 else None
        boots = [boot for _, boot in base.boot.of(device) if boot["unborn"] and boot["reset"] is None]
        count = sum(born_at is None or boot["first_heard"] >= born_at for boot in boots)
        if count:
            found.append((device, count))
    return found


def _boots_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    most = number(given, "most")
    for device, incarnation in columns(given, "device", "incarnation"):
        boots = [row for key, row in base.boot.of(device) if key[1] == incarnation]
        boots.sort(key=lambda row: row["boot"], reverse=True)
        found += [(device, incarnation, row["boot"], row["began_before_ms"], row["uptime_ms"] or 0) for row in boots[:most]]
    return found


def _anchors_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [
        (device, incarnation, row.boot, row.at_ms, row.unix_ms, row.source, row.uncertainty_ms)
        for device, incarnation in columns(given, "device", "incarnation")
        for _, row in base.anchor.of((device, incarnation))
        if row.accepted or row.why == "disagrees"
    ]


def _add_anchors(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[AnchorKey]()
    for r in records(given):
        no = base.numbers["anchor"].draw()
        device, incarnation, boot, at_ms, unix_ms, uncertainty_ms = ints_of(r, *_ANCHOR)
        key = (device, incarnation, boot, at_ms, unix_ms, text_of(r, "source"))
        received_at, is_accepted, why = time_of(r, "received_ms"), truth_of(r, "accepted"), maybe_text(r, "why")
        row = AnchorRow(no, *key, uncertainty_ms, received_at, is_accepted, why)
        upsert.meet(key)
        old = base.anchor.rows.get(key)
        if old is not None:
            if not row.accepted or (old.accepted and row.uncertainty_ms >= old.uncertainty_ms):
                continue
            row = replace(old, accepted=row.accepted, why=row.why, uncertainty_ms=row.uncertainty_ms)
        upsert.touch(key)
        base.anchor.put(key, row)
    return len(upsert)


def _stand_anchors(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    touched: set[AnchorKey] = set()
    for r in records(given):
        key = cast("AnchorKey", tuple(r[name] for name in ("device_no", "incarnation", "boot", "at_ms", "unix_ms", "source")))
        old, accepted = base.anchor.rows.get(key), r["accepted"]
        if old is None or key in touched or accepted is None or old.uncertainty_ms != r["uncertainty_ms"]:
            continue
        if old.accepted == accepted:
            continue
        touched.add(key)
        base.anchor.put(key, replace(old, accepted=truth_of(r, "accepted"), why=maybe_text(r, "why")))
    return len(touched)


def _add_quarantine(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    chosen = [r for r in records(given) if r["counted"] or not _is_kept(base, r)]  # all, before any of them is there
    for r in chosen:
        row: QuarantineRow = {
            "id": base.numbers["quarantine"].draw(),
            "device_no": maybe_int(r, "device_no"),
            "device_id": text_of(r, "device_id"),
            "arrival": there("arrival", timestamp(maybe_int(r, "arrival_us"), 1_000_000)),
            "reason": text_of(r, "reason"),
            "detail": maybe_text(r, "detail"),
            "channel": maybe_int(r, "channel"),
            "layout": maybe_int(r, "layout"),
            "fingerprint": maybe_int(r, "fingerprint"),
            "incarnation": maybe_int(r, "incarnation"),
            "boot": maybe_int(r, "boot"),
            "first": maybe_int(r, "first"),
            "count": maybe_int(r, "count"),
            "counted": truth_of(r, "counted"),
            "bytes": bytes_of(r, "bytes"),
            "resolved_at": None,
            "told": False,
        }
        base.quarantine.put(row["id"], row)
    return len(chosen)


def _is_kept(base: Tables, r: Given) -> bool:
    """Whether the same bytes of the same device are kept as evidence already."""
    if r["bytes"] is None:
        return False
    same = (False, r["reason"], r["first"], bytes_of(r, "bytes"))
    device = maybe_int(r, "device_no")
    return device is not None and any(
        (kept["counted"], kept["reason"], kept["first"], kept["bytes"]) == same for _, kept in base.quarantine.of(device)
    )


def _evidence(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for device in sorted(set(integers(given, "devices"))):
        sizes = [len(row["bytes"]) for _, row in base.quarantine.of(device) if not row["counted"]]
        if sizes:
            found.append((device, len(sizes), sum(sizes)))
    return found


def _held(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: set[int] = set()
    for device, incarnation, boot, channel, first, end in columns(
        given, "device", "incarnation", "boot", "channel", "first", "end"
    ):
        for no, row in base.quarantine.of(device):
            if not row["counted"] or (row["incarnation"], row["boot"], row["channel"]) != (incarnation, boot, channel):
                continue
            if (
                row["first"] is not None
                and row["count"] is not None
                and row["first"] < end
                and row["first"] + row["count"] > first
            ):
                found.add(no)
    return [(no,) for no in sorted(found)]


def _held_bytes(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = [base.quarantine.rows[no] for no in dict.fromkeys(integers(given, "ids")) if no in base.quarantine.rows]
    names = ("device_no", "incarnation", "boot", "channel", "first", "count", "bytes")
    return [tuple(row[name] for name in names) for row in rows]


def _add_refused(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[tuple[str, str]]()
    for r in records(given):
        row: RefusedRow = {
            "device_id": text_of(r, "device_id"),
            "reason": text_of(r, "reason"),
            "count": int_of(r, "count"),
            "last_at": time_of(r, "at_ms"),
            "sample": bytes_of(r, "sample") if r.get("sample") is not None else None,
        }
        key = (row["device_id"], row["reason"])
        upsert.touch(key)
        old = base.refused.rows.get(key)
        base.refused.put(key, row if old is None else {**row, "count": old["count"] + row["count"]})
    return len(upsert)


def _add_events(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = records(given)
    for r in rows:
        no, at, device = base.numbers["event"].draw(), time_of(r, "at_ms"), maybe_int(r, "device_no")
        whose = (maybe_text(r, "boundary"), maybe_text(r, "owner"), maybe_text(r, "contact"))
        base.event.put(no, EventRow(no, at, device, text_of(r, "kind"), *whose, there("detail", r["detail"])))
    return len(rows)


def _digests(base: Tables, given: Given, names: Mapping[str, str]) -> Result:
    table = base.readings[names["table"]]
    asked = columns(given, "device", "incarnation", "boot", "first", "end")
    return [
        (at, seq, digest)
        for at, (device, incarnation, boot, first, end) in enumerate(asked, 1)
        for seq, digest in table.digests((device, incarnation, boot), first, end)
    ]


EVIDENCE: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement
    for statement in (
        _boots, _boots_heard, _heard_boots, _unborn_boots, _boots_of, _anchors_of, _add_anchors, _stand_anchors, _add_quarantine, _evidence,
        _held, _held_bytes, _add_refused, _add_events, _digests,
    )
}  # fmt: skip
ADD_EVENTS: Final = _add_events
