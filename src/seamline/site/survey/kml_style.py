"""KML's styles, as GeoJSON's simplestyle names: stroke, stroke-opacity, stroke-width, fill, fill-opacity, marker-color."""

from __future__ import annotations

import re
from typing import Final

from seamline.site.survey.feature import Value
from seamline.site.survey.kml_data import typed
from seamline.site.survey.kml_xml import Element, child, local, name_of, text_of

COLOUR: Final = re.compile(r"#?([0-9a-fA-F]{8})")
HOPS_MAX: Final = 8


class Styles:
    """The shared styles of a file, by their ids; a StyleMap stands for its normal style."""

    def __init__(self) -> None:
        self._styles: dict[str, dict[str, Value]] = {}
        self._maps: dict[str, str] = {}

    def add(self, element: Element) -> None:
        """A shared Style, StyleMap or CascadingStyle."""
        key = next((value for name, value in element.attrib.items() if name_of(name) == "id"), "")  # Google Earth Web: kml:id
        if local(element) == "CascadingStyle":
            self._styles[key] = {} if (style := child(element, "Style")) is None else drawn(style)
            return
        if local(element) == "Style":
            self._styles[key] = drawn(element)
            return
        if (pair := normal(element)) is None:
            return
        if (style := child(pair, "Style")) is not None:
            self._styles[key] = drawn(style)
        self._maps[key] = text_of(child(pair, "styleUrl"))

    def named(self, url: str) -> dict[str, Value] | None:
        """What a styleUrl stands for; None when it is not in this file."""
        for _ in range(HOPS_MAX):
            key = url.rpartition("#")[2]
            if key in self._styles:
                return self._styles[key]
            if key not in self._maps:
                return None
            url = self._maps[key]
        return None

    def of(self, element: Element) -> dict[str, Value]:
        """What a Style or StyleMap in a placemark says."""
        if local(element) == "Style":
            return drawn(element)
        style = None if (pair := normal(element)) is None else child(pair, "Style")
        return {} if style is None else drawn(style)


def normal(element: Element) -> Element | None:
    """The pair of a StyleMap that holds when nothing points at the placemark."""
    return next((pair for pair in element if text_of(child(pair, "key")) == "normal"), None)


def drawn(element: Element) -> dict[str, Value]:
    """What a Style element says."""
    found: dict[str, Value] = {}
    for part in element:
        values = {local(one): text_of(one) for one in part}
        colour, kind = COLOUR.fullmatch(values.get("color", "")), local(part)
        name = {"LineStyle": "stroke", "PolyStyle": "fill", "IconStyle": "marker-color"}.get(kind)
        if name and colour:
            alpha, blue, green, red = (colour[1][at : at + 2].lower() for at in (0, 2, 4, 6))
            found[name] = f"#{red}{green}{blue}"
            if kind != "IconStyle":
                found[f"{name}-opacity"] = round(int(alpha, 16) / 255, 3)
        if kind == "LineStyle" and isinstance(width := typed(values.get("width", ""), "float"), float):
            found["stroke-width"] = width
        if kind == "PolyStyle" and values.get("fill") == "0":
            found["fill-opacity"] = 0.0
    return found
