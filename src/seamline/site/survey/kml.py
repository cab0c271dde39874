"""KML as tools really write it: any namespace or none, any encoding, styles, tracks, extended data, rings left open.

Nothing is fetched and nothing expanded: a file with a DOCTYPE is refused, links are noted. Elements are read one Placemark at a
time, so that memory holds the features and not the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from seamline.site.survey.feature import VERTICES_MAX, Feature, Notes, Survey, SurveyError, Value
from seamline.site.survey.kml_geometry import GEOMETRIES, Shapes
from seamline.site.survey.kml_style import Styles
from seamline.site.survey.kml_xml import Element, child, children, local, text_of
from seamline.site.survey.repair import mended

CONTAINERS: Final = frozenset({"kml", "Document", "Folder"})
UNREAD: Final = {
    "GroundOverlay": "a picture on the ground",
    "ScreenOverlay": "a picture on the screen",
    "PhotoOverlay": "a photograph",
    "NetworkLink": "a link to another file, which is not followed",
    "Tour": "a tour",
    "Region": "a region that says when to load",
    "NetworkLinkControl": "a link's control",
}
TEXTS: Final = ("name", "description", "address", "phoneNumber", "visibility")
IGNORED: Final = frozenset(
    {
        "open",
        "LookAt",
        "Camera",
        "Snippet",
        "snippet",
        "styleUrl",
        "Style",
        "StyleMap",
        "author",
        "link",
        "balloonVisibility",
        "atom",
    }
)
DEPTH_MAX: Final = 100
TAGS: Final = tuple(f"{{*}}{name}" for name in (*sorted(CONTAINERS), "Placemark", *UNREAD, "Schema", "Style", "StyleMap"))


def read_kml(data: bytes, name: str) -> Survey:
    """Read a KML file's bytes; SurveyError with the place when it is none, or not to be trusted."""
    notes = Notes()
    data = decoded(data, name, notes)
    reader = Reader(name, notes)
    try:
        reader.run(data)
    except etree.XMLSyntaxError as error:
        if not reader.features and (error.lineno or 0) <= 1:
            raise SurveyError(f"{name}:{error.lineno}:{error.offset}: this is no KML: {error.msg}") from None
        raise SurveyError(
            f"{name}:{error.lineno}:{error.offset}: broken XML: {error.msg}. Export the file anew, or mend it there"
        ) from None
    return Survey(mended(reader.finished(), notes), notes.all())


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


def decoded(data: bytes, name: str, notes: Notes) -> bytes:
    """The bytes as XML can read them: in UTF-8 where they declare an encoding that they are not in."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        try:
            return without_declaration(data.decode("utf-16")).encode()
        except UnicodeDecodeError as error:
            raise SurveyError(f"{name}: byte {error.start}: it begins as UTF-16 and does not go on so; export it anew") from None
    head = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:5] != b"<?xml" or b"utf-8" in head.split(b"?>")[0].lower() or b"encoding" not in head.split(b"?>")[0]:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            notes.repaired("the file says it is UTF-8 and is not: read as Windows-1252", line)
            return without_declaration(data.decode("cp1252", "replace")).encode()
    return data.lstrip(b"\xef\xbb\xbf \t\r\n") if data[:1] != b"<" else data


def without_declaration(text: str) -> str:
    """XML without `<?xml ... ?>`, whose encoding it is no longer in, and without a byte order mark; lines stay where they are."""
    text = text.lstrip("\ufeff")
    stripped = text.lstrip()
    return stripped.split("?>", 1)[1] if stripped.startswith("<?xml") else text


class Reader:
    """Goes through a file once: placemarks as they end, styles at the end of all."""

    def __init__(self, name: str, notes: Notes) -> None:
        self.features: list[Feature] = []
        self._name = name
        self._notes = notes
        self._styles = Styles()
        self._shapes = Shapes(notes)
        self._open: list[tuple[Element, str | None]] = []
        self._schemas: dict[str, dict[str, str]] = {}
        self._style_of: list[tuple[str, Element | None]] = []
        self._vertices = 0

    def run(self, data: bytes) -> None:
        """Read everything; raises etree.XMLSyntaxError."""
        self._begins(data)
        inside = 0  # in how many placemarks and unread things we are
        for event, element in events_of(data, TAGS):
            name = local(element)
            if name in CONTAINERS:
                if event == "start":
                    self._open.append((element, None))
                    if len(self._open) > DEPTH_MAX:
                        place = f"{self._name}:{element.sourceline}"
                        raise SurveyError(f"{place}: folders lie more than {DEPTH_MAX} deep; no survey does that")
                else:
                    self._open.pop()
                    element.clear()
                continue
            leaf = name == "Placemark" or name in UNREAD
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

    def _folder(self) -> str:
        """The names of the folders that we are in, outermost first; each is looked up once."""
        names: list[str] = []
        for at, (element, known) in enumerate(self._open):
            name = text_of(child(element, "name")) if known is None else known
            if known is None:
                self._open[at] = (element, name)
            names.append(name)
        return "/".join(name for name in names[2:] if name)  # after <kml> and its <Document>

    def _ended(self, name: str, element: Element) -> None:
        """An element outside of any placemark is complete; what was read of it goes, to keep memory for the features."""
        parent = element.getparent()
        if name == "Placemark":
            self._placemark(element)
        elif name in UNREAD:
            self._notes.left_out(f"<{name}>: {UNREAD[name]}", element.sourceline or 0)
        elif name == "Schema":
            fields = (one for one in element if local(one) == "SimpleField")
            self._schemas[element.get("id", "")] = {one.get("name", ""): one.get("type", "string") for one in fields}
        elif parent is not None and local(parent) in CONTAINERS:
            self._styles.add(element)
        if parent is not None and local(parent) in CONTAINERS:
            parent.remove(element)

    def _placemark(self, element: Element) -> None:
        line = element.sourceline or 0
        properties: dict[str, Value] = {}
        parts = children(element)
        style: Element | None = None
        url = ""
        for name, one in parts:
            if name == "Style":
                style = one
            elif name == "styleUrl":
                url = text_of(one)
            elif name not in GEOMETRIES:
                self._property(name, one, properties)
        shape = self._shapes.of([(name, one) for name, one in parts if name in GEOMETRIES], properties, line)
        if shape is None:
            return
        self._vertices += self._shapes.vertices
        if self._vertices > VERTICES_MAX:
            raise SurveyError(f"{self._name}:{line}: more than {VERTICES_MAX:,} vertices; thin the survey out, or divide it")
        if folder := self._folder():
            properties["folder"] = folder
        self._style_of.append((url, style))
        if style is not None:
            properties.update(self._styles.inline(style))
        self.features.append(Feature(shape, properties, line))

    def _property(self, name: str, element: Element, into: dict[str, Value]) -> None:
        if name in TEXTS:
            into[name] = text_of(element)
        elif name == "TimeStamp":
            into["when"] = text_of(child(element, "when"))
        elif name == "TimeSpan":
            into["begin"], into["end"] = text_of(child(element, "begin")), text_of(child(element, "end"))
        elif name == "ExtendedData":
            self._extended(element, into)
        elif name in UNREAD:
            self._notes.left_out(f"<{name}>: {UNREAD[name]}", element.sourceline or 0)
        elif name and name not in IGNORED:
            self._notes.left_out(f"<{name}> of a placemark: not known", element.sourceline or 0)

    def _extended(self, element: Element, into: dict[str, Value]) -> None:
        """Data with values, and schema data with the types that its schema gives."""
        for one in element:
            kind = local(one)
            if kind == "Data":
                into[one.get("name", "")] = text_of(child(one, "value"))
            elif kind == "SchemaData":
                types = self._schemas.get(one.get("schemaUrl", "").rpartition("#")[2], {})
                for value in one:
                    if local(value) == "SimpleData":
                        key = value.get("name", "")
                        into[key] = typed(text_of(value), types.get(key, "string"))
            elif kind:
                into[kind] = text_of(one)

    def finished(self) -> list[Feature]:
        """The features, with the styles that they name."""
        done: list[Feature] = []
        for feature, (url, inline) in zip(self.features, self._style_of, strict=True):
            if not url:
                done.append(feature)
                continue
            found = self._styles.named(url)
            if found is None:
                self._notes.left_out(f"style {url!r}: it is not in this file", feature.line)
            kept = {**(found or {}), **(self._styles.inline(inline) if inline is not None else {})}
            done.append(Feature(feature.geometry, {**feature.properties, **kept}, feature.line))
        return done


def typed(text: str, kind: str) -> Value:
    """A value of the type that a schema gives; as text when it is not of it."""
    try:
        if kind in {"int", "uint", "short", "ushort", "long"}:
            return int(text)
        if kind in {"float", "double"}:
            return float(text)
    except ValueError:
        return text
    return text.lower() in {"1", "true"} if kind == "bool" else text
