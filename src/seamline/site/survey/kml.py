"""KML as tools really write it: any namespace or none, any encoding, styles, tracks, extended data, rings left open.

Nothing is fetched and nothing expanded: a file with a DOCTYPE is refused, links are noted. Elements are read one Placemark at a
time, so that memory holds the features and not the file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from lxml import etree
from shapely.geometry.base import BaseGeometry

from seamline.contract.collection import uncollected
from seamline.site.survey.feature import VERTICES_MAX, Feature, Notes, Survey, SurveyError, Value
from seamline.site.survey.kml_data import ExtendedData, put, typed
from seamline.site.survey.kml_folder import CONTAINERS, Folders
from seamline.site.survey.kml_geometry import GEOMETRIES, Geometries
from seamline.site.survey.kml_style import Styles
from seamline.site.survey.kml_text import decoded, with_prefix
from seamline.site.survey.kml_xml import Element, child, children, local, text_of, text_only, words_of
from seamline.site.survey.repair import mended
from seamline.site.survey.shapes import Parts, gathered, outside, swapped, without_altitude

UNREAD: Final = {
    "GroundOverlay": "a picture on the ground",
    "ScreenOverlay": "a picture on the screen",
    "PhotoOverlay": "a photograph",
    "NetworkLink": "a link to another file, which is not followed",
    "Tour": "a tour",
    "Region": "a region that says when to load",
    "NetworkLinkControl": "a link's control",
}
TEXTS: Final = frozenset({"name", "description", "address", "phoneNumber", "visibility"})
SHOWN: Final = frozenset({"open", "LookAt", "Camera", "styleUrl", "Style", "StyleMap", "balloonVisibility"})
"""How a placemark is shown, not what it is: not part of a survey, and not noted."""
LEAVES: Final = frozenset({"Placemark", *UNREAD})
"""What is read, or left out, as a whole."""
DEPTH_MAX: Final = 100
PREFIXES_MAX: Final = 8
PLACE: Final = re.compile(r" ?, line \d+, column \d+$")
"""How the XML reader ends a message."""
TAGS: Final = tuple(
    f"{{*}}{name}" for name in (*sorted(CONTAINERS), "Placemark", *UNREAD, "Schema", "Style", "StyleMap", "CascadingStyle")
)


@uncollected
def read_kml(data: bytes, name: str) -> Survey:
    """Read a KML file's bytes; SurveyError with the place when it is none, or not to be trusted."""
    encoded = Notes()
    data = decoded(data, name, encoded)
    declared: list[str] = []
    while True:
        notes = Notes()
        notes.take(encoded)
        reader = Reader(name, notes)
        try:
            reader.run(data)
        except etree.XMLSyntaxError as error:
            mend = with_prefix(data, error.msg or "") if len(declared) < PREFIXES_MAX else None
            if mend is not None:
                data = mend[0]
                declared.append(mend[1])
                continue
            place, why = f"{name}:{error.lineno}:{error.offset}", reason_of(error.msg or "")
            if "Text node too long" in why:
                raise SurveyError(f"{place}: a text of more than 10,000,000 letters; thin the survey out, or divide it") from None
            if not reader.found and (error.lineno or 0) <= 1:
                raise SurveyError(f"{place}: this is no KML: {why}") from None
            raise SurveyError(f"{place}: broken XML: {why}. Export the file anew, or mend it there") from None
        for prefix in declared:
            notes.repaired(f"the prefix {prefix!r} is used and not declared: read by its names")
        return Survey(mended(reader.finished(), notes), notes.all())


def reason_of(message: str) -> str:
    """What the XML reader says is wrong, in one line and without the place, which stands before it."""
    return PLACE.sub("", " ".join(message.split()))


def events_of(data: bytes, tags: Sequence[str] | None) -> Iterator[tuple[str, Element]]:
    """Starts and ends of elements with these tags, or of all; nothing is expanded, nothing fetched."""
    return iter(
        etree.iterparse(
            io.BytesIO(data),
            events=("start", "end"),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    )


@dataclass(slots=True)
class Found:
    """A placemark as it was met: its shape and the names of its folders and styles are made at the end of the file."""

    parts: range
    """Which of the survey's parts are its own."""
    properties: dict[str, Value]
    line: int
    folder: int
    style_url: str
    style: dict[str, Value] | None


class Reader:
    """Goes through a file once: placemarks as they end; shapes, styles, folders and late schemas when all is read."""

    def __init__(self, name: str, notes: Notes) -> None:
        self.found: list[Found] = []
        self._name = name
        self._notes = notes
        self._styles = Styles()
        self._data = ExtendedData(notes)
        self._geometries = Geometries(notes, self._data)
        self._folders = Folders(notes)
        self._parts = Parts()
        self._vertices = 0

    def run(self, data: bytes) -> None:
        """Read everything; raises etree.XMLSyntaxError."""
        self._begins(data)
        inside = 0  # in how many leaves we are
        for event, element in events_of(data, TAGS):
            name = local(element)
            if name in CONTAINERS:
                if inside:
                    continue
                if event == "end":
                    self._folders.end(element)
                elif self._folders.begin(name) > DEPTH_MAX:
                    place = f"{self._name}:{element.sourceline}"
                    raise SurveyError(f"{place}: folders lie more than {DEPTH_MAX} deep; no survey does that")
                continue
            leaf = name in LEAVES
            if event == "start":
                inside += leaf
                continue
            inside -= leaf
            if not inside:
                self._ended(name, element)

    def _begins(self, data: bytes) -> None:
        """SurveyError unless the file begins as KML does."""
        for _, root in events_of(data, None):
            if root.getroottree().docinfo.doctype:
                raise SurveyError(f"{self._name}: it has a DOCTYPE, which KML does not need and attacks use; take it out")
            if local(root) not in CONTAINERS | {"Placemark"}:
                raise SurveyError(f"{self._name}:{root.sourceline}: the file's first element is <{local(root)}>, not <kml>")
            return

    def _ended(self, name: str, element: Element) -> None:
        """An element outside of any placemark is complete; what was read of it goes, to keep memory for the features."""
        parent = element.getparent()
        contained = parent is not None and local(parent) in CONTAINERS
        if name == "Placemark":
            self._placemark(element)
        elif name in UNREAD:
            self._notes.left_out(f"<{name}>: {UNREAD[name]}", element.sourceline or 0)
        elif name == "Schema":
            self._data.schema(element)
        elif contained:
            self._styles.add(element)
        if parent is not None and contained:
            parent.remove(element)

    def _placemark(self, element: Element) -> None:
        line = element.sourceline or 0
        properties: dict[str, Value] = {}
        shapes: list[tuple[str, Element]] = []
        style: dict[str, Value] | None = None
        url = ""
        for name, one in children(element):
            if name in GEOMETRIES:
                shapes.append((name, one))
            elif name in TEXTS:
                properties[name] = text_only(one, self._notes)
            elif name == "styleUrl":
                url = text_only(one, self._notes)
            elif name == "ExtendedData":
                self._data.read(one, properties)
            elif name in {"Style", "StyleMap"}:
                style = {**(style or {}), **self._styles.of(one)}
            else:
                self._property(name, one, properties)
        parts = self._geometries.of(shapes, properties, line)
        self._vertices += self._geometries.vertices
        if self._vertices > VERTICES_MAX:
            raise SurveyError(f"{self._name}:{line}: more than {VERTICES_MAX:,} vertices; thin the survey out, or divide it")
        if parts:
            if key := element.get("id"):
                put(properties, "id", key)
            self.found.append(Found(self._parts.add(parts), properties, line, self._folders.at, url, style))

    def _property(self, name: str, element: Element, into: dict[str, Value]) -> None:
        if name == "TimeStamp":
            put(into, "when", text_only(child(element, "when"), self._notes))
        elif name == "TimeSpan":
            for end in ("begin", "end"):
                if text := text_only(child(element, end), self._notes):
                    put(into, end, text)
        elif name in {"author", "AddressDetails"}:
            put(into, name, words_of(element))
        elif name == "link":
            put(into, name, element.get("href", ""))
        elif name in UNREAD:
            self._notes.left_out(f"<{name}>: {UNREAD[name]}", element.sourceline or 0)
        elif name and name not in SHOWN and not len(element):
            if text := text_of(element):
                put(into, name, text)
        elif name and name not in SHOWN:
            self._notes.left_out(f"<{name}> of a placemark: not known", element.sourceline or 0)

    def finished(self) -> list[Feature]:
        """The features, each with its shape, its folder and the style that it names."""
        self._data.settle()
        shapes = self._parts.built()
        astray = set(np.flatnonzero(outside(shapes)).tolist())
        done: list[Feature] = []
        for found in self.found:
            parts = shapes[found.parts.start : found.parts.stop]
            if not astray.isdisjoint(found.parts):
                name = found.properties.get("name") or "without a name"
                hint = "; longitude comes first in KML, these look swapped" if swapped(parts) else "; are these metres?"
                what = f"placemark {name!r}: a place that is not on earth (longitude -180..180, latitude -90..90){hint}"
                self._notes.left_out(what, found.line)
                continue
            self._describe(found)
            shape = parts[0] if len(parts) == 1 else self._together(list(parts), found.line)
            done.append(Feature(shape, found.properties, found.line))
        return done

    def _describe(self, found: Found) -> None:
        """Add the folder and the style; what the file's own data call so keeps its name."""
        if folder := self._folders.path(found.folder):
            put(found.properties, "folder", folder)
        style: dict[str, Value] | None = {}
        if found.style_url and (style := self._styles.named(found.style_url)) is None:
            self._notes.left_out(f"style {found.style_url!r}: it is not in this file", found.line)
        said = found.properties
        for key, value in {**(style or {}), **(found.style or {})}.items():
            if key not in said or typed(str(said[key]), "double") != value:  # tools write styles as data too
                put(said, key, value)

    def _together(self, parts: list[BaseGeometry], line: int) -> BaseGeometry:
        """One shape of several, all with altitudes or all without."""
        if len({part.has_z for part in parts}) > 1:
            self._notes.left_out("altitudes that only some parts of a placemark have", line)
            parts = [without_altitude(part) for part in parts]
        return gathered(parts)
