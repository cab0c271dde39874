"""Holds between what the hub takes each boot to lie, by the boots before and after it, against when the device really booted.

A record of a boot without an anchor is dated by these bounds alone, and few boots have such records when it matters; so all boots are
looked at, at the end, by what the tables then say of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from seamline.hub.anchors import Tie, Why
from seamline.hub.clock_store import SOURCES
from seamline.hub.timeline import Segment, anchored, datings
from seamline.rig.world.audit import ROUNDING_MS
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_rows import AnchorRow, BootRow
from seamline.rig.world.truth import DeviceTruth

Incarnation = tuple[int, int]
"""(device number, incarnation)"""


class BootAudit:
    """The boots of one world. `index_of`: which device has a number in the hub."""

    def __init__(self, tables: Tables, truths: Sequence[DeviceTruth], index_of: Callable[[int], int]) -> None:
        self._tables: Final = tables
        self._truths: Final = truths
        self._index_of: Final = index_of

    def bounded(self) -> None:
        """Raise BrokenPromise where a boot began before it is said to, or measured after it is said to have ended."""
        for (number, incarnation), (rows, anchors) in self._known().items():
            index = self._index_of(number)
            truth = self._truths[index]
            beginnings_us = truth.began_us
            for boot, dating in datings(_segments(rows, anchors), truth.drift_ppm, 0).items():
                began_us = beginnings_us.get((incarnation, boot))
                if began_us is None:
                    continue
                began_ms, after_ms, before_ms = unix_ms(began_us), dating.began_after_ms, dating.ended_before_ms
                if after_ms is not None and began_ms < after_ms - ROUNDING_MS:
                    what = f"boot {boot} began {after_ms - began_ms} ms before it is said to, by the boots before it"
                    raise BrokenPromise("dates", what, index)
                newest_ms = max(began_ms, unix_ms(truth.newest_us(incarnation, boot)))
                if before_ms is not None and newest_ms > before_ms + ROUNDING_MS:
                    what = f"boot {boot} went on for {newest_ms - before_ms} ms after it is said to have ended, by the boots after it"
                    raise BrokenPromise("dates", what, index)

    def _known(self) -> Mapping[Incarnation, tuple[list[BootRow], list[AnchorRow]]]:
        """What the tables say, by incarnation: rows that are there anyway, for a fleet has a hundred thousand of them."""
        found: dict[Incarnation, tuple[list[BootRow], list[AnchorRow]]] = {}
        for row in self._tables.boot.rows.values():
            found.setdefault((row.device_no, row.incarnation), ([], []))[0].append(row)
        for anchor in self._tables.anchor.rows.values():
            if anchor.accepted or anchor.why == Why.DISAGREES:
                found.setdefault((anchor.device_no, anchor.incarnation), ([], []))[1].append(anchor)
        return found


def _segments(rows: Sequence[BootRow], anchors: Sequence[AnchorRow]) -> Mapping[int, Segment]:
    """The boots of an incarnation as `clock_store.segments_of` reads them, all of them."""
    found = {row.boot: Segment((), row.began_before_ms, row.uptime_ms or 0) for row in rows}
    ties: dict[int, list[Tie]] = {}
    for anchor in anchors:
        tie = Tie(anchor.at_ms, anchor.unix_ms, SOURCES[anchor.source], anchor.uncertainty_ms)
        ties.setdefault(anchor.boot, []).append(tie)
    for boot, own in ties.items():
        found[boot] = anchored(found.get(boot, Segment()), *own)
    return found
