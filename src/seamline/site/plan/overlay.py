"""Variants: a partial plan laid over the whole one, key by key. What it names `removed` is taken out; lists are replaced whole."""

from __future__ import annotations

from typing import Final

from seamline.contract.nodes import Mapping, Node, Scalar
from seamline.contract.problems import Report

REMOVED: Final = "removed"
FIXED: Final = ("title", "format", "site", "variants")
"""A variant's own key, and what no variant changes: reading the variants refuses those."""


def overlaid(root: Mapping, name: str, report: Report) -> Mapping:
    """The plan with the named variant on it; problems go to the report."""
    changes = variant_of(root, name)
    if changes is None:
        return root  # the section of variants says what is wrong with it
    kept = tuple((key, node) for key, node in changes.entries if key.text not in FIXED)
    return laid(root, Mapping(changes.span, kept), report)


def variant_of(root: Mapping, name: str) -> Mapping | None:
    """What is written under a variant's name."""
    variants = value_of(root, "variants")
    found = value_of(variants, name) if isinstance(variants, Mapping) else None
    return found if isinstance(found, Mapping) else None


def idents_of(root: Mapping) -> tuple[str, ...]:
    """The ids of nodes and gateways that the file names, in the plan itself and in every variant."""
    variants = value_of(root, "variants")
    plans = [root, *((value for _, value in variants.entries) if isinstance(variants, Mapping) else ())]
    sections = [value_of(plan, name) for plan in plans if isinstance(plan, Mapping) for name in ("nodes", "gateways")]
    found = [key.text for section in sections if isinstance(section, Mapping) for key, _ in section.entries]
    return tuple(dict.fromkeys(found))


def value_of(node: Mapping, name: str) -> Node | None:
    """The value of a key, or None."""
    return next((value for key, value in node.entries if key.text == name), None)


def laid(under: Mapping, over: Mapping, report: Report) -> Mapping:
    """Two mappings as one: values of `over` win, mappings are merged."""
    entries = {key.text: (key, value) for key, value in under.entries}
    for key, value in over.entries:
        before = entries.get(key.text)
        if isinstance(value, Scalar) and value.text == REMOVED and not value.quoted:
            if before is None:
                report.add("SL206", value.span, f"there is no '{key.text}' to be removed", fix="remove this line")
            entries.pop(key.text, None)
        elif before is not None and isinstance(before[1], Mapping) and isinstance(value, Mapping):
            entries[key.text] = (before[0], laid(before[1], value, report))
        else:
            entries[key.text] = (key, value)
    return Mapping(under.span, tuple(entries.values()))
