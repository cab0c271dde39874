"""Anchors to the millisecond: how far one may miss its receipt, which of two that contradict stands, and which are kept."""

import pytest
from hypothesis import given, strategies as st
from tests.unit.hub.messages import said

from seamline.hub.anchors import (
    ANCHORS_NEWEST,
    BUCKET_MS,
    BUCKETS_MAX,
    FLOOR_UNIX_MS,
    GNSS_PERIOD_MS,
    ROUNDING_MS,
    Tie,
    Tolerance,
    Verdict,
    Why,
    accepted,
    against,
    drifted_ms,
    judge,
    thin,
    vet,
)
from seamline.hub.inputs import Source

RECEIVED_MS = 1_763_000_000_000
PPM = 50
TOLERANCE = Tolerance(future_ms=5_000, past_ms=600_000)
UNCERTAINTY_MS = 70


def vetted(lag_ms, under_way_ms=0, **given):
    """The verdict on an anchor whose message was received `lag_ms` after the time that it foretold."""
    anchor = said(
        "anchor",
        uptime_ms=10**9,
        at_ms=10**9 - under_way_ms,
        unix_ms=RECEIVED_MS - under_way_ms - lag_ms,
        **{"uncertainty_ms": UNCERTAINTY_MS, **given},
    )
    return vet(anchor, RECEIVED_MS, PPM, TOLERANCE)


@pytest.mark.parametrize("under_way_ms", [0, 1, 20_000, 20_001, 36_000_000])
def test_the_tolerances_hold_to_the_millisecond_and_grow_with_what_the_anchor_may_be_off(under_way_ms):
    error_ms = UNCERTAINTY_MS + drifted_ms(under_way_ms, PPM) + ROUNDING_MS
    earliest, latest = -5_000 - error_ms, 600_000 + error_ms
    verdicts = [vetted(lag_ms, under_way_ms) for lag_ms in (earliest - 1, earliest, 0, latest, latest + 1)]
    assert verdicts == [Why.FUTURE, None, None, None, Why.PAST]


@pytest.mark.parametrize("periods", [-2, -1, 1, 2])
@pytest.mark.parametrize(
    ("rest_ms", "is_rollover"),
    [(-5_072, False), (-5_071, True), (0, True), (600_071, True), (600_072, False)],
)
def test_a_rollover_is_off_by_whole_periods_within_the_same_tolerances(periods, rest_ms, is_rollover):
    lag_ms = periods * GNSS_PERIOD_MS + rest_ms
    assert (vetted(lag_ms) is Why.GNSS_ROLLOVER) == is_rollover


@pytest.mark.parametrize(("unix_ms", "why"), [(FLOOR_UNIX_MS - 1, Why.DEAD_CLOCK), (FLOOR_UNIX_MS, Why.PAST)])
def test_what_shows_a_date_before_2024_was_never_set_and_from_there_on_it_is_merely_wrong(unix_ms, why):
    assert vetted(RECEIVED_MS - unix_ms) is why


@pytest.mark.parametrize(("under_way_ms", "why"), [(-1, Why.UPTIME_AHEAD), (0, None)])
def test_an_anchor_may_be_of_the_very_uptime_it_is_sent_at_and_of_none_after_it(under_way_ms, why):
    assert vetted(0, under_way_ms) is why


@given(st.integers(-(10**12), 10**12), st.integers(0, 1_000))
def test_drift_is_the_least_whole_number_of_ms_that_bounds_it(distance_ms, ppm):
    found = drifted_ms(distance_ms, ppm)
    assert found * 10**6 >= abs(distance_ms) * ppm > (found - 1) * 10**6
    assert found == drifted_ms(-distance_ms, ppm)


# -- contradictions ----------------------------------------------------------------------------------------------------------


def tie(at_ms, off_ms=0, source=Source.HUB, uncertainty_ms=50):
    return Tie(at_ms, RECEIVED_MS + at_ms + off_ms, source, uncertainty_ms)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("distance_ms", [0, 1, 1_000_000])
def test_two_anchors_agree_up_to_the_sum_of_their_errors_and_the_drift_between_them(sign, distance_ms):
    slack_ms = 50 + 30 + drifted_ms(distance_ms, PPM) + ROUNDING_MS
    for off_ms, why in ((slack_ms, None), (slack_ms + 1, Why.DISAGREES)):
        one, other = tie(5_000_000), tie(5_000_000 + distance_ms, sign * off_ms, Source.NTP, 30)
        assert judge([one, other], PPM) == (Verdict(one, None), Verdict(other, why))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (tie(0, 0, Source.HUB, 90), tie(0, 0, Source.GNSS, 1)),
        (tie(0, 0, Source.HUB, 90), tie(0, 0, Source.NTP, 1)),
        (tie(0, 0, Source.GNSS, 90), tie(0, 0, Source.RTC, 1)),
        (tie(0, 0, Source.NTP, 90), tie(0, 0, Source.RTC, 1)),
        (tie(0, 0, Source.NTP, 1), tie(0, 0, Source.GNSS, 2)),
        (tie(0, 0, Source.GNSS, 1), tie(0, 0, Source.NTP, 2)),
        (tie(9, 0, Source.RTC), tie(8, 0, Source.RTC)),
        (tie(9, 0), tie(9, 1)),
    ],
)
def test_source_goes_before_uncertainty_and_that_before_the_later_word(better, worse):
    assert better.rank < worse.rank


TIES = st.lists(
    st.builds(tie, st.integers(0, 10_000_000), st.integers(-2_000, 2_000), st.sampled_from(Source), st.integers(0, 900)),
    max_size=12,
)


@given(TIES)
def test_what_stands_agrees_with_itself_and_what_falls_contradicts_something_better(ties):
    verdicts = judge(ties, PPM)
    assert [verdict.tie for verdict in verdicts] == sorted(set(ties), key=lambda one: one.rank)
    stand = [verdict.tie for verdict in verdicts if verdict.accepted]
    for one in stand:
        assert judge([one, *stand], PPM) == tuple(Verdict(other, None) for other in sorted(stand, key=lambda other: other.rank))
    for verdict in verdicts:
        contradicted = any(not judge([verdict.tie, other], PPM)[-1].accepted for other in stand if other.rank < verdict.tie.rank)
        assert contradicted == (verdict.why is Why.DISAGREES)


@given(TIES)
def test_an_anchor_is_judged_against_those_that_stand_as_it_is_among_all_of_them(ties):
    stand = accepted(tuple(dict.fromkeys(ties)), PPM)
    assert {verdict.tie: against(verdict.tie, stand, PPM) for verdict in judge(ties, PPM)} == dict(judge(ties, PPM))


@given(TIES)
def test_the_anchors_that_stand_are_those_of_the_verdicts_best_first(ties):
    ties = tuple(dict.fromkeys(ties))
    assert accepted(ties, PPM) == tuple(verdict.tie for verdict in judge(ties, PPM) if verdict.accepted)


# -- thinning ----------------------------------------------------------------------------------------------------------------


def test_up_to_the_newest_sixteen_every_anchor_is_kept_in_the_order_of_its_uptime():
    ties = [tie(1_000 * at, uncertainty_ms=1 + at % 3) for at in range(ANCHORS_NEWEST)]
    assert thin(ties[::-1]) == tuple(ties)
    assert thin(()) == ()


def test_beyond_them_the_best_of_each_hour_is_kept_besides_the_newest():
    hour = [tie(at * 60_000, uncertainty_ms=100 - at) for at in range(40)]
    late = [tie(2 * BUCKET_MS + at, uncertainty_ms=500) for at in range(ANCHORS_NEWEST)]
    assert thin([*hour, *late]) == (hour[-1], *late)
    better = tie(60_000, uncertainty_ms=0)
    assert thin([*hour, *late, better]) == (better, *late)


def test_the_last_uptime_of_an_hour_and_the_first_of_the_next_are_two_stretches():
    old = [tie(BUCKET_MS - 1), tie(BUCKET_MS)]
    newest = [tie(3 * BUCKET_MS + at) for at in range(ANCHORS_NEWEST)]
    assert thin([*old, *newest]) == (*old, *newest)


@pytest.mark.parametrize(("hours", "kept"), [(BUCKETS_MAX - 1, BUCKETS_MAX), (BUCKETS_MAX, BUCKETS_MAX // 2 + 1)])
def test_stretches_double_once_the_boot_is_longer_than_all_of_them(hours, kept):
    ties = [tie(at * BUCKET_MS, uncertainty_ms=1) for at in range(hours)]
    newest = [tie(hours * BUCKET_MS + at, uncertainty_ms=9) for at in range(ANCHORS_NEWEST)]
    found = thin([*ties, *newest])
    assert len(found) == kept - 1 + ANCHORS_NEWEST
    assert found[-ANCHORS_NEWEST:] == tuple(newest)


@given(TIES, st.integers(1, 5))
def test_thinning_keeps_only_what_was_there_each_once_in_order(ties, spread):
    spread_out = [one._replace(at_ms=one.at_ms * spread * 40) for one in ties]
    found = thin([*spread_out, *spread_out])
    assert set(found) <= set(spread_out)
    assert len(set(found)) == len(found)
    assert [one.at_ms for one in found] == sorted(one.at_ms for one in found)
