"""What a record means, byte for byte: field types, values, layouts, their canonical text and fingerprint.

Integers only on the wire (docs/wire.md); scale and offset are exact decimals that give the physical value. A layout
never changes once it is released: its fingerprint covers everything that gives a byte its meaning.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from enum import Enum
from hashlib import sha256
from typing import Self

OFFSET_BYTES = 4
"""Each record starts with u32 `offset_ms` from the frame's first record."""
RECORD_ALIGNMENT = 8

_EXACT = Context(prec=100, traps=[Inexact])
"""A u64 (20 digits) times a scale (40 digits) plus an offset (40 digits) always fits."""


class LayoutError(ValueError):
    """Values that a layout does not allow, or bytes that are not its record. Names field, value, allowed."""


class FieldType(Enum):
    """A scalar on the wire, little-endian. `bool` is a byte that is 0 or 1."""

    U8 = "u8", "B", 1, 0, 0xFF
    U16 = "u16", "H", 2, 0, 0xFFFF
    U32 = "u32", "I", 4, 0, 0xFFFF_FFFF
    U64 = "u64", "Q", 8, 0, 0xFFFF_FFFF_FFFF_FFFF
    I8 = "i8", "b", 1, -0x80, 0x7F
    I16 = "i16", "h", 2, -0x8000, 0x7FFF
    I32 = "i32", "i", 4, -0x8000_0000, 0x7FFF_FFFF
    I64 = "i64", "q", 8, -0x8000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF
    BOOL = "bool", "B", 1, 0, 1

    code: str
    """The letter of `struct`."""
    size: int
    """Bytes."""
    low: int
    high: int

    def __new__(cls, word: str, code: str, size: int, low: int, high: int) -> Self:
        """Make the word the value, the rest attributes."""
        member = object.__new__(cls)
        member._value_ = word
        member.code, member.size, member.low, member.high = code, size, low, high
        return member


def shortest(number: Decimal | int) -> str:
    """Return the shortest exact decimal form, without exponent: `0.10` is `0.1`, `-0` is `0`."""
    text = format(Decimal(number), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number with a meaning: raw integer on the wire, physical value `raw * scale + offset` in `unit`.

    `range` is in physical units. `raw_range` is what may be sent: the type's limits narrowed by `range`, by the
    members of an enum, and not narrowed where a calibration (known only per device) lies between raw and physical.
    """

    name: str
    type: FieldType
    scale: Decimal | None = None
    offset: Decimal | None = None
    unit: str | None = None
    range: tuple[Decimal, Decimal] | None = None
    enum: Mapping[int, str] | None = field(default=None, hash=False)
    enum_name: str | None = None
    calibrated: bool = False
    raw_range: tuple[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw_range", self._allowed())

    def _allowed(self) -> tuple[int, int]:
        low, high = self.type.low, self.type.high
        if self.enum is not None:
            return min(self.enum), max(self.enum)
        if self.range is None or self.calibrated:
            return low, high
        ends = [self._raw(limit) for limit in self.range]
        if self.scale is not None and self.scale < 0:
            ends.reverse()
        (below, below_by), (above, above_by) = ends
        return max(low, -(-below // below_by)), min(high, above // above_by)

    def _raw(self, physical: Decimal) -> tuple[int, int]:
        """Return the exact raw value of a physical one as a fraction (numerator, denominator > 0)."""
        moved = _EXACT.subtract(physical, self.offset or Decimal(0))
        top, bottom = moved.as_integer_ratio()
        scale_top, scale_bottom = (self.scale or Decimal(1)).as_integer_ratio()
        top, bottom = top * scale_bottom, bottom * scale_top
        return (-top, -bottom) if bottom < 0 else (top, bottom)

    def physical(self, raw: int) -> Decimal:
        """Return the exact physical value of a raw one; for a calibrated value this is the raw count."""
        value = Decimal(raw)
        if self.scale is not None:
            value = _EXACT.multiply(value, self.scale)
        return value if self.offset is None else _EXACT.add(value, self.offset)

    def allows(self, raw: int) -> bool:
        """Say whether `raw` may be sent."""
        low, high = self.raw_range
        return low <= raw <= high and (self.enum is None or raw in self.enum)

    def check(self, raw: object) -> int:
        """Return `raw` when it is an integer that may be sent; raise LayoutError otherwise."""
        if not isinstance(raw, int):
            msg = f"field '{self.name}': {raw!r} is not an integer"
            raise LayoutError(msg)
        if not self.allows(raw):
            msg = f"field '{self.name}': {raw} is not allowed; allowed is {self._allowed_text()}"
            raise LayoutError(msg)
        return int(raw)

    def _allowed_text(self) -> str:
        if self.enum is not None:
            return ", ".join(f"{raw} ({name})" for raw, name in sorted(self.enum.items()))
        low, high = self.raw_range
        text = f"{low} to {high}"
        if self.scale is None and self.offset is None:
            return text
        ends = sorted((self.physical(low), self.physical(high)))
        return f"{text} ({shortest(ends[0])} to {shortest(ends[1])} {self.unit or ''}".rstrip() + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Value):
    """One value of a record. `calibration` names it; `calibration_form` is its kind with its fixed terms."""

    calibration: str | None = None
    calibration_form: str | None = None
    since: str | None = None

    def canonical(self) -> str:
        """Return the field's line of the canonical layout, without the line end."""
        low, high = self.range or (None, None)
        calibration = None
        if self.calibration is not None:
            calibration = ":".join(part for part in (self.calibration, self.calibration_form) if part)
        members = None if self.enum is None else ",".join(f"{raw}={name}" for raw, name in sorted(self.enum.items()))
        numbers = [None if n is None else shortest(n) for n in (self.scale, self.offset)]
        limits = [None if n is None else shortest(n) for n in (low, high)]
        columns = [self.name, self.type.value, *numbers, self.unit, *limits, calibration, members]
        return " ".join("-" if column is None else column for column in columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The layout of one message's records; what `fingerprint` is taken over is in `canonical`.

    `record_bytes` counts the u32 offset, the fields without gaps, and zero padding to a multiple of 8.
    """

    product: str
    message: str
    message_id: int
    version: int
    fields: tuple[Field, ...]
    canonical: str = field(init=False, repr=False)
    fingerprint: int = field(init=False)
    record_bytes: int = field(init=False)
    format: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        head = ("seamline-layout/1", f"{self.product} {self.message} {self.message_id} {self.version}")
        canonical = "".join(f"{line}\n" for line in (*head, *(item.canonical() for item in self.fields)))
        used = OFFSET_BYTES + sum(item.type.size for item in self.fields)
        padding = -used % RECORD_ALIGNMENT
        codes = "".join(item.type.code for item in self.fields)
        derived = {
            "canonical": canonical,
            "fingerprint": int.from_bytes(sha256(canonical.encode()).digest()[:4], "little"),
            "record_bytes": used + padding,
            "format": f"<{codes}{padding}x" if padding else f"<{codes}",
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def pack(self, values: Mapping[str, int]) -> bytes:
        """Return the fields' bytes, `record_bytes - 4` of them (padded, without the offset).

        Raises LayoutError for a missing, unknown or refused value; nothing is truncated.
        """
        raws = [item.check(values[item.name]) for item in self.fields if item.name in values]
        if len(raws) != len(values) or len(raws) != len(self.fields):
            names = {item.name for item in self.fields}
            missing, unknown = sorted(names - values.keys()), sorted(values.keys() - names)
            msg = f"{self.message}/{self.version}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}"
            raise LayoutError(msg)
        return struct.pack(self.format, *raws)

    def unpack(self, body: bytes | bytearray | memoryview) -> dict[str, int]:
        """Return the raw values of `pack`'s bytes; ranges are not checked. Raises LayoutError on a wrong length."""
        wanted = self.record_bytes - OFFSET_BYTES
        if len(body) != wanted:
            msg = f"{self.message}/{self.version}: {len(body)} bytes are not a record body of {wanted}"
            raise LayoutError(msg)
        raws = struct.unpack(self.format, body)
        return dict(zip((item.name for item in self.fields), raws, strict=True))

    def pack_record(self, offset_ms: int, values: Mapping[str, int]) -> bytes:
        """Return the whole record, `record_bytes` long; `offset_ms` is 0 to 2**32 - 1."""
        if not 0 <= offset_ms < 1 << 32:
            msg = f"offset_ms {offset_ms} is not between 0 and {(1 << 32) - 1}"
            raise LayoutError(msg)
        return struct.pack("<I", offset_ms) + self.pack(values)

    def unpack_record(self, record: bytes | bytearray | memoryview) -> tuple[int, dict[str, int]]:
        """Return `(offset_ms, values)` of a whole record. Raises LayoutError on a wrong length."""
        if len(record) != self.record_bytes:
            msg = f"{self.message}/{self.version}: {len(record)} bytes are not a record of {self.record_bytes}"
            raise LayoutError(msg)
        return int.from_bytes(record[:OFFSET_BYTES], "little"), self.unpack(record[OFFSET_BYTES:])
