"""Twins of devices between the database and `hub.twin`, whoever writes: ingest (reports), the API and this module (wishes).

One writer at a time for a device's twin: lock its `device` row first (`SELECT … FOR UPDATE`, the statement `lock_devices`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from seamline.hub.inputs import Value
from seamline.hub.params import Int8s
from seamline.hub.store_port import Row, Store
from seamline.hub.twin import Desired, Reported, Resolution, Twin


async def twins_of(store: Store, devices: Sequence[int], *, lock: bool = True) -> dict[int, dict[str, Twin]]:
    """Every property of these devices (numbers), locked for writing by default."""
    found: dict[int, dict[str, Twin]] = {device: {} for device in devices}
    if not devices:
        return found
    if lock:
        await store.run("lock_devices", {"devices": Int8s(devices)})
    for row in await store.all("twins_of", {"devices": Int8s(devices)}):
        found[int(row[0])][str(row[1])] = Twin(_desired(row[2:13]), _reported(row[13:]))
    return found


def desired_rows(device: int, twins: Mapping[str, Twin]) -> list[Row]:
    """The rows of `write_desired`."""
    return [
        {
            "device_no": device,
            "property": name,
            "value": wish.value,
            "version": wish.version,
            "asked_by": wish.asked_by,
            "asked_ms": wish.asked_ms,
            "known": wish.known,
            "known_in": wish.known_in,
            "expires_ms": wish.expires_ms,
            "sent_ms": wish.sent_ms,
            "seen_ms": wish.seen_ms,
            "resolved_ms": wish.resolved_ms,
            "resolution": None if wish.resolution is None else wish.resolution.value,
        }
        for name, twin in twins.items()
        if (wish := twin.desired) is not None
    ]


def reported_rows(device: int, twins: Mapping[str, Twin]) -> list[Row]:
    """The rows of `write_reported`."""
    return [
        {
            "device_no": device,
            "property": name,
            "value": said.value,
            "version": said.version,
            "based_on": said.based_on,
            "fault": said.fault,
            "boot": said.boot,
            "incarnation": said.incarnation,
            "at_ms": said.at_ms,
            "received_ms": said.received_ms,
        }
        for name, twin in twins.items()
        if (said := twin.reported) is not None
    ]


def _desired(row: Sequence[object]) -> Desired | None:
    value, version, by, asked, known, known_in, expires, sent, seen, resolved, resolution = row
    if version is None:
        return None
    return Desired(
        value=_value(value),
        version=_int(version),
        asked_by=str(by),
        asked_ms=_int(asked),
        known=_int(known),
        known_in=_int(known_in),
        expires_ms=_maybe(expires),
        sent_ms=_maybe(sent),
        seen_ms=_maybe(seen),
        resolved_ms=_maybe(resolved),
        resolution=None if resolution is None else Resolution(str(resolution)),
    )


def _reported(row: Sequence[object]) -> Reported | None:
    value, version, based_on, fault, incarnation, boot, at, received = row
    if version is None:
        return None
    return Reported(
        value=_value(value),
        version=_int(version),
        based_on=_maybe(based_on),
        fault=None if fault is None else str(fault),
        incarnation=_int(incarnation),
        boot=_int(boot),
        at_ms=_int(at),
        received_ms=_int(received),
    )


def _value(value: object) -> Value:
    """A JSONB value, which psycopg has parsed: a number, a truth value, a word or nothing."""
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"twin value {json.dumps(value)} is neither integer, truth value nor text: correct twin_desired")


def _int(value: object) -> int:
    return value if type(value) is int else int(str(value))


def _maybe(value: object) -> int | None:
    return None if value is None else _int(value)
