"""Malformed contracts, each with the codes it must give and the exact places.

The cases are in corpus/. Marks in them say where problems are: they are taken out, and what load() says must be exactly the
marked codes at the marked line and column.
"""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from tests.unit.contract.corpus import crossing, events, fields, files, folders, sections, syntax, versions
from tests.unit.contract.corpus.marks import BASE, MARK, edited, unmarked

from seamline.contract import ContractErrors, load, load_family, loads
from seamline.contract.evolution.releases import open_releases, planned_release, problems_of, write
from seamline.contract.problems import PROBLEMS_MAX
from seamline.contract.rules import RULES

CASES = sections.CASES | fields.CASES | crossing.CASES | events.CASES


def found(errors):
    return [(problem.span.line, problem.span.column, problem.code) for problem in errors.problems]


def check(marked, *, pure=False):
    text, places = unmarked(marked)
    with pytest.raises(ContractErrors) as caught:
        loads(text, "lamp.yaml", pure=pure)
    assert found(caught.value) == places
    for problem in caught.value.problems:
        assert re.fullmatch(r"lamp\.yaml:\d+:\d+ SL\d{3} .+", str(problem))
        assert problem.code in RULES
    return caught.value.problems


def test_the_base_itself_has_no_problem():
    assert loads(BASE).reference == "lamp/2.1.0"


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("marked", syntax.SYNTAX, ids=range(len(syntax.SYNTAX)))
def test_text_that_is_not_strict_yaml_is_refused_where_it_breaks(marked, pure):
    check(marked, pure=pure)


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("name", CASES)
def test_a_malformed_contract_gives_its_code_at_its_place(name, pure):
    check(edited(*CASES[name]), pure=pure)


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("escape", [r"\ud800", r"\U00110000", r"\xzz", r"\q"])
def test_an_escape_that_is_no_character_is_refused(escape, pure):
    with pytest.raises(ContractErrors) as caught:
        loads(f'summary: "{escape}"\n', pure=pure)
    assert [(problem.code, problem.span.line) for problem in caught.value.problems] == [("SL001", 1)]


@pytest.mark.parametrize("marked", ["a: {b: is it?}\n", "a: [is it?, no]\n", "{a?: b}\n"])
def test_a_bare_question_mark_in_brackets_is_refused_because_readers_differ(marked):
    for pure in (False, True):
        with pytest.raises(ContractErrors) as caught:
            loads(marked, pure=pure)
        assert [(problem.code, problem.span.line) for problem in caught.value.problems] == [("SL001", 1)]


def test_a_question_mark_in_quotes_or_outside_brackets_is_fine():
    loads(edited("promise: custody", 'promise: "custody?"').replace("The smallest", "Smallest?"))


def test_sections_that_may_be_left_out_can_be_left_out():
    text = BASE.replace("  network: {owner: maker, p99: 3 s}\n", "").replace("accept_rate: 100/s", "accept_rate: 1000/s")
    start, end = text.index("update:"), text.index("consumers:")
    text = text[:start] + text[end:].replace("reads: [light, vitals, state]", "reads: [faults, light, vitals]")
    text = text.replace("body: {times: {type: u8, range: [1, 9]}}, ", "").replace(", result: {ends_at: time}", "")
    contract = loads(text)
    assert (contract.update, contract.identity, contract.timing.network_ms) == (None, None, 3000)
    assert (contract.commands["blink"].body, contract.commands["blink"].result) == ({}, {})
    with pytest.raises(ContractErrors) as caught:
        loads(text.replace("value: 12 s", "value: 6 s"))
    assert [len(problem.related) for problem in caught.value.problems] == [1]


def test_a_product_without_messages_is_refused():
    with pytest.raises(ContractErrors) as caught:
        loads(BASE.replace(sections.MESSAGES, "messages: {}\n"))
    assert [problem.code for problem in caught.value.problems] == ["SL104", "SL115", "SL115", "SL115", "SL115"]


def test_all_problems_of_a_file_are_reported_at_once():
    text = edited("value: 12 s", "value: «SL203»7 s")
    text = text.replace("store: ram", "store: «SL111»tape").replace("jitter: full", "jitter: «SL105»'full'")
    check(text.replace("summary:", "«SL101»sumary:", 1).replace("product", "«SL102»product", 1))


def test_one_mistake_in_a_section_gives_no_second_message_from_its_checks():
    check(edited("answer_timeout: {owner: maker, value: 12 s}", "answer_timeout: {owner: «SL115»nobody, value: 1 s}"))


def placed(folder, content):
    """contract.yaml with that content: bytes, text, nothing, a folder, or a link."""
    path = folder / "contract.yaml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif content == files.SYMLOOP:
        path.symlink_to(path)
    elif content is not None:
        path.mkdir()
    return path


@pytest.mark.parametrize("name", files.CASES)
def test_bytes_that_are_no_contract_are_refused_where_they_break(tmp_path, name):
    content, place = files.CASES[name]
    with pytest.raises(ContractErrors) as caught:
        load(placed(tmp_path, content))
    places = found(caught.value)
    assert places[-1] == place
    assert len(places) == (PROBLEMS_MAX + 1 if place[2] == "SL015" else 1), "a flood is cut, and says so"
    assert str(tmp_path) in str(caught.value)


def family(tmp_path, old, new):
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "2.0.0.yaml").write_text(old, encoding="utf-8")
    (tmp_path / "contract.yaml").write_text(new, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", versions.CASES)
def test_versions_that_cannot_live_side_by_side_are_refused(tmp_path, name):
    old, new = versions.CASES[name]
    (old, in_old), (new, in_new) = unmarked(old), unmarked(new)
    with pytest.raises(ContractErrors) as caught:
        load_family(family(tmp_path, old, new))
    places = {str(tmp_path / "contract.yaml"): in_new, str(tmp_path / "released" / "2.0.0.yaml"): in_old}
    for file, expected in places.items():
        assert [
            (problem.span.line, problem.span.column, problem.code)
            for problem in caught.value.problems
            if problem.span.file == file
        ] == expected


def test_a_broken_release_and_a_broken_contract_are_reported_together(tmp_path):
    folder = family(tmp_path, versions.OLD.replace("ram", "tape"), BASE.replace("ram", "tape"))
    with pytest.raises(ContractErrors) as caught:
        load_family(folder)
    assert [Path(problem.span.file).name for problem in caught.value.problems] == ["contract.yaml", "2.0.0.yaml"]


def test_too_many_releases_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("seamline.contract.family.RELEASES_MAX", 0)
    with pytest.raises(ContractErrors) as caught:
        load_family(family(tmp_path, versions.OLD, BASE))
    assert [problem.code for problem in caught.value.problems] == ["SL117"]


def changed(path, change):
    """Do to a released file what the case does; the places of the marks in it."""
    text = change(path.read_text(encoding="utf-8"))
    if text is None:
        path.unlink()
        return []
    text, places = unmarked(text)
    path.write_text(text, encoding="utf-8")
    return places


@pytest.mark.parametrize("name", folders.CASES)
def test_a_folder_that_does_not_hold_gives_its_code_at_its_place(tmp_path, name):
    case = folders.CASES[name]
    for version in ("2.0.0", "2.1.0"):
        (tmp_path / "contract.yaml").write_text(edited("version: 2.1.0", f"version: {version}"), encoding="utf-8")
        write(planned_release(open_releases(tmp_path), (tmp_path / "contract.yaml").read_bytes(), "2026-11-21"))
    text, places = unmarked(case.contract)
    (tmp_path / "contract.yaml").write_text(text, encoding="utf-8")
    expected = [("contract.yaml", *place) for place in places] + [(file, 1, 1, code) for file, code in case.gone]
    for file, change in case.after.items():
        expected += [(file, *place) for place in changed(tmp_path / "released" / file, change)]
    problems = problems_of(open_releases(tmp_path), case.in_field)
    assert sorted((Path(each.span.file).name, each.span.line, each.span.column, each.code) for each in problems) == sorted(
        expected
    )
    assert all(re.fullmatch(r".+:\d+:\d+ SL\d{3} .+", str(each)) and each.fix for each in problems)


@cache
def cases_of_each_rule():
    """How many files or folders there are for each code, and in each of which it must be found."""
    texts = [
        *syntax.SYNTAX,
        *("".join(case[1::2]) for case in CASES.values()),
        *("".join(pair) for pair in versions.CASES.values()),
    ]
    met = Counter(code for text in texts for code in set(MARK.findall(text)))
    met.update(place[2] for _, place in files.CASES.values())
    for case in folders.CASES.values():
        told = case.contract + "".join(change("{}\n{}\n") or "" for change in case.after.values())
        met.update(set(MARK.findall(told)) | {code for _, code in case.gone})
    return met


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_two_files_that_break_it(code):
    assert cases_of_each_rule()[code] >= 2


def test_the_corpus_is_about_rules_that_exist():
    assert set(cases_of_each_rule()) == set(RULES)
