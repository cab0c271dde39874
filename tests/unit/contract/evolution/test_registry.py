"""The registry: appended to, never changed unnoticed."""

import json

import pytest
from hypothesis import given, strategies as st

from seamline.contract.evolution.registry import EVENTS_MAX, FIRST, Registry, Release, Retirement, read

WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
RELEASES = st.lists(
    st.builds(Release, version=WORD, date=WORD, sha256=WORD, fingerprint=WORD, layouts=st.dictionaries(WORD, WORD, max_size=3)),
    unique_by=lambda release: release.version,
    max_size=6,
)


def release(version):
    return Release(version, "2026-11-21", "a" * 64, "b" * 64, {"reading/1": "0badcafe"})


def written(*events):
    registry = read("")
    for event in events:
        registry = read(registry.with_release(event) if isinstance(event, Release) else registry.with_retirement(event))
    return registry.text


@given(RELEASES)
def test_what_was_written_is_read(releases):
    registry = read(written(*releases))
    assert list(registry.releases.values()) == releases
    assert not registry.flaws


@given(RELEASES, RELEASES)
def test_appending_changes_nothing_before_it(first, more):
    text = written(*first)
    new = [each for each in more if each.version not in {one.version for one in first}]
    assert written(*first, *new).startswith(text)


@given(st.text(max_size=300))
def test_no_text_can_break_the_reading(text):
    registry = read(text)
    assert bool(registry.flaws) == bool(text)


@given(st.lists(st.recursive(st.none() | st.booleans() | WORD, lambda inner: st.lists(inner) | st.dictionaries(WORD, inner))))
def test_no_json_can_break_the_reading(values):
    assert len(read("".join(f"{json.dumps(value)}\n" for value in values)).flaws) == len(values)


def test_the_first_line_follows_nothing():
    assert json.loads(written(release("1.0.0")))["previous"] == FIRST


TEXT = written(release("1.0.0"), release("1.1.0"), release("1.2.0"), Retirement("1.0.0", "2026-12-01"))
LINES = TEXT.splitlines(keepends=True)


def test_a_retired_version_is_not_in_the_field():
    assert read(TEXT).in_field == ("1.1.0", "1.2.0")
    assert read("") == Registry()


@pytest.mark.parametrize("number", range(3))
def test_a_line_that_is_taken_out_is_noticed(number):
    assert read("".join(LINES[:number] + LINES[number + 1 :])).flaws[0].line == number + 1


@pytest.mark.parametrize("number", range(3))
def test_a_line_that_is_altered_is_noticed(number):
    altered = [*LINES]
    altered[number] = altered[number].replace("2026-11-21", "2026-11-20")
    assert [flaw.line for flaw in read("".join(altered)).flaws] == [number + 2]


def test_a_last_line_without_its_end_is_whole_and_can_be_followed():
    registry = read(TEXT.removesuffix("\n"))
    assert not registry.flaws
    assert registry.with_release(release("1.3.0")) == read(TEXT).with_release(release("1.3.0"))


def test_lines_that_change_places_are_noticed():
    assert read("".join([LINES[1], LINES[0], *LINES[2:]])).flaws


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (release("1.0.0"), "1.0.0 is released twice"),
        (Retirement("1.0.0", "2026-12-02"), "1.0.0 is retired, but was not in the field"),
        (Retirement("9.9.9", "2026-12-02"), "9.9.9 is retired, but was not in the field"),
    ],
)
def test_an_event_that_cannot_have_been_is_noticed(event, text):
    registry = read(TEXT)
    longer = registry.with_release(event) if isinstance(event, Release) else registry.with_retirement(event)
    assert [(flaw.line, flaw.text) for flaw in read(longer).flaws] == [(5, text)]


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "1", '{"event": "party"}', LINES[0].replace('"date"', '"day"'), LINES[0].replace('{"reading/1": "0badcafe"}', "[]"),
     LINES[0].replace('"0badcafe"', "7"), "[" * 100_000],
)  # fmt: skip
def test_what_is_no_line_of_a_registry_is_noticed(line):
    assert read(f"{line.strip()}\n").flaws[0].text == "it is no line of a registry"


def test_a_flood_of_lines_is_cut():
    assert read("x\n" * (EVENTS_MAX + 5)).flaws[0].text == f"more than {EVENTS_MAX} lines (events_max)"


@pytest.mark.parametrize(("lines_max", "flaws", "versions"), [(4, [], 3), (3, [4], 3), (2, [3], 2)])
def test_as_many_lines_as_may_be_are_read_and_one_more_is_a_flaw_behind_them(monkeypatch, lines_max, flaws, versions):
    monkeypatch.setattr("seamline.contract.evolution.registry.EVENTS_MAX", lines_max)
    registry = read(TEXT)
    assert [flaw.line for flaw in registry.flaws] == flaws
    assert all(f"more than {lines_max} lines (events_max)" in str(flaw) for flaw in registry.flaws)
    assert len(registry.releases) == versions


def test_names_stay_readable_in_the_file():
    text = written(Release("1.0.0", "2026-11-21", "a", "b", {"größe/1": "0badcafe"}))
    assert "größe/1" in text
    assert list(read(text).releases["1.0.0"].layouts) == ["größe/1"]
