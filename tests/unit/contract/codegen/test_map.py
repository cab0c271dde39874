"""The system map: nothing touches, everything is there, and the same contract gives the same sheet."""

from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.contract.codegen.specimens import EVERYTHING, HEATER, LABMETER, TRAILCAM

from seamline.contract.codegen.map.drawing import Box, Sheet, Style, shortened, width, wrapped
from seamline.contract.codegen.map.lines import ends, lines, zone
from seamline.contract.codegen.map.mermaid import mermaid
from seamline.contract.codegen.map.page import drawn, system_map
from seamline.contract.codegen.map.theme import WIDTH
from seamline.contract.codegen.map.waits import waits
from seamline.contract.codegen.wording import pace
from seamline.contract.model import Boundary

PLAIN = Style(12)
NS = "{http://www.w3.org/2000/svg}"


def touching(sheet):
    return [(a.text, b.text) for a, b in combinations(sheet.boxes, 2) if a.touches(b)]


def outside(sheet, high):
    return [box for box in sheet.boxes if box.left < 0 or box.top < 0 or box.right > WIDTH or box.bottom > high]


def test_no_text_touches_another_or_leaves_the_sheet(family):
    sheet, high = drawn(family, family.current)
    assert touching(sheet) == []
    assert outside(sheet, high) == []


names = st.lists(
    st.from_regex(
        r"(sensor|radio|broker|hub|app|factory|[a-z]{1,30})(-(firmware|broker|hub|cloud|app|[a-z]{1,12})){0,2}", fullmatch=True
    ),
    min_size=1,
    max_size=14,
    unique=True,
)
texts = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=200).filter(str.strip)


@settings(max_examples=25, deadline=None)
@given(names, texts, texts)
def test_no_text_touches_another_whatever_the_boundaries_are_called_and_promise(found, promise, summary):
    owner = next(iter(HEATER.current.owners))
    boundaries = {name: Boundary(name, owner, "a@example.com", promise, promise) for name in found}
    contract = replace(HEATER.current, boundaries=boundaries, summary=summary)
    sheet, high = drawn(HEATER, contract)
    assert touching(sheet) == []
    assert outside(sheet, high) == []
    ET.fromstring(system_map(HEATER, contract)["system-map.svg"])


def test_a_contract_with_long_names_everywhere_still_fits():
    long = "x" * 64
    owner = next(iter(HEATER.current.owners.values()))
    contract = replace(
        HEATER.current,
        product="p" * 24,
        owners={**HEATER.current.owners, long: replace(owner, name=long, team="t" * 300, contact="c" * 300)},
        consumers={long: replace(HEATER.current.consumers["support"], name=long)},
    )
    sheet, high = drawn(HEATER, contract)
    assert touching(sheet) == []
    assert outside(sheet, high) == []


def test_the_map_names_every_boundary_owner_promise_and_message(family):
    contract = family.current
    root = ET.fromstring(system_map(family, contract)["system-map.svg"])
    words = " ".join("".join(node.itertext()) for node in root.iter(f"{NS}text"))
    for boundary in contract.boundaries.values():
        assert boundary.owner in words
        assert boundary.promise.split()[-1] in words
    for message in contract.messages:
        assert message in words
    assert contract.version in words


def test_the_map_has_a_title_and_a_description_for_those_who_do_not_see_it(family):
    root = ET.fromstring(system_map(family, family.current)["system-map.svg"])
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "map-title map-text"
    assert [root.find(f"{NS}{tag}").get("id") for tag in ("title", "desc")] == ["map-title", "map-text"]


def test_the_map_loads_nothing_from_elsewhere(family):
    text = system_map(family, family.current)["system-map.svg"].replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text
    assert "url(" not in text
    assert "<script" not in text


def test_the_heaters_boundaries_form_one_line_with_a_link_that_nobody_describes():
    (line,) = lines(HEATER.current, 5)
    assert [(seam.source, seam.target) for seam in line.seams] == [
        ("sensor", "firmware"),
        ("radio", "broker"),
        ("broker", "hub"),
        ("hub", "app"),
    ]
    assert line.joins == {1}


def test_a_line_that_is_too_long_goes_on_below():
    first, second = lines(HEATER.current, 3)
    assert (len(first.seams), len(second.seams)) == (3, 1)
    assert (first.joins, second.joins) == ({1}, set())


def test_a_branch_becomes_a_line_of_its_own():
    found = lines(EVERYTHING.current, 5)
    assert [[seam.boundary.name for seam in line.seams] for line in found] == [
        ["sensor-firmware", "radio-broker", "broker-hub", "hub-app"],
        ["factory-device"],
        ["field-firmware"],
        ["hub-weather-service"],
    ]


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("radio-broker", ("radio", "broker")),
        ("hub-weather-service", ("hub", "weather-service")),
        ("weather-service-hub", ("weather-service", "hub")),
        ("everything", ("everything", "")),
        ("a-b-c", ("a", "b-c")),
    ],
)
def test_a_boundarys_name_is_cut_where_its_sides_are_known(name, sides):
    assert ends(name) == sides


def test_times_that_name_their_boundary_stand_there():
    found = {seam.boundary.name: dict(seam.waits) for line in lines(EVERYTHING.current, 5) for seam in line.seams}
    assert found["hub-app"]["answer within"] == "12 s"
    assert "answer within" not in found["radio-broker"]
    assert found["sensor-firmware"]["warm up"] == "1500 ms"


def test_every_wait_has_its_owner_where_the_contract_names_one():
    found = {item.name: item for _, group in waits(EVERYTHING.current) for item in group}
    assert found["answer timeout"].owner == "maker"
    assert found["warm up, 3 times"].owner == "maker"
    assert found["back-off"].words == "2 s to 10 min"
    assert found["presumed lost"].low_ms == 3 * 60_000


def test_the_mermaid_text_has_every_tier_once_and_an_arrow_for_each_boundary(family):
    text = mermaid(family, family.current)["system-map.mmd"]
    rows = text.splitlines()
    assert rows[3] == "flowchart LR"
    assert sum("-->" in row for row in rows) == len(family.current.boundaries)
    tiers = [row.split("([")[0].strip() for row in rows if "([" in row]
    assert len(tiers) == len(set(tiers))
    assert sum(row.strip().startswith("subgraph") for row in rows) == sum(row.strip() == "end" for row in rows)


def test_what_mermaid_would_read_as_markup_is_written_as_its_code():
    assert "it" in mermaid(EVERYTHING, EVERYTHING.current)["system-map.mmd"]
    odd = Boundary("radio-broker", "maker", "a@example.com", 'say "hi" | <b>#1</b>')
    text = mermaid(EVERYTHING, replace(EVERYTHING.current, boundaries={"radio-broker": odd}))["system-map.mmd"]
    assert "say #quot;hi#quot; #124; #lt;b#gt;#35;1#lt;/b#gt;" in text


def test_an_unknown_tier_lies_in_no_zone():
    assert (zone("radio"), zone("weather")) == ("device", "")


@given(texts, st.floats(20, 400), st.booleans())
def test_wrapped_lines_keep_every_character_and_fit(text, room, bold):
    style = Style(12, bold=bold)
    found = wrapped(text, room, style)
    assert "".join(found).replace(" ", "") == "".join(text.split())
    assert all(width(line, style) <= room or len(line) == 1 for line in found)


@given(texts, st.floats(1, 400))
def test_a_shortened_text_fits_or_is_an_ellipsis(text, room):
    found = shortened(text, room, PLAIN)
    assert found == "…" or width(found, PLAIN) <= room


def test_letters_with_accents_are_as_wide_as_without_and_ideographs_a_full_em():
    assert width("é", PLAIN) == width("e", PLAIN)
    assert width("漢", PLAIN) == 12
    assert 0 < width("Ж", PLAIN) < 12


def test_boxes_that_share_an_edge_do_not_touch():
    a, b, c = Box(0, 0, 10, 10, "a"), Box(10, 0, 20, 10, "b"), Box(9, 9, 12, 12, "c")
    assert not a.touches(b)
    assert a.touches(c)


def test_two_texts_that_do_not_fit_one_line_stand_below_each_other():
    sheet = Sheet()
    bottom = sheet.row(0, 0, 60, "a long name", "a long value", (PLAIN, PLAIN))
    assert touching(sheet) == []
    assert bottom > 2 * PLAIN.px


def words_of(family):
    root = ET.fromstring(system_map(family, family.current)["system-map.svg"])
    return " ".join("".join(node.itertext()) for node in root.iter(f"{NS}text"))


def test_power_is_told_in_the_units_of_data_sheets():
    words = words_of(TRAILCAM)
    assert "battery, 20.8 Ah for 24 months" in words
    assert "asleep 45 µA, looking 60 mA, talking 120 mA." in words
    assert "measuring 350 mA" in words_of(LABMETER)


def test_what_a_model_guesses_is_told_as_a_guess_of_that_version():
    words = words_of(TRAILCAM)
    assert "Guessed by fencenet 2.0.0: kind, number." in words
    assert "Guessed by lenscheck 0.9.0: lens dirty." in words


def test_a_batch_of_one_is_told_to_leave_at_once():
    """Its `every` is never waited for: the batch is full with its first record."""
    before_events = TRAILCAM.versions["1.1.0"]
    assert pace(before_events.messages["sighting"]) == "one every 15 min at most in the mean, sent at once"
    (sending, *_) = [found for title, found in waits(before_events) if title == "Measuring and sending"]
    assert [wait.name for wait in sending] == ["sighting, in the mean", "watch sent", "vitals sent"]


def test_an_event_is_told_with_its_bound_and_what_it_waits_for():
    assert "sent on an event, at most 96/d, at once, priority high." in words_of(TRAILCAM)
    (sending, *_) = [found for title, found in waits(TRAILCAM.current) if title == "Measuring and sending"]
    assert [wait.name for wait in sending] == ["sighting on events, in the mean", "watch sent", "vitals sent"]
    (sending, *_) = [found for title, found in waits(EVERYTHING.current) if title == "Measuring and sending"]
    assert [(wait.name, wait.words) for wait in sending if wait.name.startswith("gate")] == [
        ("gate on events, in the mean", "6 min"),
        ("gate gathered", "10 min"),
    ]


def test_the_sampling_stands_where_the_firmware_takes_it_in_and_nowhere_else():
    (first, *_) = lines(LABMETER.current, 5)
    told = {seam.boundary.name: [name for name, _ in seam.waits] for seam in first.seams}
    assert "measurement sampled every" in told["adc-firmware"]
    assert "measurement sampled every" not in told["sensor-adc"]


def test_a_reader_that_is_a_tier_itself_stands_alone_at_it():
    told = {seam.boundary.name: [name for name, _ in seam.waits] for line in lines(LABMETER.current, 5) for seam in line.seams}
    assert [name for name in told["api-lims"] if name.endswith(" within")] == ["lims within"]
    told = {seam.boundary.name: [name for name, _ in seam.waits] for line in lines(TRAILCAM.current, 5) for seam in line.seams}
    assert len([name for name in told["hub-app"] if name.endswith(" within")]) == len(TRAILCAM.current.consumers)
