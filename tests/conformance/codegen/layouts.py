"""The contracts whose generated code is tried: every example product, and one whose messages are layouts drawn at random."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from seamline.contract import load_family
from seamline.contract.layout import Field, FieldType, Layout, Order, OutOfRange, Reserved
from seamline.contract.model import Contract

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = tuple(sorted(path.parent.name for path in (ROOT / "examples").glob("*/contract.yaml")))
RANDOM = "patchwork"
PRODUCTS = (*EXAMPLES, RANDOM)
RANDOM_LAYOUTS = 8
SEED = 20_261_121


@cache
def contract(product: str) -> Contract:
    """Return the newest contract of a product."""
    return patchwork() if product == RANDOM else load_family(ROOT / "examples" / product).current


def patchwork() -> Contract:
    """Return the heater's contract with layouts drawn at random for messages."""
    heater = contract("heater")
    reading = heater.messages["reading"]
    messages = {}
    for number in range(1, RANDOM_LAYOUTS + 1):
        layout = random_layout(random.Random(SEED + number), number)
        messages[layout.message] = replace(reading, name=layout.message, id=number, layout=layout)
    return replace(heater, product=RANDOM, messages=messages, buffer=replace(heater.buffer, drop_first=tuple(messages)))


def random_layout(draw: random.Random, number: int) -> Layout:
    """Return a layout of anything the language has, in any order of bits."""
    fields = [_field(draw, f"f{index}") for index in range(draw.randint(1, 14))]
    optional = draw.choice((0, 0, 1, 3, 9))
    fields += [replace(_field(draw, f"o{index}"), optional=True) for index in range(optional)]
    last = len(fields) - 1 if optional else len(fields)
    reserved = tuple(Reserved(before, draw.randint(1, 20)) for before in sorted(draw.sample(range(last + 1), draw.randint(0, 2))))
    return Layout(
        product=RANDOM,
        message=f"m{number}",
        message_id=number,
        version=1,
        fields=tuple(fields),
        reserved=reserved,
        order=draw.choice(list(Order)),
    )


def _field(draw: random.Random, name: str) -> Field:
    words = draw.choice((("u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "bool"), [item.value for item in FieldType]))
    kind = FieldType(draw.choice(words))
    parts = {"type": kind, "count": draw.choice((None, None, None, 1, 5)), "out_of_range": draw.choice(list(OutOfRange))}
    meaning = draw.choice(("plain", "range", "enum", "flags"))
    if meaning == "range":
        ends = sorted(draw.randint(kind.low, kind.high) for _ in range(2))
        parts["range"] = tuple(map(Decimal, ends))
    elif meaning == "enum" and not kind.signed and kind.value != "bool":
        numbers = {draw.randint(0, min(kind.high, 300)) for _ in range(draw.randint(1, 9))}
        parts |= {"enum": {raw: f"e{raw}" for raw in numbers}, "enum_name": f"enum_{name}"}
    elif meaning == "flags" and not kind.signed and kind.value != "bool":
        bits = {draw.randrange(kind.bits) for _ in range(draw.randint(1, 8))}
        parts |= {"flags": {bit: f"b{bit}" for bit in bits}, "flags_name": f"flags_{name}"}
    return Field(name=name, **parts)
