"""How the last boot ended, told in the births of the next until a session of that has ended.

A program that ends in order leaves a mark, entry `end`: magic, incarnation u32, boot u32. It speaks for that boot alone, so
nobody has to take it away. Without it the reset tells, as far as it can.
"""

import struct

from .shapes import Stored

KEY = "end"
MAGIC = b"SLe1"
STOPPED = "stopped"
RESETS = ("power_on", "brownout", "watchdog", "software", "crash", "unknown")
ENDS = {"power_on": "power_loss", "brownout": "power_loss", "watchdog": "watchdog", "crash": "crash"}


def mark(incarnation: int, boot: int) -> bytes:
    """The word of a boot that it ended in order."""
    return struct.pack("<4sII", MAGIC, incarnation, boot)


def last_end(stored: Stored, incarnation: int, boot: int, reset: str) -> str:
    """How that boot ended: `stopped`, or what the reset after it says; `unknown` for a reset that a program may have asked for."""
    if stored.get(KEY) == mark(incarnation, boot):
        return STOPPED
    return ENDS.get(reset, "unknown")
