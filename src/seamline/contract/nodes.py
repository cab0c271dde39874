"""The node tree of a contract file: what was written, and exactly where. Nothing is interpreted yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from seamline.contract.problems import Span


class Scalar(NamedTuple):
    """A word, number or text as written. `quoted` tells `"10"` from `10`."""

    span: Span
    text: str
    quoted: bool


class Sequence(NamedTuple):
    """A list."""

    span: Span
    items: tuple[Node, ...]


class Mapping(NamedTuple):
    """Keys with their values, in the order of the file; no key occurs twice."""

    span: Span
    entries: tuple[tuple[Scalar, Node], ...]


class Broken(NamedTuple):
    """Stands where a problem was already reported, so that nobody reports it again."""

    span: Span


Node: TypeAlias = Scalar | Sequence | Mapping | Broken

KINDS: dict[type, str] = {Scalar: "a single value", Sequence: "a list", Mapping: "a mapping", Broken: "nothing"}
"""How a message names each kind of node."""


def plain(node: Node) -> object:
    """Return the tree as dicts, lists and strings, exactly as written: JSON-able, for storing a contract."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Mapping):  # most values are single ones: they need no call
        return {key.text: value.text if isinstance(value, Scalar) else plain(value) for key, value in node.entries}
    return [plain(item) for item in node.items] if isinstance(node, Sequence) else None
