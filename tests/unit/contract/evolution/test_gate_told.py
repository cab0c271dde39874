"""What the gate says of two versions: at which places of both files, in which words, with which remedy."""

from pathlib import Path

import pytest
from tests.unit.contract.evolution.test_gate import BASE, BIG, GAP, A, B, contract, problems

C, D = "{name: c, type: u8}", "{name: d, type: u8}"
OTHER_A, OTHER_B = "{name: a, type: u4, unit: V}", "{name: b, type: u5}"
OPTIONAL_B = "{name: b, type: u4, optional: true}"
APPEND = "keep old fields, in order, and append"
BITS = "keep the bits of old fields where they are: change what is behind them"
ANEW = "give the new meaning a new field at the end"
MOVED = "layout 5 differs from layout 4 in {}: it moves bits of fields that were there before: {}"
NEVER = "ids and names are never reused: take a new one"


def at(span):
    """What the file says at a place, to the end of the line, behind the file's name."""
    path = Path(span.file)
    return f"{path.stem}: {path.read_text(encoding='utf-8').splitlines()[span.line - 1][span.column - 1 :]}"


def told(found):
    """Where a problem is, what it says, what is to be done, and where the other file says it differently."""
    ((place, note),) = found.related
    return at(found.span), found.message, found.fix, at(place), note


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ([A, B, C], [A, C], (C, "layout 5 has 'c' where layout 4 has 'b'", APPEND, B)),
        ([A, B, C], [A, B], (f"- {A}", "layout 5 has nothing where layout 4 has 'c'", APPEND, C)),
        ([A, B, C], [A, C, B], (C, "layout 5 has 'c' where layout 4 has 'b'", APPEND, "4")),
        ([A, GAP, C], [A, "{reserved: 8}", C], (f"- {A}", MOVED.format("reserved", "c"), BITS, "4")),
        ([A, B], [GAP, A, B], (f"- {GAP}", MOVED.format("reserved", "a, b"), BITS, "4")),
        ([A, B], [A, OPTIONAL_B], (f"- {A}", MOVED.format("fields.b.optional", "b"), BITS, B)),
        ([A, B], [OTHER_A, B], (OTHER_A, "'a' has another unit than in layout 4", ANEW, A)),
        ([A, B], [A, OTHER_B], (OTHER_B, "'b' has another type than in layout 4", ANEW, B)),
    ],
)  # fmt: skip
def test_a_new_layout_that_breaks_an_old_one_is_told_at_both_places(old, new, said, tmp_path):
    (problem,) = problems(tmp_path, contract("2.0.0", 4, old), contract("2.1.0", 5, new))
    here, message, fix, there = said
    assert told(problem) == (f"contract: {here}", message, fix, f"2.0.0: {there}", "in 2.0.0")


def test_another_byte_order_is_told_where_the_order_stands(tmp_path):
    (problem,) = problems(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 5, [A, B], BIG))
    fix = "another order is another message: give it a new name and id"
    assert told(problem) == ("contract: big}", "layout 5 has another byte order than layout 4", fix, "2.0.0: 4", "in 2.0.0")


@pytest.mark.parametrize(
    ("changes", "message", "here"),
    [
        ([("vitals: {id: 9", "vitals: {id: 8")], "'vitals' had id 9 in 2.0.0", "8"),
        (
            [("vitals: {id: 9", "health: {id: 9"), ("[vitals,", "[health,"), ("light, vitals,", "light, health,")],
            "id 9 was 'vitals' in 2.0.0",
            "9",
        ),
    ],
    ids=["a name with another id", "an id with another name"],
)
def test_a_name_or_id_that_is_used_again_is_told_at_both_places(changes, message, here, tmp_path):
    new = BASE
    for before, after in changes:
        new = new.replace(before, after)
    (problem,) = problems(tmp_path, BASE.replace("version: 2.1.0", "version: 2.0.0"), new)
    rest = ", standard: vitals/1, publish: {every: 15 min}}"
    assert told(problem) == (f"contract: {here}{rest}", message, NEVER, f"2.0.0: 9{rest}", "in 2.0.0")


def test_a_kept_number_is_told_at_both_layouts(tmp_path):
    (problem,) = problems(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 4, [OTHER_A, B]))
    here, _, _, there, note = told(problem)
    assert (here, there, note) == ("contract: 4", "2.0.0: 4", "layout 4 in 2.0.0")


def test_only_the_first_shift_is_told_for_what_is_behind_it_follows_from_it(tmp_path):
    (problem,) = problems(tmp_path, contract("2.0.0", 4, [A, B, C, D]), contract("2.1.0", 5, [D, OTHER_A]))
    assert problem.message == "layout 5 has 'd' where layout 4 has 'a'"


def test_what_says_nothing_about_a_record_may_change_under_a_number(tmp_path):
    since = "{name: b, type: u4, since: 2.0.0}"
    assert problems(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 4, [A, since])) == []


def test_two_layouts_whose_fingerprints_are_equal_by_chance_are_told_apart_all_the_same(tmp_path):
    old, new = ([A, f"{{name: b, type: u4, scale: {scale}}}"] for scale in ("0.02689", "0.062992"))
    (problem,) = problems(tmp_path, contract("2.0.0", 4, old), contract("2.1.0", 4, new))
    assert "in fields.b.scale (fingerprint 5b69f6c8, was 5b69f6c8)" in problem.message


def test_a_layout_is_held_against_the_greatest_number_below_its_own(tmp_path):
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "1.9.0.yaml").write_text(contract("1.9.0", 3, [A]), encoding="utf-8")
    between = contract("2.0.0", 5, [A, B])
    assert problems(tmp_path, between, contract("2.1.0", 4, [A, C])) == []
    assert [problem.code for problem in problems(tmp_path, between, contract("2.1.0", 4, [C]))] == ["SL307"]


def test_layouts_of_another_message_are_not_this_one_s(tmp_path):
    old, new = (
        text.replace("  vitals: {", f"  dusk: {{id: 2, layout: 5, sample: 10 s, publish: {{every: 60 s}}, fields: [{C}]}}\n  vitals: {{")
        .replace("[vitals, oldest light]", "[vitals, dusk, oldest light]")
        .replace("[light, vitals,", "[light, dusk, vitals,")
        for text in (contract("2.0.0", 4, [A, B]), contract("2.1.0", 6, [A, B, D]))
    )  # fmt: skip
    assert problems(tmp_path, old, new) == []
