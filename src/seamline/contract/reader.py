"""Strict YAML: text to a node tree with spans, or problems SL0xx.

The YAML events come from PyYAML (its C parser where there is one, else the pure Python one; what only one of them
would take is refused). The tree is built here with an explicit stack, so that neither depth nor
size of a hostile file can hurt, and no scalar is resolved: `off`, `1.10` and `22:30` stay what was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from seamline.contract.limits import FILE_BYTES_MAX, NESTING_MAX, NODES_MAX, SCALAR_CHARS_MAX
from seamline.contract.nodes import Broken, Mapping, Node, Scalar, Sequence
from seamline.contract.problems import Report, Span, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from yaml import (
        AliasEvent,
        CollectionEndEvent,
        CollectionStartEvent,
        DocumentStartEvent,
        Event,
        MarkedYAMLError,
        ScalarEvent,
    )

    class Mark(Protocol):
        """A position as both parsers give it, counted from 0."""

        @property
        def line(self) -> int:
            """The line."""
            ...

        @property
        def column(self) -> int:
            """The character of the line."""
            ...


_UNUSUAL = re.compile("[^\n -~]")
_ALLOWED = ((0xA0, 0x2027), (0x202A, 0xD7FF), (0xE000, 0xFEFE), (0xFF00, 0xFFFD), (0x10000, 0x10FFFF))
"""Beyond ASCII: what YAML prints, less its own line separators and the byte order mark."""
_DIRECTIVE = re.compile("^%", re.MULTILINE)
_CRAMPED = re.compile("[|>][-+0-9]*#")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLOCKS = ("|", ">")
"""Styles of a scalar that goes over lines."""


def read_file(path: Path, report: Report) -> Node | None:
    """Return the tree of the file, or None when there is none; problems go to `report`."""
    start = Span(report.file, 1, 1, 1, 1)
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        report.add("SL002", start, f"cannot be read: {error.strerror or error}", fix="check the path and the rights")
        return None
    if len(data) > FILE_BYTES_MAX:
        text = f"larger than {FILE_BYTES_MAX} bytes (file_bytes_max)"
        report.add(
            "SL003",
            start,
            text,
            fix=f"a {report.language.noun} describes one {report.language.subject}; split what does not belong to it",
        )
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8")) + 1
        span = Span(report.file, line, column, line, column + 1)
        report.add("SL007", span, f"byte 0x{data[error.start]:02x} is not UTF-8", fix="save the file as UTF-8")
        return None
    return read_text(text, report)


def read_text(text: str, report: Report, *, pure: bool = False) -> Node | None:
    """Return the tree of `text`, or None when there is none; `pure` forces the Python parser."""
    text = text.replace("\r\n", "\n")
    if not _characters(text, report):
        return None
    tree = _Tree(report)
    tree.build(text, pure=pure)
    if tree.failed:
        return None
    if tree.root is None or (isinstance(tree.root, Scalar) and not tree.root.text):
        span = Span(report.file, 1, 1, 1, 1)
        report.add("SL014", span, "the file is empty", fix=f"start with '{report.language.first}'")
        return None
    return tree.root


def _characters(text: str, report: Report) -> bool:
    """Refuse what parsers, editors and people read differently: tabs, controls, odd line ends, directives."""
    for found in _UNUSUAL.finditer(text):
        code = ord(found.group())
        if not any(first <= code <= last for first, last in _ALLOWED):
            name = "a tab" if code == ord("\t") else f"the character U+{code:04X}"
            span = _at(text, found.start(), report.file)
            report.add("SL008", span, f"{name} is not allowed", fix="use spaces, and plain text in UTF-8")
            return False
    found = _DIRECTIVE.search(text)
    if found is not None:
        span = _at(text, found.start(), report.file)
        report.add("SL012", span, "a line starts with '%': YAML directives are not allowed", fix="remove the line")
        return False
    return True


def _at(text: str, index: int, file: str) -> Span:
    line = text.count("\n", 0, index) + 1
    column = index - text.rfind("\n", 0, index)
    return Span(file, line, column, line, column + 1)


def _at_key(value: Node, key: Node) -> Node:
    empty = isinstance(value, Scalar) and not value.text and not value.quoted
    return value._replace(span=key.span) if empty else value


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been seen; a mapping's items are key, value, key, value."""

    start: Mark | None
    mapping: bool
    flow: bool
    items: list[Node] = field(default_factory=list["Node"])


class _Tree:
    """Builds the tree from parser events."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._file = report.file
        self._noun = report.language.noun
        self.root: Node | None = None
        self.failed = False
        self._lines: list[str] = []
        self._stack: list[_Open] = []
        self._nodes = 0
        self._documents = 0
        self._last = Span(report.file, 1, 1, 1, 1)

    def build(self, text: str, *, pure: bool) -> None:
        import yaml  # noqa: PLC0415  (importing seamline.contract must stay cheap; only loading needs YAML)

        handlers: dict[type[Event], Callable[..., None]] = {  # looked up by type: a long contract has 40,000 events
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        self._lines = text.split("\n")
        loader = yaml.SafeLoader if pure or not yaml.__with_libyaml__ else yaml.CSafeLoader
        try:
            self._take(cast("Callable[[], Event | None]", loader(text).get_event), handlers)
        except yaml.MarkedYAMLError as error:
            self._malformed(error)
        except (yaml.YAMLError, ValueError) as error:  # ValueError: the pure parser on "\U00110000"
            self._fail("SL001", self._last, f"not YAML: {error}", fix="check the escapes in quoted text")

    def _take(self, following: Callable[[], Event | None], handlers: dict[type[Event], Callable[..., None]]) -> None:
        """Take the events to their end. A scalar as nearly all are is made here: 30,000 of a long contract are worth no calls."""
        from yaml import ScalarEvent, StreamEndEvent  # noqa: PLC0415  (as above)

        file, stack = self._file, self._stack
        while not self.failed:
            event = following()
            if not isinstance(event, ScalarEvent):
                if event is None or isinstance(event, StreamEndEvent):
                    return
                if type(event) in handlers:
                    handlers[type(event)](event)
                continue
            text, style, first, last = event.value, event.style, event.start_mark, event.end_mark
            assert first is not None  # noqa: S101  (parsed events always have both)
            assert last is not None  # noqa: S101
            usual = event.anchor is None and event.tag is None and style not in _BLOCKS and "?" not in text and text.isascii()
            if not usual or len(text) > SCALAR_CHARS_MAX or not stack or self._nodes >= NODES_MAX:
                self._scalar(event)
                continue
            self._nodes += 1
            self._last = span = Span(file, first.line + 1, first.column + 1, last.line + 1, last.column + 1)
            stack[-1].items.append(Scalar(span, text, bool(style)))

    def _malformed(self, error: MarkedYAMLError) -> None:
        mark, context = error.problem_mark, error.context_mark
        span = self._last if mark is None else self._span(mark, mark)
        notes = " ".join(part for part in (error.context, error.problem) if part)
        related = () if context is None else ((self._span(context, context), str(error.context)),)
        fix = "check indentation, colons, quotes and brackets here"
        self._fail("SL001", span, f"not YAML: {notes}", fix=fix, related=related)

    def _open(self, event: CollectionStartEvent) -> None:
        if event.anchor is not None or event.tag is not None:
            self._extras(event)
        mapping = type(event).__name__ == "MappingStartEvent"
        self._stack.append(_Open(event.start_mark, mapping, bool(event.flow_style)))
        if len(self._stack) > NESTING_MAX:
            text = f"nested deeper than {NESTING_MAX} levels (nesting_max)"
            self._fail("SL004", self._span(event.start_mark, event.end_mark), text, fix=f"nothing in a {self._noun} is this deep")

    def _alias(self, event: AliasEvent) -> None:
        span = self._span(event.start_mark, event.end_mark)
        fix = f"write the value out: a {self._noun} is read by people of two teams"
        self._note("SL010", span, f"alias '*{event.anchor}' is not allowed", fix=fix)
        self._put(Broken(span))

    def _document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            span = self._span(event.start_mark, event.end_mark)
            self._fail("SL012", span, "a second document starts here", fix=f"one file, one {self._noun}: remove it")

    def _extras(self, event: ScalarEvent | CollectionStartEvent) -> None:
        span = self._span(event.start_mark, event.end_mark)
        if event.anchor is not None:
            self._note("SL010", span, f"anchor '&{event.anchor}' is not allowed", fix="remove it")
        if event.tag is not None:
            self._note("SL011", span, f"tag '{event.tag}' is not allowed", fix="remove it: the language knows its types")

    def _scalar(self, event: ScalarEvent) -> None:
        if event.anchor is not None or event.tag is not None:
            self._extras(event)
        text, style, span = event.value, event.style, self._span(event.start_mark, event.end_mark)
        if len(text) > SCALAR_CHARS_MAX:
            message = f"a value of {len(text)} characters, more than {SCALAR_CHARS_MAX} (scalar_chars_max)"
            self._note("SL006", span, message, fix="shorten it")
            self._put(Broken(span))
        elif _SURROGATE.search(text):
            self._fail("SL001", span, "not YAML: an escape names half a character", fix="write the character itself")
        elif "?" in text and not style and any(outer.flow for outer in self._stack):
            message = "not YAML everywhere: a question mark in a bare value inside brackets"
            self._fail("SL001", span, message, fix="put the value in quotes")
        elif style in _BLOCKS and (cramped := _CRAMPED.match(self._lines[span.line - 1], span.column - 1)):
            span = span._replace(column=cramped.end(), end_line=span.line, end_column=cramped.end() + 1)
            self._fail("SL001", span, "not YAML everywhere: a comment without a space before it", fix="add a space")
        else:
            self._put(Scalar(span, text, bool(style)))

    def _put(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            text = f"more than {NODES_MAX} values (nodes_max)"
            self._fail(
                "SL005",
                node.span,
                text,
                fix=f"a {self._noun} describes one {self.report.language.subject}; split what does not belong",
            )
        self._last = node.span
        if self._stack:
            self._stack[-1].items.append(node)
        else:
            self.root = node

    def _close(self, event: CollectionEndEvent) -> None:
        done = self._stack.pop()
        span, items = self._span(done.start, event.end_mark), done.items
        if done.mapping:  # a value that is empty stands where its key does: the parsers differ, and people see the key
            keys = items[::2]
            items[1::2] = [_at_key(value, key) for key, value in zip(keys, items[1::2], strict=True)]
        if not done.flow and items:  # where indentation ends a block the parsers differ: it ends with its last item
            span = span._replace(end_line=items[-1].span.end_line, end_column=items[-1].span.end_column)
        self._put(Mapping(span, self._entries(items)) if done.mapping else Sequence(span, tuple(items)))

    def _entries(self, items: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        found: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(items[::2], items[1::2], strict=True):
            if isinstance(key, Scalar) and key.text in found:
                related = ((found[key.text][0].span, "first given here"),)
                text = f"{shown(key.text)} is given twice"
                self._note("SL009", key.span, text, fix="keep one of them", related=related)
            elif isinstance(key, Scalar) and key.text:
                found[key.text] = (key, value)
            elif not isinstance(key, Broken):
                self._note("SL013", key.span, "a key must be one word", fix="write 'name: value'")
        return tuple(found.values())

    def _span(self, start: Mark | None, end: Mark | None) -> Span:
        assert start is not None  # noqa: S101  (parsed events always have both)
        assert end is not None  # noqa: S101
        return Span(self._file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _note(self, code: str, span: Span, message: str, *, fix: str, related: tuple[tuple[Span, str], ...] = ()) -> None:
        """Add a problem that reading goes on after, until nobody would read further ones."""
        self.report.add(code, span, message, fix=fix, related=related)
        self.failed = self.report.full

    def _fail(self, code: str, span: Span, message: str, *, fix: str, related: tuple[tuple[Span, str], ...] = ()) -> None:
        self.failed = True
        self.report.add(code, span, message, fix=fix, related=related)
