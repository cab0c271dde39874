"""Reads one mapping of the file key by key: kinds checked, missing and unknown keys reported, places remembered.

Every method returns a value of its type, also after a problem (a placeholder then), so that reading goes on and all
problems of a file are found at once; a report with problems never becomes a contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from seamline.contract.limits import LIST_MAX
from seamline.contract.nodes import KINDS, Broken, Mapping, Node, Scalar, Sequence
from seamline.contract.problems import WORD_CHARS_MAX, Report, Span, shown
from seamline.contract.scalars import Kind, ScalarError

T = TypeVar("T")


def one(report: Report, node: Node, kind: Kind[T], what: str) -> T:
    """Return the node's value as `kind`; `what` names it in a problem."""
    if isinstance(node, Broken):
        report.spoil()
        return kind.placeholder
    if not isinstance(node, Scalar) or not (node.text or node.quoted):
        _wrong_kind(report, node, what, kind.wanted)
        return kind.placeholder
    if node.quoted and not kind.may_be_quoted:
        report.add("SL105", node.span, f"{what} is in quotes", fix=f"write {_meant(report, kind, node.text)} without quotes")
        return kind.placeholder
    try:
        return kind.read(node.text)
    except ScalarError as error:
        fix = f"write {_meant(report, kind, node.text)}"
        report.add(kind.code, node.span, f"{what}: {shown(node.text)} {error}", fix=fix)
        return kind.placeholder


def _meant(report: Report, kind: Kind[T], text: str) -> str:
    """Return the nearest value of the kind, or what one looks like where nobody knows."""
    from seamline.contract.mending import mended  # noqa: PLC0415  (only needed once something is wrong)

    meant = None if report.full else mended(kind, text)
    return kind.wanted if meant is None else meant


def _empty(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.text and not node.quoted


def _wrong_kind(report: Report, node: Node, what: str, wanted: str) -> None:
    if _empty(node):
        report.add("SL104", node.span, f"{what} has no value", fix=f"write {wanted}, or remove the key")
    else:
        report.add("SL103", node.span, f"{what} is {KINDS[type(node)]}", fix=f"write {wanted}")


def nearest(report: Report, wrong: str, known: list[str]) -> str | None:
    """Return the known word that `wrong` probably meant, or None; also where guessing costs time that nobody has use for."""
    if report.full or len(wrong) > WORD_CHARS_MAX:
        return None
    import difflib  # noqa: PLC0415  (only needed once something is wrong)

    close = difflib.get_close_matches(wrong, known, n=1)
    return close[0] if close else None


class Keys:
    """One mapping being read. `path` is its place in the contract (`messages.reading`), empty for the whole file."""

    def __init__(self, report: Report, node: Node, path: str) -> None:
        self.report = report
        self.path = path
        self.span: Span = node.span
        self.broken = isinstance(node, Broken)
        self._entries: dict[str, tuple[Scalar, Node]] = {}
        self._asked: dict[str, None] = {}
        if isinstance(node, Mapping):
            self._entries = {key.text: (key, value) for key, value in node.entries}
        elif self.broken:
            report.spoil()
        else:
            what = f"'{path}'" if path else "the file"
            _wrong_kind(report, node, what, "a mapping of keys to values")
            self.broken = True

    def inside(self, key: str) -> str:
        """Return the path of a key of this mapping."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Say whether the key is given; asking makes it known."""
        self._ask(key)
        return key in self._entries

    def node(self, key: str, *, code: str = "SL102", fix: str | None = None) -> Node:
        """Return the key's node; a missing key is a problem, and Broken."""
        found = self.maybe_node(key)
        if found is not None:
            return found
        if not self.broken:
            what = f"'{self.path}'" if self.path else f"the {self.report.language.noun}"
            self.report.add(code, self.span, f"{what} has no '{key}'", fix=fix or f"add '{key}: ...'")
        return Broken(self.span)

    def maybe_node(self, key: str) -> Node | None:
        """Return the key's node, or None when it is not given."""
        self._asked[key] = None
        entry = self._entries.get(key)
        if entry is None:
            return None
        node = entry[1]
        self.report.places[f"{self.path}.{key}" if self.path else key] = node.span
        return node

    def one(self, key: str, kind: Kind[T]) -> T:
        """Return the value of a key that must be given."""
        node = self.maybe_node(key)
        if node is None:
            node = self.node(key, fix=f"add '{key}: ...', {kind.wanted}")
        return one(self.report, node, kind, f"'{self.inside(key)}'")

    def maybe(self, key: str, kind: Kind[T]) -> T | None:
        """Return the value of a key, or None when it is not given."""
        if key not in self._entries:  # most are not: a field has a dozen keys and three or four are given
            self._asked[key] = None
            return None
        return self.one(key, kind)

    def either(self, key: str, kind: Kind[T], default: T) -> T:
        """Return the value of a key, or the default when it is not given."""
        found = self.maybe(key, kind)
        return default if found is None else found

    def mapping(self, key: str) -> Keys:
        """Return the mapping under a key that must be given."""
        return Keys(self.report, self.node(key), self.inside(key))

    def list(self, key: str, *, required: bool = True, items_max: int = LIST_MAX) -> tuple[Node, ...]:
        """Return the items under a key; a list that is given holds 1 to `items_max` items."""
        found = self.node(key) if required else self.maybe_node(key)
        if found is None:
            return ()
        if isinstance(found, Broken):
            self.report.spoil()
            return ()
        what = f"'{self.inside(key)}'"
        if not isinstance(found, Sequence):
            _wrong_kind(self.report, found, what, "a list [...]")
            return ()
        if not found.items:
            self.report.add("SL104", found.span, f"{what} is an empty list", fix="list something, or remove the key")
        return self.bounded(found.items, what, items_max, found.span)

    def words(self, key: str, kind: Kind[T], *, required: bool = True) -> tuple[T, ...]:
        """Return a list of single values of one kind, each given once."""
        values: dict[T, Span] = {}
        for node in self.list(key, required=required):
            before = self.report.count
            value = one(self.report, node, kind, f"an item of '{self.inside(key)}'")
            if self.report.count == before and value in values:
                related = ((values[value], "first listed here"),)
                self.report.add("SL116", node.span, f"'{value}' is listed twice", fix="keep one", related=related)
            values.setdefault(value, node.span)
        return tuple(values)

    def each(self, names: Kind[T], *, items_max: int) -> Iterator[tuple[T, Keys]]:
        """Yield every key, read as a name of the given kind, with the mapping under it."""
        for name, key, node in self.entries(names, items_max=items_max):
            yield name, Keys(self.report, node, self.inside(key.text))

    def entries(self, names: Kind[T], *, items_max: int) -> Iterator[tuple[T, Scalar, Node]]:
        """Yield every key, read as a name of the given kind, with its node as written and its value."""
        seen: dict[T, Span] = {}
        what = f"'{self.path}'"
        for text, (key, node) in self.bounded(tuple(self._entries.items()), what, items_max, self.span):
            self._ask(text)
            before = self.report.count
            name = one(self.report, key, names, f"a key of {what}")
            if self.report.count == before and name in seen:
                related = ((seen[name], "first given here"),)
                self.report.add("SL116", key.span, f"{shown(text)} is given before, as {name}", fix="keep one", related=related)
            seen.setdefault(name, key.span)
            self.report.places[self.inside(text)] = key.span
            yield name, key, node

    def others(self, names: Kind[T], *, mark: str, items_max: int) -> Iterator[tuple[T, Keys]]:
        """Yield the mappings under keys that nobody asked for, if they hold `mark`; one without it is a key misspelt."""
        further = [
            (key, node)
            for text, (key, node) in self._entries.items()
            if text not in self._asked and isinstance(node, Mapping) and any(inner.text == mark for inner, _ in node.entries)
        ]
        for key, node in self.bounded(tuple(further), f"'{self.path}'", items_max, self.span):
            self._ask(key.text)
            self.report.places[self.inside(key.text)] = key.span
            yield one(self.report, key, names, f"a key of '{self.path}'"), Keys(self.report, node, self.inside(key.text))

    def bounded(self, items: tuple[T, ...], what: str, items_max: int, span: Span) -> tuple[T, ...]:
        """Return the items, cut to their limit; too many are a problem."""
        if len(items) > items_max:
            text = f"{what} has {len(items)} entries, more than {items_max}"
            self.report.add(
                "SL117", span, text, fix=f"keep at most {items_max}: no {self.report.language.subject} was seen that needs more"
            )
        return items[:items_max]

    def refer(self, key: str, names: tuple[str, ...], kind: Kind[str], *, what: str) -> str:
        """Return a name that must be among `names`; `what` says what is declared there ("an owner")."""
        node = self.node(key)
        return self.reference(node, names, kind, what)

    def reference(self, node: Node, names: tuple[str, ...], kind: Kind[str], what: str) -> str:
        """Return the node's name, which must be among `names` (unless one of those could not be read)."""
        before = self.report.count
        name = one(self.report, node, kind, f"the name of {what}")
        if self.report.count == before and not {name, kind.placeholder} & set(names) and not isinstance(node, Broken):
            meant = nearest(self.report, name, list(names))
            fix = f"write '{meant}'" if meant else f"declared are: {', '.join(names) or 'none'}"
            self.report.add("SL115", node.span, f"{shown(name)} is not {what} of this {self.report.language.noun}", fix=fix)
        return name

    def done(self) -> None:
        """Report every key that nobody asked for."""
        for text, (key, value) in self._entries.items():
            if self.report.full:
                return  # guessing what was meant costs time, and nobody would read it
            if text in self._asked:
                continue
            meant = nearest(self.report, text, list(self._asked))
            fix = f"write '{meant}'" if meant else f"known here: {', '.join(sorted(self._asked))}"
            if _empty(value):
                fix = "inside brackets a comma ends a text: put text that holds one in quotes"
            what = f" in '{self.path}'" if self.path else ""
            self.report.add("SL101", key.span, f"unknown key {shown(text)}{what}", fix=fix)

    def _ask(self, key: str) -> None:
        self._asked[key] = None
