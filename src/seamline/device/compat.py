"""What CPython and MicroPython do differently, in one place; every other module of the device core is the same text on both."""

import binascii

from .shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeGuard

U8_MAX = 0xFF
U16_MAX = 0xFFFF
U32_MAX = 0xFFFFFFFF
U48_MAX = 0xFFFFFFFFFFFF


def crc32(data: "bytes | bytearray | memoryview", seed: int = 0) -> int:
    """CRC32 (IEEE) of `data`, 0..2**32-1 on every interpreter."""
    return binascii.crc32(data, seed) & U32_MAX


def is_int(value: object) -> "TypeGuard[int]":
    """True for a whole number that is not a bool: MicroPython and CPython disagree on `isinstance(True, int)`."""
    return type(value) is int


def is_list(value: object) -> "TypeGuard[list[object] | tuple[object, ...]]":
    """True for a list or a tuple."""
    return isinstance(value, (list, tuple))


def is_mapping(value: object) -> "TypeGuard[dict[str, object]]":
    """True for a dictionary; what JSON and contracts give has texts for keys."""
    return isinstance(value, dict)
