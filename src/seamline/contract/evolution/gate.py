"""What must never happen to messages, whoever is in the field: ids, names and layouts of stored records keep what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from seamline.contract.evolution.compare import SAME_NUMBER, compare_layouts

if TYPE_CHECKING:
    from seamline.contract.evolution.difference import Difference
    from seamline.contract.layout import Layout
    from seamline.contract.model import Message
    from seamline.contract.problems import Report, Span


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of one version, with the report that knows where it is written."""

    version: str
    message: Message
    report: Report

    def related(self, key: str, text: str) -> tuple[tuple[Span, str], ...]:
        """Return this message's place as a related one."""
        return ((self.report.place(f"messages.{self.message.name}.{key}"), text),)

    def add(self, code: str, key: str, text: str, fix: str, related: tuple[tuple[Span, str], ...]) -> None:
        """Report a problem of this message."""
        self.report.add(code, self.report.place(f"messages.{self.message.name}.{key}"), text, fix=fix, related=related)


def guard(spoken: Iterable[Spoken]) -> None:
    """Report SL305 to SL309: compare every message, oldest version first, with the newest older layout of the same message."""
    by_name: dict[str, Spoken] = {}
    by_id: dict[int, Spoken] = {}
    layouts: dict[tuple[int, int], Spoken] = {}
    for each in spoken:
        message = each.message
        named, numbered = by_name.get(message.name), by_id.get(message.id)
        if named is not None and named.message.id != message.id:
            _moved(each, named, f"'{message.name}' had id {named.message.id}")
        elif numbered is not None and numbered.message.name != message.name:
            _moved(each, numbered, f"id {message.id} was '{numbered.message.name}'")
        else:
            _layout(each, layouts)
        by_name.setdefault(message.name, each)
        by_id.setdefault(message.id, each)


def _moved(each: Spoken, before: Spoken, text: str) -> None:
    fix = "ids and names are never reused: take a new one"
    each.add("SL305", "id", f"{text} in {before.version}", fix, before.related("id", f"in {before.version}"))


def _layout(each: Spoken, layouts: dict[tuple[int, int], Spoken]) -> None:
    channel, number = each.message.id, each.message.layout.version
    same = layouts.get((channel, number))
    if same is not None:
        _same_number(each, same)
        return
    older = [version for known, version in layouts if known == channel and version < number]
    if older:
        _grown(each, layouts[channel, max(older)])
    layouts[channel, number] = each


def _same_number(each: Spoken, before: Spoken) -> None:
    """A layout that keeps its number keeps everything: its fingerprint, and whatever else gives it meaning."""
    old, new = before.message.layout, each.message.layout
    found = [item for item in compare_layouts(old, new) if item.code == SAME_NUMBER]
    if old.fingerprint == new.fingerprint and not found:
        return
    what = ", ".join(dict.fromkeys(item.path for item in found)) or "the order of the same things"
    each.add(
        SAME_NUMBER,
        "layout",
        f"layout {new.version} of '{each.message.name}' differs from the one in {before.version} in {what}"
        f" (fingerprint {new.fingerprint:08x}, was {old.fingerprint:08x})",
        _remedy(old, new),
        before.related("layout", f"layout {new.version} in {before.version}"),
    )


def _remedy(old: Layout, new: Layout) -> str:
    """What mends a layout that kept its number: the next number, unless the change would not hold under that one either."""
    raised = replace(new, version=new.version + 1)
    number = f"layout: {raised.version}"
    broken = [f"{found.path}." for found in compare_layouts(old, raised) if found.code is not None]
    if not broken:
        return number
    fields = [field.name for field in old.fields if any(path.startswith(f"fields.{field.name}.") for path in broken)]
    kept = ", ".join(map(repr, fields)) or "the old fields, their bits and their order"
    return f"leave {kept} as in layout {old.version}, and give what is new a new field at the end, with {number}"


class _Complaint(NamedTuple):
    """How a breaking difference of two layouts is told: at which key, in which words, with which remedy."""

    key: str
    text: str
    fix: str


def _grown(each: Spoken, before: Spoken) -> None:
    """Report how a newer layout fails to start with the older one's fields: the first shift, or every changed field."""
    old, new = before.message.layout, each.message.layout
    told: set[str] = set()
    for found in compare_layouts(old, new):
        field = found.path.removeprefix("fields.").partition(".")[0] if found.path.startswith("fields.") else ""
        if found.code is None or field in told:
            continue
        told.add(field)
        complaint = _COMPLAINTS[found.code](found, field, (old, new))
        each.add(
            found.code, complaint.key, complaint.text, complaint.fix, before.related(_key(old, field), f"in {before.version}")
        )
        if found.code == "SL307":
            return


def _shifted(found: Difference, _: str, layouts: tuple[Layout, Layout]) -> _Complaint:
    old, new = layouts
    names = [[field.name for field in layout.fields] for layout in layouts]
    for index, name in enumerate(names[0]):
        here = names[1][index] if index < len(names[1]) else None
        if here != name:
            is_there = "nothing" if here is None else f"'{here}'"
            text = f"layout {new.version} has {is_there} where layout {old.version} has '{name}'"
            return _Complaint("fields" if here is None else f"fields.{here}", text, "keep old fields, in order, and append")
    text = f"layout {new.version} differs from layout {old.version} in {found.path}: {found.reason}"
    return _Complaint("fields", text, "keep the bits of old fields where they are: change what is behind them")


def _changed(found: Difference, field: str, layouts: tuple[Layout, Layout]) -> _Complaint:
    word = found.path.removeprefix(f"fields.{field}.").partition(".")[0]
    if not field:
        text = f"layout {layouts[1].version} has another byte order than layout {layouts[0].version}"
        return _Complaint("encoding.order", text, "another order is another message: give it a new name and id")
    text = f"'{field}' has another {word} than in layout {layouts[0].version}"
    return _Complaint(f"fields.{field}", text, "give the new meaning a new field at the end")


_COMPLAINTS: Mapping[str, Callable[[Difference, str, tuple[Layout, Layout]], _Complaint]] = {
    "SL307": _shifted,
    "SL308": _changed,
    "SL309": _changed,
}


def _key(layout: Layout, field: str) -> str:
    """Return where the older layout speaks of a field; of the layout as a whole when the field is new."""
    return f"fields.{field}" if any(each.name == field for each in layout.fields) else "layout"
