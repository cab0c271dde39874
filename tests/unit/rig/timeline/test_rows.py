"""A row of the page draws what is so in every lane at its moment, and a message from the lane it left to the one it reached."""

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from seamline.rig.timeline.overview import overview
from seamline.rig.timeline.page import FAULTS_MAX, page
from seamline.rig.timeline.rows import CHARACTER, HIGH, LANE, LANES, MIDDLE, Grid, drawn, rows_of
from seamline.rig.timeline.story import BROKER, HUB, LATE_US, Message, Moment, Span, Story
from seamline.rig.timeline.text import QUIET_US, became, lines
from seamline.rig.timeline.words import span
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise

END_US = 60_000_000


def story(*moments, messages=(), spans=(), faults=(), devices=(0,), broken=None, **more):
    used = [Span(f"{sort}{index}", "live", "is there", 0, 0) for index in devices for sort in "dn"]
    plan = Plan(1, max(devices) + 1, END_US // 1_000, faults)
    return Story(plan, "beef", broken, devices, END_US, list(moments), list(messages), [*used, *spans], **more)


def sent(at_us, after_us=None, sort="up", what="reading 4–6 of boot 3", **more):
    """A message of device 0, and when it came: `after_us` None is never."""
    source, target = ("d0", BROKER) if sort == "up" else (HUB, "d0")
    moment = Moment(at_us, source, sort, what, 0)
    return Message(moment, source, target, None if after_us is None else at_us + after_us, **more)


def pictures(told):
    """Each row's drawing, its classes and its words."""
    found = []
    for row in drawn(Grid.of(told), rows_of(told)):
        item = ET.fromstring(row.replace("&nbsp;", " "))
        found.append((item.get("class"), item.find("svg"), unescape("".join(item.find("p").itertext()))))
    return found


def only(told):
    (found,) = pictures(told)
    return found


def circles(svg, name):
    return [int(each.get("cx")) for each in svg.iter("circle") if each.get("class").split()[0] == name]


def ways(svg):
    return [
        (each.get("class"), int(each.get("x1")), int(each.get("x2"))) for each in svg.iter("line") if "way" in each.get("class")
    ]


# -- lanes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at_us", "life", "faults"),
    [
        (999, {"d0": "life", "n0": "life"}, []),
        (1_000, {"d0": "life live", "n0": "life"}, []),
        (2_000, {"d0": "life live", "n0": "life"}, ["network 0: slow"]),
        (3_000, {"d0": "life dark", "n0": "life"}, ["network 0: slow, deaf"]),
        (4_001, {"d0": "life", "n0": "life"}, ["network 0: deaf"]),
    ],
)
def test_a_row_shows_what_is_so_in_each_lane_at_its_moment(at_us, life, faults):
    spans = [
        Span("d0", "live", "is connected", 1_000, 4_000), Span("d0", "dark", "has no power", 3_000, 4_000),
        Span("n0", "fault", "slow", 2_000, 4_000), Span("n0", "fault", "deaf", 3_000, 9_000), Span("n0", "fault", "cut", at_us, at_us),
        Span("d5", "fault", "of a device that is not shown", 0, 9_000),
    ]  # fmt: skip
    told = story(Moment(at_us, HUB, "mark", "x"), spans=spans)
    grid, (_, svg, _) = Grid.of(told), only(told)
    drawn_as = {int(each.get("x1")): each.get("class") for each in svg.iter("line") if "life" in each.get("class")}
    assert drawn_as == {grid.middles[lane]: {**life, BROKER: "life live", HUB: "life live"}[lane] for lane in told.lanes}
    shaded = [each for each in svg.iter("rect") if each.get("class") == "fault"]
    assert [each.findtext("title") for each in shaded] == faults
    for each in shaded:
        left, wide, middle = int(each.get("x")), int(each.get("width")), grid.middles["n0"]
        assert middle - grid.lane / 2 < left < middle < left + wide < middle + grid.lane / 2


@pytest.mark.parametrize("count", range(1, 7))
def test_lanes_are_as_wide_as_there_is_room_for_and_never_out_of_bounds(count):
    grid = Grid.of(story(devices=tuple(range(count))))
    low, high = LANE
    assert grid.lane == min(high, LANES // (2 * count + 2))
    assert low <= grid.lane
    assert [x - grid.lane // 2 for x in grid.middles.values()] == [grid.lane * number for number in range(2 * count + 2)]


@pytest.mark.parametrize(("gap_us", "quiet"), [(QUIET_US, 0), (QUIET_US + 1_000, 1), (3_600_000_000, 1)])
def test_a_long_silence_has_a_row_of_its_own_that_says_how_long(gap_us, quiet):
    told = story(Moment(5, HUB, "mark", "x"), Moment(5 + gap_us, HUB, "mark", "y"))
    rows = pictures(told)
    assert len(rows) == 2 + quiet
    assert [words for name, _, words in rows if name == "quiet"] == [f"{span(gap_us / 1_000)} later"] * quiet
    assert sum("later" in line for line in lines(told)) == quiet
    quiet_lines = [each.get("class") for name, svg, _ in rows if name == "quiet" for each in svg.iter("line")]
    assert set(quiet_lines) <= {"life quiet"}


# -- moments and messages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["boot", "dark", "link", "broken", "commit", "fault", "mend", "mark"])
@pytest.mark.parametrize("lane", ["d0", "n0", BROKER, HUB])
def test_a_moment_stands_in_its_lane_and_a_commit_comes_from_the_broker(sort, lane):
    told = story(Moment(1, lane, sort, "what it was", 0))
    middles, (name, svg, words) = Grid.of(told).middles, only(told)
    signs = [int(each.get("cx") or each.get("x")) for each in svg.iter() if each.get("class") == f"sign {sort}"]
    assert signs == [middles[lane]]
    assert ways(svg) == ([("way commit", middles[BROKER], middles[lane])] if sort == "commit" else [])
    assert name == f"{sort} d0"
    assert words.endswith(" what it was")


@pytest.mark.parametrize("sort", ["up", "down"])
def test_a_message_that_comes_at_once_is_one_arrow_from_sender_to_receiver(sort):
    message = sent(1_000, LATE_US, sort)
    told = story(message.sent, messages=[message])
    middles, (_, svg, words) = Grid.of(told).middles, only(told)
    source, target = middles[message.source], middles[message.target]
    ahead = 4 if target > source else -4
    assert ways(svg) == [(f"way {sort}", source, target - ahead)]
    (head,) = svg.iter("path")
    assert head.get("d") == f"M{target},{MIDDLE}l{-2 * ahead},-4v8z"
    assert circles(svg, "end") == [source]
    assert words.startswith("device 0 → broker " if sort == "up" else "hub → device 0 ")


def test_a_message_that_is_lost_ends_in_the_network_with_its_reason():
    message = sent(1_000, why="lost on its way up")
    told = story(message.sent, messages=[message])
    middles, (_, svg, words) = Grid.of(told).middles, only(told)
    assert ways(svg) == [("way up lost", middles["d0"], middles["n0"])]
    assert [int(each.get("x")) for each in svg.iter("text") if each.get("class") == "sign lost"] == [middles["n0"]]
    assert not list(svg.iter("path"))
    assert words.endswith("[lost on its way up]")


def test_a_late_message_waits_in_the_network_and_comes_in_a_row_of_its_own():
    message = sent(1_000, LATE_US + 500_000)
    told = story(message.sent, Moment(2_000, HUB, "mark", "between"), messages=[message])
    middles, rows = Grid.of(told).middles, pictures(told)
    assert [name for name, _, _ in rows] == ["up d0", "mark", "up d0 arrival"]
    (_, left, said), _, (_, came, gets) = rows
    assert ways(left) == [("way up", middles["d0"], middles["n0"])]
    assert circles(left, "held") == circles(came, "end") == [middles["n0"]]
    assert ways(came) == [("way up", middles["n0"], middles[BROKER] - 4)]
    assert said.endswith("[takes 1.5 s]")
    assert gets == f"broker gets it after 1.5 s: {message.sent.what}"


@pytest.mark.parametrize(
    ("after_us", "again", "said"),
    [
        (LATE_US, 0, ""),
        (LATE_US + 1_000, 0, " [takes 1 s]"),
        (9, 1, " [comes 2 times]"),
        (2_000_000, 2, " [takes 2 s] [comes 3 times]"),
    ],
)
def test_what_became_of_a_message_that_came(after_us, again, said):
    assert became(sent(5_000_000, after_us, again=again)) == said


@given(
    st.sampled_from(
        [
            ("up", "again: reading 4–6 of boot 3", "reading 4–6"),
            ("up", "birth of session 2, boot 3 (heater/1.3.0); holds reading 0–4 of boot 2", "birth"),
            ("up", "probe 1: what do you have?", "probe 1"),
            ("down", "has reading below 7 of boot 3", "reading ✓"),
            ("down", "answer to session 4; has nothing yet", "session 4"),
            ("down", "twin: wishes target = 4", "twin"),
        ]
    ),
    st.integers(1, 6),
)
def test_an_arrow_is_labelled_with_as_much_of_its_name_as_there_is_room_for(case, count):
    sort, what, name = case
    message = sent(1_000, 5, sort, what)
    told = story(message.sent, messages=[message], devices=tuple(range(count)))
    grid = Grid.of(told)
    _, svg, _ = only(told)
    (label,) = [each for each in svg.iter("text") if each.get("class") == "label"]
    room = int(grid.lane / CHARACTER)
    assert label.text == (name if len(name) <= room else name[: room - 1] + "…")
    assert 0 < int(label.get("y")) < MIDDLE < HIGH
    source, target = grid.middles[message.source], grid.middles[message.target]
    assert min(source, target) < int(label.get("x")) < max(source, target)


def test_a_message_alone_shows_the_lanes_that_it_goes_between():
    message = sent(1_000, 5)
    told = Story(Plan(1, 1, 1_000), "beef", None, (0, 1), END_US, [], [message])
    assert told.lanes == ("d0", BROKER, HUB)
    late = sent(1_000, LATE_US + 1)
    assert Story(Plan(1, 1, 1_000), "beef", None, (0, 1), END_US, [], [late]).lanes == ("d0", "n0", BROKER, HUB)


# -- the page around them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [FAULTS_MAX - 1, FAULTS_MAX, FAULTS_MAX + 1, FAULTS_MAX + 5])
def test_the_first_faults_are_listed_and_the_others_counted(count):
    late = Fault(END_US // 1_000 + 1, Kind.LINK_CUT, 0)
    told = page(story(faults=(*(Fault(1_000 * at, Kind.LINK_CUT, 0) for at in range(count)), late)))
    assert told.count("<b>network 0</b><span>") == min(count, FAULTS_MAX)
    more = re.findall(r"<li>and (\d+) more</li>", told)
    assert more == ([str(count - FAULTS_MAX)] if count > FAULTS_MAX else [])


def test_a_fault_at_the_very_end_has_happened():
    assert "No fault is needed." not in page(story(faults=(Fault(END_US // 1_000, Kind.LINK_CUT, 0),)))


@pytest.mark.parametrize(("count", "present"), [(1, 1), (2, 2), (2, 5)])
def test_devices_that_are_not_shown_are_counted_and_a_single_one_is_no_choice(count, present):
    told = story(devices=tuple(range(count)))
    told.plan = Plan(1, present, END_US // 1_000)
    text = page(told)
    assert text.count('<input type="checkbox"') == text.count(":not(:checked)) li.") == (count if count > 1 else 0)
    hidden = re.findall(r"<span>(\d+) more devices are not shown</span>", text)
    assert hidden == ([str(present - count)] if present > count else [])
    assert f"<dt>devices</dt><dd>{present if present > count else ', '.join(map(str, range(count)))}</dd>" in text


@pytest.mark.parametrize(("device", "whom"), [(-1, "the hub"), (0, "device 0")])
def test_the_page_says_whose_promise_broke(device, whom):
    broken = BrokenPromise("values", "5 < 6", device)
    text = page(story(Moment(END_US, "d0", "broken", "broken: values", device), broken=broken))
    assert f'<p class="what"><b>{whom}</b>, at 0:01:00.000: 5 &lt; 6</p>' in text


@pytest.mark.parametrize(
    ("is_whole", "last", "first"),
    [
        (True, None, None),
        (True, 1, "… 1 earlier moments"),
        (False, None, "… earlier moments were not kept"),
        (False, 1, "… earlier moments were not kept"),
    ],
)
def test_what_the_text_leaves_out_is_its_first_line(is_whole, last, first):
    told = story(Moment(1, HUB, "mark", "x"), Moment(2, HUB, "mark", "y"), is_whole=is_whole)
    found = lines(told, last)
    assert found[0].startswith("…") == (first is not None)
    assert first is None or found[0] == first
    assert ("Earlier moments were not kept." in page(told)) == (not is_whole)


def test_a_story_of_nothing_is_a_page_and_a_text_all_the_same():
    told = story()
    assert lines(told) == []
    assert 'class="life"' in overview(told, {})
    assert "<ol>\n</ol>" in page(told)
