"""Texts in XML 1.0: escaped, and without the characters that it has no room for (section 2.2)."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr


def words(text: str) -> str:
    """A text between tags."""
    return escape(printable(text))


def attribute(text: str) -> str:
    """A text as an attribute's value, with its quotes."""
    return quoteattr(printable(text))


def printable(text: str) -> str:
    """Control characters, halves of letters and non-characters become spaces."""
    return "".join(
        " " if letter < " " or "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff" else letter for letter in text
    )
