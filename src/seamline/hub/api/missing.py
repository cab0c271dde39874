"""Which sequence numbers are missing between the readings of a window, and why. Pure functions."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Key(NamedTuple):
    """One run of sequence numbers: they start at 0 in each boot of each incarnation."""

    incarnation: int
    boot: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading that is there: its sequence and date (Unix ms)."""

    seq: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """A range `first`..`first + count - 1` the books know about: class `lost`, `owed` or `quarantined`, and why."""

    key: Key
    first: int
    count: int
    cls: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A missing range and the dates of its neighbours; a null date: nothing was seen on that side."""

    key: Key
    first: int
    count: int
    cls: str
    reason: str | None
    from_ms: int | None
    to_ms: int | None


def owed(key: Key, gaps: Sequence[int], high: int, numbered: int) -> list[Known]:
    """Return what a ledger row still waits for: its flat gap pairs and the tail up to `numbered`."""
    pairs = [*zip(gaps[::2], gaps[1::2], strict=True), (high, numbered)]
    return [Known(key, first, end - first, "owed", None) for first, end in pairs if end > first]


def place(seen: Mapping[Key, Iterable[Seen]], known: Iterable[Known], *, newest: Key | None = None) -> list[Missing]:
    """Date each known range by the readings of its run that are next to it; those of runs without a reading here are left out.

    A range before the first or after the last of these readings has no date on that side.

    The tail of the `newest` key stays although nothing follows it: it is what the device still owes now.
    """
    runs = {key: sorted(readings, key=lambda it: it.seq) for key, readings in seen.items()}
    by_key: defaultdict[Key, list[Known]] = defaultdict(list)
    for item in known:
        by_key[item.key].append(item)
    placed: list[Missing] = []
    for key, items in by_key.items():
        run = runs.get(key, [])
        sequences = [it.seq for it in run]
        for item in sorted(items, key=lambda it: it.first):
            at = bisect_left(sequences, item.first)
            before = run[at - 1].at_ms if at > 0 else None
            after_at = bisect_left(sequences, item.first + item.count)
            after = run[after_at].at_ms if after_at < len(run) else None
            if before is None and after is None:
                continue
            if after is None and key != newest and item.cls == "owed":
                after = before
            placed.append(Missing(key, item.first, item.count, item.cls, item.reason, before, after))
    return placed
