"""Dates against true clocks: whatever drifts within the contract's bound, the truth lies within the error said."""

from dataclasses import dataclass

from hypothesis import given, settings, strategies as st

from seamline.hub.anchors import PPM, Tie
from seamline.hub.inputs import Source
from seamline.hub.timeline import Quality, Segment, anchored, datings, heard

T0 = 1_763_000_000_000
DRIFT_PPM = 80
ERROR_MAX_MS = 2_000
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class TrueBoot:
    """A boot's real clock: when it began, how fast its counter runs, how long it lasted."""

    began_ms: int
    rate_ppm: int
    lasted_ms: int

    def true_ms(self, uptime_ms):
        return self.began_ms + uptime_ms + uptime_ms * self.rate_ppm // PPM


@st.composite
def histories(draw):
    """Boots one after the other, each with some anchors and some receptions."""
    at_ms = T0
    boots, segments = {}, {}
    for boot in range(1, draw(st.integers(1, 5)) + 1):
        at_ms += draw(st.integers(0, 5 * HOUR_MS))
        true = TrueBoot(at_ms, draw(st.integers(-DRIFT_PPM, DRIFT_PPM)), draw(st.integers(0, 40 * HOUR_MS)))
        uptimes = st.integers(0, true.lasted_ms)
        segment = Segment()
        for _ in range(draw(st.integers(0, 3))):
            anchor_ms, uncertainty_ms = draw(uptimes), draw(st.integers(0, 3_000))
            error_ms = draw(st.integers(-uncertainty_ms, uncertainty_ms))
            source = draw(st.sampled_from(Source))
            segment = anchored(segment, Tie(anchor_ms, true.true_ms(anchor_ms) + error_ms, source, uncertainty_ms))
        for _ in range(draw(st.integers(0, 2))):
            uptime_ms = draw(uptimes)
            segment = heard(segment, uptime_ms, true.true_ms(uptime_ms) + draw(st.integers(0, HOUR_MS)))
        boots[boot], segments[boot] = true, segment
        at_ms = true.true_ms(true.lasted_ms)
    return boots, segments


@settings(deadline=None, max_examples=300)
@given(histories(), st.data())
def test_the_true_time_lies_within_the_error_and_never_after_the_arrival(history, data):
    boots, segments = history
    found = datings(segments, DRIFT_PPM, ERROR_MAX_MS)
    for boot, true in boots.items():
        uptime_ms = data.draw(st.integers(0, true.lasted_ms))
        arrival_ms = true.true_ms(uptime_ms) + data.draw(st.integers(0, 100 * HOUR_MS))
        date = found[boot].date(uptime_ms, arrival_ms)
        if date.unix_ms is None:
            assert not segments[boot].anchors
            assert not any(segments[older].anchors for older in range(1, boot))
            continue
        assert abs(date.unix_ms - true.true_ms(uptime_ms)) <= date.error_ms
        assert date.unix_ms <= arrival_ms
        assert (date.quality is Quality.BOUNDED) == (not segments[boot].anchors)
        assert (date.quality is Quality.SYNCED) == (bool(segments[boot].anchors) and date.error_ms <= ERROR_MAX_MS)


@settings(deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_anchors_come_does_not_matter(history, random):
    _, segments = history
    shuffled = {}
    for boot, segment in segments.items():
        ties = list(segment.anchors)
        random.shuffle(ties)
        again = Segment(began_before_ms=segment.began_before_ms, uptime_ms=segment.uptime_ms)
        for tie in ties:
            again = anchored(again, tie)
        shuffled[boot] = again
    assert datings(shuffled, DRIFT_PPM, ERROR_MAX_MS) == datings(segments, DRIFT_PPM, ERROR_MAX_MS)


@settings(deadline=None)
@given(histories(), st.integers(10**5, 10**9), st.integers(0, 40 * HOUR_MS), st.data())
def test_a_lying_clock_cannot_move_what_the_hub_s_own_time_dates(history, lie_ms, at_ms, data):
    boots, segments = history
    boot = data.draw(st.sampled_from(sorted(boots)))
    honest = anchored(segments[boot], Tie(0, boots[boot].true_ms(0), Source.HUB, 0))
    lying = anchored(honest, Tie(at_ms, boots[boot].true_ms(at_ms) + lie_ms, data.draw(st.sampled_from(Source)), 1))
    uptime_ms = min(at_ms, boots[boot].lasted_ms)
    date = datings({1: lying}, DRIFT_PPM, ERROR_MAX_MS)[1].date(uptime_ms, 1 << 60)
    assert abs(date.unix_ms - boots[boot].true_ms(uptime_ms)) <= date.error_ms
