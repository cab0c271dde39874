"""A frame taken apart for people: every byte named (docs/wire.md, "The data frame"). Never raises for any bytes."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping
from typing import Final

from seamline.contract import LayoutError
from seamline.hub.api.device_models import FramePart, FrameView
from seamline.hub.api.layouts import RegisteredLayout

SHOWN_BYTES_MAX: Final = 8_192
"""Bytes of a frame that are sent to a page: the longest frame a device sends."""
RECORDS_MAX: Final = 256

_HEAD: Final = struct.Struct("<BBBBIIIIHHIHH")
_CRC_FLAG: Final = 0x10
_HEARD_FLAG: Final = 0x01

Layouts = Mapping[tuple[int, int, int], RegisteredLayout]
"""By (channel, layout version, fingerprint)."""


def dissect(payload: bytes, layouts: Layouts) -> FrameView:
    """Name the parts of a frame and decode its records by their exact layout, or say why not."""
    shown = payload[:SHOWN_BYTES_MAX]
    parts: list[FramePart] = []
    records: list[dict[str, float | int | str | None]] = []
    if len(payload) < _HEAD.size:
        fault: str | None = f"{len(payload)} bytes are shorter than a frame's head of {_HEAD.size}"
    else:
        fault = _take_apart(payload, layouts, parts, records)
    return FrameView(
        hex=shown.hex(),
        size_bytes=len(payload),
        truncated=len(shown) < len(payload),
        fault=fault,
        parts=[part for part in parts if part.start < len(shown)],
        records=records,
    )


def _take_apart(
    payload: bytes, layouts: Layouts, parts: list[FramePart], records: list[dict[str, float | int | str | None]]
) -> str | None:
    """Fill `parts` and `records`; return what is wrong, or None."""
    magic, flags, channel, version, mark, incarnation, boot, first, count, epoch, low, high, size = _HEAD.unpack_from(payload)
    layout = layouts.get((channel, version, mark))
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
        values = _record(payload[start : start + size], layout, first + place, uptime)
        text = (
            "not decoded" if values is None else ", ".join(f"{name} {value}" for name, value in values.items() if name != "seq")
        )
        ok = layout is None or values is not None  # an unknown layout is the head's fault, not each record's
        parts.append(FramePart(name=f"record {first + place}", start=start, end=start + size, text=text, ok=ok))
        if values is not None:
            records.append(values)
    if trailer:
        said, found = int.from_bytes(payload[-4:], "little"), crc32(payload[:-4])
        parts.append(FramePart(name="CRC32", start=wanted - 4, end=wanted, text=f"{said:08x}", ok=said == found))
        if said != found:
            return f"CRC32 is {found:08x}, the trailer says {said:08x}"
    return None if layout else f"layout {channel}/{version} with fingerprint {mark:08x} is not registered"


def _record(
    record: bytes, layout: RegisteredLayout | None, seq: int, uptime_ms: int
) -> dict[str, float | int | str | None] | None:
    """Return a record's values by name, physical and with enum names; None when its layout is unknown or longer."""
    if layout is None:
        return None
    try:
        offset, raws = layout.unpack(record)
    except LayoutError:
        return None
    decoded: dict[str, float | int | str | None] = {"seq": seq, "uptime_ms": uptime_ms + offset}
    for item in layout.fields:
        raw = raws.get(item.name)
        decoded[item.name] = None if raw is None else item.shown(raw)
    return decoded


def _flags(flags: int) -> str:
    names = [name for bit, name in ((_CRC_FLAG, "CRC32 trailer"), (_HEARD_FLAG, "heard")) if flags & bit]
    if flags & 0xE0:
        names.append("unknown incompatible bits")
    return f"0x{flags:02x}: {', '.join(names) or 'none'}"
