"""Faults in columns: a plan of ten thousand devices has a quarter of a million of them, which as objects take 100 MB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, cast, overload

from seamline.rig.world.plan import SPECS, Fault, Kind

KINDS: Final = tuple(Kind)
PLACES: Final = {kind: place for place, kind in enumerate(KINDS)}
NAMES: Final = tuple(tuple(SPECS[kind].numbers) for kind in KINDS)
"""The numbers of each kind, in the order in which they are kept."""
WIDTH: Final = max(len(names) for names in NAMES)


class Packed(Sequence[Fault]):
    """Faults that are kept in 37 bytes each, and made anew whenever one is looked at: two looks give equals, not the same object.

    A fault has every number of its kind, and no other: what `draw` makes and what `parse` reads does.
    """

    __slots__ = ("_at_ms", "_devices", "_kinds", "_lasts_ms", "_numbers")

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._at_ms: Final = array("q")
        self._kinds: Final = bytearray()
        self._devices: Final = array("i")
        self._lasts_ms: Final = array("q")
        self._numbers: Final = array("i")
        for fault in faults:
            kind = PLACES[fault.kind]
            self._at_ms.append(fault.at_ms)
            self._kinds.append(kind)
            self._devices.append(fault.device)
            self._lasts_ms.append(fault.lasts_ms)
            numbers = [fault.numbers[name] for name in NAMES[kind]]
            self._numbers.extend(numbers + [0] * (WIDTH - len(numbers)))

    def __len__(self) -> int:
        return len(self._kinds)

    @overload
    def __getitem__(self, at: int) -> Fault: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Fault, ...]: ...

    def __getitem__(self, at: int | slice) -> Fault | tuple[Fault, ...]:
        if isinstance(at, slice):
            return tuple(self._fault(place) for place in range(*at.indices(len(self))))
        return self._fault(range(len(self))[at])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(cast("Sequence[object]", other))

    def __hash__(self) -> int:
        return hash(tuple(self))  # as a tuple of faults: raises TypeError, for a fault has none

    def _fault(self, place: int) -> Fault:
        kind, first = self._kinds[place], place * WIDTH
        names = NAMES[kind]
        numbers = dict(zip(names, self._numbers[first : first + len(names)], strict=True))
        return Fault(self._at_ms[place], KINDS[kind], self._devices[place], self._lasts_ms[place], numbers)
