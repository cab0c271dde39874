"""The statements of `hub/sql/ingest.sql` about devices, presence and twins, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Final, cast

from seamline.rig.world.memory_store_ledger import Result, Statement
from seamline.rig.world.tables import Upsert
from seamline.rig.world.tables_cells import (
    Given,
    columns,
    greatest,
    integers,
    ints_of,
    maybe_int,
    maybe_ints,
    maybe_text,
    ms,
    number,
    records,
    text_of,
    texts,
    there,
    time_of,
    timestamp,
)
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_rows import DesiredRow, DeviceRow, PresenceRow, ReportedRow


def _devices(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for name in dict.fromkeys(texts(given, "ids")):
        device = base.device.rows.get(name)
        if device is None:
            continue
        head = (device["id"], device["no"], device["product"], device["contract"], device["epoch"], device["incarnation"])
        row = base.presence.rows.get(device["no"])
        if row is None:
            found.append((*head, device["boot"], None, None, None, None, None, None, None, 0, None, None))
            continue
        session = (row["incarnation"], row["boot"], row["session"])
        times = (ms(row["born_at"]), ms(row["last_heard"]), ms(row["last_answered"]), ms(row["died_at"]))
        found.append((*head, device["boot"], *session, *times, row["unanswered"], row["last_end"], row["failures"]))
    return found


def put_device(base: Tables, no: int, name: str, product: str | None = None) -> None:
    """A device that nobody has heard of yet."""
    row: DeviceRow = {
        "no": no,
        "id": name,
        "product": product,
        "contract": None,
        "firmware": None,
        "epoch": 0,
        "state": "active",
        "incarnation": None,
        "boot": None,
        "created_at": base.now_us,
    }
    base.device.put(name, row)
    base.device_ids.put(no, name)


def _new_devices(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    count = 0
    for name in texts(given, "ids"):
        no = base.numbers["device"].draw()  # also where the device is known, as an identity column does
        if name in base.device.rows:
            continue
        put_device(base, no, name)
        count += 1
    return count


def _born_devices(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    touched: set[int] = set()
    for r in records(given):
        no = maybe_int(r, "device_no")
        old = None if no is None or no in touched else base.device_of(no)
        if old is None:
            continue
        row: DeviceRow = {
            **old,
            "product": maybe_text(r, "product"),
            "contract": maybe_text(r, "contract"),
            "firmware": maybe_text(r, "firmware"),
            "incarnation": maybe_int(r, "incarnation"),
            "boot": maybe_int(r, "boot"),
        }
        touched.add(old["no"])
        base.device.put(old["id"], row)
    return len(touched)


def _devices_total(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    return [(len(base.device.waiting),)]


_SESSION: Final = itemgetter("device_no", "unanswered", "session", "incarnation", "boot")
_WORDS: Final = itemgetter("born_ms", "last_heard_ms", "last_answered_ms", "died_ms")
_TIMING: Final = itemgetter("publish_every_ms", "answer_timeout_ms", "presumed_lost_after_ms")


def _presence(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert, rows, now_us = Upsert[int](), base.presence.rows, base.now_us
    for r in records(given):
        no, unanswered, session, incarnation, boot = cast("tuple[int | None, ...]", _SESSION(r))
        born, heard, answered, died = map(timestamp, cast("tuple[int | None, ...]", _WORDS(r)))
        publish_ms, timeout_ms, lost_ms = cast("tuple[int | None, ...]", _TIMING(r))
        no = there("device_no", no)
        old = rows.get(no)
        if old is not None:
            publish_ms = old["publish_every_ms"] if publish_ms is None else publish_ms
            timeout_ms = old["answer_timeout_ms"] if timeout_ms is None else timeout_ms
            lost_ms = old["presumed_lost_after_ms"] if lost_ms is None else lost_ms
        row: PresenceRow = {
            "device_no": no,
            "session": session,
            "incarnation": incarnation,
            "boot": boot,
            "born_at": born,
            "last_heard": heard,
            "last_answered": answered,
            "died_at": died,
            "unanswered": there("unanswered", unanswered),
            "last_end": cast("str | None", r["last_end"]),
            "failures": there("failures", r["failures"]),
            "publish_every_ms": publish_ms,
            "answer_timeout_ms": timeout_ms,
            "presumed_lost_after_ms": lost_ms,
            "announced": None if old is None else old["announced"],
            "check_at": now_us,
        }
        upsert.touch(no)
        base.presence.put(no, row)
    return len(upsert)


def _heard(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    touched: set[int] = set()
    for no, heard, answered in columns(given, "device", "heard", "answered"):
        old = base.presence.rows.get(no)
        if old is None or no in touched:
            continue
        touched.add(no)
        heard_at = there("heard", timestamp(heard))
        row = old.copy()
        if old["last_heard"] is None or heard_at > old["last_heard"]:
            row["last_heard"] = heard_at
        if old["died_at"] is not None and heard_at > old["died_at"]:
            row["died_at"] = None
        if old["announced"] != "online":
            row["check_at"] = base.now_us
        if answered > 0:
            row["last_answered"], row["unanswered"] = greatest(old["last_answered"], timestamp(answered)), 0
        base.presence.put(no, row)
    return len(touched)


def _twins_of(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    found: list[tuple[object, ...]] = []
    for device in sorted(set(integers(given, "devices"))):
        keys = [key for table in (base.twin_desired, base.twin_reported) for key, _ in table.of(device)]
        for key in dict.fromkeys(keys):
            wish, said = _wish(base.twin_desired.rows.get(key)), _said(base.twin_reported.rows.get(key))
            found.append((*key, *wish, *said))
    return found


def _wish(row: DesiredRow | None) -> tuple[object, ...]:
    if row is None:
        return (None,) * 11
    head = (row["value"], row["version"], row["asked_by"], ms(row["asked_at"]), row["known"], row["known_in"])
    times = (ms(row["expires_at"]), ms(row["delivered_at"]), ms(row["seen_at"]), ms(row["resolved_at"]))
    return (*head, *times, row["resolution"])


def _said(row: ReportedRow | None) -> tuple[object, ...]:
    if row is None:
        return (None,) * 8
    head = (row["value"], row["version"], row["based_on"], row["fault"], row["incarnation"], row["boot"])
    return (*head, row["at_ms"], ms(row["received_at"]))


def _lock_devices(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    return [(no,) for no in sorted(set(integers(given, "devices"))) if base.device_of(no) is not None]


def _write_desired(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[tuple[int, str]]()
    for r in records(given):
        no, version, known, known_in = ints_of(r, "device_no", "version", "known", "known_in")
        expires_ms, sent_ms, seen_ms, resolved_ms = maybe_ints(r, "expires_ms", "sent_ms", "seen_ms", "resolved_ms")
        row: DesiredRow = {
            "device_no": no,
            "property": text_of(r, "property"),
            "value": r["value"],
            "version": version,
            "asked_by": text_of(r, "asked_by"),
            "asked_at": time_of(r, "asked_ms"),
            "known": known,
            "known_in": known_in,
            "expires_at": timestamp(expires_ms),
            "delivered_at": timestamp(sent_ms),
            "seen_at": timestamp(seen_ms),
            "resolved_at": timestamp(resolved_ms),
            "resolution": maybe_text(r, "resolution"),
        }
        key = (row["device_no"], row["property"])
        upsert.touch(key)
        base.twin_desired.put(key, row)
    return len(upsert)


def _write_reported(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    upsert = Upsert[tuple[int, str]]()
    for r in records(given):
        no, version = ints_of(r, "device_no", "version")
        based_on, boot, incarnation, at_ms = maybe_ints(r, "based_on", "boot", "incarnation", "at_ms")
        row: ReportedRow = {
            "device_no": no,
            "property": text_of(r, "property"),
            "value": r["value"],
            "version": version,
            "based_on": based_on,
            "fault": maybe_text(r, "fault"),
            "boot": boot,
            "incarnation": incarnation,
            "at_ms": at_ms,
            "received_at": time_of(r, "received_ms"),
        }
        key = (row["device_no"], row["property"])
        upsert.touch(key)
        base.twin_reported.put(key, row)
    return len(upsert)


def _sent_wishes(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    sent_at = timestamp(number(given, "at_ms"))
    touched = [
        (key, row)
        for device in sorted(set(integers(given, "devices")))
        for key, row in base.twin_desired.of(device)
        if row["resolution"] is None
    ]
    for key, row in touched:
        base.twin_desired.put(key, {**row, "delivered_at": sent_at})
    return len(touched)


DEVICES: Final[Mapping[str, Statement]] = {
    statement.__name__.removeprefix("_"): statement
    for statement in (
        _devices, _new_devices, _born_devices, _devices_total, _presence, _heard, _twins_of, _lock_devices, _write_desired,
        _write_reported, _sent_wishes,
    )
}  # fmt: skip
