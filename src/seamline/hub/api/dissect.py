"""A frame taken apart for people: every byte named (docs/wire.md, "The data frame"). Never raises for any bytes."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from seamline.contract import LayoutError, OutOfRange
from seamline.hub.api.coefficients import Coefficients
from seamline.hub.api.device_models import FramePart, FrameRecord, FrameView
from seamline.hub.api.layouts import RegisteredLayout

SHOWN_BYTES_MAX: Final = 8_192
"""Bytes of a frame that are sent to a page: the longest frame a device sends."""
RECORDS_MAX: Final = 256

_HEAD: Final = struct.Struct("<BBBBIIIIHHIHH")
_CRC_FLAG: Final = 0x10
_HEARD_FLAG: Final = 0x01
_UNITS: Final = {"Cel": "°C"}
"""UCUM units that people write in another way."""

Layouts = Mapping[tuple[int, int, int], RegisteredLayout]
"""By (channel, layout version, fingerprint)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose frame it is, as far as it matters for what its counts mean: the device's coefficients, and when it arrived (Unix ms)."""

    coefficients: Coefficients = field(default_factory=Coefficients)
    arrived_ms: int = 0


UNKNOWN: Final = Sender()


def dissect(payload: bytes, layouts: Layouts, sender: Sender = UNKNOWN) -> FrameView:
    """Name the parts of a frame and decode its records by their exact layout, or say why not."""
    shown = payload[:SHOWN_BYTES_MAX]
    parts: list[FramePart] = []
    records: list[FrameRecord] = []
    layout: RegisteredLayout | None = None
    if len(payload) < _HEAD.size:
        fault: str | None = f"{len(payload)} bytes are shorter than a frame's head of {_HEAD.size}"
    else:
        channel, version, mark = _HEAD.unpack_from(payload)[2:5]
        layout = layouts.get((channel, version, mark))
        fault = _take_apart(payload, layout, sender, parts, records)
    return FrameView(
        hex=shown.hex(),
        size_bytes=len(payload),
        truncated=len(shown) < len(payload),
        fault=fault,
        parts=[part for part in parts if part.start < len(shown)],
        fields=[] if layout is None else [item.shape() for item in layout.fields],
        records=records,
    )


def _take_apart(
    payload: bytes, layout: RegisteredLayout | None, sender: Sender, parts: list[FramePart], records: list[FrameRecord]
) -> str | None:
    """Fill `parts` and `records`; return what is wrong, or None."""
    magic, flags, channel, version, mark, incarnation, boot, first, count, epoch, low, high, size = _HEAD.unpack_from(payload)
    trailer = 4 if flags & _CRC_FLAG else 0
    wanted = _HEAD.size + count * size + trailer
    named = f"{layout.product} {layout.message}" if layout else "not registered"
    uptime = low | high << 32
    parts += [
        FramePart(name="magic", start=0, end=1, text=f"0x{magic:02x}: framing version {magic & 0x0F}", ok=magic == 0xA1),
        FramePart(name="flags", start=1, end=2, text=_flags(flags), ok=not flags & 0xE0),
        FramePart(name="channel", start=2, end=3, text=f"{channel} ({named})", ok=layout is not None),
        FramePart(name="layout", start=3, end=4, text=f"version {version}", ok=layout is not None),
        FramePart(name="fingerprint", start=4, end=8, text=f"{mark:08x}", ok=layout is not None),
        FramePart(name="incarnation", start=8, end=12, text=f"{incarnation:08x}", ok=incarnation != 0),
        FramePart(name="boot", start=12, end=16, text=str(boot), ok=boot > 0),
        FramePart(name="first sequence", start=16, end=20, text=str(first)),
        FramePart(name="records", start=20, end=22, text=str(count), ok=count > 0),
        FramePart(name="epoch", start=22, end=24, text=str(epoch)),
        FramePart(name="uptime", start=24, end=30, text=f"{uptime / 1000:,.3f} s"),
        FramePart(name="record size", start=30, end=32, text=f"{size} bytes", ok=size > 0 and size % 8 == 0),
    ]
    if magic != 0xA1:
        return f"the first byte is 0x{magic:02x}, not 0xa1"
    if len(payload) != wanted:
        return f"{len(payload)} bytes long; head and counts say {wanted}"
    for place in range(min(count, RECORDS_MAX)):
        start = _HEAD.size + place * size
        record = _record(payload[start : start + size], layout, sender, first + place, uptime)
        text = "not decoded" if record is None or layout is None else _text(record, layout)
        ok = layout is None or record is not None  # an unknown layout is the head's fault, not each record's
        parts.append(FramePart(name=f"record {first + place}", start=start, end=start + size, text=text, ok=ok))
        if record is not None:
            records.append(record)
    if trailer:
        said, found = int.from_bytes(payload[-4:], "little"), crc32(payload[:-4])
        parts.append(FramePart(name="CRC32", start=wanted - 4, end=wanted, text=f"{said:08x}", ok=said == found))
        if said != found:
            return f"CRC32 is {found:08x}, the trailer says {said:08x}"
    return None if layout else f"layout {channel}/{version} with fingerprint {mark:08x} is not registered"


def _record(record: bytes, layout: RegisteredLayout | None, sender: Sender, seq: int, uptime_ms: int) -> FrameRecord | None:
    """Return a record's values by name, physical and with enum names; None when its layout is unknown or longer."""
    if layout is None:
        return None
    try:
        offset, raws = layout.unpack(record)
    except LayoutError:
        return None
    values: dict[str, float | int | str | None] = {}
    counts: dict[str, int] = {}
    versions: dict[str, int] = {}
    for item in layout.fields:
        raw = raws.get(item.name)
        if item.calibration is None or raw is None:
            values[item.name] = None if raw is None else item.shown(raw)
            continue
        counts[item.name] = raw
        found = sender.coefficients.value(layout.product, item.calibration, raw, sender.arrived_ms)
        gone = found.value is not None and item.out_of_range is OutOfRange.MISSING and item.outside(found.value)
        values[item.name] = None if gone else found.value
        if found.version is not None:
            versions[item.calibration.name] = found.version
    return FrameRecord(seq=seq, uptime_ms=uptime_ms + offset, values=values, raw=counts, versions=versions)


def _text(record: FrameRecord, layout: RegisteredLayout) -> str:
    """Say a record in a line: `uptime 5.000 s, room 21.4 °C (count 2100, version 1), power 900 W, …`."""
    said = [f"uptime {record.uptime_ms / 1000:,.3f} s"]
    for item in layout.fields:
        value, raw = record.values[item.name], record.raw.get(item.name)
        unit = "" if item.unit is None or isinstance(value, str) else f" {_UNITS.get(item.unit, item.unit)}"
        if item.calibration is None or raw is None:
            said.append(f"{item.name} missing" if value is None else f"{item.name} {value}{unit}")
            continue
        version = record.versions.get(item.calibration.name)
        known = "no coefficients" if version is None else f"version {version}"
        shown = "" if value is None else f"{value:.6g}{unit} "
        said.append(f"{item.name} {shown}(count {raw}, {known})")
    return ", ".join(said)


def _flags(flags: int) -> str:
    names = [name for bit, name in ((_CRC_FLAG, "CRC32 trailer"), (_HEARD_FLAG, "heard")) if flags & bit]
    if flags & 0xE0:
        names.append("unknown incompatible bits")
    return f"0x{flags:02x}: {', '.join(names) or 'none'}"
