"""What a survey holds: features in longitude and latitude, and notes on what was repaired or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from shapely.geometry.base import BaseGeometry

VERTICES_MAX: Final = 5_000_000
"""A survey with more is a point cloud, or an attack."""

Value = str | float | int | bool | None | list[str] | list[float]


class SurveyError(ValueError):
    """A file that cannot be read as a survey; the message names the file, the place and the remedy."""


class UnnamedFrame(SurveyError):
    """A survey whose coordinates are in a frame that neither it nor who asks for it names: it can be read once one does."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing on the map: degrees (WGS 84), metres of altitude where the file has them, and what the file says about it."""

    geometry: BaseGeometry
    properties: Mapping[str, Value]
    line: int = 0
    """Where it begins in its file; 0 when that is not known."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not taken as it stood: `repaired` is in the survey, changed; `left out` is not; `doubt` is in it as it stands."""

    kind: Literal["repaired", "left out", "doubt"]
    what: str
    line: int = 0
    count: int = 1

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        more = f" ({self.count} times)" if self.count > 1 else ""
        return f"{place}{self.kind}: {self.what}{more}"


@dataclass(slots=True)
class Notes:
    """Notes by what they say: one that comes again is counted, under its first place."""

    _found: dict[tuple[str, str], Note] = field(default_factory=dict)

    def repaired(self, what: str, line: int = 0) -> None:
        """Something is in the survey, changed."""
        self._add(Note("repaired", what, line))

    def left_out(self, what: str, line: int = 0) -> None:
        """Something is not in the survey."""
        self._add(Note("left out", what, line))

    def _add(self, note: Note) -> None:
        known = self._found.get((note.kind, note.what))
        first = known or note
        self._found[note.kind, note.what] = Note(first.kind, first.what, first.line, (known.count if known else 0) + 1)

    def take(self, other: Notes) -> None:
        """Add all that another has."""
        self._found.update(other._found)

    def all(self) -> tuple[Note, ...]:
        """In the order of their first places."""
        return tuple(sorted(self._found.values(), key=lambda note: note.line))


@dataclass(frozen=True, slots=True)
class Survey:
    """The features of one file, in its order, and the notes on it."""

    features: Sequence[Feature]
    notes: Sequence[Note]

    @property
    def is_used_up(self) -> bool:
        """Whether it had something, and all of it was left out."""
        return not self.features and any(note.kind == "left out" for note in self.notes)
