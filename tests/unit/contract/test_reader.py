"""The YAML reader: nothing is resolved, spans are exact, both parsers agree, nothing hostile gets through."""

import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings, strategies as st

from seamline.contract import ContractErrors, Span, load, loads
from seamline.contract.limits import FILE_BYTES_MAX
from seamline.contract.nodes import Broken, Mapping, Scalar, Sequence, plain
from seamline.contract.problems import Report
from seamline.contract.reader import read_text

BASE = (Path(__file__).parent / "base.yaml").read_text(encoding="utf-8")


def read(text, *, pure=False):
    report = Report("f")
    return read_text(text, report, pure=pure), report.problems


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize(
    "text", ["off", "1.10", "22:30", "yes", "null", "~", "0x4F", "1e3", "2024-01-01", "=", "010", ".inf", "on power loss"]
)
def test_a_plain_value_stays_the_text_that_was_written(text, pure):
    root, problems = read(f"key: {text}\n", pure=pure)
    assert not problems
    assert root.entries[0][1] == Scalar(Span("f", 1, 6, 1, 6 + len(text)), text, quoted=False)


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
def test_every_node_knows_where_it_stands_in_characters(pure):
    root, problems = read("ä: [ö, 'ü x']\nlong: |\n  two\n  lines\n", pure=pure)
    assert not problems
    assert isinstance(root, Mapping)
    (key, listed), (_, text) = root.entries
    assert key.span == Span("f", 1, 1, 1, 2)
    assert isinstance(listed, Sequence)
    assert listed.span == Span("f", 1, 4, 1, 14)
    assert [item.span for item in listed.items] == [Span("f", 1, 5, 1, 6), Span("f", 1, 8, 1, 13)]
    assert [item.quoted for item in listed.items] == [False, True]
    assert (text.text, text.quoted, text.span.line) == ("two\nlines\n", True, 2)
    assert plain(root) == {"ä": ["ö", "ü x"], "long": "two\nlines\n"}


def test_line_ends_of_windows_change_nothing():
    assert read(BASE.replace("\n", "\r\n")) == read(BASE)


def test_a_broken_place_is_nothing_in_the_document():
    assert plain(Broken(Span("f", 1, 1, 1, 1))) is None


def test_an_unclosed_bracket_names_where_it_opened():
    with pytest.raises(ContractErrors) as caught:
        loads("product: lamp\nowners: [a,\n  b\n", "lamp.yaml")
    problem = caught.value.problems[0]
    assert [str(span) for span, _ in problem.related] == ["lamp.yaml:2:9"]
    assert "lamp.yaml:2:9: while parsing a flow sequence" in str(caught.value)


def agree(text):
    """Both parsers give the same tree, or text that the contract refuses in any case."""
    (tree, problems), (pure_tree, pure_problems) = read(text), read(text, pure=True)
    refused, pure_refused = bool(problems) or empty(tree), bool(pure_problems) or empty(pure_tree)
    assert refused == pure_refused
    if not refused:
        assert tree == pure_tree


def empty(node):
    """Say whether something in the tree has no value, which no contract may have."""
    if isinstance(node, Mapping):
        return any(empty(value) for _, value in node.entries)
    if isinstance(node, Sequence):
        return any(empty(item) for item in node.items)
    return isinstance(node, Scalar) and not node.text and not node.quoted


PIECES = st.sampled_from(
    ["a", "b: c", "- ", "  ", "\n", ": ", "[", "]", "{", "}", ", ", "'", '"', "#", " #", "|", ">", "|-\n", "?", "? ", "&a ",
     "*a", "!t ", "---", "...", "%", "@", "`", "\\", "\\n", "é", "0x4F", "off", "10 s", "\t", "\r\n", "~", "<<", "!!", "-", ":"]
)  # fmt: skip


@settings(deadline=None)  # the first example imports the parser
@given(st.lists(PIECES, max_size=25).map("".join))
def test_the_c_parser_and_the_python_parser_agree(text):
    agree(text)


@pytest.mark.parametrize("text", [BASE, "- \n- a\n-\n", "a:\n  b:\nc: [ ]\n", "a: {b, c: , d: e}\n", "[a, {b: c}, ]\n"])
def test_the_parsers_agree_on_what_people_write(text):
    agree(text)


@settings(deadline=None)
@given(st.text())
@example("a: b\n" * 3)
def test_random_text_gives_contract_errors_never_a_traceback(text):
    with pytest.raises(ContractErrors) as caught:
        loads(text)
    assert caught.value.problems


@given(st.integers(0, len(BASE)), st.integers(0, 40), st.one_of(st.lists(PIECES, max_size=4).map("".join), st.text(max_size=5)))
def test_a_contract_with_a_piece_torn_out_loads_or_gives_contract_errors(start, length, instead):
    text = BASE[:start] + instead + BASE[start + length :]
    problems = ()
    try:
        loads(text)
    except ContractErrors as errors:
        problems = errors.problems
    assert all(1 <= problem.span.line <= text.count("\n") + 2 for problem in problems)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" * 1, "SL010"),
        ("[" * FILE_BYTES_MAX, "SL004"),
        ("{a: " * 200_000, "SL004"),
        ("- " * 200_000, "SL004"),
        ("a: b\n" * 200_000, "SL005"),
        ("x" * FILE_BYTES_MAX, "SL006"),
        ("".join(f"k{n}: *a\n" for n in range(30_000)), "SL010"),
    ],
    ids=["bomb", "brackets", "braces", "dashes", "nodes", "scalar", "aliases"],
)
def test_hostile_text_is_refused_by_a_limit_with_a_name(text, code):
    _, problems = read(text)
    assert code in {problem.code for problem in problems}
    assert len(problems) <= 201


BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(f'*{a}' for _ in range(8))}]\n" for a, b in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    ("text", "events_max"),
    [
        ("[" * FILE_BYTES_MAX, 100),
        ("{a: " * 200_000, 100),
        ("- " * 200_000, 100),
        ("[" + "0," * 500_000 + "0]", 100_100),
        (BOMB, 300),
    ],
    ids=["brackets", "braces", "dashes", "list", "bomb"],
)
def test_hostile_text_is_read_no_further_than_its_limit(text, events_max, monkeypatch):
    """The bound is the number of events taken from the parser: it holds on any machine."""
    seen = 0

    def counted(*args, **kwargs):
        nonlocal seen
        for event in parse(*args, **kwargs):
            seen += 1
            yield event

    parse = yaml.parse
    monkeypatch.setattr(yaml, "parse", counted)
    _, problems = read(text)
    assert problems
    assert seen <= events_max


def test_of_a_file_of_100_mb_one_byte_more_than_the_limit_is_read(tmp_path):
    path = tmp_path / "contract.yaml"
    with path.open("wb") as file:
        file.truncate(100 << 20)  # a hole of NULs, which takes no room on the disk
    tracemalloc.start()
    with pytest.raises(ContractErrors) as caught:
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [problem.code for problem in caught.value.problems] == ["SL003"]
    assert peak < 4 * FILE_BYTES_MAX


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"product: la\x00mp\n", "SL008"),
        (b"\x00" * FILE_BYTES_MAX, "SL008"),
        (b"product: \xc0\xaf\n", "SL007"),
        (b"product: \xed\xa0\x80\n", "SL007"),
        (b"\xff" * FILE_BYTES_MAX, "SL007"),
    ],
    ids=["nul", "nuls", "overlong", "surrogate", "ff"],
)
def test_bytes_that_are_no_text_are_refused(tmp_path, data, code):
    path = tmp_path / "contract.yaml"
    path.write_bytes(data)
    with pytest.raises(ContractErrors) as caught:
        load(path)
    assert [problem.code for problem in caught.value.problems] == [code]
