"""Anchors: vetted against the time of receipt, judged against each other, thinned.

An anchor says: at uptime `at_ms` it was `unix_ms`, give or take `uncertainty_ms`. It came in a message sent at a later uptime and received
at a known time, so it foretells its own receipt. What misses by more than the tolerances is refused with a reason; it is kept on
record, but dates nothing. A GNSS receiver after a week rollover is off by whole periods of 1,024 weeks: refused as well and never
corrected, since a guess about a broken receiver would look like a measurement and the session gives a good time anyway.

Of anchors that contradict each other beyond their uncertainties and the drift between them, the more trusted source stands, then the
smaller uncertainty, then the later word (wall clocks get corrected, not uncorrected). The outcome depends on the set alone, not on the
order of arrival. The wall clock's own steps do not matter: everything is tied to uptime.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from seamline.hub.inputs import Anchor, Source

PPM: Final = 1_000_000
ROUNDING_MS: Final = 1
"""Both uptimes of a distance are cut to whole ms."""
GNSS_PERIOD_MS: Final = 1024 * 7 * 86_400_000
"""The week number of GPS L1 C/A has 10 bits (IS-GPS-200, 20.3.3.3.1.1)."""
FLOOR_UNIX_MS: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z: before Seamline existed; a clock that shows less was never set."""
ANCHORS_NEWEST: Final = 16
"""Anchors of a boot that are kept because they are the newest."""
BUCKETS_MAX: Final = 64
"""Stretches of uptime of which the best anchor is kept besides."""
BUCKET_MS: Final = 3_600_000
"""The shortest stretch; it doubles until BUCKETS_MAX cover the boot."""
CACHED: Final = 4_096
"""Boots whose contradictions are settled and remembered."""

_TRUST: Final = {Source.HUB: 0, Source.GNSS: 1, Source.NTP: 1, Source.RTC: 2}
"""The hub's time came over the authenticated session; GNSS and NTP can be wrong or lied to; a battery clock drifts for years."""


class Why(StrEnum):
    """Why an anchor dates nothing."""

    GNSS_ROLLOVER = "gnss_rollover"
    """Off by whole periods of 1,024 weeks."""
    DEAD_CLOCK = "dead_clock"
    """A date before Seamline existed: 1970, 1980, 2000 …"""
    FUTURE = "future"
    """Later than its own receipt."""
    PAST = "past"
    """Earlier than its receipt by more than a message can have been under way."""
    UPTIME_AHEAD = "uptime_ahead"
    """Tied to an uptime after the one it was sent at."""
    DISAGREES = "disagrees"
    """Contradicts a better anchor of the same boot."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far an anchor may miss its receipt, ms. `future_ms`: the hub's own clock; `past_ms`: a message's time under way."""

    future_ms: int = 5_000
    past_ms: int = 600_000


class Tie(NamedTuple):
    """An anchor's content: uptime, Unix time, source, uncertainty."""

    at_ms: int
    unix_ms: int
    source: Source
    uncertainty_ms: int

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """Sorts the better anchor first; total, so that equal sets give equal results."""
        return (_TRUST[self.source], self.uncertainty_ms, -self.at_ms, self.unix_ms, self.source)


class Verdict(NamedTuple):
    """What became of an anchor; `why` is None for one that is accepted."""

    tie: Tie
    why: Why | None

    @property
    def accepted(self) -> bool:
        """Whether it dates records."""
        return self.why is None


def tie_of(anchor: Anchor) -> Tie:
    """The content of an anchor message."""
    return Tie(anchor.at_ms, anchor.unix_ms, anchor.source, anchor.uncertainty_ms)


def drifted_ms(distance_ms: int, drift_ppm: int) -> int:
    """How far the uptime may have run off over a distance, rounded up."""
    return -(-abs(distance_ms) * drift_ppm // PPM)


def vet(anchor: Anchor, received_ms: int, drift_ppm: int, tolerance: Tolerance) -> Why | None:
    """Compare an anchor with the time of its receipt (arrival at the broker); None when it is believable."""
    under_way_ms = anchor.uptime_ms - anchor.at_ms
    if under_way_ms < 0:
        return Why.UPTIME_AHEAD
    error_ms = anchor.uncertainty_ms + drifted_ms(under_way_ms, drift_ppm) + ROUNDING_MS
    lag_ms = received_ms - (anchor.unix_ms + under_way_ms)
    periods = round(lag_ms / GNSS_PERIOD_MS)
    rest_ms = lag_ms - periods * GNSS_PERIOD_MS
    if periods and -tolerance.future_ms - error_ms <= rest_ms <= tolerance.past_ms + error_ms:
        return Why.GNSS_ROLLOVER
    if anchor.unix_ms < FLOOR_UNIX_MS:
        return Why.DEAD_CLOCK
    if lag_ms < -tolerance.future_ms - error_ms:
        return Why.FUTURE
    if lag_ms > tolerance.past_ms + error_ms:
        return Why.PAST
    return None


def judge(ties: Iterable[Tie], drift_ppm: int) -> tuple[Verdict, ...]:
    """Settle contradictions within a boot: a verdict for each anchor, best first. Takes n*n steps: hand in a thinned set."""
    verdicts: list[Verdict] = []
    stand: list[Tie] = []
    for tie in sorted(set(ties), key=lambda tie: tie.rank):
        if all(_agree(tie, other, drift_ppm) for other in stand):
            stand.append(tie)
            verdicts.append(Verdict(tie, None))
        else:
            verdicts.append(Verdict(tie, Why.DISAGREES))
    return tuple(verdicts)


def accepted(ties: Iterable[Tie], drift_ppm: int) -> tuple[Tie, ...]:
    """The anchors of a boot that stand, best first. The same bound as `judge`."""
    ties = tuple(ties)
    return ties if len(ties) < 2 else _standing(ties, drift_ppm)


def against(tie: Tie, standing: Iterable[Tie], drift_ppm: int) -> Why | None:
    """Why an anchor, thinned out or not, does not stand beside those that do; None when it does."""
    better = (other for other in standing if other.rank < tie.rank)
    return None if all(_agree(tie, other, drift_ppm) for other in better) else Why.DISAGREES


def thin(ties: Iterable[Tie]) -> tuple[Tie, ...]:
    """At most ANCHORS_NEWEST + BUCKETS_MAX anchors: the newest, and the best of each stretch of uptime.

    Thinning as anchors come gives the same as thinning them all at once.
    """
    apart = set(ties)
    if len({tie.at_ms for tie in apart}) == len(apart):
        everything = sorted(apart)  # a tie begins with its time
    else:
        everything = sorted(apart, key=lambda tie: (tie.at_ms, *tie.rank))
    if len(everything) <= ANCHORS_NEWEST:
        return tuple(everything)
    bucket_ms = BUCKET_MS
    while everything[-1].at_ms // bucket_ms >= BUCKETS_MAX:
        bucket_ms *= 2
    best: dict[int, Tie] = {}
    for tie in everything:
        held = best.get(tie.at_ms // bucket_ms)
        if held is None or tie.rank < held.rank:
            best[tie.at_ms // bucket_ms] = tie
    kept = {*best.values(), *everything[-ANCHORS_NEWEST:]}
    return tuple(tie for tie in everything if tie in kept)


@lru_cache(maxsize=CACHED)
def _standing(ties: tuple[Tie, ...], drift_ppm: int) -> tuple[Tie, ...]:
    """As `accepted`: a boot is looked at before an anchor is taken in, after that, and once more when its rows are dated anew."""
    return tuple(verdict.tie for verdict in judge(ties, drift_ppm) if verdict.accepted)


def _agree(one: Tie, other: Tie, drift_ppm: int) -> bool:
    apart_ms = abs((one.unix_ms - one.at_ms) - (other.unix_ms - other.at_ms))
    slack_ms = drifted_ms(one.at_ms - other.at_ms, drift_ppm) + ROUNDING_MS
    return apart_ms <= one.uncertainty_ms + other.uncertainty_ms + slack_ms
