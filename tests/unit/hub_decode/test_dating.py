"""Dates by column are the timeline's dates, integer by integer."""

import numpy as np
from hypothesis import given, settings, strategies as st

from seamline.hub.anchors import Tie
from seamline.hub.ingest import dating
from seamline.hub.ingest.clocks import changed_from_ms
from seamline.hub.ingest.memory import Clocks
from seamline.hub.inputs import Source
from seamline.hub.timeline import Quality, Segment, anchored, datings

T0 = 1_790_000_000_000
HOUR = 3_600_000
uptimes = st.integers(0, 40 * HOUR)
arrivals = st.integers(T0 - 10 * HOUR, T0 + 100 * HOUR)
ties = st.builds(Tie, uptimes, st.integers(T0 - HOUR, T0 + 60 * HOUR), st.sampled_from(Source), st.integers(0, 100_000))
near = st.tuples(uptimes, st.integers(-50, 50), st.integers(0, 3_000)).map(
    lambda one: Tie(one[0], T0 + one[0] + one[1], Source.NTP, one[2])
)


@st.composite
def boots(draw):
    segments = {}
    for boot in draw(st.lists(st.integers(1, 6), min_size=1, max_size=4, unique=True)):
        segment = Segment((), draw(st.none() | arrivals), draw(uptimes))
        for tie in draw(st.lists(ties | near, max_size=4)):
            segment = anchored(segment, tie)
        segments[boot] = segment
    return segments


@given(boots(), st.lists(st.tuples(uptimes, arrivals), min_size=1, max_size=10), st.integers(1, 500), st.integers(0, 5_000))
@settings(deadline=None)
def test_columns_and_the_timeline_agree(segments, records, drift_ppm, error_max_ms):
    known = datings(segments, drift_ppm, error_max_ms)
    clocks, many = Clocks(), {}
    for boot, one in known.items():
        dating.put(clocks, clocks.slot(0, 1, boot), one, many)
    for boot, one in known.items():
        slots = np.full(len(records), clocks.slot(0, 1, boot))
        uptime, arrival = (np.array(column) for column in zip(*records, strict=True))
        found = dating.date(clocks, many, slots, uptime, arrival)
        for at, (uptime_ms, arrival_ms) in enumerate(records):
            wanted = one.date(uptime_ms, arrival_ms)
            got = (int(found.unix_ms[at]), int(found.error_ms[at])) if found.known[at] else (None, None)
            assert (*got, int(found.quality[at])) == (wanted.unix_ms, wanted.error_ms, int(wanted.quality))
            alone = dating.told(clocks, many, clocks.slot(0, 1, boot), uptime_ms, arrival_ms)
            assert alone == (None if wanted.quality is Quality.BOUNDED else got)


@given(
    boots(),
    st.lists(st.tuples(st.integers(0, 9), uptimes, arrivals), min_size=1, max_size=12),
    st.sampled_from([1, dating.RECORDS_FEW + 1]),
)
@settings(deadline=None)
def test_records_of_several_boots_are_dated_at_once_as_one_by_one(segments, records, times):
    known = datings(segments, 50, 2_000)
    clocks, many = Clocks(), {}
    slots = [clocks.slot(0, 1, boot) for boot in known]
    for slot, one in zip(slots, known.values(), strict=True):
        dating.put(clocks, slot, one, many)
    of = np.array([slots[which % len(slots)] for which, _, _ in records])
    uptime, arrival = (np.array(column) for column in list(zip(*records, strict=True))[1:])
    found = dating.date(clocks, many, *(np.tile(column, times) for column in (of, uptime, arrival)))
    for at, (which, uptime_ms, arrival_ms) in enumerate(records):
        wanted = list(known.values())[which % len(slots)].date(uptime_ms, arrival_ms)
        assert bool(found.known[at]) == (wanted.unix_ms is not None)
        if wanted.unix_ms is not None:
            assert (int(found.unix_ms[at]), int(found.error_ms[at])) == (wanted.unix_ms, wanted.error_ms)


@given(st.lists(near, min_size=1, max_size=6), near, uptimes)
@settings(deadline=None)
def test_nothing_before_the_changed_uptime_is_dated_otherwise(before, more, uptime_ms):
    segment = Segment()
    for tie in before:
        segment = anchored(segment, tie)
    old, new = datings({1: segment}, 50, 2_000)[1], datings({1: anchored(segment, more)}, 50, 2_000)[1]
    if uptime_ms < changed_from_ms(old, new):
        assert old.told(uptime_ms) == new.told(uptime_ms)
