"""All layers as KML 2.2 (OGC 07-147r2), a folder for each, for survey and mapping tools.

The content stands in each placemark's data: tools keep that, and not the document's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final, cast

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from seamline.site.documents.design import Design
from seamline.site.documents.layers import Item, items
from seamline.site.documents.xml import attribute, words
from seamline.site.survey.feature import Value

STYLES: Final[Mapping[str, tuple[str, str | None]]] = {
    "boundary": ("ff463f3f", None),
    "survey": ("ff514137", "80ded9d6"),
    "route": ("ff9ea2a8", None),
    "zone": ("ff894e1d", None),
    "seen": ("008ba314", "608ba314"),
    "blind": ("ff1823b4", "607066f9"),
    "field": ("ff12349a", "1012349a"),
    "supply": ("ff0762a1", None),
    "device": ("ff12349a", None),
    "link": ("ffd84e1d", None),
    "cable": ("ff0c41c2", None),
}
"""Line and fill of each layer, as KML writes colours: alpha, blue, green, red."""


def kml(design: Design) -> bytes:
    """The document."""
    return "".join(_document(design)).encode()


def _document(design: Design) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    yield f"<name>{words(design.plan.title)}</name>\n"
    for layer, (stroke, fill) in STYLES.items():
        shape = f"<PolyStyle><color>{fill}</color></PolyStyle>" if fill else "<PolyStyle><fill>0</fill></PolyStyle>"
        yield f'<Style id="{layer}"><LineStyle><color>{stroke}</color><width>2</width></LineStyle>{shape}</Style>\n'
    for layer, found in groupby(items(design), key=lambda item: item.layer):
        yield f"<Folder>\n<name>{layer}</name>\n"
        for item in found:
            yield from _placemark(item, design.content.hash)
        yield "</Folder>\n"
    yield "</Document>\n</kml>\n"


def _placemark(item: Item, content: str) -> Iterator[str]:
    ident = f"{item.layer}.{item.id}"
    yield f"<Placemark id={attribute(ident)}>\n<name>{words(item.name)}</name>\n<styleUrl>#{item.layer}</styleUrl>\n"
    yield _data({**item.properties, "content": content})
    yield f"{_geometry(shapely.orient_polygons(item.geometry))}\n</Placemark>\n"


def _data(values: Mapping[str, Value]) -> str:
    told = "".join(
        f"<Data name={attribute(name)}><value>{words(_value(value))}</value></Data>"
        for name, value in values.items()
        if value is not None
    )
    return f"<ExtendedData>{told}</ExtendedData>\n" if told else ""


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _geometry(geometry: BaseGeometry) -> str:
    if isinstance(geometry, Point):
        return f"<Point>{_mode(geometry)}<coordinates>{_coordinates(geometry)}</coordinates></Point>"
    if isinstance(geometry, LineString):
        return f"<LineString>{_mode(geometry)}<coordinates>{_coordinates(geometry)}</coordinates></LineString>"
    if isinstance(geometry, Polygon):
        rings = f"<outerBoundaryIs>{_ring(geometry.exterior)}</outerBoundaryIs>"
        rings += "".join(f"<innerBoundaryIs>{_ring(ring)}</innerBoundaryIs>" for ring in geometry.interiors)
        return f"<Polygon>{rings}</Polygon>"
    parts = cast("list[BaseGeometry]", list(getattr(geometry, "geoms", [])))
    return f"<MultiGeometry>{''.join(_geometry(part) for part in parts)}</MultiGeometry>"


def _mode(geometry: BaseGeometry) -> str:
    return "<altitudeMode>relativeToGround</altitudeMode>" if geometry.has_z else ""


def _ring(ring: BaseGeometry) -> str:
    return f"<LinearRing><coordinates>{_coordinates(ring)}</coordinates></LinearRing>"


def _coordinates(geometry: BaseGeometry) -> str:
    """Degrees to nine places, metres to the millimetre."""
    places = shapely.get_coordinates(geometry, include_z=geometry.has_z).tolist()
    return " ".join(",".join(_number(value, 9 if at < 2 else 3) for at, value in enumerate(place)) for place in places)


def _number(value: float, places: int) -> str:
    return f"{round(value, places):.{places}f}".rstrip("0").rstrip(".")
