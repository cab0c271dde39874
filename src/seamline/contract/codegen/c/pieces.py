"""Small pieces of C99: literals, strings and comments that no contract's text can break out of."""

from __future__ import annotations

from seamline.contract.codegen.senders import sendable
from seamline.contract.layout import Field, FieldType, Value, shortest

_INT_BITS = (8, 16, 32, 64)
_LOWEST = -(1 << 63)
"""C has no literal for it: it reads a minus before a number that no signed type holds."""


def width(bits: int) -> int:
    """Return the bits of the narrowest of C's exact integers that holds `bits`."""
    return next(each for each in _INT_BITS if bits <= each)


def c_type(kind: FieldType) -> str:
    """Return the C type of a member."""
    return f"{'' if kind.signed else 'u'}int{width(kind.bits)}_t"


def c_range(kind: FieldType) -> tuple[int, int]:
    """Return what a member of that type can hold."""
    bits = width(kind.bits)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.signed else (0, (1 << bits) - 1)


def literal(number: int, *, signed: bool = False) -> str:
    """Return an integer literal; C99 gives it the first type that holds it, on a 16-bit processor too."""
    if number == _LOWEST:
        return f"({number + 1} - 1)"
    return str(number) if signed else f"{number}u"


def comment(text: str) -> str:
    """Return `/* text */`: what would end the comment, start another or print as nothing is left out."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"/* {shown.replace('*/', '* /').replace('/*', '/ *').replace('??', '? ?')} */"


def string(text: str) -> str:
    """Return a string literal; bytes beyond ASCII and what C would read into it are escaped in octal."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\?')
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'


def meaning(value: Value) -> str:
    """Return in words what a raw number means: unit, scale, limits."""
    kind = value.enum_name or value.flags_name
    if kind is not None:
        return kind
    formula = ""
    if value.scale is not None or value.offset is not None:
        moved = "" if not value.offset else f" {'-' if value.offset < 0 else '+'} {shortest(abs(value.offset))}"
        formula = f"= raw * {shortest(value.scale or 1)}{moved}"
    parts = [f"{value.unit or value.quantity or ''} {formula}".strip(), "raw count" if value.calibrated else ""]
    if value.raw_range != c_range(value.type):
        parts.append("raw {} to {}".format(*value.raw_range))
    return ", ".join(part for part in parts if part)


def refusals(value: str, field: Field) -> list[str]:
    """Return C conditions of which one holds when `value`, an expression of the field's type, may not be sent.

    What the C type cannot hold is not asked: compilers call that a mistake.
    """
    allowed, signed = sendable(field), field.type.signed
    low, high = c_range(field.type)
    if allowed.mask is not None:
        return [f"({value} & {literal(high & ~allowed.mask)}) != 0u"] if high & ~allowed.mask else []
    conditions = [f"{value} < {literal(allowed.low, signed=signed)}"] if allowed.low > low else []
    for first, last in allowed.gaps:
        start, end = literal(first, signed=signed), literal(last, signed=signed)
        conditions.append(f"{value} == {start}" if first == last else f"({value} >= {start} && {value} <= {end})")
    return [*conditions, f"{value} > {literal(allowed.high, signed=signed)}"] if allowed.high < high else conditions
