import pytest
from hypothesis import given, strategies as st
from tests.unit.hub.messages import said

from seamline.hub.anchors import (
    ANCHORS_NEWEST,
    BUCKET_MS,
    BUCKETS_MAX,
    FLOOR_UNIX_MS,
    GNSS_PERIOD_MS,
    Tie,
    Tolerance,
    Why,
    accepted,
    drifted_ms,
    judge,
    thin,
    tie_of,
    vet,
)
from seamline.hub.inputs import Source
from seamline.hub.timeline import Segment, datings

RECEIVED_MS = 1_763_000_000_000
DAY_MS = 86_400_000
SENT_UPTIME_MS = 50_000


def vetted(unix_ms, at_ms=SENT_UPTIME_MS, uncertainty_ms=50, source="gnss"):
    anchor = said("anchor", uptime_ms=SENT_UPTIME_MS, at_ms=at_ms, unix_ms=unix_ms, uncertainty_ms=uncertainty_ms, source=source)
    return vet(anchor, RECEIVED_MS, 50, Tolerance())


@pytest.mark.parametrize(
    ("unix_ms", "why"),
    [
        (RECEIVED_MS - 20, None),
        (RECEIVED_MS + 4_000, None),
        (RECEIVED_MS + 6_000, Why.FUTURE),
        (RECEIVED_MS - 590_000, None),
        (RECEIVED_MS - 700_000, Why.PAST),
        (RECEIVED_MS - 3 * DAY_MS, Why.PAST),
        (0, Why.DEAD_CLOCK),
        (315_532_800_000, Why.DEAD_CLOCK),
        (FLOOR_UNIX_MS - 1, Why.DEAD_CLOCK),
        (RECEIVED_MS - GNSS_PERIOD_MS, Why.GNSS_ROLLOVER),
        (RECEIVED_MS - 2 * GNSS_PERIOD_MS + 500, Why.GNSS_ROLLOVER),
        (RECEIVED_MS + GNSS_PERIOD_MS, Why.GNSS_ROLLOVER),
        (RECEIVED_MS - GNSS_PERIOD_MS + 2 * DAY_MS, Why.DEAD_CLOCK),
    ],
)
def test_an_anchor_is_vetted_against_the_time_of_its_receipt(unix_ms, why):
    assert vetted(unix_ms) is why


def test_an_anchor_learned_hours_before_it_could_be_sent_is_believable():
    anchor = said("anchor", uptime_ms=5 * 3_600_000, at_ms=3_600_000, unix_ms=RECEIVED_MS - 4 * 3_600_000)
    assert vet(anchor, RECEIVED_MS, 50, Tolerance()) is None


def test_an_anchor_for_an_uptime_still_to_come_is_refused():
    assert vetted(RECEIVED_MS, at_ms=SENT_UPTIME_MS + 1) is Why.UPTIME_AHEAD


def test_its_own_uncertainty_widens_what_is_believable():
    assert vetted(RECEIVED_MS + 30_000, uncertainty_ms=30_000) is None


def test_drift_is_rounded_up_and_blind_to_direction():
    assert [drifted_ms(distance, 50) for distance in (0, 1, 20_000, -20_001)] == [0, 1, 1, 2]


def tie(at_ms, error_ms=0, source=Source.HUB, uncertainty_ms=50):
    return Tie(at_ms, RECEIVED_MS + at_ms + error_ms, source, uncertainty_ms)


def test_anchors_that_agree_within_their_bounds_are_all_accepted():
    assert all(verdict.accepted for verdict in judge([tie(0), tie(10_000, 99), tie(20_000_000, 1_000)], 50))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (tie(0), tie(1_000, 60_000, Source.RTC, 10)),
        (tie(0), tie(1_000, 60_000, Source.NTP, 10)),
        (tie(0, source=Source.NTP), tie(1_000, 60_000, Source.NTP, 100)),
        (tie(5_000, source=Source.RTC), tie(1_000, 60_000, Source.RTC)),
    ],
)
def test_of_two_that_contradict_trust_then_uncertainty_then_the_later_word_decides(good, bad):
    for order in ([good, bad], [bad, good]):
        verdicts = {verdict.tie: verdict.why for verdict in judge(order, 50)}
        assert verdicts == {good: None, bad: Why.DISAGREES}


TIES = st.lists(
    st.builds(
        Tie,
        st.integers(0, 200 * BUCKET_MS),
        st.integers(RECEIVED_MS, RECEIVED_MS + 1000),
        st.sampled_from(Source),
        st.integers(0, 100),
    ),
    max_size=120,
)


@given(TIES, st.randoms(use_true_random=False))
def test_thinning_as_they_come_gives_the_same_as_thinning_at_once(ties, random):
    kept = ()
    shuffled = list(ties)
    random.shuffle(shuffled)
    for one in shuffled:
        kept = thin((*kept, one))
    assert kept == thin(ties)
    assert len(kept) <= ANCHORS_NEWEST + BUCKETS_MAX
    if ties:
        assert max(ties, key=lambda one: one.at_ms).at_ms == kept[-1].at_ms


@pytest.mark.parametrize("order", [1, -1])
def test_anchors_that_differ_only_in_their_source_have_an_order(order):
    alike = [Tie(12, 1_763_000_000_313, source, 30) for source in (Source.GNSS, Source.NTP)]
    assert thin(alike[::order]) == tuple(alike)
    assert accepted(alike[::order], 0) == tuple(alike)
    [piece] = datings({1: Segment(tuple(alike[::order]))}, 0, 2_000)[1].pieces
    assert (piece.at_ms, piece.unix_ms) == (12, 1_763_000_000_313)


def test_an_anchor_message_becomes_a_tie():
    assert tie_of(said("anchor", at_ms=5, unix_ms=9, uncertainty_ms=3)) == Tie(5, 9, Source.HUB, 3)
