"""A device's settings: what is in force, kept through power cuts, and every word that its application has said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from seamline.contract import FieldType, Property


class Said(NamedTuple):
    """One report: at an uptime of a boot, the value in force and the wish that it answers."""

    at_ms: int
    value: object
    based_on: int | None


class Settings:
    """The application's settings. Reports are kept by (incarnation, boot, setting)."""

    __slots__ = ("_factory", "said", "values")

    def __init__(self, factory: Mapping[str, object]) -> None:
        self._factory = factory
        self.values: Final[dict[str, object]] = dict(factory)
        self.said: Final[dict[tuple[int, int, str], list[Said]]] = {}

    def run_on(self, factory: Mapping[str, object]) -> None:
        """Another firmware starts: what it knows of is kept, the rest is as it comes."""
        kept = {name: self.values[name] for name in factory if name in self.values}
        self._factory = factory
        self.values.clear()
        self.values.update({**factory, **kept})

    def reset(self) -> None:
        """The memory is wiped: everything is as it comes out of the box."""
        self.values.clear()
        self.values.update(self._factory)

    def say(self, key: tuple[int, int, str], said: Said) -> None:
        """Note a report of (incarnation, boot, setting)."""
        self.said.setdefault(key, []).append(said)

    def has_said(self, key: tuple[int, int, str], said: Said) -> bool:
        """Whether this was reported."""
        return said in self.said.get(key, ())


def raw_value(item: Property, permille: int) -> int:
    """A raw value so far into a setting's range; of a choice, one of its values."""
    if item.enum is not None:
        values = sorted(item.enum)
        return values[permille * (len(values) - 1) // 1_000]
    if item.type is FieldType.BOOL:
        return int(permille >= 500)
    low, high = item.raw_range
    return low + (high - low) * permille // 1_000
