"""The bounds a birth gives for its ended boots, made disjoint: of each boot and channel the highest bound holds."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from seamline.hub.inputs import Ended


@dataclass(frozen=True, slots=True)
class Stretch:
    """Boots first..end-1 have numbered less than `upper` each."""

    first: int
    end: int
    upper: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Disjoint stretches of one channel, ascending."""

    stretches: tuple[Stretch, ...] = ()

    def of(self, boot: int) -> int:
        """The bound of one boot; 0 when none was given."""
        at = bisect_right(self.stretches, boot, key=lambda stretch: stretch.first) - 1
        return self.stretches[at].upper if at >= 0 and boot < self.stretches[at].end else 0


def bounds(ended: Iterable[Ended]) -> Mapping[int, Bounds]:
    """The bounds of each channel. Takes n log n steps, however the entries overlap."""
    channels: dict[int, list[Ended]] = {}
    for entry in ended:
        channels.setdefault(entry.channel, []).append(entry)
    return {channel: Bounds(_disjoint(entries)) for channel, entries in channels.items()}


def _disjoint(entries: list[Ended]) -> tuple[Stretch, ...]:
    """Sweep over the boots where an entry begins or ends; the heap holds the entries that cover the boot, highest bound first."""
    waiting = sorted(entries, key=lambda entry: entry.boot_first)
    edges = sorted({edge for entry in entries for edge in (entry.boot_first, entry.boot_last + 1)})
    covering: list[tuple[int, int]] = []
    stretches: list[Stretch] = []
    at = 0
    for first, end in pairwise(edges):
        while at < len(waiting) and waiting[at].boot_first <= first:
            heappush(covering, (-waiting[at].upper, waiting[at].boot_last))
            at += 1
        while covering and covering[0][1] < first:
            heappop(covering)
        if covering:
            stretches.append(Stretch(first, end, -covering[0][0]))
    return tuple(stretches)
