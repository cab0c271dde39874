"""Dates for whole columns: `timeline.Dating` evaluated by NumPy, and the boots' datings kept in memory for it.

A boot with one anchor piece is four numbers in `Clocks`; one with several is kept as a Dating besides and its piece chosen by
a search. The arithmetic is `timeline`'s, integer by integer; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.hub.anchors import PPM, ROUNDING_MS, drifted_ms
from seamline.hub.decode import I64, Bools
from seamline.hub.ingest.memory import NEVER_MS, Clocks
from seamline.hub.timeline import Dating, Piece, Quality

OPEN_MS: Final = -(1 << 62)
"""Stands for "not known" in a column of lower bounds."""

RECORDS_FEW: Final = 128
"""So many records of boots with several pieces have them looked up one by one: a table of all pieces is dearer to make."""

_NEVER: Final = Piece(NEVER_MS, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates by record. `unix_ms` and `error_ms` count only where `known`."""

    known: Bools
    unix_ms: I64
    error_ms: I64
    quality: I64


def put(clocks: Clocks, slot: int, dating: Dating, many: dict[int, Dating]) -> None:
    """Keep how to date a boot. `many` takes the Dating when it has more than one piece."""
    many.pop(slot, None)
    clocks.pieces[slot] = min(2, len(dating.pieces))
    if dating.pieces:
        piece = dating.pieces[0]
        clocks.at_ms[slot], clocks.unix_ms[slot] = piece.at_ms, piece.unix_ms
        clocks.uncertainty_ms[slot] = piece.uncertainty_ms
    if len(dating.pieces) > 1:
        many[slot] = dating
    clocks.drift_ppm[slot], clocks.error_max_ms[slot] = dating.drift_ppm, dating.error_max_ms
    clocks.began_after_ms[slot] = OPEN_MS if dating.began_after_ms is None else dating.began_after_ms
    clocks.ended_before_ms[slot] = NEVER_MS if dating.ended_before_ms is None else dating.ended_before_ms
    if dating.began_before_ms is not None:
        clocks.began_before_ms[slot] = min(int(clocks.began_before_ms[slot]), dating.began_before_ms)
    clocks.uptime_ms[slot] = max(int(clocks.uptime_ms[slot]), dating.uptime_ms)
    clocks.known[slot] = True


def hear(clocks: Clocks, slots: I64, uptime_ms: I64, arrival_ms: I64) -> None:
    """Note that something of `uptime_ms` was received at `arrival_ms`, entry by entry (`timeline.heard`)."""
    np.minimum.at(clocks.began_before_ms, slots, arrival_ms - uptime_ms)
    np.maximum.at(clocks.uptime_ms, slots, uptime_ms)
    np.minimum.at(clocks.first_ms, slots, arrival_ms)
    np.maximum.at(clocks.last_ms, slots, arrival_ms)
    clocks.dirty[slots] = True


def date(clocks: Clocks, many: Mapping[int, Dating], slots: I64, uptime_ms: I64, arrival_ms: I64) -> Dates:
    """Date records by their boots' slots. Uptimes and arrivals in ms."""
    pieces = clocks.pieces[slots]
    at_ms, unix_ms = clocks.at_ms[slots], clocks.unix_ms[slots]
    uncertainty_ms, drift = clocks.uncertainty_ms[slots], clocks.drift_ppm[slots]
    if (pieces == 2).any():
        inside = np.flatnonzero(pieces == 2)
        at_ms[inside], unix_ms[inside], uncertainty_ms[inside] = _chosen(many, slots[inside], uptime_ms[inside])
    distance = uptime_ms - at_ms
    told, error = unix_ms + distance, uncertainty_ms + _drifted(distance, drift) + ROUNDING_MS
    by_line = (pieces > 0) & (told - error <= arrival_ms)
    quality = np.where(error <= clocks.error_max_ms[slots], int(Quality.SYNCED), int(Quality.ANCHORED))
    if by_line.all():
        return Dates(by_line, np.minimum(told, arrival_ms), error, quality)
    low, high = _bounds(clocks, slots, uptime_ms, arrival_ms)
    closed = (low > OPEN_MS // 2) & (low <= high)
    middle = (low + high) // 2
    return Dates(
        known=by_line | closed,
        unix_ms=np.where(by_line, np.minimum(told, arrival_ms), middle),
        error_ms=np.where(by_line, error, high - middle),
        quality=np.where(by_line, quality, int(Quality.BOUNDED)),
    )


def told(clocks: Clocks, many: Mapping[int, Dating], slot: int, uptime_ms: int, arrival_ms: int) -> tuple[int, int] | None:
    """What `date` says of one record of a boot with an anchor, as (Unix ms, error ms): most have one, and a column of one is dear.

    None where the boot has none, or the piece in force does not hold.
    """
    pieces = clocks.pieces.item(slot)
    if not pieces:
        return None
    if pieces == 1:
        distance_ms = uptime_ms - clocks.at_ms.item(slot)
        error_ms = clocks.uncertainty_ms.item(slot) + drifted_ms(distance_ms, clocks.drift_ppm.item(slot)) + ROUNDING_MS
        found = (clocks.unix_ms.item(slot) + distance_ms, error_ms)
    else:
        found = many[slot].told(uptime_ms)
    if found is None or found[0] - found[1] > arrival_ms:
        return None
    return min(found[0], arrival_ms), found[1]


def _bounds(clocks: Clocks, slots: I64, uptime_ms: I64, arrival_ms: I64) -> tuple[I64, I64]:
    """The earliest and latest a record can have been made, from the neighbouring boots and its arrival."""
    drift, heard_ms = clocks.drift_ppm[slots], clocks.uptime_ms[slots]
    low = clocks.began_after_ms[slots] + uptime_ms - _drifted(uptime_ms, drift)
    high = np.minimum(arrival_ms, clocks.began_before_ms[slots] + uptime_ms + _drifted(np.maximum(uptime_ms, heard_ms), drift))
    left = np.maximum(0, heard_ms - uptime_ms)
    ended = clocks.ended_before_ms[slots]
    return low, np.where(ended == NEVER_MS, high, np.minimum(high, ended - left + _drifted(left, drift)))


def _drifted(distance_ms: I64, drift_ppm: I64) -> I64:
    """`anchors.drifted_ms` by column: rounded up."""
    return -(-np.abs(distance_ms) * drift_ppm // PPM)


def _chosen(many: Mapping[int, Dating], slots: I64, uptime_ms: I64) -> tuple[I64, I64, I64]:
    """The piece in force of each boot at each uptime: (at_ms, unix_ms, uncertainty_ms)."""
    if len(slots) <= RECORDS_FEW:
        each = [many[slot].piece(at_ms) for slot, at_ms in zip(slots.tolist(), uptime_ms.tolist(), strict=True)]
        found = np.array(each, np.int64)
        return found[:, 1], found[:, 2], found[:, 3]
    boots, which = np.unique(slots, return_inverse=True)
    pieces = [many[slot].pieces for slot in boots.tolist()]
    most = max(map(len, pieces))
    table = np.array([[*own, *[_NEVER] * (most - len(own))] for own in pieces], np.int64)  # boots x pieces x members of Piece
    begun = table[:, :, 0][which] <= uptime_ms[:, np.newaxis]
    chosen = table[which, np.maximum(np.count_nonzero(begun, axis=1) - 1, 0)]
    return chosen[:, 1], chosen[:, 2], chosen[:, 3]
