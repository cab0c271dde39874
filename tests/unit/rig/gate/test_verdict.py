"""What a verdict is: nothing passes without evidence, nothing fails without a reason, and only what is demanded counts."""

import pytest
from hypothesis import given, strategies as st

from seamline.contract.problems import Span
from seamline.rig.gate.criteria import FIXED, MIXTURE, REGRESSIONS, of_day
from seamline.rig.gate.verdict import (
    ASKS,
    Answer,
    Criterion,
    Evidence,
    Judgement,
    Outcome,
    Stage,
    Standing,
    Verdict,
    failed,
    not_applicable,
    not_judged,
    passed,
)

SEEN = Evidence("it was looked at")


def criterion(stage=Stage.MAP, name="map.x"):
    return Criterion(name, stage, 1, "a title", "a remedy")


def judged(outcome, stage=Stage.MAP):
    found = {
        Outcome.PASSED: lambda c: passed(c, SEEN),
        Outcome.IN_PART: lambda c: passed(c, SEEN, part=("a thing",)),
        Outcome.FAILED: lambda c: failed(c, "no"),
        Outcome.NOT_JUDGED: lambda c: not_judged(c, "why"),
        Outcome.NOT_APPLICABLE: lambda c: not_applicable(c, "it has none"),
    }
    return found[outcome](criterion(stage))


def test_nothing_passes_without_evidence():
    with pytest.raises(ValueError, match=r"map\.x would pass without evidence"):
        passed(criterion())


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_JUDGED, Outcome.NOT_APPLICABLE])
def test_what_does_not_pass_has_a_reason(outcome):
    with pytest.raises(ValueError, match=f"map.x is {outcome} without a reason"):
        Judgement(criterion(), outcome, (SEEN,))


judgements = st.lists(st.builds(judged, st.sampled_from(Outcome), st.sampled_from(Stage)))


@given(judgements, st.sampled_from(Stage))
def test_a_verdict_passes_exactly_when_all_that_its_stage_demands_has_passed(found, stage):
    verdict = Verdict("p", "1.0.0", "", stage, tuple(found))
    asked = [each for each in found if list(Stage).index(each.criterion.stage) <= list(Stage).index(stage)]
    owed = [each for each in asked if each.outcome is not Outcome.NOT_APPLICABLE]
    assert verdict.passes == all(each.outcome in {Outcome.PASSED, Outcome.IN_PART} for each in owed)
    assert list(verdict.demanded) == asked
    assert sum(verdict.count(outcome) for outcome in Outcome) == len(asked)
    assert set(verdict.lacking) == {each for each in owed if not each.holds}


@given(judgements)
def test_a_later_stage_never_passes_where_an_earlier_one_does_not(found):
    passes = [Verdict("p", "1.0.0", "", stage, tuple(found)).passes for stage in Stage]
    assert passes == sorted(passes, reverse=True)


@pytest.mark.parametrize(
    ("outcomes", "open_", "standing"),
    [
        ("p", "", Standing.PROVEN),
        ("pp", "", Standing.PROVEN),
        ("p", "x", Standing.PARTLY),
        ("pn", "", Standing.PARTLY),
        ("pi", "", Standing.PARTLY),
        ("i", "", Standing.PARTLY),
        ("if", "", Standing.BROKEN),
        ("n", "", Standing.OPEN),
        ("", "x", Standing.OPEN),
        ("", "", Standing.OPEN),
        ("pf", "", Standing.BROKEN),
        ("fn", "x", Standing.BROKEN),
    ],
)
def test_a_question_stands_as_its_proofs_do(outcomes, open_, standing):
    letters = {"p": Outcome.PASSED, "i": Outcome.IN_PART, "f": Outcome.FAILED, "n": Outcome.NOT_JUDGED}
    assert Answer(1, "?", (), tuple(judged(letters[one]) for one in outcomes), tuple(open_)).standing is standing


def test_a_question_about_what_does_not_exist_is_not_provable_whatever_holds_beside_it():
    good, bad = judged(Outcome.PASSED), judged(Outcome.FAILED)
    assert Answer(2, "?", (), (good,), ("x",), is_absent=True).standing is Standing.UNPROVABLE
    assert Answer(2, "?", (), (), ("x",), is_absent=True).standing is Standing.UNPROVABLE
    assert Answer(2, "?", (), (bad,), ("x",), is_absent=True).standing is Standing.BROKEN


def test_what_passes_in_part_has_evidence_and_says_what_is_missing():
    found = passed(criterion(), SEEN, part=("a thing", "another"))
    assert (found.outcome, found.holds, found.missing) == (Outcome.IN_PART, True, "missing: a thing; another")
    with pytest.raises(ValueError, match="would pass without evidence"):
        passed(criterion(), part=("a thing",))
    with pytest.raises(ValueError, match="of it 0 things are missing"):
        Judgement(criterion(), Outcome.IN_PART, (SEEN,))
    with pytest.raises(ValueError, match="of it 1 things are missing"):
        Judgement(criterion(), Outcome.PASSED, (SEEN,), part=("a thing",))


def test_what_fails_a_question_is_named_and_told_apart_from_what_cannot_be_proved():
    bad, good = judged(Outcome.FAILED), judged(Outcome.PASSED)
    broken, whole = Answer(1, "?", (), (bad, good), ("x",)), Answer(1, "?", (), (good,), ("x",))
    assert (broken.failing, broken.open_is) == ((bad.criterion.id,), "apart from what fails, not provable yet")
    assert (whole.failing, whole.open_is) == ((), "not provable yet")


def test_evidence_says_where_it_is_from():
    assert str(Evidence("a text", Span("a.yaml", 3, 4, 3, 9), "SL201")) == "a.yaml:3:4 SL201 a text"
    assert str(Evidence("a text")) == "a text"
    assert Evidence("a text").where == ""


def test_every_stage_says_what_it_asks():
    assert set(ASKS) == set(Stage)
    assert all(stage.asks for stage in Stage)


def test_ids_are_unique_and_begin_with_their_stage():
    found = [*FIXED, MIXTURE, REGRESSIONS, of_day("week-offline", made=True), of_day("bad-release", made=False)]
    assert len({each.id for each in found}) == len(found)
    assert all(each.id.startswith(f"{each.stage}.") and 1 <= each.question <= 7 and each.remedy for each in found)
