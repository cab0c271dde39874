"""When was it? Unix time of any uptime of any boot, with an error bound and a quality, from whatever is known by now.

A boot with accepted anchors has a *line*: at each uptime the anchor with the smallest error (its uncertainty plus drift times distance)
gives the date. A boot without is *bounded*: it began after everything known to have happened in earlier boots, it ended before
everything in later ones, and no record was made after it arrived. Where only one side is known the date stays open (None): an
arrival is not a measurement. Nothing is dated after its arrival, and nothing is dated by an anchor that was not believable.

`datings(segments, …)` works out one `Dating` for each boot of an incarnation. A Dating is plain integers, so that a driver may
evaluate it for columns: the piece in force at uptime u is the last with `start_ms <= u`; then

    unix  = min(unix_ms + (u - at_ms), arrival)
    error = uncertainty_ms + ceil(|u - at_ms| * drift_ppm / 10**6) + 1

and, should `unix_ms + (u - at_ms) - error > arrival`, the record is bounded instead. Without pieces, with d(x) = ceil(|x| * drift_ppm / 10**6):

    low   = began_after_ms + u - d(u)                                                     (open when began_after_ms is None)
    high  = min(arrival, began_before_ms + u + d(max(u, uptime_ms)), ended_before_ms - max(0, uptime_ms - u) + d(max(0, uptime_ms - u)))
    unix  = (low + high) // 2, error = high - unix        (None, None when low is open or low > high)

Quality: synced when error <= error_max_ms, else anchored; bounded without a line.
"""

from bisect import bisect_right
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from seamline.hub.anchors import CACHED, PPM, ROUNDING_MS, Tie, accepted, drifted_ms, thin


class Quality(IntEnum):
    """How a date is known; higher is better."""

    BOUNDED = 0
    """From neighbouring boots and its arrival only."""
    ANCHORED = 1
    """By an anchor, with an error above the contract's `error_max`."""
    SYNCED = 2
    """By an anchor, within `error_max`."""


class Date(NamedTuple):
    """When a record was made: Unix ms and the bound of its error, or None, None when nothing is known but the arrival."""

    unix_ms: int | None
    error_ms: int | None
    quality: Quality


class Segment(NamedTuple):
    """What is known of the clock of one boot.

    `began_before_ms` is the least of arrival - uptime over all that was received (Unix ms); `uptime_ms` the highest uptime heard of.
    """

    anchors: tuple[Tie, ...] = ()
    began_before_ms: int | None = None
    uptime_ms: int = 0


class Piece(NamedTuple):
    """From uptime `start_ms` on, the anchor (at_ms, unix_ms, uncertainty_ms) is the best."""

    start_ms: int
    at_ms: int
    unix_ms: int
    uncertainty_ms: int


class Dating(NamedTuple):
    """How to date the records of one boot (see the module). `pieces` ascend; the first starts at uptime 0."""

    drift_ppm: int
    error_max_ms: int
    uptime_ms: int
    pieces: tuple[Piece, ...] = ()
    began_after_ms: int | None = None
    began_before_ms: int | None = None
    ended_before_ms: int | None = None

    def date(self, uptime_ms: int, arrival_ms: int) -> Date:
        """The date of a record made at `uptime_ms` that arrived at `arrival_ms`."""
        told = self.told(uptime_ms)
        if told is None or told[0] - told[1] > arrival_ms:
            return self._bounded(uptime_ms, arrival_ms)
        unix_ms, error_ms = told
        quality = Quality.SYNCED if error_ms <= self.error_max_ms else Quality.ANCHORED
        return Date(min(unix_ms, arrival_ms), error_ms, quality)

    def told(self, uptime_ms: int) -> tuple[int, int] | None:
        """(Unix ms, error ms) by the best anchor, or None without one."""
        if not self.pieces:
            return None
        piece = self.piece(uptime_ms)
        distance_ms = uptime_ms - piece.at_ms
        return piece.unix_ms + distance_ms, piece.uncertainty_ms + drifted_ms(distance_ms, self.drift_ppm) + ROUNDING_MS

    def piece(self, uptime_ms: int) -> Piece:
        """The piece in force at an uptime. There is one."""
        pieces = self.pieces
        return pieces[0] if len(pieces) == 1 else pieces[bisect_right(pieces, uptime_ms, key=_start_ms) - 1]

    def _bounded(self, uptime_ms: int, arrival_ms: int) -> Date:
        if self.began_after_ms is None:
            return Date(None, None, Quality.BOUNDED)
        low_ms = self.began_after_ms + uptime_ms - drifted_ms(uptime_ms, self.drift_ppm)
        high_ms = min([arrival_ms, *self._highs(uptime_ms)])
        if low_ms > high_ms:
            return Date(None, None, Quality.BOUNDED)
        unix_ms = (low_ms + high_ms) // 2
        return Date(unix_ms, high_ms - unix_ms, Quality.BOUNDED)

    def _highs(self, uptime_ms: int) -> list[int]:
        highs = [self.began_before_ms + uptime_ms] if self.began_before_ms is not None else []
        highs = [high_ms + drifted_ms(max(uptime_ms, self.uptime_ms), self.drift_ppm) for high_ms in highs]
        if self.ended_before_ms is not None:
            left_ms = max(0, self.uptime_ms - uptime_ms)
            highs.append(self.ended_before_ms - left_ms + drifted_ms(left_ms, self.drift_ppm))
        return highs


def heard(segment: Segment, uptime_ms: int, arrival_ms: int) -> Segment:
    """Something sent at `uptime_ms` was received at `arrival_ms` (a birth, a frame whose last record has that uptime)."""
    began_before_ms = arrival_ms - uptime_ms
    if segment.began_before_ms is not None:
        began_before_ms = min(began_before_ms, segment.began_before_ms)
    return segment._replace(began_before_ms=began_before_ms, uptime_ms=max(segment.uptime_ms, uptime_ms))


def anchored(segment: Segment, *ties: Tie) -> Segment:
    """The segment with more vetted anchors."""
    uptime_ms = max(segment.uptime_ms, *[tie.at_ms for tie in ties])
    return Segment(thin((*segment.anchors, *ties)), segment.began_before_ms, uptime_ms)


def datings(segments: Mapping[int, Segment], drift_ppm: int, error_max_ms: int) -> Mapping[int, Dating]:
    """How to date each boot of one incarnation, given every boot of it that is known (keys are boot numbers)."""
    plain = {
        boot: Dating(
            drift_ppm,
            error_max_ms,
            segment.uptime_ms,
            pieces=_pieces(segment.anchors, drift_ppm) if segment.anchors else (),
            began_before_ms=segment.began_before_ms,
        )
        for boot, segment in segments.items()
    }
    return _before_later_boots(_after_earlier_boots(plain))


def affected(before: Mapping[int, Dating], after: Mapping[int, Dating]) -> tuple[int, ...]:
    """The boots whose records are to be dated anew after an anchor came: other pieces, or other bounds where there are none."""
    return tuple(sorted(boot for boot, dating in after.items() if boot not in before or _differ(before[boot], dating)))


def revised(old: Date, new: Date) -> bool:
    """Whether a stored date gives way: its quality class improves, it was open, or it moved beyond its bound."""
    if new.unix_ms is None:
        return False
    if old.unix_ms is None or old.error_ms is None:
        return True
    return new.quality > old.quality or abs(new.unix_ms - old.unix_ms) > old.error_ms


def _after_earlier_boots(plain: Mapping[int, Dating]) -> dict[int, Dating]:
    """A boot began after the last thing known of each earlier one."""
    after_ms: int | None = None
    bounded: dict[int, Dating] = {}
    for boot in sorted(plain):
        dating = plain[boot]._replace(began_after_ms=after_ms)
        bounded[boot] = dating
        told = dating.told(dating.uptime_ms)
        if told is not None:
            after_ms = _highest(after_ms, told[0] - told[1])
        elif after_ms is not None:
            after_ms += dating.uptime_ms - drifted_ms(dating.uptime_ms, dating.drift_ppm)
    return bounded


def _before_later_boots(plain: Mapping[int, Dating]) -> dict[int, Dating]:
    """A boot ended before each later one began."""
    before_ms: int | None = None
    bounded: dict[int, Dating] = {}
    for boot in sorted(plain, reverse=True):
        dating = plain[boot]._replace(ended_before_ms=before_ms)
        bounded[boot] = dating
        drift_ms = drifted_ms(dating.uptime_ms, dating.drift_ppm)
        begins: list[int] = [] if before_ms is None else [before_ms - dating.uptime_ms + drift_ms]
        told = dating.told(0)
        if told is not None:
            begins.append(told[0] + told[1])
        if dating.began_before_ms is not None:
            begins.append(dating.began_before_ms + drift_ms)
        before_ms = min(begins, default=None)
    return bounded


@lru_cache(maxsize=CACHED)
def _pieces(anchors: tuple[Tie, ...], drift_ppm: int) -> tuple[Piece, ...]:
    """Which anchor is the best from which uptime on: the lower envelope of uncertainty + drift * distance."""
    ties = accepted(anchors, drift_ppm)
    if len(ties) == 1:
        return (Piece(0, *ties[0][:2], ties[0].uncertainty_ms),)
    best = [tie for tie in ties if not any(_covers(other, tie, drift_ppm) for other in ties)]
    best.sort(key=lambda tie: tie.at_ms)
    pieces: list[Piece] = []
    for at, tie in enumerate(best):
        start_ms = _meets(best[at - 1], tie, drift_ppm) if at else 0
        pieces.append(Piece(start_ms, tie.at_ms, tie.unix_ms, tie.uncertainty_ms))
    return tuple(pieces)


def _covers(one: Tie, other: Tie, drift_ppm: int) -> bool:
    """Whether `one` is at least as good as `other` everywhere, and comes first where they are equal."""
    reach = (other.uncertainty_ms - one.uncertainty_ms) * PPM - drift_ppm * abs(one.at_ms - other.at_ms)
    return reach > 0 or (reach == 0 and one.rank < other.rank)


def _meets(left: Tie, right: Tie, drift_ppm: int) -> int:
    """The first uptime at which `right` has the smaller error. Neither covers the other, so drift is not 0."""
    twice = (right.uncertainty_ms - left.uncertainty_ms) * PPM + drift_ppm * (left.at_ms + right.at_ms)
    return twice // (2 * drift_ppm) + 1


def _start_ms(piece: Piece) -> int:
    return piece.start_ms


def _differ(one: Dating, other: Dating) -> bool:
    if one.pieces or other.pieces:
        return one.pieces != other.pieces
    return (one.began_after_ms, one.ended_before_ms) != (other.began_after_ms, other.ended_before_ms)


def _highest(one: int | None, other: int) -> int:
    return other if one is None else max(one, other)
