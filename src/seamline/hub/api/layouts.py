"""Registered layouts as the API needs them, read from their canonical text (docs/wire.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from pydantic import BaseModel

from seamline.contract import Layout, LayoutError, OutOfRange, Place, canonical
from seamline.contract.inferred import Inferred
from seamline.contract.model import Calibration
from seamline.hub.calibrations import of_field

OFFSET_BYTES: Final = 4


class InferredBy(BaseModel):
    """That records of a layout hold a guess here: of which model, in which version, and which field says how sure it was."""

    layout: int
    model: str
    version: str
    confidence: str


class FieldShape(BaseModel):
    """A field as shown to people. With a `calibration` its values are physical only where the device has coefficients.

    `inferred` is empty for what was measured; a guess has an entry for each layout, since another model is another layout.
    """

    name: str
    type: str
    unit: str | None
    low: float | None
    high: float | None
    calibration: str | None
    enum: dict[int, str] | None
    inferred: list[InferredBy]


@dataclass(frozen=True, slots=True)
class LayoutField:
    """One column of a registered layout: wire type, exact scale and offset, names of enum members or flags."""

    name: str
    type: str
    scale: Decimal
    offset: Decimal
    unit: str | None
    low: Decimal | None
    high: Decimal | None
    calibration: Calibration | None
    enum: dict[int, str] | None
    flags: Mapping[int, str] | None = None
    out_of_range: OutOfRange = OutOfRange.REJECT
    inferred: tuple[InferredBy, ...] = ()

    def shown(self, raw: int) -> float | int | str:
        """Return the enum's member, the flags that are set, or the physical value."""
        if self.enum is not None:
            return self.enum.get(raw, str(raw))
        if self.flags is not None:
            return ", ".join(name for bit, name in sorted(self.flags.items()) if raw >> bit & 1)
        return self.physical(raw)

    def physical(self, raw: int) -> float | int:
        """Return `raw * scale + offset`; the count itself for a calibrated field, which only its device's coefficients value."""
        value = raw if self.calibration else raw * self.scale + self.offset
        return int(value) if value == int(value) else float(value)

    def outside(self, value: float) -> bool:
        """Whether a physical value is beyond the contract's range."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    def shape(self) -> FieldShape:
        """Return what the API tells about the field."""
        return FieldShape(
            name=self.name,
            type=self.type,
            unit=self.unit,
            low=None if self.low is None else float(self.low),
            high=None if self.high is None else float(self.high),
            calibration=None if self.calibration is None else self.calibration.name,
            enum=self.enum,
            inferred=list(self.inferred),
        )


@dataclass(frozen=True, slots=True)
class RegisteredLayout:
    """A layout as registered with the hub."""

    layout: Layout
    fields: tuple[LayoutField, ...]

    @property
    def product(self) -> str:
        """The product's name."""
        return self.layout.product

    @property
    def message(self) -> str:
        """The message's name."""
        return self.layout.message

    @property
    def channel(self) -> int:
        """The message's id on the wire."""
        return self.layout.message_id

    @property
    def version(self) -> int:
        """The layout's version."""
        return self.layout.version

    def unpack(self, record: bytes) -> tuple[int, dict[str, int]]:
        """Return `(offset_ms, raw values)`, absent ones left out; raises LayoutError when the record is shorter than its fields."""
        if len(record) < OFFSET_BYTES + -(-self.layout.body_bits // 8):
            message = f"a record of {len(record)} bytes is shorter than its fields"
            raise LayoutError(message)
        size = self.layout.record_bytes
        return self.layout.unpack_record(record[:size].ljust(size, b"\0"))


def parse(text: str) -> RegisteredLayout:
    """Read a canonical layout; raises ValueError for any other text."""
    layout = canonical.parse(text)
    return RegisteredLayout(layout, tuple(_field(place, layout.version) for place in layout.places))


def union(kinds: Iterable[RegisteredLayout]) -> dict[str, LayoutField]:
    """Return every field of any layout of a message, in declared order: the newest layout's meaning wins, each layout's model is told."""
    found: dict[str, LayoutField] = {}
    for kind in sorted(kinds, key=lambda kind: kind.version):
        for item in kind.fields:
            before = found.get(item.name)
            found[item.name] = item if before is None else replace(item, inferred=before.inferred + item.inferred)
    return found


def _field(place: Place, layout: int) -> LayoutField:
    item = place.field
    low, high = item.range or (None, None)
    calibration = of_field(item)
    return LayoutField(
        name=place.name,
        type=item.type.value,
        scale=item.scale if item.scale is not None else Decimal(1),
        offset=item.offset if item.offset is not None else Decimal(0),
        unit=item.unit or (None if calibration is None else calibration.unit),
        low=low,
        high=high,
        calibration=calibration,
        enum=None if item.enum is None else dict(item.enum),
        flags=item.flags,
        out_of_range=item.out_of_range,
        inferred=() if item.inferred is None else (_inferred(item.inferred, layout),),
    )


def _inferred(source: Inferred, layout: int) -> InferredBy:
    return InferredBy(layout=layout, model=source.model, version=source.version, confidence=source.confidence)
