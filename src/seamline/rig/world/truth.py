"""What the devices of a world really measured, and what has become of each record; the books everything is held against.

A record costs 10 bytes: when it was measured, which of its sensor's values it is, and its class. The values are drawn up front
and shared (`Values`), so that a comparison of thousands of records is one of arrays.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from seamline.contract import Field, Layout
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.streams import Stream

VALUES: Final = 251
"""Different values of one sensor: a prime, so that neighbours and strides never fall together, and it fits a byte."""
OWED, STORED, SET_ASIDE, LOST = range(4)
"""Classes of a record. SET_ASIDE is quarantined or declined: custody that is no row."""
CLASSES: Final = ("owed", "stored", "set aside", "lost")


class Values:
    """What the sensors of one layout may read: bodies for the core, and the same values by column."""

    __slots__ = ("bodies", "columns", "layout")

    def __init__(self, layout: Layout, stream: Stream) -> None:
        self.layout = layout
        read = [{place.name: _value(place.field, stream) for place in layout.places} for _ in range(VALUES)]
        self.bodies = [layout.pack(values) for values in read]
        self.columns = {place.name: [values[place.name] for values in read] for place in layout.places}


class LineKey(NamedTuple):
    """Whose sequence it is, within a device."""

    incarnation: int
    boot: int
    channel: int


Whose: TypeAlias = tuple[int, int, int]
"""The members of a LineKey, which is one: a bare tuple finds the same and costs no call."""


class Line:
    """The records of one channel in one boot, by their number."""

    __slots__ = ("acknowledged", "classes", "excused", "true_us", "unsure", "value", "values")

    def __init__(self, values: Values) -> None:
        self.values = values
        self.true_us: array[int] = array("q")
        self.value: array[int] = array("B")
        self.classes = bytearray()
        self.acknowledged = 0
        """Everything below it was acknowledged to the device."""
        self.excused = 0
        """Records below it are owed by nobody: a restored database forgot them, and the broker's stream had lost them."""
        self.unsure = 1 << 62
        """Records from here on may not be known to anybody: the power went while their effects were carried out."""

    def extend(self, true_us: Sequence[int], values: Sequence[int]) -> None:
        """Note the next records."""
        self.true_us.extend(true_us)
        self.value.extend(values)
        self.classes += bytes(len(values))  # OWED

    def classify(self, first: int, end: int, into: int) -> str:
        """Put first..end-1 into a class; says what is wrong with that, or nothing."""
        end = min(end, len(self.classes))
        if first >= end:
            return ""
        if self.classes.count(OWED, first, end) != end - first:
            at = next(at for at in range(first, end) if self.classes[at] != OWED)
            return f"record {at} is {CLASSES[self.classes[at]]} already, and becomes {CLASSES[into]}"
        self.classes[first:end] = bytes([into]) * (end - first)
        return ""

    def restored(self) -> None:
        """The database is what it was earlier: nothing is known to be there until it is seen.

        A mark may be on its way for everything that was there.
        """
        owed = self.classes.find(OWED)
        self.acknowledged = max(self.acknowledged, len(self.classes) if owed < 0 else owed)
        self.classes = bytearray(len(self.classes))


class DeviceTruth:
    """Everything one device measured."""

    __slots__ = ("_begun", "asked", "boots", "drift_ppm", "in_order", "lines")

    def __init__(self) -> None:
        self.lines: dict[Whose, Line] = {}
        self.boots: dict[int, int] = {}
        """The last boot of each incarnation."""
        self._begun: Final = array("Q")
        """Incarnation, boot and beginning of each boot, in turn."""
        self.drift_ppm = 0
        """How far its crystal may be off, by the contract with the worst of them that it ran."""
        self.asked: set[tuple[str, int, object]] = set()
        """Every wish that was ever stored for it: setting, version, value."""
        self.in_order: bool | None = None
        """Whether the boot before the one that runs left the word that it ended in order; None where nobody can tell."""

    @property
    def numbered(self) -> int:
        """How many records there are."""
        return sum(len(line.classes) for line in self.lines.values())

    @property
    def began_us(self) -> dict[tuple[int, int], int]:
        """When each boot of an incarnation began."""
        begun = self._begun
        return dict(zip(zip(begun[::3], begun[1::3], strict=True), begun[2::3], strict=True))

    def newest_us(self, incarnation: int, boot: int) -> int:
        """When the last record of a boot was made; 0 for one without records."""
        lines = (line for key, line in self.lines.items() if key[:2] == (incarnation, boot))
        return max((line.true_us[-1] for line in lines if line.true_us), default=0)

    def booted(self, device: int, incarnation: int, boot: int, now_us: int = 0, drift_ppm: int = 0) -> None:
        """Note a boot, and its contract's drift. Raises BrokenPromise when its number was used, or falls."""
        before = self.boots.get(incarnation, 0)
        if boot <= before:
            raise BrokenPromise("boot-rises", f"boot {boot} of incarnation {incarnation:08x} comes after boot {before}", device)
        self.boots[incarnation] = boot
        self._begun.extend((incarnation, boot, now_us))
        self.drift_ppm = max(self.drift_ppm, drift_ppm)

    def acknowledge(self, device: int, key: Whose, following: int) -> None:
        """The device was told that everything below `following` is accounted for. Raises BrokenPromise when it is not."""
        line = self.lines.get(key)
        if line is None:
            return
        end = min(following, len(line.classes))
        if end > line.acknowledged:
            owed = line.classes.find(OWED, line.acknowledged, end)
            if owed >= 0:
                what = f"a mark says {following} of boot {key[1]}, channel {key[2]}, but record {owed} is not committed"
                raise BrokenPromise("acknowledged-is-durable", what, device)
            line.acknowledged = end

    def owed(self) -> Iterator[tuple[LineKey, int]]:
        """Records in no class, but for those whose number may be unmade."""
        for key, line in self.lines.items():
            at = line.classes.find(OWED, line.excused, min(len(line.classes), line.unsure))
            if at >= 0:
                yield LineKey(*key), at


def _value(field: Field, stream: Stream) -> int:
    """A raw value; of a number one in eight is an end of its range, where encodings go wrong."""
    if field.enum is not None:
        return stream.pick(sorted(field.enum))
    if field.flags is not None:
        return sum(1 << bit for bit in sorted(field.flags) if stream.chance(300))
    low, high = field.raw_range
    if stream.below(8) == 0:
        return low if stream.chance(500) else high
    return stream.between(low, high)
