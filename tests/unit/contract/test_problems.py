"""What a person reads when a contract does not hold."""

import pytest

from seamline.contract import ContractErrors, loads
from seamline.contract.keys import nearest
from seamline.contract.problems import PROBLEMS_MAX, Language, Problem, Report, Span, printable, shown


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "''"),
        ("it's", '"it\'s"'),
        ("x" * 60, f"'{'x' * 60}'"),
        ("x" * 61, f"'{'x' * 57}...'"),
        ("\x1b[31m", r"'\x1b[31m'"),
    ],
)
def test_a_word_is_shown_in_quotes_and_in_sixty_characters_at_most(text, words):
    assert shown(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("für 10 °C", "für 10 °C"),
        ("a\x1b[31mb\x07", r"a\x1b[31mb\x07"),
        ("two\nlines\r\n\t", r"two\nlines\r\n\t"),
        ("\u202eback\u200b\xa0", r"\u202eback\u200b\xa0"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_obey_or_not_show_is_escaped(text, words):
    assert printable(text) == words


def span(line, column=1):
    return Span("f", line, column, line, column + 1)


def test_a_report_escapes_messages_fixes_and_notes():
    report = Report("f")
    report.add("SL101", span(1), "a\x07", fix="b\x1b", related=((span(2), "c\n"),))
    assert report.problems == (Problem("SL101", span(1), r"a\x07", r"b\x1b", ((span(2), r"c\n"),)),)


def test_problems_are_in_the_order_of_the_file_and_then_of_their_codes():
    report = Report("f")
    for code, line, column in (("SL203", 9, 1), ("SL102", 2, 7), ("SL101", 2, 7), ("SL110", 2, 3)):
        report.add(code, span(line, column), "text")
    assert [problem.code for problem in report.problems] == ["SL110", "SL101", "SL102", "SL203"]


@pytest.mark.parametrize(("count", "kept"), [(PROBLEMS_MAX - 1, 199), (PROBLEMS_MAX, 200), (PROBLEMS_MAX + 1, 201), (500, 201)])
def test_of_too_many_problems_the_first_are_kept_and_the_last_says_that_there_are_more(count, kept):
    report = Report("f")
    for line in range(count, 0, -1):
        report.add("SL101", span(line), "text")
    assert (report.count, len(report.problems), report.full) == (count, kept, count > PROBLEMS_MAX)
    lines = [problem.span.line for problem in report.problems[:PROBLEMS_MAX]]
    assert lines == sorted(lines)
    if count > PROBLEMS_MAX:
        last = report.problems[-1]
        assert (last.code, last.span.line, last.fix) == ("SL015", count - PROBLEMS_MAX, "mend these first")
        assert last.message == "more than 200 problems (problems_max); the rest is not shown"


def test_a_section_with_a_problem_is_not_clean_and_others_are():
    report = Report("f")
    report.section = "timing"
    report.add("SL101", span(1), "text")
    report.section = "fleet"
    report.spoil()
    report.section = "clock"
    assert [report.clean(name) for name in ("timing", "fleet", "clock", "")] == [False, False, True, True]
    assert report.clean("clock", "buffer")
    assert not report.clean("clock", "timing")
    assert (report.count, len(report.problems)) == (1, 1)


def test_another_language_has_letters_of_its_own():
    report = Report("f", Language("NP", "plan", "site", "site: NAME"))
    for line in range(PROBLEMS_MAX + 1):
        report.add("SL101", span(line + 1), "text")
    assert {problem.code for problem in report.problems} == {"NP101", "NP015"}
