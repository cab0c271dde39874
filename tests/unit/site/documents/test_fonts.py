"""Helvetica's widths, and texts that are cut and broken to a room."""

import pytest
from hypothesis import given, strategies as st

from seamline.site.documents.fonts import ELLIPSIS, fitted, latin, width, wrapped

TEXTS = st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=60)


@pytest.mark.parametrize(
    ("text", "bold", "thousandths"),
    [
        ("", False, 0),
        ("i", False, 222),
        ("W", False, 944),
        ("Seamline", False, 4168),
        ("Seamline", True, 4391),
        ("ä€", False, 1112),
    ],
)
def test_a_text_is_as_wide_as_adobes_metrics_say(text, bold, thousandths):
    assert width(text, 1000, bold=bold) == thousandths


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Höchst", b"H\xf6chst"),
        ("Łódź", b"L\xf3dz"),
        ("Žižkov", b"\x8ei\x9ekov"),
        ("5 ≤ 6 → ok", b"5 < 6 > ok"),
        ("東京", b"??"),
        ("ﬁn", b"fin"),
        ("a\tb\x00", b"a b "),
    ],
)
def test_letters_that_the_font_lacks_lose_their_marks_or_become_question_marks(text, written):
    assert latin(text) == written


@given(st.text(max_size=40), st.booleans())
def test_every_text_has_a_width(text, bold):
    assert width(text, 3.0, bold=bold) >= 0


@given(TEXTS, st.floats(4, 80), st.booleans())
def test_a_fitted_text_has_room_and_begins_as_it_did(text, room, bold):
    found = fitted(text, room, 2.5, bold=bold)
    assert width(found, 2.5, bold=bold) <= max(room, width(ELLIPSIS, 2.5, bold=bold))
    assert found == text or (found.endswith(ELLIPSIS) and text.startswith(found[:-1]))


@given(TEXTS, st.floats(4, 80))
def test_broken_lines_have_room_and_lose_no_letter(text, room):
    lines = wrapped(text, room, 2.5)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line, 2.5) <= room or len(line) == 1 for line in lines)


def test_lines_break_between_words_where_they_can():
    assert wrapped("one two three", width("one two", 3), 3) == ["one two", "three"]
    assert wrapped("", 10, 3) == [""]
    assert wrapped("a unbreakableword", width("unbreak", 3), 3)[0] == "a"
