"""The scalars of the language: unsigned and signed integers of any width up to 64 bits, and `bool`."""

from __future__ import annotations

from enum import Enum
from typing import Final, Self

BITS_MAX: Final = 64
BYTE_BITS: Final = 8
_CODES: Final = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "bool": "B"}


class FieldType(Enum):
    """A scalar on the wire: `u1` to `u64`, `i2` to `i64` (two's complement), and `bool`, a byte that is 0 or 1.

    The value is the word of the language. Those that a processor has by itself stand first; the others are made below.
    """

    _ignore_ = ["width", "letter"]  # noqa: RUF012  (the name and form that `enum` wants)

    U8 = "u8"
    U16 = "u16"
    U32 = "u32"
    U64 = "u64"
    I8 = "i8"
    I16 = "i16"
    I32 = "i32"
    I64 = "i64"
    BOOL = "bool"

    for width in range(1, BITS_MAX + 1):
        for letter in "ui":
            if f"{letter}{width}" not in {*_CODES, "i1"}:  # a lone sign bit would be a number without a value
                vars()[f"{letter.upper()}{width}"] = f"{letter}{width}"

    bits: int
    size: int
    """Whole bytes that hold it."""
    signed: bool
    low: int
    high: int
    code: str
    """The letter of `struct`; empty when `struct` has none."""

    def __new__(cls, word: str) -> Self:
        """Derive everything from the word."""
        member = object.__new__(cls)
        member._value_ = word
        member.bits = BYTE_BITS if word == "bool" else int(word[1:])
        member.size = -(-member.bits // BYTE_BITS)
        member.signed = word[0] == "i"
        member.low = -(1 << member.bits - 1) if member.signed else 0
        member.high = 1 if word == "bool" else (1 << member.bits - member.signed) - 1
        member.code = _CODES.get(word, "")
        return member


def unsigned(bits: int) -> FieldType:
    """Return the unsigned type of 1 to 64 bits."""
    return FieldType(f"u{bits}")


def byte_type(high: int) -> FieldType:
    """Return the narrowest unsigned type of whole bytes that holds 0 to `high`."""
    return unsigned(max(1, -(-high.bit_length() // BYTE_BITS)) * BYTE_BITS)
