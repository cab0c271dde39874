"""A contract whose every name and text is out to break the code that is made of it; the language allows each of them."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from seamline.contract import load
from seamline.contract.layout import Field, FieldType, Layout, Order, OutOfRange
from seamline.contract.model import Command, Contract, Fault, Property

ROOT = Path(__file__).resolve().parents[4]
EVIL = '*/ /* ??/ " \\ %s {} \t ü € 𝄞 \u202e'


def awkward() -> Contract:
    """Return it: product `int`, whose message `fast8` would make a type of <stdint.h>."""
    heater = load(ROOT / "examples" / "heater" / "contract.yaml")
    fields = (
        Field(name="class", type=FieldType.I64, range=(Decimal(-(1 << 63)), Decimal(5)), unit="*/"),
        Field(name="class_", type=FieldType.U16, enum={1: "off", 5: "off_", 7: "int"}, enum_name="reading"),
        Field(name="int", type=FieldType("i5"), scale=Decimal("0.1"), offset=Decimal(-3), unit="??/"),
        Field(name="unix", type=FieldType("u12"), count=3, flags={0: "frame_crc", 11: "twin"}, flags_name="topic"),
        Field(name="true", type=FieldType.BOOL, out_of_range=OutOfRange.KEEP),
        Field(name="has_if", type=FieldType.U8, optional=True, enum={0: "only"}, enum_name="lonely"),
        Field(name="if", type=FieldType("u33"), optional=True, count=2, range=(Decimal(2), Decimal(1 << 32))),
    )
    messages = {}
    for number, (name, order) in enumerate((("fast8", Order.BIG), ("frame", Order.LITTLE), ("h", Order.BIG)), 1):
        layout = Layout(product="int", message=name, message_id=number, version=1, fields=fields[: 8 - number], order=order)
        messages[name] = replace(heater.messages["reading"], name=name, id=number, layout=layout, expires_ms=1 << 40)
    faults = {
        0: Fault(0, "sensor", "adc", "info", latches=False, meaning=EVIL, cause=EVIL, user=EVIL, support=EVIL),
        65_535: Fault(65_535, "s", "a", "critical", latches=True, meaning="\u2028\x85"),
    }
    return replace(
        heater,
        product="int",
        version="1.0.0",
        messages=messages,
        faults=faults,
        state={"h": Property(name="h", type=FieldType.I8, range=(Decimal(-5), Decimal(5)), unit='"', conflict="newest")},
        commands={"h": Command("h", {"deadline": Property(name="deadline", type=FieldType.U64, conflict="newest")}, 1 << 41, {})},
        backoff=replace(heater.backoff, cap_ms=1 << 33),
        buffer=replace(heater.buffer, drop_first=tuple(messages)),
    )
