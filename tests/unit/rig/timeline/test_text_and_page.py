"""A story as text in columns, and as a page that needs nothing else."""

import re
from html.parser import HTMLParser

import pytest

from seamline.rig.timeline import rows
from seamline.rig.timeline.page import page
from seamline.rig.timeline.recording import record
from seamline.rig.timeline.rows import NAMED, Grid, heads, rows_of
from seamline.rig.timeline.story import BROKER, HUB, Moment, Story
from seamline.rig.timeline.telling import tell
from seamline.rig.timeline.text import document, lines
from seamline.rig.timeline.words import moment
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.world import Parts

VOID = {"meta", "input"}


class Reading(HTMLParser):
    """Collects what a page consists of, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.tags, self.links, self.words = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        named = dict(attrs)
        self.ids += [named["id"]] if "id" in named else []
        self.links += [named[name] for name in ("href", "src") if name in named]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


# -- text ------------------------------------------------------------------------------------------------------------------


def test_columns_stand_under_each_other(held_story):
    told = [line for line in lines(held_story) if "… " not in line]
    assert len(told) == len(held_story.moments)
    assert all(re.match(r" *\d+:\d\d:\d\d\.\d{3}  (device \d|network \d|broker|hub) +\S", line) for line in told)
    assert len({line.index(line[14:].split("  ")[-1].strip()[0], 14) > 14 for line in told}) == 1


def test_only_the_last_moments_are_shown_where_that_is_asked(held_story):
    told = lines(held_story, 5)
    assert told[0] == f"… {len(held_story.moments) - 5} earlier moments"
    assert told[1:] == lines(held_story)[-len(told[1:]) :]


def test_silence_is_said(held_story):
    assert any(re.fullmatch(r" +… .* later", line) for line in lines(held_story))


def test_what_became_of_a_message_is_said_where_it_is_worth_a_word(held_story):
    told = "\n".join(lines(held_story))
    assert "[lost on its way up]" in told
    assert "[takes " in told


def test_a_file_begins_with_what_it_is_about(broken_story):
    told = document(broken_story).splitlines()
    assert told[0] == f"seed 3, 2 devices, 4 faults, events {broken_story.digest}"
    assert told[1].startswith(f"broken at {moment(broken_story.end_us)} (device 0): boot-rises: ")
    assert "✗ broken: boot-rises" in told[-1]


# -- the page --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["held_story", "broken_story"])
def test_a_page_is_whole_and_needs_nothing_else(name, request):
    read = Reading(page(request.getfixturevalue(name), "seamline rig replay 'a plan.json'"))
    assert read.open == []
    assert "script" not in read.tags
    assert all(link.startswith("#m") for link in read.links)
    assert len(set(read.ids)) == len(read.ids)
    assert {link[1:] for link in read.links} <= set(read.ids)
    assert "seamline rig replay 'a plan.json'" in read.words


def test_every_moment_has_its_row(held_story):
    read = Reading(page(held_story))
    rowed = [row for row in rows_of(held_story) if not row.is_arrival]
    assert len(rowed) == len(held_story.moments)
    assert len([name for name in read.ids if name.startswith("m")]) == len(rows_of(held_story))


def test_a_message_that_takes_its_time_has_a_row_where_it_comes(held_story):
    late = [row for row in rows_of(held_story) if row.is_arrival]
    assert late
    assert all(row.message.arrived_us == row.at_us for row in late)
    assert " gets it after " in page(held_story)


def test_the_broken_promise_and_what_was_promised_are_on_top(broken_story, held_story):
    text = page(broken_story)
    assert "<h1>boot-rises is broken</h1>" in text
    assert "Promised: a boot&#x27;s number is used once, and rises within an incarnation." in text
    assert "<h1>every promise held</h1>" in page(held_story)


def test_each_device_can_be_left_out_and_the_broken_row_never_is(broken_story):
    text = page(broken_story)
    for index in (0, 1):
        assert f'id="show{index}" checked' in text
        assert f"body:has(#show{index}:not(:checked)) li.d{index}:not(.broken){{display:none}}" in text


def test_a_long_story_keeps_its_last_rows_and_says_so(held_story, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_MAX", 10)
    text = page(held_story)
    assert f"{len(held_story.moments) - 10:,} earlier moments are only in the strip above" in text
    assert Reading(text).open == []


def test_a_story_of_one_device_without_faults_offers_no_choice(families):
    text = page(tell(record(Plan(3, 1, 60_000), Parts(families))))
    assert "checkbox" not in text
    assert "No fault is needed." in text


# -- what fits, and where it begins ----------------------------------------------------------------------------------------


def test_lanes_in_which_nothing_happens_are_left_out(families):
    calm = tell(record(Plan(3, 3, 120_000, (Fault(60_000, Kind.PARTITION, 1, 5_000),)), Parts(families)))
    assert calm.lanes == ("d0", "d1", "n1", "d2", BROKER, HUB)
    assert "network 0" not in page(calm)


@pytest.mark.parametrize("devices", range(1, 7))
def test_all_lanes_and_the_words_beside_them_fit_a_page_of_1200_pixels(devices):
    lanes = [f"{sort}{index}" for index in range(devices) for sort in "dn"]
    moments = [Moment(at, lane, "fault", "x", int(lane[1:])) for at, lane in enumerate(lanes)]
    story = Story(Plan(1, devices, 1_000), "beef", None, tuple(range(devices)), 1_000, moments)
    grid = Grid.of(story)
    assert len(grid.lanes) == 2 * devices + 2
    padding, time, words = 2 * 36, 104, 320
    assert padding + time + grid.width + words <= 1_200
    assert list(grid.middles.values()) == sorted(grid.middles.values())
    assert all(0 < x < grid.width for x in grid.middles.values())
    assert ("net 0" in heads(grid)) == (grid.lane < NAMED)


def test_the_rows_of_a_broken_promise_begin_at_the_break(broken_story, held_story):
    broken = page(broken_story)
    (at,) = re.findall(r'href="#m(\d+)">where it breaks', broken)
    assert f'<li class="broken d0" id="m{at}">' in broken
    assert 'class="scroll from-end"' in broken
    assert 'class="scroll"' in page(held_story)


def test_a_fault_is_written_out_on_the_page_and_in_the_text(held_story):
    for told in (page(held_story), "\n".join(document(held_story).splitlines())):
        assert "lossy: 70 % of the messages are lost" in told
        assert "permille" not in told
