"""Places of a few bits in a stream of bytes, in both orders.

`little`: bit i of the stream is bit i mod 8 of byte i div 8, the least significant first, and a value's lowest bit comes
first (CAN: Intel). `big`: the most significant bit of the first byte comes first, and so does a value's (network order;
CAN: Motorola). A value of whole bytes on a byte's boundary is thereby an ordinary little- or big-endian integer.

The whole stream is one integer, so that no place is special: not one that crosses bytes, nor one of 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Order(StrEnum):
    """Which end of bytes and of values comes first."""

    LITTLE = "little"
    BIG = "big"


def put(places: Iterable[tuple[int, int, int]], size: int, order: Order) -> bytes:
    """Return `size` bytes with each `(bit, bits, value)` in its place and zero elsewhere.

    A negative value is written in two's complement. Values must fit their bits, and places must not overlap.
    """
    stream, end = 0, size * 8
    for bit, bits, value in places:
        shift = bit if order is Order.LITTLE else end - bit - bits
        stream |= (value & (1 << bits) - 1) << shift
    return stream.to_bytes(size, order.value)


def stream_of(body: bytes | bytearray | memoryview, order: Order) -> int:
    """Return the bytes as the integer that `get` takes values from."""
    return int.from_bytes(body, order.value)


def get(stream: int, size: int, bit: int, bits: int, order: Order, *, signed: bool = False) -> int:
    """Return the value of `bits` bits at `bit` in a stream of `size` bytes."""
    shift = bit if order is Order.LITTLE else size * 8 - bit - bits
    value = stream >> shift & (1 << bits) - 1
    return value - (1 << bits) if signed and value >> bits - 1 else value
