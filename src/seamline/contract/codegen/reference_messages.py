"""The reference's chapter on messages: every column with its bytes, the enums and flags, the calibrations."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.document import Block, Heading, Paragraph, Table
from seamline.contract.codegen.wording import duration, guessed, limits, pace, symbol
from seamline.contract.layout import OFFSET_BYTES, Layout, Place, shortest
from seamline.contract.model import Contract, Message

_COLUMNS = ("byte", "field", "type", "scale", "offset", "unit", "allowed", "raw", "out of range", "since")


def messages(contract: Contract) -> Iterator[Block]:
    """Yield a section for each message."""
    yield Heading(2, "Messages", "messages")
    yield Paragraph(
        "A frame has a header of 32 bytes, then records of one layout. Bytes count from the record's start; 5:3 is bit 3 of byte 5,"
        " counted from the end that comes first. The physical value is"
        " raw × scale + offset, in the unit; a calibrated field is a raw count that the unit's own coefficients turn into it."
    )
    for message in contract.messages.values():
        yield Heading(3, message.name, f"message-{message.name}")
        yield Paragraph(_about(message))
        yield Table(f"Record of {message.name}, layout {message.layout.version}", _COLUMNS, _rows(message.layout), frozenset({0}))


def _about(message: Message) -> str:
    layout = message.layout
    expires = "do not expire" if message.expires_ms is None else f"may be given up after {duration(message.expires_ms)}"
    return (
        f"Channel {message.id}, layout {layout.version}, fingerprint {layout.fingerprint:08x}, {layout.record_bytes} bytes a record,"
        f" {layout.order} end first. {_sent(message)}; priority {message.priority}, QoS {message.qos}. Records {expires}."
    )


def _sent(message: Message) -> str:
    found = pace(message)
    most = "" if message.batch_max == 1 else f" with at most {message.batch_max} records a frame"
    return f"{found[0].upper()}{found[1:]}{most}"


def _rows(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """A row for each column, with the presence group where it stands."""
    rows = [(place.bit, _row(place)) for place in layout.places]
    if layout.presence is not None:
        first, bits = layout.presence
        about = "a bit for each optional field"
        rows.append((first, (_at(first, bits), "(presence)", f"{bits} bits", "", "", "", about, "", "", "")))
    offset = (f"0–{OFFSET_BYTES - 1}", "offset_ms", "u32", "", "", "ms", "", "0 to 4294967295", "", "")
    return (offset, *(row for _, row in sorted(rows)))


def _row(place: Place) -> tuple[str, ...]:
    field = place.field
    kind = field.enum_name or field.flags_name or field.type.value
    if field.calibration is not None:
        kind = f"{kind} by {field.calibration}"
    if field.inferred is not None:
        kind = f"{kind}, {guessed(field.inferred)}"
    low, high = field.raw_range
    return (
        _at(place.bit, place.bits),
        f"{place.name} (optional)" if field.optional else place.name,
        kind,
        "" if field.scale is None else shortest(field.scale),
        "" if field.offset is None else shortest(field.offset),
        symbol(field.unit),
        limits(field),
        f"{low} to {high}",
        field.out_of_range.value,
        field.since or "",
    )


def _at(bit: int, bits: int) -> str:
    """Say where a place is: its byte or bytes; `5:3` is bit 3 of byte 5, in the layout's order."""
    first, last = OFFSET_BYTES + bit // 8, OFFSET_BYTES + (bit + bits - 1) // 8
    if bit % 8 or bits % 8:
        end = f"{last}:{(bit + bits - 1) % 8}"
        return f"{first}:{bit % 8}" if bits == 1 else f"{first}:{bit % 8}–{end}"
    return str(first) if first == last else f"{first}–{last}"


def names(contract: Contract) -> Iterator[Block]:
    """Yield the enums and flags."""
    if contract.enums:
        yield Heading(2, "Enums", "enums")
        rows = tuple((name, str(raw), word) for name, members in contract.enums.items() for raw, word in sorted(members.items()))
        yield Table("What numbers stand for", ("enum", "raw", "member"), rows, frozenset({1}))
    if contract.flags:
        yield Heading(2, "Flags", "flags")
        bits = tuple((name, str(bit), word) for name, members in contract.flags.items() for bit, word in sorted(members.items()))
        yield Table("What bits stand for", ("flags", "bit", "member"), bits, frozenset({1}))


def calibrations(contract: Contract) -> Iterator[Block]:
    """Yield how raw counts become physical values."""
    if not contract.calibrations:
        return
    yield Heading(2, "Calibrations", "calibrations")
    yield Paragraph("Coefficients belong to each device; kind and terms are the product's, and part of the fingerprint.")
    rows = tuple(
        (item.name, item.kind, ", ".join(f"{key} {value}" for key, value in item.terms.items()), ", ".join(item.coefficients))
        for item in contract.calibrations.values()
    )
    yield Table("From counts to physical values", ("calibration", "kind", "terms", "each device has"), rows)
