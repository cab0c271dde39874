"""A JSON object of the hub's, read by name and type.

A hub of another version may say more, or less: what is not there, or not of the kind asked for, reads as None or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast


class Answer:
    """A JSON object; every reader names the member and the kind it expects."""

    def __init__(self, members: object = None) -> None:
        """Wrap a parsed JSON value; anything but an object reads as an empty one."""
        self.members: Final[Mapping[str, object]] = cast("dict[str, object]", members) if isinstance(members, dict) else {}

    def __bool__(self) -> bool:
        return bool(self.members)

    def text(self, name: str) -> str | None:
        """Return a string."""
        value = self.members.get(name)
        return value if isinstance(value, str) else None

    def integer(self, name: str) -> int | None:
        """Return an integer."""
        value = self.members.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def count(self, name: str) -> int:
        """Return an integer that is 0 when absent."""
        return self.integer(name) or 0

    def flag(self, name: str) -> bool | None:
        """Return a truth value."""
        value = self.members.get(name)
        return value if isinstance(value, bool) else None

    def one(self, name: str) -> Answer:
        """Return an object, empty when absent."""
        return Answer(self.members.get(name))

    def many(self, name: str) -> list[Answer]:
        """Return a list of objects."""
        return [Answer(each) for each in self.values(name)]

    def values(self, name: str) -> list[object]:
        """Return a list of anything."""
        value = self.members.get(name)
        return cast("list[object]", value) if isinstance(value, list) else []

    def pairs(self, name: str) -> list[tuple[object, object]]:
        """Return a list of two-element lists."""
        lists = [cast("list[object]", each) for each in self.values(name) if isinstance(each, list)]
        return [(each[0], each[1]) for each in lists if len(each) == 2]
