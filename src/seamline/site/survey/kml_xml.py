"""KML's elements by their local names: files come with any namespace, or none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

from lxml import etree

from seamline.site.survey.feature import Notes

Element = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no public name for it
"""lxml's own name for the type of its elements."""


@cast("Callable[[Callable[[object], str]], Callable[[object], str]]", cache)
def name_of(tag: object) -> str:
    """A tag without its namespace; nothing for comments and instructions."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def local(element: Element) -> str:
    """An element's name without its namespace; nothing for comments and instructions."""
    return name_of(element.tag)


def children(element: Element) -> list[tuple[str, Element]]:
    """The elements in an element, with their names."""
    return [(name_of(one.tag), one) for one in element]


def child(element: Element, name: str) -> Element | None:
    """The first child with this name."""
    for one in element:
        if name_of(one.tag) == name:
            return one
    return None


def text_of(element: Element | None) -> str:
    """All text in an element, without the space around it; nothing for none."""
    if element is None:
        return ""
    return "".join(element.itertext()).strip() if len(element) else (element.text or "").strip()


def text_only(element: Element | None, notes: Notes) -> str:
    """The same of an element that should hold nothing but text; a note on each element that is in it."""
    if element is not None and len(element):
        for one in element.iterdescendants():
            if name := local(one):
                notes.left_out(f"<{name}> in a <{local(element)}>: only text is read there", one.sourceline or 0)
    return text_of(element)


def words_of(element: Element) -> str:
    """The texts of an element's parts, with commas between."""
    return ", ".join(text for part in element.itertext() if (text := part.strip()))
