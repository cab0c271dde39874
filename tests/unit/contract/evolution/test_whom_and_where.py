"""Whom a difference concerns, and in which file it stands."""

from pathlib import Path

import pytest

from seamline.contract import load_family, loads
from seamline.contract.evolution import Direction, against, compare, said

BASE = (Path(__file__).parents[1] / "base.yaml").read_text(encoding="utf-8")
HEATER = Path(__file__).parents[4] / "examples" / "heater"
EDITS = {
    "state.level.range": ("range: [0, 100], conflict", "range: [0, 50], conflict"),
    "identity.claim": ("claim: factory", "claim: code"),
    "enums.mode.1": (", 1: bright", ""),
    "state.level.conflict": ("conflict: newest", "conflict: cloud_wins"),
    "summary": ("summary: ", "summary: Another "),
}


def version(number, *paths):
    text = BASE.replace("version: 2.1.0", f"version: {number}")
    for path in paths:
        old, new = EDITS[path]
        assert old in text
        text = text.replace(old, new)
    return loads(text)


def old_file(path):
    return "old", path


def new_file(path):
    return "new", path


@pytest.fixture
def base():
    return version("2.1.0")


def test_what_is_gone_stands_in_the_old_file_and_all_else_in_the_new_one(base):
    newer = version("2.2.0", *EDITS)
    found = compare(base, newer, old_place=old_file, new_place=new_file)
    assert {each.path for each in found} >= {"state.level.range", "identity.claim", "enums.mode.1"}
    for each in found:
        assert each.place == ("old" if each.new is None else "new", each.path)
    assert [each.place[0] for each in found if each.path == "enums.mode.1"] == ["old"]
    back = compare(newer, base, old_place=old_file, new_place=new_file)
    assert [each.place[0] for each in back if each.path == "enums.mode.1"] == ["new"]


def test_where_only_one_file_is_at_hand_what_stands_in_the_other_has_no_place(base):
    newer = version("2.2.0", *EDITS)
    for given, side in (({"new_place": new_file}, "new"), ({"old_place": old_file}, "old")):
        places = {each.new is None: each.place for each in compare(base, newer, **given)}
        assert (places[side == "old"] is not None, places[side != "old"]) == (True, None)
    assert {each.place for each in compare(base, newer)} == {None}


def test_the_firmware_concerned_is_the_old_the_new_or_both(base):
    concerned = {Direction.OLD_FIRMWARE: ("2.1.0",), Direction.NEW_FIRMWARE: ("2.2.0",), Direction.BOTH: ("2.1.0", "2.2.0")}
    found = compare(base, version("2.2.0", *EDITS))
    assert {each.direction for each in found} == set(Direction)
    for each in found:
        assert each.firmware == concerned[each.direction]


def test_two_drafts_of_one_version_concern_that_version_once(base):
    (found,) = (each for each in compare(base, version("2.1.0", "state.level.conflict")) if each.path == "state.level.conflict")
    assert found.firmware == ("2.1.0",)


def test_a_contract_has_no_difference_with_itself_and_versions_have_the_same_ones_both_ways():
    versions = list(load_family(HEATER).versions.values())
    for one in versions:
        assert compare(one, one) == ()
        for other in versions:
            there, back = compare(one, other), compare(other, one)
            assert {(each.path, each.old, each.new) for each in there} == {(each.path, each.new, each.old) for each in back}


def test_differences_from_several_versions_are_told_once_with_all_the_firmware_they_concern(base):
    current = version("2.3.0", "identity.claim", "state.level.range")
    released = [base, version("2.2.0"), version("2.2.1", "identity.claim")]
    found = {each.path: each for each in against(current, released, new_file)}
    assert found["identity.claim"].firmware == ("2.1.0", "2.2.0")
    assert found["state.level.range"].firmware == ("2.3.0",)
    assert found["identity.claim"].place == ("new", "identity.claim")
    told = [(each.path, each.old, each.new) for each in against(current, released)]
    assert len(told) == len(set(told))
    assert against(current, []) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"), [(None, "3 s", "added 3 s"), ("2 s", None, "removed 2 s"), ("2 s", "3 s", "2 s → 3 s")]
)
def test_a_change_is_told_as_added_removed_or_from_one_to_the_other(old, new, words):
    assert said(old, new) == words


def test_a_difference_reads_as_one_line_with_its_verdict_and_reason(base):
    for each in compare(base, version("2.2.0", *EDITS)):
        line = str(each)
        assert line.startswith(f"{each.path}: {said(each.old, each.new)} ({each.category.value}, ")
        assert ("breaking: " if each.breaking else "compatible: ") + each.reason in line
        assert (each.code is None) or each.breaking
