"""Registered layouts as the API needs them, read from their canonical text (docs/wire.md)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import BaseModel

_CODES: Final = {
    "u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "bool": "B",
}  # fmt: skip
OFFSET_BYTES: Final = 4


class FieldShape(BaseModel):
    """A field as shown to people. `unit` is null where the value is a raw count because its calibration is per device."""

    name: str
    type: str
    unit: str | None
    low: float | None
    high: float | None
    calibration: str | None
    enum: dict[int, str] | None


@dataclass(frozen=True, slots=True)
class LayoutField:
    """One field of a registered layout: wire type, exact scale and offset, enum names."""

    name: str
    type: str
    scale: Decimal
    offset: Decimal
    unit: str | None
    low: Decimal | None
    high: Decimal | None
    calibration: str | None
    enum: dict[int, str] | None

    def physical(self, raw: int) -> float | int:
        """Return `raw * scale + offset`; a calibrated field stays a raw count."""
        value = raw if self.calibration else raw * self.scale + self.offset
        return int(value) if value == int(value) else float(value)

    def shape(self) -> FieldShape:
        """Return what the API tells about the field."""
        counts = self.calibration is not None
        return FieldShape(
            name=self.name,
            type=self.type,
            unit=None if counts else self.unit,
            low=None if counts or self.low is None else float(self.low),
            high=None if counts or self.high is None else float(self.high),
            calibration=self.calibration.split(":")[0] if self.calibration else None,
            enum=self.enum,
        )


@dataclass(frozen=True, slots=True)
class RegisteredLayout:
    """A layout as registered with the hub."""

    product: str
    message: str
    channel: int
    version: int
    fields: tuple[LayoutField, ...]

    @property
    def format(self) -> str:
        """The `struct` format of a record, offset first, without its padding."""
        return "<I" + "".join(_CODES[item.type] for item in self.fields)

    def unpack(self, record: bytes) -> tuple[int, dict[str, int]]:
        """Return `(offset_ms, raw values)`; raises `struct.error` when the record is shorter than its fields."""
        offset, *raws = struct.unpack_from(self.format, record)
        return offset, dict(zip((item.name for item in self.fields), raws, strict=True))


def parse(canonical: str) -> RegisteredLayout:
    """Read a canonical layout; raises ValueError for any other text."""
    head, name, *lines = canonical.rstrip("\n").split("\n")
    if head != "seamline-layout/1":
        message = f"not a canonical layout: {head!r}"
        raise ValueError(message)
    product, kind, channel, version = name.split(" ")
    return RegisteredLayout(product, kind, int(channel), int(version), tuple(_field(line) for line in lines))


def _field(line: str) -> LayoutField:
    name, kind, *rest = line.split(" ")
    scale, offset, unit, low, high, calibration, members = (None if word == "-" else word for word in rest)
    enum = None if members is None else {int(raw): word for raw, _, word in (it.partition("=") for it in members.split(","))}
    return LayoutField(
        name=name,
        type=kind,
        scale=Decimal(scale or 1),
        offset=Decimal(offset or 0),
        unit=unit,
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
        calibration=calibration,
        enum=enum,
    )
