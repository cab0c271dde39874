"""Dates against clocks that are known: a bound holds the truth, the best anchor dates, and bounds come from true neighbours."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings, strategies as st

from seamline.hub.anchors import Tie, accepted, drifted_ms
from seamline.hub.inputs import Source
from seamline.hub.timeline import Date, Dating, Quality, Segment, affected, anchored, datings, heard

T0 = 1_763_000_000_000
PPM = 50
ERROR_MAX_MS = 2_000
LONG_AFTER_MS = T0 + 10**12
HOUR_MS = 3_600_000
UNHURRIED = settings(suppress_health_check=[HealthCheck.too_slow])
"""How long a life takes to draw is the machine's matter."""

UPTIMES = st.integers(0, 40 * HOUR_MS)
TOLD = st.lists(st.tuples(UPTIMES, st.integers(0, 400), st.floats(-1, 1)), min_size=1, max_size=6)


def one(segment, ppm=PPM):
    return datings({1: segment}, ppm, ERROR_MAX_MS)[1]


class Boot:
    """A boot whose clock is known: uptime runs off by `run_ppm` from real time, which began at `began_ms`."""

    def __init__(self, began_ms, run_ppm):
        self.began_ms, self.run_ppm = began_ms, run_ppm

    def unix_ms(self, uptime_ms):
        return self.began_ms + uptime_ms + uptime_ms * self.run_ppm / 10**6

    def tie(self, uptime_ms, uncertainty_ms, off):
        """An anchor that is wrong by the part `off` of its uncertainty."""
        return Tie(uptime_ms, round(self.unix_ms(uptime_ms) + off * uncertainty_ms), Source.NTP, uncertainty_ms)


@given(TOLD, st.floats(-PPM, PPM), st.lists(UPTIMES, min_size=1, max_size=10))
def test_the_true_time_is_within_the_bound_of_every_date(told, run_ppm, uptimes):
    boot = Boot(T0, run_ppm)
    ties = [boot.tie(*each) for each in told]
    assert set(accepted(tuple(ties), PPM)) == set(ties)
    dating = one(anchored(Segment(), *ties))
    for uptime_ms in uptimes:
        date = dating.date(uptime_ms, LONG_AFTER_MS)
        assert abs(date.unix_ms - boot.unix_ms(uptime_ms)) <= date.error_ms
        assert (date.quality is Quality.SYNCED) == (date.error_ms <= ERROR_MAX_MS)


@given(TOLD, st.lists(UPTIMES, min_size=1, max_size=20))
def test_at_each_uptime_no_anchor_that_stands_would_have_a_smaller_error(told, uptimes):
    ties = tuple(Tie(at_ms, T0 + at_ms, Source.NTP, uncertainty_ms) for at_ms, uncertainty_ms, _ in told)
    dating = one(anchored(Segment(), *ties))
    for uptime_ms in uptimes:
        exact = min(tie.uncertainty_ms * 10**6 + abs(uptime_ms - tie.at_ms) * PPM for tie in ties)
        piece = dating.piece(uptime_ms)
        assert piece.uncertainty_ms * 10**6 + abs(uptime_ms - piece.at_ms) * PPM <= exact + 2 * PPM
        told_ms = dating.told(uptime_ms)
        assert told_ms == (T0 + uptime_ms, piece.uncertainty_ms + drifted_ms(uptime_ms - piece.at_ms, PPM) + 1)


@given(TOLD)
def test_pieces_begin_at_zero_ascend_and_each_has_its_own_anchor(told):
    pieces = one(anchored(Segment(), *(Tie(at_ms, T0 + at_ms, Source.NTP, error_ms) for at_ms, error_ms, _ in told))).pieces
    assert pieces[0].start_ms == 0
    assert all(left.start_ms < right.start_ms and left.at_ms < right.at_ms for left, right in pairwise(pieces))


def test_the_piece_in_force_is_the_last_that_has_begun():
    dating = one(anchored(Segment(), Tie(0, T0, Source.NTP, 5), Tie(1_000_000, T0 + 1_000_000, Source.NTP, 5)))
    start_ms = dating.pieces[1].start_ms
    assert start_ms == 500_001
    assert [dating.piece(uptime_ms).at_ms for uptime_ms in (0, start_ms - 1, start_ms, 10**9)] == [0, 0, 1_000_000, 1_000_000]


def test_error_max_itself_is_still_synced():
    dating = one(anchored(Segment(), Tie(0, T0, Source.NTP, ERROR_MAX_MS - 1)))
    assert dating.date(0, LONG_AFTER_MS) == Date(T0, ERROR_MAX_MS, Quality.SYNCED)
    assert dating.date(1, LONG_AFTER_MS) == Date(T0 + 1, ERROR_MAX_MS + 1, Quality.ANCHORED)


def test_an_anchor_holds_for_a_record_that_arrived_at_the_edge_of_its_bound_and_no_earlier():
    dating = one(anchored(Segment(), Tie(0, T0, Source.NTP, 9)))
    assert dating.date(0, T0 - 10) == Date(T0 - 10, 10, Quality.SYNCED)
    assert dating.date(0, T0 - 11) == Date(None, None, Quality.BOUNDED)


# -- neighbours ----------------------------------------------------------------------------------------------------------------


@st.composite
def lives(draw):
    """Boots one after the other, their clocks known; of each what was heard and which anchors came."""
    at_ms, boots, segments = T0, {}, {}
    for number in range(1, draw(st.integers(2, 6))):
        at_ms += draw(st.integers(0, HOUR_MS))
        boot = Boot(at_ms, draw(st.floats(-PPM, PPM)))
        lived_ms = draw(st.integers(0, 2 * HOUR_MS))
        segment = Segment(uptime_ms=lived_ms)
        for uptime_ms, under_way_ms in draw(st.lists(st.tuples(st.integers(0, lived_ms), st.integers(0, HOUR_MS)), max_size=2)):
            segment = heard(segment, uptime_ms, int(boot.unix_ms(uptime_ms)) + 1 + under_way_ms)
        ties = draw(st.lists(st.tuples(st.integers(0, lived_ms), st.integers(0, 300), st.floats(-1, 1)), max_size=2))
        boots[number] = boot
        segments[number] = anchored(segment, *(boot.tie(*each) for each in ties)) if ties else segment
        at_ms = int(boot.unix_ms(lived_ms)) + 1
    return boots, segments


@UNHURRIED
@given(lives(), st.integers(0, 10), st.integers(0, HOUR_MS))
def test_whatever_is_known_of_the_boots_around_it_the_true_time_is_within_every_bound(life, tenth, under_way_ms):
    boots, segments = life
    for number, dating in datings(segments, PPM, ERROR_MAX_MS).items():
        uptime_ms = segments[number].uptime_ms * tenth // 10
        true_ms = boots[number].unix_ms(uptime_ms)
        date = dating.date(uptime_ms, int(true_ms) + 1 + under_way_ms)
        if date.unix_ms is None:
            assert not segments[number].anchors
            assert dating.began_after_ms is None
        else:
            assert abs(date.unix_ms - true_ms) <= date.error_ms + 1


@UNHURRIED
@given(lives())
def test_a_boot_is_dated_anew_exactly_when_its_dates_may_have_changed(life):
    _, segments = life
    after = datings(segments, PPM, ERROR_MAX_MS)
    last = max(segments)
    before = datings({**segments, last: segments[last]._replace(anchors=())}, PPM, ERROR_MAX_MS)
    named = affected(before, after)
    for number, dating in after.items():
        known = [dating.date(uptime_ms, LONG_AFTER_MS) for uptime_ms in (0, segments[number].uptime_ms)]
        was = [before[number].date(uptime_ms, LONG_AFTER_MS) for uptime_ms in (0, segments[number].uptime_ms)]
        assert known == was or number in named
    assert (last in named) == bool(segments[last].anchors)


def test_a_bounded_date_is_the_middle_of_its_bounds():
    dating = Dating(0, ERROR_MAX_MS, 60_000, began_after_ms=T0, began_before_ms=T0 + 1_001, ended_before_ms=T0 + 60_600)
    assert dating.date(0, LONG_AFTER_MS) == Date(T0 + 300, 300, Quality.BOUNDED)
    assert dating.date(60_000, LONG_AFTER_MS) == Date(T0 + 60_300, 300, Quality.BOUNDED)
    assert dating.date(60_000, T0 + 60_101) == Date(T0 + 60_050, 51, Quality.BOUNDED)
    assert dating.date(60_000, T0 + 60_000) == Date(T0 + 60_000, 0, Quality.BOUNDED)
    assert dating.date(60_000, T0 + 59_999) == Date(None, None, Quality.BOUNDED)


def test_of_its_receipts_the_least_late_says_when_a_boot_began():
    segment = heard(heard(heard(Segment(), 5_000, T0 + 9_000), 6_000, T0 + 6_500), 3_000, T0 + 8_000)
    assert (segment.began_before_ms, segment.uptime_ms) == (T0 + 500, 6_000)


def test_an_anchor_tells_how_far_the_uptime_had_come():
    segment = anchored(Segment(uptime_ms=10), Tie(500, T0, Source.NTP, 1), Tie(90, T0, Source.NTP, 1))
    assert (segment.uptime_ms, len(segment.anchors)) == (500, 2)
    assert anchored(Segment(uptime_ms=900), Tie(500, T0, Source.NTP, 1)).uptime_ms == 900
