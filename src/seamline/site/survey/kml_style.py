"""KML's styles, as GeoJSON's simplestyle names: stroke, stroke-opacity, stroke-width, fill, fill-opacity, marker-color."""

from __future__ import annotations

import re
from typing import Final

from seamline.site.survey.feature import Value
from seamline.site.survey.kml_xml import Element, child, local, text_of

COLOUR: Final = re.compile(r"#?([0-9a-fA-F]{8})")
HOPS_MAX: Final = 8


class Styles:
    """The shared styles of a file, by their ids; a StyleMap stands for its normal style."""

    def __init__(self) -> None:
        self._styles: dict[str, dict[str, Value]] = {}
        self._maps: dict[str, str] = {}

    def add(self, element: Element) -> None:
        """A shared Style or StyleMap."""
        key = element.get("id", "")
        if local(element) == "Style":
            self._styles[key] = self.inline(element)
            return
        for pair in element:
            if text_of(child(pair, "key")) != "normal":
                continue
            if (style := child(pair, "Style")) is not None:
                self._styles[key] = self.inline(style)
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

    def inline(self, element: Element) -> dict[str, Value]:
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
            if kind == "LineStyle" and "width" in values:
                try:
                    found["stroke-width"] = float(values["width"])
                except ValueError:
                    continue
            if kind == "PolyStyle" and values.get("fill") == "0":
                found["fill-opacity"] = 0.0
        return found
