"""What a person reads when a contract does not hold."""

import pytest

from seamline.contract import ContractErrors, loads
from seamline.contract.keys import nearest
from seamline.contract.problems import Problem, Report, Span


def test_a_problem_shows_its_line_the_related_places_and_the_fix():
    text = "product: lamp\nproduct: torch\n"
    with pytest.raises(ContractErrors) as caught:
        loads(text, "lamp.yaml")
    twice = next(problem for problem in caught.value.problems if problem.code == "SL009")
    assert twice.render() == (
        "lamp.yaml:2:1 SL009 'product' is given twice\n    lamp.yaml:1:1: first given here\n    fix: keep one of them"
    )
    assert str(caught.value).startswith("lamp.yaml:1:1 SL102 the contract has no 'version'\n")


def test_a_problem_without_a_fix_is_one_line():
    assert Problem("SL000", Span("f", 1, 2, 1, 3), "text").render() == "f:1:2 SL000 text"


def test_an_unknown_place_is_the_nearest_one_around_it():
    report = Report("f")
    report.places["timing"] = Span("f", 5, 1, 9, 1)
    assert report.place("timing.keep_alive.value") == Span("f", 5, 1, 9, 1)
    assert report.place("clock") == Span("f", 1, 1, 1, 1)


@pytest.mark.parametrize(("wrong", "meant"), [("capasity", "capacity"), ("zebra", None), ("c" * 61, None)])
def test_a_likely_word_is_proposed(wrong, meant):
    assert nearest(Report("f"), wrong, ["capacity", "store"]) == meant


def test_a_misspelt_key_is_answered_with_the_right_one():
    with pytest.raises(ContractErrors) as caught:
        loads("prodct: lamp\n")
    unknown = next(problem for problem in caught.value.problems if problem.code == "SL101")
    assert unknown.fix == "write 'product'"


def test_a_text_that_a_comma_cut_in_two_is_told_apart_from_a_wrong_key():
    with pytest.raises(ContractErrors) as caught:
        loads("{product: lamp, summary: A lamp, small}\n")
    unknown = next(problem for problem in caught.value.problems if problem.code == "SL101")
    assert unknown.message == "unknown key 'small'"
    assert unknown.fix == "inside brackets a comma ends a text: put text that holds one in quotes"


def test_long_words_are_cut_where_they_are_shown():
    with pytest.raises(ContractErrors) as caught:
        loads("product: " + "x" * 4000 + "\n")
    assert all(len(problem.message) < 200 for problem in caught.value.problems)
