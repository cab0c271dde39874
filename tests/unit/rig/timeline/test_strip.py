"""The strip above a page's rows is true to time: what stands at a place happened then, and nothing that happened is without a stroke."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from seamline.rig.timeline.overview import LABEL, LANE, STEPS_S, TICKS_MAX, TOP, WIDTH, overview
from seamline.rig.timeline.story import BROKER, HUB, Moment, Span, Story
from seamline.rig.timeline.words import span
from seamline.rig.world.plan import Plan

LANES = ("d0", "n0", BROKER, HUB)
SORTS = ("boot", "up", "commit", "broken")
HOUR_US = 3_600_000_000
ends = st.integers(1_000_000, 30 * 24 * HOUR_US)
places = st.tuples(st.sampled_from(LANES), st.sampled_from(SORTS), st.floats(0, 1))


def story(end_us, *found, spans=(), lasts_ms=None):
    moments = [Moment(int(end_us * share), lane, sort, f"what {number}", 0) for number, (lane, sort, share) in enumerate(found)]
    moments.sort(key=lambda each: each.at_us)
    used = [Span(lane, "live", "is there", 0, end_us) for lane in LANES[:2]]
    plan = Plan(1, 1, end_us // 1_000 if lasts_ms is None else lasts_ms)
    return Story(plan, "beef", None, (0,), end_us, moments, spans=[*used, *spans])


def drawn(told, rows=None):
    return ET.fromstring(overview(told, {} if rows is None else rows))


def named(svg, tag, name):
    return [each for each in svg.iter(tag) if each.get("class", "").split()[-1:] == [name] or each.get("class") == name]


def at_x(told, at_us):
    return LABEL + (WIDTH - LABEL - 4) * at_us / told.end_us


@given(ends, st.lists(places, max_size=12))
def test_every_moment_has_a_stroke_in_its_lane_where_its_time_is(end_us, found):
    told = story(end_us, *found)
    svg, tops = drawn(told), {lane: TOP + LANE * number for number, lane in enumerate(told.lanes)}
    strokes = [each for each in svg.iter("line") if each.get("class").startswith("tick ")]
    for moment in told.moments:
        near = [each for each in strokes if abs(float(each.get("x1")) - at_x(told, moment.at_us)) <= 1]
        own = [each for each in near if each.get("class") == f"tick {moment.sort}"]
        assert own
        if moment.sort != "broken":
            assert any(
                tops[moment.lane] < float(each.get("y1")) < float(each.get("y2")) < tops[moment.lane] + LANE for each in own
            )
    assert all(each.get("x1") == each.get("x2") for each in strokes)


@given(ends, st.lists(places, max_size=12))
def test_a_broken_promise_always_has_its_stroke_and_others_one_for_each_pixel(end_us, found):
    told = story(end_us, *found)
    svg = drawn(told)
    breaks = [each for each in told.moments if each.sort == "broken"]
    assert len(named(svg, "circle", "broken")) == len(breaks)
    places = {(each.lane, each.sort, int(round(at_x(told, each.at_us), 1))) for each in told.moments if each.sort != "broken"}
    assert len(list(svg.iter("line"))) == len(told.lanes) + len(breaks) + len(places) + len(named(svg, "line", "axis"))
    bottom = TOP + LANE * len(told.lanes)
    assert all(float(each.get("y2")) == bottom for each in svg.iter("line") if each.get("class") == "tick broken")


def test_a_moment_that_has_a_row_leads_to_it_and_another_has_its_words_only():
    told = story(10_000_000, ("d0", "boot", 0.1), ("d0", "boot", 0.5))
    first, second = told.moments
    svg = drawn(told, {id(second): 7})
    (link,) = svg.iter("a")
    assert link.get("href") == "#m7"
    assert [each.text for each in link.iter("title")] == [f"0:00:05.000 device 0: {second.what}"]
    assert [each.findtext("title") for each in svg.iter("g")] == [f"0:00:01.000 device 0: {first.what}"]


@given(ends)
def test_the_axis_has_few_even_steps_each_with_its_time(end_us):
    svg, told = drawn(story(end_us)), story(end_us)
    labels, strokes = named(svg, "text", "axis"), named(svg, "line", "axis")
    assert [each.get("x") for each in labels] == [each.get("x1") for each in strokes]
    assert 2 <= len(labels) <= TICKS_MAX + 1
    (step,) = [step for step in STEPS_S if len(labels) > 1 and span(step * 1_000) == labels[1].text]
    assert [each.text for each in labels] == ["0", *(span(number * step * 1_000) for number in range(1, len(labels)))]
    assert all(abs(float(each.get("x")) - at_x(told, number * step * 1_000_000)) <= 0.06 for number, each in enumerate(labels))
    assert (len(labels)) * step * 1_000_000 > end_us
    finer = [each for each in STEPS_S if each < step]
    assert all(end_us / 1_000_000 / each > TICKS_MAX for each in finer)


@given(ends, st.floats(0, 1), st.floats(0, 1), st.sampled_from(["live", "dark", "fault"]))
def test_a_span_is_shaded_from_its_beginning_to_its_end_and_always_seen(end_us, one, other, sort):
    from_us, until_us = sorted((int(end_us * one), int(end_us * other)))
    told = story(end_us, spans=[Span("n0", sort, "a reason", from_us, until_us)])
    (rect,) = [each for each in drawn(told).iter("rect") if "a reason" in each.findtext("title", "")]
    left, top, wide, high = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
    assert abs(left - at_x(told, from_us)) <= 0.06
    assert abs(wide - max(1.5, at_x(told, until_us) - at_x(told, from_us))) <= 0.16
    lane = TOP + LANE * told.lanes.index("n0")
    assert lane < top < top + high < lane + LANE
    assert rect.findtext("title").endswith(f" ({span((until_us - from_us) / 1_000)})")


@pytest.mark.parametrize(("lasts_ms", "settles"), [(8_000, True), (9_999, True), (10_000, False), (12_000, False)])
def test_the_time_after_the_faults_is_shaded_where_there_is_any(lasts_ms, settles):
    told = story(10_000_000, lasts_ms=lasts_ms)
    found = named(drawn(told), "rect", "settling")
    assert len(found) == settles
    for rect in found:
        assert abs(float(rect.get("x")) - at_x(told, lasts_ms * 1_000)) <= 0.06
        assert abs(float(rect.get("x")) + float(rect.get("width")) - WIDTH) <= 0.11


def test_each_lane_has_its_name_and_all_of_it_is_in_the_picture():
    told = story(10_000_000)
    svg = drawn(told)
    assert [each.text for each in named(svg, "text", "lane")] == ["device 0", "network 0", "broker", "hub"]
    high = int(svg.get("viewBox").split()[3])
    bottoms = [float(each.get(name)) for each in svg.iter() for name in ("y", "y1", "y2") if each.get(name)]
    assert max(bottoms) <= high
    assert not re.search(r'(x|y)\d?="-', overview(told, {}))
