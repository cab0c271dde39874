"""Chosen nodes written as a variant on another variant, which holds all that the other changes."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from typing import Final

from seamline.contract.nodes import Mapping, Node as Written, Scalar, Sequence as Items
from seamline.contract.problems import Report
from seamline.contract.reader import read_text
from seamline.site.frame import SiteError
from seamline.site.placement.writing import INDENT, inserted, node_lines, quoted
from seamline.site.plan.loader import PLAN
from seamline.site.plan.model import Node
from seamline.site.plan.overlay import REMOVED, value_of, variant_of

OWN: Final = ("title", "nodes")
"""What the new variant says itself."""


def with_variant_on(text: str, on: str, name: str, title: str, nodes: Sequence[Node], removed: Sequence[str]) -> str:
    """The plan file's text with a variant that changes what the variant `on` does, adds nodes and takes others out.

    SiteError when the text has no variant `on`.
    """
    root = read_text(text, Report("plan", PLAN))
    changes = variant_of(root, on) if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or changes is None:
        raise SiteError(f"the plan's file has no variant {on!r} any more; run it again")
    base = value_of(root, "nodes")
    standing = [key.text for key, _ in base.entries] if isinstance(base, Mapping) else []
    inner = [
        *changed(value_of(changes, "nodes"), standing, removed),
        *(f"{ident}: {REMOVED}" for ident in removed if ident in standing),
        *(line for node in nodes for line in node_lines(node)),
    ]
    lines = [f"title: {quoted(title)}"]
    lines += [line for key, value in changes.entries if key.text not in OWN for line in entry(key, value)]
    lines += ["nodes:", *(INDENT + line for line in inner)] if inner else []
    return inserted(text, "variants", [f"{name}:", *(INDENT + line for line in lines)])


def changed(nodes: Written | None, standing: Sequence[str], removed: Container[str]) -> list[str]:
    """What a variant says of nodes, but for those that are taken out now; what takes them all out names each."""
    if isinstance(nodes, Mapping):
        return [line for key, value in nodes.entries if key.text not in removed for line in entry(key, value)]
    if nodes is None:
        return []
    return [f"{ident}: {REMOVED}" for ident in standing if ident not in removed]


def entry(key: Scalar, value: Written) -> list[str]:
    """A key and its value as a block."""
    head = f"{scalar(key)}:"
    if isinstance(value, Mapping) and value.entries:
        return [head, *(INDENT + line for line in block(value))]
    if isinstance(value, Items) and value.items:
        return [head, *(INDENT + line for line in block(value))]
    return [f"{head} {block(value)[0]}".rstrip()]


def block(value: Written) -> list[str]:
    """A value as it was written, each key and each item on lines of its own."""
    if isinstance(value, Mapping):
        return [line for key, inner in value.entries for line in entry(key, inner)] or ["{}"]
    if isinstance(value, Items):
        return [line for item in value.items for line in dashed(block(item))] or ["[]"]
    return [scalar(value) if isinstance(value, Scalar) else ""]


def dashed(lines: Sequence[str]) -> list[str]:
    """An item of a list."""
    return [f"- {lines[0]}", *(INDENT + line for line in lines[1:])]


def scalar(value: Scalar) -> str:
    """A word, number or text, quoted if it was."""
    return json.dumps(value.text, ensure_ascii=False) if value.quoted else value.text
