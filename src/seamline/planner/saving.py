"""Changed nodes written back into the plan's file: the values that differ are exchanged in place, and the rest stays as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import yaml

from seamline.planner.desk import Changes, Desk, content_of
from seamline.planner.stations import SECTIONS, stations_differing
from seamline.planner.surveys import NewSurvey, laid
from seamline.site.frame import SiteError
from seamline.site.placement.writing import inserted, node_lines, quoted, with_nodes
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Node

INDENT: Final = "  "
TAKEN_OUT: Final = "removed"


class ChangedMeanwhile(SiteError):
    """The plan's file is no longer what the page started from."""


@dataclass(frozen=True, slots=True)
class VariantName:
    """A variant to be made: its id and title."""

    id: str
    title: str


def save(desk: Desk, changes: Changes, content: str, variant: VariantName | None = None) -> str:
    """Write the changes into the plan's file, or as a new variant of it, and return its new content.

    `content` is what the page started from. Raises ChangedMeanwhile when the file is another by now, SiteError and ContractErrors when
    the outcome would be no plan; the file is then as it was.
    """
    path = desk.plan.file
    now = path.read_bytes()
    if content_of(now) != content or desk.content != content:
        raise ChangedMeanwhile(f"{path.name} was changed meanwhile; load the page again, then make your changes anew")
    text = now.decode("utf-8")
    new = as_variant(desk, changes, text, variant) if variant is not None else in_place(desk, changes, text)
    for survey in desk.surveys:
        new = with_survey(new, survey)
    with laid(desk.surveys, path.parent):
        replace_checked(path, new, desk.plan.variant if variant is None else variant.id)
    return content_of(new.encode())


def in_place(desk: Desk, changes: Changes, text: str) -> str:
    """The plan's text with the changes, in the nodes themselves or in the variant that is open."""
    nodes = desk.nodes(changes)
    root = ("nodes",) if desk.plan.variant is None else ("variants", desk.plan.variant, "nodes")
    within = place_within if desk.plan.variant is not None else place_itself
    for ident, fields in desk.differing(changes).items():
        for name in fields:
            value = within(text, ("nodes", ident, name), value_of(nodes[ident][0], name))
            text = with_value(text, (*root, ident, name), value)
    for (section, ident), values in stations_differing(desk.site, desk.changed(changes)).items():
        for name, value in values:
            text = with_value(text, (*root[:-1], section, ident, name), within(text, (section, ident, name), value))
    new = [node for ident, (node, _) in nodes.items() if ident not in desk.plan.nodes]
    if desk.plan.variant is None:
        if changes.removed:
            raise SiteError(f"{changes.removed[0]!r} would be lost with all that the plan says of it; save as a variant instead")
        return with_nodes(text, new)
    for ident in changes.removed:
        text = with_value(text, (*root, ident), TAKEN_OUT)
    for node in new:
        text = with_value(text, (*root, node.id), in_braces(node))
    return text


def as_variant(desk: Desk, changes: Changes, text: str, variant: VariantName) -> str:
    """The plan's text with one more variant, which holds the changes."""
    if desk.plan.variant is not None:
        raise SiteError("a variant is made of the plan itself; open the plan without a variant first")
    if variant.id in desk.plan.variants:
        raise SiteError(f"the plan has a variant {variant.id!r} already; choose another name")
    nodes = desk.nodes(changes)
    body: list[str] = [f"{ident}: {TAKEN_OUT}" for ident in changes.removed]
    for ident, fields in desk.differing(changes).items():
        values = ", ".join(
            f"{name}: {place_within(text, ('nodes', ident, name), value_of(nodes[ident][0], name))}" for name in fields
        )
        body.append(f"{ident}: {{{values}}}")
    body += [line for ident, (node, _) in nodes.items() if ident not in desk.plan.nodes for line in node_lines(node)]
    lines = [f"{variant.id}:", f"{INDENT}title: {quoted(variant.title)}"]
    if body:
        lines += [f"{INDENT}nodes:", *(INDENT * 2 + line for line in body)]
    stations = stations_differing(desk.site, desk.changed(changes))
    for section in SECTIONS:
        own = [
            f"{ident}: {{{', '.join(f'{name}: {place_within(text, (section, ident, name), value)}' for name, value in values)}}}"
            for (where, ident), values in stations.items()
            if where == section
        ]
        if own:
            lines += [f"{INDENT}{section}:", *(INDENT * 2 + line for line in own)]
    return inserted(text, "variants", lines)


def with_survey(text: str, survey: NewSurvey) -> str:
    """The plan's text with the survey among its files, or in the place of the one that it stands for, whose name it may take."""
    if survey.name == survey.instead:
        return text
    if survey.instead is None:
        return with_item(text, ("survey", "files"), quoted(survey.name))
    return with_item(text, ("survey", "files"), quoted(survey.name), survey.instead)


def place_itself(text: str, path: Sequence[str], value: str) -> str:  # noqa: ARG001 (see place_within)
    """A value in the plan itself, where it stands for what was there."""
    return value


def place_within(text: str, path: Sequence[str], value: str) -> str:
    """A value in a variant, which is laid over the plan key by key: a place in metres takes out whatever else the plan says of it."""
    if path[-1] != "place":
        return value
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in path:
        node = below_of(node).get(key) if isinstance(node, yaml.MappingNode) else None
    others = [key for key in below_of(node) if key not in {"x", "y"}] if isinstance(node, yaml.MappingNode) else []
    return value.replace("{", "{" + "".join(f"{key}: {TAKEN_OUT}, " for key in others), 1)


def value_of(node: Node, name: str) -> str:
    """A field of a node as the plan's file writes it."""
    match name:
        case "place":
            return f"{{x: {node.place.x_m:.2f} m, y: {node.place.y_m:.2f} m}}"
        case "height":
            return f"{node.height_m:g} m"
        case "heading":
            return f"{node.heading_deg:g} deg"
        case "tilt":
            return f"{node.tilt_deg:g} deg"
        case _:
            return node.lens or ""


def in_braces(node: Node) -> str:
    """A new node on one line."""
    lines = [line.strip() for line in node_lines(node)[1:]]
    return "{" + ", ".join(lines) + "}"


def with_value(text: str, path: Sequence[str], value: str) -> str:
    """The text with the value at a path of keys exchanged, or put in where it lacks. SiteError where it cannot be put."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, key in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            raise SiteError(f"'{'.'.join(path[:depth])}' is not written as keys with values; change the file by hand")
        below = below_of(node).get(key)
        if below is None:
            return put_in(text, node, f"{key}: {braced(path[depth + 1 :], value)}", ".".join(path[:depth]))
        node = below
    if node is None:
        return text
    return text[: node.start_mark.index] + value + text[node.end_mark.index :]


def with_item(text: str, path: Sequence[str], value: str, instead: str | None = None) -> str:
    """The text with one more item at the end of the list at a path of keys, or with the item `instead` exchanged for it.

    An item may be a mapping with a `path`, of which that is exchanged. SiteError where there is no such list or item.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, key in enumerate(path):
        below = below_of(node).get(key) if isinstance(node, yaml.MappingNode) else None
        if below is None and instead is None:
            return with_value(text, path[: depth + 1], braced(path[depth + 1 :], f"[{value}]"))
        node = below
    if not isinstance(node, yaml.SequenceNode):
        raise SiteError(f"'{'.'.join(path)}' is not written as a list; change the file by hand")
    items = cast("list[yaml.Node]", node.value)
    if instead is not None:
        return exchanged(text, items, instead, value, ".".join(path))
    if node.flow_style or not items:
        end = node.end_mark.index - 1
        return text[:end] + (", " if items else "") + value + text[end:]
    indent = " " * node.start_mark.column
    end = last_of(items[-1]).end_mark.index
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    return f"{text[:line_end]}\n{indent}- {value}{text[line_end:]}"


def exchanged(text: str, items: Sequence[yaml.Node], was: str, value: str, where: str) -> str:
    """The text with the item that says `was` saying `value`."""
    for item in items:
        named = below_of(item).get("path") if isinstance(item, yaml.MappingNode) else item
        if isinstance(named, yaml.ScalarNode) and named.value == was:
            return text[: named.start_mark.index] + value + text[named.end_mark.index :]
    raise SiteError(f"'{where}' does not name {was!r} where the plan itself is written; change the file by hand")


def braced(path: Sequence[str], value: str) -> str:
    """A value under keys, in braces."""
    for key in reversed(path):
        value = f"{{{key}: {value}}}"
    return value


def below_of(node: yaml.MappingNode) -> Mapping[str, yaml.Node]:
    """The values of a mapping by their keys."""
    pairs = cast("list[tuple[yaml.ScalarNode, yaml.Node]]", node.value)
    return {str(key.value): value for key, value in pairs}


def put_in(text: str, node: yaml.MappingNode, entry: str, where: str) -> str:
    """The text with one more entry in a mapping, on a line of its own after the last one, or within its braces."""
    pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
    if node.flow_style:
        at = node.start_mark.index + 1
        return text[:at] + entry + (", " if pairs else "") + text[at:]
    if not pairs:
        raise SiteError(f"'{where}' is empty; change the file by hand")
    indent = " " * pairs[0][0].start_mark.column
    end = last_of(pairs[-1][1]).end_mark.index
    line_end = text.find("\n", end)
    if line_end < 0:
        return f"{text}\n{indent}{entry}\n"
    return f"{text[:line_end]}\n{indent}{entry}{text[line_end:]}"


def last_of(node: yaml.Node) -> yaml.Node:
    """What a node ends with: the end of a block itself lies behind the comments that follow it."""
    while isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and node.value:
        last = cast("list[object]", node.value)[-1]
        node = cast("tuple[yaml.Node, yaml.Node]", last)[1] if isinstance(last, tuple) else cast("yaml.Node", last)
    return node


def replace_checked(path: Path, text: str, variant: str | None) -> None:
    """Exchange the file for a text that is a plan; raises what is wrong with one that is none, with the file as it was."""
    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".yaml", delete=False) as file:
        made = Path(file.name)
        file.write(text.encode())
    try:
        resolve(load_plan(made, variant))
        made.chmod(path.stat().st_mode & 0o777)
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
