"""Chosen nodes written into a plan file, among its nodes or as a variant, the rest of it as it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from seamline.site.frame import SiteError
from seamline.site.plan.model import Node, Plan, PowerSource

INDENT: Final = "  "


def names(plan: Plan, number: int, prefix: str = "placed") -> list[str]:
    """So many ids that neither the plan nor a variant of it has: what is written into one would be laid over the other's."""
    taken = {*plan.nodes, *plan.gateways, *plan.idents}
    found: list[str] = []
    at = 1
    while len(found) < number:
        if f"{prefix}-{at}" not in taken:
            found.append(f"{prefix}-{at}")
        at += 1
    return found


def node_lines(node: Node) -> list[str]:
    """A node as the plan file has it, from its id on."""
    lines = [f"{node.id}:", f"{INDENT}title: {quoted(node.title)}"]
    values = [
        ("part", node.part),
        ("lens", node.lens),
        ("place", f"{{x: {node.place.x_m:.2f} m, y: {node.place.y_m:.2f} m}}"),
        ("height", f"{node.height_m:g} m"),
        ("heading", f"{node.heading_deg:g} deg"),
        ("tilt", f"{node.tilt_deg:g} deg" if node.tilt_deg else None),
        ("board", node.board),
        ("accelerator", node.accelerator),
        ("radio", node.radio),
        ("power", None if node.power is None else power_text(node.power)),
        ("product", node.product),
        ("profile", node.profile),
        ("with", f"[{', '.join(node.with_parts)}]" if node.with_parts else None),
    ]
    return lines + [f"{INDENT}{name}: {value}" for name, value in values if value is not None]


def power_text(power: PowerSource) -> str:
    """What feeds a node, as the plan file has it."""
    values = {"from": power.kind, "supply": power.supply, "kit": power.kit}
    return "{" + ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None) + "}"


def quoted(text: str) -> str:
    """A text as YAML reads it back."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def with_nodes(text: str, nodes: Sequence[Node]) -> str:
    """The plan file's text with more nodes."""
    return inserted(text, "nodes", [line for node in nodes for line in node_lines(node)])


def with_variant(text: str, name: str, title: str, nodes: Sequence[Node], removed: Sequence[str]) -> str:
    """The plan file's text with a variant that adds nodes and takes others out."""
    lines = [f"{name}:", f"{INDENT}title: {quoted(title)}"]
    if nodes or removed:
        lines.append(f"{INDENT}nodes:")
    lines += [f"{INDENT * 2}{ident}: removed" for ident in removed]
    lines += [INDENT * 2 + line for node in nodes for line in node_lines(node)]
    return inserted(text, "variants", lines)


def inserted(text: str, section: str, lines: Sequence[str]) -> str:
    """The text with lines at the end of a section, which is made where it lacks. SiteError where it is written in braces."""
    if not lines:
        return text
    old = text.splitlines()
    head = next((at for at, line in enumerate(old) if re.match(rf"{section}\s*:", line)), None)
    if head is None:
        return "\n".join([*old, "", f"{section}:", *(INDENT + line for line in lines)]) + "\n"
    if not re.fullmatch(rf"{section}\s*:\s*(#.*)?", old[head]):
        raise SiteError(f"'{section}' is written on one line; write it as a block, each entry on lines of its own")
    end = head + 1
    indent = INDENT
    for at in range(head + 1, len(old)):
        line = old[at]
        if line.strip() and not line.startswith((" ", "#")):
            break
        if line.startswith(" ") and line.strip():
            if end == head + 1 and not line.strip().startswith("#"):
                indent = line[: len(line) - len(line.lstrip())]
            end = at + 1
    return "\n".join([*old[:end], *(indent + line for line in lines), *old[end:]]) + "\n"
