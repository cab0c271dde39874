"""Finds what differs between two versions: walks both models side by side, part by part of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field as Attribute, dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeGuard, cast

from seamline.contract.evolution.part import Change, Derived, Part
from seamline.contract.evolution.table import UNCLASSIFIED, parts_of
from seamline.contract.layout import Layout

if TYPE_CHECKING:
    from seamline.contract.model import Contract


class _Model(Protocol):
    """An object of the contract's model."""

    __dataclass_fields__: ClassVar[dict[str, Attribute[object]]]


@dataclass(frozen=True, slots=True)
class Found:
    """A change with the attribute and the part of the table that it belongs to."""

    attribute: str
    part: Part
    change: Change


def changes(old: Contract, new: Contract) -> Iterator[Found]:
    """Yield every value in which two contracts differ, in the order of the model."""
    return _Walk(restated=False).model("", old, new, Change("", old, new, old, new, versions=(old, new)))


def layout_changes(old: Layout, new: Layout) -> Iterator[Found]:
    """Yield every value in which two layouts differ, with what they restate of enums and calibrations."""
    return _Walk(restated=True).model("", old, new, Change("", old, new, old, new))


@dataclass(frozen=True, slots=True)
class _Walk:
    restated: bool

    def model(self, path: str, before: _Model, after: _Model, around: Change) -> Iterator[Found]:
        """Walk two objects of one class; `around` says what encloses them."""
        layouts = (before, after) if isinstance(before, Layout) and isinstance(after, Layout) else around.layouts
        here = replace(around, before=before, after=after, layouts=layouts)
        table = parts_of(type(before))
        for attribute in fields(before):
            name = attribute.name
            part = table.get(name, UNCLASSIFIED)
            if not attribute.init or isinstance(part, Derived) or (part.restates and not self.restated):
                continue
            key = name if part.key is None else part.key
            inner = f"{path}.{key}" if path and key else path or key
            old, new = (None if part.implied(each) else getattr(each, name) for each in (before, after))
            yield from self._value(replace(here, path=inner, old=old, new=new), name, part)

    def _value(self, change: Change, name: str, part: Part) -> Iterator[Found]:
        old, new = change.old, change.new
        if old == new:
            return
        if _is_mapping(old) and _is_mapping(new):
            yield from self._entries(change, name, part, old, new)
        elif _named(old) and _named(new):
            yield from self._row(change, name, part, old, new)
        elif _is_model(old) and type(old) is type(new):
            yield from self.model(change.path, old, cast("_Model", new), change)
        else:
            yield Found(name, part, change)

    def _entries(
        self, change: Change, name: str, part: Part, old: Mapping[object, object], new: Mapping[object, object]
    ) -> Iterator[Found]:
        for key in (*new, *(key for key in old if key not in new)):
            word = f"0x{key:02X}" if name == "faults" else str(key)
            inner = replace(change, path=f"{change.path}.{word}", old=old.get(key), new=new.get(key))
            yield from self._value(inner, name, part)

    def _row(self, change: Change, name: str, part: Part, old: tuple[_Model, ...], new: tuple[_Model, ...]) -> Iterator[Found]:
        """Walk two lists of named things; their order counts as well."""
        by_name = ({_name(each): each for each in old}, {_name(each): each for each in new})
        order = [tuple(word for word in names if word in other) for names, other in (by_name, by_name[::-1])]
        if order[0] != order[1]:
            yield Found(name, part, replace(change, old=order[0], new=order[1]))
        yield from self._entries(change, name, part, *by_name)


def _name(item: object) -> object:
    return getattr(item, "name", None)


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_model(value: object) -> TypeGuard[_Model]:
    return is_dataclass(value)


def _named(value: object) -> TypeGuard[tuple[_Model, ...]]:
    """Say whether a value is a list of things that have names."""
    if not isinstance(value, tuple):
        return False
    items = cast("tuple[object, ...]", value)
    return bool(items) and all(_is_model(item) and _name(item) is not None for item in items)
