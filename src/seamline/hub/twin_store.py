"""Twins of devices between the database and `hub.twin`, whoever writes: ingest (reports), the API and this module (wishes).

One writer at a time for a device's twin: lock its `device` row first (`SELECT … FOR UPDATE`, the statement `lock_devices`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from seamline.hub.inputs import Value
from seamline.hub.params import Int8s
from seamline.hub.store_port import Row, Store
from seamline.hub.twin import Desired, Reported, Resolution, Twin

_RESOLUTIONS: Final = {resolution.value: resolution for resolution in Resolution}
_DesiredRow: TypeAlias = tuple[
    object, int | None, str, int, int, int, int | None, int | None, int | None, int | None, str | None
]  # fmt: skip
"""The columns of a wish in `twins_of`, all of them NULL where there is none."""
_ReportedRow: TypeAlias = tuple[object, int | None, int | None, str | None, int, int, int, int]
"""Those of a report."""


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
    value, version, by, asked, known, known_in, expires, sent, seen, resolved, resolution = cast("_DesiredRow", row)
    if version is None:
        return None
    ended = None if resolution is None else _RESOLUTIONS[resolution]
    return Desired(_value(value), version, by, asked, known, known_in, expires, sent, seen, resolved, ended)


def _reported(row: Sequence[object]) -> Reported | None:
    value, version, based_on, fault, incarnation, boot, at_ms, received_ms = cast("_ReportedRow", row)
    if version is None:
        return None
    return Reported(_value(value), version, based_on, fault, incarnation, boot, at_ms, received_ms)


def _value(value: object) -> Value:
    """A JSONB value, which psycopg has parsed: a number, a truth value, a word or nothing."""
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"twin value {json.dumps(value)} is neither integer, truth value nor text: correct twin_desired")
