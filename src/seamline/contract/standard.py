"""Layouts that Seamline defines itself, so that every product declares losses and health in the same words."""

from __future__ import annotations

from decimal import Decimal

from seamline.contract.layout import Field, FieldType, Layout

LOSSES_ID = 0
"""Channel 0 belongs to Seamline (docs/wire.md)."""
LOSS_REASONS = {1: "buffer_full", 2: "expired", 3: "corrupted", 4: "power_loss"}
RSSI_UNKNOWN = -128
"""`rssi` of a device without a radio."""

LOSSES = Layout(
    product="seamline",
    message="losses",
    message_id=LOSSES_ID,
    version=1,
    fields=(
        Field(name="channel", type=FieldType.U8),
        Field(name="reason", type=FieldType.U8, enum=LOSS_REASONS, enum_name="loss_reason"),
        Field(name="boot", type=FieldType.U32),
        Field(name="first", type=FieldType.U32),
        Field(name="count", type=FieldType.U32),
    ),
)
"""`losses/1`: which records a device has given up, and why."""

_VITALS_1 = (
    Field(name="free_heap_bytes", type=FieldType.U32, unit="By"),
    Field(name="boots", type=FieldType.U32),
    Field(name="dropped", type=FieldType.U32),
    Field(name="flash_writes", type=FieldType.U32),
    Field(name="reconnects", type=FieldType.U16),
    Field(name="rssi", type=FieldType.I8, unit="dBm", range=(Decimal(RSSI_UNKNOWN), Decimal(20))),
)

STANDARD: dict[str, tuple[Field, ...]] = {"vitals/1": _VITALS_1}
"""Standard layouts that a message may take by name (`standard: vitals/1`)."""


def standard_layout(standard: str, product: str, message: str, message_id: int) -> Layout:
    """Return the standard layout as that product's message; its layout version is the one in its name.

    Raises KeyError when there is no such standard.
    """
    number = int(standard.rpartition("/")[2])
    return Layout(product=product, message=message, message_id=message_id, version=number, fields=STANDARD[standard])
