"""Random streams, one for each (seed, entity, purpose): the same numbers on every interpreter, version and platform.

SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014) on whole numbers, begun from a
hash of the names. A stream of its own for each purpose means that taking a device or a fault away changes nobody else's numbers,
which is what makes a plan shrinkable.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

Item = TypeVar("Item")

MASK: Final = (1 << 64) - 1
GAMMA: Final = 0x9E3779B97F4A7C15
MIX_1: Final = 0xBF58476D1CE4E5B9
MIX_2: Final = 0x94D049BB133111EB
THOUSAND: Final = 1_000


class Stream:
    """A sequence of random whole numbers. Calling it gives 32 bits, which is what a device core asks for."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, entity: str, purpose: str) -> None:
        name = f"{seed}\0{entity}\0{purpose}".encode()
        self._state = int.from_bytes(blake2b(name, digest_size=8).digest(), "little")

    def u64(self) -> int:
        """64 random bits."""
        state = self._state = (self._state + GAMMA) & MASK
        state = ((state ^ (state >> 30)) * MIX_1) & MASK
        state = ((state ^ (state >> 27)) * MIX_2) & MASK
        return state ^ (state >> 31)

    def __call__(self) -> int:
        """32 random bits."""
        return self.u64() >> 32

    def below(self, limit: int) -> int:
        """A whole number in 0..limit-1, evenly (to within 2**-32 for the limits used here)."""
        state = self._state = (self._state + GAMMA) & MASK  # as `u64`, which would cost a call
        state = ((state ^ (state >> 30)) * MIX_1) & MASK
        state = ((state ^ (state >> 27)) * MIX_2) & MASK
        return ((state ^ (state >> 31)) * limit) >> 64

    def between(self, low: int, high: int) -> int:
        """A whole number in low..high."""
        return low + self.below(high - low + 1)

    def chance(self, permille: int) -> bool:
        """True `permille` times in a thousand."""
        return self.below(THOUSAND) < permille

    def pick(self, items: Sequence[Item]) -> Item:
        """One of them."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return `count` different ones of them, or all, in their order."""
        left = list(range(len(items)))
        chosen = [left.pop(self.below(len(left))) for _ in range(min(count, len(items)))]
        return [items[index] for index in sorted(chosen)]
