"""Random words for a whole fleet at once: a stream for each device, from which its waits are drawn as the device core draws them.

The generator is that of `rig.world.streams` (SplitMix64) on arrays of 64-bit words, begun from the seed and the device's
number: the same words on every interpreter, NumPy and platform.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamline.rig.world.streams import GAMMA, MIX_1, MIX_2

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

LOW: Final = np.uint64(0xFFFF_FFFF)
HALF: Final = np.uint64(32)


class Words:
    """One stream a device, all drawn from by index."""

    def __init__(self, seed: int, devices: int, purpose: str) -> None:
        """`devices` streams; another purpose has others."""
        begin = int.from_bytes(blake2b(f"{seed}\0{purpose}".encode(), digest_size=8).digest(), "little")
        places = np.arange(1, devices + 1, dtype=np.uint64) * np.uint64(MIX_1)
        self._states: U64 = _mixed(places + np.uint64(begin))

    def next(self, devices: I64) -> U64:
        """The next word of each of these devices (each at most once), in 0..2**32-1."""
        states = self._states[devices] + np.uint64(GAMMA)
        self._states[devices] = states
        return _mixed(states) >> HALF


def uniform(words: U64, windows_ms: I64) -> I64:
    """Whole numbers drawn evenly from 0..window, as `device.backoff.Backoff.uniform` does with the same words.

    The product has up to 67 bits: it is made in two halves.
    """
    spans = windows_ms.astype(np.uint64) + np.uint64(1)
    return (words * (spans >> HALF) + ((words * (spans & LOW)) >> HALF)).astype(np.int64)


def _mixed(states: U64) -> U64:
    states = (states ^ (states >> np.uint64(30))) * np.uint64(MIX_1)
    states = (states ^ (states >> np.uint64(27))) * np.uint64(MIX_2)
    return states ^ (states >> np.uint64(31))
