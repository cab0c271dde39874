"""The picture: well formed, the same for the same plan, and it says what the figures say."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from seamline.rig.storm import plan
from seamline.rig.storm.picture import _Scales, advice_sentences, page, svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def holds(heater):
    return plan(heater, 2_000, 0)


@pytest.fixture(scope="module")
def fails(heater):
    narrow = replace(heater, fleet=replace(heater.fleet, accept_rate=40))
    return plan(narrow, 7_500, 0, policies=("fixed",))


def words(drawn):
    return [text.text for text in ET.fromstring(drawn).iter(f"{SVG}text")]


def paths(drawn, name):
    return [one.attrib["d"] for one in ET.fromstring(drawn).iter(f"{SVG}path") if one.attrib["class"] == name]


def test_each_policy_has_its_row_with_a_verdict(holds):
    said = words(svg(holds))
    for figures in holds.policies:
        assert figures.title in said
    assert said.count("within limits") == sum(figures.within for figures in holds.policies)


def test_every_curve_is_drawn_once_a_row_and_once_in_the_legend(holds):
    for name in ("offered", "accepted", "broker", "hub", "back"):
        assert len(paths(svg(holds), name)) == len(holds.policies) + 1
    assert len(paths(svg(holds), "limit")) == 2 * len(holds.policies) + 2


def test_nothing_is_drawn_outside_its_field(fails):
    for name in ("offered", "accepted", "broker", "hub", "back"):
        for drawn in paths(svg(fails), name):
            if "h16" in drawn:  # of the legend
                continue
            points = [tuple(map(float, point.split())) for point in drawn[1:].split(" L")]
            assert all(0 <= x <= 296 and -0.1 <= y <= 66.1 for x, y in points), name
            assert points == sorted(points, key=lambda point: point[0])


def test_every_curve_ends_when_its_caption_says(given_up, fails):
    for made in (given_up, fails):
        drawn = svg(made)
        until_ms = _Scales(made).until_ms
        for row, figures in enumerate(made.policies):
            for name in ("offered", "accepted", "broker", "hub", "back"):
                curve = [one for one in paths(drawn, name) if "h16" not in one][row]
                end_ms = float(curve.rpartition("L")[2].split()[0]) / 296 * until_ms
                said_ms = figures.watched_ms if figures.last_ms is None else figures.last_ms
                assert abs(end_ms - said_ms) <= figures.curves.step_ms + until_ms / 1_000, (figures.name, name)


def test_a_row_that_was_given_up_says_so(given_up, fails):
    said = words(svg(given_up))
    assert "0.1% back after 349 s, given up after 8 attempts each (most 9)" in said
    assert sum("given up after 8 attempts each" in each for each in said if each) == len(given_up.policies)
    assert "given up after 8 attempts each" in page(given_up)
    assert "given up" not in page(fails)


def test_the_verdict_names_the_numbers_that_do_not_hold(fails):
    said = "\n".join(filter(None, words(svg(fails))))
    assert "Not within the contract's limits: fleet.accept_rate, fleet.recovery" in said
    assert "7,500 devices of heater/1.3.0" in said


def test_the_same_plan_is_drawn_alike(heater, holds):
    assert svg(plan(heater, 2_000, 0)) == svg(holds)


def test_names_are_escaped(holds):
    odd = replace(holds, product='<script>&"x"</script>')
    assert "<script>" not in svg(odd)
    assert "<script>" not in page(odd)
    ET.fromstring(svg(odd))


def test_it_reads_on_light_and_dark_ground(holds):
    assert "prefers-color-scheme: dark" in svg(holds)
    assert "color-scheme:light dark" in page(holds)


def test_the_page_has_every_reason_and_every_alternative(fails):
    drawn = page(fails)
    assert drawn.count("<li>") == len(fails.reasons) + len(fails.advice)
    assert "What to change" in drawn
    assert "<svg" in drawn


def test_a_page_of_a_plan_that_holds_says_nothing_more(holds):
    assert "<li>" not in page(holds)
    assert advice_sentences(holds) == []


def test_each_alternative_is_a_sentence(fails):
    sentences = advice_sentences(fails)
    assert len(sentences) == len(fails.advice) > 0
    assert all(one.startswith("Change fleet.") and one.endswith(".") for one in sentences)


def test_without_an_alternative_the_size_of_the_fleet_is_named(fails):
    assert advice_sentences(replace(fails, advice=())) == [
        "No change of accept_rate, recovery, messages_rate or flight_frames alone makes it hold: the fleet is too large for it."
    ]
