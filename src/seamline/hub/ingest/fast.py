"""The ledger's fast path by NumPy: frames that continue their key's run exactly (rule in `hub.ledger`), thousands at once.

Frames are grouped by key; a group whose first frame begins at the mark of a plain row, and whose frames follow each other
without a hole, moves the row's mark to its end. All other groups send their whole device to the scalar path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seamline.hub.decode import I64, Bools
from seamline.hub.ingest.judge import DECLINED, QUARANTINED, Judged
from seamline.hub.ingest.memory import Keys


@dataclass(frozen=True, slots=True)
class Grouped:
    """Accountable frames sorted by key, in the stream's order within each. A group is at start..last in `order`."""

    order: I64  # indices into the judged frames
    start: I64
    last: I64
    of: I64  # the group of each ordered frame
    key: I64  # slot in Keys, by group
    first: I64  # by ordered frame
    end: I64

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class Moves:
    """Ledger rows moved by the fast path, by key slot: the new mark and what is added to each class."""

    key: I64
    mark: I64
    stored: I64
    quarantined: I64
    declined: I64
    arrival_us: I64
    frames: I64  # the judged frames taken whole

    def __len__(self) -> int:
        return len(self.key)


def group(judged: Judged, keys: Keys) -> Grouped:
    """Sort the accountable frames by key and find each key's slot."""
    chosen = np.flatnonzero(judged.accountable)
    head = judged.frames.head[chosen]
    device, channel = judged.device[chosen], head["channel"].astype(np.int64)
    incarnation, boot = head["incarnation"].astype(np.int64), head["boot"].astype(np.int64)
    high, low = device << 8 | channel, incarnation << 32 | boot
    order = np.lexsort((low, high))  # stable: the stream's order stays within a key
    high, low = high[order], low[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    start = np.flatnonzero(new)
    last = np.empty_like(start)
    last[:-1], last[-1] = start[1:] - 1, len(order) - 1
    heads = order[start]
    slots = keys.slots(device[heads], incarnation[heads], boot[heads], channel[heads])
    first = head["first"].astype(np.int64)[order]
    return Grouped(chosen[order], start, last, np.cumsum(new) - 1, slots, first, first + head["count"].astype(np.int64)[order])


def plain(grouped: Grouped, keys: Keys) -> Bools:
    """Which groups the fast path may take."""
    broken = np.zeros(len(grouped.order), np.int64)
    broken[1:] = grouped.first[1:] != grouped.end[:-1]
    broken[grouped.start] = grouped.first[grouped.start] != keys.mark[grouped.key]
    return (np.add.reduceat(broken, grouped.start) == 0) & keys.plain[grouped.key]


def move(judged: Judged, grouped: Grouped, taken: Bools) -> Moves:
    """Account the taken groups: their frames are accepted whole."""
    frames = grouped.order[taken[grouped.of]]
    counts = judged.frames.head["count"].astype(np.int64)
    verdict = judged.verdict
    whole_bad = verdict == QUARANTINED
    declined = np.where(verdict == DECLINED, counts, 0)
    quarantined = np.where(whole_bad, counts, np.where(verdict == DECLINED, 0, judged.bad))
    columns = (counts - quarantined - declined, quarantined, declined)
    stored, quarantined, declined = (np.add.reduceat(column[grouped.order], grouped.start) for column in columns)
    arrival = np.maximum.reduceat(judged.arrival_us[grouped.order], grouped.start)
    return Moves(
        key=grouped.key[taken],
        mark=grouped.end[grouped.last][taken],
        stored=stored[taken],
        quarantined=quarantined[taken],
        declined=declined[taken],
        arrival_us=arrival[taken],
        frames=frames,
    )


def accept(judged: Judged, frames: I64) -> None:
    """Mark every record of these frames as fresh."""
    for index, found in enumerate(judged.groups):
        inside = np.zeros(len(judged), np.bool_)
        inside[frames[judged.group[frames] == index]] = True
        found.accepted |= inside[found.run.frame]
