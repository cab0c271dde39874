"""What a record means, bit for bit: layouts, their places, their canonical text and fingerprint.

Integers only on the wire (docs/wire.md); scale and offset are exact decimals that give the physical value. A layout
never changes once it is released: its fingerprint covers everything that gives a bit its meaning.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from seamline.contract.bits import Order, get, put, stream_of
from seamline.contract.field_types import BYTE_BITS, FieldType
from seamline.contract.fields import Field, LayoutError, OutOfRange, Value, shortest

__all__ = [
    "OFFSET_BYTES",
    "RECORD_ALIGNMENT",
    "Field",
    "FieldType",
    "Layout",
    "LayoutError",
    "Order",
    "OutOfRange",
    "Place",
    "Reserved",
    "Value",
    "shortest",
]

OFFSET_BYTES = 4
"""Each record starts with u32 `offset_ms` from the frame's first record."""
RECORD_ALIGNMENT = 8


@dataclass(frozen=True, slots=True)
class Reserved:
    """A gap of `bits` zero bits in front of the field of index `before`; behind the last field when that is their number."""

    before: int
    bits: int

    def canonical(self) -> str:
        """Return the gap's line of the canonical layout; a field's has more words."""
        return f"reserved {self.bits}"


@dataclass(frozen=True, slots=True)
class Place:
    """One column of a layout: a field, or one item of an array, and where its bits are.

    `bit` counts from the record's body, behind the u32 offset, in the layout's order (`bits`). `presence_bit` says
    whether an optional field is there; None when it always is. `index` is the item's, 0 outside arrays.
    """

    field: Field
    index: int
    name: str
    bit: int
    bits: int
    presence_bit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The layout of one message's records; what `fingerprint` is taken over is in `canonical`.

    `places` are the fields as columns, arrays item by item (`counts_0`, `counts_1`), in their order on the wire.
    `record_bytes` counts the u32 offset, the body's bits, and zero padding to a multiple of 8.
    """

    product: str
    message: str
    message_id: int
    version: int
    fields: tuple[Field, ...]
    reserved: tuple[Reserved, ...] = ()
    order: Order = Order.LITTLE
    canonical: str = field(init=False, repr=False)
    fingerprint: int = field(init=False)
    places: tuple[Place, ...] = field(init=False, repr=False, compare=False)
    body_bits: int = field(init=False)
    record_bytes: int = field(init=False)
    presence: tuple[int, int] | None = field(init=False, repr=False)
    """First bit of the presence group, and its bits; None when no field is optional."""
    format: str | None = field(init=False, repr=False)
    """The body as `struct` writes it; None when it has places that `struct` cannot write."""

    def __post_init__(self) -> None:
        places, presence, end = _placed(self)
        canonical = "".join(f"{line}\n" for line in _canonical(self))
        used = OFFSET_BYTES + -(-end // BYTE_BITS)
        record_bytes = used + -used % RECORD_ALIGNMENT
        derived = {
            "canonical": canonical,
            "fingerprint": int.from_bytes(sha256(canonical.encode()).digest()[:4], "little"),
            "places": places,
            "body_bits": end,
            "record_bytes": record_bytes,
            "presence": presence,
            "format": None if presence else _format(places, record_bytes - OFFSET_BYTES, self.order),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @property
    def body_bytes(self) -> int:
        """Bytes of a record without its u32 offset, padding included."""
        return self.record_bytes - OFFSET_BYTES

    def pack(self, values: Mapping[str, int]) -> bytes:
        """Return the fields' bytes, `record_bytes - 4` of them (padded, without the offset).

        `values` are raw, by the names of `places`; an optional field is left out with all its items. Raises LayoutError
        for a missing, unknown or refused value; nothing is truncated.
        """
        raws = [place.field.check(values[place.name]) for place in self.places if place.name in values]
        if len(raws) != len(values) or len(raws) != len(self.places):
            self._complete(values)
        if self.format is not None:
            return struct.pack(self.format, *raws)
        present = [place for place in self.places if place.name in values]
        bits = [(place.bit, place.bits, raw) for place, raw in zip(present, raws, strict=True)]
        said = {place.presence_bit for place in present if place.presence_bit is not None}
        return put(bits + [(bit, 1, 1) for bit in said], self.body_bytes, self.order)

    def _complete(self, values: Mapping[str, int]) -> None:
        """Raise LayoutError unless only whole optional fields are missing."""
        given = {place.field.name for place in self.places if place.name in values}
        unknown = sorted(values.keys() - {place.name for place in self.places})
        missing = sorted(
            place.name
            for place in self.places
            if place.name not in values and (place.presence_bit is None or place.field.name in given)
        )
        if missing or unknown:
            msg = f"{self.message}/{self.version}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}"
            raise LayoutError(msg)

    def unpack(self, body: bytes | bytearray | memoryview) -> dict[str, int]:
        """Return the raw values of `pack`'s bytes by the names of `places`, absent ones left out.

        Ranges are not checked (`admitted` does). Raises LayoutError on a wrong length.
        """
        if len(body) != self.body_bytes:
            msg = f"{self.message}/{self.version}: {len(body)} bytes are not a record body of {self.body_bytes}"
            raise LayoutError(msg)
        if self.format is not None:
            raws = struct.unpack(self.format, body)
            return dict(zip((place.name for place in self.places), raws, strict=True))
        stream, size, order = stream_of(body, self.order), self.body_bytes, self.order
        return {
            place.name: get(stream, size, place.bit, place.bits, order, signed=place.field.type.signed)
            for place in self.places
            if place.presence_bit is None or get(stream, size, place.presence_bit, 1, order)
        }

    def admitted(self, values: Mapping[str, int]) -> dict[str, int]:
        """Return what of `unpack`'s values is to be stored: those out of range are left out, kept, or refused.

        Raises LayoutError for the first value that its field rejects.
        """
        kept: dict[str, int] = {}
        for place in self.places:
            if place.name in values:
                raw, rule = values[place.name], place.field.out_of_range
                if rule is OutOfRange.REJECT:
                    place.field.check(raw)
                if rule is not OutOfRange.MISSING or place.field.allows(raw):
                    kept[place.name] = raw
        return kept

    def stored(self, body: bytes | bytearray | memoryview) -> tuple[int | None, ...]:
        """Return what a table holds of the body, one raw value a place, None where it is missing.

        What a field rejects is not looked for: no table has it. Raises LayoutError on a wrong length.
        """
        raws = self.unpack(body)
        missing = {name for name, item in self._may_miss.items() if name in raws and not item.allows(raws[name])}
        return tuple(None if place.name in missing else raws.get(place.name) for place in self.places)

    @property
    def _may_miss(self) -> dict[str, Field]:
        return {place.name: place.field for place in self.places if place.field.out_of_range is OutOfRange.MISSING}

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


def _items(layout: Layout) -> Iterator[Reserved | Field]:
    """Yield fields and gaps in the order of the wire."""
    for index in range(len(layout.fields) + 1):
        yield from (gap for gap in layout.reserved if gap.before == index)
        yield from layout.fields[index : index + 1]


def _canonical(layout: Layout) -> Iterator[str]:
    yield "seamline-layout/1"
    order = "" if layout.order is Order.LITTLE else f" order={layout.order}"
    yield f"{layout.product} {layout.message} {layout.message_id} {layout.version}{order}"
    for item in _items(layout):
        yield item.canonical()


def _placed(layout: Layout) -> tuple[tuple[Place, ...], tuple[int, int] | None, int]:
    """Return every column's place, the presence group (first bit, bits), and how many bits there are in all."""
    places: list[Place] = []
    optional = sum(item.optional for item in layout.fields)
    presence: tuple[int, int] | None = None
    bit = seen = 0
    for item in _items(layout):
        if isinstance(item, Reserved):
            bit += item.bits
            continue
        presence_bit = None
        if item.optional:
            if presence is None:
                presence = bit, -(-optional // BYTE_BITS) * BYTE_BITS
                bit += presence[1]
            presence_bit = presence[0] + seen
            seen += 1
        elif presence is not None:
            msg = f"{layout.message}/{layout.version}: '{item.name}' follows an optional field, so it must be optional too"
            raise LayoutError(msg)
        for index in range(item.count or 1):
            name = item.name if item.count is None else f"{item.name}_{index}"
            places.append(Place(item, index, name, bit, item.type.bits, presence_bit))
            bit += item.type.bits
    return tuple(places), presence, bit


def _format(places: tuple[Place, ...], size: int, order: Order) -> str | None:
    """Return the body's format for `struct`, or None when a place is not of whole bytes."""
    at, parts = 0, ["<" if order is Order.LITTLE else ">"]
    for place in places:
        gap, odd = divmod(place.bit - at, BYTE_BITS)
        if odd or not place.field.type.code:
            return None
        parts.append(f"{gap}x{place.field.type.code}" if gap else place.field.type.code)
        at = place.bit + place.bits
    padding = size - at // BYTE_BITS
    return "".join([*parts, f"{padding}x"] if padding else parts)
