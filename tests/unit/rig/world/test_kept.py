"""A kept plan says what it once broke; what it says is read back as it was written, and refused where it makes no sense."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.rig.world.kept import TEXTS, Kept, KeptError, parse_kept
from seamline.rig.world.plan import Plan, PlanError, parse

PLAN = Plan(1, 2, 1_000)


@given(st.builds(Kept, **{name: st.text() for name in TEXTS}, reached=st.lists(st.text(), max_size=5).map(tuple)))
def test_what_is_kept_reads_back_as_it_was(kept):
    assert parse(replace(PLAN, kept=kept).write()).kept == kept


def test_a_plan_that_was_never_kept_says_nothing():
    assert "kept" not in json.loads(PLAN.write())
    assert parse(PLAN.write()).kept is None
    assert parse_kept(None) is None


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([], "`kept` is no JSON object"),
        ({"who": "me"}, "unknown member 'who'"),
        ({"promise": 3}, "promise is 3; a text is needed"),
        ({"reached": "deaf"}, "reached is no list of names"),
        ({"reached": [1]}, "reached is no list of names"),
    ],
)
def test_nonsense_is_refused_with_its_place(members, says):
    with pytest.raises(KeptError, match=says):
        parse_kept(members)
    with pytest.raises(PlanError, match=says):
        parse(json.dumps(json.loads(PLAN.write()) | {"kept": members}))


@pytest.mark.parametrize(
    ("kept", "story"),
    [
        (Kept(), "was kept"),
        (Kept(promise="values", on="2026-11-21", code="1.2"), "broke values on 2026-11-21 with Seamline 1.2"),
        (Kept(promise="values", why="a bit short"), "broke values: a bit short"),
    ],
)
def test_the_story_is_one_line(kept, story):
    assert kept.story == story
