"""The statements of `hub/sql/ingest.sql` about boots, anchors, quarantine and events, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
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
    least,
    maybe_int,
    maybe_text,
    number,
    text_of,
    there,
    time_of,
    timestamp,
    truth_of,
)
from seamline.rig.world.tables_hub import AnchorKey, BootKey, Tables
from seamline.rig.world.tables_recordset import records, recordset
from seamline.rig.world.tables_rows import AnchorRow, BootRow, EventRow, QuarantineRow, RefusedRow


def _once(text: str | None) -> str | None:
    return None if text is None else intern(text)


def _boots(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, now_us, upsert = recordset(given), base.now_us, Upsert[BootKey, BootRow]()
    for device, incarnation, boot, reset, firmware, contract, first, last, began_before_ms, uptime_ms, redate_from_ms, unborn in zip(
        *map(rows.ints, ("device_no", "incarnation", "boot")), *map(rows.maybe_texts, ("reset", "firmware", "contract")),
        *map(rows.maybe_times, ("first_ms", "last_ms")), *map(rows.maybe_ints, ("began_before_ms", "uptime_ms", "redate_from_ms")),
        rows.values("unborn"), strict=True,
    ):  # fmt: skip
        row = BootRow(
            device_no=base.same(device),
            incarnation=base.same(incarnation),
            boot=boot,
            reset=_once(reset),
            firmware=_once(firmware),
            contract=_once(contract),
            first_heard=now_us if first is None else first,
            last_heard=last if last is not None else now_us if first is None else first,
            began_before_ms=began_before_ms,
            uptime_ms=uptime_ms,
            redate_from_ms=redate_from_ms,
            redate_version=0,
            unborn=bool(unborn),
        )
        key = (row.device_no, row.incarnation, boot)
        old = base.boot.rows.get(key)
        upsert.put(key, row if old is None else _heard_again(old, row))
    return upsert.into(base.boot)


def _heard_again(old: BootRow, row: BootRow) -> BootRow:
    return BootRow(
        device_no=old.device_no,
        incarnation=old.incarnation,
        boot=old.boot,
        reset=old.reset if row.reset is None else row.reset,
        firmware=old.firmware if row.firmware is None else row.firmware,
        contract=old.contract if row.contract is None else row.contract,
        first_heard=min(old.first_heard, row.first_heard),
        last_heard=max(old.last_heard, row.last_heard),
        began_before_ms=least(old.began_before_ms, row.began_before_ms),
        uptime_ms=greatest(old.uptime_ms, row.uptime_ms),
        redate_from_ms=least(old.redate_from_ms, row.redate_from_ms),
        redate_version=old.redate_version + (row.redate_from_ms is not None),
        unborn=old.unborn,
    )


def _boots_heard(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[BootKey, BootRow]()
    names = ("device", "incarnation", "boot", "first_ms", "last_ms", "began_before_ms", "uptime_ms")
    for device, incarnation, boot, first_ms, last_ms, began_before_ms, uptime_ms in columns(given, *names):
        key = (device, incarnation, boot)
        first, last = there("first_heard", timestamp(first_ms)), there("last_heard", timestamp(last_ms))
        old = base.boot.rows.get(key)
        if old is None:
            row = BootRow(
                device_no=device,
                incarnation=incarnation,
                boot=boot,
                reset=None,
                firmware=None,
                contract=None,
                first_heard=first,
                last_heard=last,
                began_before_ms=began_before_ms,
                uptime_ms=uptime_ms,
                redate_from_ms=None,
                redate_version=0,
                unborn=False,
            )
        else:
            row = old.but()
            row.first_heard = min(first, old.first_heard)
            row.last_heard = max(last, old.last_heard)
            row.began_before_ms = least(old.began_before_ms, began_before_ms)
            row.uptime_ms = greatest(old.uptime_ms, uptime_ms)
        upsert.put(key, row)
    return upsert.into(base.boot)


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
        boots = [boot for _, boot in base.boot.of(device) if boot.unborn and boot.reset is None]
        count = sum(born_at is None or boot.first_heard >= born_at for boot in boots)
        if count:
            found.append((device, count))
    return found


def _boots_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    most = number(given, "most")
    for device, incarnation in columns(given, "device", "incarnation"):
        boots = [row for key, row in base.boot.of(device) if key[1] == incarnation]
        boots.sort(key=lambda row: row.boot, reverse=True)
        found += [(device, incarnation, row.boot, row.began_before_ms, row.uptime_ms or 0) for row in boots[:most]]
    return found


def _anchors_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [
        (device, incarnation, row.boot, row.at_ms, row.unix_ms, row.source, row.uncertainty_ms)
        for device, incarnation in columns(given, "device", "incarnation")
        for _, row in base.anchor.of((device, incarnation))
        if row.accepted or row.why == "disagrees"
    ]


def _add_anchors(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, draw, upsert, times = recordset(given), base.numbers["anchor"].draw, Upsert[AnchorKey, AnchorRow](), dict[int, int]()
    names = ("device_no", "incarnation", "boot", "at_ms", "unix_ms", "source", "uncertainty_ms", "received_ms", "accepted")
    for *cells, why in zip(*map(rows.values, names), rows.maybe_texts("why"), strict=True):
        no = draw()  # also for a row that is refused, as an identity column does
        if None in cells:
            there(names[cells.index(None)], None)
        *key_cells, uncertainty_ms, received_ms, is_accepted = cells
        key = cast("AnchorKey", (*map(base.same, cast("list[int]", key_cells[:3])), *key_cells[3:]))
        received_at = there("received_ms", timestamp(cast("int", received_ms)))
        received_at = times.setdefault(received_at, received_at)
        row = AnchorRow(no, *key, cast("int", uncertainty_ms), received_at, cast("bool", is_accepted), why)
        upsert.meet(key)
        old = base.anchor.rows.get(key)
        if old is not None:
            if not row.accepted or (old.accepted and row.uncertainty_ms >= old.uncertainty_ms):
                continue
            row = old.but(accepted=row.accepted, why=row.why, uncertainty_ms=row.uncertainty_ms)
        upsert.put(key, row)
    return upsert.into(base.anchor)


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
        base.anchor.put(key, old.but(accepted=truth_of(r, "accepted"), why=maybe_text(r, "why")))
    return len(touched)


def _add_quarantine(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    chosen = [r for r in records(given) if r["counted"] or not _is_kept(base, r)]  # all, before any of them is there
    for r in chosen:
        row = QuarantineRow(
            id=base.numbers["quarantine"].draw(),
            device_no=base.same(maybe_int(r, "device_no")),
            device_id=intern(text_of(r, "device_id")),
            arrival=there("arrival", timestamp(maybe_int(r, "arrival_us"), 1_000_000)),
            reason=intern(text_of(r, "reason")),
            detail=_once(maybe_text(r, "detail")),
            channel=maybe_int(r, "channel"),
            layout=maybe_int(r, "layout"),
            fingerprint=base.same(maybe_int(r, "fingerprint")),
            incarnation=base.same(maybe_int(r, "incarnation")),
            boot=maybe_int(r, "boot"),
            first=maybe_int(r, "first"),
            count=maybe_int(r, "count"),
            counted=truth_of(r, "counted"),
            bytes=bytes_of(r, "bytes"),
            resolved_at=None,
            told=False,
        )
        base.quarantine.put(row.id, row)
    return len(chosen)


def _is_kept(base: Tables, r: Given) -> bool:
    """Whether the same bytes of the same device are kept as evidence already."""
    if r["bytes"] is None:
        return False
    same = (False, r["reason"], r["first"], bytes_of(r, "bytes"))
    device = maybe_int(r, "device_no")
    return device is not None and any(
        (kept.counted, kept.reason, kept.first, kept.bytes) == same for _, kept in base.quarantine.of(device)
    )


def _evidence(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for device in sorted(set(integers(given, "devices"))):
        sizes = [len(row.bytes) for _, row in base.quarantine.of(device) if not row.counted]
        if sizes:
            found.append((device, len(sizes), sum(sizes)))
    return found


def _held(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: set[int] = set()
    for device, incarnation, boot, channel, first, end in columns(
        given, "device", "incarnation", "boot", "channel", "first", "end"
    ):
        for no, row in base.quarantine.of(device):
            if not row.counted or (row.incarnation, row.boot, row.channel) != (incarnation, boot, channel):
                continue
            if row.first is not None and row.count is not None and row.first < end and row.first + row.count > first:
                found.add(no)
    return [(no,) for no in sorted(found)]


def _held_bytes(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows = [base.quarantine.rows[no] for no in dict.fromkeys(integers(given, "ids")) if no in base.quarantine.rows]
    names = ("device_no", "incarnation", "boot", "channel", "first", "count", "bytes")
    return [tuple(row[name] for name in names) for row in rows]


def _add_refused(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[tuple[str, str], RefusedRow]()
    for r in records(given):
        row: RefusedRow = {
            "device_id": text_of(r, "device_id"),
            "reason": text_of(r, "reason"),
            "count": int_of(r, "count"),
            "last_at": time_of(r, "at_ms"),
            "sample": bytes_of(r, "sample") if r.get("sample") is not None else None,
        }
        key = (row["device_id"], row["reason"])
        old = base.refused.rows.get(key)
        upsert.put(key, row if old is None else {**row, "count": old["count"] + row["count"]})
    return upsert.into(base.refused)


def _add_events(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, draw, added, times = recordset(given), base.numbers["event"].draw, dict[int, EventRow](), dict[int, int]()
    for at_ms, device, kind, boundary, owner, contact, detail in zip(
        rows.maybe_ints("at_ms"), rows.maybe_ints("device_no"), rows.maybe_texts("kind"),
        *map(rows.maybe_texts, ("boundary", "owner", "contact")), rows.values("detail"), strict=True,
    ):  # fmt: skip
        no, at = draw(), there("at", timestamp(at_ms))  # a number is drawn also for a row that is refused
        at, whose, said = times.setdefault(at, at), base.same(device), base.once(there("detail", detail))
        added[no] = EventRow(no, at, whose, there("kind", kind), boundary, owner, contact, said)
    base.event.put_all(added)
    return rows.count


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
