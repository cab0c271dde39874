import pytest

from seamline.hub.anchors import Tie
from seamline.hub.inputs import Source
from seamline.hub.timeline import (
    Date,
    Piece,
    Quality,
    Segment,
    affected,
    anchored,
    datings,
    heard,
    revised,
)

T0 = 1_763_000_000_000
PPM = 50
ERROR_MAX_MS = 2_000
LONG_AFTER_MS = T0 + 10**10


def one(segment):
    return datings({1: segment}, PPM, ERROR_MAX_MS)[1]


def tie(at_ms, uncertainty_ms=50, error_ms=0, source=Source.HUB):
    return Tie(at_ms, T0 + at_ms + error_ms, source, uncertainty_ms)


def test_a_record_near_an_anchor_is_synced_and_far_from_it_only_anchored():
    dating = one(anchored(Segment(), tie(10_000)))
    assert dating.date(10_000, LONG_AFTER_MS) == Date(T0 + 10_000, 51, Quality.SYNCED)
    assert dating.date(0, LONG_AFTER_MS) == Date(T0, 52, Quality.SYNCED)
    far = dating.date(50_000_000, LONG_AFTER_MS)
    assert (far.unix_ms, far.quality) == (T0 + 50_000_000, Quality.ANCHORED)


def test_each_record_is_dated_by_the_anchor_with_the_smallest_error():
    dating = one(anchored(anchored(Segment(), tie(0, 50)), tie(10_000_000, 150)))
    assert dating.pieces == (Piece(0, 0, T0, 50), Piece(6_000_001, 10_000_000, T0 + 10_000_000, 150))
    for uptime_ms in range(0, 12_000_000, 99_999):
        best = min(50 + uptime_ms * PPM / 1e6, 150 + abs(uptime_ms - 10_000_000) * PPM / 1e6)
        assert abs(dating.date(uptime_ms, LONG_AFTER_MS).error_ms - best) <= 2


def test_an_anchor_that_another_beats_everywhere_dates_nothing():
    assert len(one(anchored(anchored(Segment(), tie(0, 50)), tie(1_000, 50_000))).pieces) == 1
    still = datings({1: anchored(anchored(Segment(), tie(0, 50)), tie(10**9, 50))}, 0, ERROR_MAX_MS)[1]
    assert len(still.pieces) == 1


def test_no_record_is_dated_after_its_arrival():
    dating = one(anchored(Segment(), tie(0, 500)))
    assert dating.date(1_000, T0 + 800) == Date(T0 + 800, 502, Quality.SYNCED)


def test_an_anchor_that_a_record_s_arrival_refutes_does_not_date_it():
    dating = one(anchored(Segment(), tie(0, 500)))
    assert dating.date(10_000, T0 + 800) == Date(None, None, Quality.BOUNDED)


def test_without_any_anchor_nothing_is_known_but_the_arrival():
    assert one(heard(Segment(), 5_000, T0)).date(1_000, T0) == Date(None, None, Quality.BOUNDED)


def test_a_boot_without_anchors_is_bounded_by_its_neighbours():
    before = heard(anchored(Segment(), tie(0, 0)), 100_000, T0 + 100_000)
    between = heard(Segment(), 60_000, LONG_AFTER_MS)
    after = anchored(Segment(), Tie(0, T0 + 300_000, Source.HUB, 0))
    dating = datings({1: before, 2: between, 3: after}, PPM, ERROR_MAX_MS)[2]
    date = dating.date(0, LONG_AFTER_MS)
    assert date.quality is Quality.BOUNDED
    assert date.unix_ms - date.error_ms <= T0 + 100_000
    assert T0 + 239_990 <= date.unix_ms + date.error_ms <= T0 + 240_010
    late = dating.date(90_000, LONG_AFTER_MS)
    assert late.unix_ms + late.error_ms <= T0 + 300_005


def test_bounds_reach_over_boots_that_have_no_anchor_either():
    before = heard(anchored(Segment(), tie(0, 0)), 10_000, T0 + 10_000)
    quiet = Segment(uptime_ms=50_000)
    after = anchored(Segment(), Tie(0, T0 + 300_000, Source.HUB, 0))
    boots = {1: before, 2: quiet, 3: quiet, 4: after, 5: quiet}
    found = datings(boots, PPM, ERROR_MAX_MS)
    assert found[3].began_after_ms - found[2].began_after_ms == 50_000 - 3
    assert found[3].ended_before_ms - found[2].ended_before_ms == 50_000 - 3
    assert (found[5].ended_before_ms, found[1].began_after_ms) == (None, None)


def test_the_receipt_of_a_birth_bounds_its_boot():
    before = anchored(Segment(), tie(0, 0))
    born = heard(heard(Segment(), 2_000, T0 + 500_000), 9_000, T0 + 600_000)
    assert (born.began_before_ms, born.uptime_ms) == (T0 + 498_000, 9_000)
    date = datings({1: before, 2: born}, PPM, ERROR_MAX_MS)[2].date(1_000, LONG_AFTER_MS)
    assert date.unix_ms + date.error_ms == T0 + 499_001


def test_bounds_that_contradict_leave_the_date_open():
    before = heard(anchored(Segment(), tie(0, 0)), 100_000, T0 + 100_000)
    dating = datings({1: before, 2: Segment()}, PPM, ERROR_MAX_MS)[2]
    assert dating.date(0, T0).unix_ms is None


def test_an_anchor_dates_its_boot_and_its_unanchored_neighbours_anew():
    boots = {1: anchored(Segment(), tie(0)), 2: Segment(), 3: heard(Segment(), 10, LONG_AFTER_MS)}
    before = datings(boots, PPM, ERROR_MAX_MS)
    after = datings(boots | {3: anchored(boots[3], Tie(0, T0 + 10**6, Source.NTP, 5))}, PPM, ERROR_MAX_MS)
    assert affected(before, after) == (2, 3)
    assert affected(after, after) == ()
    assert affected({}, after) == (1, 2, 3)


@pytest.mark.parametrize(
    ("old", "new", "gives_way"),
    [
        (Date(None, None, Quality.BOUNDED), Date(T0, 5, Quality.BOUNDED), True),
        (Date(None, None, Quality.BOUNDED), Date(None, None, Quality.BOUNDED), False),
        (Date(T0, 5, Quality.SYNCED), Date(None, None, Quality.BOUNDED), False),
        (Date(T0, 500, Quality.BOUNDED), Date(T0 + 400, 300, Quality.BOUNDED), False),
        (Date(T0, 500, Quality.BOUNDED), Date(T0 + 400, 300, Quality.ANCHORED), True),
        (Date(T0, 50, Quality.SYNCED), Date(T0 + 51, 300, Quality.ANCHORED), True),
        (Date(T0, 50, Quality.SYNCED), Date(T0 - 50, 10, Quality.SYNCED), False),
    ],
)
def test_a_stored_date_gives_way_only_to_a_better_class_or_beyond_its_bound(old, new, gives_way):
    assert revised(old, new) is gives_way
