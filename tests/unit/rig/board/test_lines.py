"""The console's lines: what a board wrote is read as it was meant, and nothing else is taken for a word of it."""

from pathlib import Path

import pytest
from hypothesis import assume, given, strategies as st

from seamline.device import spoken
from seamline.rig.board.lines import (
    BARE,
    COUNTED,
    LINE_BYTES_MAX,
    READERS,
    WORDED,
    Booted,
    Hello,
    LineReader,
    Numbered,
    Said,
    Torn,
    parse,
    write,
)

NUMBER = st.integers(0, 2**48 - 1)
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789_.-/", min_size=1, max_size=32)
NAME = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=20).filter(lambda name: name != "body")
VALUES = st.dictionaries(NAME, st.integers(-(2**63), 2**64 - 1), max_size=12)
SAID = st.one_of(
    st.builds(Said, st.sampled_from(sorted(BARE)), NUMBER),
    st.builds(Said, st.sampled_from(sorted(COUNTED)), NUMBER, number=NUMBER),
    st.builds(Said, st.sampled_from(sorted(WORDED)), NUMBER, text=WORD),
)


def words_of(said):
    """The words that a board writes for a line."""
    match said:
        case Hello():
            return "hello", said.lines, said.device, said.contract, ",".join(sorted(said.obeys)) or "-"
        case Booted():
            return "boot", said.at_ms, said.incarnation, said.boot, said.reset
        case Numbered():
            told = (
                [f"body={said.body.hex()}"] if said.values is None else [f"{key}={value}" for key, value in said.values.items()]
            )
            return "numbered", said.at_ms, said.channel, said.sequence, *told
        case _:
            more = [said.number] if said.word in COUNTED else [said.text] if said.word in WORDED else []
            return said.word, said.at_ms, *more


LINE = st.one_of(
    SAID,
    st.builds(Hello, st.integers(0, 99), WORD, WORD, st.frozensets(WORD.filter(lambda word: word != "-"), max_size=5)),
    st.builds(Booted, NUMBER, NUMBER, NUMBER, WORD),
    st.builds(Numbered, NUMBER, NUMBER, NUMBER, VALUES, st.none()),
    st.builds(Numbered, NUMBER, NUMBER, NUMBER, st.none(), st.binary(max_size=64)),
)


@given(LINE)
def test_what_a_board_writes_is_read_as_it_was_meant(said):
    text = spoken.line(*words_of(said))
    assert parse(text.rstrip("\n")) == said
    assert parse(text.rstrip("\n") + "\r") == said
    assert write(*words_of(said)) == text


@given(LINE, st.text(max_size=20).filter(lambda text: "\n" not in text and "SEAM" not in text))
def test_noise_before_a_line_does_not_hide_it(said, noise):
    assert parse(noise + write(*words_of(said)).rstrip("\n")) == said


@given(LINE, st.data())
def test_a_line_with_one_byte_gone_or_changed_says_nothing(said, data):
    text = write(*words_of(said)).rstrip("\n")
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    assume(other != text[at])
    for garbled in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :]):
        assume(garbled != text)
        assert isinstance(parse(garbled), Torn | None)


@given(st.text(max_size=200))
def test_no_text_is_ever_an_error(text):
    parse(text)
    parse("SEAM " + text)
    parse(write(*text.split()).rstrip("\n"))


@pytest.mark.parametrize(
    "words",
    [
        ("hello", "x", "d", "c", "-"),
        ("hello", 1, "d", "c"),
        ("boot", 1, 2, 3),
        ("boot", 1, "two", 3, "power_on"),
        ("numbered", 1, 1),
        ("numbered", 1, 1, 0, "a=1", "a=2"),
        ("numbered", 1, 1, 0, "a=one"),
        ("numbered", 1, 1, 0, "body=xyz"),
        ("dial",),
        ("dial", 2**48),
        ("dial", -1),
        ("boot", 1, -2, 3, "power_on"),
        ("dial", 1, 2),
        ("busy", 1),
        ("failed", 1, ""),
    ],
)
def test_a_whole_line_of_a_wrong_shape_is_counted_as_torn(words):
    assert isinstance(parse(write(*words).rstrip("\n")), Torn)


def test_words_of_a_later_version_are_passed_over():
    assert parse(write("dances", 1, 2, 3).rstrip("\n")) is None
    assert parse("ets Jul 29 2019 12:21:46") is None


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30), max_size=10), st.data())
def test_lines_are_the_same_however_their_bytes_come(texts, data):
    stream = "".join(text + "\n" for text in texts).encode()
    reader, found = LineReader(), []
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, 17))
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == texts


def test_a_line_without_end_does_not_fill_the_memory():
    reader = LineReader()
    for _ in range(100):
        assert reader.feed(b"x" * 1000) == []
    assert reader.feed(b"\n" + b"y" * (LINE_BYTES_MAX + 1) + b"\nok\n")[-1:] == ["ok"]
    assert LineReader().feed(b"y" * (LINE_BYTES_MAX + 1) + b"\nok\n") == ["ok"]
    assert LineReader().feed(b"\xff\n") == ["�"]


def test_the_documents_example_is_a_line_and_every_word_is_in_its_table():
    page = (Path(__file__).parents[4] / "docs" / "hardware-in-the-loop.md").read_text(encoding="utf-8")
    (example,) = (line.strip() for line in page.splitlines() if line.startswith("    SEAM "))
    assert isinstance(parse(example), Numbered)
    assert {word for word in READERS if f"`{word} " not in page} == set()
