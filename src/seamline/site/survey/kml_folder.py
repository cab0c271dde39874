"""Folders and documents of a KML file, whose names may come after what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seamline.site.survey.feature import Notes
from seamline.site.survey.kml_xml import Element, children, text_only, words_of

CONTAINERS: Final = frozenset({"kml", "Document", "Folder"})
SHOWN: Final = frozenset(
    {"open", "visibility", "LookAt", "Camera", "Snippet", "snippet", "styleUrl", "Style", "StyleMap", "ListStyle"}
)
"""How a folder is shown, not what is in it: not noted."""


@dataclass(slots=True)
class Container:
    """A folder, a document or the file's outermost element; `outer` is the number of the one that it is in."""

    kind: str
    outer: int
    name: str = ""


class Folders:
    """All containers of a file by number; `at` is the one that we are in, -1 outside of all."""

    def __init__(self, notes: Notes) -> None:
        self.at = -1
        self._all: list[Container] = []
        self._paths: dict[int, str] = {}
        self._notes = notes
        self._depth = 0

    def begin(self, kind: str) -> int:
        """A container begins; how deep it lies."""
        self._all.append(Container(kind, self.at))
        self.at = len(self._all) - 1
        self._depth += 1
        return self._depth

    def end(self, element: Element) -> None:
        """The container that we are in ends: its name is known, and what it says that a survey does not hold."""
        container = self._all[self.at]
        for name, one in children(element):
            if name == "name":
                container.name = text_only(one, self._notes)
            elif name and name not in CONTAINERS | SHOWN and (len(one) or words_of(one) or one.attrib):
                self._notes.left_out(f"<{name}> of a <{container.kind}>", one.sourceline or 0)
        element.clear()
        self.at = container.outer
        self._depth -= 1

    def path(self, at: int) -> str:
        """The names of folders around a place, outermost first. A document counts when it lies in a folder, or beside another."""
        if at not in self._paths:
            names: list[str] = []
            inner = at
            while inner >= 0:
                container = self._all[inner]
                if container.name and (
                    container.kind == "Folder" or (container.kind == "Document" and not self._is_whole(container))
                ):
                    names.append(container.name)
                inner = container.outer
            self._paths[at] = "/".join(reversed(names))
        return self._paths[at]

    def _is_whole(self, document: Container) -> bool:
        """Whether a document is all that the file holds."""
        if document.outer >= 0 and self._all[document.outer].kind != "kml":
            return False
        return sum(one.kind == "Document" and one.outer == document.outer for one in self._all) == 1
