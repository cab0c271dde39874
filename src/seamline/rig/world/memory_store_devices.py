"""The statements of `hub/sql/ingest.sql` about devices, presence and twins, on tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seamline.rig.world.memory_store_ledger import Result, Statement
from seamline.rig.world.tables import Upsert
from seamline.rig.world.tables_cells import (
    Given,
    columns,
    greatest,
    integers,
    ms,
    number,
    texts,
    there,
    timestamp,
)
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_recordset import recordset
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
    rows, touched = recordset(given), dict[str, DeviceRow]()
    for no, product, contract, firmware, incarnation, boot in zip(
        rows.maybe_ints("device_no"), *map(rows.maybe_texts, ("product", "contract", "firmware")),
        *map(rows.maybe_ints, ("incarnation", "boot")), strict=True,
    ):  # fmt: skip
        old = None if no is None else base.device_of(no)
        if old is not None and old["id"] not in touched:
            row = touched[old["id"]] = old.copy()
            row["product"], row["contract"], row["firmware"] = product, contract, firmware
            row["incarnation"], row["boot"] = incarnation, boot
    base.device.put_all(touched)
    return len(touched)


def _devices_total(base: Tables, _given: Given, _names: Mapping[str, str]) -> Result:
    return [(len(base.device.waiting),)]


def _presence(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, known, now_us = recordset(given), base.presence.rows, base.now_us
    upsert = Upsert[int, PresenceRow]()
    for (
        no, session, incarnation, boot, born, heard, answered, died, unanswered, last_end, failures, publish_ms, timeout_ms, lost_ms,
    ) in zip(
        rows.ints("device_no"), *map(rows.maybe_ints, ("session", "incarnation", "boot")),
        *map(rows.maybe_times, ("born_ms", "last_heard_ms", "last_answered_ms", "died_ms")),
        rows.ints("unanswered"), rows.maybe_texts("last_end"), rows.whole("failures"),
        *map(rows.maybe_ints, ("publish_every_ms", "answer_timeout_ms", "presumed_lost_after_ms")), strict=True,
    ):  # fmt: skip
        old = known.get(no)
        row: PresenceRow = {
            "device_no": no,
            "session": session,
            "incarnation": incarnation,
            "boot": boot,
            "born_at": born,
            "last_heard": heard,
            "last_answered": answered,
            "died_at": died,
            "unanswered": unanswered,
            "last_end": last_end,
            "failures": failures,
            "publish_every_ms": old["publish_every_ms"] if publish_ms is None and old is not None else publish_ms,
            "answer_timeout_ms": old["answer_timeout_ms"] if timeout_ms is None and old is not None else timeout_ms,
            "presumed_lost_after_ms": old["presumed_lost_after_ms"] if lost_ms is None and old is not None else lost_ms,
            "announced": None if old is None else old["announced"],
            "check_at": now_us,
        }
        upsert.put(no, row)
    return upsert.into(base.presence)


def _heard(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    touched: dict[int, PresenceRow] = {}
    for no, heard, answered in columns(given, "device", "heard", "answered"):
        old = base.presence.rows.get(no)
        if old is None or no in touched:
            continue
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
        touched[no] = row
    base.presence.put_all(touched)
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
    rows, upsert = recordset(given), Upsert[tuple[int, str], DesiredRow]()
    for no, name, value, version, by, asked_at, known, known_in, expires_at, sent_at, seen_at, resolved_at, resolution in zip(
        rows.ints("device_no"), rows.texts("property"), rows.values("value"), rows.ints("version"), rows.texts("asked_by"),
        rows.times("asked_ms"), rows.ints("known"), rows.ints("known_in"),
        *map(rows.maybe_times, ("expires_ms", "sent_ms", "seen_ms", "resolved_ms")), rows.maybe_texts("resolution"), strict=True,
    ):  # fmt: skip
        row: DesiredRow = {
            "device_no": no,
            "property": name,
            "value": value,
            "version": version,
            "asked_by": by,
            "asked_at": asked_at,
            "known": known,
            "known_in": known_in,
            "expires_at": expires_at,
            "delivered_at": sent_at,
            "seen_at": seen_at,
            "resolved_at": resolved_at,
            "resolution": resolution,
        }
        upsert.put((no, name), row)
    return upsert.into(base.twin_desired)


def _write_reported(base: Tables, given: Given, _names: Mapping[str, str]) -> Result:
    rows, upsert = recordset(given), Upsert[tuple[int, str], ReportedRow]()
    for no, name, value, version, fault, received_at, based_on, boot, incarnation, at_ms in zip(
        rows.ints("device_no"), rows.texts("property"), rows.values("value"), rows.ints("version"), rows.maybe_texts("fault"),
        rows.times("received_ms"), *map(rows.maybe_ints, ("based_on", "boot", "incarnation", "at_ms")), strict=True,
    ):  # fmt: skip
        row: ReportedRow = {
            "device_no": no,
            "property": name,
            "value": value,
            "version": version,
            "based_on": based_on,
            "fault": fault,
            "boot": boot,
            "incarnation": incarnation,
            "at_ms": at_ms,
            "received_at": received_at,
        }
        upsert.put((no, name), row)
    return upsert.into(base.twin_reported)


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
