"""What a device gave up: ranges waiting to be declared as records of channel 0 (`losses/1`).

Neighbouring ranges grow together while they wait, so a week of dropping costs one record. Beyond LOSS_RANGES_MAX the oldest
range of an ended boot is let go first (the hub closes it by that boot's bound), then the oldest of this boot (it stays owed
until this boot ends, and is closed then): the books balance either way, only the reason comes late.
"""

import struct

from .shapes import Document

BUFFER_FULL = 1
EXPIRED = 2
CORRUPTED = 3
POWER_LOSS = 4
REASONS = {BUFFER_FULL: "buffer_full", EXPIRED: "expired", CORRUPTED: "corrupted", POWER_LOSS: "power_loss"}
LOSS_RANGES_MAX = 64
BODY_FORMAT = "<BBIII6x"  # channel, reason, boot, first, count, padding


class Loss:
    """Records `first` .. `first + count - 1` of (boot, channel), given up for one reason."""

    __slots__ = ("boot", "channel", "count", "first", "reason")

    def __init__(self, channel: int, reason: int, boot: int, first: int, count: int) -> None:
        """Hold the range."""
        self.channel = channel
        self.reason = reason
        self.boot = boot
        self.first = first
        self.count = count

    def joins(self, other: "Loss") -> bool:
        """True when both are one range."""
        same = self.channel == other.channel and self.boot == other.boot and self.reason == other.reason
        return same and (self.first + self.count == other.first or other.first + other.count == self.first)

    def body(self) -> bytes:
        """The record's bytes behind its offset; every value was checked when its record was numbered."""
        return struct.pack(BODY_FORMAT, self.channel, self.reason, self.boot, self.first, self.count)


class Losses:
    """The ranges not yet declared, oldest first, at most LOSS_RANGES_MAX."""

    def __init__(self) -> None:
        """Nothing given up yet."""
        self.pending: list[Loss] = []
        self.undeclared = 0  # records whose range was let go; closed with their boot

    def add(self, loss: Loss, boot: int) -> None:
        """Note a range; `boot` is the one that runs."""
        for known in self.pending:
            if known.joins(loss):
                known.first = min(known.first, loss.first)
                known.count += loss.count
                return
        self.pending.append(loss)
        if len(self.pending) > LOSS_RANGES_MAX:
            self.undeclared += self.pending.pop(self._least(boot)).count

    def books(self) -> Document:
        """The ranges that wait, and how many records have none."""
        pending = [(loss.boot, loss.channel, loss.reason, loss.first, loss.count) for loss in self.pending]
        return {"pending_losses": pending, "undeclared": self.undeclared}

    def take(self, limit: int) -> list[Loss]:
        """The oldest `limit` ranges, taken out to be numbered."""
        taken, self.pending = self.pending[:limit], self.pending[limit:]
        return taken

    def _least(self, boot: int) -> int:
        """The place of the range that may go: the oldest of an ended boot, else the oldest."""
        for place in range(len(self.pending)):
            if self.pending[place].boot != boot:
                return place
        return 0
