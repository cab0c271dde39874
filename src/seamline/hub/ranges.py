"""Half-open ranges of sequence numbers, and their arithmetic.

`Ranges` are ascending, disjoint, never empty and never adjacent: `((0, 3), (7, 9))` is 0, 1, 2, 7, 8.
Every function takes and returns that form; `normal` makes it from anything.
"""

from collections.abc import Iterable
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]
Ranges: TypeAlias = tuple[Range, ...]


def normal(ranges: Iterable[Range]) -> Ranges:
    """Sort, drop what is empty, join what overlaps or touches."""
    joined: list[Range] = []
    for first, end in sorted(ranges):
        if first >= end:
            continue
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return tuple(joined)


def union(one: Ranges, other: Ranges) -> Ranges:
    """What is in either."""
    return normal((*one, *other))


def intersect(one: Ranges, other: Ranges) -> Ranges:
    """What is in both."""
    shared: list[Range] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first < end:
            shared.append((first, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(shared)


def subtract(whole: Ranges, part: Ranges) -> Ranges:
    """What is in `whole` and not in `part`."""
    left: list[Range] = []
    j = 0
    for first, end in whole:
        while j < len(part) and part[j][1] <= first:
            j += 1
        at, k = first, j
        while k < len(part) and part[k][0] < end:
            if at < part[k][0]:
                left.append((at, part[k][0]))
            at = max(at, part[k][1])
            k += 1
        if at < end:
            left.append((at, end))
    return tuple(left)


def size(ranges: Ranges) -> int:
    """How many numbers the ranges hold."""
    return sum(end - first for first, end in ranges)
